"""Opens a table somebody sent and gives its rows, typed and checked, with every problem at its cell.

``open_table`` decides by the content what the file is, refuses what is hostile or too large before loading
it, finds the sheet and the row with the titles, and surveys the rows once (which also collects the evidence
for doubtful dates). ``Table.rows`` then streams them as often as wanted. Row numbers and column letters are
those the user sees.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import Any

from .columns import (
    TOO_LONG,
    Cell,
    Column,
    Columns,
    Dated,
    DateTime,
    bare_title,
    clean_title,
    is_blank,
    picture,
    strip,
)
from .columns import Date as DateColumn
from .dates import DatePolicy, DateReader, DateRule, Moment, SwapJudge, Verdict, settle
from .grids import (
    HEADER_ROWS,
    NO_SHEET,
    Book,
    CsvGrid,
    Grid,
    Source,
    check_width,
    guess_delimiter,
    load,
    open_book,
)
from .limits import DEFAULT_LIMITS, Limits
from .problems import BadFile, CellError, CellNote, CellProblem, HeaderProblem, Remark, column_letter, listed
from .problems import gettext_noop as _

NO_HEADER = _("No row with the expected titles was found. Expected are: %(titles)s.")
MISSING_COLUMNS = _("These columns are missing: %(titles)s.")
DUPLICATE_COLUMNS = _("These columns stand there twice: %(titles)s.")
MISSING_COLUMN = _("The column “%(title)s” is missing.")
DUPLICATE_COLUMN = _("The column “%(title)s” stands there a second time; the first one is read.")
UNKNOWN_COLUMN = _("The column “%(title)s” is not known and is not read.")
TOO_MANY_ROWS = _("There are more than %(limit)s rows. Split the file into several.")
NO_ROWS = _("Below the titles there are no rows.")
DATE_ONLY = _("There is no time of day; %(read)s is taken.")
TIME_DROPPED = _("Only the day is taken; the time of day (%(value)s) is left out.")


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of the sheet as found: its letter, the title above it, and what it was recognised as."""

    index: int
    letter: str
    title: str
    column: Column | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of data. `values` has every expected column by name, None where empty, missing or wrong."""

    number: int
    values: dict[str, Any]
    raw: dict[str, Cell]
    column_letters: Mapping[str, str]
    errors: tuple[CellError, ...] = ()
    notes: tuple[CellNote, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.errors


@dataclass(slots=True)
class _Remarks:
    """Errors and notes of one row while it is read."""

    row: int
    headings: Mapping[str, Heading]
    errors: list[CellError] = field(default_factory=list)
    notes: list[CellNote] = field(default_factory=list)

    def error(self, column: Column, problem: CellProblem, raw: Cell) -> None:
        heading = self.headings[column.name]
        shown = picture(raw, sensitive=column.sensitive)
        self.errors.append(
            CellError(
                self.row,
                heading.letter,
                column.name,
                problem.code,
                problem.message,
                shown,
                _masked(problem.params, shown, column),
                heading.title,
            )
        )

    def note(self, column: Column, remark: Remark, raw: Cell) -> None:
        heading = self.headings[column.name]
        shown = picture(raw, sensitive=column.sensitive)
        self.notes.append(
            CellNote(
                self.row,
                heading.letter,
                column.name,
                remark.code,
                remark.message,
                shown,
                _masked(remark.params, shown, column),
                heading.title,
            )
        )


def _masked(params: Mapping[str, Any], shown: str, column: Column) -> Mapping[str, Any]:
    """Errors are kept and mailed: the value of a sensitive column stands in them only as its beginning."""
    return {**params, "value": shown} if column.sensitive and "value" in params else params


class Table:
    """An opened sheet. `row_count` rows of data follow the titles in `header_row` (1-based)."""

    def __init__(self, book: Book, grid: Grid, header: _Header, expected: Columns, setting: _Setting) -> None:
        self.kind = book.kind
        self.encoding = book.encoding
        self.delimiter = grid.delimiter if isinstance(grid, CsvGrid) else None
        self.filename = setting.filename
        self.sheet = grid.name
        self.sheets = tuple(book.names)
        self.header_row = header.row
        self.headings = header.headings
        self.problems: list[HeaderProblem] = header.problems
        self.expected = expected
        self.policy = setting.dates
        self.row_count = 0
        self.blank_rows = 0
        """Rows without a value below the titles, up to the end of the sheet's values."""
        self.phantom_rows = grid.empty_rows
        """Rows the workbook lists that hold nothing but formats."""
        self.side_rows: list[int] = []
        """Rows that hold something only beside the expected columns, such as a help text."""
        self.repeated_headers: list[int] = []
        """Rows that repeat the titles; they are passed over."""
        self._limits = setting.limits
        self._grid = grid
        self._by_name = {heading.column.name: heading for heading in header.headings if heading.column}
        self.column_letters: dict[str, str] = {
            name: heading.letter for name, heading in self._by_name.items()
        }
        self._reader = DateReader(setting.dates)
        self._judges = {column.name: SwapJudge(setting.dates) for column in expected.dated()}
        self._rules = tuple(DateRule(c.name, c.past, c.not_before) for c in expected.dated())
        self._names = [column.name for column in expected]
        self._present = [column for column in expected if column.name in self._by_name]
        self._latest = self._reader.latest()
        self._survey()

    def rows(self) -> Iterator[Row]:
        """The rows of data in the order of the sheet. May be called again."""
        for number, cells in self._data():
            yield self._row(number, cells)

    def preview(self, count: int = 5) -> list[Row]:
        """The first rows, for a look before the import."""
        return [row for row, _index in zip(self.rows(), range(count), strict=False)]

    def _survey(self) -> None:
        """Goes through all rows once: counts them, refuses too many, and hears the witnesses for dates."""
        for number, cells in self._data(first=True):
            self.row_count += 1
            if self.row_count > self._limits.rows:
                raise BadFile("too-many-rows", TOO_MANY_ROWS, limit=self._limits.rows)
            if not self._judges:
                continue
            key = self._order_key(cells)
            for column in self.expected.dated():
                moment = self._moment(column, cells, [])
                if isinstance(moment, Moment):
                    self._judges[column.name].add(number, key, moment)
        if not self.row_count:
            self.problems.append(HeaderProblem("no-rows", NO_ROWS))

    def _data(self, *, first: bool = False) -> Iterator[tuple[int, dict[str, Cell]]]:
        """Rows that hold a value in an expected column, as cells by name."""
        places = [(name, heading.index) for name, heading in self._by_name.items()]
        titles = {name: clean_title(heading.title) for name, heading in self._by_name.items()}
        merged = _Merges(self._grid, {index for _name, index in places}, self.header_row)
        for number, row in enumerate(self._grid.rows(), 1):
            if number <= self.header_row:
                continue
            if row.count("") == len(row):
                self.blank_rows += first
                continue
            if first:
                check_width(self._grid, _width(row), self._limits)
            cells = {name: row[index] if index < len(row) else "" for name, index in places}
            if all(is_blank(cell) for cell in cells.values()):
                if first:
                    self.side_rows.append(number)
                continue
            if _repeats(titles, cells):
                if first:
                    self.repeated_headers.append(number)
                continue
            if merged.ranges:
                for name, index in places:
                    cells[name] = merged.value(number - 1, index, cells[name])
            yield number, cells

    def _order_key(self, cells: Mapping[str, Cell]) -> float | None:
        name = self.expected.order_by
        raw = cells.get(name) if name else None
        try:
            return float(raw) if isinstance(raw, int | float | str) else None
        except ValueError:
            return None

    def _moment(
        self, column: Dated, cells: Mapping[str, Cell], heard: list[Remark]
    ) -> Moment | CellProblem | None:
        """The date of a cell, a problem, or None where it is empty or the column is missing."""
        if column.name not in cells:
            return None
        try:
            raw = column.present(cells[column.name], heard)
            return None if raw is None else self._reader.read(raw)
        except CellProblem as problem:
            return problem

    def _row(self, number: int, cells: dict[str, Cell]) -> Row:
        remarks = _Remarks(number, self._by_name)
        values: dict[str, Any] = dict.fromkeys(self._names)
        moments: dict[str, Moment] = {}
        for column in self._present:
            raw = cells[column.name]
            heard: list[Remark] = []
            try:
                self._check_length(raw)
                if isinstance(column, Dated):
                    moment = self._moment(column, cells, heard)
                    if isinstance(moment, CellProblem):
                        raise moment
                    if moment is not None:
                        moments[column.name] = moment
                else:
                    values[column.name] = column.read(raw, heard)
            except CellProblem as problem:
                remarks.error(column, problem, raw)
            for remark in heard:
                remarks.note(column, remark, raw)
        if moments:
            self._settle(number, cells, moments, values, remarks)
        return Row(number, values, cells, self.column_letters, tuple(remarks.errors), tuple(remarks.notes))

    def _check_length(self, raw: Cell) -> None:
        if isinstance(raw, str) and len(raw) > self._limits.cell_chars:
            raise CellProblem("too-long", TOO_LONG, length=len(raw), limit=self._limits.cell_chars)

    def _settle(
        self,
        number: int,
        cells: Mapping[str, Cell],
        moments: dict[str, Moment],
        values: dict[str, Any],
        remarks: _Remarks,
    ) -> None:
        settled = settle(self._rules, moments, self._judges, number, self._order_key(cells), self._latest)
        for name, verdict in settled.items():
            column, raw = self.expected[name], cells[name]
            if isinstance(verdict, CellProblem):
                remarks.error(column, verdict, raw)
                continue
            try:
                values[name] = self._value(column, verdict)
            except CellProblem as problem:
                remarks.error(column, problem, raw)
                continue
            for remark in (verdict.remark, _time_remark(column, moments[name], verdict.value)):
                if remark is not None:
                    remarks.note(column, remark, raw)

    def _value(self, column: Column, verdict: Verdict) -> Any:
        if isinstance(column, DateColumn):
            return verdict.value.date()
        return self._reader.aware(verdict.value)


