"""Old binary Office files (OLE2 compound files): what is inside, and how much an .xls would unpack to.

Only as much of the format is read as is needed to refuse a file before it is loaded: the directory, the
password and macro marks, and the extent of the cells of each sheet.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from .limits import Limits
from .problems import BadFile, Phrase
from .problems import gettext_noop as _

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ROOT = 5
_END = 0xFFFFFFFA
"""Sector numbers from here on are marks, not sectors."""

DAMAGED = _("The file is damaged and cannot be read.")
PASSWORD = _("The file is protected by a password. Save it without one and try again.")
MACROS = _("The file contains macros. Save it as an ordinary .xlsx workbook and try again.")
NOT_SPREADSHEET = _("This is not a spreadsheet but %(kind)s.")
TOO_MANY_SHEETS = _("The workbook has %(sheets)s sheets; at most %(limit)s are read.")
TOO_MANY_CELLS = _(
    "The sheet “%(sheet)s” spans %(cells)s cells; at most %(limit)s are read. Delete what is not needed."
)
TOO_MANY_COLUMNS = _(
    "The sheet “%(sheet)s” has values up to column %(column)s; at most %(limit)s columns are read."
)
TOO_MUCH_TEXT = _("The workbook holds more text than can be read at once. Split it into several files.")


class _Entry:
    """One entry of the directory: a storage, a stream or the root; `left`, `right`, `child` are entry
    numbers.
    """

    __slots__ = ("child", "kind", "left", "name", "right", "size", "start")

    def __init__(self, raw: bytes) -> None:
        self.size: int
        length, self.kind = struct.unpack_from("<HB", raw, 64)
        self.left, self.right, self.child = struct.unpack_from("<III", raw, 68)
        self.start, self.size = struct.unpack_from("<IQ", raw, 116)
        self.name = raw[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")


class CompoundFile:
    """Reads streams of a compound file. Refused when the file is damaged."""

    def __init__(self, data: bytes) -> None:
        if len(data) < 512 or not data.startswith(MAGIC):
            raise BadFile("damaged", DAMAGED)
        self._data = data
        shift, mini_shift = struct.unpack_from("<HH", data, 30)
        if shift not in (9, 12) or mini_shift != 6:
            raise BadFile("damaged", DAMAGED)
        self._sector, self._mini = 1 << shift, 1 << mini_shift
        self._cutoff: int = struct.unpack_from("<I", data, 56)[0]
        self._check_claims()
        self._fat = self._read_fat()
        self._mini_fat_start: int = struct.unpack_from("<I", data, 60)[0]
        directory = b"".join(self._sectors(struct.unpack_from("<I", data, 48)[0]))
        self._all = [_Entry(directory[start : start + 128]) for start in range(0, len(directory) - 127, 128)]
        if not self._all or self._all[0].kind != _ROOT:
            raise BadFile("damaged", DAMAGED)
        if shift == 9:
            # The upper half of a size means nothing in files of this version.
            for entry in self._all:
                entry.size &= 0xFFFFFFFF
        if self._all[0].size > len(data):
            raise BadFile("damaged", DAMAGED)
        self.entries = {entry.name: entry for entry in self._top_level()}
        self._container = b"".join(self._sectors(self._all[0].start))
        self._mini_fat = b"".join(self._sectors(self._mini_fat_start))

    def _check_claims(self) -> None:
        """The table reader sets memory aside for what the header claims: no more than there is."""
        directory, fat = struct.unpack_from("<II", self._data, 40)
        mini: int = struct.unpack_from("<I", self._data, 64)[0]
        if max(directory, fat, mini) * self._sector > len(self._data):
            raise BadFile("damaged", DAMAGED)

    def _at(self, sector: int) -> bytes:
        start = (sector + 1) * self._sector
        return self._data[start : start + self._sector]

    def _read_fat(self) -> list[int]:
        table = list(struct.unpack_from("<109I", self._data, 76))
        sector: int = struct.unpack_from("<I", self._data, 68)[0]
        seen = 0
        per_sector = self._sector // 4
        while sector < _END:
            seen += 1
            block = self._at(sector)
            if len(block) < self._sector or seen * self._sector > len(self._data):
                raise BadFile("damaged", DAMAGED)
            numbers = struct.unpack(f"<{per_sector}I", block)
            table += numbers[:-1]
            sector = numbers[-1]
        fat: list[int] = []
        for number in table:
            if number < _END:
                block = self._at(number)
                if len(block) < self._sector:
                    raise BadFile("damaged", DAMAGED)
                fat += struct.unpack(f"<{per_sector}I", block)
        return fat

    def _sectors(self, sector: int) -> Iterator[bytes]:
        for _count in range(len(self._fat) + 1):
            if sector >= _END:
                return
            if sector >= len(self._fat):
                break
            yield self._at(sector)
            sector = self._fat[sector]
        raise BadFile("damaged", DAMAGED)

    def _top_level(self) -> Iterator[_Entry]:
        """Entries beside the root only: documents embedded in a sheet have streams of the same names."""
        waiting, seen = [self._all[0].child], set()
        while waiting:
            number = waiting.pop()
            if number in seen or number >= len(self._all):
                continue
            seen.add(number)
            entry = self._all[number]
            waiting += [entry.left, entry.right]
            yield entry

    def first(self, name: str) -> _Entry | None:
        """The first entry of this name anywhere, which is the one the table reader would take."""
        return next((entry for entry in self._all if entry.name == name and entry.kind), None)

    def has(self, *names: str) -> bool:
        return any(name in self.entries for name in names)

    def stream(self, name: str) -> bytes:
        entry = self.entries[name]
        if entry is not self.first(name) or entry.size > len(self._data):
            raise BadFile("damaged", DAMAGED)
        if entry.size >= self._cutoff:
            data = b"".join(self._sectors(entry.start))
        else:
            data = self._mini_stream(entry.start)
        if len(data) < entry.size:
            raise BadFile("damaged", DAMAGED)
        return data[: entry.size]

    def _mini_stream(self, sector: int) -> bytes:
        container = self._container
        fat = struct.unpack(f"<{len(self._mini_fat) // 4}I", self._mini_fat)
        parts: list[bytes] = []
        for _count in range(len(fat) + 1):
            if sector >= _END:
                return b"".join(parts)
            if sector >= len(fat):
                break
            parts.append(container[sector * self._mini : (sector + 1) * self._mini])
            sector = fat[sector]
        raise BadFile("damaged", DAMAGED)


@dataclass(slots=True)
class SheetExtent:
    """The rectangle around a sheet's values (zero-based, inclusive) and the cells that show a formula
    error.
    """

    name: str
    first_row: int = -1
    last_row: int = -1
    first_column: int = -1
    last_column: int = -1
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    shared_texts: int = 0
    empty_rows: int = 0
    """Rows the workbook lists that hold nothing but formats (.xlsx only)."""

    def reset(self) -> None:
        self.first_row = self.last_row = self.first_column = self.last_column = -1
        self.shared_texts = self.empty_rows = 0
        self.errors.clear()

    def include(self, row: int, column: int) -> None:
        if self.last_row < 0:
            self.first_row = self.last_row = row
            self.first_column = self.last_column = column
            return
        self.first_row, self.last_row = min(self.first_row, row), max(self.last_row, row)
        self.first_column, self.last_column = min(self.first_column, column), max(self.last_column, column)

    def check(self, limits: Limits) -> None:
        """Refused when the rectangle is larger than the limits: it is held in memory as a whole."""
        if self.last_row < 0:
            return
        if self.last_column >= limits.columns:
            raise BadFile(
                "too-many-columns",
                TOO_MANY_COLUMNS,
                sheet=self.name,
                column=self.last_column + 1,
                limit=limits.columns,
            )
        cells = (self.last_row - self.first_row + 1) * (self.last_column - self.first_column + 1)
        if cells > limits.cells:
            raise BadFile("too-many-cells", TOO_MANY_CELLS, sheet=self.name, cells=cells, limit=limits.cells)


_KINDS = (
    (("WordDocument",), _("a Word document")),
    (("PowerPoint Document",), _("a presentation")),
    (("VisioDocument",), _("a drawing")),
    (("__properties_version1.0",), _("a mail message")),
)
_BIFF_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_FILEPASS, _BOF, _EOF, _BOUNDSHEET, _SST, _CONTINUE = 0x2F, 0x809, 0x0A, 0x85, 0xFC, 0x3C
_DIMENSIONS = 0x200
_LABELSST, _MULRK, _BOOLERR, _FORMULA = 0xFD, 0xBD, 0x205, 0x06
_VALUES = {_LABELSST, 0x203, 0x27E, _MULRK, 0x204, _BOOLERR, _FORMULA, 0xD6}


def check_compound(data: bytes, limits: Limits) -> list[SheetExtent]:
    """The sheets of an .xls with their extents. Refused when it is another kind of file, locked, or too
    large.
    """
    try:
        return _check(CompoundFile(data), limits)
    except (struct.error, IndexError):
        raise BadFile("damaged", DAMAGED) from None


def _check(book: CompoundFile, limits: Limits) -> list[SheetExtent]:
    if book.has("EncryptedPackage", "EncryptionInfo"):
        raise BadFile("password", PASSWORD)
    for names, kind in _KINDS:
        if book.has(*names):
            raise BadFile("not-spreadsheet", NOT_SPREADSHEET, kind=Phrase(kind))
    if not book.has("Workbook", "Book"):
        raise BadFile("not-spreadsheet", NOT_SPREADSHEET, kind=Phrase(_("an unknown binary file")))
    if book.has("_VBA_PROJECT_CUR", "_VBA_PROJECT", "VBA"):
        raise BadFile("macros", MACROS)
    stream = book.stream("Workbook" if book.has("Workbook") else "Book")
    return _BiffScan(stream, limits).sheets()


class _BiffScan:
    def __init__(self, stream: bytes, limits: Limits) -> None:
        self.stream = stream
        self.limits = limits
        self.longest = 0

    def sheets(self) -> list[SheetExtent]:
        """Walks the records once: names and shared strings stand before the sheets."""
        places: dict[int, SheetExtent] = {}
        current: SheetExtent | None = None
        strings: list[bytes] = []
        in_strings = False
        for offset, kind, body in self._records():
            if kind == _FILEPASS:
                raise BadFile("password", PASSWORD)
            if kind == _BOUNDSHEET and len(body) >= 8:
                places[struct.unpack_from("<I", body)[0]] = SheetExtent(_sheet_name(body))
                self._count(len(places))
            elif kind == _BOF:
                current = places.get(offset)
            elif kind == _DIMENSIONS:
                _check_dimensions(body)
            elif kind == _SST or (kind == _CONTINUE and in_strings):
                strings.append(body)
            elif current is not None and kind in _VALUES:
                _include(current, kind, body)
            in_strings = kind == _SST or (kind == _CONTINUE and in_strings)
        claimed = struct.unpack_from("<I", strings[0], 4)[0] if strings and len(strings[0]) >= 8 else 0
        if claimed * 3 > sum(len(part) for part in strings):
            raise BadFile("damaged", DAMAGED)
        sheets = list(places.values())
        for sheet in sheets:
            sheet.check(self.limits)
        used = sum(sheet.shared_texts for sheet in sheets)
        if used * (longest_string(strings) if used else 0) > self.limits.text_chars:
            raise BadFile("too-much-text", TOO_MUCH_TEXT)
        return sheets

    def _count(self, sheets: int) -> None:
        if sheets > self.limits.sheets:
            raise BadFile("too-many-sheets", TOO_MANY_SHEETS, sheets=sheets, limit=self.limits.sheets)

    def _records(self) -> Iterator[tuple[int, int, bytes]]:
        position, end = 0, len(self.stream)
        while position + 4 <= end:
            kind, length = struct.unpack_from("<HH", self.stream, position)
            if kind == 0 and length == 0:
                return
            yield position, kind, self.stream[position + 4 : position + 4 + length]
            position += 4 + length


def _check_dimensions(body: bytes) -> None:
    """The table reader sets memory aside for what this record claims: nothing beyond the format."""
    if len(body) < 10:
        raise BadFile("damaged", DAMAGED)
    first, last, left, right = struct.unpack_from("<IIHH" if len(body) >= 14 else "<HHHH", body)
    if last > 65_536 or right > 256 or (last and right and (first >= last or left >= right)):
        raise BadFile("damaged", DAMAGED)


def _include(sheet: SheetExtent, kind: int, body: bytes) -> None:
    if len(body) < 6:
        return
    row, column = struct.unpack_from("<HH", body)
    sheet.include(row, column)
    if kind == _MULRK:
        sheet.include(row, max(column, struct.unpack_from("<H", body, len(body) - 2)[0]))
    elif kind == _LABELSST:
        sheet.shared_texts += 1
    elif kind == _BOOLERR and len(body) >= 8 and body[7]:
        sheet.errors[row, column] = _BIFF_ERRORS.get(body[6], "#N/A")
    elif kind == _FORMULA and len(body) >= 14 and body[6] == 2 and body[12:14] == b"\xff\xff":
        sheet.errors[row, column] = _BIFF_ERRORS.get(body[8], "#N/A")


def _sheet_name(body: bytes) -> str:
    length, flags = body[6], body[7]
    if flags & 1:
        return body[8 : 8 + 2 * length].decode("utf-16-le", "replace")
    return body[8 : 8 + length].decode("latin-1")


def longest_string(parts: list[bytes]) -> int:
    """Characters of the longest shared string; strings may run on over CONTINUE records."""
    longest = 0
    part, position = 0, 8
    while part < len(parts):
        body = parts[part]
        if position + 3 > len(body):
            part, position = part + 1, 0
            continue
        count, flags = struct.unpack_from("<HB", body, position)
        position += 3
        extra = 0
        if flags & 8 and position + 2 <= len(body):
            extra += 4 * struct.unpack_from("<H", body, position)[0]
            position += 2
        if flags & 4 and position + 4 <= len(body):
            extra += struct.unpack_from("<I", body, position)[0]
            position += 4
        longest = max(longest, count)
        part, position = _skip_string(parts, part, position, count, flags & 1, extra)
    return longest


def _skip_string(
    parts: list[bytes], part: int, position: int, count: int, wide: int, extra: int
) -> tuple[int, int]:
    while part < len(parts):
        room = len(parts[part]) - position
        if count:
            taken = min(count, room // (1 + wide))
            count -= taken
            position += taken * (1 + wide)
            if count:
                part, position = part + 1, 1
                if part < len(parts) and parts[part]:
                    wide = parts[part][0] & 1
                continue
            room = len(parts[part]) - position
        if extra <= room:
            return part, position + extra
        extra -= max(room, 0)
        part, position = part + 1, 0
    return part, position
