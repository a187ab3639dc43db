"""The ticker: warns, finds breaches, climbs ladders and ends pauses when they are due."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Case, F, Q, Value, When

from huiyin.base.kit.ids import OneOf
from huiyin.base.kit.jobs import periodic
from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import Actor, system_scope, use
from huiyin.base.org.models import Site, User

from . import changes, ladder
from .ladder import LEAD, ON_DUTY, RESPONSIBLE, Rung
from .models import CalendarVersion, Clock
from .moves import BREACHED, ESCALATED, WARNED, tell

SPECIAL_FOR_OWNER = {RESPONSIBLE, LEAD, ON_DUTY}
TICKER = Actor(None, "clocks", "worker")


@dataclass(frozen=True, slots=True)
class Counts:
    """What one tick found."""

    warned: int = 0
    breached: int = 0
    resumed: int = 0
    escalated: int = 0

    @property
    def total(self) -> int:
        """How many clocks it dealt with."""
        return self.warned + self.breached + self.resumed + self.escalated


class ClaimLost(RuntimeError):
    """A clock that was locked was changed by somebody else: the tick is undone and tried again."""


def tick(limit: int = 2000) -> Counts:
    """Look after up to `limit` due clocks in one transaction; call it again as long as it finds any.

    A clock is late once its due moment has passed, not at that moment. Any number of tickers may run: each
    locks what it takes and skips what others hold. One that is killed leaves nothing half done.
    """
    with use(system_scope("clocks")):
        # Outside a transaction first: on SQLite an idle tick must not take the write lock.
        if not Clock.objects.filter(wake_at__lt=now()).order_by("wake_at").values("pk")[:1]:
            return Counts()
        with transaction.atomic():
            return _claim(limit)


def _claim(limit: int) -> Counts:
    at = now()
    # What is due of each is asked of the database: reading moments of thousands of rows costs more than they do.
    late = Q(breached_at=None, due_at__lt=at)
    soon = Q(breached_at=None, due_at__gte=at, warn_at__lt=at, warn_at__gte=F("wake_at"))
    due = (
        Clock.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(wake_at__lt=at)
        .order_by("wake_at")
        .values_list("pk", "state", _whether(late), _whether(soon), _whether(Q(rung_at__lt=at)))[:limit]
    )
    breached: list[int] = []
    warned: list[int] = []
    resting: list[int] = []
    climbing: list[int] = []
    for pk, state, is_late, is_soon, climbs in due:
        if state == Clock.State.PAUSED:
            resting.append(pk)
            continue
        if is_late:
            breached.append(pk)
        elif is_soon:
            warned.append(pk)
        if climbs:
            climbing.append(pk)
    for clock in Clock.objects.filter(pk__in=resting) if resting else ():
        changes.resume(clock, at, TICKER)
    if breached:
        _update(breached, at, breached_at=at, wake_at=F("rung_at"))
        tell(breached, BREACHED, TICKER)
    if warned:
        sooner = When(rung_at__lt=F("due_at"), then=F("rung_at"))
        _update(warned, at, wake_at=Case(sooner, default=F("due_at")))
        tell(warned, WARNED, TICKER)
    if climbing:
        climb(climbing, at, TICKER)
    return Counts(len(warned), len(breached), len(resting), len(climbing))


def _whether(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False))


def _update(ids: list[int], at: datetime, **changes: object) -> None:
    """Change the claimed clocks, if each of them is still to be looked at."""
    _all_done(Clock.objects.filter(OneOf("pk", ids), wake_at__lt=at).update(**changes), ids)


def _all_done(done: int, ids: list[int]) -> None:
    if done != len(ids):
        raise ClaimLost(f"{len(ids) - done} clocks were changed meanwhile")


def climb(ids: list[int], at: datetime, by: Actor) -> None:
    """Take the next step of the ladder for locked clocks: tell it, and say when the one after it is due.

    Clocks of one site and rule go together; one that is several steps behind takes them one by one.
    """
    groups: dict[tuple[int, int, int | None, str], list[Clock]] = {}
    for clock in Clock.objects.filter(OneOf("pk", ids)):
        steps = clock.rule["ladder"]
        asks_owner = not SPECIAL_FOR_OWNER.isdisjoint(steps[clock.rung]["to"])
        key = (clock.site_id, clock.rung, clock.owner_id if asks_owner else None, json.dumps(steps))
        groups.setdefault(key, []).append(clock)
    sites = Site.objects.select_related("unit").in_bulk({key[0] for key in groups})
    for (site_id, number, owner_id, _steps), clocks in groups.items():
        rungs = ladder.rungs_of(clocks[0])
        told = ladder.told(rungs[number], sites[site_id], owner_id, at)
        away = {whom for whom in told.values() if whom is not None}
        following = rungs[number + 1] if number + 1 < len(rungs) else None
        _step_up(clocks, number, following)
        said = {"recipients": ",".join(map(str, told)), "to": ",".join(rungs[number].to)}
        if away:
            said["away"] = ", ".join(map(str, User.objects.filter(pk__in=away).order_by("name", "pk")))
        tell([one.pk for one in clocks], ESCALATED, by, rung=number + 1, **said)
    later = Q(rung_at__isnull=True) | Q(rung_at__gt=F("warn_at"))
    Clock.objects.filter(OneOf("pk", ids)).update(
        wake_at=Case(
            When(breached_at__isnull=False, then=F("rung_at")),
            When(later, warn_at__gte=at, then=F("warn_at")),
            When(rung_at__lt=F("due_at"), then=F("rung_at")),
            default=F("due_at"),
        )
    )


def _step_up(clocks: list[Clock], number: int, following: Rung | None) -> None:
    ids = [one.pk for one in clocks]
    rows = Clock.objects.filter(OneOf("pk", ids), rung=number)
    offset = following.offset if following is not None else None
    if following is None:
        _all_done(rows.update(rung=number + 1, rung_at=None), ids)
    elif offset is not None:
        base = F("started_at" if following.side == "begun" else "due_at")
        _all_done(rows.update(rung=number + 1, rung_at=base + Value(offset)), ids)
    else:
        for clock in clocks:
            one = rows.filter(pk=clock.pk)
            _all_done(one.update(rung=number + 1, rung_at=following.moment(clock)), [clock.pk])


@periodic(every=10)
def recount(limit: int = 500) -> int:
    """Lead a batch of running clocks over to the calendars that took the place of theirs; how many.

    Each batch is a transaction of its own, locks what it takes and skips what others hold.
    """
    with use(system_scope("clocks")):
        old = list(CalendarVersion.objects.filter(superseded_by__isnull=False).values_list("pk", flat=True))
        found = Clock.objects.filter(calendar__in=old, stopped_at=None)
        if not old or not found.order_by().exists():
            return 0
        with transaction.atomic():
            clocks = list(found.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:limit])
            for clock in clocks:
                changes.recount(clock, TICKER)
        return len(clocks)


@periodic(every=2)
def run_due() -> int:
    """Deal with a batch of due clocks; returns how many."""
    return tick().total
