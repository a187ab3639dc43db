"""Put packs in force: `load_packs [folder …] [--check] [--from "2027-01-01 08:00"]`."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from huiyin.base.kit.database import require_tables
from huiyin.base.kit.moment import local_zone
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.engines.packs.models import PackVersion
from huiyin.engines.packs.problems import PackErrors
from huiyin.engines.packs.services import Loaded, load


def default_folders() -> list[Path]:
    """The packs of the setting HUIYIN_PACKS: names under `packs/`, or whole paths."""
    return [Path(settings.ROOT) / "packs" / name for name in settings.HUIYIN_PACKS]


class Command(BaseCommand):
    """Reads pack folders, reports every mistake with file and line, and loads them when there is none."""

    help = "Put packs in force (by default those of the setting HUIYIN_PACKS)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", nargs="*", type=Path, help="pack folders; names under packs/ are known")
        parser.add_argument("--check", action="store_true", help="only read and check, write nothing")
        parser.add_argument(
            "--from", dest="at", type=_moment, help='valid from then on: "2027-01-01 08:00", local time'
        )
        parser.add_argument("--reason", default="", help="why; kept with the version")
        parser.add_argument(
            "--replace", action="store_true", help="throw away what was changed on screen in these packs"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folders = [_folder(folder) for folder in options["folder"]] or default_folders()
        require_tables(PackVersion)
        try:
            with use(system_scope("load_packs", via="command")) as scope:
                loaded = load(
                    folders,
                    by=scope.actor,
                    check=options["check"],
                    at=options["at"],
                    reason=options["reason"],
                    replace_own=options["replace"],
                )
        except PackErrors as error:
            for problem in error.problems:
                self.stderr.write(str(problem))
            raise CommandError(error.message) from None
        except Refused as error:
            raise CommandError(error.message) from None
        self._summary(loaded, options["check"])

    def _summary(self, loaded: Loaded, check: bool) -> None:
        for one in loaded.outcomes:
            counts = ", ".join(f"{name} {count}" for name, count in one.sections.items())
            if check:
                state = _("correct")
            elif one.changed_anything:
                state = _("loaded: %(added)s added, %(changed)s changed, %(removed)s removed") % {
                    "added": len(one.added),
                    "changed": len(one.changed),
                    "removed": len(one.removed),
                }
            else:
                state = _("unchanged")
            self.stdout.write(f"{one.code} {one.version}: {state} ({counts})")


def _moment(text: str) -> datetime:
    """A moment in the organisation's time zone."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=local_zone())
    except ValueError:
        raise ArgumentTypeError("write a moment like 2027-01-01 08:00") from None


def _folder(folder: Path) -> Path:
    """A folder as given, or the one of that name under `packs/`."""
    named = Path(settings.ROOT) / "packs" / folder
    return named if not folder.exists() and named.is_dir() else folder.resolve()
