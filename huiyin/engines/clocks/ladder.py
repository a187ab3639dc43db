"""The escalation ladder of a rule: who is told, how long before or after the due moment, in whose hours.

A step is counted from the start (`begun`), back from the due moment (`before`) or on from it (`after`). With
`hours` it is counted in that calendar and waits for its next opening: nobody is disturbed at night unless the
rule wants it. Steps are taken in their order, each once for the same due moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from huiyin.base.org.models import Post, Site
from huiyin.base.org.selectors import holders, staff_of, standing, units_of_site

from .limits import Limit, Within
from .models import Clock, Duty
from .registry import absent
from .timing import calendar_for, calendar_of

RESPONSIBLE, LEAD, ON_DUTY = "responsible", "lead", "on_duty"
SPECIAL = (RESPONSIBLE, LEAD, ON_DUTY)
"""Whom a step may tell besides the holders of a post."""

SIDES = ("begun", "before", "after")
LEVELS = 10
_PLAIN = {"seconds": 1, "minutes": 60, "hours": 3600}

Told = dict[int, int | None]
"""Whom a step tells, by id; those who stand in for somebody with the id of whoever is away."""


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
    """The people a step tells, by id; see `told`."""
    return list(told(rung, site, owner_id, at))


def told(rung: Rung, site: Site, owner_id: int | None, at: datetime) -> Told:
    """The people a step tells. Who is away is replaced by whoever stands in for them.

    A post that is empty, or whose holders are away with nobody for them, is passed on to its deputy, then to the
    post above; whoever is responsible then to their superior.
    """
    found: Told = {}
    for one in rung.to:
        if one == RESPONSIBLE:
            people = _responsible(owner_id, site, at)
        elif one == ON_DUTY:
            people = present(on_duty(site, at), site, at) or leads_of(site, owner_id, at)
        elif one == LEAD:
            people = leads_of(site, owner_id, at)
        else:
            people = _in_post(Post.objects.filter(code=one).first(), site, at)
        for person, instead_of in people.items():
            found.setdefault(person, instead_of)
    return found


def on_duty(site: Site, at: datetime) -> list[int]:
    """Who is on duty at a site at a moment, by id."""
    rows = Duty.objects.filter(site=site, starts_at__lte=at, ends_at__gt=at, user__is_active=True)
    return list(rows.order_by("starts_at", "id").values_list("user_id", flat=True))


def leads_of(site: Site, owner_id: int | None, at: datetime) -> Told:
    """The people above whoever is responsible: the holders of the post their post reports to."""
    if owner_id is None:
        return {}
    own = standing().filter(user_id=owner_id, unit__in=units_of_site(site)).select_related("post__reports_to")
    for appointment in own.order_by("starts_on", "id"):
        people = _in_post(appointment.post.reports_to, site, at)
        if people:
            return people
    return {}


def present(people: Iterable[int], site: Site, at: datetime) -> Told:
    """Some people, those who are away replaced by those of the site's staff who stand in for them."""
    found: Told = {}
    waiting: list[tuple[int, int | None]] = [(person, None) for person in people]
    seen: set[int] = set()
    for _level in range(LEVELS):
        away = absent({person for person, _whom in waiting}, site, at) if waiting else {}
        following: list[tuple[int, int | None]] = []
        for person, whom in waiting:
            if person in seen:
                continue
            seen.add(person)
            if person in away:
                following += [(deputy, person if whom is None else whom) for deputy in away[person]]
            else:
                found.setdefault(person, whom)
        waiting = _of_staff(following, site)
    return found


def _of_staff(people: list[tuple[int, int | None]], site: Site) -> list[tuple[int, int | None]]:
    if not people:
        return []
    staff = staff_of([site]).filter(pk__in={person for person, _whom in people})
    known = set(staff.values_list("pk", flat=True))
    return [one for one in people if one[0] in known]


def _responsible(owner_id: int | None, site: Site, at: datetime) -> Told:
    if owner_id is None:
        return {}
    return present([owner_id], site, at) or leads_of(site, owner_id, at) or {owner_id: None}


def _in_post(post: Post | None, site: Site, at: datetime) -> Told:
    for _level in range(LEVELS):
        if post is None:
            break
        people = _present(post.code, site, at)
        if not people and post.deputy is not None:
            people = _present(post.deputy.code, site, at)
        if people:
            return people
        post = post.reports_to
    return {}


def _present(code: str, site: Site, at: datetime) -> Told:
    return present(holders(code, site).values_list("pk", flat=True), site, at)


def in_order(rungs: Sequence[Rung], clock: Clock) -> bool:
    """Whether the steps follow each other in time for a clock."""
    moments = [rung.moment(clock) for rung in rungs]
    return moments == sorted(moments)
