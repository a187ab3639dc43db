"""Columns and orders of the list of approvals."""

from __future__ import annotations

from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from huiyin.base.kit.tables import Column, Order, Table
from huiyin.base.kit.templatetags.kit import badge

from .models import Approval, State, Step
from .words import TONES, kind_label, step_name, yuan


def state_badge(approval: Approval) -> SafeString:
    """The state in a word."""
    return badge(approval.get_state_display(), TONES[State(approval.state)])


def turn_of(approval: Any) -> str:
    """Whose signature is awaited: the people, else the step."""
    for step in getattr(approval, "chain", ()):
        if step.state == Step.State.OPEN:
            people = [str(one.user) for one in step.may_sign[:3]]
            more = "…" if len(step.may_sign) > len(people) else ""
            return "、".join(people) + more if people else step_name(step)
    return ""


def _amount(approval: Approval) -> str:
    amount = approval.facts.get("amount")
    return yuan(int(amount)) if amount is not None else ""


APPROVALS = Table(
    columns=(
        Column("code", gettext_lazy("Number"), lambda one: one.code, css="hy-code hy-nowrap hy-not-phone"),
        Column("title", gettext_lazy("Subject"), lambda one: one.title),
        Column("kind", gettext_lazy("Kind"), kind_label, css="hy-nowrap"),
        Column("amount", gettext_lazy("Amount"), _amount, css="hy-nowrap text-end"),
        Column("applicant", gettext_lazy("Applicant"), lambda one: str(one.applicant), css="hy-nowrap"),
        Column(
            "state", gettext_lazy("State"), lambda one: one.get_state_display(), state_badge, css="hy-nowrap"
        ),
        Column("turn", gettext_lazy("Waiting for"), turn_of),
        Column(
            "submitted",
            gettext_lazy("Submitted"),
            lambda one: one.submitted_at,
            sort="submitted",
            css="hy-nowrap",
        ),
        Column("ended", gettext_lazy("Ended"), lambda one: one.ended_at, css="hy-nowrap", hidden=True),
        Column("site", gettext_lazy("Site"), lambda one: one.site.name, css="hy-nowrap", hidden=True),
    ),
    orders=(
        Order("submitted", gettext_lazy("Newest first"), "submitted_at"),
        Order("oldest", gettext_lazy("Oldest first"), "submitted_at", descending=False),
    ),
    row_url=lambda one: one.get_absolute_url(),
)
