"""Columns and orders of the lists of this app."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from huiyin.base.kit.tables import Column, Order, Table
from huiyin.base.kit.templatetags.kit import badge

from .models import Asset, Place

OCCUPANCY_TONES: dict[str, str] = {
    Place.Occupancy.SELF_USED: "good",
    Place.Occupancy.LET: "active",
    Place.Occupancy.FIT_OUT: "warn",
    Place.Occupancy.VACANT: "neutral",
    Place.Occupancy.UNSOLD: "waiting",
}
STATE_TONES: dict[str, str] = {
    Asset.State.IN_USE: "good",
    Asset.State.STOPPED: "warn",
    Asset.State.RETIRED: "neutral",
}


def occupancy_badge(place: Place) -> Any:
    """How a room is used, in a word; nothing where it is not recorded."""
    if not place.occupancy:
        return None
    return badge(place.get_occupancy_display(), OCCUPANCY_TONES.get(place.occupancy, "neutral"))


def state_badge(asset: Asset) -> Any:
    """How a thing stands, in a word."""
    return badge(asset.get_state_display(), STATE_TONES.get(asset.state, "neutral"))


def _name_shown(row: Any) -> Any:
    return format_html("{} {}", row.name, badge(_("closed"))) if row.closed_on else row.name


PLACES = Table(
    columns=(
        Column("name", pgettext_lazy("place", "Place"), lambda p: p.name, _name_shown, sort="address"),
        Column("kind", gettext_lazy("Kind"), lambda p: p.get_kind_display(), css="hy-nowrap"),
        Column("code", gettext_lazy("Code"), lambda p: p.code, css="hy-code"),
        Column(
            "occupancy",
            gettext_lazy("Occupancy"),
            lambda p: p.get_occupancy_display(),
            occupancy_badge,
            css="hy-nowrap",
        ),
        Column("use", gettext_lazy("Use"), lambda p: p.get_use_display(), css="hy-nowrap"),
        Column("layout", gettext_lazy("Layout"), lambda p: p.layout, css="hy-nowrap"),
        Column("area", gettext_lazy("Building area (m²)"), lambda p: p.building_area, css="hy-num"),
        Column("inner", gettext_lazy("Inner area (m²)"), lambda p: p.inner_area, css="hy-num", hidden=True),
        Column(
            "shared", gettext_lazy("Shared area (m²)"), lambda p: p.shared_area, css="hy-num", hidden=True
        ),
        Column(
            "forecast",
            gettext_lazy("Forecast area (m²)"),
            lambda p: p.forecast_area,
            css="hy-num",
            hidden=True,
        ),
        Column("floor", gettext_lazy("Floor"), lambda p: p.floor, hidden=True),
        Column("handed_over", gettext_lazy("Handed over on"), lambda p: p.handed_over_on, css="hy-nowrap"),
        Column("site", gettext_lazy("Site"), lambda p: p.site.name, hidden=True),
        Column("remark", gettext_lazy("Remark"), lambda p: p.remark, hidden=True),
        Column("closed", gettext_lazy("Closed on"), lambda p: p.closed_on, hidden=True),
    ),
    orders=(
        Order("address", gettext_lazy("Address"), "sort", descending=False),
        Order("changed", gettext_lazy("Last changed first"), "updated_at"),
    ),
    page_size=100,
    row_url=lambda place: reverse("places:place", args=[place.pk]),
    row_css=lambda place: "hy-faded" if place.closed_on else "",
)

ASSETS = Table(
    columns=(
        Column("name", gettext_lazy("Name"), lambda a: a.name, sort="name"),
        Column("kind", gettext_lazy("Kind"), lambda a: a.get_kind_display(), css="hy-nowrap"),
        Column("subtype", gettext_lazy("Type"), lambda a: a.subtype),
        Column("code", gettext_lazy("Code"), lambda a: a.code, sort="code", css="hy-code"),
        Column("place", gettext_lazy("Place"), lambda a: a.place.name if a.place else ""),
        Column("state", gettext_lazy("State"), lambda a: a.get_state_display(), state_badge, css="hy-nowrap"),
        Column("plate", gettext_lazy("Plate"), lambda a: a.plate, css="hy-nowrap"),
        Column("serial", gettext_lazy("Serial number"), lambda a: a.serial, hidden=True),
        Column("vin", gettext_lazy("VIN"), lambda a: a.vin, hidden=True),
        Column("maker", gettext_lazy("Maker"), lambda a: a.maker, hidden=True),
        Column("model", gettext_lazy("Model"), lambda a: a.model, hidden=True),
        Column("installed", gettext_lazy("Installed on"), lambda a: a.installed_on, hidden=True),
        Column("retired", gettext_lazy("Retired on"), lambda a: a.retired_on, hidden=True),
        Column("site", gettext_lazy("Site"), lambda a: a.site.name, hidden=True),
    ),
    orders=(
        Order("code", gettext_lazy("Code"), "code", descending=False),
        Order("name", gettext_lazy("Name"), "name", descending=False),
        Order("newest", gettext_lazy("Newest first"), "pk"),
    ),
    row_url=lambda asset: reverse("places:asset", args=[asset.pk]),
    row_css=lambda asset: "hy-faded" if asset.state == Asset.State.RETIRED else "",
)