def _time_remark(column: Column, moment: Moment, taken: datetime) -> Remark | None:
    if (
        isinstance(column, DateTime)
        and not moment.has_time
        and (moment.origin == "text" or taken.time() != time())
    ):
        return Remark("date-only", DATE_ONLY, {"read": f"{taken:%H:%M:%S}"})
    if isinstance(column, DateColumn) and moment.has_time:
        return Remark("time-dropped", TIME_DROPPED, {"value": f"{taken:%H:%M:%S}"})
    return None


def _width(row: list[Cell]) -> int:
    width = len(row)
    while width and row[width - 1] == "":
        width -= 1
    return width


def _repeats(titles: Mapping[str, str], cells: Mapping[str, Cell]) -> bool:
    """Whether a row is the titles once more, as where printed pages were put together."""
    return len(titles) > 1 and all(
        isinstance(cells[name], str) and clean_title(str(cells[name])) == title
        for name, title in titles.items()
    )


class _Merges:
    """Cells merged downwards: the rows below the first show the same value, so it counts for them too."""

    def __init__(self, grid: Grid, columns: set[int], header_row: int) -> None:
        self.ranges: dict[int, list[tuple[int, int]]] = {}
        for (top, left), (bottom, _right) in sorted(grid.merges):
            if left in columns and bottom > top >= header_row:
                self.ranges.setdefault(left, []).append((top, bottom))
        self._next = dict.fromkeys(self.ranges, 0)
        self._held: dict[int, Cell] = {}

    def value(self, row: int, column: int, cell: Cell) -> Cell:
        """The cell's value, or that of the merged cell above it; rows must be asked in order."""
        ranges = self.ranges.get(column)
        if not ranges:
            return cell
        place = self._next[column]
        while place < len(ranges) and ranges[place][1] < row:
            place += 1
            self._held.pop(column, None)
        self._next[column] = place
        if place == len(ranges) or row < ranges[place][0]:
            return cell
        if not is_blank(cell):
            self._held[column] = cell
            return cell
        return self._held.get(column, cell)


