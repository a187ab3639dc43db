"""The plain values of an entry, found in the schema of its section, so that a form can offer them."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from huiyin.base.kit import permissions
from huiyin.base.trail.registry import VERBS, label

from .registry import Item, Section, Words
from .words import UNITS

Path = tuple[str, ...]
DEEPEST = 3
LONG = 300
"""Texts that may have more characters than this get several lines."""
ASIDE = {"code", "disabled", "source", "clause", "note"}
AMOUNTS = {"limit", "before", "after", "within"}
"""What values that are an amount of time are called."""
REFERS: dict[tuple[str, str], str] = {
    ("posts", "reports_to"): "posts",
    ("posts", "deputy"): "posts",
    ("posts", "permissions"): "@permissions",
    ("categories", "phrase"): "phrases",
    ("categories", "place_kinds"): "place_kinds",
    ("place_kinds", "within"): "place_kinds",
    ("approvals", "steps.post"): "posts",
    ("authorities", "post"): "posts",
    ("calendars", "posts"): "posts",
    ("reports", "to"): "posts",
    ("targets", "post"): "posts",
    ("limits", "post"): "posts",
    ("limits", "calendar"): "calendars",
    ("limits", "ladder.to"): "posts",
    ("limits", "ladder.hours"): "calendars",
    ("limits", "when.category"): "categories",
    ("limits", "when.channel"): "channels",
    ("limits", "when.place_kind"): "place_kinds",
    ("limits", "when.care"): "care_flags",
    ("limits", "starts_on"): "@events",
    ("limits", "stops_on"): "@events",
    ("limits", "cancels_on"): "@events",
    ("limits", "pauses_on"): "@events",
    ("limits", "resumes_on"): "@events",
}
"""Values that name entries of a section, rights or events: (section, path) → where the choices are."""


Entries = Callable[[str], tuple[Item, ...]]
"""The entries in force of a section."""


@dataclass(frozen=True, slots=True)
class Plain:
    """One value that a form can offer: its path, and what it is.

    `kind` is text, long, whole, number, bool, choice (one of `choices`), lines (a list of texts) or codes (a list
    of what `refers` to). A text or a list may also refer.
    """

    path: Path
    kind: str
    required: bool = False
    choices: tuple[str, ...] = ()
    refers: str = ""

    @property
    def name(self) -> str:
        """The path in one word."""
        return ".".join(self.path)


def plain_fields(known: Section, data: Mapping[str, Any]) -> list[Plain]:
    """The plain values of an entry; what is more complicated is left to its text."""
    return [
        *_of_model(known, known.entry, data, (), True),
        Plain(("clause",), "text"),
        Plain(("source",), "lines"),
        *_words(("note",), data.get("note"), False, Words),
    ]


def offered(refers: str, entries: Entries) -> list[tuple[str, str]]:
    """What a value may refer to: code and words of events, rights, or the entries of a section."""
    if refers == "@events":
        return [(code, label(code)) for code in sorted(VERBS)]
    if refers == "@permissions":
        return [(known.code, str(known.label)) for known in permissions.every()]
    return [(item.code, name_of(item, "")) for item in entries(refers)]


def name_of(item: Item | None, code: str) -> str:
    """What an entry is called, else its first words, else its code."""
    value = item.value if item is not None else None
    return str(getattr(value, "name", None) or getattr(value, "text", None) or code)


def value_at(data: Any, path: Path) -> Any:
    """The value that a path leads to, or None."""
    for step in path:
        if not isinstance(data, Mapping) or step not in data:
            return None
        data = data[step]
    return data


def overlaid(data: Mapping[str, Any], values: Iterable[tuple[Plain, Any]]) -> dict[str, Any]:
    """An entry with the values of a form; what was emptied goes, what the form does not know stays."""
    made = deepcopy(dict(data))
    for one, value in values:
        empty = value is None or value in ("", []) or (value is False and value_at(data, one.path) is None)
        _put(made, one.path, None if empty else value)
    return made


def _put(data: dict[str, Any], path: Path, value: Any) -> None:
    first, *rest = path
    if not rest:
        if value is None:
            data.pop(first, None)
        else:
            data[first] = value
        return
    inner = data.get(first)
    inner = dict(inner) if isinstance(inner, Mapping) else ({} if inner is None else {"zh": inner})
    _put(inner, tuple(rest), value)
    if inner:
        data[first] = inner
    else:
        data.pop(first, None)


def _of_model(
    known: Section, model: type[BaseModel], data: Any, path: Path, required: bool
) -> Iterable[Plain]:
    for name, info in model.model_fields.items():
        key = info.alias or name
        if (path or name not in ASIDE) and len(path) < DEEPEST:
            yield from _of_field(known, info, value_at(data, (key,)), (*path, key), required)


def _of_field(known: Section, info: FieldInfo, value: Any, path: Path, above: bool) -> Iterable[Plain]:
    kind = _core(info.annotation)
    required = above and info.is_required()
    refers = REFERS.get((known.name, ".".join(path)), "")
    if isinstance(kind, type) and issubclass(kind, Words):
        yield from _words(path, value, required, kind)
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from _of_model(known, kind, value, path, required)
    elif typing.get_origin(kind) is typing.Literal:
        yield Plain(path, "choice", required, tuple(str(one) for one in typing.get_args(kind)))
    elif kind is bool:
        yield Plain(path, "bool")
    elif kind in (int, float):
        yield Plain(path, "whole" if kind is int else "number", required)
    elif kind is str:
        yield Plain(path, "choice" if refers else _size(info), required, refers=refers)
    elif typing.get_origin(kind) is list and _core(typing.get_args(kind)[0]) is str:
        yield Plain(path, "codes" if refers else "lines", required, refers=refers)
    elif path[-1] in AMOUNTS and (value is None or _is_amount(value)):
        yield Plain((*path, "value"), "number", required)
        yield Plain((*path, "unit"), "choice", required, tuple(UNITS))


def _words(path: Path, value: Any, required: bool, kind: type[Words]) -> Iterable[Plain]:
    size = "text" if path == ("name",) else _size(kind.model_fields["zh"])
    yield Plain((*path, "zh"), size, required)
    yield Plain((*path, "en"), size)
    if isinstance(value, Mapping) and value.get("zh-hant"):
        yield Plain((*path, "zh-hant"), size)


def _size(info: FieldInfo) -> str:
    longest = next((one.max_length for one in info.metadata if getattr(one, "max_length", None)), 0)
    return "long" if longest > LONG else "text"


def _is_amount(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("value"), int | float) and "unit" in value


def _core(annotation: Any) -> Any:
    """A type without Annotated and without None."""
    while True:
        origin = typing.get_origin(annotation)
        if origin is typing.Annotated:
            annotation = typing.get_args(annotation)[0]
        elif origin in (typing.Union, types.UnionType):
            rest = [one for one in typing.get_args(annotation) if one is not type(None)]
            if len(rest) != 1:
                return None
            annotation = rest[0]
        else:
            return annotation
