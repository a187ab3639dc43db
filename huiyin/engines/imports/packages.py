"""Zipped workbooks (.xlsx, .ods): what is inside, checked before any table is loaded.

The table reader holds the rectangle around a sheet's values in memory, so two values in far corners, or one
long text used a million times, would fill the machine. All parts are therefore read once as a stream, with a
bound on what they unpack to, and measured.
"""

from __future__ import annotations

import io
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.parsers import expat

from .compound import (
    DAMAGED,
    MACROS,
    NOT_SPREADSHEET,
    PASSWORD,
    TOO_MANY_SHEETS,
    TOO_MUCH_TEXT,
    SheetExtent,
)
from .limits import Limits
from .problems import BadFile, Phrase
from .problems import gettext_noop as _

UNPACKED_TOO_LARGE = _("Unpacked, the file is larger than %(limit)s MB. Split it into several files.")
OLD_BINARY = _("This is a binary workbook (.xlsb). Save it as .xlsx and try again.")
ARCHIVE = _("This is an archive, not a spreadsheet. Unpack it and send the file inside.")

CHUNK = 1 << 20
MAX_PARTS = 5_000
MAX_ERRORS = 500_000
_SHEET_TYPE = "/worksheet"

# Rows that hold nothing but formats, as left behind by the ten thousand. They are cut out before the parser
# sees them: only what any parser would read the same way, with all quotes closed.
_EMPTY_ROW = re.compile(
    rb'<row r="[0-9]{1,7}"(?: [A-Za-z0-9:]+="[^"<>&]*+")*+ ?'
    rb'(?:/>|>(?:<c r="[A-Z]{1,3}[0-9]{1,7}"(?: s="[0-9]{1,5}")? ?/>)*+</row>)'
)
_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[?!A-Za-z]")
_DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.I)
_ADDRESS = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")


@dataclass(frozen=True, slots=True)
class BookFacts:
    """What the check learned about a workbook."""

    kind: str
    sheets: dict[str, SheetExtent]
    date1904: bool = False


