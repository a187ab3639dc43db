"""`./run manage openapi [--check]`: writes docs/api/openapi.json, or says whether it is current."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from huiyin.faces.api.description import FILE, written


class Command(BaseCommand):
    help = "Write the description of the programming interface to docs/api/openapi.json."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="only say whether the file is current")

    def handle(self, *args: Any, **options: Any) -> None:
        current = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
        if options["check"]:
            if current != written():
                raise CommandError("docs/api/openapi.json is out of date: run ./run manage openapi")
            return
        FILE.parent.mkdir(parents=True, exist_ok=True)
        FILE.write_text(written(), encoding="utf-8")
