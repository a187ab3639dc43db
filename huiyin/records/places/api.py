"""Places over the programming interface."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router
from pydantic import BaseModel, Field

from huiyin.base.kit.api import Paging, answers, keyset, must_hold, reached, reply, unknown
from huiyin.base.kit.tables import Order
from huiyin.base.org.selectors import site_coded
from huiyin.engines.search.selectors import narrow

from .models import Place
from .selectors import ancestors, matches

router = Router(tags=["places"])
NATURAL = Order("sort", _("Natural order"), "sort", descending=False)
VIEW = "places.view"


class PlaceOut(BaseModel):
    """A place as it stands; areas are square metres as text, empty where unknown."""

    site: str
    code: str
    name: str
    kind: str
    building: str
    unit: str
    floor: str
    room: str
    use: str
    occupancy: str
    building_area: str
    inner_area: str
    handed_over_on: str | None = Field(description="A local day, YYYY-MM-DD")
    closed_on: str | None = Field(description="A local day, YYYY-MM-DD")


class PlaceFile(PlaceOut):
    """A place with what it lies in, from the top down (codes)."""

    within: list[str]


class PlacePage(BaseModel):
    """One page of places in natural order, and the cursor of the next."""

    items: list[PlaceOut]
    next: str | None


class Filters(Paging):
    """What a list of places can be narrowed by."""

    site: str | None = Field(None, max_length=31)
    kind: str | None = Field(None, max_length=16)
    q: str | None = Field(None, max_length=100, description="An address such as 3-2-501, a code or a name")


def place_out(place: Place) -> dict[str, Any]:
    """A place as the interface shows it."""
    same = ("code", "name", "kind", "building", "unit", "floor", "room", "use", "occupancy")
    return {
        "site": place.site.code,
        **{name: getattr(place, name) for name in same},
        "building_area": "" if place.building_area is None else str(place.building_area),
        "inner_area": "" if place.inner_area is None else str(place.inner_area),
        "handed_over_on": place.handed_over_on.isoformat() if place.handed_over_on else None,
        "closed_on": place.closed_on.isoformat() if place.closed_on else None,
    }


@router.get(
    "/places", response=answers(200, PlacePage), summary="List places, or find them by address or name"
)
def index(request: HttpRequest, filters: Query[Filters]) -> HttpResponse:
    """What an address names is found in every spelling; else the words are looked for."""
    must_hold(VIEW)
    places = Place.objects.allowed(VIEW).select_related("site")
    if filters.site is not None:
        site = site_coded(filters.site)
        if site is None:
            raise unknown("site", filters.site)
        places = places.filter(site=site)
    if filters.kind is not None:
        if filters.kind not in Place.Kind.values:
            raise unknown("kind", filters.kind)
        places = places.filter(kind=filters.kind)
    if filters.q:
        named = [place.pk for place in matches(filters.q, limit=200)]
        exact = places.filter(pk__in=named)
        places = exact if named and exact.exists() else narrow(places, filters.q)
    page = keyset(places, NATURAL, after=filters.after, limit=filters.limit)
    return reply({"items": [place_out(place) for place in page.rows], "next": page.next})


@router.get("/places/{site}/{path:code}", response=answers(200, PlaceFile), summary="One place")
def detail(request: HttpRequest, site: str, code: str) -> HttpResponse:
    """By the code of its site and its own."""
    must_hold(VIEW)
    place = reached(Place.objects.filter(site__code=site, code=code).select_related("site").first(), VIEW)
    return reply({**place_out(place), "within": [one.code for one in ancestors(place)]})
