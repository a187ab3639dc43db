"""Writes tiny .xls and other compound files, since no library here writes them."""

import struct
from collections.abc import Mapping, Sequence

END, FREE = 0xFFFFFFFE, 0xFFFFFFFF


def compound(streams: dict[str, bytes]) -> bytes:
    """A compound file with these streams beside the root; each is padded past the mini stream's limit."""
    sectors: list[bytes] = []
    fat: list[int] = []

    def put(data: bytes) -> int:
        first = len(sectors)
        count = max(1, -(-len(data) // 512))
        for number in range(count):
            sectors.append(data[number * 512 : (number + 1) * 512].ljust(512, b"\0"))
            fat.append(first + number + 1 if number + 1 < count else END)
        return first

    placed = {name: (put(data.ljust(4096, b"\0")), max(len(data), 4096)) for name, data in streams.items()}
    entries = [_entry("Root Entry", 5, END, 0, child=1 if placed else FREE)]
    for number, (name, (start, size)) in enumerate(placed.items(), 1):
        entries.append(_entry(name, 2, start, size, right=number + 1 if number < len(placed) else FREE))
    directory = put(b"".join(entries))
    fat_sectors = -(-(len(fat) + 8) // 128)
    fat_start = len(sectors)
    fat += [0xFFFFFFFD] * fat_sectors
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(fat_sectors * 512, b"\xff")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    header += b"\0" * 6 + struct.pack("<IIIIIIIII", 0, fat_sectors, directory, 0, 4096, END, 0, END, 0)
    places = [fat_start + number for number in range(fat_sectors)] + [FREE] * (109 - fat_sectors)
    return header + struct.pack("<109I", *places) + b"".join(sectors) + table


def _entry(name: str, kind: int, start: int, size: int, right: int = FREE, child: int = FREE) -> bytes:
    raw = (name + "\0").encode("utf-16-le")
    entry = raw.ljust(64, b"\0") + struct.pack("<HBB", len(raw), kind, 1)
    entry += struct.pack("<III", FREE, right, child) + b"\0" * 36
    return entry + struct.pack("<IQ", start, size)


def record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def xls_stream(
    sheets: Mapping[str, Sequence[Sequence[object]]], extra: bytes = b"", locked: bool = False
) -> bytes:
    """A BIFF8 stream: text and numbers; `extra` records are put into the first sheet."""
    texts: list[str] = []
    pages: list[bytes] = []
    for rows in sheets.values():
        page = record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))
        width = max((len(row) for row in rows), default=0)
        page += record(0x200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                if isinstance(value, str):
                    texts.append(value)
                    page += record(0xFD, struct.pack("<HHHI", number, place, 0, len(texts) - 1))
                elif isinstance(value, bool):
                    page += record(0x205, struct.pack("<HHHBB", number, place, 0, 42, 1))
                elif isinstance(value, int | float):
                    page += record(0x203, struct.pack("<HHHd", number, place, 0, value))
        pages.append(page + (extra if not pages else b"") + record(0x0A, b""))
    table = struct.pack("<II", len(texts), len(texts))
    for text in texts:
        table += struct.pack("<HB", len(text), 1) + text.encode("utf-16-le")
    start = record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0))
    if locked:
        start += record(0x2F, b"\1\0\1\0\1\0" + b"\0" * 48)
    names = [name.encode("utf-16-le") for name in sheets]
    tail = record(0xFC, table) + record(0x0A, b"")
    length = len(start) + sum(4 + 8 + len(name) for name in names) + len(tail)
    bounds = b""
    for name, page in zip(names, pages, strict=True):
        bounds += record(0x85, struct.pack("<IBBBB", length, 0, 0, len(name) // 2, 1) + name)
        length += len(page)
    return start + bounds + tail + b"".join(pages)


def xls(sheets: Mapping[str, Sequence[Sequence[object]]], **more: object) -> bytes:
    return compound({"Workbook": xls_stream(sheets, **more)})  # type: ignore[arg-type]
