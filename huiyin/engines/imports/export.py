"""Tables out again: .xlsx and CSV of any length, and the user's own file with its errors marked.

No value is ever written as a formula. Dates leave in the local time of the given zone, since a spreadsheet
knows no other.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Literal
from zoneinfo import ZoneInfo

import openpyxl
import xlsxwriter
from openpyxl.cell import Cell as OpenCell
from openpyxl.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, PatternFill
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from .columns import is_dangerous
from .grids import Book, CsvGrid, Grid, guess_delimiter, open_book
from .limits import DEFAULT_LIMITS, Limits
from .packages import without_empty_rows
from .problems import CellError, Translate

SHANGHAI = ZoneInfo("Asia/Shanghai")
CELL_CHARS = 32_767
SHEET_ROWS = 1_048_576
MAX_WIDTH = 60
FORMATTED_CELLS = 400_000
"""A workbook with more cells goes back without its looks: as objects they would fill the memory.

Rows without values do not count, they are left out beforehand."""
_SAMPLE = 200
"""Rows whose texts decide the width of the columns."""
_BROKEN = re.compile("[\ud800-\udfff\ufffe\uffff]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")

Kind = Literal["auto", "text", "number", "money", "date", "datetime"]
_FORMATS: Mapping[str, str] = {
    "date": "yyyy-mm-dd",
    "datetime": "yyyy-mm-dd hh:mm:ss",
    "money": "#,##0.00",
}


@dataclass(frozen=True, slots=True)
class OutColumn:
    """A column of an export: its title, and what its values are ("auto" goes by each value).

    `width` counts characters, a Chinese one as two; without it the widest of the first rows decides.
    """

    title: str
    kind: Kind = "auto"
    width: int | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What an export held: rows without the titles, and cells that were too long for a spreadsheet and were
    cut.
    """

    rows: int
    cut: int = 0


def display_width(text: str) -> int:
    """Width of the longest line in characters; wide and full-width ones count twice."""
    return max(
        (
            sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)
            for line in text.split("\n")
        ),
        default=0,
    )


class _Sheet:
    """One sheet of a workbook that is written row by row."""

    def __init__(self, writer: _XlsxWriter, name: str) -> None:
        self.writer = writer
        self.sheet = writer.book.add_worksheet(name)
        self.row = 1
        for place, column in enumerate(writer.columns):
            self.sheet.write_string(0, place, _storable(column.title), writer.formats["title"])
        self.sheet.freeze_panes(1, 0)

    def close(self) -> None:
        if self.row > 1:
            self.sheet.autofilter(0, 0, self.row - 1, max(len(self.writer.columns) - 1, 0))
        for place, width in enumerate(self.writer.widths):
            self.sheet.set_column(place, place, width)


