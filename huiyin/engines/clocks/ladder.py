"""The escalation ladder of a rule: who is told, how long before or after the due moment, in whose hours.

A step is counted from the start (`begun`), back from the due moment (`before`) or on from it (`after`). With
`hours` it is counted in that calendar and waits for its next opening: nobody is disturbed at night unless the
rule wants it. Steps are taken in their order, each once for the same due moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from huiyin.base.org.models import Post, Site
from huiyin.base.org.selectors import holders, standing, units_of_site

from .limits import Limit, Within
from .models import Clock, Duty
from .timing import calendar_for, calendar_of

RESPONSIBLE, LEAD, ON_DUTY = "responsible", "lead", "on_duty"
SPECIAL = (RESPONSIBLE, LEAD, ON_DUTY)
"""Whom a step may tell besides the holders of a post."""

SIDES = ("begun", "before", "after")
LEVELS = 10
_PLAIN = {"seconds": 1, "minutes": 60, "hours": 3600}

Away = Callable[[int, Site, datetime], bool]
_away: list[Away] = []


def tell_absence(func: Away) -> Away:
    """Register who knows that a person (by id) is away from a site at a moment; deputies are told instead."""
    if func not in _away:
        _away.append(func)
    return func


@dataclass(frozen=True, slots=True)
class Rung:
    """One step: counted from which side, how long, whom it tells, in the hours of which calendar."""

    side: str
    amount: Within
    to: tuple[str, ...]
    hours: str | None = None

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Rung:
        """A step as a rule keeps it."""
        side = next(one for one in SIDES if data.get(one) is not None)
        amount = Limit.parse(data[side])
        assert isinstance(amount, Within)
        return cls(side, amount, tuple(data["to"]), data.get("hours"))

    @property
    def offset(self) -> timedelta | None:
        """How far it lies from the start or the due moment, where that is always the same."""
        if self.hours is not None or self.amount.unit not in _PLAIN:
            return None
        seconds = float(self.amount.value) * _PLAIN[self.amount.unit]
        return timedelta(seconds=-seconds if self.side == "before" else seconds)

    def moment(self, clock: Clock) -> datetime:
        """When it is taken for a clock (UTC)."""
        base = clock.started_at if self.side == "begun" else clock.due_at
        offset = self.offset
        if offset is not None:
            return base + offset
        calendar = (
            calendar_for(clock.site_id, code=self.hours) if self.hours else calendar_of(clock.calendar_id)
        )
        value = -self.amount.value if self.side == "before" else self.amount.value
        at = Within(value, self.amount.unit).due(base, calendar)
        if self.hours and not calendar.is_working(at):
            at = calendar.due(at, 1, "working_seconds") - timedelta(seconds=1)
        return at


def rungs_of(clock: Clock) -> tuple[Rung, ...]:
    """The ladder of the rule a clock started under."""
    return tuple(Rung.read(one) for one in clock.rule.get("ladder", ()))


def place(clock: Clock, at: datetime) -> None:
    """Say which step of the ladder comes next: those taken are taken again once the due moment moved past."""
    rungs = rungs_of(clock)
    taken = 0
    for rung in rungs[: clock.rung]:
        if rung.moment(clock) > at:
            break
        taken += 1
    clock.rung = taken
    clock.rung_at = rungs[taken].moment(clock) if taken < len(rungs) else None


def recipients(rung: Rung, site: Site, owner_id: int | None, at: datetime) -> list[int]:
    """The people a step tells, by id. An empty post is passed on to its deputy, then to the post above."""
    found: dict[int, None] = {}
    for one in rung.to:
        if one == RESPONSIBLE:
            people: Iterable[int] = () if owner_id is None else (owner_id,)
        elif one == ON_DUTY:
            people = on_duty(site, at) or leads_of(site, owner_id, at)
        elif one == LEAD:
            people = leads_of(site, owner_id, at)
        else:
            people = _in_post(Post.objects.filter(code=one).first(), site, at)
        found.update(dict.fromkeys(people))
    return list(found)


def on_duty(site: Site, at: datetime) -> list[int]:
    """Who is on duty at a site at a moment, by id."""
    rows = Duty.objects.filter(site=site, starts_at__lte=at, ends_at__gt=at, user__is_active=True)
    return list(rows.order_by("starts_at", "id").values_list("user_id", flat=True))


def leads_of(site: Site, owner_id: int | None, at: datetime) -> list[int]:
    """The people above whoever is responsible: the holders of the post their post reports to."""
    if owner_id is None:
        return []
    own = standing().filter(user_id=owner_id, unit__in=units_of_site(site)).select_related("post__reports_to")
    for appointment in own.order_by("starts_on", "id"):
        people = _in_post(appointment.post.reports_to, site, at)
        if people:
            return people
    return []


def _in_post(post: Post | None, site: Site, at: datetime) -> list[int]:
    for _level in range(LEVELS):
        if post is None:
            break
        people = _present(post.code, site, at)
        if not people and post.deputy is not None:
            people = _present(post.deputy.code, site, at)
        if people:
            return people
        post = post.reports_to
    return []


def _present(code: str, site: Site, at: datetime) -> list[int]:
    people = holders(code, site).values_list("pk", flat=True)
    return [pk for pk in people if not any(knows(pk, site, at) for knows in _away)]


def in_order(rungs: Sequence[Rung], clock: Clock) -> bool:
    """Whether the steps follow each other in time for a clock."""
    moments = [rung.moment(clock) for rung in rungs]
    return moments == sorted(moments)
