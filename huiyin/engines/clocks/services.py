"""Starting, stopping, extending and handing over clocks. All are effects: commands of other apps call them.

Events do the same by themselves, as the rules of the packs say (see `reactions`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused, service
from huiyin.base.org.models import Site, User
from huiyin.base.org.selectors import staff_of
from huiyin.base.trail.registry import verb
from huiyin.base.trail.services import record
from huiyin.engines.packs.services import renew_stamp

from . import almanac, calendars, changes, moves, roster
from .entries import BadCalendar
from .holidays import read_notice
from .models import Clock, Duty, SpecialDay

ON_DUTY = verb("clocks.put_on_duty", _("Put on duty"))
OFF_DUTY = verb("clocks.taken_off_duty", _("Taken off duty"))
DAYS_IMPORTED = verb("clocks.days_imported", _("Public holidays imported"))


LONGEST_TURN = timedelta(days=7)
FURTHEST_AHEAD = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Copied:
    """What became of the turns of a week that was copied: how many were added, and how many left out."""

    added: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a notice: its year, and how many days were added, changed and removed."""

    year: int
    added: int
    changed: int
    removed: int


@service
def start(
    subject: Any, *, kinds: Iterable[str], at: datetime | None = None, first: bool = False, by: Actor
) -> list[Clock]:
    """Start clocks of some kinds on a row at a moment (UTC; now when none is given), as the rules say.

    A kind for which no rule fits gets no clock; one that runs already is left alone; one that ran before gets
    its next run. `first` promises that the row has no clocks yet. Refused (ValueError) when the row's table
    was never registered to carry clocks.
    """
    wanted = list(kinds)
    known = [] if first else moves.of(subject).filter(kind__in=wanted)
    return moves.start(subject, wanted, at or now(), known=known)


@service
def stop(
    subject: Any, *, kinds: Collection[str] | None = None, at: datetime | None = None, by: Actor
) -> list[Clock]:
    """Stop the running clocks of a row (of some kinds) at a moment (UTC; now when none is given).

    Both verdicts are frozen: late when the due moment (the original one) lies before it, else kept. What is
    late for the limit in force leaves an event.
    """
    return _end(subject, kinds, Clock.State.STOPPED, at or now(), by)


@service
def cancel(
    subject: Any, *, kinds: Collection[str] | None = None, at: datetime | None = None, by: Actor
) -> list[Clock]:
    """End the running clocks of a row because nobody waits any more (cancelled, merged).

    They get no verdict, unless they were late already: withdrawing a broken promise does not mend it.
    """
    return _end(subject, kinds, Clock.State.CANCELLED, at or now(), by)


@service
def extend(subject: Any, *, kind: str, until: datetime, reason: str, by: Actor) -> Clock:
    """Give the running clock of a kind time until a moment (any time zone); the original limit stays known.

    An effect: whoever calls it has asked the right person for consent (`by` is who gave it). A clock that was
    late already runs in time again, while its original verdict will be late. Refused without such a clock
    (`clock-ended`), without a reason (`no-reason`), when the moment has passed (`until-passed`) or is not
    later than the limit in force (`not-later`).
    """
    clock = moves.of(subject).filter(kind=kind, stopped_at=None).select_for_update(of=("self",)).first()
    if clock is None:
        raise Refused("clock-ended", _("This limit does not run any more; more time changes nothing."))
    return changes.extend(clock, until, reason, by)


@service
def pause(
    subject: Any,
    *,
    until: datetime,
    reason: str,
    agreed: bool,
    kinds: Collection[str] | None = None,
    by: Actor,
) -> list[Clock]:
    """Let the running clocks of a row (of some kinds) rest until a moment at most; those that do.

    `agreed` is whether the customer agreed to wait. Left out are clocks whose rule does not allow it, that
    are late already or whose limit names a day. Refused (`until-passed`) when the moment has passed.
    """
    at = now()
    if until <= at:
        raise Refused("until-passed", _("The new limit lies in the past."), field="until")
    clocks = _locked(subject, kinds)
    return [clock for clock in clocks if changes.pause(clock, at, until, reason, agreed, by)]


