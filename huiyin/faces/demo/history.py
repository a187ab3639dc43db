"""A month of believable work, written through the services under a moved clock."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random

from django.core.exceptions import PermissionDenied
from django.db.models import Q

from huiyin.base.kit.moment import moved_to, now
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Site
from huiyin.base.trail.jobs import relay
from huiyin.engines.clocks.jobs import tick
from huiyin.engines.messages.models import Notice
from huiyin.engines.messages.services import mark_read

from .callers import CHANNELS, HOURS, local, moments
from .centre import Centre

__all__ = ["CHANNELS", "HOURS", "Agenda", "write"]

Step = Callable[[], None]
PER_DAY = {"yunhe": 24.0, "zhengtai": 20.0}
"""Calls of a day at each site."""
ROUND = timedelta(minutes=20)
"""How often the ticker looks, in the past that is made up."""
OUTAGES = (("yunhe", 0, 0.3), ("zhengtai", 1, 0.62))
"""Which incident happened where, after which part of the time."""


class Agenda:
    """What is to happen at which moment, in order."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Step]] = []
        self._count = itertools.count()

    def __len__(self) -> int:
        return len(self._heap)

    def at(self, moment: datetime, step: Step) -> None:
        """Do something at a moment."""
        heapq.heappush(self._heap, (moment, next(self._count), step))

    def after(self, minutes: float, step: Step) -> None:
        """Do something so many minutes from now."""
        self.at(now() + timedelta(minutes=minutes), step)

    def run_until(self, end: datetime) -> int:
        """Everything up to a moment, each at its own; what the rules refuse does not happen."""
        done = 0
        while self._heap and self._heap[0][0] <= end:
            moment, _order, step = heapq.heappop(self._heap)
            # Somebody watching may have been faster, or taken a right away.
            with moved_to(moment), suppress(Refused, PermissionDenied):
                step()
                done += 1
        return done


def write(sites: Sequence[Site], random: Random, *, days: int, share: float = 1.0) -> int:
    """A past of so many local days, today included, at the sites; returns how many steps happened.

    `share` is how much of the usual number of calls there are.
    """
    agenda = Agenda()
    end = now()
    midnight = local(end).replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight - timedelta(days=days - 1)
    centres = {site.code: Centre(site, random, agenda) for site in sites}
    for code, centre in centres.items():
        for moment in moments(random, start, end, PER_DAY.get(code, 20.0) * share):
            agenda.at(moment, lambda centre=centre: centre.call())  # type: ignore[misc]
        # Whatever the dice say: at the end something is late at each site, but not much.
        agenda.at(end - timedelta(hours=98), centre.let_slip)
        agenda.at(_last_evening(end), centre.work_off)
    for code, number, part in OUTAGES:
        if code in centres:
            day = local(start + timedelta(days=days * part)).replace(hour=18, minute=12, second=40)
            agenda.at(day, lambda code=code, number=number: centres[code].outage(number))  # type: ignore[misc]
    first = sites[0].code
    agenda.at(end - timedelta(minutes=17), lambda: centres[first].outage(2))
    done = 0
    moment = start
    while moment < end:
        before, moment = moment, min(moment + ROUND, end)
        done += agenda.run_until(moment)
        with moved_to(moment):
            tick()
            relay()
            if local(before).hour < 18 <= local(moment).hour or moment == end:
                _read(random)
    return done


def _last_evening(end: datetime) -> datetime:
    """When the supervisor last went through what is overdue: an hour ago, or the evening before."""
    hour_ago = local(end - timedelta(minutes=70))
    if 9 <= hour_ago.hour < 20:
        return hour_ago
    day = hour_ago if hour_ago.hour >= 20 else hour_ago - timedelta(days=1)
    return day.replace(hour=19, minute=40)


def _read(random: Random) -> None:
    """People look at what they were told; of the last hours something is always left."""
    with use(system_scope("demo", via="command")) as scope:
        fresh = now() - timedelta(hours=3)
        left: dict[int, list[int]] = {}
        for user, pk in Notice.objects.filter(Q(read_at=None), at__lt=fresh).values_list("user", "pk"):
            left.setdefault(user, []).append(pk)
        for user, pks in left.items():
            if random.random() < 0.9:
                mark_read(user, pks=pks, by=scope.actor.__class__(user, "", "desk"))