def check_package(data: bytes, limits: Limits) -> BookFacts:
    """Refused when the zip is damaged, locked, holds macros or something else than a table, or is too
    large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return _Package(package, limits).check()
    except _BROKEN:
        raise BadFile("damaged", DAMAGED) from None


_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    expat.ExpatError,
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
)
"""What the standard library raises for a zip or an XML part that is cut off or made up."""


class _Package:
    def __init__(self, package: zipfile.ZipFile, limits: Limits) -> None:
        self.package = package
        self.limits = limits
        self.unpacked = 0
        self.seen: set[str] = set()
        infos = package.infolist()
        names = [_plain(info.filename) for info in infos]
        if package.comment or len(infos) > MAX_PARTS or len(set(names)) != len(names):
            raise BadFile("damaged", DAMAGED)
        if any(info.flag_bits & 1 for info in infos):
            raise BadFile("password", PASSWORD)
        if sum(info.file_size for info in infos) > limits.unpacked_bytes:
            raise self._too_large()
        self.parts = dict(zip(names, infos, strict=True))

    def check(self) -> BookFacts:
        if "xl/vbaproject.bin" in self.parts or any(
            name.startswith("xl/macrosheets/") for name in self.parts
        ):
            raise BadFile("macros", MACROS)
        if "xl/workbook.xml" in self.parts:
            return self._finished(self._check_xlsx())
        if "xl/workbook.bin" in self.parts:
            raise BadFile("old-binary", OLD_BINARY)
        for prefix, kind in (("word/", _("a Word document")), ("ppt/", _("a presentation"))):
            if any(name.startswith(prefix) for name in self.parts):
                raise BadFile("not-spreadsheet", NOT_SPREADSHEET, kind=Phrase(kind))
        mimetype = b"".join(self._read("mimetype")) if "mimetype" in self.parts else b""
        if mimetype.startswith(b"application/vnd.oasis.opendocument"):
            if b"spreadsheet" not in mimetype:
                raise BadFile("not-spreadsheet", NOT_SPREADSHEET, kind=Phrase(_("another kind of document")))
            return self._finished(self._check_ods())
        raise BadFile("archive", ARCHIVE)

    def _finished(self, facts: BookFacts) -> BookFacts:
        """The parts not read so far count too, and none of them may bring entities of its own."""
        for name in self.parts:
            if name not in self.seen:
                tail = b""
                for piece in self._read(name):
                    if name.endswith((".xml", ".rels", ".vml")) and _DECLARATION.search(tail + piece):
                        raise BadFile("damaged", DAMAGED)
                    tail = piece[-16:]
        return facts

    def _too_large(self) -> BadFile:
        limit = self.limits.unpacked_bytes // (1024 * 1024)
        return BadFile("unpacked-too-large", UNPACKED_TOO_LARGE, limit=limit)

    def _read(self, name: str) -> Iterator[bytes]:
        """A part in pieces; counted, since the sizes a zip declares may be lies."""
        info = self.parts[name]
        self.seen.add(name)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BadFile("damaged", DAMAGED)
        with self.package.open(info) as part:
            while piece := part.read(CHUNK):
                self.unpacked += len(piece)
                if self.unpacked > self.limits.unpacked_bytes:
                    raise self._too_large()
                yield piece

    def _parse(
        self, name: str, start: Callable[[str, list[str]], None], text: Callable[[str], None] | None
    ) -> None:
        parse(self._read(name), start, text)

    def _check_xlsx(self) -> BookFacts:
        sheets, date1904 = self._sheet_list()
        lengths = self._shared_lengths()
        longest = max(lengths, default=0)
        used = 0
        for extent, part in sheets:
            if part not in self.parts:
                raise BadFile("damaged", DAMAGED)
            scan = _SheetScan(extent)
            parse(self._read(part), scan.start, None, bind=scan.bind, skim=scan.skim)
            scan.finish()
            if scan.unplaced:
                extent.reset()
                scan = _SheetScan(extent)
                parse(self._again(part), scan.start, None, bind=scan.bind)
                scan.finish()
            extent.check(self.limits)
            used += extent.shared_texts
        if used * longest > self.limits.text_chars:
            self._count_text(sheets, lengths)
        return BookFacts("xlsx", {extent.name: extent for extent, _part in sheets}, date1904)

    def _sheet_list(self) -> tuple[list[tuple[SheetExtent, str]], bool]:
        found: list[tuple[str, str]] = []
        date1904: list[bool] = []

        def start(name: str, attributes: list[str]) -> None:
            given = dict(zip(attributes[::2], attributes[1::2], strict=True))
            if _local(name) == "sheet":
                link = next((value for key, value in given.items() if _local(key) == "id" and ":" in key), "")
                found.append((given.get("name", ""), link))
            elif _local(name) == "workbookPr":
                date1904.append(given.get("date1904", "0") in {"1", "true"})

        self._parse("xl/workbook.xml", start, None)
        if len(found) > self.limits.sheets:
            raise BadFile("too-many-sheets", TOO_MANY_SHEETS, sheets=len(found), limit=self.limits.sheets)
        targets = self._targets()
        if len({name.casefold() for name, _link in found}) != len(found):
            raise BadFile("damaged", DAMAGED)
        sheets = [(SheetExtent(name), targets[link]) for name, link in found if link in targets]
        return sheets, any(date1904)

    def _targets(self) -> dict[str, str]:
        """Worksheet parts by relation id. Chart and dialog sheets hold no cells and are left out."""
        targets: dict[str, str] = {}

        def start(name: str, attributes: list[str]) -> None:
            given = dict(zip(attributes[::2], attributes[1::2], strict=True))
            if _local(name) == "Relationship" and given.get("Type", "").endswith(_SHEET_TYPE):
                target = given.get("Target", "")
                inside = target.startswith("/") or target.lower().startswith("xl/")
                path = target.lstrip("/") if inside else posixpath.join("xl", target)
                targets[given.get("Id", "")] = _plain(posixpath.normpath(path))

        if "xl/_rels/workbook.xml.rels" in self.parts:
            self._parse("xl/_rels/workbook.xml.rels", start, None)
        return targets

    def _shared_lengths(self) -> list[int]:
        lengths: list[int] = []

        def start(name: str, attributes: list[str]) -> None:
            if name == "si" or _local(name) == "si":
                lengths.append(0)
            elif _local(name) == "sst":
                # The table reader sets memory aside for what is claimed here; without it the process ends.
                for value in attributes[1::2]:
                    if value.strip().isdecimal() and int(value) > self.limits.cells:
                        raise BadFile("damaged", DAMAGED)

        def text(piece: str) -> None:
            if lengths:
                lengths[-1] += len(piece)

        for name in self.parts:
            if name.endswith("sharedstrings.xml"):
                self._parse(name, start, text)
        return lengths

    def _count_text(self, sheets: list[tuple[SheetExtent, str]], lengths: list[int]) -> None:
        """The exact sum of the shared texts, asked only where the quick estimate is too high."""
        total = 0
        for _extent, part in sheets:
            for index in _shared_indexes(self._again(part)):
                total += lengths[index] if index < len(lengths) else 0
                if total > self.limits.text_chars:
                    raise BadFile("too-much-text", TOO_MUCH_TEXT)

    def _again(self, name: str) -> Iterator[bytes]:
        with self.package.open(self.parts[name]) as part:
            while piece := part.read(CHUNK):
                yield piece

    def _check_ods(self) -> BookFacts:
        if "meta-inf/manifest.xml" in self.parts and b"encryption-data" in b"".join(
            self._read("meta-inf/manifest.xml")
        ):
            raise BadFile("password", PASSWORD)
        if "content.xml" not in self.parts:
            raise BadFile("damaged", DAMAGED)
        scan = _OdsScan(self.limits)
        parse(self._read("content.xml"), scan.start, scan.text, scan.end)
        scan.finish()
        return BookFacts("ods", {extent.name: extent for extent in scan.sheets})


def parse(
    pieces: Iterator[bytes],
    start: Callable[[str, list[str]], None],
    text: Callable[[str], None] | None,
    end: Callable[[str], None] | None = None,
    *,
    bind: Callable[[expat.XMLParserType], None] | None = None,
    skim: Callable[[bytes], bytes] | None = None,
) -> None:
    """Streams XML through the handlers. Entities of one's own are refused: a table needs none."""
    parser = expat.ParserCreate("UTF-8")
    parser.ordered_attributes = True
    parser.buffer_text = True
    parser.StartElementHandler = start
    if text is not None:
        parser.CharacterDataHandler = text
    if end is not None:
        parser.EndElementHandler = end
    if bind is not None:
        bind(parser)

    def refuse(*_args: object) -> None:
        raise BadFile("damaged", DAMAGED)

    parser.StartDoctypeDeclHandler = refuse
    for number, piece in enumerate(pieces):
        if number == 0 and not _BEGINNING.match(piece):
            # With another byte order mark this parser would see other cells than the table reader does.
            raise BadFile("damaged", DAMAGED)
        parser.Parse(skim(piece) if skim else piece, False)
    parser.Parse(b"", True)


