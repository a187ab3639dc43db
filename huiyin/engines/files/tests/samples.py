"""Files, honest and hostile, made on the spot."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

from PIL import Image


def picture(
    form: str = "JPEG",
    size: tuple[int, int] = (64, 48),
    mode: str = "RGB",
    colour: Any = None,
    **options: Any,
) -> bytes:
    """An image of one colour."""
    target = io.BytesIO()
    Image.new(mode, size, colour or 0).save(target, form, **options)
    return target.getvalue()


def located_photograph(*, orientation: int = 6, size: tuple[int, int] = (60, 40)) -> bytes:
    """A photograph lying on its side whose description tells where it was taken, by whom, with a comment."""
    image = Image.new("RGB", size, "white")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825).update({1: "N", 2: (31.0, 14.0, 7.0), 3: "E", 4: (121.0, 28.0, 9.0)})
    target = io.BytesIO()
    image.save(target, "JPEG", exif=exif, comment=b"SecretComment", xmp=b"<x>SecretXmp</x>", quality=95)
    return target.getvalue()


def packed(*parts: tuple[str, bytes]) -> bytes:
    """A zip file."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return target.getvalue()


def office(main: str = "word/document.xml", *more: tuple[str, bytes]) -> bytes:
    """A small office document with the given main part."""
    return packed(("[Content_Types].xml", b"<Types/>"), (main, b"<document/>"), *more)


def open_document(mimetype: bytes = b"application/vnd.oasis.opendocument.text") -> bytes:
    """A small OpenDocument file."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", mimetype, zipfile.ZIP_STORED)
        archive.writestr("content.xml", b"<office/>")
    return target.getvalue()


def compound(*streams: str) -> bytes:
    """An OLE file whose directory names some streams (no more than four)."""
    head = bytearray(512)
    head[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<H", head, 30, 9)
    struct.pack_into("<I", head, 44, 1)
    struct.pack_into("<I", head, 48, 1)
    struct.pack_into("<109I", head, 76, 0, *[0xFFFFFFFF] * 108)
    table = struct.pack("<128I", 0xFFFFFFFD, 0xFFFFFFFE, *[0xFFFFFFFF] * 126)
    directory = b"".join(_entry(name) for name in streams).ljust(512, b"\0")
    return bytes(head) + table + directory


def _entry(name: str) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    return text.ljust(64, b"\0") + struct.pack("<H", len(text)) + bytes(62)


def huge_png(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that claims, and delivers, width × height grey pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = bytes(1 + width)
    data = b"".join(packer.compress(row) for _row in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


WAV = (
    b"RIFF"
    + struct.pack("<I", 36)
    + b"WAVEfmt "
    + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    + b"data\0\0\0\0"
)
MP3 = b"\xff\xfb\x90\x64" + bytes(413)
MP3_TAGGED = b"ID3\x04\0\0\0\0\0\0" + MP3
AMR = b"#!AMR\n" + bytes(32)
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def movie(brand: bytes) -> bytes:
    """The beginning of a file of the ISO container family."""
    return struct.pack(">I", 24) + b"ftyp" + brand + bytes(4) + b"isommp42" + bytes(64)
