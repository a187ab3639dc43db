"""What moves the due moment of a running clock. The original one never moves."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused
from huiyin.base.trail.registry import verb

from .calendar import WorkCalendar
from .limits import Limit, Within
from .models import Clock, Extension
from .moves import tell
from .timing import calendar_of

EXTENDED = verb("clocks.extended", _("More time given"))
RECOUNTED = verb("clocks.recounted", _("Counted anew by the corrected calendar"))


def extend(clock: Clock, until: datetime, reason: str, by: Actor) -> Clock:
    """Give a locked, running clock more time; what is refused stands at `services.extend`."""
    at, until, reason = now(), until.astimezone(UTC), reason.strip()
    if not reason:
        raise Refused("no-reason", _("Say why more time is needed."), field="reason")
    if until <= at:
        raise Refused("until-passed", _("The new limit lies in the past."), field="until")
    if until <= clock.due_at:
        raise Refused("not-later", _("The new limit must be later than the present one."), field="until")
    before = clock.due_at
    Extension.objects.create(
        site_id=clock.site_id,
        clock=clock,
        at=at,
        due_before=before,
        until=until,
        reason=reason,
        user_id=by.user_id,
        user_label=by.label[:120],
    )
    _set_due(clock, until, at)
    tell([clock.pk], EXTENDED, by, due_before=before.isoformat(), reason=reason)
    return clock


def reckoned(clock: Clock, calendar: WorkCalendar) -> datetime:
    """The limit in force as its rule, the calendar and the extensions say.

    An extension sets a moment of its own, which the calendar does not move.
    """
    last = clock.extensions.order_by("id").last()
    if last is not None:
        return last.until
    return Limit.parse(clock.rule["limit"]).due(clock.started_at, calendar)


def recount(clock: Clock, by: Actor) -> bool:
    """Count a locked, running clock by the calendar that took the place of its own; whether its due moved.

    What is due when is told with the old moment and the new one; the original limit stays as promised.
    """
    assert clock.calendar is not None
    version = clock.calendar
    while version.superseded_by is not None:
        version = version.superseded_by
    clock.calendar = version
    due_at, before = reckoned(clock, calendar_of(version.pk)), clock.due_at
    _set_due(clock, due_at, now())
    if due_at != before:
        tell([clock.pk], RECOUNTED, by, due_before=before.isoformat(), calendar=str(version))
    return due_at != before


def _set_due(clock: Clock, due_at: datetime, at: datetime) -> None:
    """Move the limit in force, and with it the warning; what was late for the old one may be in time now."""
    clock.due_at, clock.warn_at = due_at, _warn_at(clock, due_at)
    if due_at < at:
        clock.wake_at = None if clock.breached_at is not None else due_at
    else:
        clock.breached_at = None
        clock.wake_at = clock.warn_at if clock.warn_at is not None and clock.warn_at > at else due_at
    clock.save(update_fields=["due_at", "warn_at", "wake_at", "breached_at", "calendar"])


def _warn_at(clock: Clock, due_at: datetime) -> datetime | None:
    """When to warn of a due moment, by the copy of the rule; None when that is before the clock started."""
    told = clock.rule["warn"]
    warn = Limit.parse(told) if told is not None else None
    if not isinstance(warn, Within):
        return None
    warn_at = warn.before(due_at, calendar_of(clock.calendar_id))
    return warn_at if clock.started_at < warn_at < due_at else None