@service
def resume(subject: Any, *, kinds: Collection[str] | None = None, by: Actor) -> list[Clock]:
    """Let the clocks of a row that rest go on; those that do."""
    at = now()
    return [clock for clock in _locked(subject, kinds) if changes.resume(clock, at, by)]


@service
def hand_over(subject: Any, *, owner: int | None, by: Actor) -> int:
    """Give the running clocks of a row to whoever is responsible now (a user's id, or none); how many."""
    return moves.of(subject).filter(stopped_at=None).update(owner_id=owner)


def _end(
    subject: Any, kinds: Collection[str] | None, state: Clock.State, at: datetime, by: Actor
) -> list[Clock]:
    clocks = _running(subject, kinds)
    changes.wake(clocks, at, by)
    return moves.end(clocks, state, at, by)


def _locked(subject: Any, kinds: Collection[str] | None) -> list[Clock]:
    clocks = moves.of(subject).filter(stopped_at=None).select_for_update(of=("self",))
    return list(clocks if kinds is None else clocks.filter(kind__in=kinds))


def _running(subject: Any, kinds: Collection[str] | None) -> list[Clock]:
    clocks = moves.of(subject).filter(stopped_at=None)
    return list(clocks if kinds is None else clocks.filter(kind__in=kinds))


@service(needs="clocks.duty")
def put_on_duty(site: Site, *, user: User, starts_at: datetime, ends_at: datetime, by: Actor) -> Duty:
    """Put somebody on duty at a site from one moment to another (any time zone).

    Refused when the end is not later (`bad-order`), the turn is over already (`turn-over`), lasts longer than
    a week (`turn-too-long`) or begins more than a year ahead (`too-far-ahead`); when the person does not work
    at the site today (`not-staff`) or is on duty there at that time already (`on-duty-already`).
    """
    at = now()
    if ends_at <= starts_at:
        raise Refused("bad-order", _("The end lies before the start."), field="ends_at")
    if ends_at <= at:
        raise Refused("turn-over", _("This time is over; what was stays as it was."), field="ends_at")
    if ends_at - starts_at > LONGEST_TURN:
        raise Refused("turn-too-long", _("A turn lasts a week at most."), field="ends_at")
    if starts_at > at + FURTHEST_AHEAD:
        raise Refused("too-far-ahead", _("This is more than a year ahead."), field="starts_at")
    if not staff_of([site]).filter(pk=user.pk).exists():
        raise Refused("not-staff", _("This person does not work at this site."), field="user")
    _one_roster_at_a_time(site)
    other = roster.turns_between(site, starts_at, ends_at).filter(user=user).first()
    if other is not None:
        message = _("This person is on duty at that time already: %(when)s.")
        when = {"when": roster.span_in_words(other.starts_at, other.ends_at)}
        raise Refused("on-duty-already", message, params=when, field="starts_at")
    return _put(site, user, starts_at, ends_at, by)


@service(needs="clocks.duty")
def take_off_duty(duty: Duty, *, by: Actor) -> Duty:
    """Take a turn off the roster again; one that has begun ends now, so that what was stays known.

    Refused (`turn-over`) when it is over, or was taken off meanwhile.
    """
    at = now()
    rows = Duty.objects.select_for_update(of=("self",)).select_related("user")
    found: Duty | None = rows.filter(pk=duty.pk, ends_at__gt=at).first()
    if found is None:
        raise Refused("turn-over", _("This time is over; what was stays as it was."))
    told = _told(found)
    if found.starts_at < at:
        record(found, OFF_DUTY, by=by, **told, ended_at=at.isoformat())
        found.ends_at = at
        found.save(update_fields=["ends_at"])
    else:
        record(found, OFF_DUTY, by=by, **told)
        found.delete()
    return found


