"""`manage make_translations`: gather the screen texts and write the catalogues."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from huiyin.base.kit import translating


class Command(BaseCommand):
    help = "Gather the screen texts of the source, keep their Chinese, write all catalogues."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "tables",
            nargs="*",
            type=Path,
            help="Files of lines: message<TAB>Chinese (context|message<TAB>…).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        extra: dict[tuple[str | None, str], str] = {}
        for table in options["tables"]:
            for line in table.read_text(encoding="utf-8").splitlines():
                message, tab, chinese = line.partition("\t")
                if tab and chinese.strip():
                    context, bar, rest = message.partition("|")
                    text = chinese.strip().replace("\\n", "\n")
                    extra[(None, message.replace("\\n", "\n"))] = text
                    if bar:
                        extra[(context, rest)] = text
        catalog = translating.merged(extra)
        for file, content in translating.files(catalog).items():
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists() or file.read_bytes() != content:
                file.write_bytes(content)
        for line in translating.missing(catalog):
            self.stdout.write(line)
        self.stdout.write(f"{len(catalog)} messages, {len(translating.missing(catalog))} without Chinese")
