"""Raw rows out of any accepted file: the type is decided by the content, never by the name."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

import python_calamine

from huiyin.base.kit.sheets import is_dangerous

from .columns import Cell, ErrorValue
from .compound import DAMAGED, MAGIC, NOT_SPREADSHEET, PASSWORD, TOO_MANY_COLUMNS, SheetExtent, check_compound
from .html_table import largest_table
from .limits import MIB, Limits
from .packages import ARCHIVE, CHUNK, UNPACKED_TOO_LARGE, BookFacts, check_package
from .problems import BadFile, Phrase
from .problems import gettext_noop as _

EMPTY = _("The file is empty.")
TOO_LARGE = _("The file is larger than %(limit)s MB. Split it into several files.")
NO_SHEET = _("There is no sheet named “%(sheet)s”. The file has: %(sheets)s.")
NO_TABLE = _("This is a web page without a table. Save it as .xlsx and try again.")
XML_SHEET = _("This is an XML spreadsheet of 2003. Save it as .xlsx and try again.")
UNKNOWN_ENCODING = _("The text of this file is in an unknown encoding. Save it as .xlsx or as CSV in UTF-8.")
OPEN_QUOTE = _("A quotation mark that is opened in row %(row)s is never closed.")
LONG_CELL = _("Row %(row)s has a cell that is too long, or a quotation mark that is never closed.")
NOT_FOUND = _("The file cannot be opened.")

T = TypeVar("T")
Source = bytes | bytearray | memoryview | str | Path

_SIGNATURES = (
    (b"%PDF", _("a PDF document")),
    (b"\x89PNG", _("a picture")),
    (b"\xff\xd8\xff", _("a picture")),
    (b"GIF8", _("a picture")),
    (b"BM", _("a picture")),
    (b"MZ", _("a program")),
    (b"\x7fELF", _("a program")),
    (b"Rar!", _("an archive")),
    (b"7z\xbc\xaf", _("an archive")),
    (b"BZh", _("an archive")),
    (b"\xfd7zXZ", _("an archive")),
    (b"{\\rtf", _("a text document")),
    (b"SQLite format 3", _("a database")),
)
_OLD_SHEETS = (
    b"\x09\x08\x10\x00",
    b"\x09\x08\x08\x00",
    b"\x09\x04\x06\x00",
    b"\x09\x02\x06\x00",
    b"\x09\x00\x04\x00",
)
OLD_SHEET = _("This spreadsheet was written by a very old program. Save it as .xlsx and try again.")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


class Grid(ABC):
    """One sheet's cells. `rows()` may be called again and starts with row 1, column A each time."""

    name = ""
    merges: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = ()
    empty_rows = 0
    """Rows the file lists that hold nothing but formats."""

    @abstractmethod
    def rows(self) -> Iterator[list[Cell]]: ...

    def head(self, count: int) -> list[list[Cell]]:
        """Copies of the first rows."""
        return [list(row) for row in islice(self.rows(), count)]


@dataclass
class Book:
    """An opened file: `kind` is xlsx, xls, ods, csv or html; `open` gives the sheet of a name."""

    kind: str
    names: list[str]
    open: Callable[[str], Grid]
    date1904: bool = False
    encoding: str = ""
    hidden: frozenset[str] = frozenset()
    text: str = field(default="", repr=False)

    def visible(self) -> list[str]:
        return [name for name in self.names if name not in self.hidden]


