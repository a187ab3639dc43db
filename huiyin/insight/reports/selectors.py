"""Reading reports."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from django.db.models import QuerySet

from huiyin.base.kit.scope import current
from huiyin.base.kit.spans import before, span_of
from huiyin.base.org.models import Site
from huiyin.engines.packs.selectors import entries
from huiyin.work.cases.models import Case

from .contents import CASES, NEEDS, Contents, contents
from .definitions import ReportEntry
from .models import Report, ReportRecord


def reports() -> QuerySet[Report]:
    """The reports in reach, the newest period first, without what stands in them."""
    rows: QuerySet[Report] = Report.objects.select_related("site", "issued_by").defer("content")
    return rows


def definitions(site: Site) -> list[ReportEntry]:
    """The reports that the packs in force demand of a site."""
    return [item.value for item in entries("reports", site)]


def definition(site: Site, code: str) -> ReportEntry | None:
    """The demanded report of that code, or None."""
    return next((one for one in definitions(site) if one.code == code), None)


def entry_of(report: Report) -> ReportEntry:
    """The definition a report was drafted under."""
    return ReportEntry.model_validate(report.definition)


def last_ended(entry: ReportEntry, site: Site, day: date) -> Any:
    """The last period of a report that was over before a local day began."""
    return before(entry.period, span_of(site, entry.period, day))


def frozen(report: Report) -> Contents:
    """What an issued report says, as it was issued."""
    sets: dict[str, list[int]] = defaultdict(list)
    rows = ReportRecord.objects.filter(report=report).order_by("part", "record_id")
    for part, record_id in rows.values_list("part", "record_id").iterator(chunk_size=5000):
        sets[part].append(record_id)
    kept = dict(report.content or {})
    empty: dict[str, list[int]] = {part: [] for part in kept.pop("empty", [])}
    return Contents(kept["parts"], {**empty, **sets})


def contents_of(report: Report) -> Contents:
    """What a report says: as it was issued, or as the records stand."""
    return frozen(report) if report.is_issued else contents(entry_of(report), report.period)


def visible(report: Report, found: dict[str, Any]) -> dict[str, Any]:
    """The parts of a report that the reader may see."""
    may = current().holds
    return {
        part: rows for part, rows in found.items() if part not in NEEDS or may(NEEDS[part], report.site_id)
    }


def records_of(report: Report, part: str) -> QuerySet[Case]:
    """The cases counted in one figure of a report; none for a figure it does not have."""
    cases: QuerySet[Case] = Case.objects.allowed(CASES).filter(site=report.site_id)
    if report.is_issued:
        return cases.filter(pk__in=ReportRecord.objects.filter(report=report, part=part).values("record_id"))
    return cases.filter(pk__in=contents_of(report).sets.get(part, []))


def editions_of(report: Report) -> QuerySet[Report]:
    """All editions of the same report, the first first."""
    rows = reports().filter(site=report.site_id, code=report.code, first=report.first)
    return rows.order_by("edition")
