"""A report as a spreadsheet: one sheet for each part."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from huiyin.base.kit.moment import local_zone
from huiyin.base.kit.sheets import CELL_CHARS, display_width, is_dangerous, storable

from .models import Report

WIDEST = 60


def workbook(report: Report, parts: dict[str, Any]) -> bytes:
    """The parts of a report as an .xlsx file."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(
        target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    _sheet(book, _("Overview"), (_("Field"), _("Value")), _overview(report))
    for part, (title, heads, rows) in sheets(parts).items():
        if part in parts:
            _sheet(book, title, heads, rows)
    book.close()
    return target.getvalue()


def _overview(report: Report) -> list[Sequence[Any]]:
    return [
        (pgettext("report", "Report"), report.name),
        (_("Site"), report.site.name),
        (_("Period"), f"{report.first} – {report.last}"),
        (_("Edition"), report.edition),
        (_("State"), report.get_state_display()),
        (pgettext("report", "Issued"), report.issued_at or ""),
        (_("Issued by"), str(report.issued_by or "")),
        (_("Commentary"), report.commentary),
    ]


def sheets(parts: dict[str, Any]) -> dict[str, tuple[str, Sequence[str], list[Sequence[Any]]]]:
    """Title, columns and rows of each part."""
    share, number = _("Share in %"), pgettext("how many", "Number")
    return {
        "figures": (
            _("Key figures"),
            (_("Indicator"), number, _("Out of"), share, _("Target"), _("Above or below"),
                _("Period before"), pgettext("figure", "Change")),
            [
                (
                    row["label"], row["count"], _cell(row["total"]), _share(row), row["target"], _number(row["gap"]),
                    _before(row), _number(row["change"]),
                )
                for row in parts.get("figures", [])
            ],
        ),
        **_work(parts),
        "late": (
            _("Limits missed"),
            (_("Case"), _("Subject"), _("Limit"), _("Due"), pgettext("time", "Ended"), _("Late by (hours)"), _("Responsible")),
            [
                (
                    row["case"], row["title"], row["limit"], _moment(row["due_at"]), _moment(row["stopped_at"]),
                    round(row["late_s"] / 3600, 1), row["responsible"],
                )
                for row in parts.get("late", {}).get("rows", [])
            ],
        ),
        "categories": (
            _("Most frequent categories"),
            (_("Category"), number, share, _("Period before")),
            [(row["label"], row["count"], _share(row), row["before"]) for row in parts.get("categories", [])],
        ),
        "incidents": (
            _("Incidents"),
            (_("Number"), _("What happened"), _("Opened"), pgettext("time", "Ended"), _("Cases")),
            [
                (row["code"], row["title"], _moment(row["opened_at"]), _moment(row["ended_at"]), row["count"])
                for row in parts.get("incidents", [])
            ],
        ),
        "people": (
            _("By person"),
            (_("Person"), _("Post"), pgettext("how many", "Received"), _("In time"), _("Out of"), share,
                pgettext("how many", "Open"), pgettext("how many", "Late")),
            [
                (
                    row["label"], row["post"], row["received"], row["in_time"], row["decided"], _share(row), row["open"],
                    row["late"],
                )
                for row in parts.get("people", [])
            ],
        ),
    }  # fmt: skip


def _work(parts: dict[str, Any]) -> dict[str, tuple[str, Sequence[str], list[Sequence[Any]]]]:
    """Title, columns and rows of what was done, by kind, and of what is still to be done."""
    return {
        "kinds": (
            _("By kind"),
            (_("Kind"), pgettext("how many", "Received"), pgettext("how many", "Settled"), pgettext("how many", "Open")),
            [(row["label"], row["received"], row["settled"], row["open"]) for row in parts.get("kinds", [])],
        ),
        "open": (
            pgettext("cases", "Still open"),
            (_("Case"), _("Subject"), _("Kind"), _("Received"), _("State"), _("Responsible")),
            [
                (row["case"], row["title"], row["kind"], _moment(row["received_at"]), row["state"], row["responsible"])
                for row in parts.get("open", {}).get("rows", [])
            ],
        ),
    }  # fmt: skip


def _cell(value: Any) -> Any:
    return "" if value is None else value


def _number(text: str | None) -> Any:
    return "" if text is None else float(text)


def _share(row: dict[str, Any]) -> Any:
    if row.get("total", row.get("decided")) is None:
        return ""
    return _("n/a") if row["ratio"] is None else float(row["ratio"])


def _before(row: dict[str, Any]) -> Any:
    earlier = row["before"]
    if earlier is None:
        return ""
    return earlier["count"] if earlier["total"] is None else _share(earlier)


def _moment(text: str | None) -> Any:
    return datetime.fromisoformat(text) if text else ""


def _sheet(book: Any, title: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    sheet = book.add_worksheet(title[:31])
    bold = book.add_format({"bold": True, "bg_color": "#E8EEF4", "bottom": 1})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    quoted = book.add_format({"text_wrap": True, "valign": "top"})
    quoted.set_quote_prefix()
    at = book.add_format({"num_format": "yyyy-mm-dd hh:mm", "valign": "top"})
    widths = [display_width(head) + 2 for head in heads]
    for place, head in enumerate(heads):
        sheet.write_string(0, place, head, bold)
    for number, row in enumerate(rows, 1):
        for place, value in enumerate(row):
            if value in ("", None):
                continue
            if isinstance(value, datetime):
                sheet.write_datetime(number, place, value.astimezone(local_zone()).replace(tzinfo=None), at)
                width = 17
            elif isinstance(value, int | float):
                sheet.write_number(number, place, value, wrap)
                width = len(str(value))
            else:
                text = storable(str(value))[:CELL_CHARS]
                sheet.write_string(number, place, text, quoted if is_dangerous(text) else wrap)
                width = display_width(text)
            widths[place] = max(widths[place], min(WIDEST, width + 2))
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    sheet.freeze_panes(1, 0)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
