"""Places and things from the rows of sheets that people already have.

A row comes typed, as the layouts of the import engine give it. What cannot be is refused with `field`
naming the column of the sheet; nothing of such a row is recorded. A second time everything is there
already. Rows are tried against what is recorded and against each other in memory and then written
together, so that thousands of households take seconds.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.rows import well_formed
from huiyin.base.kit.scope import Actor, current
from huiyin.base.kit.service import Refused, service
from huiyin.base.org.models import Site
from huiyin.engines.imports.registry import Preset, declare

from .addresses import Address, address, address_of, car_park_name
from .drafts import down_to, draft_address, kind_above, unrecorded
from .models import Asset, Place
from .services import fill_asset, fill_place, put_asset, put_drafts, put_place

Outcome = Literal["created", "unchanged"]
Row = Mapping[str, Any]
K = Place.Kind

_USES = {"residence": Place.Use.RESIDENTIAL, "office": Place.Use.OFFICE, "dormitory": Place.Use.DORMITORY}
_STATES = {
    "occupied": Place.Occupancy.SELF_USED,
    "unsold": Place.Occupancy.UNSOLD,
    "handed_over": Place.Occupancy.VACANT,
    "not_moved_in": Place.Occupancy.VACANT,
    "decorated": Place.Occupancy.VACANT,
    "shop_let": Place.Occupancy.LET,
    "shop_sold": Place.Occupancy.VACANT,
    "vacant": Place.Occupancy.VACANT,
    "decorating": Place.Occupancy.FIT_OUT,
}
_SHOPS = ("shop_let", "shop_sold")
_COLUMNS = {
    "building_area": "built_area",
    "layout": "room_layout",
    "use": "kind",
    "occupancy": "state",
    "serial": "number",
    "subtype": "kind",
    "place": "room",
}


@contextmanager
def told_by_column(columns: Mapping[str, str] = _COLUMNS, default: str | None = None) -> Iterator[None]:
    """Let a refusal name the column of the sheet instead of the field of the row."""
    try:
        yield
    except Refused as refusal:
        field = columns.get(refusal.field or "", refusal.field or default)
        raise Refused(refusal.code, refusal.raw_message, params=refusal.params, field=field) from refusal


class Journal:
    """What one row has done to the books so far, so that it can be taken back."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []

    def note(self, undo: Callable[[], object]) -> None:
        """Note a change by what takes it back."""
        self._undo.append(undo)

    @contextmanager
    def row(self) -> Iterator[Callable[[], bool]]:
        """Try one row; what it did is taken back when it is refused. Yields whether it did anything."""
        self._undo = []
        try:
            yield lambda: bool(self._undo)
        except Refused:
            for undo in reversed(self._undo):
                undo()
            raise


class PlaceBook:
    """The places of a site that rows name: those recorded and those that are about to be."""

    def __init__(self, site: Site, by: Actor, journal: Journal) -> None:
        self.site = site
        self.by = by
        self.journal = journal
        self._known: dict[str, Place | None] = {}
        self._drafts: list[Place] = []
        self._told: dict[int, dict[str, Any]] = {}

    def look(self, rows: Sequence[Row]) -> list[Place]:
        """Read what is recorded of the addresses in the rows, in one query; returns those found."""
        codes: set[str] = set()
        for row in rows:
            where = address(*(str(row.get(name) or "") for name in ("building", "unit", "room")))
            codes.update(down_to(kind, where).code for kind in (K.BUILDING, K.UNIT, K.ROOM))
        codes = {code for code in codes if code and code not in self._known}
        # Locked against others who write holdings of these rooms at the same time.
        rooms = Place.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
        found = {place.code: place for place in rooms.filter(site_id=self.site.pk, code__in=codes)}
        self._known.update({code: found.get(code) for code in codes})
        return list(found.values())

    def put(self, kind: str, where: Address, **fields: Any) -> Place:
        """The place at an address, drafted where missing; `fields` say what the row tells of it."""
        where = down_to(kind, where)
        place = self._known.get(where.code)
        if place is None:
            above = kind_above(kind, where)
            parent = self.put(above, where) if above is not None else None
            place = draft_address(self.site, kind=kind, address=where, parent=parent, **fields)
            self._known[where.code] = place
            self._drafts.append(place)
            self.journal.note(self._drafts.pop)
            self.journal.note(lambda: self._known.update({where.code: None}))
        elif place.kind != kind:
            raise Refused("differs", _("%(name)s has this code."), params={"name": place.name}, field="room")
        else:
            self._fill(place, fields)
        return place

    def _fill(self, place: Place, fields: Mapping[str, Any]) -> None:
        """Note what was not recorded of a place yet. Refused (differs) when something else was."""
        told = self._told.get(place.pk, {}) if place.pk is not None else {}
        now_known = copy.copy(place)
        for name, value in told.items():
            setattr(now_known, name, value)
        news = unrecorded(now_known, fields)
        if not news:
            return
        before = {name: getattr(place, name) for name in news}
        for name, value in news.items():
            setattr(now_known, name, value)
        well_formed(now_known)
        if place.pk is not None:
            self._told[place.pk] = told | news
            self.journal.note(lambda: self._told.update({place.pk: told}))
        else:
            for name, value in news.items():
                setattr(place, name, value)
            self.journal.note(lambda: [setattr(place, name, value) for name, value in before.items()])

    def write(self) -> None:
        """Record everything that was drafted and noted."""
        put_drafts(self.site, places=self._drafts, by=self.by)
        recorded = {place.pk: place for place in self._known.values() if place is not None}
        for pk, told in self._told.items():
            fill_place(recorded[pk], by=self.by, **told)


