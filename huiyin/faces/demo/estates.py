"""Generated sites: their people, buildings and households, row by row as the services would write them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random

from huiyin.base.kit.moment import local_zone
from huiyin.base.kit.rows import sort_of
from huiyin.base.kit.scope import Actor
from huiyin.base.org.models import OrgUnit, Post, Site, User
from huiyin.base.org.services import add_unit, add_user, appoint
from huiyin.base.trail.models import Event
from huiyin.engines.numbering.models import Counter
from huiyin.engines.search.models import Entry
from huiyin.engines.search.pinyin import name_tokens
from huiyin.engines.search.text import document_tokens, kind_token, phone_tokens, site_token
from huiyin.records.customers.contacts import name_key
from huiyin.records.customers.drafts import draft_identity, read_paper
from huiyin.records.customers.models import ContactPoint, Customer, Holding, IdentityNumber, Merge
from huiyin.records.places.addresses import Address
from huiyin.records.places.models import Asset, Place

from .bulk import Loader, Row, Sheet, lexemes
from .households import CARE, SIZES, Plan, identity
from .world import PASSWORD, Names, data_of

SMALL, LARGE = Plan(0, 2, 6, 2), Plan(0, 2, 17, 4)
LARGE_FROM = 1500
"""From so many households on a site has high buildings."""
STAFF = (
    ("director", "site-director", 1),
    ("supervisor", "cs-supervisor", 1),
    ("front", "front-desk", 3),
    ("service", "cs-officer", 2),
    ("steward", "floor-steward", 3),
    ("engineer", "engineering-supervisor", 1),
    ("repair", "engineering-technician", 5),
)
TRIED = ("director", "supervisor", "front", "repair")
"""Who of the first site can sign in; a password takes time to make."""
PUBLIC = (
    ("中心花园", "public_area"), ("儿童乐园", "public_area"), ("北门岗", "public_area"), ("地下车库", "parking_lot"),
    ("生活水泵房", "equipment_room"), ("高压配电房", "equipment_room"),
)  # fmt: skip
HOUSEHOLDS_PER_PORTION = 4000
PRIMES = ("38", "39", "35", "36", "58", "59", "86", "87", "77")

PLACE_TOKEN, CUSTOMER_TOKEN = kind_token("places.place"), kind_token("customers.customer")

words = cache(document_tokens)
named = cache(name_tokens)


@cache
def quoted(text: str) -> str:
    """A text as it stands in JSON."""
    return json.dumps(text, ensure_ascii=False)


_HMS = [f"{h:02d}:{m:02d}:{s:02d}" for h in range(24) for m in range(60) for s in range(60)]


@cache
def _day(number: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=number)).isoformat()


def stamp(second: int) -> str:
    """A moment, given in seconds since 1970 (UTC), as both databases read it."""
    days, rest = divmod(second, 86_400)
    return f"{_day(days)} {_HMS[rest]}"


@cache
def _local_day(quarter: int) -> date:
    return datetime.fromtimestamp(quarter * 900, UTC).astimezone(local_zone()).date()


def local_day(second: int) -> date:
    """The local day of a moment, given in seconds since 1970 (UTC)."""
    return _local_day(second // 900)


PLACES = Sheet(
    Place, "id", "site_id", "parent_id", "kind", "code", "name", "key", "building", "unit", "floor", "room", "sort",
    "path", "use", "layout", "building_area", "inner_area", "occupancy", "handed_over_on", "updated_at",
)  # fmt: skip
CUSTOMERS = Sheet(
    Customer, "id", "site_id", "code", "name", "name_key", "gender", "birthday", "care", "has_care", "created_at",
    "updated_at",
)  # fmt: skip
POINTS = Sheet(
    ContactPoint, "id", "site_id", "customer_id", "kind", "value", "normalised", "tail4", "is_primary", "created_at"
)  # fmt: skip
HOLDINGS = Sheet(Holding, "id", "site_id", "customer_id", "place_id", "role", "starts_on", "known_at")
PAPERS = Sheet(
    IdentityNumber, "id", "site_id", "customer_id", "kind", "sealed", "key_id", "blind", "masked", "verified", "created_at"
)  # fmt: skip
EVENTS = Sheet(
    Event, "at", "verb", "site_id", "actor_id", "actor_label", "via", "subject_type", "subject_id", "root_type",
    "root_id", "data",
)  # fmt: skip
ENTRIES = Sheet(Entry, "site_id", "kind", "subject_id", "title", "subtitle", "at", "tokens")
COUNTERS = Sheet(Counter, "site_id", "series", "period", "value")
UNTOUCHED = (Sheet(Asset), Sheet(Merge))
"""Tables that get no rows but refer to those that do."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One address, or a name where there is none, with all that follows from it."""

    address: Address
    code: str
    name: str
    key: str
    sort: str
    tokens: str


