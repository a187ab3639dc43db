"""Calendar periods of figures and reports: the day, week, month, quarter or year that a local day lies in."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Literal, get_args

from django.utils.translation import gettext_lazy as _

from .figures import Period

Span = Literal["day", "week", "month", "quarter", "year"]
SPANS: tuple[Span, ...] = get_args(Span)
"""From the shortest to the longest."""
WORDS: dict[str, Any] = {
    "day": _("By day"),
    "week": _("By week"),
    "month": _("By month"),
    "quarter": _("By quarter"),
    "year": _("By year"),
}


def span_of(site: Any, span: Span, day: date) -> Period:
    """The period of that kind that a local day lies in; weeks begin on Monday."""
    if span == "day":
        return Period(site, day, day)
    if span == "week":
        monday = day - timedelta(days=day.weekday())
        return Period(site, monday, monday + timedelta(days=6))
    months = {"month": 1, "quarter": 3, "year": 12}[span]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return Period(site, first, _months_after(first, months) - timedelta(days=1))


def _months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def before(span: Span, period: Period) -> Period:
    """The period of the same kind right before."""
    return span_of(period.site, span, period.first - timedelta(days=1))


def last_spans(site: Any, span: Span, day: date, count: int) -> list[Period]:
    """The last so many periods up to the one that a day lies in, the oldest first."""
    found = [span_of(site, span, day)]
    while len(found) < count:
        found.append(before(span, found[-1]))
    return found[::-1]


def name_of(span: str, period: Period) -> str:
    """A period's short name: 2026-11-20, 2026-W47, 2026-11, 2026-Q4, 2026."""
    first = period.first
    if span == "day":
        return first.isoformat()
    if span == "week":
        year, week, _weekday = first.isocalendar()
        return f"{year}-W{week:02}"
    if span == "month":
        return f"{first:%Y-%m}"
    if span == "quarter":
        return f"{first.year}-Q{(first.month + 2) // 3}"
    return str(first.year)
