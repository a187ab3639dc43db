"""The households of the demo company: buildings, rooms, people, cars, care flags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from django.db import transaction

from huiyin.base.kit.moment import today
from huiyin.base.kit.scope import Actor
from huiyin.base.org.models import Site
from huiyin.records.customers.holdings import put_holding
from huiyin.records.customers.services import put_contact, put_customer, put_identity, reindex, set_care
from huiyin.records.places.addresses import Address
from huiyin.records.places.models import Place
from huiyin.records.places.services import add_asset, add_place, put_address, put_asset

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


PLANS = {"yunhe": Plan(8, 2, 17, 4), "zhengtai": Plan(6, 2, 20, 4)}


def mobile(random: Random) -> str:
    """A mobile number of a form that is in use."""
    return f"1{random.choice(('38', '39', '35', '36', '58', '59', '86', '87', '77'))}{random.randrange(10**8):08d}"


def identity(random: Random, born: date) -> str:
    """A resident identity number with a right check digit; its serial is random."""
    body = f"330106{born:%Y%m%d}{random.randrange(1, 999):03d}"
    rest = sum(int(digit) * weight for digit, weight in zip(body, CHECK, strict=True)) % 11
    return body + "10X98765432"[rest]


class Settlement:
    """Fills a site with households, a few hundred rows to a transaction."""

    def __init__(self, site: Site, random: Random, by: Actor) -> None:
        self.site, self.random, self.by = site, random, by
        self.names = Names(random)

    def build(self) -> int:
        """Everything of the site; returns the number of households."""
        count = 0
        portion: list[tuple[Address, str]] = []
        for item in PLANS[self.site.code].addresses():
            portion.append(item)
            if len(portion) == 100:
                count += self._settle(portion)
                portion = []
        count += self._settle(portion)
        with transaction.atomic():
            self._surroundings()
        return count

    def _settle(self, portion: list[tuple[Address, str]]) -> int:
        with transaction.atomic():
            for address, floor in portion:
                self._household(address, floor)
        return len(portion)

    def _household(self, address: Address, floor: str) -> None:
        random = self.random
        layout, area, inner = random.choice(SIZES)
        occupancy = random.choices(("self_used", "let", "vacant", "fit_out"), (70, 15, 10, 5))[0]
        room, _made = put_address(
            self.site, kind=Place.Kind.ROOM, address=address, floor=floor, use="residential", layout=layout,
            building_area=Decimal(area), inner_area=Decimal(inner), occupancy=occupancy,
            handed_over_on=date(2021, 6, 30), by=self.by,
        )  # fmt: skip
        if occupancy == "vacant" and random.random() < 0.3:
            return
        name = self.names.person()
        self._person(
            room, name, "owner", born=date(random.randrange(1948, 2000), random.randrange(1, 13), 11)
        )
        if occupancy == "let":
            self._person(room, self.names.person(), "tenant")
        elif random.random() < 0.2:
            self._person(room, self.names.person(self.names.surname(name)), "family")

    def _person(self, room: Place, name: str, role: str, born: date | None = None) -> None:
        random, by = self.random, self.by
        customer = put_customer(self.site, name=name, index_now=False, by=by)
        put_contact(customer, kind="mobile", value=mobile(random), is_primary=True, index_now=False, by=by)
        put_holding(
            customer, role=role, place=room, starts_on=date(2021, 7, 1) if role == "owner" else date(2025, 3, 1),
            index_now=False, by=by,
        )  # fmt: skip
        if born is not None and random.random() < 0.15:
            put_identity(customer, kind="resident_id", number=identity(random, born), by=by)
        if random.random() < 0.04:
            code = random.choice(CARE)
            set_care(customer, code=code, since=today() - timedelta(days=200), remark="", by=by)
        if role == "owner" and random.random() < 0.12:
            plate = f"浙A{random.choice('ABCDEFGHJKLMNPQRSTUVWXYZ')}{random.randrange(10**4):04d}"
            car = put_asset(self.site, kind="vehicle", plate=plate, by=by)
            put_holding(
                customer, role="driver", asset=car, starts_on=date(2024, 1, 1), index_now=False, by=by
            )
        reindex(customer, new=True, by=by)

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