@dataclass(frozen=True, slots=True)
class _Setting:
    filename: str
    dates: DatePolicy
    limits: Limits


@dataclass(slots=True)
class _Header:
    row: int
    headings: list[Heading]
    problems: list[HeaderProblem]
    found: int
    missing: list[Column]
    doubled: list[str]


def open_table(
    source: Source,
    *,
    filename: str,
    expected: Columns,
    sheet: str | int | None = None,
    header_row: int | None = None,
    dates: DatePolicy | None = None,
    limits: Limits = DEFAULT_LIMITS,
    strict: bool = True,
) -> Table:
    """Opens the table in a file (a path, or the bytes that were sent).

    `sheet` is a name or a number from 1; without it the sheet that fits best is taken, hidden ones last.
    `header_row` (1-based) is looked for when not given. `filename` is only for messages. Refused with a
    `BadFile` when the file is empty, damaged, locked, hostile, too large or no spreadsheet, when no titles
    are found and, where `strict`, when a required column is missing or an expected one stands there twice;
    else these are in `Table.problems`.
    """
    setting = _Setting(filename, dates or DatePolicy(), limits)
    book = open_book(load(source, limits), limits)
    if book.date1904:
        setting = replace(setting, dates=replace(setting.dates, date1904=True))
    grid, header = _find(book, expected, sheet, header_row, limits)
    if header is None or not header.found:
        raise BadFile("no-header", NO_HEADER, titles=listed(column.titles[0] for column in expected))
    if strict and header.missing:
        titles = listed(column.titles[0] for column in header.missing)
        raise BadFile("missing-columns", MISSING_COLUMNS, titles=titles)
    if strict and header.doubled:
        raise BadFile("duplicate-columns", DUPLICATE_COLUMNS, titles=listed(header.doubled))
    return Table(book, grid, header, expected, setting)


