"""The section `reports`: which report has which parts, when it is drafted, who is told, when it is due."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huiyin.base.kit.figures import INDICATORS
from huiyin.engines.packs.problems import near
from huiyin.engines.packs.registry import Checking, Item, Section, declare

from .definitions import ReportEntry


def check_reports(items: Sequence[Item], checking: Checking) -> None:
    """The indicators and posts exist, and nothing is named twice."""
    for item in items:
        entry: ReportEntry = item.value
        for number, code in enumerate(entry.indicators):
            if code not in INDICATORS:
                mend = near(code, INDICATORS) + _("Correct the code.")
                checking.problem(
                    item, _("There is no indicator %(code)s.") % {"code": code}, mend, "indicators", number
                )
        for number, code in enumerate(entry.to):
            if code not in checking.codes("posts"):
                mend = near(code, checking.codes("posts")) + _("Correct the code.")
                checking.problem(item, _("There is no post %(code)s.") % {"code": code}, mend, "to", number)
        for key in ("parts", "indicators", "to"):
            values = getattr(entry, key)
            if len(set(values)) != len(values):
                checking.problem(item, _("Something is named twice."), _("Delete one of them."), key)


declare(Section("reports", ReportEntry, gettext_lazy("Reports"), check_reports))
