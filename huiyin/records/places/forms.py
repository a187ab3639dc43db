"""Forms of the commands on places and things."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.moment import today
from huiyin.base.kit.pairs import PairsField
from huiyin.base.kit.picker import Candidate, PickerField, row_of
from huiyin.base.org.models import Site
from huiyin.engines.search.selectors import narrow

from .models import AREA, Asset, Place
from .selectors import matches
from .services import ADDRESSED, LIVED_IN, PARENTS

K = Place.Kind
AREAS = ("building_area", "inner_area", "shared_area", "forecast_area")
OF_KIND: dict[str, tuple[str, ...]] = {
    K.BUILDING: ("name", "use", "floors", "has_lift", "building_area", "handed_over_on", "remark"),
    K.UNIT: ("name", "floors", "has_lift", "remark"),
    K.FLOOR: ("name", "floor", "remark"),
    K.ROOM: ("name", "floor", "use", "layout", *AREAS, "handed_over_on", "remark"),
    K.PARKING: ("name", "floor", "layout", *AREAS[:1], "handed_over_on", "remark"),
}
"""What is asked about places of a kind, of the columns that can be changed."""
OTHERWISE = ("name", "floor", "use", *AREAS[:1], "remark")
PICKED = 8


def areas(name: str) -> forms.DecimalField:
    """A field for one of the areas, in square metres."""
    return forms.DecimalField(
        label=Place._meta.get_field(name).verbose_name,  # type: ignore[union-attr]
        min_value=0,
        max_digits=AREA["max_digits"],
        decimal_places=AREA["decimal_places"],
        required=False,
    )


def yes_no(label: Any) -> forms.TypedChoiceField:
    """Yes, no, or not known."""
    return forms.TypedChoiceField(
        label=label,
        required=False,
        choices=[("", "—"), ("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda value: {"yes": True, "no": False}.get(value),
        empty_value=None,
    )


def place_fields() -> dict[str, forms.Field]:
    """A field for every column that can be changed, by its name."""
    return {
        "name": forms.CharField(label=_("Name"), max_length=120, required=False),
        "floor": forms.CharField(label=_("Floor"), max_length=10, required=False),
        "use": forms.ChoiceField(label=_("Use"), choices=[("", "—"), *Place.Use.choices], required=False),
        "layout": forms.CharField(label=_("Layout"), max_length=40, required=False),
        **{name: areas(name) for name in AREAS},
        "floors": forms.IntegerField(label=_("Number of floors"), min_value=0, max_value=300, required=False),
        "has_lift": yes_no(_("Has a lift")),
        "handed_over_on": forms.DateField(label=_("Handed over on"), required=False),
        "remark": forms.CharField(
            label=_("Remark"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
        ),
    }


def candidates(places: Iterable[Place]) -> list[Candidate]:
    """Places as candidates of a picker."""
    return [Candidate(str(one.pk), one.name, f"{one.get_kind_display()} · {one.code}") for one in places]


def find_places(
    text: str, *, sites: Sequence[int], kinds: Iterable[str] | None = None, besides: int | None = None
) -> list[Place]:
    """The places of some sites that a text names: by address or code, else by words."""
    wanted = None if kinds is None else set(kinds)
    found = [one for one in matches(text, sites=sites) if wanted is None or one.kind in wanted]
    if not found:
        rows = Place.objects.filter(site__in=sites, closed_on=None)
        rows = rows if wanted is None else rows.filter(kind__in=wanted)
        found = list(narrow(rows, text).order_by("sort", "pk")[: PICKED + 1])
    return [one for one in found if one.pk != besides]


class PlaceField(PickerField):
    """A place of a site, by its address, code or name."""

    def __init__(
        self,
        site: Site,
        *,
        kinds: Iterable[str] | None = None,
        besides: int | None = None,
        chosen: Place | None = None,
        **kwargs: Any,
    ) -> None:
        wanted = None if kinds is None else sorted(kinds)
        rows = Place.objects.filter(site=site, closed_on=None).exclude(pk=besides)
        rows = rows if wanted is None else rows.filter(kind__in=wanted)
        kwargs.setdefault("label", _("Place"))
        kwargs.setdefault("placeholder", _("Address, code or name"))
        super().__init__(
            find=lambda text: candidates(find_places(text, sites=[site.pk], kinds=wanted, besides=besides)),
            fetch=lambda value: row_of(rows, value),
            url=f"{reverse('places:pick')}?site={site.code}"
            + (f"&kinds={','.join(wanted)}" if wanted else ""),
            offered=candidates([chosen]) if chosen is not None else (),
            chosen=str(chosen.pk) if chosen is not None else "",
            **kwargs,
        )


class AddPlaceForm(forms.Form):
    """A new place of one kind: its address, or a name and perhaps a code; then what is known of it."""

    def __init__(self, *args: Any, kind: str, parent: Place | None, site: Site, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = place_fields()
        if kind in ADDRESSED:
            self.fields["address"] = forms.CharField(
                label=_("Address"),
                max_length=60,
                help_text=_("As people say or write it; what stands above it is added where missing."),
            )
        else:
            known["name"].required = True
            self.fields["name"] = known["name"]
            self.fields["code"] = forms.CharField(
                label=_("Code"),
                max_length=60,
                required=False,
                help_text=_("Own number of the place; the name when left empty."),
            )
        if parent is None and PARENTS.get(kind) and kind not in ADDRESSED:
            self.fields["parent"] = PlaceField(
                site, kinds=PARENTS[kind], label=_("Belongs to"), required=kind in (K.FLOOR,)
            )
        for name in OF_KIND.get(kind, OTHERWISE):
            self.fields.setdefault(name, known[name])
        if kind in LIVED_IN:
            self.fields["occupancy"] = forms.ChoiceField(
                label=_("Occupancy"), choices=[("", "—"), *Place.Occupancy.choices], required=False
            )


class ChangePlaceForm(forms.Form):
    """What is recorded of a place, with the version on screen."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, place: Place, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = place_fields()
        known["name"].required = True
        for name in OF_KIND.get(place.kind, OTHERWISE):
            self.fields[name] = known[name]
        self.fields["reason"] = forms.CharField(
            label=_("What it rests on"),
            max_length=200,
            required=False,
            help_text=_("For instance the survey sheet of a measured area."),
        )


