"""Forms of the commands on customers, their contacts, papers and holdings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.moment import today
from huiyin.base.kit.pairs import PairsField
from huiyin.base.kit.picker import Candidate, PickerField, row_of
from huiyin.base.org.models import Site
from huiyin.engines.search.selectors import narrow
from huiyin.records.places.models import Asset, Place
from huiyin.records.places.selectors import asset_of, matches

from .finding import customers_named, homes_of, read_person
from .holdings import OWNERS, WITH_THE_OWNER
from .models import ContactPoint, Customer, Holding, IdentityNumber
from .opening import NewFile
from .selectors import Care
from .words import care_choices

NEW = "new"
"""The value of the candidate that opens a new file."""
SHOWN = 8
OWNERS_AT_ONCE = 4
HELD = (Place.Kind.ROOM, Place.Kind.PARKING)


def remark(label: Any = "", **kwargs: Any) -> forms.CharField:
    """A short text that may be left out."""
    return forms.CharField(label=label or _("Remark"), max_length=200, required=False, **kwargs)


def share() -> forms.DecimalField:
    """An owner's part in percent."""
    return forms.DecimalField(
        label=_("Share (%)"), min_value=0, max_value=100, max_digits=7, decimal_places=4, required=False
    )


def customer_candidates(customers: Sequence[Customer]) -> list[Candidate]:
    """Customers as candidates of a picker, with where they live."""
    homes = homes_of(customers)
    return [
        Candidate(
            str(one.pk), one.name, " · ".join(part for part in (homes.get(one.pk, ""), one.code) if part)
        )
        for one in customers
    ]


def people_for(site: Site, text: str, *, may_open: bool, besides: int | None = None) -> list[Candidate]:
    """The customers of a site that a text names, and the offer of a new file where that makes sense."""
    typed = read_person(text)
    found = customers_named(site, text, limit=SHOWN + 1)
    if not found and typed.name and typed.phone:
        found = customers_named(site, typed.phone, limit=SHOWN) or customers_named(
            site, typed.name, limit=SHOWN
        )
    offered = customer_candidates([one for one in found if one.pk != besides])
    if may_open and len(typed.name) > 1 and not any(sign.isdigit() for sign in typed.name):
        words = gettext("New file: %(person)s") % {"person": NewFile(typed.name, typed.phone)}
        offered.append(Candidate(NEW, words))
    return offered


class CustomerField(PickerField):
    """A customer of a site by name, telephone number, address or plate; with `may_open` also a new one.

    Gives the customer, or a `NewFile` for somebody who has none yet.
    """

    def __init__(
        self,
        site: Site,
        *,
        may_open: bool = False,
        besides: int | None = None,
        chosen: Customer | None = None,
        offered: Sequence[Customer] = (),
        **kwargs: Any,
    ) -> None:
        self.may_open = may_open
        rows = (
            Customer.objects.allowed("customers.view").filter(site=site, merged_into=None).exclude(pk=besides)
        )
        shown = list(offered) if chosen is None else [chosen]
        kwargs.setdefault("label", _("Customer"))
        kwargs.setdefault(
            "placeholder", _("Name and phone of anybody") if may_open else _("Name, phone, address or plate")
        )
        super().__init__(
            find=lambda text: people_for(site, text, may_open=may_open, besides=besides),
            fetch=lambda value: row_of(rows, value),
            url=f"{reverse('customers:pick')}?site={site.code}" + ("&new=1" if may_open else ""),
            offered=customer_candidates(shown) if shown else (),
            chosen=str(chosen.pk) if chosen is not None else "",
            **kwargs,
        )

    def clean(self, value: Any) -> Any:
        chosen, typed = value if isinstance(value, tuple) else (str(value or ""), "")
        if self.may_open and not chosen and typed:
            found = list(self.find(typed))
            if len(found) == 1 and found[0].value == NEW:
                chosen = NEW
        if not (self.may_open and chosen == NEW):
            return super().clean(value)
        person = read_person(typed)
        if not person.name or len(person.name) > 80:
            raise forms.ValidationError(_("Please type the name of the new customer."))
        self.offer(list(self.find(typed)), NEW)
        return NewFile(person.name, person.phone)