def without_empty_rows(piece: bytes) -> tuple[bytes, int]:
    """A piece of a worksheet without its rows that hold nothing but formats, and how many these were."""
    return _EMPTY_ROW.subn(b"", piece)


def _plain(name: str) -> str:
    return name.replace("\\", "/").casefold()


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class _SheetScan:
    """Follows the cells of one worksheet. A cell without an address stands right of the one before it."""

    def __init__(self, extent: SheetExtent) -> None:
        self.extent = extent
        self.unplaced = False
        self._row, self._column = -1, -1
        self._type = ""
        self._open = False
        self._parser: expat.XMLParserType | None = None
        self._listening = False
        self._rows = self._filled_rows = 0
        self._filled = False

    def skim(self, piece: bytes) -> bytes:
        piece, count = without_empty_rows(piece)
        self.extent.empty_rows += count
        return piece

    def finish(self) -> None:
        self.extent.empty_rows += self._rows - self._filled_rows

    def bind(self, parser: expat.XMLParserType) -> None:
        self._parser = parser

    def start(self, name: str, attributes: list[str]) -> None:
        if self._listening:
            self._listen(False)
        if name not in _SHEET_TAGS:
            name = _local(name)
        if name == "c":
            self._cell(attributes)
        elif name == "v" or name == "is" or name == "f":
            if self._open:
                self._open = False
                self._value()
            if name == "v" and self._type == "e":
                self._listen(True)
        elif name == "row":
            self._rows += 1
            self._filled = False
            self._column = -1
            self._row += 1
            for place in range(0, len(attributes), 2):
                if attributes[place] == "r" and attributes[place + 1].isdecimal():
                    self._row = int(attributes[place + 1]) - 1

    def _listen(self, on: bool) -> None:
        """Only the text of error cells is wanted, and hearing all texts would take twice the time."""
        self._listening = on
        if self._parser is not None:
            self._parser.CharacterDataHandler = self._error_text if on else None

    def _error_text(self, piece: str) -> None:
        if piece.startswith("#") and len(piece) < 20:
            self.extent.errors[self._row, self._column] = piece.strip()

    def _cell(self, attributes: list[str]) -> None:
        self._open, self._type = True, ""
        placed = False
        for place in range(0, len(attributes), 2):
            key = attributes[place]
            if key == "r":
                self._row, self._column = place_of(attributes[place + 1])
                placed = True
            elif key == "t":
                self._type = attributes[place + 1]
        if not placed:
            self.unplaced = True
            self._column += 1

    def _value(self) -> None:
        extent = self.extent
        extent.include(max(self._row, 0), self._column)
        if not self._filled:
            self._filled = True
            self._filled_rows += 1
        if self._type == "s":
            extent.shared_texts += 1
        elif self._type == "e":
            if len(extent.errors) >= MAX_ERRORS:
                raise BadFile("damaged", DAMAGED)
            extent.errors[self._row, self._column] = "#N/A"


