"""`manage check_translations`: fails when a text has no Chinese or a catalogue is out of date."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from huiyin.base.kit import translating


class Command(BaseCommand):
    help = "Fail when a screen text has no Simplified Chinese, or the catalogues are out of date."

    def handle(self, *args: Any, **options: Any) -> None:
        catalog = translating.merged()
        problems = translating.missing(catalog)
        for file, content in translating.files(catalog).items():
            if not file.exists() or file.read_bytes() != content:
                problems.append(
                    f"{file.name} of {file.parents[1].name} is out of date: ./run manage make_translations"
                )
        for problem in problems:
            self.stdout.write(problem)
        if problems:
            sys.exit(1)
        self.stdout.write(f"{len(catalog)} messages, all in Chinese")
