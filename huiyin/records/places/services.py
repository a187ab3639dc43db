"""Writing places and things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.inserting import gathered
from huiyin.base.kit.moment import today
from huiyin.base.kit.rows import change, insert, insert_all, plain, sort_of, well_formed
from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused, service
from huiyin.base.org.models import Site
from huiyin.base.trail.registry import verb
from huiyin.base.trail.services import record
from huiyin.engines.files.registry import register_owner
from huiyin.engines.search.services import index

from .addresses import Address, address_of
from .drafts import (
    ADDRESSED,
    ASSET_FIELDS,
    LIVED_IN,
    PARENTS,
    PLACE_FIELDS,
    K,
    down_to,
    draft_address,
    draft_place,
    kind_above,
    set_fields,
    stand_under,
    unrecorded,
)
from .models import Asset, Place
from .numbers import plate_of, vin_of
from .selectors import search_document, subtree

__all__ = [
    "ADDRESSED",
    "ASSET_FIELDS",
    "LIVED_IN",
    "PARENTS",
    "PLACE_FIELDS",
    "add_asset",
    "add_place",
    "change_asset",
    "change_place",
    "close_place",
    "fill_asset",
    "fill_place",
    "move_place",
    "put_address",
    "put_asset",
    "put_drafts",
    "put_place",
    "readdress",
    "reopen_place",
    "retire_asset",
    "set_occupancy",
]

register_owner(Asset, permission_view="places.view")

PLACE_ADDED = verb("places.added", _("Place added"))
PLACE_CHANGED = verb("places.changed", _("Place changed"))
PLACE_MOVED = verb("places.moved", _("Place moved"))
OCCUPANCY_SET = verb("places.occupancy_set", _("Occupancy changed"))
PLACE_CLOSED = verb("places.closed", _("Place closed"))
PLACE_REOPENED = verb("places.reopened", _("Place in use again"))
ASSET_ADDED = verb("places.asset_added", _("Thing added"))
ASSET_CHANGED = verb("places.asset_changed", _("Thing changed"))
ASSET_RETIRED = verb("places.asset_retired", _("Thing retired"))


def _reindex(row: Place | Asset, by: Actor, *, new: bool = False) -> None:
    """Let the search know what the row now says of itself."""
    index(row, search_document(row), new=new, by=by)


@service(needs="places.edit")
def add_place(
    site: Site,
    *,
    kind: str,
    name: str = "",
    code: str = "",
    parent: Place | None = None,
    address: str = "",
    by: Actor,
    **fields: Any,
) -> Place:
    """Add a place to a site; `fields` are columns of PLACE_FIELDS or `occupancy`, areas in square metres.

    Buildings, entrances and rooms are given by their `address` as people say it (`3-2-501`); the
    building and the entrance above are added where missing. Everything else has a `name` and
    perhaps a `parent` and a `code` of its own. Refused when the address cannot be read or exists
    already, the code is taken, or a place of this kind does not belong under the parent.
    """
    if kind in ADDRESSED:
        found = _address(kind, address or code)
        place, created = put_address(
            site, kind=kind, address=found, name=name, parent=parent, by=by, **fields
        )
        if not created:
            raise Refused(
                "exists", _("%(name)s exists already."), params={"name": place.name}, field="address"
            )
        return place
    return put_place(site, kind=kind, name=name, code=code, parent=parent, by=by, **fields)


def _address(kind: str, text: str) -> Address:
    depth = ADDRESSED[kind]
    found = address_of(text, depth=depth)
    if found is None or not (found.building, found.unit or depth == 3, found.room)[depth - 1]:
        message = _("“%(text)s” is not an address of this kind.")
        raise Refused("no-address", message, params={"text": text}, field="address")
    return found


@service
def put_place(
    site: Site, *, kind: str, name: str, code: str = "", parent: Place | None = None, by: Actor, **fields: Any
) -> Place:
    """Add a place that has no address, as `add_place` does: an effect for imports and apps above."""
    place = draft_place(site, kind=kind, name=name, code=code, parent=parent, **fields)
    put_drafts(site, places=[place], by=by)
    return place


@service
def put_address(
    site: Site, *, kind: str, address: Address, parent: Place | None = None, by: Actor, **fields: Any
) -> tuple[Place, bool]:
    """The building, entrance or room at an address, added with `fields` where missing; whether it was.

    An effect for commands and imports: asking twice changes nothing. What stands above is added
    too; `parent` is given only for a building in a zone or a room on a floor.
    """
    address = down_to(kind, address)
    found = Place.objects.filter(site_id=site.pk, key=address.key).first()
    if found is not None:
        return found, False
    above = kind_above(kind, address)
    if parent is None and above is not None:
        parent, _made = put_address(site, kind=above, address=address, by=by)
    place = draft_address(site, kind=kind, address=address, parent=parent, **fields)
    put_drafts(site, places=[place], by=by)
    return place, True


@service
def put_drafts(site: Site, *, places: Sequence[Place], by: Actor) -> None:
    """Write drafted places together, each after the one it stands under: an effect for imports.

    Refused with the broken rule's own words when the database does not take them.
    """
    left = list(places)
    while left:
        ready = [place for place in left if place.parent is None or place.parent.pk is not None]
        for place in ready:
            place.path = place.parent.below if place.parent else "/"
        insert_all(ready)
        left = [place for place in left if place.pk is None]
    with gathered():
        for place in places:
            told = {name: getattr(place, name) for name in PLACE_FIELDS}
            new = {name: plain(value) for name, value in told.items() if value not in (None, "")}
            record(
                place, PLACE_ADDED, by=by, kind=place.kind, code=place.code, parent=place.parent_id, new=new
            )
            _reindex(place, by, new=True)


@service(needs="places.edit")
def change_place(
    place: Place, *, by: Actor, version: int | None = None, reason: str = "", **fields: Any
) -> Place:
    """Change columns of PLACE_FIELDS; areas in square metres, `reason` says what they rest on.

    Refused when somebody else was faster, or a value is not possible.
    """
    old, new = change(place, fields, PLACE_FIELDS, version=version)
    if new:
        record(place, PLACE_CHANGED, by=by, old=old, new=new, reason=reason)
        _reindex(place, by)
    return place


@service
def fill_place(place: Place, *, by: Actor, **fields: Any) -> bool:
    """Record what is not known of a place yet, of PLACE_FIELDS or `occupancy`; whether anything was.

    An effect for imports: asking twice changes nothing, and empty values say nothing. Refused
    (differs) when another value is recorded already.
    """
    return _fill(place, fields, (*PLACE_FIELDS, "occupancy"), PLACE_CHANGED, by)


def _fill(
    row: Place | Asset, fields: Mapping[str, Any], allowed: tuple[str, ...], event: str, by: Actor
) -> bool:
    news = unrecorded(row, fields)
    if not news:
        return False
    old, new = change(row, news, allowed)
    record(row, event, by=by, old=old, new=new, reason="")
    _reindex(row, by)
    return True


@service(needs="places.edit")
def readdress(room: Place, *, address: str, reason: str = "", by: Actor) -> Place:
    """Give a room another address; it moves under the building and entrance that the address names.

    Refused when it is no room, the address cannot be read or belongs to another place.
    """
    if room.kind != K.ROOM:
        raise Refused("no-room", _("Only a room can be given another address."), field="address")
    asked = _address(K.ROOM, address)
    if asked.key == room.key:
        return room
    above = K.UNIT if asked.unit else K.BUILDING
    parent, _made = put_address(room.site, kind=above, address=asked, by=by)
    values = {
        "building": asked.building,
        "unit": asked.unit,
        "room": asked.room,
        "key": asked.key,
        "code": asked.code,
        "sort": sort_of(asked.code),
        "parent": parent,
        "path": parent.below,
    }
    if room.name == Address(room.building, room.unit, room.room).name:
        values["name"] = asked.name
    below = room.below
    old, new = change(room, values, values)
    _rebase(below, room)
    record(room, PLACE_MOVED, by=by, old=old, new=new, reason=reason)
    _reindex(room, by)
    return room


@service(needs="places.edit")
def move_place(place: Place, *, parent: Place | None, reason: str = "", by: Actor) -> Place:
    """Put a place, with everything under it, under another one (None: directly under the site).

    Refused for entrances and rooms, whose place follows from their address (see `readdress`), and
    when the parent lies under the place itself or does not take this kind.
    """
    if place.kind in (K.UNIT, K.ROOM):
        raise Refused("address-decides", _("Where it stands follows from the address; change that instead."))
    if place.parent_id == (parent.pk if parent else None):
        return place
    if parent is not None and (parent.pk == place.pk or parent.path.startswith(place.below)):
        raise Refused("circle", _("A place cannot stand under itself."), field="parent")
    below, standing = (
        place.below,
        {name: getattr(place, name) for name in ("parent", "path", "building", "unit", "floor")},
    )
    stand_under(place, parent)
    values = {name: getattr(place, name) for name in standing}
    for name, value in standing.items():
        setattr(place, name, value)
    old, new = change(place, values, values)
    _rebase(below, place)
    record(place, PLACE_MOVED, by=by, old=old, new=new, reason=reason)
    _reindex(place, by)
    return place


def _rebase(below: str, place: Place) -> None:
    """Carry everything that stood under `below` over to where the place stands now."""
    if below == place.below:
        return
    rows = list(Place.objects.filter(subtree(below)))
    for row in rows:
        row.path = place.below + row.path.removeprefix(below)
        if row.kind not in ADDRESSED and place.kind not in ADDRESSED:
            row.building, row.unit = place.building, place.unit
    Place.objects.bulk_update(rows, ["path", "building", "unit"], batch_size=500)


@service(needs="places.edit")
def set_occupancy(
    place: Place, *, occupancy: str, on: date | None = None, remark: str = "", by: Actor
) -> Place:
    """Say how a room or parking space is used from a local day on (today when none is given).

    The trail keeps every state with its day. Refused for other kinds of places and for a day to come.
    """
    on = on or today()
    if place.kind not in LIVED_IN:
        raise Refused("no-occupancy", _("Only rooms and parking spaces are occupied."), field="occupancy")
    if on > today():
        raise Refused("day-to-come", _("This day is still to come."), field="on")
    old, new = change(place, {"occupancy": occupancy}, ("occupancy",))
    if new:
        record(
            place, OCCUPANCY_SET, by=by, old=old["occupancy"], new=occupancy, on=on.isoformat(), remark=remark
        )
        _reindex(place, by)
    return place


@service(needs="places.edit")
def close_place(place: Place, *, on: date | None = None, reason: str = "", by: Actor) -> Place:
    """Take a place out of use from a local day on (today when none is given); its history stays.

    Refused while something under it or standing in it is still in use.
    """
    if Place.objects.filter(parent=place, closed_on=None).exists():
        raise Refused("still-used", _("There are places under it that are still in use."))
    if Asset.objects.filter(place=place).exclude(state=Asset.State.RETIRED).exists():
        raise Refused("still-used", _("There are things in it that are still in use."))
    old, new = change(place, {"closed_on": on or today()}, ("closed_on",))
    if new:
        record(place, PLACE_CLOSED, by=by, old=old, new=new, reason=reason)
        _reindex(place, by)
    return place


@service(needs="places.edit")
def reopen_place(place: Place, *, reason: str = "", by: Actor) -> Place:
    """Take a closed place into use again. Refused while the place above is closed."""
    if place.parent is not None and place.parent.closed_on is not None:
        raise Refused("parent-closed", _("%(name)s is closed."), params={"name": place.parent.name})
    old, new = change(place, {"closed_on": None}, ("closed_on",))
    if new:
        record(place, PLACE_REOPENED, by=by, old=old, new=new, reason=reason)
        _reindex(place, by)
    return place


@service(needs="places.edit")
def add_asset(site: Site, *, kind: str, by: Actor, **fields: Any) -> Asset:
    """Add a thing to a site; `fields` are columns of ASSET_FIELDS. A vehicle's code is its plate.

    Refused when the code, or the plate of a vehicle in use, is taken, or the VIN cannot be one.
    """
    return put_asset(site, kind=kind, by=by, **fields)


@service
def put_asset(site: Site, *, kind: str, by: Actor, **fields: Any) -> Asset:
    """Add a thing, as `add_asset` does: an effect for imports and for apps above."""
    asset = Asset(site_id=site.pk, kind=kind)
    set_fields(asset, _written(fields), ASSET_FIELDS)
    asset.code = asset.code or asset.plate or asset.serial or asset.vin
    asset.name = asset.name or asset.code
    _placed(asset)
    well_formed(asset)
    insert(asset)
    data = {
        name: plain(getattr(asset, name))
        for name in ASSET_FIELDS
        if getattr(asset, name) not in (None, "", {})
    }
    record(asset, ASSET_ADDED, by=by, kind=kind, new=data)
    _reindex(asset, by, new=True)
    return asset


def _written(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields with plate and VIN as they are compared. Refused when a VIN cannot be one."""
    values = dict(fields)
    if "plate" in values:
        values["plate"] = plate_of(values["plate"])
    if "vin" in values:
        values["vin"] = vin_of(values["vin"])
    return values


