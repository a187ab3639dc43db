"""Lists as spreadsheets: exactly what is shown, formulas in cells made harmless."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import xlsxwriter
from django.http import FileResponse
from django.utils.html import strip_tags

from .moment import local_zone, now
from .tables import Column

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def plain(value: Any) -> Any:
    """A cell value as a spreadsheet takes it: numbers, local dates, text without markup."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float | Decimal):
        return value
    if isinstance(value, datetime):
        return value.astimezone(local_zone()).replace(tzinfo=None)
    if isinstance(value, date):
        return value
    return strip_tags(str(value)) if hasattr(value, "__html__") else str(value)


def write_xlsx(target: Any, title: str, columns: Iterable[Column], rows: Iterable[Any], *, limit: int) -> int:
    """Write rows to a file object in bounded memory; returns how many.

    Text is always written as text: a cell that begins like a formula stays what was typed.
    """
    columns = list(columns)
    book = xlsxwriter.Workbook(
        target, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet("".join(c for c in title if c not in "[]:*?/\\'")[:31] or "Sheet1")
    head = book.add_format({"bold": True, "bg_color": "#F1F3F5", "bottom": 1})
    moment_format = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    day_format = book.add_format({"num_format": "yyyy-mm-dd"})
    for index, column in enumerate(columns):
        sheet.set_column(index, index, max(10, min(40, len(str(column.label)) * 2 + 6)))
        sheet.write_string(0, index, str(column.label), head)
    sheet.freeze_panes(1, 0)
    count = 0
    for row in rows:
        if count >= limit:
            break
        count += 1
        for index, column in enumerate(columns):
            value = plain(column.value(row))
            if isinstance(value, datetime):
                sheet.write_datetime(count, index, value, moment_format)
            elif isinstance(value, date):
                sheet.write_datetime(count, index, datetime(value.year, value.month, value.day), day_format)  # noqa: DTZ001
            elif isinstance(value, str):
                sheet.write_string(count, index, value[:32767])
            elif isinstance(value, bool):
                sheet.write_boolean(count, index, value)
            else:
                sheet.write_number(count, index, value)
    sheet.autofilter(0, 0, max(count, 1), max(len(columns) - 1, 0))
    book.close()
    return count


def spreadsheet_response(title: str, columns: Iterable[Column], rows: Iterable[Any], *, limit: int) -> FileResponse:
    """A download named after the list and the minute."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the response closes it)
    write_xlsx(file, title, columns, rows, limit=limit)
    file.seek(0)
    name = f"{title}-{now().astimezone(local_zone()):%Y%m%d-%H%M}.xlsx"
    response = FileResponse(file, content_type=XLSX)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response
