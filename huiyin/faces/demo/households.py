"""The households of the demo company: buildings, rooms, people, cars, care flags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from random import Random
from typing import Any, TypeVar

from django.db import transaction

from huiyin.base.kit.moment import today
from huiyin.base.kit.scope import Actor
from huiyin.base.org.models import Site
from huiyin.records.customers.drafts import (
    Drafts,
    draft_contact,
    draft_customer,
    draft_holding,
    draft_identity,
    filled_by,
    read_paper,
)
from huiyin.records.customers.models import Customer
from huiyin.records.customers.services import put_drafts, reindex_all, set_care
from huiyin.records.places import services as places
from huiyin.records.places.addresses import Address
from huiyin.records.places.drafts import down_to, draft_address, kind_above
from huiyin.records.places.models import Place
from huiyin.records.places.services import add_asset, add_place, put_asset

from .world import Names

SIZES = (("两室一厅", "89.50", "72.30"), ("三室两厅", "118.20", "96.40"), ("四室两厅", "143.60", "118.10"))
CARE = ("elderly", "living-alone", "disabled", "sick", "oxygen-dependent", "infant", "pregnant", "vip")
WEIGHTS = (17, 10, 7, 6, 5, 4, 3, 2, 1, 0, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a site is built: buildings with entrances, floors and rooms on each floor."""

    buildings: int
    units: int
    floors: int
    rooms: int

    def addresses(self) -> Iterator[tuple[Address, str]]:
        """Every room with its floor."""
        for building in range(1, self.buildings + 1):
            for unit in range(1, self.units + 1):
                for floor in range(1, self.floors + 1):
                    for room in range(1, self.rooms + 1):
                        yield Address(str(building), str(unit), f"{floor}{room:02d}"), str(floor)


PORTION = 128
"""Rooms written together; on PostgreSQL a statement has a greatest number of values."""
PLANS = {"yunhe": Plan(8, 2, 17, 4), "zhengtai": Plan(6, 2, 20, 4)}


def mobile(random: Random) -> str:
    """A mobile number of a form that is in use."""
    return f"1{random.choice(('38', '39', '35', '36', '58', '59', '86', '87', '77'))}{random.randrange(10**8):08d}"


def identity(random: Random, born: date) -> str:
    """A resident identity number with a right check digit; its serial is random."""
    body = f"330106{born:%Y%m%d}{random.randrange(1, 999):03d}"
    rest = sum(int(digit) * weight for digit, weight in zip(body, CHECK, strict=True)) % 11
    return body + "10X98765432"[rest]


T = TypeVar("T")


def batched(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """The rows in lists of a size; the last may be shorter."""
    left = iter(rows)
    while portion := list(islice(left, size)):
        yield portion


class Settlement:
    """Fills a site with households: a portion of rooms is drafted with its people and written together."""

    def __init__(self, site: Site, random: Random, by: Actor, *, households: int | None = None) -> None:
        self.site, self.random, self.by = site, random, by
        self.most = households
        self.names = Names(random)
        self._known: dict[str, Place] = {}
        self._places: list[Place] = []
        self._drafts = Drafts()
        self._cared: list[tuple[Customer, str]] = []
        self._drivers: list[tuple[Customer, str]] = []

    def build(self) -> int:
        """Everything of the site; returns the number of households."""
        count = 0
        for portion in batched(islice(PLANS[self.site.code].addresses(), self.most), PORTION):
            for address, floor in portion:
                self._household(address, floor)
            with transaction.atomic():
                self._write()
            count += len(portion)
        with transaction.atomic():
            self._surroundings()
        return count

    def _household(self, address: Address, floor: str) -> None:
        random = self.random
        layout, area, inner = random.choice(SIZES)
        occupancy = random.choices(("self_used", "let", "vacant", "fit_out"), (70, 15, 10, 5))[0]
        room = self._place(
            Place.Kind.ROOM, address, floor=floor, use="residential", layout=layout, building_area=Decimal(area),
            inner_area=Decimal(inner), occupancy=occupancy, handed_over_on=date(2021, 6, 30),
        )  # fmt: skip
        if occupancy == "vacant" and random.random() < 0.3:
            return
        name = self.names.person()
        born = date(random.randrange(1948, 2000), random.randrange(1, 13), random.randrange(1, 29))
        self._person(room, name, "owner", born=born)
        if occupancy == "let":
            self._person(room, self.names.person(), "tenant")
        elif random.random() < 0.3:
            self._person(room, self.names.person(self.names.surname(name)), "family")

    def _place(self, kind: str, address: Address, **fields: Any) -> Place:
        """A place with an address, drafted with those above it unless they are there."""
        where = down_to(kind, address)
        place = self._known.get(where.code)
        if place is None:
            above = kind_above(kind, where)
            parent = self._place(above, where) if above is not None else None
            place = draft_address(self.site, kind=kind, address=where, parent=parent, **fields)
            self._known[where.code] = place
            self._places.append(place)
        return place

    def _person(self, room: Place, name: str, role: str, born: date | None = None) -> None:
        random, drafts = self.random, self._drafts
        customer = draft_customer(self.site, name=name)
        drafts.customers.append(customer)
        drafts.contacts.append(draft_contact(customer, kind="mobile", value=mobile(random), is_primary=True))
        since = date(2021, 7, 1) if role == "owner" else date(2025, 3, 1)
        drafts.holdings.append(draft_holding(customer, role=role, place=room, starts_on=since))
        if born is not None and random.random() < 0.15:
            paper = read_paper("resident_id", identity(random, born))
            filled = filled_by(paper, customer)
            for column, value in filled.items():
                setattr(customer, column, value)
            drafts.identities.append(
                (draft_identity(customer, kind="resident_id", paper=paper), sorted(filled))
            )
        if random.random() < 0.04:
            self._cared.append((customer, random.choice(CARE)))
        if role == "owner" and random.random() < 0.12:
            letters = random.choice("ABCDEFGHJKLMNPQRSTUVWXYZ")
            self._drivers.append((customer, f"浙A{letters}{random.randrange(10**4):04d}"))

    def _write(self) -> None:
        """Record what was drafted, then what hangs on it, and let the search know."""
        site, by, drafts = self.site, self.by, self._drafts
        places.put_drafts(site, places=self._places, by=by)
        put_drafts(site, drafts=drafts, by=by)
        cars = [
            draft_holding(
                driver,
                role="driver",
                asset=put_asset(site, kind="vehicle", plate=plate, by=by),
                starts_on=date(2024, 1, 1),
            )
            for driver, plate in self._drivers
        ]
        put_drafts(site, drafts=Drafts(holdings=cars), by=by)
        for customer, code in self._cared:
            set_care(customer, code=code, since=today() - timedelta(days=200), remark="", by=by)
        reindex_all(site, customers=[(one, True) for one in drafts.customers], by=by)
        self._places, self._drafts, self._cared, self._drivers = [], Drafts(), [], []

    def _surroundings(self) -> None:
        site, by = self.site, self.by
        for name, kind in (
            ("中心花园", "public_area"), ("儿童乐园", "public_area"), ("会所", "public_area"), ("北门岗", "public_area"),
            ("地下车库", "parking_lot"), ("生活水泵房", "equipment_room"), ("高压配电房", "equipment_room"),
        ):  # fmt: skip
            add_place(site, kind=kind, name=name, code=name, by=by)
        for building in Place.objects.filter(site=site, kind=Place.Kind.BUILDING):
            add_asset(
                site,
                kind="lift",
                code=f"DT-{building.building}",
                name=f"{building.name}客梯",
                place=building,
                by=by,
            )
