"""Tables out: .xlsx and CSV of any length, in bounded memory.

No value is ever written as a formula. Dates leave in the local time of the given zone, since a spreadsheet
knows no other.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Literal
from zoneinfo import ZoneInfo

import xlsxwriter

SHANGHAI = ZoneInfo("Asia/Shanghai")
CELL_CHARS = 32_767
SHEET_ROWS = 1_048_576
MAX_WIDTH = 60
_DANGEROUS = frozenset("=+-@＝＋－＠")
_DANGEROUS_START = frozenset("\t\r\n")
_BLANKS = " \t\r\n\u3000\u200b\u200c\u200d\u2060\ufeff\xa0"
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


def is_dangerous(text: str) -> bool:
    """Whether a spreadsheet might take the text for a formula, with or without white space before it."""
    bare = text.strip(_BLANKS).lstrip()
    return bool(bare) and (bare[0] in _DANGEROUS or text[0] in _DANGEROUS_START)


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
            self.sheet.write_string(0, place, storable(column.title), writer.formats["title"])
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
        text = storable(as_text(value))
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


def storable(text: str) -> str:
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
    text = storable(as_text(value))
    return "'" + text if is_dangerous(text.lstrip("'")) else text
