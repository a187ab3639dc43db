"""Addresses of buildings, entrances, rooms and parking spaces: read, compared, written and spoken."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings

from huiyin.engines.search.address import PlaceQuery, normalise_number, parse_place, place_keys

_SPOKEN = {
    "zh-hans": ("{}栋", "{}座", "{}单元", "{}"),
    "zh-hant": ("{}棟", "{}座", "{}單元", "{}"),
}
"""How a building, a lettered building, an entrance and a room are said."""
_CAR_PARK = {"zh-hans": "{}号停车场", "zh-hant": "{}號停車場"}
_PART = re.compile(r"[0-9A-Za-z]{1,10}")


@dataclass(frozen=True, slots=True)
class Address:
    """Building, entrance and room of a place, each as the address grammar writes it; empty where none."""

    building: str
    unit: str = ""
    room: str = ""

    @property
    def key(self) -> str:
        """What all spellings of the address have in common: `building|unit|room`."""
        return _key(self.building, self.unit, self.room)

    @property
    def code(self) -> str:
        """The short written form; a room without entrance has `0` in its place: `3-2-501`, `3-0-501`."""
        parts = [self.building, self.unit or ("0" if self.room else ""), self.room]
        return "-".join(part for part in parts if part)

    @property
    def name(self) -> str:
        """The address as people of the organisation's language say it; elsewhere the written form."""
        words = _SPOKEN.get(settings.LANGUAGE_CODE)
        if words is None:
            return self.code
        building, lettered, unit, room = words
        said = (lettered if self.building[-1:].isalpha() else building).format(self.building)
        said += unit.format(self.unit) if self.unit else ""
        return said + (room.format(self.room) if self.room else "")

    @property
    def spellings(self) -> list[str]:
        """The forms under which a search should find the place, the full ones first."""
        forms = [self.code, self.name]
        if self.room:
            forms += [Address(self.building, "", self.room).name, f"{self.building}-{self.room}"]
        return list(dict.fromkeys(forms))


@lru_cache(maxsize=20_000)
def address(building: str, unit: str = "", room: str = "") -> Address:
    """The address made of parts written in any way (`3栋`, 三, `03`); the entrance `0` is none."""
    entrance = normalise_number(unit)
    return Address(normalise_number(building), "" if entrance == "0" else entrance, normalise_number(room))


@lru_cache(maxsize=20_000)
def _key(building: str, unit: str, room: str) -> str:
    return place_keys(building=building, unit=unit, room=room)[0]


def read(text: str) -> PlaceQuery | None:
    """What place a text names, by the grammar of the search; None when it names none."""
    return parse_place(text)


def address_of(text: str, *, depth: int = 3) -> Address | None:
    """The address in a text meant to name a building (depth 1), an entrance (2) or a room (3).

    Bare parts joined by dashes are taken as they stand, so that short numbers, which could be a
    date elsewhere, are an address here. None when there is no such address in the text.
    """
    parts = unicodedata.normalize("NFKC", text).strip().split("-")
    if len(parts) == depth and all(map(_PART.fullmatch, parts)):
        return address(*parts)
    query = parse_place(text)
    if query is None or not query.building or query.parking:
        return None
    found = address(query.building, query.unit, query.room)
    return Address(*(found.building, found.unit, found.room)[:depth])


def floor_key(building: str, unit: str, floor: str) -> str:
    """What all spellings of a floor have in common."""
    return place_keys(building=building, unit=unit, floor=floor)[0]


def parking_key(number: str) -> str:
    """What all spellings of a parking space have in common, with or without its floor."""
    return place_keys(room=number, parking=True)[0]


def number(text: str) -> str:
    """The number of one building, entrance, floor or room without its word, zeros and spelling."""
    return normalise_number(text)


def car_park_name(number: str) -> str:
    """A car park as people of the organisation's language say it; elsewhere its bare number."""
    return _CAR_PARK.get(settings.LANGUAGE_CODE, "{}").format(number)
