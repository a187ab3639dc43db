"""The user's own file back, with its wrong cells marked."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, time, timedelta
from typing import Any

import openpyxl
from openpyxl.cell import Cell as OpenCell
from openpyxl.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, PatternFill
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from huiyin.base.kit.sheets import CELL_CHARS, MAX_WIDTH, is_dangerous, storable

from .grids import Book, CsvGrid, Grid, guess_delimiter, open_book
from .limits import DEFAULT_LIMITS, Limits
from .packages import without_empty_rows
from .problems import CellError, Translate

FORMATTED_CELLS = 400_000
"""A workbook with more cells goes back without its looks: as objects they would fill the memory.

Rows without values do not count, they are left out beforehand."""
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
        value = storable(value)[:CELL_CHARS]
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
