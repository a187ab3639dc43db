"""What customers have to show on the pages and plans of places and things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from huiyin.base.kit.panels import Mark, mark, panel
from huiyin.records.places.models import Asset, Place

from .models import Holding
from .selectors import VIEW, care_of, household, standing
from .words import care_shown

PAST_SHOWN = 10


@panel(Place, "household-link", order=10, permission=VIEW, slot="actions")
def household_link(request: HttpRequest, place: Place) -> tuple[str, dict[str, Any]] | None:
    """The way to the file of the household."""
    if place.kind not in (Place.Kind.ROOM, Place.Kind.PARKING):
        return None
    return "customers/part_household_link.html", {}


@panel(Place, "people", order=10, permission=VIEW)
def people_of_place(request: HttpRequest, place: Place) -> tuple[str, dict[str, Any]] | None:
    """Who stands to a place today and did before."""
    if place.kind not in (Place.Kind.ROOM, Place.Kind.PARKING):
        return None
    rows = Holding.objects.allowed(VIEW).filter(place=place, voided_at=None, ends_on__isnull=False)
    past = rows.exclude(standing()).select_related("customer").order_by("-ends_on", "-pk")
    return "customers/part_people.html", {
        "people": household(place).people,
        "past": list(past[:PAST_SHOWN]),
        "place": place,
    }


@panel(Asset, "holders", order=10, permission=VIEW)
def holders_of_asset(request: HttpRequest, asset: Asset) -> tuple[str, dict[str, Any]]:
    """Whose a thing is, and whose it was."""
    rows = Holding.objects.allowed(VIEW).filter(asset=asset, voided_at=None)
    holdings = rows.select_related("customer").order_by("-starts_on", "-pk")[: 2 * PAST_SHOWN]
    return "customers/part_holders.html", {"holdings": list(holdings), "asset": asset}


@mark(Place, "care", permission=VIEW)
def care_marks(ids: Sequence[int]) -> dict[int, Mark]:
    """Which homes need special care today; what is meant for staff's eyes only is not on a plan."""
    rows = Holding.objects.filter(standing(), place__in=list(ids), customer__has_care=True)
    found: dict[int, Mark] = {}
    for holding in rows.select_related("customer"):
        shown = [care_shown(one, holding.site_id) for one in care_of([holding.customer])]
        words = ", ".join(one.label for one in shown if not one.discreet)
        if words and holding.place_id is not None:
            tone = "bad" if any(one.tone == "bad" for one in shown) else "warn"
            found[holding.place_id] = Mark(_("Special care: %(what)s") % {"what": words}, "heart", tone)
    return found