class _XlsxWriter:
    def __init__(self, columns: Sequence[OutColumn], target: str | Path | IO[bytes], zone: ZoneInfo) -> None:
        self.columns = columns
        self.zone = zone
        self.cut = 0
        self.seen = 0
        self.book = xlsxwriter.Workbook(
            str(target) if isinstance(target, Path) else target,
            {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
        )
        self.formats = {name: self.book.add_format({"num_format": code}) for name, code in _FORMATS.items()}
        self.formats["title"] = self.book.add_format({"bold": True, "bg_color": "#E8EEF4", "bottom": 1})
        self.formats["quoted"] = self.book.add_format()
        self.formats["quoted"].set_quote_prefix()
        self.widths = [column.width or min(MAX_WIDTH, display_width(column.title) + 4) for column in columns]

    def write(self, sheet: _Sheet, values: Sequence[Any]) -> None:
        for place, (column, value) in enumerate(zip(self.columns, values, strict=True)):
            shown = self._cell(sheet, place, column, value)
            if self.seen < _SAMPLE and column.width is None and shown:
                self.widths[place] = max(self.widths[place], min(MAX_WIDTH, display_width(shown) + 2))
        sheet.row += 1
        self.seen += 1

    def _cell(self, out: _Sheet, place: int, column: OutColumn, value: Any) -> str:
        """Writes one cell and returns what it shows, for the width of the column."""
        value = plain_value(value, self.zone)
        if value is None:
            return ""
        if isinstance(value, datetime | date) and value.year >= 1900 and column.kind != "text":
            kind = "datetime" if isinstance(value, datetime) and column.kind != "date" else "date"
            moment = value if isinstance(value, datetime) else datetime.combine(value, time())
            out.sheet.write_datetime(out.row, place, moment, self.formats[kind])
            return _FORMATS[kind]
        if isinstance(value, int | float | Decimal) and column.kind != "text" and _exact(value):
            form = self.formats["money"] if column.kind == "money" else None
            out.sheet.write_number(
                out.row, place, float(value) if isinstance(value, Decimal) else value, form
            )
            return str(value) + ("0000" if column.kind == "money" else "")
        text = _storable(as_text(value))
        if len(text) > CELL_CHARS:
            text = text[: CELL_CHARS - 1] + "…"
            self.cut += 1
        if text:
            out.sheet.write_string(
                out.row, place, text, self.formats["quoted"] if is_dangerous(text) else None
            )
        return text[:200]


def plain_value(value: Any, zone: ZoneInfo) -> Any:
    """A value as a table holds it: moments naive in the local time of `zone`, everything else unchanged."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(zone).replace(tzinfo=None)
    return value


def as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def _exact(value: float | Decimal) -> bool:
    """Whether a spreadsheet number holds the value: longer ones are written as text and keep their digits."""
    if isinstance(value, bool):
        return False
    if isinstance(value, float):
        return value == value and value not in (float("inf"), float("-inf"))
    if isinstance(value, Decimal) and not value.is_finite():
        return False
    return len(str(value).lstrip("-").replace(".", "").lstrip("0")) <= 15


def _storable(text: str) -> str:
    return _BROKEN.sub("\ufffd", _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def write_xlsx(
    columns: Sequence[OutColumn],
    rows: Iterable[Sequence[Any]],
    target: str | Path | IO[bytes],
    *,
    sheet: str = "Sheet1",
    zone: ZoneInfo = SHANGHAI,
) -> Written:
    """Writes a workbook to a path or an open binary file, one row at a time and so in bounded memory.

    Text is written as text whatever it begins with, moments as true dates in the local time of `zone`,
    numbers of more than 15 digits as text. Past a million rows it goes on with a further sheet.
    """
    writer = _XlsxWriter(columns, target, zone)
    name = re.sub(r"[\[\]:*?/\\]", " ", sheet).strip("' ")[:28] or "Sheet1"
    pages = [_Sheet(writer, name)]
    count = 0
    for values in rows:
        if pages[-1].row == SHEET_ROWS:
            pages.append(_Sheet(writer, f"{name} {len(pages) + 1}"))
        writer.write(pages[-1], values)
        count += 1
    for page in pages:
        page.close()
    writer.book.close()
    return Written(count, writer.cut)


def write_csv(
    columns: Sequence[OutColumn],
    rows: Iterable[Sequence[Any]],
    target: str | Path | IO[bytes],
    *,
    zone: ZoneInfo = SHANGHAI,
) -> Written:
    """Writes CSV in UTF-8 with a byte order mark, as spreadsheets want it, to a path or an open binary file.

    Text that looks like a formula gets an apostrophe before it; reading such a file takes it away again.
    """
    if isinstance(target, str | Path):
        with Path(target).open("wb") as file:
            return write_csv(columns, rows, file, zone=zone)
    stream = io.TextIOWrapper(target, encoding="utf-8-sig", newline="", write_through=True)
    try:
        out = csv.writer(stream)
        out.writerow([_csv_cell(column.title, zone) for column in columns])
        count = 0
        for values in rows:
            cells = zip(columns, values, strict=True)
            out.writerow([_csv_cell(value, zone, column.kind) for column, value in cells])
            count += 1
        return Written(count)
    finally:
        stream.flush()
        stream.detach()


def _csv_cell(value: Any, zone: ZoneInfo, kind: Kind = "auto") -> str:
    value = plain_value(value, zone)
    if value is None:
        return ""
    if isinstance(value, datetime) and kind == "date":
        value = value.date()
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return as_text(value)
    text = _storable(as_text(value))
    return "'" + text if is_dangerous(text.lstrip("'")) else text


_WRONG = PatternFill("solid", fgColor="FFFFC7CE")
_COMMENT_CHARS = 1_000


def mark_errors(
    source: bytes,
    errors: Iterable[CellError],
    *,
    title: str,
    sheet: str | None = None,
    header_row: int = 1,
    translate: Translate | None = None,
    author: str = "",
    delimiter: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """The user's own file as .xlsx with each wrong cell coloured and commented, and one more column of
    errors.

    `title` is that column's title, `sheet` the sheet that was read (else the first), `header_row` (1-based)
    the row of its titles, `delimiter` that of a CSV source. A source that is no .xlsx becomes a new workbook
    with the same cells. A file that comes back marked a second time loses the marks of the first. Refused as
    `open_table` does.
    """
    book = open_book(source, limits)
    found = list(errors)
    copy = _own_workbook(source) if book.kind == "xlsx" else None
    if copy is None:
        copy = _copied(book, sheet, delimiter)
    page = copy[sheet] if sheet in copy.sheetnames else copy.worksheets[0]
    _mark(page, found, title, header_row, translate, author)
    out = io.BytesIO()
    copy.save(out)
    return out.getvalue()


def _own_workbook(source: bytes) -> openpyxl.Workbook | None:
    """The user's workbook with its looks, or None where it has too many formatted cells or cannot be kept."""
    lean, cells = io.BytesIO(), 0
    with (
        zipfile.ZipFile(io.BytesIO(source)) as package,
        zipfile.ZipFile(lean, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy,
    ):
        for name in package.namelist():
            with package.open(name) as part, copy.open(name, "w") as out:
                while piece := part.read(1 << 20):
                    if name.lower().startswith("xl/worksheets/"):
                        piece, _count = without_empty_rows(piece)
                        cells += piece.count(b"<c ")
                    out.write(piece)
    if cells > FORMATTED_CELLS:
        return None
    try:
        return openpyxl.load_workbook(lean)
    except Exception:
        # openpyxl stumbles in many ways over files that spreadsheet programs open; the values still go back.
        return None


def _copied(book: Book, sheet: str | None, delimiter: str | None) -> openpyxl.Workbook:
    """A new workbook with the values of one sheet at their places."""
    if book.kind == "csv":
        grid: Grid = CsvGrid(book.text, delimiter or guess_delimiter(book.text))
    else:
        grid = book.open(sheet if sheet in book.names else book.names[0])
    copy = openpyxl.Workbook()
    page = copy.worksheets[0]
    if grid.name:
        page.title = grid.name
    for number, row in enumerate(grid.rows(), 1):
        for place, value in enumerate(row, 1):
            if value not in ("", None):
                plain = isinstance(value, int | float | date | time | timedelta)
                _put(page, number, place, value if plain else str(value))
    return copy


def _put(page: Worksheet, row: int, column: int, value: Any) -> None:
    """Sets a cell; text stays text whatever it begins with."""
    if isinstance(value, str):
        value = _storable(value)[:CELL_CHARS]
    cell = page.cell(row, column)
    if isinstance(cell, MergedCell):
        return
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"
        if is_dangerous(value):
            cell.quotePrefix = True


def _mark(
    page: Worksheet,
    errors: list[CellError],
    title: str,
    header_row: int,
    translate: Translate | None,
    author: str,
) -> None:
    by_row: dict[int, list[CellError]] = {}
    for error in errors:
        by_row.setdefault(error.row, []).append(error)
    column = _clear(page, title, header_row)
    _put(page, header_row, column, title)
    for number, found in by_row.items():
        for letter, text in _texts(found, translate):
            cell = _visible_cell(page, number, column_index_from_string(letter))
            cell.fill = _WRONG
            cell.comment = Comment(text[:_COMMENT_CHARS], author)
        lines = [f"{error.column_title or error.column_name}: {error.text(translate)}" for error in found]
        _put(page, number, column, "\n".join(lines))
        page.cell(number, column).alignment = Alignment(wrap_text=True, vertical="top")
    page.column_dimensions[get_column_letter(column)].width = MAX_WIDTH


def _texts(errors: Sequence[CellError], translate: Translate | None) -> Iterator[tuple[str, str]]:
    by_letter: dict[str, list[str]] = {}
    for error in errors:
        by_letter.setdefault(error.column_letter, []).append(error.text(translate))
    for letter, texts in by_letter.items():
        yield letter, "\n".join(texts)


def _visible_cell(page: Worksheet, row: int, column: int) -> OpenCell:
    """The cell itself, or the first one of the merged cells it belongs to: only that one can be marked."""
    cell = page.cell(row, column)
    if isinstance(cell, MergedCell):
        for merged in page.merged_cells.ranges:
            if cell.coordinate in merged:
                cell = page.cell(merged.min_row, merged.min_col)
                break
    assert isinstance(cell, OpenCell)
    return cell


def _clear(page: Worksheet, title: str, header_row: int) -> int:
    """The column for the errors: the one of an earlier round, emptied of its marks, else the first free
    one.
    """
    # The rectangle that openpyxl would go through can be the whole sheet for one far formatted cell.
    cells = page._cells
    earlier = next(
        (place[1] for place, cell in cells.items() if place[0] == header_row and cell.value == title), None
    )
    if earlier is None:
        return (
            max((column for (_row, column), cell in cells.items() if cell.value is not None), default=0) + 1
        )
    for (row, column), cell in cells.items():
        if isinstance(cell, MergedCell):
            continue
        if column == earlier and row > header_row:
            cell.value = None
        if cell.fill.fgColor.rgb == _WRONG.fgColor.rgb:
            cell.fill = PatternFill()
            cell.comment = None
    return earlier
