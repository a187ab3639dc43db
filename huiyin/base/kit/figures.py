"""Figures that open their records: indicators and breakdowns, declared as record sets.

An app declares in `indicators.py` what it can count. A figure is nothing but the size of a record
set, so what a person opens behind it is what was counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from .moment import start_of, today


@dataclass(frozen=True, slots=True)
class Period:
    """Local days from `first` to `last`, both included, at one site."""

    site: Any
    first: date
    last: date

    @property
    def start(self) -> datetime:
        """The first moment of the period."""
        return start_of(self.first)

    @property
    def end(self) -> datetime:
        """The first moment after the period."""
        return start_of(self.last + timedelta(days=1))

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def before(self) -> Period:
        """The period of the same length right before this one, to compare with."""
        return Period(self.site, self.first - timedelta(days=self.days), self.first - timedelta(days=1))


def last_days(site: Any, days: int) -> Period:
    """The period of so many days that ends today."""
    return Period(site, today() - timedelta(days=days - 1), today())


RecordSet = Callable[[Period], QuerySet[Any]]


@dataclass(frozen=True, slots=True)
class Indicator:
    """A count (no `denominator`) or a ratio of two record sets.

    `numerator` must be a part of `denominator`. `present` marks figures of this moment, to which the
    period does not apply. `good` says which direction is better: up, down or none. `table` is the dotted
    name of the `Table` that shows the records, because tables lie above what is counted.
    """

    code: str
    label: Any
    meaning: Any
    numerator: RecordSet
    table: str
    permission: str
    denominator: RecordSet | None = None
    present: bool = False
    good: str = "none"
    prepare: Callable[[list[Any]], list[Any]] | None = None
    source: tuple[str, ...] = ()

    def records(self, period: Period, part: str) -> QuerySet[Any]:
        """The records behind the numerator (`num`) or the denominator (`den`), where the right is held."""
        rows = self.numerator if part == "num" or self.denominator is None else self.denominator
        return rows(period).allowed(self.permission)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Figure:
    """An indicator's value in a period; a ratio is not applicable where there is nothing to divide by."""

    indicator: Indicator
    count: int
    total: int | None

    @property
    def ratio(self) -> Decimal | None:
        """The share in per cent with one decimal; None for counts and where not applicable."""
        if not self.total:
            return None
        return (Decimal(self.count) * 100 / self.total).quantize(Decimal("0.1"))

    @property
    def applicable(self) -> bool:
        """Whether there was anything to measure."""
        return self.total is None or self.total > 0


def measure(indicator: Indicator, period: Period) -> Figure:
    """Count the record sets of an indicator."""
    count = indicator.records(period, "num").count()
    total = None if indicator.denominator is None else indicator.records(period, "den").count()
    return Figure(indicator, count, total)


@dataclass(frozen=True, slots=True)
class Part:
    """One slice of a breakdown: its key in addresses, its words, its size."""

    key: str
    label: str
    count: int
    late: int | None = None


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A record set cut into parts; every part opens its records.

    `parts` counts all of them in few queries; `records` is the set behind one key.
    """

    code: str
    label: Any
    meaning: Any
    parts: Callable[[Period], list[Part]]
    records: Callable[[Period, str], QuerySet[Any]]
    table: str
    permission: str
    present: bool = False
    prepare: Callable[[list[Any]], list[Any]] | None = None


INDICATORS: dict[str, Indicator] = {}
BREAKDOWNS: dict[str, Breakdown] = {}


def declare(*figures: Indicator | Breakdown) -> None:
    """Make figures known. Refused (ValueError) when a code is taken."""
    for figure in figures:
        registry: dict[str, Any] = INDICATORS if isinstance(figure, Indicator) else BREAKDOWNS
        if figure.code in registry and registry[figure.code] is not figure:
            raise ValueError(f"the figure {figure.code} is declared twice")
        registry[figure.code] = figure
