"""Taking a file in: counted, recognised, cleaned and put into the store, before any record names it.

This is the slow part and needs no transaction; `services.attach` is the quick one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.service import Refused

from . import images, store
from .limits import FILE_BYTES, MB
from .names import full_name
from .signatures import recognise

_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Received:
    """A file in the store that waits for its record: cleaned name, bytes, kind, digest, pixels."""

    name: str
    size: int
    content_type: str
    sha256: str
    width: int | None = None
    height: int | None = None


def receive(file: File[Any]) -> Received:
    """Take an uploaded file in, in bounded memory; what it is is decided by its content.

    Refused when it is empty, too large, damaged, of a kind that is not accepted, or not what the
    ending of its name says.
    """
    name = file.name or ""
    with store.workbench() as folder:
        arrived = folder / "arrived"
        digest, size = _copy(file, arrived)
        with arrived.open("rb") as content:
            kind = recognise(content, name)
            fitting = full_name(name, kind.extensions, fallback=str(_("file")))
            if not kind.image:
                store.place(arrived, digest)
                return Received(fitting, size, kind.content_type, digest)
            renewed, thumbnail = folder / "renewed", folder / "thumbnail"
            pixels = images.renew(content, kind.code, renewed, thumbnail)
        with renewed.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        size = renewed.stat().st_size
        store.place(renewed, digest, thumbnail=thumbnail)
        return Received(fitting, size, kind.content_type, digest, pixels.width, pixels.height)


def _copy(file: File[Any], target: Path) -> tuple[str, int]:
    """Write a file to a path; its digest and its size in bytes. Refused when it is empty or too large."""
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as out:
        for chunk in file.chunks(_CHUNK):
            data = chunk.encode() if isinstance(chunk, str) else chunk
            size += len(data)
            if size > FILE_BYTES:
                raise Refused(
                    "file-too-large",
                    _("The file is too large (at most %(limit)s MB)."),
                    params={"limit": FILE_BYTES // MB},
                )
            digest.update(data)
            out.write(data)
    if not size:
        raise Refused("file-empty", _("The file is empty."))
    return digest.hexdigest(), size
