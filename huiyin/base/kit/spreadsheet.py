"""Lists as downloads: exactly what is shown, formulas in cells made harmless."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any
from urllib.parse import quote

from django.http import FileResponse
from django.utils.html import strip_tags

from .moment import local_zone, now
from .sheets import OutColumn, write_xlsx
from .tables import Column

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def plain(value: Any) -> Any:
    """A cell value as it is exported: text without markup, everything else as it is."""
    if value is None:
        return ""
    return strip_tags(str(value)) if hasattr(value, "__html__") else value


def spreadsheet_response(
    title: str, columns: Iterable[Column], rows: Iterable[Any], *, limit: int
) -> FileResponse:
    """A download of at most `limit` rows, named after the list and the minute."""
    columns = list(columns)

    def cells() -> Iterator[list[Any]]:
        for row in islice(rows, limit):
            yield [plain(column.value(row)) for column in columns]

    file = tempfile.TemporaryFile()  # noqa: SIM115  (the response closes it)
    heads = [OutColumn(str(column.label)) for column in columns]
    write_xlsx(heads, cells(), file, sheet=title, zone=local_zone())
    file.seek(0)
    name = f"{title}-{now().astimezone(local_zone()):%Y%m%d-%H%M}.xlsx"
    response = FileResponse(file, content_type=XLSX)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response
