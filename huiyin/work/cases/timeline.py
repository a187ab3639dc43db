"""The history of a case in sentences: who did what, when, and what was said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from huiyin.base.kit.moment import local_zone
from huiyin.base.org.models import OrgUnit, User
from huiyin.base.trail.models import Event
from huiyin.base.trail.registry import label
from huiyin.engines.approvals.registry import kind_of
from huiyin.engines.approvals.words import EVENT_TONES
from huiyin.engines.approvals.words import sentence as approval_sentence
from huiyin.records.customers.models import Customer
from huiyin.records.places.models import Place

from .models import Case, Category, Channel, Contact, Incident, Kind, Severity, State

TONES = {
    "cases.registered": "accent",
    "cases.answered": "good",
    "cases.answered_together": "good",
    "cases.closed": "good",
    "cases.waiting": "waiting",
    "cases.declined": "bad",
    "cases.reopened": "warn",
    "clocks.warned": "warn",
    "clocks.breached": "bad",
    "clocks.stopped": "bad",
    "clocks.extended": "waiting",
    "clocks.recounted": "waiting",
    "clocks.escalated": "warn",
    "clocks.paused": "waiting",
    "clocks.resumed": "active",
    "cases.begun": "active",
    "cases.resumed": "active",
    "cases.assigned": "active",
}
ICONS = {
    "cases.registered": "phone-incoming",
    "cases.assigned": "user",
    "cases.begun": "player-play",
    "cases.waiting": "hourglass",
    "cases.resumed": "player-play",
    "cases.answered": "message",
    "cases.answered_together": "message",
    "cases.closed": "circle-check",
    "cases.declined": "circle-x",
    "cases.cancelled": "ban",
    "cases.reopened": "rotate",
    "cases.contacted": "phone",
    "cases.changed": "edit",
    "cases.merged": "git-merge",
    "cases.unmerged": "arrows-split",
    "cases.attached": "stack-2",
    "cases.detached": "stack-2",
    "clocks.warned": "clock",
    "clocks.breached": "alarm",
    "clocks.stopped": "alarm",
    "clocks.extended": "hourglass",
    "clocks.recounted": "calendar",
    "clocks.escalated": "arrow-up",
    "clocks.paused": "clock-pause",
    "clocks.resumed": "player-play",
    "files.attached": "paperclip",
    "files.removed": "trash",
}
CHOICES: dict[str, Any] = {"kind": Kind, "severity": Severity, "state": State, "channel": Channel}
NAMED = {
    "responsible_id": User,
    "team_id": OrgUnit,
    "category_id": Category,
    "place_id": Place,
    "customer_id": Customer,
    "incident_id": Incident,
}
TONES.update({verb: tone for verb, (tone, _icon) in EVENT_TONES.items()})
ICONS.update({verb: icon for verb, (_tone, icon) in EVENT_TONES.items()})
TOLD = ("responsible_id", "team_id", "category_id")
"""The columns that events other than corrections speak of."""


@dataclass(frozen=True)
class Told:
    """One line of a history, as the shell's timeline takes it."""

    at: datetime
    who: str
    label: str
    text: str
    tone: str
    icon: str
    url: str = ""


class Names:
    """The names of the rows that events mention by id, one query per table."""

    def __init__(self, events: Iterable[Event]) -> None:
        wanted: dict[str, set[int]] = {column: set() for column in NAMED}
        for event in events:
            told = NAMED if event.verb == "cases.changed" else TOLD
            for part in ("set", "old"):
                columns = event.data.get(part)
                for column, value in columns.items() if isinstance(columns, dict) else ():
                    if column in told and isinstance(value, int):
                        wanted[column].add(value)
        self._names = {
            column: {row.pk: str(row) for row in NAMED[column]._default_manager.filter(pk__in=ids)}
            if ids
            else {}
            for column, ids in wanted.items()
        }

    def of(self, column: str, value: Any) -> str:
        """A column's value in words."""
        if value in (None, ""):
            return ""
        if column in self._names:
            return self._names[column].get(value, f"#{value}")
        if column in CHOICES:
            return str(dict(CHOICES[column].choices).get(value, value))
        return str(value)


def clock_name(kind: str) -> str:
    """What a kind of limit is called."""
    return {
        "answer": pgettext("limit", "Answer"),
        "assign": pgettext("limit", "Assign"),
        "close": pgettext("limit", "Close"),
        "finish": pgettext("limit", "Finish"),
        "report": pgettext("limit", "Report progress"),
    }.get(kind, kind)


def moment(text: Any) -> str:
    """A moment kept as text, on the local clock."""
    at = parse_datetime(str(text)) if text else None
    return at.astimezone(local_zone()).strftime("%m-%d %H:%M") if at is not None else ""


def who(event: Event) -> str:
    """Who did it, as people read it: the system has no name of its own."""
    return event.actor_label if event.actor_id is not None else _("System")


def entries(events: list[Event]) -> list[Told]:
    """The lines of a history in the order of the events."""
    names = Names(events)
    return [
        Told(
            at=event.at,
            who=who(event),
            label=label(event.verb),
            text=sentence(event, names),
            tone=TONES.get(event.verb, "neutral"),
            icon=ICONS.get(event.verb, ""),
        )
        for event in events
    ]


def sentence(event: Event, names: Names) -> str:
    """What an event says beyond its verb."""
    write = _WORDS.get(event.verb)
    if write is not None:
        return write(event.data, names)
    return " · ".join(
        str(event.data[key]) for key in ("name", "title", "note", "reason") if event.data.get(key)
    )


