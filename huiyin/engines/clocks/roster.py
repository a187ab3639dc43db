"""The duty roster as it is read: who is on duty at a site when, week by week, and when nobody is.

Days, weeks and times of day are local (setting TIME_ZONE); moments are UTC. A week begins on Monday.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from huiyin.base.kit.moment import local_zone, now, start_of, today
from huiyin.base.org.models import Site

from .models import Duty

WEEK = timedelta(days=7)
HALF_A_DAY = timedelta(hours=12)
SOON = timedelta(hours=24)
MIDNIGHT = "24:00"


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn as it stands on one day: when in words, whether it goes on from the day before, runs, is over."""

    duty: Duty
    when: str
    goes_on: bool
    is_now: bool
    is_over: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """A time of one day in which nobody is on duty: from when to when (times of day), whether it is past."""

    since: str
    until: str
    is_past: bool

    @property
    def when(self) -> str:
        """From when to when in words."""
        all_day = (self.since, self.until) == ("00:00", MIDNIGHT)
        return _("all day") if all_day else f"{self.since}–{self.until}"


@dataclass(frozen=True, slots=True)
class Day:
    """One local day of a roster."""

    date: date
    turns: tuple[Turn, ...]
    gaps: tuple[Gap, ...]
    is_today: bool
    is_past: bool


def monday_of(day: date) -> date:
    """The Monday of the week a day lies in."""
    return day - timedelta(days=day.weekday())


def week_bounds(monday: date) -> tuple[datetime, datetime]:
    """From which moment until which a week lasts."""
    return start_of(monday), start_of(monday + WEEK)


def week_later(at: datetime) -> datetime:
    """The same local time of day a week later."""
    return (at.astimezone(local_zone()) + WEEK).replace(fold=0).astimezone(UTC)


def turns_between(site: Site, since: datetime, until: datetime) -> QuerySet[Duty]:
    """The turns at a site that touch a time, the earlier first."""
    rows: QuerySet[Duty] = Duty.objects.filter(site=site, starts_at__lt=until, ends_at__gt=since)
    return rows.order_by("starts_at", "pk")


def turns_beginning(site: Site, monday: date) -> list[Duty]:
    """The turns at a site that begin in a week, with their people."""
    first, last = week_bounds(monday)
    return list(turns_between(site, first, last).filter(starts_at__gte=first).select_related("user"))


def likely_turn(site: Site, day: date) -> tuple[datetime, datetime]:
    """When the next turn on a day is likely to last: as the last one before, or in the first gap of the day.

    In the gap if a turn begins on that day already. Where there was none before, from six in the evening for
    twelve hours.
    """
    first, last = start_of(day), start_of(day + timedelta(days=1))
    turns = list(turns_between(site, first, last))
    gap = next((one for one in _gaps(turns, first, last) if one[1] > now()), None)
    if gap is not None and any(one.starts_at >= first for one in turns):
        return gap
    before = Duty.objects.filter(site=site, starts_at__lt=first).order_by("starts_at", "pk").last()
    if before is None:
        begins = datetime.combine(day, time(18), local_zone()).astimezone(UTC)
        return begins, begins + HALF_A_DAY
    local = before.starts_at.astimezone(local_zone())
    begins = datetime.combine(day, local.time(), local_zone()).astimezone(UTC)
    return begins, begins + (before.ends_at - before.starts_at)


def turns_of_week(site: Site, monday: date) -> list[Duty]:
    """The turns at a site that touch a week, with their people."""
    return list(turns_between(site, *week_bounds(monday)).select_related("user", "site"))


def days_of(turns: Sequence[Duty], monday: date) -> list[Day]:
    """The days of a week with the turns that touch each of them, and the times nobody is on duty."""
    return [_day(monday + timedelta(days=number), turns) for number in range(7)]


def _day(day: date, turns: Sequence[Duty]) -> Day:
    first, last, at = start_of(day), start_of(day + timedelta(days=1)), now()
    own = [one for one in turns if one.starts_at < last and one.ends_at > first]
    shown = [
        Turn(
            one,
            _when(one, first, last),
            one.starts_at < first,
            one.starts_at <= at < one.ends_at,
            one.ends_at <= at,
        )
        for one in own
    ]
    gaps = [
        Gap(_clock(since, last), _clock(until, last), until <= at) for since, until in _gaps(own, first, last)
    ]
    return Day(day, tuple(shown), tuple(gaps), day == today(), day < today())


def _gaps(turns: Iterable[Duty], first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The times between two moments that no turn covers; turns in the order of their beginning."""
    reached = first
    for one in turns:
        if one.starts_at > reached:
            yield reached, one.starts_at
        reached = max(reached, one.ends_at)
    if reached < last:
        yield reached, last


def _when(duty: Duty, first: datetime, last: datetime) -> str:
    if duty.starts_at >= first:
        return span_in_words(duty.starts_at, duty.ends_at, dated=False)
    if duty.ends_at >= last:
        return _("all day, since %(at)s") % {"at": _dated(duty.starts_at)}
    return _("until %(time)s, since %(at)s") % {
        "time": _clock(duty.ends_at, last),
        "at": _dated(duty.starts_at),
    }


def span_in_words(starts_at: datetime, ends_at: datetime, *, dated: bool = True) -> str:
    """From when to when, on the local clock: `11-23 20:00 – 08:00 the next day`; without the first date if told."""
    day = starts_at.astimezone(local_zone()).date()
    last, later = start_of(day + timedelta(days=1)), start_of(day + timedelta(days=2))
    since = _dated(starts_at) if dated else _clock(starts_at, last)
    if ends_at <= last:
        return f"{since}–{_clock(ends_at, last)}"
    if ends_at <= later:
        return _("%(since)s–%(time)s the next day") % {"since": since, "time": _clock(ends_at, later)}
    return _("%(since)s to %(at)s") % {"since": since, "at": _dated(ends_at)}


def _clock(at: datetime, last: datetime) -> str:
    """The time of day; the midnight that ends it is 24:00."""
    return MIDNIGHT if at == last else f"{at.astimezone(local_zone()):%H:%M}"


def _dated(at: datetime) -> str:
    return f"{at.astimezone(local_zone()):%m-%d %H:%M}"


def on_duty_now(user_id: int, limit: int) -> list[Duty]:
    """Who is on duty now in one's reach, and one's own turns that begin within a day; the earlier first."""
    at = now()
    begun = Q(starts_at__lte=at) | Q(user=user_id, starts_at__lte=at + SOON)
    rows = Duty.objects.filter(begun, ends_at__gt=at).select_related("user", "site")
    return list(rows.order_by("starts_at", "pk")[:limit])
