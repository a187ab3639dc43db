"""Columns and orders of the lists of this app."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from huiyin.base.kit.tables import Column, Order, Table
from huiyin.base.kit.templatetags.kit import badge, clock, icon
from huiyin.engines.clocks.models import Clock

from .models import Case, Contact, Incident, Severity, State
from .timeline import clock_name

STATE_TONES = {
    State.REGISTERED: "accent",
    State.ASSIGNED: "active",
    State.WORKING: "active",
    State.WAITING: "waiting",
    State.ANSWERED: "good",
    State.CLOSED: "neutral",
    State.DECLINED: "neutral",
    State.MERGED: "neutral",
    State.CANCELLED: "neutral",
}
SEVERITY_TONES = {Severity.SERIOUS: "warn", Severity.MAJOR: "bad"}


def state_badge(case: Case) -> SafeString:
    """The state in a word."""
    return badge(case.get_state_display(), STATE_TONES.get(State(case.state), "neutral"))


def severity_badge(case: Case) -> SafeString | str:
    """How heavy, where it is more than normal."""
    if case.severity == Severity.NORMAL:
        return ""
    return badge(case.get_severity_display(), SEVERITY_TONES.get(Severity(case.severity), "warn"))


def clock_shown(one: Clock, *, label: bool = False, paused: bool = False) -> SafeString | str:
    """The time left on a clock; a waiting case shows it paused only when its limit is."""
    return clock(
        one.due_at,
        warn_at=one.warn_at,
        stopped_at=one.stopped_at,
        paused=paused or one.state == Clock.State.PAUSED,
        label=clock_name(one.kind) if label else "",
    )


def _clocks(case: Any) -> list[Clock]:
    return getattr(case, "clocks", [])


def _due(case: Any) -> Any:
    clocks = _clocks(case)
    return clocks[0].due_at if clocks else None


def _due_shown(case: Any) -> Any:
    clocks = _clocks(case)
    return clock_shown(clocks[0], label=True) if clocks else None


def _subject(case: Case) -> SafeString:
    severity = severity_badge(case)
    under = ""
    if case.incident is not None:
        under = format_html(
            ' <span class="hy-muted" title="{}">{}</span>', case.incident.title, icon("stack-2")
        )
    return format_html("{}{}{}{}", severity, " " if severity else "", case.title, under)


def responsible_name(case: Case) -> str:
    """Who answers for it: the person, or the team that still has to take it."""
    if case.responsible is not None:
        return f"{case.responsible} · {case.team}" if case.team is not None else str(case.responsible)
    return str(case.team) if case.team is not None else ""


def _responsible_shown(case: Case) -> Any:
    if case.responsible is None and case.team is not None:
        return format_html("{} {}", badge(_("team"), "warn"), case.team)
    return responsible_name(case) or None


CASES = Table(
    columns=(
        Column("code", gettext_lazy("Number"), lambda c: c.code, css="hy-code hy-nowrap"),
        Column(
            "received", gettext_lazy("Received"), lambda c: c.received_at, sort="received", css="hy-nowrap"
        ),
        Column("kind", gettext_lazy("Kind"), lambda c: c.get_kind_display(), css="hy-nowrap"),
        Column("title", gettext_lazy("Subject"), lambda c: c.title, _subject, css="hy-cases-subject"),
        Column(
            "place",
            gettext_lazy("Place"),
            lambda c: c.place.name if c.place else c.location,
            css="hy-cases-place",
        ),
        Column("contact", gettext_lazy("Contact"), lambda c: c.contact_name, css="hy-nowrap"),
        Column("state", gettext_lazy("State"), lambda c: c.get_state_display(), state_badge, css="hy-nowrap"),
        Column(
            "responsible", gettext_lazy("Responsible"), responsible_name, _responsible_shown, css="hy-nowrap"
        ),
        Column("due", gettext_lazy("Time left"), _due, _due_shown, css="hy-nowrap"),
        Column(
            "category", gettext_lazy("Category"), lambda c: c.category.name if c.category else "", hidden=True
        ),
        Column(
            "phone", gettext_lazy("Contact phone"), lambda c: c.contact_phone, css="hy-nowrap", hidden=True
        ),
        Column("channel", gettext_lazy("Channel"), lambda c: c.get_channel_display(), hidden=True),
        Column(
            "severity",
            gettext_lazy("Severity"),
            lambda c: c.get_severity_display(),
            severity_badge,
            hidden=True,
        ),
        Column("site", gettext_lazy("Site"), lambda c: c.site.name, hidden=True),
        Column("first", gettext_lazy("First responsible"), lambda c: c.first_responsible, hidden=True),
        Column(
            "incident", gettext_lazy("Incident"), lambda c: c.incident.code if c.incident else "", hidden=True
        ),
        Column("description", gettext_lazy("Description"), lambda c: c.description, hidden=True),
        Column("answer", gettext_lazy("Answer"), lambda c: c.answer, hidden=True),
        Column("answered", pgettext_lazy("time", "Answered"), lambda c: c.answered_at, hidden=True),
        Column("ended", pgettext_lazy("time", "Ended"), lambda c: c.ended_at, hidden=True),
        Column("reopened", gettext_lazy("Times reopened"), lambda c: c.reopened, css="hy-num", hidden=True),
    ),
    orders=(
        Order("received", gettext_lazy("Newest first"), "received_at"),
        Order("oldest", gettext_lazy("Oldest first"), "received_at", descending=False),
    ),
    row_url=lambda case: str(case.get_absolute_url()),
    row_css=lambda case: "" if case.is_open else "hy-faded",
)


def _case_of(contact: Contact) -> Any:
    case = contact.case
    if case is None:
        return None
    return format_html('<a class="hy-code" href="{}">{}</a>', case.get_absolute_url(), case.code)


def _place_of(contact: Contact) -> str:
    return contact.place.name if contact.place else ""


CONTACTS = Table(
    columns=(
        Column("at", gettext_lazy("When"), lambda c: c.at, sort="at", css="hy-nowrap"),
        Column("direction", gettext_lazy("Direction"), lambda c: c.get_direction_display(), css="hy-nowrap"),
        Column("channel", gettext_lazy("Channel"), lambda c: c.get_channel_display(), css="hy-nowrap"),
        Column("name", pgettext_lazy("person", "Name"), lambda c: c.name, css="hy-nowrap"),
        Column("phone", gettext_lazy("Phone"), lambda c: c.phone, css="hy-nowrap"),
        Column("place", gettext_lazy("Place"), _place_of),
        Column("text", gettext_lazy("What was said"), lambda c: c.text, css="hy-cases-said"),
        Column(
            "case", gettext_lazy("Case"), lambda c: c.case.code if c.case else "", _case_of, css="hy-nowrap"
        ),
        Column("user", gettext_lazy("Received by"), lambda c: c.user, css="hy-nowrap"),
        Column("site", gettext_lazy("Site"), lambda c: c.site.name, hidden=True),
    ),
    orders=(
        Order("at", gettext_lazy("Newest first"), "at"),
        Order("oldest", gettext_lazy("Oldest first"), "at", descending=False),
    ),
)


def incident_badge(incident: Incident) -> SafeString:
    """Whether it is still going on."""
    if incident.ended_at is None:
        return badge(pgettext_lazy("incident", "Going on"), "warn")
    return badge(pgettext_lazy("incident", "Ended"), "neutral")


def _expected(incident: Incident) -> Any:
    if incident.ended_at is not None or incident.expected_at is None:
        return None
    return clock(incident.expected_at)


INCIDENTS = Table(
    columns=(
        Column("code", gettext_lazy("Number"), lambda i: i.code, css="hy-code hy-nowrap"),
        Column("opened", gettext_lazy("Opened"), lambda i: i.opened_at, sort="opened", css="hy-nowrap"),
        Column("title", gettext_lazy("What happened"), lambda i: i.title),
        Column("place", gettext_lazy("Place"), lambda i: i.place.name if i.place else ""),
        Column("state", gettext_lazy("State"), lambda i: i.ended_at is None, incident_badge, css="hy-nowrap"),
        Column("cases", gettext_lazy("Cases"), lambda i: getattr(i, "case_count", 0), css="hy-num"),
        Column(
            "expected",
            gettext_lazy("Expected to be settled"),
            lambda i: i.expected_at,
            _expected,
            css="hy-nowrap",
        ),
        Column("ended", pgettext_lazy("time", "Ended"), lambda i: i.ended_at, css="hy-nowrap"),
        Column("site", gettext_lazy("Site"), lambda i: i.site.name, hidden=True),
    ),
    orders=(Order("opened", gettext_lazy("Newest first"), "opened_at"),),
    row_url=lambda incident: str(incident.get_absolute_url()),
    row_css=lambda incident: "" if incident.ended_at is None else "hy-faded",
)