def outcome(new: bool) -> Outcome:
    """The word for a row of which something was new, or nothing."""
    return "created" if new else "unchanged"


def only(results: list[Outcome | Refused]) -> Outcome:
    """The outcome of a single row. Raises its refusal."""
    [result] = results
    if isinstance(result, Refused):
        raise result
    return result


class Session:
    """One sheet on its way in, portion by portion, inside the caller's transaction.

    `take` tries rows against what is recorded and against the rows before them, `write` records what
    they brought. A trial never writes: the session remembers what it would have written.
    """

    def __init__(self, site: Site, *, permission: str, plan: Callable[[Any, Row], object], book: Any) -> None:
        self.site = site
        self.permission = permission
        self._plan = plan
        self._book = book

    def take(self, rows: Sequence[Row]) -> list[Outcome | Refused]:
        """Try a portion of rows: for each what became of it, or why it was refused.

        Refused (PermissionDenied) when the scope may not import here.
        """
        current().require(self.permission, self.site.pk)
        self._book.look(rows)
        results: list[Outcome | Refused] = []
        for row in rows:
            try:
                with self._book.journal.row() as did_anything:
                    self._plan(self._book, row)
                    results.append(outcome(did_anything()))
            except Refused as refusal:
                results.append(refusal)
        return results

    def write(self) -> None:
        """Record what the rows brought; the session is over then."""
        self._book.write()


def taken(session: Session, rows: Sequence[Row]) -> list[Outcome | Refused]:
    """Try rows and record what they brought."""
    results = session.take(rows)
    session.write()
    return results


class Buildings(Session):
    """A sheet of buildings and entrances (see `take_buildings`)."""

    def __init__(self, site: Site, *, by: Actor) -> None:
        journal = Journal()
        super().__init__(
            site, permission="places.import", plan=plan_entrance, book=PlaceBook(site, by, journal)
        )


class Rooms(Session):
    """A sheet of rooms (see `take_rooms`)."""

    def __init__(self, site: Site, *, by: Actor) -> None:
        journal = Journal()
        super().__init__(site, permission="places.import", plan=plan_room, book=PlaceBook(site, by, journal))


@service(needs="places.import")
def take_buildings(site: Site, rows: Sequence[Row], *, by: Actor) -> list[Outcome | Refused]:
    """Buildings and entrances, a portion of rows: `building`, `unit` (`0`: none), `floors`, `has_lift`."""
    return taken(Buildings(site, by=by), rows)


@service(needs="places.import")
def import_building(site: Site, row: Row, *, by: Actor) -> Outcome:
    """One building or entrance, as `take_buildings`."""
    return only(take_buildings(site, [row], by=by))


def plan_entrance(book: PlaceBook, row: Row) -> Place:
    """The entrance (or the building, where there is none) that a row names."""
    where = _address(row, "unit")
    fields = {"floors": row.get("floors"), "has_lift": row.get("has_lift")}
    with told_by_column(default="building"):
        return book.put(K.UNIT if where.unit else K.BUILDING, where, **fields)


def _address(row: Row, deepest: str) -> Address:
    """The address in the columns of a row. Refused with the column that holds no number."""
    parts = {name: str(row.get(name) or "") for name in ("building", "unit", "room")}
    where = address(parts["building"], parts["unit"], parts["room"] if deepest == "room" else "")
    for name in ("building", deepest):
        if not getattr(where, name) and name != "unit":
            raise Refused("required", _("This cell must not be empty."), field=name)
    for name in ("building", "unit", "room"):
        if len(getattr(where, name)) > 20 or "|" in parts[name]:
            raise Refused("no-address", _("This is no number of a place."), field=name)
    return where


