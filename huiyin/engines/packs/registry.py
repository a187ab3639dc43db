"""The sections of a pack: what kinds of entries there are, how they are checked and carried out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Literal

from django.utils.translation import get_language
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from huiyin.base.kit.scope import Actor
from huiyin.base.org.models import Site

from .problems import Problem
from .reading import Node

LAYERS = ("base", "industry", "company", "site")
"""From the general to the particular: entries of a later layer override those of an earlier one."""

Code = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9._-]{0,78}[a-z0-9])?$")]
RequirementId = Annotated[str, Field(pattern=r"^[0-9]{3}-[0-9]{3}$")]


class Words(BaseModel):
    """A text in the languages of the screen; Simplified Chinese always, the others where they differ."""

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)

    zh: str = Field(min_length=1, max_length=2000)
    en: str = Field(default="", max_length=2000)
    zh_hant: str = Field(default="", alias="zh-hant", max_length=2000)

    def __str__(self) -> str:
        language = get_language() or ""
        if language.startswith("en"):
            return self.en or self.zh
        if language == "zh-hant":
            return self.zh_hant or self.zh
        return self.zh


def _as_words(value: Any) -> Any:
    return {"zh": value} if isinstance(value, str) and value else value


Note = Annotated[Words, BeforeValidator(_as_words)]
"""Words that may be written as one plain text, which then is the Chinese one."""


class Entry(BaseModel):
    """What every entry has: its code, the requirement ids it keeps, its clause in the handbook.

    Sections derive their own entries from it. Values are read strictly: a number is not a text. An entry with
    a `variant` (`question/answer`) is in force only where the section `variants` chooses that answer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Code
    name: Words | None = None
    source: list[RequirementId] = Field(default_factory=list, max_length=200)
    clause: str = Field(default="", max_length=200)
    note: Note | None = None
    variant: Annotated[str, Field(pattern=r"^([a-z0-9][a-z0-9._-]{0,78}/[a-z0-9][a-z0-9._-]{0,78})?$")] = ""
    disabled: Literal[False] = False


class SwitchedOff(BaseModel):
    """An entry that switches off the one of the same code in an earlier layer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Code
    disabled: Literal[True]
    source: list[RequirementId] = Field(default_factory=list, max_length=200)
    clause: str = Field(default="", max_length=200)
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One entry in force, with where it comes from.

    `value` is the entry as its section's schema reads it; `parent` the code above it in a nested section;
    `place` the position of the layer (0 = base) where the code first appeared: an entry that overrides
    another takes its place in the order.
    """

    section: str
    code: str
    value: Any
    pack: str
    layer: str
    version: str
    file: str
    line: int
    parent: str = ""
    place: int = 0
    version_id: int | None = None
    node: Node | None = field(default=None, compare=False, repr=False)

    @property
    def disabled(self) -> bool:
        """Whether it switches off the entry of an earlier layer."""
        return bool(self.value.disabled)

    @property
    def data(self) -> dict[str, Any]:
        """The entry as JSON data."""
        data: dict[str, Any] = self.value.model_dump(mode="json", exclude_defaults=True)
        return {"code": self.code, **data}

    def line_of(self, *path: str | int) -> int:
        """The line of one value of the entry; of the entry itself when it was not just read."""
        return self.node.line_of(*path) if self.node is not None else self.line


class Checking:
    """What a section's check sees: all codes in force, and where to put what is wrong."""

    def __init__(self, codes: Mapping[str, Set[str]], site: str = "") -> None:
        self._codes = codes
        self.site = site
        self.problems: list[Problem] = []

    def codes(self, section: str) -> Set[str]:
        """All codes of a section, those with mistakes included."""
        return self._codes.get(section, frozenset())

    def problem(self, item: Item, message: str, mend: str, *path: str | int) -> None:
        """Report a mistake of an entry, at the line of one of its values."""
        self.problems.append(Problem(item.file, item.line_of(*path), item.code, message, mend))


@dataclass(frozen=True, slots=True)
class Applying:
    """What a section's `apply` gets beside the entries: who loads."""

    by: Actor


Check = Callable[[Sequence[Item], Checking], None]
Apply = Callable[[Sequence[Item], Applying], None]


