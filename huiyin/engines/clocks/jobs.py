"""The ticker: warns and finds breaches when they are due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from huiyin.base.kit.jobs import periodic
from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import Actor, system_scope, use

from . import changes
from .models import CalendarVersion, Clock
from .moves import BREACHED, WARNED, tell

TICKER = Actor(None, "clocks", "worker")


@dataclass(frozen=True, slots=True)
class Counts:
    """What one tick found."""

    warned: int = 0
    breached: int = 0

    @property
    def total(self) -> int:
        """How many clocks it dealt with."""
        return self.warned + self.breached


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
    due = (
        Clock.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(wake_at__lt=at)
        .order_by("wake_at")
        .values_list("pk", "due_at")[:limit]
    )
    breached: list[int] = []
    warned: list[int] = []
    for pk, due_at in due:
        (breached if due_at < at else warned).append(pk)
    if breached:
        _update(breached, at, breached_at=at, wake_at=None)
        tell(breached, BREACHED, TICKER)
    if warned:
        _update(warned, at, wake_at=F("due_at"))
        tell(warned, WARNED, TICKER)
    return Counts(len(warned), len(breached))


def _update(ids: list[int], at: datetime, **changes: object) -> None:
    """Change the claimed clocks, if each of them is still to be looked at."""
    done = Clock.objects.filter(pk__in=ids, wake_at__lt=at).update(**changes)
    if done != len(ids):
        raise ClaimLost(f"{len(ids) - done} clocks were changed meanwhile")


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
