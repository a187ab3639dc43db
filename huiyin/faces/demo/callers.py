"""Who calls at a site of the demo company, when, and about what."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from huiyin.base.kit.moment import local_zone, now
from huiyin.base.org.models import Site
from huiyin.records.customers.models import ContactPoint, Customer, Holding
from huiyin.records.places.models import Place
from huiyin.work.cases.models import Category

from .world import data_of

HOURS = (1, 1, 1, 1, 1, 2, 5, 12, 22, 26, 22, 16, 10, 12, 16, 18, 16, 16, 18, 16, 12, 8, 4, 2)
"""How much is said in each hour of the day."""
WEEK = (1.12, 1.0, 0.95, 0.95, 1.03, 1.08, 0.87)
"""How much on each day of the week, Monday first."""
CHANNELS = (("phone", 62), ("counter", 12), ("wechat", 14), ("app", 7), ("site_walk", 3), ("hotline", 2))
REGULARS = 36
"""Households that call again and again."""
OFTEN = 0.16
"""How many of the calls are theirs."""
FRESH = 70
"""So many calls one after another have different titles, where the stories allow it."""
VISITS = (
    (9, "今天上午十点"),
    (11, "今天下午两点"),
    (15, "今天下午四点半"),
    (18, "今晚七点"),
    (24, "明天上午九点"),
)
"""When somebody comes, told before that hour."""


@dataclass(frozen=True, slots=True)
class Household:
    """A room that is lived in, and who is called there."""

    place: Place
    customer: Customer
    phone: str


@dataclass(frozen=True, slots=True)
class Call:
    """What is written down when somebody calls, and the story behind it."""

    story: dict[str, Any]
    values: dict[str, Any]


def local(at: datetime) -> datetime:
    """A moment as the clock on the wall shows it."""
    return at.astimezone(local_zone())


def answer_of(story: dict[str, Any], random: Random) -> str:
    """What somebody is told at this moment."""
    hour = local(now()).hour
    visit = next(words for until, words in VISITS if hour < until)
    text: str = random.choice(story["answers"])
    return text.replace("{visit}", visit)


def moments(random: Random, start: datetime, end: datetime, per_day: float) -> list[datetime]:
    """When people call between two moments: busy mornings, quiet nights, fewer calls on Sundays."""
    found = []
    day = local(start).replace(hour=0, minute=0, second=0, microsecond=0)
    while day < end:
        usual = per_day * WEEK[day.weekday()]
        for _ in range(max(0, round(random.gauss(usual, usual**0.5)))):
            hour = random.choices(range(24), HOURS)[0]
            moment = day + timedelta(hours=hour, seconds=random.uniform(0, 3600))
            if start <= moment < end:
                found.append(moment)
        day += timedelta(days=1)
    return found


class Callers:
    """The households of a site, and what moves them; read once, so that a call costs no query."""

    def __init__(self, site: Site, random: Random) -> None:
        self.random = random
        self.stories: list[dict[str, Any]] = data_of("stories")
        self.spots: list[str] = data_of("volume")["spots"]
        self.categories = {category.code: category for category in Category.objects.filter(site=None)}
        self.households = list(_households(site))
        self.regulars = random.sample(self.households, min(REGULARS, len(self.households)))
        places = Place.objects.filter(site=site, kind__in=("public_area", "building", "unit", "parking_lot"))
        self.places: dict[str, list[Place]] = {"building": [], "garden": [], "parking": []}
        for place in places.order_by("pk"):
            sort = {"public_area": "garden", "parking_lot": "parking"}.get(place.kind, "building")
            self.places[sort].append(place)
        self.places["public"] = self.places["building"] + self.places["garden"]
        self._said: deque[str] = deque(maxlen=FRESH)

    def call(self) -> Call:
        """Somebody calls at this moment."""
        random, hour = self.random, local(now()).hour
        weights = [story["weight"] * _likely(story.get("when", ""), hour) for story in self.stories]
        for _ in range(12):
            story = random.choices(self.stories, weights)[0]
            title = random.choice(story["titles"])
            if title not in self._said:
                break
        self._said.append(title)
        return self.about(story, title=title)

    def about(self, story: dict[str, Any], *, title: str = "", place: Place | None = None) -> Call:
        """Somebody calls about a certain story, perhaps about a certain place."""
        random = self.random
        household = random.choice(self.regulars if random.random() < OFTEN else self.households)
        where = story["place"]
        if where == "room":
            place = household.place
        elif where != "none" and place is None:
            there = self.places[where] or self.places["public"]
            place = random.choice(there) if there else household.place
        values: dict[str, Any] = {
            "kind": story["kind"],
            "category": self.categories.get(story["category"]),
            "severity": story.get("severity", "normal"),
            "title": title or random.choice(story["titles"]),
            "description": random.choice(story["details"]),
            "channel": self._channel(story["kind"]),
            "place": place,
            "location": random.choice(self.spots) if where == "room" and random.random() < 0.4 else "",
        }
        if values["channel"] != "site_walk":
            values |= {
                "customer": household.customer,
                "contact_name": household.customer.name,
                "contact_phone": household.phone,
            }
        return Call(story, values)

    def _channel(self, kind: str) -> str:
        """How somebody comes: emergencies by telephone, papers over the counter while it is open."""
        hour = local(now()).hour
        if kind in ("emergency", "help"):
            return "phone"
        open_now = 8 <= hour < 20
        if kind == "application" and open_now and self.random.random() < 0.6:
            return "counter"
        names, weights = zip(*CHANNELS, strict=True)
        channel: str = self.random.choices(names, weights)[0]
        if (channel in ("counter", "site_walk") and not open_now) or (
            channel == "site_walk" and kind not in ("repair", "complaint")
        ):
            return "phone"
        return channel


def _likely(when: str, hour: int) -> float:
    """How much more or less often a story is told at an hour."""
    if when == "night":
        return 5.0 if hour >= 21 or hour < 2 else 0.3
    if when == "day":
        return 1.0 if 8 <= hour < 20 else 0.05
    if when == "office":
        return 1.0 if 8 <= hour < 18 else 0.1
    return 1.0


def _households(site: Site) -> Iterable[Household]:
    """Every room of a site where somebody lives, with the person who answers there; three queries."""
    people: dict[int, Customer] = {}
    for holding in Holding.objects.filter(place__site=site, voided_at=None).select_related("customer"):
        people[holding.place_id] = holding.customer
    phones = dict(
        ContactPoint.objects.filter(site=site, kind="mobile").order_by("-pk").values_list("customer", "value")
    )
    for room in Place.objects.filter(site=site, kind="room").order_by("pk"):
        if room.pk in people:
            customer = people[room.pk]
            yield Household(room, customer, phones.get(customer.pk, ""))
