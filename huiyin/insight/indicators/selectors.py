"""Measuring, for pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncDate

from huiyin.base.kit.figures import (
    BREAKDOWNS,
    INDICATORS,
    Breakdown,
    Figure,
    Indicator,
    Part,
    Period,
    measure,
)
from huiyin.base.kit.moment import local_zone
from huiyin.base.kit.scope import current
from huiyin.base.kit.spans import Span, last_spans, name_of

DAYS = (1, 7, 30, 90)
"""The periods offered, in days up to today."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure beside the one of the period before."""

    figure: Figure
    before: Figure | None

    @property
    def change(self) -> Any:
        """How much it moved: percentage points for ratios, a count otherwise; None if incomparable."""
        if self.before is None:
            return None
        if self.figure.total is None:
            return self.figure.count - self.before.count
        if self.figure.ratio is None or self.before.ratio is None:
            return None
        return self.figure.ratio - self.before.ratio

    @property
    def tone(self) -> str:
        """Whether the change is for the better: good, bad or neutral."""
        good, change = self.figure.indicator.good, self.change
        if not change or good == "none":
            return "neutral"
        return "good" if (change > 0) == (good == "up") else "bad"


def figures(period: Period) -> list[Compared]:
    """All indicators of a period that the current scope may see, in the order of declaration."""
    earlier = period.before()
    return [
        Compared(measure(one, period), None if one.present else measure(one, earlier))
        for one in INDICATORS.values()
        if current().holds(one.permission, period.site.pk)
    ]


def breakdowns(period: Period) -> list[tuple[Breakdown, list[Part]]]:
    """All breakdowns of a period that the current scope may see."""
    return [
        (one, one.parts(period))
        for one in BREAKDOWNS.values()
        if current().holds(one.permission, period.site.pk)
    ]


def by_day(code: str, period: Period) -> list[tuple[date, int]]:
    """How many records of an indicator were received on each local day of the period."""
    records = INDICATORS[code].records(period, "num").order_by()
    counted = dict(
        records.annotate(day=TruncDate("received_at", tzinfo=local_zone()))
        .values_list("day")
        .annotate(n=Count("pk"))
    )
    days = [period.first + timedelta(days=n) for n in range(period.days)]
    return [(day, counted.get(day, 0)) for day in days]


TREND = 12
"""How many periods a trend has."""


@dataclass(frozen=True, slots=True)
class Point:
    """One period of a trend."""

    name: str
    period: Period
    figure: Figure

    @property
    def value(self) -> Any:
        """What is drawn: per cent of a share, the count otherwise; None where not applicable."""
        return self.figure.count if self.figure.total is None else self.figure.ratio


def trend(indicator: Indicator, site: Any, span: Span, day: date) -> list[Point]:
    """An indicator over the last twelve periods of a kind up to that of a day, the oldest first."""
    periods = last_spans(site, span, day, TREND)
    return [Point(name_of(span, one), one, measure(indicator, one)) for one in periods]
