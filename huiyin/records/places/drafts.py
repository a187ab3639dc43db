"""Places as they are about to be written: well-formed, with address, order and place in the tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.rows import sort_of, well_formed
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Site

from .addresses import Address, floor_key, number, parking_key
from .models import Asset, Place

K = Place.Kind
_GROUPS = (K.BUILDING, K.UNIT, K.FLOOR)
PARENTS: dict[str, frozenset[str]] = {
    K.ZONE: frozenset(),
    K.BUILDING: frozenset({K.ZONE}),
    K.UNIT: frozenset({K.BUILDING}),
    K.FLOOR: frozenset({K.BUILDING, K.UNIT}),
    K.ROOM: frozenset(_GROUPS),
    K.PUBLIC_AREA: frozenset({K.ZONE, *_GROUPS}),
    K.PARKING_LOT: frozenset({K.ZONE, *_GROUPS}),
    K.PARKING: frozenset({K.PARKING_LOT, K.ZONE, *_GROUPS}),
    K.EQUIPMENT_ROOM: frozenset({K.ZONE, K.PARKING_LOT, *_GROUPS}),
    K.STATION: frozenset({K.ZONE, *_GROUPS}),
    K.OTHER: frozenset(K.values),
}
"""What a place of each kind may stand under; everything but entrances, floors and rooms also at the top."""

NEEDS_PARENT = frozenset({K.UNIT, K.FLOOR, K.ROOM})
ADDRESSED: dict[str, int] = {K.BUILDING: 1, K.UNIT: 2, K.ROOM: 3}
"""Kinds that have an address, with the number of its parts."""
LIVED_IN = frozenset({K.ROOM, K.PARKING})
"""Kinds that have an occupancy."""

PLACE_FIELDS = (
    "name",
    "floor",
    "use",
    "layout",
    "building_area",
    "inner_area",
    "shared_area",
    "forecast_area",
    "floors",
    "has_lift",
    "handed_over_on",
    "remark",
)
ASSET_FIELDS = (
    "subtype",
    "code",
    "name",
    "place",
    "serial",
    "plate",
    "vin",
    "maker",
    "model",
    "colour",
    "installed_on",
    "state",
    "details",
    "remark",
)


def draft_place(
    site: Site, *, kind: str, name: str, code: str = "", parent: Place | None = None, **fields: Any
) -> Place:
    """A place that has no address, not written yet. Refused when a value or its parent is not possible."""
    place = Place(site_id=site.pk, kind=kind, name=name.strip(), code=(code or name).strip())
    set_fields(place, fields, (*PLACE_FIELDS, "occupancy", "room"))
    stand_under(place, parent)
    if kind == K.PARKING:
        place.room = number(place.room or place.code)
        place.key = parking_key(place.room)
    elif kind == K.FLOOR:
        place.floor = number(place.floor or place.name)
        place.key = floor_key(place.building, place.unit, place.floor)
    return _well_formed(place)


def draft_address(
    site: Site, *, kind: str, address: Address, parent: Place | None = None, **fields: Any
) -> Place:
    """A building, entrance or room at an address, not written yet. Refused like `draft_place`."""
    place = Place(site_id=site.pk, kind=kind, building=address.building, unit=address.unit, room=address.room)
    place.key, place.code = address.key, address.code
    set_fields(place, fields, (*PLACE_FIELDS, "occupancy"))
    place.name = place.name.strip() or address.name
    stand_under(place, parent)
    return _well_formed(place)


def down_to(kind: str, address: Address) -> Address:
    """The part of an address that names a place of a kind: of a building only the building."""
    return Address(*(address.building, address.unit, address.room)[: ADDRESSED[kind]])


def kind_above(kind: str, address: Address) -> str | None:
    """The kind of place that stands above one by its address; None for a building."""
    if kind == K.BUILDING:
        return None
    return K.UNIT if kind == K.ROOM and address.unit else K.BUILDING


def _well_formed(place: Place) -> Place:
    place.sort = sort_of(place.code)
    well_formed(place)
    return place


def set_fields(row: Place | Asset, fields: Mapping[str, Any], allowed: tuple[str, ...]) -> None:
    """Set columns by name; naming another is a mistake in the code."""
    for name, value in fields.items():
        if name not in allowed:
            raise TypeError(f"{row._meta.label} has no field {name}")
        setattr(row, name, value)


def stand_under(place: Place, parent: Place | None) -> None:
    """Put a place under a parent. Refused when it does not belong there."""
    if parent is None:
        if place.kind in NEEDS_PARENT:
            raise Refused("wrong-level", _("A place of this kind stands under a building."), field="parent")
        place.parent, place.path = None, "/"
        return
    if parent.site_id != place.site_id or parent.kind not in PARENTS.get(place.kind, ()):
        raise Refused("wrong-level", _("A place of this kind does not belong here."), field="parent")
    if parent.closed_on is not None:
        raise Refused("parent-closed", _("%(name)s is closed."), params={"name": parent.name}, field="parent")
    place.parent, place.path = parent, parent.below
    if place.kind not in ADDRESSED:
        place.building, place.unit = parent.building, parent.unit
        place.floor = place.floor or parent.floor


def unrecorded(row: Place | Asset, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What of `fields` is not recorded of a row yet; empty values say nothing.

    Refused (differs) when another value is recorded already.
    """
    news = {}
    for name, value in fields.items():
        recorded = getattr(row, name)
        if value in (None, "", {}) or value == recorded:
            continue
        if recorded not in (None, "", {}):
            message = _("“%(recorded)s” is recorded already. If that is wrong, change it there.")
            raise Refused("differs", message, params={"recorded": recorded}, field=name)
        news[name] = value
    return news
