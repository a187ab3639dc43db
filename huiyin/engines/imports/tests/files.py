"""Small files made on the spot, honest and hostile."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import xlsxwriter

from huiyin.engines.imports.columns import Columns, DateTime, Integer, Text

PLAIN = Columns(
    (
        Text(name="code", titles=("编号",), required=True, code=True),
        Text(name="title", titles=("标题", "主题"), required=True, max_length=200),
        Text(name="details", titles=("详情",), multiline=True),
        DateTime(name="at", titles=("时间",), past=True),
        Integer(name="count", titles=("数量",)),
    ),
    order_by="code",
)
TITLES = ("编号", "标题", "详情", "时间", "数量")


def xlsx(rows: Iterable[Sequence[Any]], *, sheet: str = "表", first: int = 0, **book: Any) -> bytes:
    """A workbook with one sheet; dates are true dates, text that begins with ``=`` a real formula."""
    out = io.BytesIO()
    workbook = xlsxwriter.Workbook(out, {"in_memory": True, "remove_timezone": True, **book})
    page = workbook.add_worksheet(sheet)
    moment = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    for number, row in enumerate(rows, first):
        for place, value in enumerate(row):
            if isinstance(value, datetime | date):
                page.write_datetime(number, place, value, moment)
            elif value is not None:
                page.write(number, place, value)
    workbook.close()
    return out.getvalue()


def repacked(source: bytes, changes: dict[str, bytes | None], *, level: int = 6) -> bytes:
    """The same zip with parts replaced, added or (None) left out."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(source)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as new,
    ):
        for name in old.namelist():
            if name not in changes:
                new.writestr(name, old.read(name))
        for name, data in changes.items():
            if data is not None:
                new.writestr(name, data)
    return out.getvalue()


def with_sheet(body: bytes, *, shared: bytes | None = None, level: int = 6) -> bytes:
    """A workbook whose only sheet holds this XML."""
    main = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    changes: dict[str, bytes | None] = {
        "xl/worksheets/sheet1.xml": b'<?xml version="1.0" encoding="UTF-8"?><worksheet %s><sheetData>%s</sheetData></worksheet>'
        % (main, body)
    }
    if shared is not None:
        changes["xl/sharedStrings.xml"] = b'<?xml version="1.0" encoding="UTF-8"?><sst %s>%s</sst>' % (
            main,
            shared,
        )
    return repacked(xlsx([["x"]]), changes, level=level)


def inline(address: str, text: str) -> bytes:
    return f'<c r="{address}" t="inlineStr"><is><t>{text}</t></is></c>'.encode()


def title_row() -> bytes:
    return (
        b'<row r="1">'
        + b"".join(inline(f"{chr(65 + n)}1", title) for n, title in enumerate(TITLES))
        + b"</row>"
    )


def ods(rows: str, *, mimetype: str = "application/vnd.oasis.opendocument.spreadsheet") -> bytes:
    """A LibreOffice table whose rows are this XML."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("mimetype", mimetype)
        package.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        package.writestr(
            "content.xml",
            '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
            'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
            'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
            'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
            f'<table:table table:name="甲">{rows}</table:table></office:spreadsheet></office:body>'
            "</office:document-content>",
        )
    return out.getvalue()


def ods_cell(text: str, more: str = "") -> str:
    return f'<table:table-cell office:value-type="string" {more}><text:p>{text}</text:p></table:table-cell>'