def _find(
    book: Book, expected: Columns, sheet: str | int | None, header_row: int | None, limits: Limits
) -> tuple[Grid, _Header | None]:
    """The sheet and titles that fit best: a sheet without a missing column ends the search."""
    best: tuple[Grid, _Header | None] | None = None
    for grid in _grids(book, expected, sheet):
        header = _header(grid, expected, header_row, limits)
        if header is not None and not header.missing and header.found:
            return grid, header
        if best is None or _score(header) > _score(best[1]):
            best = (grid, header)
    assert best is not None
    return best


def _score(header: _Header | None) -> int:
    return header.found * 100 - len(header.missing) if header else -1


def _grids(book: Book, expected: Columns, sheet: str | int | None) -> Iterator[Grid]:
    if book.kind == "csv":
        yield CsvGrid(book.text, guess_delimiter(book.text, lambda rows: _named(rows, expected)))
        return
    if sheet is not None:
        yield book.open(_sheet_name(book, sheet))
        return
    visible = book.visible()
    named = [name for name in visible if strip(name) in expected.sheets]
    later = [name for name in book.names if name not in visible]
    for name in dict.fromkeys([*named, *visible, *later]):
        yield book.open(name)


def _sheet_name(book: Book, sheet: str | int) -> str:
    if isinstance(sheet, int) and 1 <= sheet <= len(book.names):
        return book.names[sheet - 1]
    for name in book.names:
        if isinstance(sheet, str) and (
            book.kind == "html" or strip(name).casefold() == strip(sheet).casefold()
        ):
            return name
    raise BadFile("no-sheet", NO_SHEET, sheet=str(sheet), sheets=listed(book.names))


def _named(rows: list[list[Cell]], expected: Columns) -> int:
    """How many expected columns the best of the first rows names."""
    named = ({column.name for column in _recognised(row, expected) if column} for row in rows)
    return max((len(names) for names in named), default=0)


def _recognised(row: list[Cell], expected: Columns) -> list[Column | None]:
    """The expected column each title stands for: by its whole text first, then without remarks in
    brackets.
    """
    whole = {clean_title(title): column for column in reversed(expected.columns) for title in column.titles}
    bare = {bare_title(title): column for column in reversed(expected.columns) for title in column.titles}
    found: list[Column | None] = []
    for cell in row:
        text = "" if is_blank(cell) or not isinstance(cell, str) else cell
        found.append((whole.get(clean_title(text)) or bare.get(bare_title(text))) if text else None)
    return found


def _header(grid: Grid, expected: Columns, header_row: int | None, limits: Limits) -> _Header | None:
    """The titles: the given row, else the row near the top that names most of the expected columns."""
    down = {
        (bottom, left): (top, left)
        for (top, left), (bottom, _right) in grid.merges
        if top < bottom <= HEADER_ROWS
    }
    seen: list[list[Cell]] = []
    best: _Header | None = None
    last = header_row or HEADER_ROWS
    for number, row in enumerate(grid.head(last), 1):
        check_width(grid, _width(row), limits)
        seen.append(row)
        for column in range(len(row)):
            # A title merged over two rows stands in the upper one, but also above the lower one's columns.
            above = down.get((number - 1, column))
            if above and is_blank(row[column]) and above[0] < number - 1:
                row[column] = seen[above[0]][column]
        if header_row is None or number == header_row:
            header = _judged(number, row, expected)
            if best is None or header.found > best.found:
                best = header
            if best.found == len(expected):
                break
    return best


def _judged(number: int, row: list[Cell], expected: Columns) -> _Header:
    headings: list[Heading] = []
    problems: list[HeaderProblem] = []
    taken: set[str] = set()
    doubled: list[str] = []
    gap = False
    for index, column in enumerate(_recognised(row, expected)):
        cell = row[index]
        if is_blank(cell):
            gap = bool(headings)
            continue
        title, letter = strip(str(cell)), column_letter(index)
        second = column is not None and column.name in taken
        if gap and (column is None or second):
            # What stands right of the table after an empty column is a help text, not a column.
            continue
        gap = False
        if column is None:
            problems.append(HeaderProblem("unknown-column", UNKNOWN_COLUMN, letter, title, {"title": title}))
        elif second:
            doubled.append(title)
            problems.append(
                HeaderProblem("duplicate-column", DUPLICATE_COLUMN, letter, title, {"title": title})
            )
        else:
            taken.add(column.name)
        headings.append(Heading(index, letter, title, None if second else column))
    missing = [column for column in expected if column.name not in taken]
    for column in missing:
        title = column.titles[0]
        code = "missing-column" if column.required else "missing-optional"
        problems.append(HeaderProblem(code, MISSING_COLUMN, "", title, {"title": title}))
    required = [column for column in missing if column.required]
    return _Header(number, headings, problems, len(taken), required, doubled)
