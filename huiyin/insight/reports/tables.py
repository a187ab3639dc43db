"""How reports are listed."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from huiyin.base.kit.tables import Column, Order, Table
from huiyin.base.kit.templatetags.kit import badge

from .models import Report


def state_badge(report: Report) -> Any:
    """Draft or issued, and whether it is or was late."""
    if report.is_late:
        return badge(_("Issued late") if report.is_issued else _("Overdue"), "bad")
    return badge(report.get_state_display(), "good" if report.is_issued else "warn")


REPORTS = Table(
    columns=(
        Column("period", gettext_lazy("Period"), lambda r: r.period_name, sort="period", css="hy-nowrap"),
        Column("name", pgettext_lazy("report", "Report"), lambda r: r.name),
        Column("site", gettext_lazy("Site"), lambda r: r.site.name),
        Column("edition", gettext_lazy("Edition"), lambda r: r.edition, css="hy-num"),
        Column("state", gettext_lazy("State"), lambda r: r.get_state_display(), state_badge, css="hy-nowrap"),
        Column("due", gettext_lazy("To be issued by"), lambda r: r.due_on, css="hy-nowrap"),
        Column("issued", pgettext_lazy("report", "Issued"), lambda r: r.issued_at, css="hy-nowrap"),
        Column("by", gettext_lazy("Issued by"), lambda r: str(r.issued_by) if r.issued_by else ""),
    ),
    orders=(Order("period", gettext_lazy("Newest first"), "first"),),
    row_url=lambda report: str(report.get_absolute_url()),
)
