"""A month of believable work, written through the services under a moved clock."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db import transaction

from huiyin.base.kit.moment import local_zone, moved_to, now
from huiyin.base.kit.scope import use
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import OrgUnit, Site, User
from huiyin.base.org.selectors import scope_of
from huiyin.base.trail.jobs import relay
from huiyin.engines.clocks.jobs import tick
from huiyin.records.customers.models import ContactPoint, Holding
from huiyin.records.places.models import Place
from huiyin.work.cases import joining, services
from huiyin.work.cases.models import Case, Category

from .world import data_of

HOURS = (1, 1, 1, 1, 1, 2, 5, 12, 22, 26, 22, 16, 10, 12, 16, 18, 16, 16, 18, 16, 12, 8, 4, 2)
"""How much is said in each hour of the day."""
CHANNELS = (("phone", 62), ("counter", 12), ("wechat", 14), ("app", 7), ("site_walk", 3), ("hotline", 2))
Step = Callable[[], None]


class Centre:
    """A site at work: who takes in, who works, and what is agreed for later."""

    def __init__(self, site: Site, random: Random, agenda: Agenda) -> None:
        self.site, self.random, self.agenda = site, random, agenda
        self.stories: list[dict[str, Any]] = data_of("stories")
        self.weights = [story["weight"] for story in self.stories]
        self.categories = {c.code: c for c in Category.objects.all()}
        self.rooms = list(Place.objects.filter(site=site, kind="room").values_list("pk", flat=True))
        self.public = list(Place.objects.filter(site=site, kind__in=("public_area", "building", "unit")))
        self.parking = list(Place.objects.filter(site=site, kind="parking_lot"))
        self.teams = {unit.code.rsplit("-", 1)[-1]: unit for unit in OrgUnit.objects.filter(parent=site.unit)}

    def people(self, login: str) -> list[User]:
        """The site's people whose account begins so."""
        return list(User.objects.filter(username__startswith=login, username__endswith=f".{self.site.code}"))

    def as_(self, user: User) -> Any:
        """The scope of a member of staff."""
        return use(scope_of(user))

    def somebody(self, *logins: str) -> User:
        """One of the people doing such work."""
        if not hasattr(self, "_people"):
            self._people: dict[str, list[User]] = {}
        login = self.random.choice(logins)
        if login not in self._people:
            self._people[login] = self.people(login)
        return self.random.choice(self._people[login])

    def take_in(self) -> Case | None:
        """Somebody calls: a case is registered, and its further steps are put on the agenda."""
        random = self.random
        story = random.choices(self.stories, self.weights)[0]
        place, holding = self._whereabouts(story["place"])
        clerk = self.somebody("front", "front", "service", "operator")
        values: dict[str, Any] = {
            "kind": story["kind"],
            "category": self.categories.get(story["category"]),
            "severity": story.get("severity", "normal"),
            "title": random.choice(story["titles"]),
            "description": random.choice(story["details"]),
            "channel": random.choices(*zip(*CHANNELS, strict=True))[0],
            "place": place,
        }
        if holding is not None:
            phone = ContactPoint.objects.filter(customer=holding.customer, kind="mobile").first()
            values |= {
                "customer": holding.customer,
                "contact_name": holding.customer.name,
                "contact_phone": phone.value if phone else "",
            }
        with self.as_(clerk) as scope, transaction.atomic():
            case = services.register(self.site, **values, by=scope.actor)
        self._plan(case, story)
        return case

    def _whereabouts(self, where: str) -> tuple[Place | None, Holding | None]:
        if where == "none":
            return None, None
        room = Place.objects.get(pk=self.random.choice(self.rooms))
        holding = Holding.objects.filter(place=room).select_related("customer").order_by("-pk").first()
        if where == "public":
            return self.random.choice(self.public), holding
        if where == "parking":
            return self.random.choice(self.parking or self.public), holding
        return room, holding

    def _plan(self, case: Case, story: dict[str, Any]) -> None:
        random, later = self.random, self.agenda.after
        usual = story["minutes"]
        minutes = (
            usual * random.uniform(0.25, 1.0) if random.random() < 0.87 else usual * random.uniform(1.3, 6)
        )
        if random.random() < 0.03:
            return  # forgotten: the clocks will tell
        at_once = story["kind"] == "consultation" and random.random() < 0.8
        if not at_once:
            later(minutes * 0.15, lambda: self.hand_on(case, story["kind"]))
            later(minutes * 0.4, lambda: self.step(case, services.begin))
            if random.random() < 0.08:
                later(minutes * 0.5, lambda: self.let_wait(case))
        later(minutes, lambda: self.answer(case, random.choice(story["answers"])))
        if random.random() < 0.93:
            later(minutes + random.uniform(60, 2400), lambda: self.step(case, services.close))
        if random.random() < 0.03:
            later(
                minutes + random.uniform(2500, 5000),
                lambda: self.reopen(case, random.choice(story["answers"])),
            )

    def fresh(self, case: Case) -> Case:
        """The case as it stands now."""
        found: Case = Case.objects.select_related("site__unit").get(pk=case.pk)
        return found

    def hand_on(self, case: Case, kind: str) -> None:
        """The desk passes the case to whoever does such work."""
        worker = {"repair": "repair", "emergency": "engineer", "complaint": "steward", "help": "guard"}.get(
            kind
        )
        with self.as_(self.somebody("supervisor")) as scope:
            if kind == "repair" and self.random.random() < 0.2:
                services.assign(self.fresh(case), team=self.teams["repair"], by=scope.actor)
            else:
                person = self.somebody(worker or "service")
                services.assign(self.fresh(case), responsible=person, by=scope.actor)

    def worker(self, case: Case) -> User:
        """Whoever answers for the case, else somebody of the desk."""
        return case.responsible or self.somebody("repair")

    def step(self, case: Case, command: Any) -> None:
        """One step without words; closing is the desk's."""
        case = self.fresh(case)
        user = self.somebody("supervisor") if command is services.close else self.worker(case)
        with self.as_(user) as scope:
            command(case, by=scope.actor)

    def let_wait(self, case: Case) -> None:
        """Wait for a part or for the customer."""
        case = self.fresh(case)
        reason = self.random.choice(("等配件到货", "住户约改天上门", "等待维保单位"))
        with self.as_(self.worker(case)) as scope:
            services.wait(case, reason=reason, until=now() + timedelta(hours=20), by=scope.actor)

    def answer(self, case: Case, text: str) -> None:
        """Tell the customer."""
        case = self.fresh(case)
        with self.as_(self.worker(case)) as scope:
            services.answer(case, text=text, by=scope.actor)

    def reopen(self, case: Case, text: str) -> None:
        """It broke again."""
        with self.as_(self.somebody("supervisor")) as scope:
            services.reopen(self.fresh(case), reason="住户反映问题再次出现", by=scope.actor)
        self.agenda.after(self.random.uniform(10, 90), lambda: self.answer(case, text))

    def outage(self, title: str, script: str, answer: str) -> None:
        """Many call about one cause; one answer tells them all."""
        cases = [case for case in (self.take_in() for _ in range(6)) if case is not None]
        with self.as_(self.somebody("supervisor")) as scope:
            live = [self.fresh(case) for case in cases]
            incident = joining.open_incident(
                self.site, title=title, script=script, cases=live, by=scope.actor
            )

        def end() -> None:
            with self.as_(self.somebody("supervisor")) as scope:
                joining.answer_incident(incident, text=answer, by=scope.actor)

        self.agenda.after(130, end)


