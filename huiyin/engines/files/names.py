"""Names of files, as people send them and as they are kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from .limits import NAME_LENGTH

_FORBIDDEN = re.compile(r'[<>:"|?*]')


def extension_of(name: str) -> str:
    """The ending of a file's name in small letters, without the dot; empty when it has none."""
    stem, dot, ending = name.rpartition(".")
    return ending.lower() if dot and stem and re.fullmatch(r"[A-Za-z0-9]{1,8}", ending) else ""


def clean_name(name: str) -> str:
    """A name without folders, control and invisible characters, fit for any file system; may be empty.

    Characters that turn the direction of writing would let `exe` look like `txt`, so they go too.
    """
    name = unicodedata.normalize("NFC", name.encode("utf-8", "ignore").decode())
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(c for c in name if c == " " or unicodedata.category(c)[0] not in "CZ")
    name = _FORBIDDEN.sub("_", name).strip(" .")
    stem, ending = name, extension_of(name)
    if ending:
        stem = name[: -len(ending) - 1].rstrip(" .")
    room = NAME_LENGTH - len(ending) - 1
    return f"{stem[:room].rstrip(' .')}.{ending}" if ending else stem[:NAME_LENGTH].rstrip(" .")


def full_name(name: str, extensions: Sequence[str], *, fallback: str) -> str:
    """The cleaned name with an ending that fits; the first of `extensions` is added where none stands."""
    cleaned = clean_name(name) or fallback
    if extension_of(cleaned) in extensions:
        return cleaned
    return f"{cleaned[: NAME_LENGTH - len(extensions[0]) - 1]}.{extensions[0]}"
