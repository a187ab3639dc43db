"""The section `targets`: what an indicator must reach, at whom, in which period, from which day on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import Field

from huiyin.base.kit.figures import INDICATORS
from huiyin.engines.packs.problems import near
from huiyin.engines.packs.registry import Checking, Code, Entry, Item, Section, Words, declare

Comparison = Literal[">=", "<=", ">", "<"]
Unit = Literal["percent", "count"]
Span = Literal["day", "week", "month", "quarter", "year"]


class TargetEntry(Entry):
    """A target: `indicator` must be `comparison` `figure` (in per cent, or a count) over each `period`.

    It holds for each site, for the whole company, or for the site as the target of one post. Of two for the
    same indicator, level, post and period the one with the later `valid_from` (a local day) counts from then on.
    """

    name: Words
    indicator: Code
    level: Literal["site", "company", "post"] = "site"
    post: Code | None = None
    comparison: Comparison
    figure: Annotated[Decimal, Field(ge=0, le=1_000_000_000, decimal_places=4)]
    unit: Unit = "percent"
    period: Span
    valid_from: date = date(2000, 1, 1)


def check_targets(items: Sequence[Item], checking: Checking) -> None:
    """The indicator exists and has that unit, the post exists, no two say something of the same days."""
    seen: dict[tuple[object, ...], str] = {}
    for item in items:
        target: TargetEntry = item.value
        _check_indicator(item, target, checking)
        if (target.level == "post") != (target.post is not None):
            message = _("A target of a post names the post, any other names none.")
            checking.problem(item, message, _("Correct the level or the post."), "level")
        elif target.post is not None and target.post not in checking.codes("posts"):
            message = _("There is no post %(code)s.") % {"code": target.post}
            mend = near(target.post, checking.codes("posts")) + _("Correct the code.")
            checking.problem(item, message, mend, "post")
        key = (target.indicator, target.level, target.post, target.period, target.valid_from)
        if key in seen:
            message = _("%(code)s sets a target for the same indicator and period from the same day on.")
            mend = _("Delete one of them, or give it another day.")
            checking.problem(item, message % {"code": seen[key]}, mend, "indicator")
        seen.setdefault(key, item.code)


def _check_indicator(item: Item, target: TargetEntry, checking: Checking) -> None:
    indicator = INDICATORS.get(target.indicator)
    if indicator is None:
        message = _("There is no indicator %(code)s.") % {"code": target.indicator}
        mend = near(target.indicator, INDICATORS) + _("Known are: %(names)s.") % {
            "names": ", ".join(sorted(INDICATORS))
        }
        checking.problem(item, message, mend, "indicator")
    elif (indicator.denominator is None) != (target.unit == "count"):
        message = _("The indicator %(code)s is not measured in this unit.") % {"code": target.indicator}
        mend = _("Write percent for a share and count for a number.")
        checking.problem(item, message, mend, "unit")
    elif target.unit == "percent" and target.figure > 100:
        checking.problem(item, _("A share is at most 100 per cent."), _("Correct the figure."), "figure")
    elif _unreachable(target):
        message = _("No figure can ever be %(comparison)s %(figure)s.")
        shown = {"comparison": target.comparison, "figure": target.figure}
        checking.problem(item, message % shown, _("Correct the figure."), "figure")


def _unreachable(target: TargetEntry) -> bool:
    """Whether no figure at all meets a target: less than nothing, or a share above the whole."""
    above_all = target.unit == "percent" and target.comparison == ">" and target.figure == 100
    return above_all or (target.comparison == "<" and target.figure == 0)


declare(Section("targets", TargetEntry, gettext_lazy("Targets"), check_targets))
