"""The reference of all pack sections, read off their schemas: every key, what it takes, what it must be.

`manage pack_sections` writes it to `docs/how-to/pack-sections.md`; a test keeps it current.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Iterator
from typing import Any

from django.utils.translation import override
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from .fields import REFERS
from .registry import Entry, Section, Words, sections

INTRODUCTION = """\
# Sections of packs

Generated from the schemas by `./run manage pack_sections`; do not edit. How packs work, and where what stands:
[write a pack](write-a-pack.md). Keys marked * are required.

Every entry of every section has `code`\\* (small letters, digits, `.` `_` `-`), `source` (ids of requirements),
`clause` (the handbook's own words, at most 200 characters), `note` (words), `variant` (`question/answer`: in force only where
the section `variants` chooses that answer), and `disabled: true`, which with `code` alone switches the entry of an
earlier layer off. *Words* are `{zh: …, en: …, zh-hant: …}`; `zh` is required."""


def reference() -> str:
    """The whole page."""
    with override("en"):
        return "\n".join(
            [INTRODUCTION, "", *_overview(), *(line for one in sections() for line in _chapter(one))]
        )


def _overview() -> Iterator[str]:
    yield "| file | what it holds | where it may stand | needs `source` |"
    yield "|---|---|---|---|"
    for one in sections():
        where = "base, industry, company" if one.apply is not None else "every layer"
        needed = "yes" if one.sourced else "no"
        yield f"| [`{one.name}.yaml`](#{one.name}) | {one.label} | {where} | {needed} |"
    yield ""


def _chapter(known: Section) -> Iterator[str]:
    yield f"## {known.name}"
    yield ""
    yield _plain(known.entry)
    if known.nested:
        yield ""
        yield "Entries stand under others in `children`, or name the one above in `parent`."
    if known.check is not None and known.check.__doc__:
        yield ""
        yield f"Checked together: {_first(known.check.__doc__)}"
    if known.needs:
        yield ""
        yield f"Changing it needs the right `{known.needs}` too."
    yield ""
    inner: dict[str, type[BaseModel]] = {}
    yield from _table(known, known.entry, inner, "")
    done: set[str] = set()
    while inner.keys() - done:
        name = sorted(inner.keys() - done)[0]
        done.add(name)
        yield f"**`{name}`** — {_plain(inner[name])}"
        yield ""
        yield from _table(known, inner[name], inner, name)


def _table(
    known: Section, model: type[BaseModel], inner: dict[str, type[BaseModel]], path: str
) -> Iterator[str]:
    rows = []
    for name, info in model.model_fields.items():
        if not path and name in Entry.model_fields and name != "name" and name != "code":
            continue
        key = info.alias or name
        where = f"{path}.{key}" if path else key
        star = "\\*" if info.is_required() else ""
        rows.append(
            f"| `{key}`{star} | {_told(info.annotation, info, inner, where, known)} | {_default(info)} |"
        )
    if rows:
        yield "| key | what it takes | without it |"
        yield "|---|---|---|"
        yield from rows
        yield ""


def _told(
    annotation: Any, info: FieldInfo, inner: dict[str, type[BaseModel]], path: str, known: Section
) -> str:
    text = _type(annotation, inner, path)
    limits = [*_limits(info)]
    refers = REFERS.get((known.name, path), "")
    if refers.startswith("@"):
        limits.append(f"of the {refers[1:]} on the map")
    elif refers:
        limits.append(f"codes of `{refers}`")
    return text + (f" ({'; '.join(limits)})" if limits else "")


def _type(annotation: Any, inner: dict[str, type[BaseModel]], path: str) -> str:
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        told = _type(args[0], inner, path)
        pattern = next((one.pattern for one in args[1:] if getattr(one, "pattern", None)), "")
        pattern = pattern or next(
            (
                str(m.pattern)
                for one in args[1:]
                for m in getattr(one, "metadata", ())
                if getattr(m, "pattern", None)
            ),
            "",
        )
        return f"{told} like `{_escaped(pattern)}`" if pattern else told
    if origin in (typing.Union, types.UnionType):
        return " or ".join("nothing (null)" if one is type(None) else _type(one, inner, path) for one in args)
    if origin is typing.Literal:
        return ", ".join("(empty)" if one == "" else f"`{one}`".replace("False", "false") for one in args)
    if origin is list:
        return f"list of {_type(args[0], inner, path)}"
    if origin is dict:
        return f"mapping of {_type(args[0], inner, path)} to {_type(args[1], inner, path)}"
    if isinstance(annotation, type) and issubclass(annotation, Words):
        return "words"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        inner[path] = annotation
        return f"mapping, see `{path}` below"
    named = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    if annotation is Any:
        return "an amount of time or a day, see [limits](write-a-pack.md#limits)"
    return named.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _limits(info: FieldInfo) -> Iterator[str]:
    words = {
        "min_length": "at least {} long",
        "max_length": "at most {} long",
        "ge": "at least {}",
        "gt": "more than {}",
        "le": "at most {}",
        "lt": "less than {}",
    }
    for one in info.metadata:
        for name, text in words.items():
            value = getattr(one, name, None)
            if value is not None and not (name == "min_length" and value == 1):
                yield text.format(value)
        if getattr(one, "pattern", None):
            yield f"like `{_escaped(str(one.pattern))}`"


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return ""
    value = info.get_default(call_default_factory=True)
    if value is None or value in ("", [], {}) or isinstance(value, BaseModel):
        return "nothing"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _escaped(pattern: str) -> str:
    return pattern.replace("|", "\\|")


def _plain(model: type[BaseModel]) -> str:
    return " ".join((inspect.getdoc(model) or "").split()) if "__doc__" in vars(model) else ""


def _first(text: str) -> str:
    return " ".join(inspect.cleandoc(text).split("\n\n")[0].split())
