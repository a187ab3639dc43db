"""The catalogue of screen texts: gathered from the source, Traditional Chinese made from Simplified.

English stands in the source as the message; Simplified Chinese is written by people in the `.po`
file and must be complete. Babel and OpenCC are development tools: only the commands
`make_translations` and `check_translations` import this module.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize
from opencc import OpenCC

KEYWORDS: dict[str, Any] = {
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "_": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
BLANK = re.compile(r"%\((\w+)\)")
HANS, HANT = "zh_Hans", "zh_Hant"
STILL = datetime(2026, 1, 1, tzinfo=UTC)
"""A fixed date, so that the same content makes the same file."""
HEADER = (
    "# Screen texts of Huiyin. Simplified Chinese is written by people; Traditional is generated from it.\n#"
)


def folder() -> Path:
    """Where the catalogues stand."""
    return Path(settings.LOCALE_PATHS[0])


def path(locale: str, suffix: str = "po") -> Path:
    """The file of a catalogue."""
    return folder() / locale / "LC_MESSAGES" / f"django.{suffix}"


def sources() -> Iterator[tuple[str, str]]:
    """Every Python and template file with texts, as (name, Python source to look through)."""
    root = settings.ROOT / "huiyin"
    for file in sorted(root.rglob("*.py")):
        if not {"tests", "migrations"} & set(file.parts):
            yield str(file.relative_to(settings.ROOT)), file.read_text(encoding="utf-8")
    for file in sorted(root.rglob("templates/**/*")):
        if file.suffix in {".html", ".txt", ".svg"}:
            # The templates' indentation is none of Python's.
            lines = templatize(file.read_text(encoding="utf-8")).splitlines()
            yield str(file.relative_to(settings.ROOT)), "\n".join(line.lstrip() for line in lines)


def gathered() -> Catalog:
    """All messages of the source, without translations."""
    catalog = Catalog(locale="en", charset="utf-8")
    for name, source in sources():
        found: Any = extract_python(io.BytesIO(source.encode()), KEYWORDS, [], {"encoding": "utf-8"})
        for line, function, message, _comments in found:
            _take(catalog, function, message, name, line)
    return catalog


def _take(catalog: Catalog, function: str | None, message: Any, name: str, line: int) -> None:
    parts = message if isinstance(message, tuple) else (message,)
    context = None
    if function is not None and function.startswith("pgettext"):
        context, parts = parts[0], parts[1:]
    if function is not None and function.startswith("ngettext"):
        parts = parts[:2]
    else:
        parts = parts[:1]
    if all(isinstance(part, str) and part for part in parts):
        identity = parts[0] if len(parts) == 1 else tuple(parts)
        flags = {"python-format"} if any("%(" in part for part in parts) else set()
        catalog.add(identity, None, context=context, locations=[(name, line)], flags=flags)


def empty(locale: str) -> Catalog:
    """A catalogue without messages, its head always the same."""
    return Catalog(
        locale=locale, charset="utf-8", header_comment=HEADER, project="Huiyin", version="1", fuzzy=False,
        msgid_bugs_address="", last_translator="", language_team="", creation_date=STILL, revision_date=STILL,
    )  # fmt: skip


def read(locale: str) -> Catalog:
    """A catalogue as it stands; empty when there is none yet."""
    file = path(locale)
    if not file.exists():
        return empty(locale)
    with file.open("rb") as stream:
        return read_po(stream, locale=locale, charset="utf-8")


def merged(extra: dict[tuple[str | None, str], str] | None = None) -> Catalog:
    """The source's messages with the Simplified Chinese that is known for them."""
    old, fresh = read(HANS), gathered()
    result = empty(HANS)
    for message in fresh:
        if not message.id:
            continue
        known = old.get(message.id, context=message.context)
        text: Any = known.string if known is not None else ""
        first = message.id if isinstance(message.id, str) else message.id[0]
        given = (extra or {}).get((message.context, first))
        if given:
            text = given if isinstance(message.id, str) else (given,)
        # Line numbers would change with every edit; the files alone say where a text belongs.
        places = [(name, 0) for name in sorted({name for name, _ in message.locations})]
        result.add(message.id, text, context=message.context, locations=places, flags=message.flags)
    return result


def traditional(simplified: Catalog) -> Catalog:
    """The Traditional Chinese catalogue, word by word of Taiwan and Hong Kong standard characters."""
    convert = OpenCC("s2tw").convert
    result = empty(HANT)
    for message in simplified:
        if message.id:
            text = message.string
            made: Any = (
                convert(text) if isinstance(text, str) else tuple(convert(part) for part in text or ())
            )
            result.add(
                message.id, made, context=message.context, locations=message.locations, flags=message.flags
            )
    return result


def files(simplified: Catalog) -> dict[Path, bytes]:
    """What the four catalogue files must hold."""
    wanted: dict[Path, bytes] = {}
    for locale, catalog in ((HANS, simplified), (HANT, traditional(simplified))):
        text, binary = io.BytesIO(), io.BytesIO()
        write_po(text, catalog, width=110, sort_output=True, include_lineno=False)
        write_mo(binary, catalog)
        wanted[path(locale)], wanted[path(locale, "mo")] = text.getvalue(), binary.getvalue()
    return wanted


def _same_blanks(message: Any, text: Any) -> bool:
    """Whether a translation fills in what its message does."""
    said = set(BLANK.findall(message if isinstance(message, str) else message[1]))
    told = set(BLANK.findall(text if isinstance(text, str) else " ".join(text)))
    return said == told


def missing(catalog: Catalog) -> list[str]:
    """Messages without Simplified Chinese, with where they stand; and those whose placeholders differ."""
    found = []
    for message in catalog:
        if not message.id:
            continue
        text = message.string
        where = message.locations[0][0] if message.locations else ""
        if not (text if isinstance(text, str) else all(text or [""])):
            found.append(f"{where}: no Chinese for {message.id!r}")
        elif not _same_blanks(message.id, text):
            found.append(f"{where}: the placeholders differ in {message.id!r}")
    return found
