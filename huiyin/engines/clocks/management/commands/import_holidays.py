"""Take over public holidays: `import_holidays FILE … [--list cn]`."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.engines.clocks.jobs import recount
from huiyin.engines.clocks.services import import_holidays


class Command(BaseCommand):
    """Reads notices in the form of the holiday-cn files and counts running clocks anew where they change."""

    help = "Import public holidays (holiday-cn JSON files); running clocks are counted anew."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="+", type=Path)
        parser.add_argument("--list", default="cn", help="the list of special days (default: cn)")

    def handle(self, *args: Any, **options: Any) -> None:
        with use(system_scope("import_holidays", via="command")) as scope:
            for path in options["file"]:
                try:
                    data = json.loads(path.read_text(encoding="utf-8-sig"))
                    done = import_holidays(None, data=data, list_code=options["list"], by=scope.actor)
                except (OSError, ValueError) as error:
                    raise CommandError(f"{path}: {error}") from None
                except Refused as error:
                    raise CommandError(f"{path}: {error.message}") from None
                self.stdout.write(
                    _("%(year)s: %(added)s days added, %(changed)s changed, %(removed)s removed")
                    % {
                        "year": done.year,
                        "added": done.added,
                        "changed": done.changed,
                        "removed": done.removed,
                    }
                )
        moved = 0
        while batch := recount():
            moved += batch
        self.stdout.write(_("%(count)s running clocks counted by the new calendar") % {"count": moved})