def load(source: Source, limits: Limits) -> bytes:
    """The bytes of a path or of what was sent. Refused when empty or too large, before they are read."""
    if isinstance(source, str | Path):
        path = Path(source)
        try:
            if path.stat().st_size > limits.file_bytes:
                raise BadFile("too-large", TOO_LARGE, limit=limits.file_bytes // MIB)
            data = path.read_bytes()
        except OSError:
            raise BadFile("not-found", NOT_FOUND) from None
    else:
        if len(source) > limits.file_bytes:
            raise BadFile("too-large", TOO_LARGE, limit=limits.file_bytes // MIB)
        data = bytes(source)
    if not data.strip(b" \t\r\n\x00"):
        raise BadFile("empty", EMPTY)
    return data


def open_book(data: bytes, limits: Limits) -> Book:
    """Decides what the bytes are and opens them. Refused with a `BadFile` that says why."""
    if data.startswith(b"PK"):
        return _workbook(data, check_package(data, limits))
    if data.startswith(MAGIC):
        extents = check_compound(data, limits)
        return _workbook(data, BookFacts("xls", {extent.name: extent for extent in extents}))
    if data.startswith(b"\x1f\x8b"):
        data = _unzipped(data, limits)
        if data.startswith((b"PK", MAGIC, b"\x1f\x8b")):
            raise BadFile("archive", ARCHIVE)
    for signature, kind in _SIGNATURES:
        if data.startswith(signature) and not (signature == b"BM" and data[2:3].isalnum()):
            raise BadFile("not-spreadsheet", NOT_SPREADSHEET, kind=Phrase(kind))
    if data.startswith(_OLD_SHEETS):
        raise BadFile("old-binary", OLD_SHEET)
    return _text_book(data, limits)


def _unzipped(data: bytes, limits: Limits) -> bytes:
    pieces, size = [], 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            while piece := stream.read(CHUNK):
                size += len(piece)
                if size > limits.unpacked_bytes:
                    raise BadFile(
                        "unpacked-too-large", UNPACKED_TOO_LARGE, limit=limits.unpacked_bytes // MIB
                    )
                pieces.append(piece)
    except (OSError, EOFError, zlib.error):
        raise BadFile("damaged", DAMAGED) from None
    if not size:
        raise BadFile("empty", EMPTY)
    return b"".join(pieces)


def _text_book(data: bytes, limits: Limits) -> Book:
    text, encoding = decode(data)
    head = text[:4096].lstrip("\ufeff \t\r\n").lower()
    if head.startswith("<"):
        if "mso-application" in head or 'schemas-microsoft-com:office:spreadsheet"' in head[:1024]:
            raise BadFile("xml-sheet", XML_SHEET)
        if "<html" in head or "<table" in head or "<!doctype html" in head or "<meta" in head:
            return _html_book(text, encoding, limits)
        raise BadFile("not-spreadsheet", NOT_SPREADSHEET, kind=Phrase(_("an XML document")))
    if _is_binary(text[:65_536]):
        raise BadFile("not-spreadsheet", NOT_SPREADSHEET, kind=Phrase(_("an unknown binary file")))
    return Book("csv", [""], lambda _name: CsvGrid(text, ","), encoding=encoding, text=text)


def decode(data: bytes) -> tuple[str, str]:
    """The text and its encoding: byte order marks first, then UTF-8, then GB 18030 (which includes GBK)."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            try:
                return data.decode(encoding), encoding
            except UnicodeDecodeError:
                raise BadFile("unknown-encoding", UNKNOWN_ENCODING) from None
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    # A single damaged character must not cost the whole file, but binary junk is no text at all.
    broken = data.decode("gb18030", "replace")
    if broken.count("\ufffd") * 1000 > len(broken) or _is_binary(broken):
        raise BadFile("not-spreadsheet", NOT_SPREADSHEET, kind=Phrase(_("an unknown binary file")))
    raise BadFile("unknown-encoding", UNKNOWN_ENCODING)


def _is_binary(text: str) -> bool:
    """A stray control character is dirt in a text; where they come thick it is no text."""
    return len(_CONTROL.findall(text)) > max(8, len(text) // 50)


def _html_book(text: str, encoding: str, limits: Limits) -> Book:
    rows = largest_table(text, limits)
    if not rows:
        raise BadFile("no-table", NO_TABLE)
    return Book("html", [""], lambda _name: RowsGrid(rows), encoding=encoding)


class RowsGrid(Grid):
    def __init__(self, rows: list[list[Cell]]) -> None:
        self._rows = rows

    def rows(self) -> Iterator[list[Cell]]:
        return iter(self._rows)


HEADER_ROWS = 40
"""Titles are looked for in so many rows from the top."""
DELIMITERS = (",", "\t", ";", "|", "，")
_END = "\x00end\x00"


class CsvGrid(Grid):
    """Records of a separated text. A record is one row, even where a quoted cell has line breaks."""

    def __init__(self, text: str, delimiter: str) -> None:
        self._text = text
        self.delimiter = delimiter

    def rows(self) -> Iterator[list[Cell]]:
        """Refused when a quotation mark is never closed: it would swallow the rest of the file."""
        number = 0
        reader = csv.reader(self._lines(), delimiter=self.delimiter)
        try:
            for record in reader:
                if record == [_END]:
                    return
                number += 1
                yield [_unquoted(value) for value in record]
        except csv.Error:
            raise BadFile("open-quote", LONG_CELL, row=number + 1) from None
        raise BadFile("open-quote", OPEN_QUOTE, row=number)

    def _lines(self) -> Iterator[str]:
        yield from io.StringIO(self._text, newline="")
        if not self._text.endswith(("\n", "\r")):
            yield "\n"
        yield _END


def guess_delimiter(text: str, score: Callable[[list[list[Cell]]], int] | None = None) -> str:
    """The mark between the cells: best by the score of the first rows, else by the number of columns."""

    def weight(mark: str) -> int:
        rows: list[list[Cell]] = []
        with suppress(BadFile):
            for row in islice(CsvGrid(text, mark).rows(), HEADER_ROWS):
                rows.append(row)
        if score:
            return score(rows)
        widths = sorted(len(row) for row in rows if row)
        return widths[len(widths) // 2] if widths else 0

    return max(DELIMITERS, key=weight)


def _unquoted(value: str) -> str:
    """Our own CSV files write an apostrophe before text that looks like a formula; here it goes again."""
    return value[1:] if value.startswith("'") and is_dangerous(value.lstrip("'")) else value


class SheetGrid(Grid):
    """A worksheet of a workbook. Cells that show a formula error are `ErrorValue`."""

    def __init__(self, sheet: python_calamine.CalamineSheet, extent: SheetExtent | None) -> None:
        self._sheet = sheet
        self.name = sheet.name
        self._errors: dict[int, list[tuple[int, str]]] = {}
        for (row, column), shown in (extent.errors if extent else {}).items():
            self._errors.setdefault(row, []).append((column, shown))
        self.empty_rows = extent.empty_rows if extent else 0
        self.merges = tuple(sheet.merged_cell_ranges or ())

    def rows(self) -> Iterator[list[Cell]]:
        start = self._sheet.start
        if start is None and not self._errors:
            return
        left: list[Cell] = [""] * (start[1] if start else 0)
        number = -1
        for number, values in enumerate(self._sheet.iter_rows() if start else ()):
            row: list[Cell] = [*left, *values]
            yield _with_errors(row, self._errors[number]) if number in self._errors else row
        for missing in range(number + 1, max(self._errors, default=-1) + 1):
            yield _with_errors([], self._errors.get(missing, []))

    def head(self, count: int) -> list[list[Cell]]:
        if self._errors:
            return super().head(count)
        # Going through a sheet copies all of it; its first rows alone are to be had for less.
        return [list(row) for row in self._sheet.to_python(skip_empty_area=False, nrows=count)]


def _with_errors(row: list[Cell], errors: list[tuple[int, str]]) -> list[Cell]:
    for column, shown in errors:
        row += [""] * (column + 1 - len(row))
        if row[column] == "":
            row[column] = ErrorValue(shown)
    return row


def _workbook(data: bytes, facts: BookFacts) -> Book:
    book = guarded(lambda: python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)))
    names: list[str] = []
    hidden: set[str] = set()
    for about in book.sheets_metadata:
        if about.typ != python_calamine.SheetTypeEnum.WorkSheet or about.name not in facts.sheets:
            continue
        names.append(about.name)
        if about.visible != python_calamine.SheetVisibleEnum.Visible:
            hidden.add(about.name)
    if not names:
        raise BadFile("empty", EMPTY)

    def opened(name: str) -> Grid:
        return SheetGrid(guarded(lambda: book.get_sheet_by_name(name)), facts.sheets.get(name))

    return Book(facts.kind, names, opened, facts.date1904, hidden=frozenset(hidden))


def guarded(call: Callable[[], T]) -> T:
    """Runs the table reader; whatever it dislikes about a file, a panic included, is a damaged file."""
    try:
        return call()
    except python_calamine.PasswordError:
        raise BadFile("password", PASSWORD) from None
    except python_calamine.CalamineError:
        raise BadFile("damaged", DAMAGED) from None
    except BaseException as failure:
        if type(failure).__name__ == "PanicException":
            raise BadFile("damaged", DAMAGED) from None
        raise


def check_width(grid: Grid, width: int, limits: Limits) -> None:
    if width > limits.columns:
        raise BadFile(
            "too-many-columns", TOO_MANY_COLUMNS, sheet=grid.name, column=width, limit=limits.columns
        )