def _placed(asset: Asset) -> None:
    if asset.place is not None and asset.place.site_id != asset.site_id:
        raise Refused("wrong-site", _("This place belongs to another site."), field="place")


@service(needs="places.edit")
def change_asset(
    asset: Asset, *, by: Actor, version: int | None = None, reason: str = "", **fields: Any
) -> Asset:
    """Change columns of ASSET_FIELDS, the place where it stands included.

    Refused when somebody else was faster, a value is not possible or taken, or the thing is retired
    (see `retire_asset`, which is the only way to that state).
    """
    if asset.state == Asset.State.RETIRED or fields.get("state") == Asset.State.RETIRED:
        raise Refused("retired", _("A retired thing stays as it is."), field="state")
    place = fields.get("place")
    if place is not None and place.site_id != asset.site_id:
        raise Refused("wrong-site", _("This place belongs to another site."), field="place")
    old, new = change(asset, _written(fields), ASSET_FIELDS, version=version)
    if new:
        record(asset, ASSET_CHANGED, by=by, old=old, new=new, reason=reason)
        _reindex(asset, by)
    return asset


@service
def fill_asset(asset: Asset, *, by: Actor, **fields: Any) -> bool:
    """Record what is not known of a thing yet, as `fill_place` does for places."""
    place = fields.get("place")
    if place is not None and place.site_id != asset.site_id:
        raise Refused("wrong-site", _("This place belongs to another site."), field="place")
    return _fill(asset, _written(fields), ASSET_FIELDS, ASSET_CHANGED, by)


@service(needs="places.edit")
def retire_asset(asset: Asset, *, on: date | None = None, reason: str = "", by: Actor) -> Asset:
    """Take a thing out of use for good from a local day on (today when none is given).

    Its plate may then be given to another vehicle. Refused when the day lies before its installation.
    """
    values = {"state": Asset.State.RETIRED, "retired_on": on or today()}
    if asset.state == Asset.State.RETIRED:
        return asset
    old, new = change(asset, values, values)
    record(asset, ASSET_RETIRED, by=by, old=old, new=new, reason=reason)
    _reindex(asset, by)
    return asset