class HeldField(PickerField):
    """A room or parking space of a site, or a thing of it, by address, code or plate."""

    def __init__(self, site: Site, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Place or thing"))
        kwargs.setdefault("placeholder", _("Address, parking space or plate"))
        super().__init__(
            find=lambda text: held_candidates(site, text),
            fetch=lambda value: held_row(site, value),
            url=f"{reverse('customers:pick-held')}?site={site.code}",
            **kwargs,
        )


def held_candidates(site: Site, text: str) -> list[Candidate]:
    """The places and things of a site that a text names."""
    places = matches(text, sites=[site.pk], limit=SHOWN)
    if not places:
        rows = Place.objects.filter(site=site, kind__in=HELD, closed_on=None)
        places = list(narrow(rows, text).order_by("sort", "pk")[:SHOWN])
    thing = asset_of(site, text)
    found = [Candidate(f"p{one.pk}", one.name, str(one.get_kind_display())) for one in places]
    if thing is not None:
        found.append(Candidate(f"a{thing.pk}", thing.name, str(thing.get_kind_display())))
    return found


def held_row(site: Site, value: str) -> Place | Asset | None:
    """The place or thing behind a candidate."""
    rows: Any = {"p": Place.objects.filter(site=site), "a": Asset.objects.filter(site=site)}.get(value[:1])
    found: Place | Asset | None = None if rows is None else row_of(rows, value[1:])
    return found


class OpenForm(forms.Form):
    """A new file: who it is, how they are reached, what they have to do with which place."""

    name = forms.CharField(label=pgettext_lazy("customer", "Name"), max_length=80)
    kind = forms.ChoiceField(label=_("Kind"), choices=Customer.Kind.choices)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    gender = forms.ChoiceField(
        label=_("Gender"), choices=[("", "—"), *Customer.Gender.choices], required=False
    )
    identity_kind = forms.ChoiceField(label=_("Paper"), choices=IdentityNumber.Kind.choices, required=False)
    identity = forms.CharField(
        label=_("Number on it"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, site: Site, place: Place | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"] = HeldField(site, required=False, label=_("Room or parking space"))
        if place is not None:
            field = self.fields["place"]
            assert isinstance(field, HeldField)
            field.offer([Candidate(f"p{place.pk}", place.name)], f"p{place.pk}")
        self.fields["role"] = forms.ChoiceField(
            label=_("Role"), choices=[("", "—"), *Holding.Role.choices], required=False
        )
        self.fields["starts_on"] = forms.DateField(label=_("From"), required=False, initial=today)
        self.fields["sure"] = forms.BooleanField(
            label=_("It is somebody else: open a new file"), required=False
        )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        place = data.get("place")
        if place is not None and not isinstance(place, Place):
            self.add_error("place", _("Please choose a place here; things are added in the file."))
        if place is not None and not data.get("role"):
            self.add_error("role", _("Please say in what role."))
        return data


class ChangeForm(forms.Form):
    """A customer's data, with the version on screen."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    name = forms.CharField(label=pgettext_lazy("customer", "Name"), max_length=80)
    kind = forms.ChoiceField(label=_("Kind"), choices=Customer.Kind.choices)
    gender = forms.ChoiceField(
        label=_("Gender"), choices=[("", "—"), *Customer.Gender.choices], required=False
    )
    birthday = forms.DateField(label=_("Birthday"), required=False)
    representative = forms.CharField(
        label=_("Legal representative"), max_length=80, required=False, help_text=_("Of a company.")
    )
    tier = forms.CharField(label=_("Tier"), max_length=20, required=False)
    language = forms.CharField(label=pgettext_lazy("customer", "Language"), max_length=12, required=False)
    tags = forms.CharField(label=_("Tags"), required=False, help_text=_("Short words, separated by commas."))
    profile = PairsField(
        label=_("Profile"),
        required=False,
        help_text=_(
            "What else is good to know, one a line, as “name: text”: occupation, habits, diet, health."
        ),
    )
    note = forms.CharField(label=_("Note"), max_length=4000, required=False, widget=forms.Textarea)
    reason = remark(_("What it rests on"))

    def clean_tags(self) -> list[str]:
        """The words, each once."""
        text = self.cleaned_data["tags"].translate({0xFF0C: ",", 0x3001: ",", 0xFF1B: ",", 0x3B: ","})
        return list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        representative = data.pop("representative", "")
        if "profile" in data:
            data["profile"].pop("representative", None)
            if representative:
                data["profile"]["representative"] = representative
        return data


class NoteForm(forms.Form):
    """The note on a file."""

    note = forms.CharField(
        label=_("Note"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 6})
    )


class ContactForm(forms.Form):
    """A number or address under which a customer is reached."""

    kind = forms.ChoiceField(label=_("Kind"), choices=ContactPoint.Kind.choices)
    value = forms.CharField(label=_("Number or address"), max_length=200)
    label = forms.CharField(label=_("Label"), max_length=40, required=False, help_text=_("Office, wife, …"))
    is_primary = forms.BooleanField(label=_("First choice of its kind"), required=False)
    valid_from = forms.DateField(label=_("From"), required=False)
    valid_to = forms.DateField(label=_("Until"), required=False)


class ChangeContactForm(forms.Form):
    """Label, first choice and period of a contact."""

    label = forms.CharField(label=_("Label"), max_length=40, required=False)
    is_primary = forms.BooleanField(label=_("First choice of its kind"), required=False)
    valid_from = forms.DateField(label=_("From"), required=False)
    valid_to = forms.DateField(label=_("Until"), required=False)


class EndForm(forms.Form):
    """The last day of something, and why."""

    on = forms.DateField(label=_("Last day"), initial=today)
    reason = remark(_("Reason"))


class IdentityForm(forms.Form):
    """A number on a customer's papers."""

    kind = forms.ChoiceField(label=_("Paper"), choices=IdentityNumber.Kind.choices)
    number = forms.CharField(
        label=pgettext_lazy("paper", "Number"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    unverified = forms.BooleanField(
        label=_("Keep it although its check digit does not agree"),
        required=False,
        help_text=_("Then please say in the remark how you know."),
    )
    remark = remark()


class ReasonForm(forms.Form):
    """Why something is done; it is on record."""

    reason = forms.CharField(label=_("Reason"), max_length=200, min_length=2)


class OptionalReasonForm(forms.Form):
    """Why something is done."""

    reason = remark(_("Reason"))


class HoldingForm(forms.Form):
    """The role a customer stands in to a place or thing, and since when."""

    role = forms.ChoiceField(label=_("Role"), choices=Holding.Role.choices)
    share = share()
    starts_on = forms.DateField(label=_("From"), initial=today)
    ends_on = forms.DateField(label=_("Until"), required=False, help_text=_("Without end, when left empty."))
    remark = remark()


class StartHoldingForm(HoldingForm):
    """A place or thing for a customer."""

    def __init__(self, *args: Any, site: Site, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["held"] = HeldField(site)
        self.order_fields(["held", "role", "share", "starts_on", "ends_on", "remark"])


class AddPersonForm(HoldingForm):
    """A person for a place or thing, with or without a file."""

    def __init__(self, *args: Any, site: Site, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"] = CustomerField(
            site,
            may_open=True,
            label=_("Person"),
            help_text=_("Somebody new: type name and telephone number."),
        )
        self.order_fields(["person", "role", "share", "starts_on", "ends_on", "remark"])


class CorrectHoldingForm(HoldingForm):
    """What was right instead, and how it became known."""

    reason = forms.CharField(label=_("Reason"), max_length=200)
    field_order = ("role", "share", "starts_on", "ends_on", "remark", "reason")


class CareForm(forms.Form):
    """Special care somebody needs."""

    since = forms.DateField(label=_("From"), required=False, initial=today)
    until = forms.DateField(label=_("Until"), required=False)
    remark = remark(help_text=_("For instance what to mind, or who asked for it."))

    def __init__(self, *args: Any, site: Site, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = care_choices(site)
        self.fields["code"] = (
            forms.ChoiceField(label=_("Special care"), choices=choices)
            if choices
            else forms.CharField(label=_("Special care"), max_length=40)
        )
        self.order_fields(["code", "since", "until", "remark"])


class EndCareForm(EndForm):
    """Which special care is no longer needed."""

    def __init__(self, *args: Any, flags: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = forms.ChoiceField(label=_("Special care"), choices=list(flags))
        self.order_fields(["code", "on", "reason"])


class ConsentForm(forms.Form):
    """What a customer agreed to."""

    purpose = forms.CharField(label=_("To what"), max_length=60, help_text=_("Text messages, photographs, …"))
    on = forms.DateField(label=_("On"), initial=today)
    remark = remark(help_text=_("For instance the paper on which it was signed."))


class WithdrawForm(forms.Form):
    """Which consent a customer takes back."""

    on = forms.DateField(label=_("On"), initial=today)

    def __init__(self, *args: Any, purposes: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purpose"] = forms.ChoiceField(
            label=_("To what"), choices=[(one, one) for one in purposes]
        )
        self.order_fields(["purpose", "on"])


class CheckForm(forms.Form):
    """The day on which the data were gone through with the customer."""

    on = forms.DateField(label=_("On"), initial=today)
    remark = remark()


class HandOverForm(forms.Form):
    """The new owners of a place, and what ends with the old ones."""

    on = forms.DateField(label=_("From"), initial=today, help_text=_("The first day of the new owners."))

    def __init__(self, *args: Any, place: Place, leaving: Sequence[Holding], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(1, OWNERS_AT_ONCE + 1):
            self.fields[f"owner_{number}"] = CustomerField(
                place.site,
                may_open=True,
                required=number == 1,
                label=_("New owner %(number)s") % {"number": number},
            )
            self.fields[f"share_{number}"] = share()
        roles = dict(Holding.Role.choices)
        ends = [role for role in dict.fromkeys(one.role for one in leaving) if role not in OWNERS]
        if ends:
            self.fields["ending"] = forms.MultipleChoiceField(
                label=_("Also leave with them"),
                choices=[(role, roles[role]) for role in ends],
                initial=[role for role in ends if role in WITH_THE_OWNER],
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )
        self.fields["reason"] = remark(_("Reason"), help_text=_("First hand-over, sale, inheritance, …"))

    @property
    def owners(self) -> list[tuple[Any, Any]]:
        """The fields of every new owner, for the template."""
        return [(self[f"owner_{number}"], self[f"share_{number}"]) for number in range(1, OWNERS_AT_ONCE + 1)]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        owners = []
        for number in range(1, OWNERS_AT_ONCE + 1):
            who, part = data.pop(f"owner_{number}", None), data.pop(f"share_{number}", None)
            if who is not None:
                owners.append((who, part))
            elif part is not None and f"owner_{number}" not in self.errors:
                self.add_error(f"owner_{number}", _("Whose share is this?"))
        data["owners"] = owners
        data.setdefault("ending", [])
        return data


class MergeForm(forms.Form):
    """The file that goes into this one, and why."""

    def __init__(
        self, *args: Any, keep: Customer, other: Customer | None, alike: Sequence[Customer], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["other"] = CustomerField(
            keep.site, besides=keep.pk, chosen=other, offered=alike, label=_("The other file")
        )
        self.fields["reason"] = remark(_("Reason"))


def flags_of(care: Iterable[Care], site: Site | int) -> list[tuple[str, str]]:
    """Flags in force as choices."""
    words = dict(care_choices(site))
    return [(one.code, words.get(one.code, one.code)) for one in care]
