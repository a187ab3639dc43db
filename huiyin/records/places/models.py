"""Places and things: what a site consists of, and what is installed, parked or owned there."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.models import ScopedModel
from huiyin.base.kit.moment import now

AREA: dict[str, Any] = {"max_digits": 12, "decimal_places": 2, "null": True, "blank": True}
"""Floor areas in square metres, two decimals as surveys give them; empty when not known."""


def not_negative(*names: str) -> Q:
    """The condition that each of the columns is empty or at least zero."""
    condition = Q()
    for name in names:
        condition &= Q(**{name: None}) | Q(**{f"{name}__gte": 0})
    return condition


class Place(ScopedModel):
    """A building, entrance, floor, room, public area, parking space or station of a site.

    Places form a tree under their site. `path` is the chain of ids above a place, e.g. `/1/4/`
    (a place at the top has `/`), so everything below place 9 begins with `/1/4/9/`.
    `key` is what all spellings of its address have in common, `building|unit|room`, and empty where
    there is none. `layout` is that of a flat, or the sort of a parking space. Areas are square metres.
    """

    class Kind(models.TextChoices):
        ZONE = "zone", _("Zone")
        BUILDING = "building", _("Building")
        UNIT = "unit", _("Entrance")
        FLOOR = "floor", _("Floor")
        ROOM = "room", _("Room")
        PUBLIC_AREA = "public_area", _("Public area")
        PARKING_LOT = "parking_lot", _("Car park")
        PARKING = "parking", _("Parking space")
        EQUIPMENT_ROOM = "equipment_room", _("Equipment room")
        STATION = "station", _("Station")
        OTHER = "other", _("Other place")

    class Use(models.TextChoices):
        RESIDENTIAL = "residential", _("Residential")
        DORMITORY = "dormitory", _("Dormitory")
        SHOP = "shop", _("Shop")
        OFFICE = "office", _("Office")
        PARKING = "parking", _("Parking")
        STORAGE = "storage", _("Storage")
        INDUSTRIAL = "industrial", _("Industrial")
        PUBLIC = "public", _("Public use")
        OTHER = "other", _("Other use")

    class Occupancy(models.TextChoices):
        UNSOLD = "unsold", _("Unsold")
        VACANT = "vacant", _("Vacant")
        FIT_OUT = "fit_out", _("Under fit-out")
        SELF_USED = "self_used", _("Self-used")
        LET = "let", _("Let")

    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("Belongs to"),
    )
    kind = models.CharField(max_length=16, choices=Kind.choices, verbose_name=_("Kind"))
    code = models.CharField(max_length=60, verbose_name=_("Code"))
    name = models.CharField(max_length=120, verbose_name=_("Name"))
    key = models.CharField(max_length=70, blank=True, default="", editable=False)
    building = models.CharField(max_length=20, blank=True, default="", verbose_name=_("Building"))
    unit = models.CharField(max_length=20, blank=True, default="", verbose_name=_("Entrance"))
    floor = models.CharField(max_length=10, blank=True, default="", verbose_name=_("Floor"))
    room = models.CharField(max_length=20, blank=True, default="", verbose_name=_("Room"))
    sort = models.CharField(max_length=160, editable=False)
    path = models.CharField(max_length=200, db_index=True, editable=False, default="/")
    use = models.CharField(max_length=12, choices=Use.choices, blank=True, default="", verbose_name=_("Use"))
    layout = models.CharField(max_length=40, blank=True, default="", verbose_name=_("Layout"))
    building_area = models.DecimalField(**AREA, verbose_name=_("Building area (m²)"))
    inner_area = models.DecimalField(**AREA, verbose_name=_("Inner area (m²)"))
    shared_area = models.DecimalField(**AREA, verbose_name=_("Shared area (m²)"))
    forecast_area = models.DecimalField(**AREA, verbose_name=_("Forecast area (m²)"))
    floors = models.PositiveSmallIntegerField(null=True, blank=True, verbose_name=_("Number of floors"))
    has_lift = models.BooleanField(null=True, blank=True, verbose_name=_("Has a lift"))
    occupancy = models.CharField(
        max_length=10, choices=Occupancy.choices, blank=True, default="", verbose_name=_("Occupancy")
    )
    handed_over_on = models.DateField(null=True, blank=True, verbose_name=_("Handed over on"))
    remark = models.CharField(max_length=500, blank=True, default="", verbose_name=_("Remark"))
    closed_on = models.DateField(null=True, blank=True, verbose_name=_("Closed on"))
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["sort", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "code"],
                name="places_place_code",
                violation_error_message=_("A place with this code exists already."),
            ),
            models.CheckConstraint(
                condition=not_negative("building_area", "inner_area", "shared_area", "forecast_area"),
                name="places_place_areas",
                violation_error_message=_("An area cannot be negative."),
            ),
        ]
        indexes = [
            models.Index(fields=["site", "kind", "sort"], name="places_place_list"),
            models.Index(fields=["sort", "id"], name="places_place_sort"),
            models.Index(fields=["key", "site"], name="places_place_key"),
            models.Index(fields=["site", "building", "room"], name="places_place_room"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("places:place", args=[self.pk])

    @property
    def below(self) -> str:
        """What the path of everything under this place begins with."""
        return f"{self.path}{self.pk}/"


class Asset(ScopedModel):
    """One thing with a file of its own: a lift, a pump, a meter, a vehicle, a sold device.

    `subtype` tells apart within a kind (water meter, electricity meter, lorry). `plate` and `vin`
    belong to vehicles, `serial` to everything that a maker numbered; `details` holds what else is
    known, as text by name. Retired things stay.
    """

    class Kind(models.TextChoices):
        EQUIPMENT = "equipment", _("Equipment")
        LIFT = "lift", _("Lift")
        METER = "meter", _("Meter")
        VEHICLE = "vehicle", _("Vehicle")
        DEVICE = "device", _("Device")

    class State(models.TextChoices):
        IN_USE = "in_use", _("In use")
        STOPPED = "stopped", _("Out of service")
        RETIRED = "retired", _("Retired")

    kind = models.CharField(max_length=12, choices=Kind.choices, verbose_name=_("Kind"))
    subtype = models.CharField(max_length=40, blank=True, default="", verbose_name=_("Type"))
    code = models.CharField(max_length=60, verbose_name=_("Code"))
    name = models.CharField(max_length=120, verbose_name=_("Name"))
    place = models.ForeignKey(
        Place, on_delete=models.PROTECT, null=True, blank=True, related_name="assets", verbose_name=_("Place")
    )
    serial = models.CharField(max_length=60, blank=True, default="", verbose_name=_("Serial number"))
    plate = models.CharField(max_length=16, blank=True, default="", verbose_name=_("Plate"))
    vin = models.CharField(max_length=17, blank=True, default="", verbose_name=_("VIN"))
    maker = models.CharField(max_length=60, blank=True, default="", verbose_name=_("Maker"))
    model = models.CharField(max_length=60, blank=True, default="", verbose_name=_("Model"))
    colour = models.CharField(max_length=20, blank=True, default="", verbose_name=_("Colour"))
    installed_on = models.DateField(null=True, blank=True, verbose_name=_("Installed on"))
    retired_on = models.DateField(null=True, blank=True, verbose_name=_("Retired on"))
    state = models.CharField(
        max_length=8, choices=State.choices, default=State.IN_USE, verbose_name=_("State")
    )
    details = models.JSONField(default=dict, blank=True, verbose_name=_("Details"))
    remark = models.CharField(max_length=500, blank=True, default="", verbose_name=_("Remark"))
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["kind", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "code"],
                name="places_asset_code",
                violation_error_message=_("A thing with this code exists already."),
            ),
            models.UniqueConstraint(
                fields=["site", "plate"],
                condition=~Q(plate="") & ~Q(state="retired"),
                name="places_asset_plate",
                violation_error_message=_("A vehicle with this plate exists already."),
            ),
            models.CheckConstraint(
                condition=Q(retired_on=None) | Q(installed_on=None) | Q(retired_on__gte=F("installed_on")),
                name="places_asset_period",
                violation_error_message=_("The end lies before the start."),
            ),
        ]
        indexes = [
            models.Index(fields=["site", "kind", "code"], name="places_asset_list"),
            models.Index(fields=["plate", "site"], name="places_asset_by_plate"),
            models.Index(fields=["vin", "site"], name="places_asset_vin"),
            models.Index(fields=["serial", "site"], name="places_asset_serial"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("places:asset", args=[self.pk])
