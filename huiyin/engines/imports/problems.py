"""What the reader says: file refusals, cell errors and notes.

Every message is an English message id with named ``%(name)s`` parameters. This package imports nothing of
the web
framework: the ids are only marked here, and whoever shows them passes ``gettext`` as `translate`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

Translate = Callable[[str], str]

EXCERPT_CHARS = 40


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


def gettext_noop(message: str) -> str:
    """Marks a message id for the translators and returns it unchanged."""
    return message


class Phrase(str):
    """A parameter that is itself a message id, such as the kind of a file."""

    __slots__ = ()


def say(message: str, params: Mapping[str, Any], translate: Translate | None = None) -> str:
    """The message with its parameters filled in, through `translate` where one is given."""
    template = translate(message) if translate else message
    if translate:
        params = {
            name: translate(value) if isinstance(value, Phrase) else value for name, value in params.items()
        }
    return template % params if params else template.replace("%%", "%")


def excerpt(value: object, *, sensitive: bool = False) -> str:
    """A short, one-line, printable picture of a cell's value; of sensitive values only the first two
    characters.
    """
    text = "".join(
        " " if char.isspace() else char for char in str(value)[: EXCERPT_CHARS * 3] if _printable(char)
    )
    text = " ".join(text.split())
    if sensitive and text:
        return text[:2] + "…"
    return text if len(text) <= EXCERPT_CHARS else text[: EXCERPT_CHARS - 1] + "…"


def _printable(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Cn"}


def column_letter(index: int) -> str:
    """The letters a spreadsheet shows above the column with this zero-based index: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


class BadFile(Exception):
    """The file as a whole cannot be read: `code` for programs, `message` with `params` for people."""

    def __init__(self, code: str, message: str, **params: Any) -> None:
        super().__init__(say(message, params))
        self.code = code
        self.message = message
        self.params: Mapping[str, Any] = params

    def text(self, translate: Translate | None = None) -> str:
        return say(self.message, self.params, translate)


class CellProblem(ValueError):
    """One cell's value cannot be taken; the reader of the row adds where the cell stands."""

    def __init__(self, code: str, message: str, **params: Any) -> None:
        super().__init__(say(message, params))
        self.code = code
        self.message = message
        self.params: Mapping[str, Any] = params


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to tell about one cell, before it is known where the cell stands."""

    code: str
    message: str
    params: Mapping[str, Any] = field(default_factory=_nothing, compare=False)


@dataclass(frozen=True, slots=True)
class _AboutCell:
    row: int
    column_letter: str
    column_name: str
    code: str
    message: str
    value_excerpt: str = ""
    params: Mapping[str, Any] = field(default_factory=_nothing, compare=False)
    column_title: str = ""

    @property
    def cell(self) -> str:
        """The cell's address as the user sees it, such as ``D17``."""
        return f"{self.column_letter}{self.row}"

    def text(self, translate: Translate | None = None) -> str:
        return say(self.message, self.params, translate)


@dataclass(frozen=True, slots=True)
class CellError(_AboutCell):
    """A cell whose value was not taken; row (1-based) and letter are those of the user's own sheet."""


@dataclass(frozen=True, slots=True)
class CellNote(_AboutCell):
    """A cell whose value was taken after a repair or an assumption that the user should know of."""


@dataclass(frozen=True, slots=True)
class HeaderProblem:
    """A remark on the sheet's titles: a column missing, repeated or unknown."""

    code: str
    message: str
    column_letter: str = ""
    title: str = ""
    params: Mapping[str, Any] = field(default_factory=_nothing, compare=False)

    def text(self, translate: Translate | None = None) -> str:
        return say(self.message, self.params, translate)


def listed(values: Iterable[str], limit: int = 8) -> str:
    """Up to `limit` values in one line, with an ellipsis when there are more."""
    found = list(values)
    return ", ".join(found[:limit]) + (", …" if len(found) > limit else "")