def _registered(data: dict[str, Any], names: Names) -> str:
    new = data.get("set") or {}
    parts = [
        names.of("channel", data.get("channel")),
        names.of("kind", new.get("kind")),
        names.of("category_id", new.get("category_id")),
        _responsible(new, names),
    ]
    return " · ".join(part for part in parts if part)


def _responsible(columns: dict[str, Any], names: Names) -> str:
    person = names.of("responsible_id", columns.get("responsible_id"))
    team = names.of("team_id", columns.get("team_id"))
    named = " / ".join(part for part in (team, person) if part)
    return _("responsible: %(who)s") % {"who": named} if named else ""


def _assigned(data: dict[str, Any], names: Names) -> str:
    old, new = data.get("old") or {}, data.get("set") or {}
    before = names.of("responsible_id", old.get("responsible_id")) or names.of("team_id", old.get("team_id"))
    after = " / ".join(
        part
        for part in (
            names.of("team_id", new.get("team_id")),
            names.of("responsible_id", new.get("responsible_id")),
        )
        if part
    )
    step = f"{before} → {after}" if before and before != after else after
    return _lines(step, data.get("note"))


def _changed(data: dict[str, Any], names: Names) -> str:
    old, new = data.get("old") or {}, data.get("set") or {}
    lines = []
    for column, value in new.items():
        field = column.removesuffix("_id")
        title = str(getattr(Case._meta.get_field(field), "verbose_name", field))
        before, after = (names.of(column, one) or "—" for one in (old.get(column), value))
        lines.append(
            _("%(field)s: %(before)s → %(after)s") % {"field": title, "before": before, "after": after}
        )
    return "\n".join(lines)


def _waiting(data: dict[str, Any], _names: Names) -> str:
    agreed = _("The customer agreed to wait") if data.get("agreed") else ""
    return _lines(data.get("reason"), _("until %(at)s") % {"at": moment(data.get("until"))}, agreed)


def _answered(data: dict[str, Any], names: Names) -> str:
    how = names.of("channel", data.get("channel"))
    source = data.get("source")
    told = _("with %(code)s") % {"code": source} if source else ""
    return _lines(data.get("text"), " · ".join(part for part in (how, told) if part))


def _declined(data: dict[str, Any], _names: Names) -> str:
    return _lines(data.get("reason"), data.get("explanation"))


def _contacted(data: dict[str, Any], names: Names) -> str:
    direction = dict(Contact.Direction.choices).get(data.get("direction", ""), "")
    said = (str(direction), names.of("channel", data.get("channel")), data.get("name"))
    return _lines(" · ".join(str(part) for part in said if part), data.get("text"))


def _noted(data: dict[str, Any], _names: Names) -> str:
    return _lines(data.get("reason"), data.get("note"))


def _merged(data: dict[str, Any], _names: Names) -> str:
    return _lines(_("into %(code)s") % {"code": data.get("into", "")}, data.get("note"))


def _incident(data: dict[str, Any], _names: Names) -> str:
    return str(data.get("incident") or data.get("title") or "")


def _clock(data: dict[str, Any], _names: Names) -> str:
    return _("%(limit)s limit, due %(at)s") % {
        "limit": clock_name(str(data.get("kind", ""))),
        "at": moment(data.get("due_at")),
    }


def _asked_for(data: dict[str, Any]) -> str:
    """What kind of approval it is, where the event says so."""
    kind = kind_of(str(data.get("kind", "")))
    return str(kind.label) if kind is not None else ""


def _duty(data: dict[str, Any], _names: Names) -> str:
    return f"{data.get('name', '')} {moment(data.get('starts_at'))} – {moment(data.get('ends_at'))}".strip()


def _lines(*parts: Any) -> str:
    return "\n".join(str(part) for part in parts if part)


_WORDS = {
    "cases.registered": _registered,
    "cases.assigned": _assigned,
    "cases.changed": _changed,
    "cases.waiting": _waiting,
    "cases.answered": _answered,
    "cases.answered_together": _answered,
    "cases.declined": _declined,
    "cases.contacted": _contacted,
    "cases.begun": lambda data, names: _responsible(data.get("set") or {}, names),
    "cases.resumed": _noted,
    "cases.closed": _noted,
    "cases.cancelled": _noted,
    "cases.reopened": _noted,
    "cases.unmerged": _noted,
    "cases.merged": _merged,
    "cases.attached": _incident,
    "cases.detached": _incident,
    "clocks.warned": _clock,
    "clocks.breached": _clock,
    "clocks.stopped": _clock,
    "clocks.recounted": _clock,
    "clocks.escalated": lambda data, names: _lines(
        _clock(data, names),
        _("step %(number)s of the ladder") % {"number": data.get("rung", "")},
        _("away, so whoever stands in was told: %(names)s") % {"names": data["away"]}
        if data.get("away")
        else "",
    ),
    **dict.fromkeys(("clocks.put_on_duty", "clocks.taken_off_duty"), _duty),
    "clocks.paused": lambda data, names: _lines(_clock(data, names), data.get("reason")),
    "clocks.resumed": _clock,
    **dict.fromkeys(
        (
            "approvals.submitted",
            "approvals.agreed",
            "approvals.returned",
            "approvals.refused",
            "approvals.withdrawn",
            "approvals.void",
            "approvals.signer_added",
            "approvals.effective",
        ),
        lambda data, _names: _lines(_asked_for(data), approval_sentence(data)),
    ),
    "clocks.extended": lambda data, names: _lines(_clock(data, names), data.get("reason")),
}
