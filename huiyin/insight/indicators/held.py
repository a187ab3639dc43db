"""Figures held against their targets and against the period before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from huiyin.base.kit.figures import Indicator, Period, measure
from huiyin.base.kit.spans import SPANS, Span, before

from .selectors import Compared
from .targets import Target, targets_of


@dataclass(frozen=True, slots=True)
class Held:
    """A figure beside its target and the figure of the period before.

    `target` is the one of this kind of period, else of the next longer one; only the former is `met` or not.
    """

    compared: Compared
    target: Target | None
    exact: bool

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one of this period, or where not applicable."""
        return self.target.met(self.compared.figure) if self.target and self.exact else None

    @property
    def gap(self) -> Any:
        """How far above or below the target."""
        return self.target.gap(self.compared.figure) if self.target and self.exact else None


def target_for(indicator: str, site: Any, span: Span, on: date) -> tuple[Target | None, bool]:
    """The site's target over a kind of period, else over the next longer one, and whether it is the former."""
    own = {one.entry.period: one for one in targets_of(indicator, site, on=on) if one.entry.level == "site"}
    for longer in SPANS[SPANS.index(span) :]:
        if longer in own:
            return own[longer], longer == span
    return None, False


def held(indicator: Indicator, span: Span, period: Period) -> Held:
    """An indicator over a period beside its target and the period before (none for figures of this moment)."""
    earlier = None if indicator.present else measure(indicator, before(span, period))
    target, exact = target_for(indicator.code, period.site, span, period.last)
    return Held(Compared(measure(indicator, period), earlier), target, exact)
