"""`manage import_cases FILE --site CODE --preset NAME [--dry-run] --json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext

from huiyin.base.kit.scope import Actor, Scope, use
from huiyin.base.org.models import Site
from huiyin.engines.imports.problems import BadFile
from huiyin.engines.imports.registry import presets
from huiyin.engines.imports.running import run, table_of


class Command(BaseCommand):
    help = "Take in a file of cases (or of another preset) at a site."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--site", required=True, help="The code of the site.")
        parser.add_argument("--preset", required=True, help="One of: " + ", ".join(presets()))
        parser.add_argument("--dry-run", action="store_true", help="Try everything, write nothing.")
        parser.add_argument("--json", action="store_true", help="Print the result as JSON, last.")

    def handle(self, *args: Any, **options: Any) -> None:
        preset = presets().get(options["preset"])
        if preset is None:
            raise CommandError(f"There is no preset {options['preset']}; known are {', '.join(presets())}.")
        site = Site.objects.select_related("unit").filter(code=options["site"]).first()
        if site is None:
            raise CommandError(f"There is no site {options['site']}.")
        file: Path = options["file"]
        try:
            content = file.read_bytes()
            table = table_of(content, file.name, preset)
        except (OSError, BadFile) as problem:
            text = problem.text(gettext) if isinstance(problem, BadFile) else str(problem.strerror)
            raise CommandError(f"{file.name}: {text}") from problem
        actor = Actor(None, "import", "import")
        with use(Scope(actor=actor, everywhere=True, reason="import")):
            result = run(table, preset, site, by=actor, dry_run=options["dry_run"])
        if options["json"]:
            self.stdout.write(json.dumps(result.as_dict(), ensure_ascii=False))
            return
        for error in result.errors[:50]:
            self.stdout.write(f"{error['letter']}{error['row']} {error['column']}: {error['message']}")
        self.stdout.write(
            f"{result.rows} rows: {result.created} created, {result.unchanged} unchanged, {result.rejected} rejected"
        )