@dataclass(frozen=True)
class Section:
    """One kind of entries, in the file of the same name.

    `check` looks at all entries in force together and reports what contradicts. `apply` writes them into
    tables of its app, in the transaction that loads them, whenever a pack with such entries changed; it must
    write nothing that already is so. A section with `apply` is for the whole organisation: it cannot stand
    in a pack of one site. In a `nested` section entries stand under others, in their key `children`.
    `needs` is a further right that whoever changes entries must hold over the whole organisation.
    In a `sourced` section every entry names the requirement ids it keeps, in packs of a company or site at
    least its clause.
    """

    name: str
    entry: type[Entry]
    label: Any
    check: Check | None = None
    apply: Apply | None = None
    nested: bool = False
    sourced: bool = True
    needs: str = ""

    @cached_property
    def fingerprint(self) -> str:
        """Changes with the schema: entries are read again after an upgrade that changes it."""
        schema = json.dumps(self.entry.model_json_schema(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(f"{schema}{self.nested}".encode()).hexdigest()


_sections: dict[str, Section] = {}


def declare(*sections: Section) -> None:
    """Make sections known. Refused (ValueError) when another app already has one of that name."""
    for section in sections:
        known = _sections.get(section.name)
        if known is not None and known.entry is not section.entry:
            raise ValueError(f"pack section {section.name} is declared twice")
        _sections[section.name] = section


def section(name: str) -> Section | None:
    """The declared section of that name."""
    return _sections.get(name)


def sections() -> list[Section]:
    """All declared sections, by name."""
    return [_sections[name] for name in sorted(_sections)]


@dataclass(frozen=True, slots=True)
class Line:
    """One entry on a sheet: what stands in each column, in words."""

    cells: tuple[str, ...]
    item: Item


@dataclass(frozen=True, slots=True)
class Sheet:
    """A section as people read it: columns, and lines in named groups, in the order in which they count."""

    columns: tuple[str, ...]
    groups: tuple[tuple[str, tuple[Line, ...]], ...]


Show = Callable[[Sequence[Item], int | None], Sheet]
"""Puts the entries in force at a site (or for all, without one) into words."""

_shows: dict[str, Show] = {}


def shows(name: str) -> Callable[[Show], Show]:
    """Say how the section of that name is shown to people; otherwise its data are shown as they are."""

    def decorate(show: Show) -> Show:
        _shows[name] = show
        return show

    return decorate


def show_of(name: str) -> Show | None:
    """How the section of that name is shown to people, where somebody said so."""
    return _shows.get(name)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the lines of one group of a sheet say to a matter that somebody has described.

    `item` is the entry that counts, none when nothing fits; `when` says in words for what, where several count.
    `follows` is what comes of it (label, words or moment), `counted` how that was reckoned, `passed` the
    entries before it, each with the reason for which it does not fit.
    """

    group: str
    item: Item | None = None
    when: str = ""
    follows: tuple[tuple[str, Any], ...] = ()
    counted: tuple[str, ...] = ()
    passed: tuple[tuple[Item, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """A section tried out: the form in which a matter is described, and the answers once it is.

    `told` says the matter in words (label, value). Entries in `marked` count for it.
    """

    form: Any
    answers: tuple[Answer, ...] = ()
    told: tuple[tuple[str, Any], ...] = ()

    @property
    def marked(self) -> frozenset[str]:
        """The codes of the entries that count."""
        return frozenset(one.item.code for one in self.answers if one.item is not None)


Try = Callable[[Mapping[str, Any], Site | None], Trial]
"""Reads what was asked (the parameters of the page), at a site or for all, and answers it."""

_trials: dict[str, Try] = {}


def tries(name: str) -> Callable[[Try], Try]:
    """Let a section be tried out: which of its entries fits a matter that somebody describes."""

    def decorate(attempt: Try) -> Try:
        _trials[name] = attempt
        return attempt

    return decorate


def trial_of(name: str) -> Try | None:
    """How the section of that name is tried out, where somebody said so."""
    return _trials.get(name)


@dataclass(frozen=True, slots=True)
class Touched:
    """What runs under an entry now: how many records, and in words what becomes of them."""

    count: int
    words: str


Touch = Callable[[Collection[str], int | None], Mapping[str, Touched]]
"""Tells what entries touch, by their codes, at a site (or everywhere, without one)."""

_touches: dict[str, list[Touch]] = {}


def touches(name: str) -> Callable[[Touch], Touch]:
    """Let an app say which of its running records the entries of a section concern when they change.

    It is asked once for all codes, so that a page needs no query for each of them.
    """

    def decorate(touch: Touch) -> Touch:
        known = _touches.setdefault(name, [])
        if touch not in known:
            known.append(touch)
        return touch

    return decorate


def touched_by(name: str, codes: Collection[str], site_id: int | None) -> dict[str, list[Touched]]:
    """What each of some entries touches, as all apps say; nothing where there is nothing."""
    found: dict[str, list[Touched]] = {}
    for touch in _touches.get(name, ()):
        for code, told in touch(codes, site_id).items():
            if told.count:
                found.setdefault(code, []).append(told)
    return found