@service(needs="places.import")
def take_rooms(site: Site, rows: Sequence[Row], *, by: Actor) -> list[Outcome | Refused]:
    """Rooms, a portion of rows: `building`, `unit`, `room`, `floor`, `kind`, `room_layout`, `built_area`,
    `inner_area` (square metres), `state`, and of the entrance `floors` and `has_lift`."""
    return taken(Rooms(site, by=by), rows)


@service(needs="places.import")
def import_room(site: Site, row: Row, *, by: Actor) -> Outcome:
    """One room, as `take_rooms`."""
    return only(take_rooms(site, [row], by=by))


def plan_room(book: PlaceBook, row: Row) -> Place:
    """The room that a row tells of, with what it tells."""
    where = _address(row, "room")
    state = row.get("state") or ""
    fields: dict[str, Any] = {
        "floor": str(row["floor"]) if row.get("floor") is not None else "",
        "use": Place.Use.SHOP if state in _SHOPS else _USES.get(row.get("kind") or "", ""),
        "layout": row.get("room_layout") or "",
        "building_area": row.get("built_area"),
        "inner_area": row.get("inner_area"),
        "occupancy": _STATES.get(state, ""),
    }
    if row.get("floors") is not None or row.get("has_lift") is not None:
        plan_entrance(book, row)
    with told_by_column(default="room"):
        return book.put(K.ROOM, where, **fields)


@service(needs="places.import")
def import_parking(site: Site, row: Row, *, by: Actor) -> Outcome:
    """A parking space in a car park: `parking_area`, `space`, `kind`, `area` (square metres)."""
    return outcome(put_space(site, row, by)[1])


def put_space(site: Site, row: Row, by: Actor) -> tuple[Place, bool]:
    """The parking space that a row tells of, and its car park; whether anything was new."""
    area, space = str(row.get("parking_area") or "").strip(), str(row.get("space") or "").strip()
    for name, text in (("parking_area", area), ("space", space)):
        if not text:
            raise Refused("required", _("This cell must not be empty."), field=name)
    lot = Place.objects.filter(site_id=site.pk, code=f"P{area}").first()
    if lot is None:
        with told_by_column({}, "parking_area"):
            lot = put_place(site, kind=K.PARKING_LOT, name=car_park_name(area), code=f"P{area}", by=by)
    fields = {"building_area": row.get("area"), "use": Place.Use.PARKING, "layout": row.get("kind") or ""}
    code = f"{lot.code}-{space}"
    place = Place.objects.filter(site_id=site.pk, code=code).first()
    with told_by_column({"building_area": "area", "layout": "kind"}, "space"):
        if place is not None:
            return place, fill_place(place, by=by, **fields)
        place = put_place(
            site, kind=K.PARKING, name=space, code=code, room=space, parent=lot, by=by, **fields
        )
    return place, True


@service(needs="places.import")
def import_meter(site: Site, row: Row, *, by: Actor) -> Outcome:
    """A meter of a room: `number`, `name`, `kind`, `room` (an address), `maker`, `mode`, `collector`, `fee`.

    Refused at `room` when there is no such room.
    """
    where = address_of(str(row.get("room") or ""))
    place = where and Place.objects.filter(site_id=site.pk, key=where.key, kind=K.ROOM).first()
    if not place:
        message = _("There is no room “%(text)s”.")
        raise Refused("no-place", message, params={"text": row.get("room") or ""}, field="room")
    number = str(row.get("number") or "").strip()
    if not number:
        raise Refused("required", _("This cell must not be empty."), field="number")
    details = {name: str(row[name]) for name in ("mode", "collector", "fee") if row.get(name)}
    fields: dict[str, Any] = {
        "name": row.get("name") or number,
        "subtype": row.get("kind") or "",
        "serial": number,
        "maker": row.get("maker") or "",
        "place": place,
        "details": details,
    }
    known = Asset.objects.filter(site_id=site.pk, code=number).select_related("place").first()
    with told_by_column({**_COLUMNS, "code": "number", "details": "mode"}, "number"):
        if known is None:
            put_asset(site, kind=Asset.Kind.METER, code=number, by=by, **fields)
            return "created"
        if known.kind != Asset.Kind.METER:
            raise Refused("differs", _("This number belongs to another thing."), field="code")
        return outcome(fill_asset(known, by=by, **fields))


declare(
    Preset("hc-buildings", _("Buildings and entrances"), "places.import", open=Buildings),
    Preset("hc-meters", _("Meters"), "places.import", take=import_meter),
)
