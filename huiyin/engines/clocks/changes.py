"""What moves the due moment of a running clock. The original one never moves.

The limit in force is the rule's, moved by the pauses as `WorkCalendar.due` says. An extension sets a moment of
its own; of the pauses only those that begin after it move that on. Limits that name a day are not paused.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused
from huiyin.base.trail.registry import verb

from . import ladder
from .calendar import WorkCalendar
from .limits import Limit, Within
from .models import Clock, Extension, Pause
from .moves import tell
from .timing import calendar_of, counts_working_time

EXTENDED = verb("clocks.extended", _("More time given"))
PAUSED = verb("clocks.paused", _("Time stands still"))
RESUMED = verb("clocks.resumed", _("Time runs on"))
RECOUNTED = verb("clocks.recounted", _("Counted anew by the corrected calendar"))

SAVED = ("due_at", "warn_at", "wake_at", "breached_at", "calendar", "state", "rung", "rung_at")
LONGEST = timedelta(days=366)
"""However long somebody wants to wait: no clock rests longer at a time."""

Span = tuple[datetime, datetime, str]


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
    _set_due(clock, until, at, open_pause(clock))
    tell([clock.pk], EXTENDED, by, due_before=before.isoformat(), reason=reason)
    return clock


def pause(clock: Clock, at: datetime, until: datetime, reason: str, agreed: bool, by: Actor) -> bool:
    """Let a locked, running clock rest from a moment until another at most; whether it does.

    A clock that rests already rests anew. Not when its rule wants the customer's agreement and there is none,
    when it never pauses, when it is late already, or when its limit names a day.
    """
    resume(clock, at, by)
    mode = clock.rule.get("pause", "agreed")
    limit = Limit.parse(clock.rule["limit"])
    if mode == "never" or (mode == "agreed" and not agreed) or not limit.moved_by_pauses:
        return False
    until = min(until.astimezone(UTC), at + LONGEST)
    if clock.due_at < at or until <= at:
        return False
    one = Pause.objects.create(
        site_id=clock.site_id,
        clock=clock,
        started_at=at,
        until=until,
        reason=reason,
        agreed=agreed,
        user_id=by.user_id,
        user_label=by.label[:120],
    )
    before = clock.due_at
    _set_due(clock, reckoned(clock, calendar_of(clock.calendar_id)), at, one)
    said = {"reason": reason, "agreed": agreed, "until": until.isoformat(), "due_before": before.isoformat()}
    tell([clock.pk], PAUSED, by, calendar=_calendar_named(clock), **said)
    return True


def resume(clock: Clock, at: datetime, by: Actor) -> bool:
    """Let a locked clock that rests go on at a moment, at the latest when its pause was to end."""
    one = open_pause(clock)
    if one is None:
        return False
    one.ended_at = max(one.started_at, min(at, one.until))
    one.save(update_fields=["ended_at"])
    before = clock.due_at
    _set_due(clock, reckoned(clock, calendar_of(clock.calendar_id)), one.ended_at)
    said = {"due_before": before.isoformat(), "ended_at": one.ended_at.isoformat()}
    tell([clock.pk], RESUMED, by, calendar=_calendar_named(clock), **said)
    return True


def _calendar_named(clock: Clock) -> str:
    """The calendar a clock is counted in now, for its history.

    A correction that moved nothing at first leaves no word there, and yet decides where a pause ends.
    """
    return str(clock.calendar) if clock.calendar is not None else ""


def wake(clocks: Iterable[Clock], at: datetime, by: Actor) -> None:
    """Let those of the clocks that rest go on, before something ends them."""
    for clock in clocks:
        if clock.state == Clock.State.PAUSED:
            resume(clock, at, by)


def open_pause(clock: Clock) -> Pause | None:
    """The pause a clock rests in, if it does."""
    if clock.state != Clock.State.PAUSED:
        return None
    return Pause.objects.filter(clock=clock, ended_at=None).first()


def reckoned(clock: Clock, calendar: WorkCalendar) -> datetime:
    """The limit in force as its rule, the calendar, the pauses and the extensions say."""
    spans = [one.span for one in clock.pauses.all()]
    last = clock.extensions.order_by("id").last()
    return reckon(
        Limit.parse(clock.rule["limit"]),
        calendar,
        clock.started_at,
        spans,
        None if last is None else (last.at, last.until),
    )


def reckon(
    limit: Limit,
    calendar: WorkCalendar,
    start: datetime,
    pauses: Iterable[Span],
    extension: tuple[datetime, datetime] | None = None,
) -> datetime:
    """When a limit ends: a pure function of what happened. `extension` is when more time was given, and until when."""
    if extension is None:
        return limit.due(start, calendar, pauses)
    given_at, until = extension
    later = [span for span in pauses if span[0] >= given_at]
    if not later or not limit.moved_by_pauses:
        return until
    natural = not counts_working_time(limit)
    left = calendar.elapsed(given_at, until, natural=natural)
    if calendar.elapsed(given_at, until, later, natural=natural) == left:
        return until
    return calendar.due(given_at, left, "seconds" if natural else "working_seconds", later)


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
    _set_due(clock, due_at, now(), open_pause(clock))
    if due_at != before:
        tell([clock.pk], RECOUNTED, by, due_before=before.isoformat(), calendar=str(version))
    return due_at != before


def _set_due(clock: Clock, due_at: datetime, at: datetime, resting: Pause | None = None) -> None:
    """Move the limit in force, and with it the warning; what was late for the old one may be in time now."""
    clock.due_at, clock.warn_at = due_at, _warn_at(clock, due_at)
    clock.state = Clock.State.RUNNING if resting is None else Clock.State.PAUSED
    if due_at >= at or resting is not None:
        clock.breached_at = None
    if resting is not None:
        # The ladder waits too: what was told for a limit that comes back after the pause is not told again.
        clock.wake_at = resting.until
    else:
        ladder.place(clock, at)
        warn_at = clock.warn_at if clock.warn_at is not None and clock.warn_at > at else None
        looks = [due_at if clock.breached_at is None else None, warn_at, clock.rung_at]
        clock.wake_at = min((one for one in looks if one is not None), default=None)
    clock.save(update_fields=SAVED)


def _warn_at(clock: Clock, due_at: datetime) -> datetime | None:
    """When to warn of a due moment, by the copy of the rule; None when that is before the clock started."""
    told = clock.rule["warn"]
    warn = Limit.parse(told) if told is not None else None
    if not isinstance(warn, Within):
        return None
    warn_at = warn.before(due_at, calendar_of(clock.calendar_id))
    return warn_at if clock.started_at < warn_at < due_at else None