class OccupancyForm(forms.Form):
    """How a room or parking space is used from a day on."""

    occupancy = forms.ChoiceField(
        label=_("Occupancy"), choices=Place.Occupancy.choices, widget=forms.RadioSelect
    )
    on = forms.DateField(label=_("Since"), initial=today)
    remark = forms.CharField(label=_("Remark"), max_length=200, required=False)


class EndForm(forms.Form):
    """The day from which something is no longer used, and why."""

    on = forms.DateField(label=_("Last day"), initial=today)
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)


class MoveForm(forms.Form):
    """Under which place another is put."""

    def __init__(self, *args: Any, place: Place, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"] = PlaceField(
            place.site,
            kinds=PARENTS.get(place.kind, frozenset()),
            besides=place.pk,
            chosen=place.parent,
            label=_("Belongs to"),
            required=False,
            help_text=_("Directly under the site, when left empty."),
        )
        self.fields["reason"] = forms.CharField(label=_("Reason"), max_length=200, required=False)


class AddressForm(forms.Form):
    """Another address for a room."""

    address = forms.CharField(label=_("New address"), max_length=60)
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)


class AssetForm(forms.Form):
    """One thing: what it is, where it stands, what numbers it has."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Asset.Kind.choices)
    subtype = forms.CharField(label=_("Type"), max_length=40, required=False)
    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    code = forms.CharField(
        label=_("Code"),
        max_length=60,
        required=False,
        help_text=_("The plate, serial number or VIN when left empty."),
    )
    plate = forms.CharField(label=_("Plate"), max_length=16, required=False)
    serial = forms.CharField(label=_("Serial number"), max_length=60, required=False)
    vin = forms.CharField(label=_("VIN"), max_length=30, required=False)
    maker = forms.CharField(label=_("Maker"), max_length=60, required=False)
    model = forms.CharField(label=_("Model"), max_length=60, required=False)
    colour = forms.CharField(label=_("Colour"), max_length=20, required=False)
    installed_on = forms.DateField(label=_("Installed on"), required=False)
    state = forms.ChoiceField(
        label=_("State"),
        choices=[one for one in Asset.State.choices if one[0] != Asset.State.RETIRED],
        initial=Asset.State.IN_USE,
    )
    details = PairsField(label=_("Details"), required=False, help_text=_("One a line, as “name: text”."))
    remark = forms.CharField(label=_("Remark"), max_length=500, required=False)

    def __init__(
        self, *args: Any, site: Site, asset: Asset | None = None, place: Place | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        standing = asset.place if asset is not None else place
        self.fields["place"] = PlaceField(site, chosen=standing, required=False)
        if asset is not None:
            del self.fields["kind"]
            self.fields["version"] = forms.IntegerField(widget=forms.HiddenInput)
            self.fields["reason"] = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        numbers = [data.get(name) for name in ("code", "plate", "serial", "vin")]
        if not self.errors and not any(numbers):
            self.add_error("code", _("Please give a code, plate, serial number or VIN."))
        return data