@service(needs="clocks.duty")
def copy_duty(site: Site, *, week: date, by: Actor) -> Copied:
    """Put the same people on duty at the same local times as in the week before (`week`: any local day of it).

    Left out are turns that would be over already, people who no longer work at the site, and those who are on
    duty at that time already. Refused (`nothing-to-copy`) when the week before holds no turns.
    """
    _one_roster_at_a_time(site)
    monday = roster.monday_of(week)
    before = roster.turns_beginning(site, monday - timedelta(days=7))
    if not before:
        raise Refused("nothing-to-copy", _("Nobody was on duty in the week before."))
    staff = set(staff_of([site]).values_list("pk", flat=True))
    first, last = roster.week_bounds(monday)
    standing: dict[int, list[tuple[datetime, datetime]]] = {}
    for one in roster.turns_between(site, first, last + LONGEST_TURN):
        standing.setdefault(one.user_id, []).append((one.starts_at, one.ends_at))
    at, added = now(), 0
    for one in before:
        starts_at, ends_at = roster.week_later(one.starts_at), roster.week_later(one.ends_at)
        taken = standing.setdefault(one.user_id, [])
        busy = any(since < ends_at and starts_at < until for since, until in taken)
        if busy or ends_at <= at or one.user_id not in staff:
            continue
        taken.append((starts_at, ends_at))
        _put(site, one.user, starts_at, ends_at, by)
        added += 1
    return Copied(added, len(before) - added)


def _one_roster_at_a_time(site: Site) -> None:
    """Let nobody else change this site's roster until this transaction ends: two turns must not overlap."""
    Site.objects.select_for_update(no_key=True, of=("self",)).get(pk=site.pk)


def _put(site: Site, user: User, starts_at: datetime, ends_at: datetime, by: Actor) -> Duty:
    duty = Duty.objects.create(site=site, user=user, starts_at=starts_at, ends_at=ends_at)
    record(duty, ON_DUTY, by=by, **_told(duty))
    return duty


def _told(duty: Duty) -> dict[str, Any]:
    """What the trail keeps of a turn; the person by name too."""
    begin, end = duty.starts_at.isoformat(), duty.ends_at.isoformat()
    return {"user": duty.user_id, "name": str(duty.user), "starts_at": begin, "ends_at": end}


@service(needs="packs.edit")
def import_holidays(
    company: None, *, data: Any, list_code: str = "cn", seen: str = "", by: Actor
) -> Imported:
    """Take over the notice of one year in the form of the holiday-cn files, as official days of a list.

    A forecast of that year is replaced; own decisions stay. Calendars that follow the list get new versions,
    and the job `recount` leads the clocks that run in them over; ended ones stay as they are. `seen` names the
    effect that somebody looked at (`almanac.preview`). Refused (`bad-notice`) when it cannot be read or
    contradicts the hours of a calendar; (`changed-meanwhile`) when it would do something else than was seen.
    """
    notice = read_notice(data)
    if seen and almanac.preview(data, list_code).seen != seen:
        message = _("The list was changed meanwhile. Choose the file again to see the effect.")
        raise Refused("changed-meanwhile", message)
    status = SpecialDay.Status.OFFICIAL
    done = calendars.put_days(list_code, notice.year, notice.days, status, notice.source)
    outcome = Imported(notice.year, *done)
    if any(done):
        try:
            calendars.renew([list_code])
        except BadCalendar as error:
            message = _("The days contradict the hours of a calendar: %(error)s")
            raise Refused("bad-notice", message, params={"error": str(error)}) from None
        row = SpecialDay.objects.filter(list=list_code, year=notice.year).first()
        if row is not None:
            record(row, DAYS_IMPORTED, by=by, list=list_code, **asdict(outcome))
        renew_stamp(company, by=by)  # every process reads the packs, and with them the calendars, afresh
    return outcome
