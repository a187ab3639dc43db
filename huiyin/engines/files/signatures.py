"""What a file is, decided by what is in it. What is not known here is not taken."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.service import Refused

from .documents import Suspicious, compound_kind, packed_kind
from .names import extension_of

OFFICE = "application/vnd.openxmlformats-officedocument"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file: its endings (the usual one first) and how a browser may treat it.

    `inline` kinds are shown by the browser itself, all others are saved. `image` kinds are
    decoded and written anew.
    """

    code: str
    content_type: str
    extensions: tuple[str, ...]
    inline: bool = False
    image: bool = False


KINDS = {
    kind.code: kind
    for kind in (
        Kind("jpeg", "image/jpeg", ("jpg", "jpeg", "jpe", "jfif"), inline=True, image=True),
        Kind("png", "image/png", ("png",), inline=True, image=True),
        Kind("gif", "image/gif", ("gif",), inline=True, image=True),
        Kind("webp", "image/webp", ("webp",), inline=True, image=True),
        Kind("pdf", "application/pdf", ("pdf",)),
        Kind("docx", f"{OFFICE}.wordprocessingml.document", ("docx",)),
        Kind("xlsx", f"{OFFICE}.spreadsheetml.sheet", ("xlsx",)),
        Kind("pptx", f"{OFFICE}.presentationml.presentation", ("pptx",)),
        Kind("odt", "application/vnd.oasis.opendocument.text", ("odt",)),
        Kind("doc", "application/msword", ("doc", "wps")),
        Kind("xls", "application/vnd.ms-excel", ("xls", "et")),
        Kind("txt", "text/plain", ("txt", "log")),
        Kind("csv", "text/csv", ("csv",)),
        Kind("mp3", "audio/mpeg", ("mp3",), inline=True),
        Kind("m4a", "audio/mp4", ("m4a",), inline=True),
        Kind("wav", "audio/wav", ("wav",), inline=True),
        Kind("amr", "audio/amr", ("amr",)),
        Kind("mp4", "video/mp4", ("mp4", "m4v"), inline=True),
    )
}
BY_CONTENT_TYPE = {kind.content_type: kind for kind in KINDS.values()}
ACCEPT = ",".join(f".{extension}" for kind in KINDS.values() for extension in kind.extensions)
"""What the browser's file picker offers. A phone turns its own image format into jpeg for it."""

_MOVIE_BRANDS = frozenset(
    b"isom iso2 iso3 iso4 iso5 iso6 mp41 mp42 avc1 MSNV M4VH M4VP dash mmp4 M4V".split()
)
_SOUND_BRANDS = frozenset(b"M4A M4B M4P".split())
_PHONE_PICTURE_BRANDS = frozenset(b"heic heix heim heis hevc hevx mif1 msf1 avif avis".split())
_CHUNK = 64 * 1024
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]")
_SCRIPT = re.compile(r"\A\s*(<|#!|\{\\rtf|%!PS|@echo\b|MZ)", re.IGNORECASE)


def recognise(file: BinaryIO, name: str) -> Kind:
    """The kind of a file, by content; the ending of its name chooses only between kinds of one make.

    Refused when the content is of no known kind, is dangerous or damaged, or is something else
    than the ending of the name says.
    """
    extension = extension_of(name)
    try:
        codes = _by_content(file)
    except Suspicious as suspicion:
        raise _dangerous(suspicion.reason) from suspicion
    if not codes:
        raise Refused("file-kind", _("Files of this kind are not accepted."))
    kinds = [KINDS[code] for code in codes]
    if not extension:
        return kinds[0]
    for kind in kinds:
        if extension in kind.extensions:
            return kind
    raise Refused(
        "file-mismatch",
        _("The file calls itself “.%(extension)s” but is something else (%(kind)s)."),
        params={"extension": extension, "kind": kinds[0].extensions[0]},
    )


def _dangerous(reason: str) -> Refused:
    return Refused(
        f"file-{reason}",
        {
            "bomb": _("The file would grow beyond all measure when it is opened."),
            "macros": _("The document contains macros. Please save it without them."),
            "phone-picture": _("This picture format cannot be shown by browsers. Please send it as JPEG."),
        }.get(reason, _("The file is damaged.")),
    )


def _by_content(file: BinaryIO) -> tuple[str, ...]:
    """The codes of the kinds that the content may be, the likeliest first; empty for none."""
    file.seek(0)
    head = file.read(64)
    if head.startswith(b"\xff\xd8\xff"):
        return ("jpeg",)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return ("png",)
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return ("gif",)
    if head[:4] == b"RIFF":
        return {b"WEBP": ("webp",), b"WAVE": ("wav",)}.get(head[8:12], ())
    if re.match(rb"%PDF-[12]\.\d", head):
        return ("pdf",)
    if head[:4] == b"PK\x03\x04":
        packed = packed_kind(file)
        return (packed,) if packed else ()
    if head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        compound = compound_kind(file)
        return (compound,) if compound else ()
    if head[:6] == b"#!AMR\n" or head[:9] == b"#!AMR-WB\n":
        return ("amr",)
    if head[4:8] == b"ftyp":
        return _by_brand(head[8:12].rstrip(b" "))
    if head[:3] == b"ID3" or _is_mp3_frame(head):
        return ("mp3",)
    return ("txt", "csv") if head and _is_text(file) else ()


def _by_brand(brand: bytes) -> tuple[str, ...]:
    if brand in _PHONE_PICTURE_BRANDS:
        raise Suspicious("phone-picture")
    if brand in _SOUND_BRANDS:
        return ("m4a",)
    # Recorders of many phones put plain sound into the general container.
    return ("mp4", "m4a") if brand in _MOVIE_BRANDS else ()


def _is_mp3_frame(head: bytes) -> bool:
    """Whether an MPEG layer III frame begins here, with a bit rate and a sampling rate that exist."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return False
    return head[1] & 0x18 != 0x08 and head[2] >> 4 not in (0, 15) and head[2] & 0x0C != 0x0C


def _is_text(file: BinaryIO) -> bool:
    """Whether the whole file is text in UTF-8 or GB 18030 that is neither markup nor a script."""
    return any(_decodes(file, encoding) for encoding in ("utf-8-sig", "gb18030"))


def _decodes(file: BinaryIO, encoding: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    first = True
    try:
        while chunk := file.read(_CHUNK):
            text = decoder.decode(chunk)
            if _CONTROL.search(text) or (first and _SCRIPT.match(text)):
                return False
            first = False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
