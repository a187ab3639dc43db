"""Filters of the lists of this app."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from huiyin.base.org.models import Site
from huiyin.base.org.selectors import sites_in_reach

from .addresses import number
from .models import Asset, Place

USED = [("yes", _("In use")), ("no", pgettext_lazy("place", "Closed"))]
UNKNOWN = "unknown"


def _sites(request: Any) -> QuerySet[Site]:
    return sites_in_reach("places.view")


class PlaceFilter(django_filters.FilterSet):
    """Places by site, kind, building, use, occupancy, and whether they are still in use."""

    site = django_filters.ModelChoiceFilter(label=_("Site"), queryset=_sites, to_field_name="code")
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=Place.Kind.choices)
    building = django_filters.CharFilter(label=_("Building"), max_length=20, method="in_building")
    use = django_filters.ChoiceFilter(label=_("Use"), choices=Place.Use.choices)
    occupancy = django_filters.ChoiceFilter(
        label=_("Occupancy"),
        choices=[*Place.Occupancy.choices, (UNKNOWN, _("Not recorded"))],
        method="by_occupancy",
    )
    used = django_filters.ChoiceFilter(label=_("State"), choices=USED, method="by_use")

    class Meta:
        model = Place
        fields: list[str] = []

    def in_building(self, places: QuerySet[Place], name: str, value: str) -> QuerySet[Place]:
        """Places of a building, its number written in any way."""
        return places.filter(building=number(value))

    def by_occupancy(self, places: QuerySet[Place], name: str, value: str) -> QuerySet[Place]:
        """Rooms and parking spaces in one state, or those of which none is recorded."""
        if value == UNKNOWN:
            return places.filter(occupancy="", kind__in=[Place.Kind.ROOM, Place.Kind.PARKING])
        return places.filter(occupancy=value)

    def by_use(self, places: QuerySet[Place], name: str, value: str) -> QuerySet[Place]:
        """Places in use, or closed ones."""
        return places.filter(closed_on__isnull=value == "yes")


class AssetFilter(django_filters.FilterSet):
    """Things by site, kind and state."""

    site = django_filters.ModelChoiceFilter(label=_("Site"), queryset=_sites, to_field_name="code")
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=Asset.Kind.choices)
    state = django_filters.ChoiceFilter(label=_("State"), choices=Asset.State.choices)

    class Meta:
        model = Asset
        fields: list[str] = []
