"""What templates need to show cases."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString

from huiyin.base.kit.scope import current
from huiyin.engines.clocks.models import Clock
from huiyin.engines.clocks.words import reason_in_words
from huiyin.work.cases import tables, timeline
from huiyin.work.cases.models import Case, Incident

register = template.Library()
PAGES = {
    "places.place": "places.view",
    "places.asset": "places.view",
    "customers.customer": "customers.view",
    "cases.case": "cases.view",
    "cases.incident": "cases.view",
}
"""The right that opens the page of a record."""


@register.simple_tag
def state_badge(case: Case) -> SafeString:
    """The state in a word."""
    return tables.state_badge(case)


@register.simple_tag
def severity_badge(case: Case) -> SafeString | str:
    """How heavy a case weighs; nothing where it is normal."""
    return tables.severity_badge(case)


@register.simple_tag
def incident_badge(incident: Incident) -> SafeString:
    """Whether an incident goes on."""
    return tables.incident_badge(incident)


@register.simple_tag
def responsible(case: Case) -> str:
    """Who answers for it."""
    return tables.responsible_name(case)


@register.simple_tag
def clock_of(clock: Clock) -> SafeString | str:
    """A limit with its name and the time left."""
    return tables.clock_shown(clock, label=True)


@register.filter
def counted_as(reason: str) -> str:
    """Why a stretch of time counts for a limit, or does not."""
    return reason_in_words(reason)


@register.filter
def clock_kind(kind: str) -> str:
    """What a kind of limit is called."""
    return timeline.clock_name(kind)


@register.simple_tag
def row_link(row: Any) -> str:
    """The page of another record; empty where there is none, or none for the person looking."""
    return page_of(row)


def page_of(row: Any) -> str:
    """The address of a record's page; empty where there is none, or none for the person looking."""
    permission = PAGES.get(row._meta.label_lower, "") if row is not None else ""
    if not hasattr(row, "get_absolute_url") or (permission and not current().holds(permission, row.site_id)):
        return ""
    return str(row.get_absolute_url())