_SHEET_TAGS = frozenset({"c", "v", "is", "f", "row", "t", "r"})


def place_of(address: str) -> tuple[int, int]:
    """Zero-based row and column of an address such as ``AB12``. Refused when it is none."""
    match = _ADDRESS.fullmatch(address)
    if not match:
        raise BadFile("damaged", DAMAGED)
    column = 0
    for letter in match[1].upper():
        column = column * 26 + ord(letter) - 64
    return int(match[2]) - 1, column - 1


def _shared_indexes(pieces: Iterator[bytes]) -> Iterator[int]:
    """The shared text numbers of a worksheet's cells."""
    state = {"type": "", "inside": False}
    digits: list[str] = []
    found: list[int] = []

    def start(name: str, attributes: list[str]) -> None:
        name = _local(name)
        if name == "c":
            given = dict(zip(attributes[::2], attributes[1::2], strict=True))
            state["type"] = given.get("t", "")
        state["inside"] = name == "v" and state["type"] == "s"
        digits.clear()

    def text(piece: str) -> None:
        if state["inside"]:
            digits.append(piece)

    def end(_name: str) -> None:
        if state["inside"]:
            number = "".join(digits).strip()
            found.append(int(number) if number.isdecimal() and len(number) < 10 else 0)
            state["inside"] = False

    def drained() -> Iterator[bytes]:
        yield from pieces

    parse(drained(), start, text, end)
    yield from found


class _OdsScan:
    """Follows the cells of a LibreOffice table, where rows and cells may be repeated by a number."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.sheets: list[SheetExtent] = []
        self._row = self._column = 0
        self._rows = self._repeat = 1
        self._cell_open = False
        self._chars = self._row_chars = self._total = 0
        self._last = -1

    def start(self, name: str, attributes: list[str]) -> None:
        name = _local(name)
        if name == "table":
            given = dict(zip(attributes[::2], attributes[1::2], strict=True))
            self.sheets.append(SheetExtent(given.get("table:name", "")))
            self._row = 0
            if len(self.sheets) > self.limits.sheets:
                count = len(self.sheets)
                raise BadFile("too-many-sheets", TOO_MANY_SHEETS, sheets=count, limit=self.limits.sheets)
        elif name == "table-row":
            self._rows = _repeated(attributes, "number-rows-repeated")
            self._column, self._row_chars, self._last = 0, 0, -1
        elif name in ("table-cell", "covered-table-cell"):
            self._repeat = _repeated(attributes, "number-columns-repeated")
            self._cell_open, self._chars = True, 0
            if any(_local(key) in _ODS_VALUES for key in attributes[::2]):
                self._chars = sum(len(value) for value in attributes[1::2])

    def text(self, piece: str) -> None:
        if self._cell_open:
            self._chars += len(piece)

    def end(self, name: str) -> None:
        name = _local(name)
        if name in ("table-cell", "covered-table-cell"):
            if self._chars:
                self._last = self._column + self._repeat - 1
                self._row_chars += self._chars * self._repeat
            self._column += self._repeat
            self._cell_open = False
        elif name == "table-row" and self.sheets:
            if self._last >= 0:
                self.sheets[-1].include(self._row, 0)
                self.sheets[-1].include(self._row + self._rows - 1, self._last)
                self._total += self._row_chars * self._rows
                self.finish()
            self._row += self._rows

    def finish(self) -> None:
        if self._total > self.limits.text_chars:
            raise BadFile("too-much-text", TOO_MUCH_TEXT)
        if self.sheets:
            self.sheets[-1].check(self.limits)


_ODS_VALUES = frozenset(
    {"value", "value-type", "date-value", "time-value", "boolean-value", "string-value", "formula"}
)


def _repeated(attributes: list[str], key: str) -> int:
    for place in range(0, len(attributes), 2):
        if _local(attributes[place]) == key:
            number = attributes[place + 1]
            if not number.isdecimal() or len(number) > 9 or number == "0":
                raise BadFile("damaged", DAMAGED)
            return int(number)
    return 1
