"""The commands on places and things, each a form in a dialog."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from huiyin.base.kit.views import ActionView
from huiyin.base.org.models import Site

from . import forms, services
from .models import Asset, Place
from .views import EDIT, addable, site_asked

SAVED = gettext_lazy("Saved.")


class AtSite(ActionView):
    """A command on the site named in the address (`?site=`), or on that of a place."""

    permission = EDIT

    @property
    def site(self) -> Site:
        """The site in question. 404 when it is out of reach."""
        if self.object is not None:
            found: Site = self.object.site
            return found
        site = site_asked(self.request, EDIT)
        if site is None:
            raise Http404
        return site

    def subject(self) -> Site:
        return self.site


class AddPlace(AtSite):
    """A new place of the kind named in the address (`?kind=`), under another or at the top of a site."""

    form_class = forms.AddPlaceForm
    template_name = "places/form.html"
    success_message = gettext_lazy("The place was added.")

    @property
    def parent(self) -> Place | None:
        """The place under which it is added."""
        parent: Place | None = self.object
        return parent

    @property
    def kind(self) -> str:
        """What is added. 404 for a kind that does not belong there."""
        kinds = [kind for kind, _label in addable(self.parent)]
        kind = self.request.GET.get("kind", "")
        if kind not in kinds:
            raise Http404
        return kind

    def get_title(self) -> str:
        return _("Add: %(kind)s") % {"kind": Place.Kind(self.kind).label}

    def get_submit_label(self) -> str:
        return _("Add")

    def form_kwargs(self) -> dict[str, Any]:
        parent = self.parent
        initial = {}
        if parent is not None and parent.kind in services.ADDRESSED:
            initial["address"] = f"{parent.code}-"
        if parent is not None and parent.floor:
            initial["floor"] = parent.floor
        return {"kind": self.kind, "parent": parent, "site": self.site, "initial": initial}

    def run(self, form: Any) -> Place:
        data = dict(form.cleaned_data)
        parent = data.pop("parent", None) or self.parent
        # The address of an entrance or room says what it stands under, but not on which floor of a building.
        decides = self.kind in services.ADDRESSED and self.kind != Place.Kind.BUILDING
        if decides and (parent is None or parent.kind != Place.Kind.FLOOR):
            parent = None
        return services.add_place(self.site, kind=self.kind, parent=parent, by=self.actor, **data)


class AddPlaceUnder(AddPlace):
    """A new place under another."""

    model = Place


class OfPlace(ActionView):
    """A command on one place."""

    permission = EDIT
    model = Place
    object: Place
    success_message = SAVED


class ChangePlace(OfPlace):
    """Correct what is recorded of a place."""

    title = gettext_lazy("Change the place")
    submit_label = gettext_lazy("Save")
    form_class = forms.ChangePlaceForm
    service = services.change_place
    template_name = "places/form.html"

    def form_kwargs(self) -> dict[str, Any]:
        place = self.object
        initial = {name: getattr(place, name) for name in (*services.PLACE_FIELDS, "version")}
        initial["has_lift"] = "" if place.has_lift is None else "yes" if place.has_lift else "no"
        return {"place": place, "initial": initial}


class SetOccupancy(OfPlace):
    """Say how a room is used."""

    title = gettext_lazy("Set occupancy")
    submit_label = gettext_lazy("Save")
    form_class = forms.OccupancyForm
    service = services.set_occupancy

    def form_kwargs(self) -> dict[str, Any]:
        return {"initial": {"occupancy": self.object.occupancy}}


class MovePlace(OfPlace):
    """Put a place with everything under it somewhere else."""

    title = pgettext_lazy("place", "Move")
    form_class = forms.MoveForm
    service = services.move_place
    consequence = gettext_lazy("Everything under it moves along.")

    def form_kwargs(self) -> dict[str, Any]:
        return {"place": self.object}


class Readdress(OfPlace):
    """Give a room another address."""

    title = gettext_lazy("Change the address")
    submit_label = gettext_lazy("Save")
    form_class = forms.AddressForm
    service = services.readdress
    consequence = gettext_lazy("People, cases and files stay with the room under its new address.")

    def form_kwargs(self) -> dict[str, Any]:
        return {"initial": {"address": self.object.code}}


class ClosePlace(OfPlace):
    """Take a place out of use."""

    title = pgettext_lazy("place", "Close")
    form_class = forms.EndForm
    service = services.close_place
    danger = True
    consequence = gettext_lazy(
        "The place is no longer offered for new records; its history stays. It can be taken into use again."
    )


class ReopenPlace(OfPlace):
    """Take a closed place into use again."""

    title = gettext_lazy("Take into use again")
    form_class = forms.ReasonForm
    service = services.reopen_place


class AddAsset(AtSite):
    """A new thing at a site."""

    title = gettext_lazy("Add a thing")
    submit_label = gettext_lazy("Add")
    form_class = forms.AssetForm
    template_name = "places/form_asset.html"
    success_message = gettext_lazy("The thing was added.")

    def form_kwargs(self) -> dict[str, Any]:
        kind = self.request.GET.get("kind", "")
        initial = {"kind": kind} if kind in Asset.Kind.values else {}
        return {"site": self.site, "place": self.object, "initial": initial}

    def run(self, form: Any) -> Asset:
        return services.add_asset(self.site, by=self.actor, **form.cleaned_data)


class AddAssetAt(AddAsset):
    """A new thing in a place."""

    model = Place


class OfAsset(ActionView):
    """A command on one thing."""

    permission = EDIT
    model = Asset
    object: Asset
    success_message = SAVED


class ChangeAsset(OfAsset):
    """Correct what is recorded of a thing, or put it somewhere else."""

    title = gettext_lazy("Change the thing")
    submit_label = gettext_lazy("Save")
    form_class = forms.AssetForm
    service = services.change_asset
    template_name = "places/form_asset.html"

    def form_kwargs(self) -> dict[str, Any]:
        asset = self.object
        names = [name for name in services.ASSET_FIELDS if name != "place"]
        initial = {name: getattr(asset, name) for name in (*names, "version")}
        return {"site": asset.site, "asset": asset, "initial": initial}


class RetireAsset(OfAsset):
    """Take a thing out of use for good."""

    title = gettext_lazy("Retire")
    form_class = forms.EndForm
    service = services.retire_asset
    danger = True
    consequence = gettext_lazy("The thing stays on record and can no longer be changed.")
