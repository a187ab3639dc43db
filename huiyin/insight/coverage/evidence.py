"""Proof of a month: what ran under an entry at a site, as a figure that opens its records."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from huiyin.base.kit.figures import INDICATORS, Period, measure
from huiyin.base.kit.moment import today
from huiyin.base.kit.scope import current
from huiyin.engines.approvals.models import Approval, State
from huiyin.engines.approvals.selectors import visible, with_chain
from huiyin.engines.clocks.models import Clock
from huiyin.engines.packs.registry import Item
from huiyin.work.cases.models import Case
from huiyin.work.cases.selectors import with_clocks, with_names

CASES = "huiyin.work.cases.tables.CASES"
APPROVALS = "huiyin.engines.approvals.tables.APPROVALS"
Key = tuple[str, str]
LATE = Q(verdict="late") | Q(breached_at__isnull=False)


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many kept it, of how many; without a `total` only how many there were."""

    count: int
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Proving:
    """The records of one section: the right to read them, the table they are shown in, how they are counted."""

    permission: str
    table: str
    figures: Callable[[list[Item], Period], dict[str, Evidence]]
    records: Callable[[Item, Period, str], QuerySet[Any]]
    prepare: Callable[[list[Any]], list[Any]]


def month_of(text: str) -> tuple[date, date]:
    """The first and last local day of a month written `2026-11`; of this month for anything else."""
    day = today()
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        first = day.replace(day=1)
    if not 2000 <= first.year <= day.year + 1:
        first = day.replace(day=1)
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def evidence(items: Iterable[Item], period: Period) -> dict[Key, Evidence]:
    """The figures of entries in a period at its site, in a fixed number of queries per section.

    Only of sections whose records may be read there.
    """
    by_section: dict[str, list[Item]] = {}
    for item in items:
        by_section.setdefault(item.section, []).append(item)
    found: dict[Key, Evidence] = {}
    for name, named in by_section.items():
        proving = PROVING.get(name)
        if proving is not None and current().holds(proving.permission, period.site.pk):
            told = proving.figures(named, period)
            found.update({(name, code): figure for code, figure in told.items()})
    return found


def _clocks(period: Period) -> QuerySet[Clock]:
    """Limits of cases that started in the period and are decided: kept, or late."""
    clocks = Clock.objects.filter(site=period.site, subject_type="cases.case")
    started = clocks.filter(started_at__gte=period.start, started_at__lt=period.end)
    return started.filter(Q(verdict__isnull=False) | Q(breached_at__isnull=False))


def _limits(items: list[Item], period: Period) -> dict[str, Evidence]:
    rows = _clocks(period).filter(rule_code__in=[item.code for item in items]).order_by().values("rule_code")
    counted = rows.annotate(
        total=Count("subject_id", distinct=True), late=Count("subject_id", distinct=True, filter=LATE)
    )
    return {row["rule_code"]: Evidence(row["total"] - row["late"], row["total"]) for row in counted}


def _limit_records(item: Item, period: Period, part: str) -> QuerySet[Any]:
    ran = _clocks(period).filter(rule_code=item.code, subject_id=OuterRef("pk"))
    cases = with_names(Case.objects.filter(site=period.site)).filter(Exists(ran))
    return cases if part == "den" else cases.exclude(Exists(ran.filter(LATE)))


def _targets(items: list[Item], period: Period) -> dict[str, Evidence]:
    told = {}
    for item in items:
        indicator = INDICATORS.get(item.value.indicator)
        if indicator is not None and current().holds(indicator.permission, period.site.pk):
            figure = measure(indicator, period)
            told[item.code] = Evidence(figure.count, figure.total)
    return told


def _target_records(item: Item, period: Period, part: str) -> QuerySet[Any]:
    return INDICATORS[item.value.indicator].records(period, part)


def _asked(period: Period) -> QuerySet[Approval]:
    rows = Approval.objects.filter(site=period.site)
    rows = rows.filter(submitted_at__gte=period.start, submitted_at__lt=period.end)
    return visible(rows, current().actor.user_id)


def _approvals(items: list[Item], period: Period) -> dict[str, Evidence]:
    rows = _asked(period).filter(rule_code__in=[item.code for item in items]).order_by().values("rule_code")
    counted = rows.annotate(n=Count("pk", distinct=True))
    return {row["rule_code"]: Evidence(row["n"]) for row in counted}


def _approval_records(item: Item, period: Period, _part: str) -> QuerySet[Any]:
    return _asked(period).filter(rule_code=item.code)


def _authorities(items: list[Item], period: Period) -> dict[str, Evidence]:
    wanted = {kind for item in items for kind in item.value.kind}
    rows = _asked(period).filter(kind__in=wanted, state=State.APPROVED).order_by().values("kind")
    counted = {row["kind"]: row["n"] for row in rows.annotate(n=Count("pk", distinct=True))}
    told = {item.code: sum(counted.get(kind, 0) for kind in item.value.kind) for item in items}
    return {code: Evidence(n) for code, n in told.items() if n}


def _authority_records(item: Item, period: Period, _part: str) -> QuerySet[Any]:
    return _asked(period).filter(kind__in=item.value.kind, state=State.APPROVED)


def _received(period: Period) -> QuerySet[Case]:
    cases = Case.objects.filter(site=period.site).exclude(state="cancelled")
    return cases.filter(received_at__gte=period.start, received_at__lt=period.end)


def _categories(items: list[Item], period: Period) -> dict[str, Evidence]:
    rows = _received(period).order_by().values("category__path").annotate(n=Count("pk"))
    counted = [(f"/{row['category__path'] or ''}", row["n"]) for row in rows]
    told = {item.code: sum(n for path, n in counted if f"/{item.code}/" in path) for item in items}
    return {code: Evidence(n) for code, n in told.items() if n}


def _category_records(item: Item, period: Period, _part: str) -> QuerySet[Any]:
    inside = Q(category__path__startswith=f"{item.code}/") | Q(category__path__contains=f"/{item.code}/")
    return with_names(_received(period)).filter(inside)


PROVING: dict[str, Proving] = {
    "limits": Proving("cases.view", CASES, _limits, _limit_records, with_clocks),
    "targets": Proving("cases.view", CASES, _targets, _target_records, with_clocks),
    "categories": Proving("cases.view", CASES, _categories, _category_records, with_clocks),
    "approvals": Proving("approvals.view", APPROVALS, _approvals, _approval_records, with_chain),
    "authorities": Proving("approvals.view", APPROVALS, _authorities, _authority_records, with_chain),
}
"""Sections whose entries leave records behind."""
