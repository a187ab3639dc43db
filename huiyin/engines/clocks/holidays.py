"""Reading notices of public holidays: one year in the form of the holiday-cn files (JSON)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NoReturn

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.service import Refused

from .calendars import YEARS, Days
from .models import SpecialDay

MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Notice:
    """One year's notice: its days, and where it was published."""

    year: int
    days: Days
    source: str


def read_notice(data: Any) -> Notice:
    """A notice from the content of a file. Refused (`bad-notice`) when it is none."""
    if not isinstance(data, Mapping) or not isinstance(data.get("days"), list):
        _refuse(_("The file is not a list of public holidays: “year” and “days” are missing."))
    year = data.get("year")
    if not isinstance(year, int) or isinstance(year, bool) or year not in YEARS:
        _refuse(_("The year cannot be read."))
    if not 0 < len(data["days"]) <= MOST_DAYS:
        _refuse(_("The file names no days, or too many."))
    days: Days = {}
    for number, one in enumerate(data["days"], 1):
        told = one if isinstance(one, Mapping) else {}
        iso, name, off = str(told.get("date")), told.get("name"), told.get("isOffDay")
        day = _date(iso)
        if day is None or abs(day.year - year) > 1 or not isinstance(name, str) or not isinstance(off, bool):
            _refuse(_("Day %(number)s of the file cannot be read."), number=number)
        if iso in days:
            _refuse(_("The date %(date)s stands twice."), date=iso)
        label = name.strip()[:60] or iso
        days[iso] = {"work": not off, "name": label, "status": str(SpecialDay.Status.OFFICIAL)}
    papers = data.get("papers")
    source = papers[0] if isinstance(papers, list) and papers and isinstance(papers[0], str) else ""
    return Notice(year, days, source[:300])


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def _refuse(message: Any, **params: Any) -> NoReturn:
    raise Refused("bad-notice", message, params=params)
