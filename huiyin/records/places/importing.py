"""Places and things from the rows of sheets that people already have.

A row comes typed, as the layouts of the import engine give it. Every function records one row in
one transaction and says whether anything was new; a second time everything is there already. What
cannot be is refused with `field` naming the column of the sheet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused, service
from huiyin.base.org.models import Site

from .addresses import Address, address, address_of, car_park_name
from .models import Asset, Place
from .services import fill_asset, fill_place, put_address, put_asset, put_place

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


def outcome(new: bool) -> Outcome:
    """The word for a row of which something was new, or nothing."""
    return "created" if new else "unchanged"


@service(needs="places.import")
def import_building(site: Site, row: Row, *, by: Actor) -> Outcome:
    """A building and entrance: `building`, `unit` (`0`: none), `floors`, `has_lift`."""
    return outcome(put_entrance(site, row, by)[1])


def put_entrance(site: Site, row: Row, by: Actor) -> tuple[Place, bool]:
    """The entrance (or the building, where there is none) that a row names; whether anything was new."""
    where = _address(row, "unit")
    fields = {"floors": row.get("floors"), "has_lift": row.get("has_lift")}
    kind = K.UNIT if where.unit else K.BUILDING
    with told_by_column(default="building"):
        place, new = put_address(site, kind=kind, address=where, by=by, **fields)
        return place, new or fill_place(place, by=by, **fields)


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
def import_room(site: Site, row: Row, *, by: Actor) -> Outcome:
    """A room: `building`, `unit`, `room`, `floor`, `kind`, `room_layout`, `built_area`, `inner_area`
    (square metres), `state`, and of its entrance `floors` and `has_lift`."""
    return outcome(put_room(site, row, by)[1])


def put_room(site: Site, row: Row, by: Actor) -> tuple[Place, bool]:
    """The room that a row tells of, with what it tells; whether anything was new."""
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
    with told_by_column(default="room"):
        place, new = put_address(site, kind=K.ROOM, address=where, by=by, **fields)
        new = new or fill_place(place, by=by, **fields)
    if row.get("floors") is not None or row.get("has_lift") is not None:
        new = put_entrance(site, row, by)[1] or new
    return place, new


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
    place = Place.objects.filter(site_id=site.pk, code=f"{lot.code}-{space}").first()
    with told_by_column({"building_area": "area", "layout": "kind"}, "space"):
        if place is not None:
            return place, fill_place(place, by=by, **fields)
        code = f"{lot.code}-{space}"
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
