"""What is wrong with a pack, said so that whoever wrote it can mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from huiyin.base.kit.service import Refused


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake: the file (pack folder and name), its line, the entry, what is wrong and how to mend it."""

    file: str
    line: int
    entry: str
    message: str
    mend: str

    def __str__(self) -> str:
        entry = f" [{self.entry}]" if self.entry else ""
        return f"{self.file}:{self.line}:{entry} {self.message} {self.mend}"


class PackErrors(Refused):
    """Packs that cannot be loaded: every mistake at once, in order of file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__(
            "pack-errors",
            _("Nothing was loaded: %(count)s mistakes in the packs."),
            params={"count": len(self.problems)},
        )

    def __str__(self) -> str:
        return "\n".join([self.message, *map(str, self.problems)])


def near(word: str, known: Iterable[str]) -> str:
    """A question after the known word that was probably meant, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return _("Did you mean “%(word)s”?") % {"word": close[0]} + " " if close else ""
