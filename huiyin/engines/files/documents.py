"""Looking into packed (zip) and compound (OLE) office files without trusting a word they say."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import BinaryIO

from .limits import PACKED_BYTES, PACKED_PARTS

_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, EOFError, struct.error)
"""What reading a damaged archive raises; a password asked for is a RuntimeError."""
_END = b"PK\x05\x06"
_END_SIZE = 22
_LARGE_LOCATOR = b"PK\x06\x07"
_DIRECTORY_BYTES = 1024 * 1024
"""The list of parts of an honest document is far smaller."""

_MAIN_PARTS = {
    "word/document.xml": "docx",
    "xl/workbook.xml": "xlsx",
    "ppt/presentation.xml": "pptx",
}
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.text"


class Suspicious(Exception):
    """The file is built to do harm, or is damaged: `reason` is bomb, macros or damaged."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def packed_kind(file: BinaryIO) -> str | None:
    """The kind of a zip file: docx, xlsx, pptx, odt, or None for any other. Refused: Suspicious."""
    _check_directory(file)
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            if len(parts) > PACKED_PARTS or sum(part.file_size for part in parts) > PACKED_BYTES:
                raise Suspicious("bomb")
            names = {part.filename for part in parts}
            if any(name.lower().endswith("vbaproject.bin") for name in names):
                raise Suspicious("macros")
            if parts and parts[0].filename == "mimetype":
                with archive.open(parts[0]) as part:
                    return "odt" if part.read(len(_OPEN_DOCUMENT) + 1) == _OPEN_DOCUMENT else None
            if "[Content_Types].xml" not in names:
                return None
            return next((kind for part, kind in _MAIN_PARTS.items() if part in names), None)
    except _DAMAGE as error:
        raise Suspicious("damaged") from error


def _check_directory(file: BinaryIO) -> None:
    """Refused (Suspicious) before the list of parts is read into memory when it is unbelievably long."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 65536 - _END_SIZE))
    tail = file.read()
    at = len(tail) - _END_SIZE
    if at < 0 or tail[at : at + 4] != _END or tail[-2:] != b"\0\0":
        at = tail.rfind(_END)
    if at < 0 or len(tail) < at + _END_SIZE:
        raise Suspicious("damaged")
    parts, length = struct.unpack("<HI", tail[at + 10 : at + 16])
    if parts > PACKED_PARTS or length > _DIRECTORY_BYTES or tail[max(0, at - 20) : at - 16] == _LARGE_LOCATOR:
        raise Suspicious("bomb")


_SECTOR_END = 0xFFFFFFFA
"""Sector numbers from here on are marks, not sectors."""
_DIRECTORY_SECTORS = 64


def compound_kind(file: BinaryIO) -> str | None:
    """The kind of an OLE file: doc, xls, or None for any other. Refused: Suspicious."""
    try:
        names = _entries(file)
    except (struct.error, ValueError, OverflowError, OSError) as error:
        raise Suspicious("damaged") from error
    if names & {"_VBA_PROJECT_CUR", "_VBA_PROJECT", "Macros", "VBA"}:
        raise Suspicious("macros")
    if "WordDocument" in names:
        return "doc"
    return "xls" if names & {"Workbook", "Book"} else None


def _entries(file: BinaryIO) -> set[str]:
    """The names in the directory of an OLE file: the chain of sectors that begins at byte 48."""
    file.seek(0)
    head = file.read(512)
    (shift,) = struct.unpack_from("<H", head, 30)
    if shift not in (9, 12):
        raise ValueError("sector size")
    size = 1 << shift
    (sector,) = struct.unpack_from("<I", head, 48)
    tables = struct.unpack_from("<109I", head, 76)
    names: set[str] = set()
    for _step in range(_DIRECTORY_SECTORS):
        if sector >= _SECTOR_END:
            break
        data = _sector(file, sector, size)
        for offset in range(0, len(data) - 127, 128):
            (length,) = struct.unpack_from("<H", data, offset + 64)
            if 2 <= length <= 64:
                names.add(data[offset : offset + length - 2].decode("utf-16-le", "ignore"))
        table, place = divmod(sector, size // 4)
        if table >= len(tables) or tables[table] >= _SECTOR_END:
            break
        (sector,) = struct.unpack_from("<I", _sector(file, tables[table], size), place * 4)
    return names


def _sector(file: BinaryIO, number: int, size: int) -> bytes:
    file.seek((number + 1) * size)
    return file.read(size)
