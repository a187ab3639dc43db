"""Targets of indicators: which one counts on a day, and whether a figure meets it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from huiyin.base.kit.figures import Figure
from huiyin.base.kit.moment import today
from huiyin.base.org.models import Site
from huiyin.engines.packs.registry import Item
from huiyin.engines.packs.selectors import entries

from .pack import TargetEntry

SIGNS = {">=": "≥", "<=": "≤", ">": ">", "<": "<"}


@dataclass(frozen=True, slots=True)
class Target:
    """A target in force, with the pack entry behind it."""

    item: Item

    @property
    def entry(self) -> TargetEntry:
        """What the pack says."""
        entry: TargetEntry = self.item.value
        return entry

    @property
    def words(self) -> str:
        """The demand in short: ≥ 98 %."""
        number = f"{self.entry.figure.normalize():f}"
        unit = " %" if self.entry.unit == "percent" else ""
        return f"{SIGNS[self.entry.comparison]} {number}{unit}"

    def met(self, figure: Figure) -> bool | None:
        """Whether the figure meets it, compared exactly, not as rounded; None where not applicable."""
        if self.entry.unit == "count":
            return self._compare(Decimal(figure.count), self.entry.figure)
        if not figure.total:
            return None
        return self._compare(Decimal(figure.count * 100), self.entry.figure * figure.total)

    def gap(self, figure: Figure) -> Decimal | None:
        """How far the figure is above (+) or below (-) the target, in its unit, to one decimal."""
        if self.entry.unit == "count":
            return Decimal(figure.count) - self.entry.figure
        if not figure.total:
            return None
        return (Decimal(figure.count * 100) / figure.total - self.entry.figure).quantize(Decimal("0.1"))

    def _compare(self, reached: Decimal, wanted: Decimal) -> bool:
        match self.entry.comparison:
            case ">=":
                return reached >= wanted
            case "<=":
                return reached <= wanted
            case ">":
                return reached > wanted
        return reached < wanted


def targets(site: Site | int | None, *, on: date | None = None, period: str = "") -> list[Target]:
    """The targets in force at a site on a local day (today), in pack order; with `period` those of that period."""
    day = on or today()
    chosen: dict[tuple[object, ...], Item] = {}
    for item in entries("targets", site):
        entry: TargetEntry = item.value
        if entry.valid_from > day or (period and entry.period != period):
            continue
        key = (entry.indicator, entry.level, entry.post, entry.period)
        known = chosen.get(key)
        if known is None or known.value.valid_from <= entry.valid_from:
            chosen[key] = item
    return [Target(item) for item in chosen.values()]


def targets_of(
    indicator: str, site: Site | int | None, *, on: date | None = None, period: str = ""
) -> list[Target]:
    """The targets of one indicator in force at a site on a local day."""
    return [one for one in targets(site, on=on, period=period) if one.entry.indicator == indicator]


def target_of(
    indicator: str, site: Site | int | None, *, period: str, on: date | None = None
) -> Target | None:
    """The site's own target of an indicator over a period; None where the handbook sets none."""
    found = targets_of(indicator, site, on=on, period=period)
    return next((one for one in found if one.entry.level == "site"), None)
