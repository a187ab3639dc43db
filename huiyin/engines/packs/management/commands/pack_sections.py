"""`manage pack_sections`: write docs/how-to/pack-sections.md, or with --check say whether it is current."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from huiyin.engines.packs.reference import reference


class Command(BaseCommand):
    """Writes the reference of all pack sections from their schemas."""

    help = "Write the reference of the pack sections to docs/how-to/pack-sections.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="Write nothing; exit code 1 when it is out of date."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file = Path(settings.ROOT) / "docs" / "how-to" / "pack-sections.md"
        text = reference()
        current = file.is_file() and file.read_text(encoding="utf-8") == text
        if options["check"] and not current:
            self.stderr.write("docs/how-to/pack-sections.md is out of date: ./run manage pack_sections")
            sys.exit(1)
        if not current:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        self.stdout.write("pack-sections.md is current" if current else "pack-sections.md written")