@dataclass(slots=True)
class Home:
    """One household as cases need it: the room, who is called, and the tokens of both."""

    place_id: int
    place_name: str
    place_code: str
    customer_id: int
    name: str
    phone: str


@dataclass
class Estate:
    """One generated site: its rows in the organisation, its people by what they do, its homes and public places."""

    site: Site
    people: dict[str, list[User]]
    team: OrgUnit
    households: int
    homes: list[Home] = field(default_factory=list)
    public: list[tuple[int, str, str]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    """The last case number of each local day."""


def found(sites: int, households: int, random: Random, since: date, by: Actor) -> list[Estate]:
    """The organisation: a company with two branches, its sites with their people, written by the services."""
    names = Names(random)
    estates = data_of("volume")["estates"]
    posts = {post.code: post for post in Post.objects.all()}
    root = add_unit(None, kind="company", code="volume", name="云正物业服务集团", by=by)
    branches = [
        add_unit(root, kind="branch", code=code, name=name, by=by)
        for code, name in (("east", "东区"), ("west", "西区"))
    ]

    def person(unit: OrgUnit, login: str, post: str, *, signs_in: bool = True) -> User:
        password = PASSWORD if signs_in else ""
        user = add_user(None, username=login, name=names.person(), password=password, by=by)
        appoint(unit, user=user, post=posts[post], starts_on=since, by=by)
        return user

    person(root, "gm", "general-manager")
    person(root, "admin", "system-administrator")
    for branch in branches:
        person(branch, f"manager.{branch.code}", "cs-manager")
    made = []
    for number in range(1, sites + 1):
        code = f"s{number:02d}"
        called = estates[(number - 1) % len(estates)] + ("" if number <= len(estates) else f"{number}")
        branch = branches[2 * (number - 1) // sites]
        unit = add_unit(branch, kind="site", code=code, name=called, by=by)
        team = add_unit(unit, kind="team", code=f"{code}-repair", name=f"{called}维修班", by=by)
        people = {
            login: [
                person(
                    unit,
                    f"{login}{n if count > 1 else ''}.{code}",
                    post,
                    signs_in=number == 1 and login in TRIED and n == 1,
                )
                for n in range(1, count + 1)
            ]
            for login, post, count in STAFF
        }
        share = households * number // sites - households * (number - 1) // sites
        made.append(Estate(Site.objects.select_related("unit").get(code=code), people, team, share))
    return made


class Builder:
    """Writes the places and households of the estates, numbering the rows itself."""

    def __init__(self, loader: Loader, random: Random, start: int, end: int, by: Actor) -> None:
        self.loader, self.random, self.by = loader, random, by
        self.start, self.end = start, end
        self.names = Names(random)
        self.known = data_of("volume")["known"]
        self.place = self.customer = self.point = self.holding = self.paper = self.first = 0
        self.rows: dict[Sheet, list[Row]] = {}
        self.site_id = 0
        self.handed = local_day(start - 200 * 86_400).isoformat()

    def build(self, estate: Estate, *, with_known: bool) -> None:
        """All places and households of one estate; the known caller lives in 3-2-501, else in the last room."""
        self.site_id, self.first = estate.site.pk, self.customer
        self._surroundings(estate)
        plan = LARGE if estate.households >= LARGE_FROM else SMALL
        above: dict[str, tuple[int, str]] = {}
        for number, (spot, floor) in enumerate(_rooms(plan, estate.households)):
            parent = self._above(spot.address, above)
            last = number == estate.households - 1
            at_home = with_known and (spot.code == "3-2-501" or (last and not self._has_known(estate)))
            self._household(estate, spot, floor, parent, at_home)
            if number % HOUSEHOLDS_PER_PORTION == HOUSEHOLDS_PER_PORTION - 1:
                self._hand_in()
        self._add(COUNTERS, (self.site_id, "customer", "", self.customer - self.first))
        self._hand_in()

    def _has_known(self, estate: Estate) -> bool:
        return any(home.phone == self.known["phone"] for home in estate.homes)

    def _add(self, sheet: Sheet, row: Row) -> None:
        self.rows.setdefault(sheet, []).append(row)

    def _hand_in(self) -> None:
        for sheet, rows in self.rows.items():
            self.loader.put(sheet, rows)
        self.rows = {}

    def _event(
        self, at: str, verb: str, subject_type: str, subject_id: int, root_type: str, root_id: int, data: str
    ) -> None:
        by = self.by
        self._add(
            EVENTS,
            (
                at,
                verb,
                self.site_id,
                by.user_id,
                by.label,
                by.via,
                subject_type,
                subject_id,
                root_type,
                root_id,
                data,
            ),
        )

    def _surroundings(self, estate: Estate) -> None:
        for name, kind in PUBLIC:
            tokens = f"{words(name)} {words(name)} {words(name)} {words(name)} {named(name)}"
            spot = Spot(Address(""), name, name, "", sort_of(name), tokens)
            estate.public.append((self._place((None, "/"), kind, spot), name, name))

    def _above(self, address: Address, above: dict[str, tuple[int, str]]) -> tuple[int, str]:
        """Id and path of the entrance of a room, added with its building where missing."""
        entrance = f"{address.building}-{address.unit}"
        if entrance not in above:
            if address.building not in above:
                pk = self._place((None, "/"), "building", _spot(address.building))
                above[address.building] = (pk, f"/{pk}/")
            parent = above[address.building]
            pk = self._place(parent, "unit", _spot(address.building, address.unit))
            above[entrance] = (pk, f"{parent[1]}{pk}/")
        return above[entrance]

    def _place(
        self, parent: tuple[int | None, str], kind: str, spot: Spot, floor: str = "", layout: str = "",
        area: str | None = None, inner: str | None = None, occupancy: str = "",
    ) -> int:  # fmt: skip
        self.place += 1
        pk, at, address = self.place, stamp(self.start), spot.address
        use, handed = ("residential", self.handed) if kind == "room" else ("", None)
        self._add(
            PLACES,
            (pk, self.site_id, parent[0], kind, spot.code, spot.name, spot.key, address.building, address.unit, floor,
             address.room, spot.sort, parent[1], use, layout, area, inner, occupancy, handed, at),
        )  # fmt: skip
        told = {
            "name": spot.name,
            "floor": floor,
            "use": use,
            "layout": layout,
            "building_area": area,
            "inner_area": inner,
        }
        told["handed_over_on"] = handed
        new = ", ".join([f'"{column}": {quoted(value)}' for column, value in told.items() if value])
        above = "null" if parent[0] is None else parent[0]
        data = f'{{"kind": "{kind}", "code": {quoted(spot.code)}, "parent": {above}, "new": {{{new}}}}}'
        self._event(at, "places.added", "places.place", pk, "places.place", pk, data)
        found_by = lexemes(f"{spot.tokens} {PLACE_TOKEN} {site_token(self.site_id)}")
        self._add(ENTRIES, (self.site_id, "places.place", pk, spot.name, spot.code, at, found_by))
        return pk

    def _household(
        self, estate: Estate, spot: Spot, floor: str, parent: tuple[int, str], known: bool
    ) -> None:
        random = self.random
        layout, area, inner = random.choice(SIZES)
        occupancy = "self_used" if known else random.choices(("self_used", "let", "vacant"), (75, 15, 10))[0]
        place = self._place(parent, "room", spot, floor, layout, area, inner, occupancy)
        name = self.known["name"] if known else self.names.person()
        phone = self.known["phone"] if known else self._mobile()
        caller = self._person(place, spot, name, phone, "owner", 0)
        if occupancy == "let":
            name, phone = self.names.person(), self._mobile()
            caller = self._person(place, spot, name, phone, "tenant", 400)
        elif occupancy == "self_used" and not known and random.random() < 0.15:
            relative = self.names.person(self.names.surname(name))
            self._person(place, spot, relative, self._mobile(), "family", 0)
        estate.homes.append(Home(place, spot.name, spot.code, caller, name, phone))

    def _mobile(self) -> str:
        while True:
            number = f"1{self.random.choice(PRIMES)}{self.random.randrange(10**8):08d}"
            if not number.endswith("009527"):
                return number

    def _person(self, place: int, spot: Spot, name: str, phone: str, role: str, moved_in: int) -> int:
        random = self.random
        self.customer += 1
        self.point += 1
        self.holding += 1
        pk = self.customer
        start = self.start + moved_in * 86_400
        at, changed = stamp(start), stamp(random.randrange(start, self.end))
        code, since = f"C{pk - self.first:06d}", local_day(start).isoformat()
        gender, birthday = "", None
        if role == "owner" and random.random() < 0.04:
            gender, birthday = self._paper(pk, at)
        care = "[]"
        if random.random() < 0.04:
            flag = {"code": random.choice(CARE), "since": since, "until": "", "remark": ""}
            care = json.dumps([flag])
            told = json.dumps({"old": None, "new": flag})
            self._event(
                changed, "customers.care_set", "customers.customer", pk, "customers.customer", pk, told
            )
        self._add(
            CUSTOMERS,
            (pk, self.site_id, code, name, name_key(name), gender, birthday, care, care != "[]", at, changed),
        )
        self._add(POINTS, (self.point, self.site_id, pk, "mobile", phone, phone, phone[-4:], True, at))
        self._add(HOLDINGS, (self.holding, self.site_id, pk, place, role, since, at))
        who = ("customers.customer", pk)
        new = f'{{"code": "{code}", "new": {{"kind": "person", "name": {quoted(name)}}}}}'
        self._event(at, "customers.added", "customers.customer", pk, *who, new)
        new = f'{{"new": {{"kind": "mobile", "value": "{phone}"}}}}'
        self._event(at, "customers.contact_added", "customers.contactpoint", self.point, *who, new)
        new = (
            f'{{"place": {place}, "asset": null, "name": {quoted(spot.name)}, '
            f'"new": {{"role": "{role}", "starts_on": "{since}"}}}}'
        )
        self._event(at, "customers.holding_started", "customers.holding", self.holding, *who, new)
        tokens = " ".join(
            (
                words(name),
                words(spot.name),
                document_tokens(code),
                words(spot.code),
                words(name),
                named(name),
                phone_tokens(phone),
            )
        )
        self._add(
            ENTRIES, (self.site_id, "customers.customer", pk, name, spot.name, changed, lexemes(tokens))
        )
        return pk

    def _paper(self, customer: int, at: str) -> tuple[str, str]:
        """A made-up identity number, sealed as the service does it; gender and birthday it tells."""
        born = date(self.random.randrange(1948, 2000), self.random.randrange(1, 13), 11)
        paper = read_paper("resident_id", identity(self.random, born))
        row = draft_identity(Customer(pk=customer, site_id=self.site_id), kind="resident_id", paper=paper)
        self.paper += 1
        self._add(
            PAPERS,
            (self.paper, self.site_id, customer, row.kind, row.sealed, row.key_id, row.blind, row.masked, row.verified, at),
        )  # fmt: skip
        told = {
            "kind": row.kind,
            "masked": row.masked,
            "verified": row.verified,
            "remark": "",
            "filled": ["birthday", "gender"],
        }
        self._event(
            at, "customers.identity_added", "customers.identitynumber", self.paper, "customers.customer", customer,
            json.dumps(told),
        )  # fmt: skip
        return str(paper.gender), born.isoformat()


def _rooms(plan: Plan, count: int) -> Iterator[tuple[Spot, str]]:
    """So many rooms with their floors, building after building."""
    per_building = plan.units * plan.floors * plan.rooms
    buildings = Plan(-(-count // per_building), plan.units, plan.floors, plan.rooms)
    for number, (address, floor) in enumerate(buildings.addresses()):
        if number == count:
            return
        yield _spot(address.building, address.unit, address.room), floor


@cache
def _spot(building: str, unit: str = "", room: str = "") -> Spot:
    address = Address(building, unit, room)
    tokens = " ".join(words(part) for part in (address.name, address.code, *address.spellings))
    return Spot(address, address.code, address.name, address.key, sort_of(address.code), tokens)
