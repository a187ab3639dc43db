"""`manage map`: write docs/map.md, or with --check say whether it is current."""

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from huiyin.base.kit.mapping import house


class Command(BaseCommand):
    help = "Write the map of the code to docs/map.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="Write nothing; exit code 1 when it is out of date."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file = Path(settings.ROOT) / "docs" / "map.md"
        text = house()
        current = file.is_file() and file.read_text(encoding="utf-8") == text
        if options["check"] and not current:
            self.stderr.write("docs/map.md is out of date: ./run manage map")
            sys.exit(1)
        if not current:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        self.stdout.write("docs/map.md is current" if current else "docs/map.md written")