class Agenda:
    """What is to happen at which moment, in order."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Step]] = []
        self._count = itertools.count()

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
            with moved_to(moment):
                try:
                    step()
                    done += 1
                except Refused:
                    continue
        return done


def moments(random: Random, start: datetime, end: datetime, per_day: int) -> list[datetime]:
    """When people call between two moments: busy mornings, quiet nights."""
    found = []
    day = start.astimezone(local_zone()).replace(hour=0, minute=0, second=0, microsecond=0)
    while day < end:
        for _ in range(int(random.gauss(per_day, per_day**0.5))):
            hour = random.choices(range(24), HOURS)[0]
            moment = day + timedelta(hours=hour, seconds=random.uniform(0, 3600))
            if start <= moment < end:
                found.append(moment)
        day += timedelta(days=1)
    return found


def write(sites: list[Site], random: Random, *, days: int, per_day: int) -> int:
    """A past of so many days at the sites; returns how many steps happened."""
    agenda = Agenda()
    end = now()
    start = end - timedelta(days=days)
    for site in sites:
        centre = Centre(site, random, agenda)
        for moment in moments(random, start, end, per_day):
            agenda.at(moment, lambda centre=centre: centre.take_in())  # type: ignore[misc]
        agenda.at(
            start + timedelta(days=days * 0.6, hours=3),
            lambda centre=centre: centre.outage(  # type: ignore[misc]
                "二次供水泵故障,高区停水",
                "高区水泵故障正在抢修，预计两小时恢复，请储备用水。",
                "水泵已修复，供水恢复正常，放水一分钟后可用。",
            ),
        )
    done = 0
    hour = start
    while hour < end:
        hour = min(hour + timedelta(hours=1), end)
        done += agenda.run_until(hour)
        with moved_to(hour):
            tick()
            relay()
    return done
