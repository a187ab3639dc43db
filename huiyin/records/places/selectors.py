"""Reads of places and things: by address, along the tree, in figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum

from huiyin.base.kit.rows import sort_of
from huiyin.base.org.models import Site
from huiyin.base.trail.models import Event
from huiyin.base.trail.registry import describe
from huiyin.engines.search.documents import Document

from .addresses import Address, parking_key, read
from .models import Asset, Place
from .numbers import plate_of


def subtree(below: str) -> Q:
    """The condition that a path begins with `below`, in the form each database has an index for."""
    if connection.vendor == "sqlite":
        # "0" follows "/": the range holds exactly what begins so, and LIKE would read the whole table.
        return Q(path__gte=below, path__lt=f"{below[:-1]}0")
    return Q(path__startswith=below)


def find(site: Site, text: str) -> Place | None:
    """The one place of a site that a text names, by address (`3-2-501`, 三栋二单元501) or by its code.

    None when there is none, or when the text fits several (a room said without its entrance).
    """
    found = matches(text, sites=[site.pk], limit=2)
    return found[0] if len(found) == 1 else None


def matches(text: str, *, sites: Iterable[int] | None = None, limit: int = 20) -> list[Place]:
    """The places in reach (or at the sites given) that a text may name, in the order of their codes.

    Each way of looking is an equality on an index: the whole address, the code, or building and
    room where the entrance was left out.
    """
    text = text.strip()
    if not text:
        return []
    asked = read(text)
    # A code is stored as written, so that it may differ from any address.
    same = Q(code=text)
    if asked is not None and asked.parking:
        floor = Q(floor=asked.floor) | Q(floor="") if asked.floor else Q()
        same |= Q(key=parking_key(asked.room)) & floor
    elif asked is not None:
        same |= Q(key=asked.key)
    places = Place.objects.all() if sites is None else Place.objects.filter(site__in=list(sites))
    found = list(places.filter(same)[:limit])
    if not found and asked is not None and asked.building and asked.room and not asked.unit:
        found = list(places.filter(kind=Place.Kind.ROOM, building=asked.building, room=asked.room)[:limit])
    return found


def children(parent: Place | Site) -> QuerySet[Place]:
    """What stands directly under a place, or at the top of a site, in natural order."""
    if isinstance(parent, Place):
        rows: QuerySet[Place] = Place.objects.filter(parent=parent)
    else:
        rows = Place.objects.filter(site=parent, parent=None)
    return rows.order_by("sort", "pk")


def ancestors(place: Place) -> list[Place]:
    """The places above one, from the top down."""
    ids = [int(part) for part in place.path.split("/") if part]
    found: dict[int, Place] = Place.objects.in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def descendants(place: Place) -> QuerySet[Place]:
    """Everything under a place, without itself."""
    rows: QuerySet[Place] = Place.objects.filter(subtree(place.below))
    return rows


def households_under(place: Place) -> QuerySet[Place]:
    """The rooms in use under a place, in natural order; the place itself when it is a room."""
    rooms: QuerySet[Place] = Place.objects.filter(kind=Place.Kind.ROOM, closed_on=None)
    return rooms.filter(Q(pk=place.pk) | subtree(place.below)).order_by("sort", "pk")


def assets_under(place: Place) -> QuerySet[Asset]:
    """The things that stand in a place or anywhere under it and are not retired."""
    within = Place.objects.filter(Q(pk=place.pk) | subtree(place.below)).values("pk")
    rows: QuerySet[Asset] = Asset.objects.filter(place__in=within).exclude(state=Asset.State.RETIRED)
    return rows.order_by("kind", "code")


def asset_of(site: Site, text: str) -> Asset | None:
    """The thing in use at a site with this code, plate, serial number or VIN; None when not exactly one."""
    text = text.strip().upper()
    if not text:
        return None
    same = Q(code__iexact=text) | Q(plate=plate_of(text)) | Q(serial=text) | Q(vin=text)
    found = list(Asset.objects.filter(same, site=site).exclude(state=Asset.State.RETIRED)[:2])
    return found[0] if len(found) == 1 else None


def counts(place: Place | Site) -> dict[str, int]:
    """How many places of each kind are in use at a site or under a place."""
    rows: Any = Place.objects.filter(closed_on=None)
    rows = rows.filter(subtree(place.below)) if isinstance(place, Place) else rows.filter(site=place)
    return dict(rows.order_by().values_list("kind").annotate(n=Count("pk")))


@dataclass
class Occupied:
    """How the rooms of one building are occupied; areas are building area in square metres."""

    site_id: int
    building: str
    rooms: dict[str, int] = field(default_factory=dict)
    area: Decimal = Decimal(0)
    empty_area: Decimal = Decimal(0)

    @property
    def total(self) -> int:
        """All rooms, also those whose occupancy nobody has recorded."""
        return sum(self.rooms.values())

    @property
    def empty(self) -> int:
        """Rooms that nobody uses: vacant or unsold."""
        return sum(self.rooms.get(state, 0) for state in EMPTY)

    @property
    def known(self) -> int:
        """Rooms whose occupancy is recorded."""
        return self.total - self.rooms.get("", 0)

    @property
    def vacancy(self) -> Decimal | None:
        """The share of empty rooms among those whose occupancy is recorded, 0 to 1; None without any."""
        return Decimal(self.empty) / self.known if self.known else None


EMPTY = (Place.Occupancy.VACANT, Place.Occupancy.UNSOLD)


def occupancy(site: Site | None = None, place: Place | None = None) -> list[Occupied]:
    """Occupancy of the rooms in use per site and building, in one query; cut to a site or a place."""
    rooms: Any = Place.objects.filter(kind=Place.Kind.ROOM, closed_on=None)
    if site is not None:
        rooms = rooms.filter(site=site)
    if place is not None:
        rooms = rooms.filter(subtree(place.below))
    figures: dict[tuple[int, str], Occupied] = {}
    grouped = rooms.order_by().values_list("site_id", "building", "occupancy")
    for site_id, building, state, number, area in grouped.annotate(n=Count("pk"), area=Sum("building_area")):
        row = figures.setdefault((site_id, building), Occupied(site_id, building))
        row.rooms[state] = number
        row.area += area or 0
        if state in EMPTY:
            row.empty_area += area or 0
    return [figures[key] for key in sorted(figures, key=lambda key: (key[0], sort_of(key[1])))]


def total_of(rows: Iterable[Occupied]) -> Occupied:
    """The sum of several figures, e.g. of a site."""
    total, rooms = Occupied(0, ""), defaultdict[str, int](int)
    for row in rows:
        for state, number in row.rooms.items():
            rooms[state] += number
        total.area += row.area
        total.empty_area += row.empty_area
    total.rooms = dict(rooms)
    return total


@dataclass(frozen=True)
class OccupancyChange:
    """One state of a room's occupancy: since which local day (ISO), who said so."""

    on: str
    old: str
    new: str
    remark: str
    actor: str


def occupancy_history(place: Place) -> list[OccupancyChange]:
    """How a room was occupied, oldest first, from the trail."""
    events = Event.objects.filter(
        root_type=describe(place), root_id=place.pk, verb="places.occupancy_set"
    ).order_by("id")
    found = [
        OccupancyChange(e.data["on"], e.data["old"], e.data["new"], e.data.get("remark", ""), e.actor_label)
        for e in events
    ]
    return sorted(found, key=lambda change: change.on)


def search_document(row: Place | Asset) -> Document:
    """What the search knows of a place or thing: its address or code in all spellings, its name."""
    if isinstance(row, Asset):
        codes = [row.code, row.plate, row.serial, row.vin]
        where = row.place.name if row.place is not None else ""
        return Document(
            row.name, row.updated_at, subtitle=where, text=row.remark, codes=codes, names=[row.name]
        )
    if row.kind in (Place.Kind.BUILDING, Place.Kind.UNIT, Place.Kind.ROOM):
        spellings = Address(row.building, row.unit, row.room).spellings
        return Document(row.name, row.updated_at, subtitle=row.code, text=row.remark, codes=spellings)
    return Document(
        row.name, row.updated_at, subtitle=row.code, text=row.remark, codes=[row.code], names=[row.name]
    )
