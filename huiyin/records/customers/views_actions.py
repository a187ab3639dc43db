"""The commands on customers, each a form in a dialog."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Model
from django.http import Http404, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from huiyin.base.kit.service import Refused
from huiyin.base.kit.views import ActionView
from huiyin.base.org.models import Site
from huiyin.records.places.models import Asset, Place

from . import forms, holdings, opening, services
from .models import ContactPoint, Customer, Holding, IdentityNumber
from .selectors import Duplicate, care_of, duplicates_of, standing
from .views import EDIT, VIEW, site_asked

SAVED = gettext_lazy("Saved.")


class Back(ActionView):
    """A command that leads back to the page it was opened from (`?next=`)."""

    permission = EDIT
    success_message = SAVED

    def success_url(self, result: Any) -> str:
        asked = self.request.GET.get("next", "")
        if asked and url_has_allowed_host_and_scheme(asked, allowed_hosts=None):
            return asked
        return self.page_of(result)

    def page_of(self, result: Any) -> str:
        """The page of what was written on."""
        return str(super().success_url(result))


class OfCustomer(Back):
    """A command on one customer."""

    model = Customer
    object: Customer

    def page_of(self, result: Any) -> str:
        return str(self.object.get_absolute_url())


class OpenFile(Back):
    """A new file; whoever may have one already is shown first."""

    title = gettext_lazy("Open a file")
    submit_label = gettext_lazy("Open the file")
    form_class = forms.OpenForm
    template_name = "customers/form_open.html"
    success_message = gettext_lazy("The file was opened.")
    alike: tuple[Duplicate, ...] = ()

    def setup_subject(self) -> None:
        site = site_asked(self.request, EDIT)
        if site is None:
            raise Http404
        self.site: Site = site

    def subject(self) -> Site:
        return self.site

    def form_kwargs(self) -> dict[str, Any]:
        place = None
        asked = self.request.GET.get("place", "")
        if asked.isascii() and asked.isdigit() and len(asked) < 19:
            place = Place.objects.filter(site=self.site, pk=int(asked)).first()
        name = self.request.GET.get("name", "")[:80]
        phone = self.request.GET.get("phone", "")[:40]
        return {"site": self.site, "place": place, "initial": {"name": name, "phone": phone}}

    def run(self, form: Any) -> Customer:
        data = dict(form.cleaned_data)
        sure = data.pop("sure")
        found = duplicates_of(
            name=data["name"], phone=data["phone"], identity=data["identity"], site=self.site, limit=5
        )
        self.alike = tuple(found)
        if self.alike and not sure:
            raise Refused(
                "alike", gettext_lazy("There is a file already that may be the same customer."), field="sure"
            )
        return opening.open_file(self.site, by=self.actor, **data)

    def page_of(self, result: Customer) -> str:
        return str(result.get_absolute_url())


class ChangeCustomer(OfCustomer):
    """Correct a customer's data."""

    title = gettext_lazy("Change the data")
    submit_label = gettext_lazy("Save")
    form_class = forms.ChangeForm
    service = services.change_customer
    template_name = "customers/form.html"

    def form_kwargs(self) -> dict[str, Any]:
        customer = self.object
        initial = {name: getattr(customer, name) for name in (*services.FIELDS, "version")}
        profile = dict(customer.profile)
        initial["representative"] = profile.pop("representative", "")
        initial["profile"] = profile
        initial["tags"] = ", ".join(customer.tags)
        return {"initial": initial}


class WriteNote(OfCustomer):
    """Write the note on a file."""

    title = gettext_lazy("Note")
    submit_label = gettext_lazy("Save")
    form_class = forms.NoteForm
    service = services.change_customer

    def form_kwargs(self) -> dict[str, Any]:
        return {"initial": {"note": self.object.note}}


class CheckData(OfCustomer):
    """Note that the data were gone through with the customer."""

    title = gettext_lazy("Data checked with the customer")
    submit_label = gettext_lazy("Note it")
    form_class = forms.CheckForm
    service = services.check_data


class AddContact(OfCustomer):
    """A further number or address."""

    title = gettext_lazy("Add a contact")
    submit_label = gettext_lazy("Add")
    form_class = forms.ContactForm
    service = services.add_contact


class AddIdentity(OfCustomer):
    """Keep a number of the customer's papers."""

    title = gettext_lazy("Add an identity number")
    submit_label = gettext_lazy("Add")
    form_class = forms.IdentityForm
    service = services.add_identity
    consequence = gettext_lazy("It is kept encrypted and shown masked; whoever reveals it is on record.")


class StartHolding(OfCustomer):
    """A place or thing for the customer."""

    title = gettext_lazy("Add a place or thing")
    submit_label = gettext_lazy("Add")
    form_class = forms.StartHoldingForm

    def form_kwargs(self) -> dict[str, Any]:
        return {"site": self.object.site}

    def run(self, form: Any) -> Holding:
        data = dict(form.cleaned_data)
        held = data.pop("held")
        place, asset = (held, None) if isinstance(held, Place) else (None, held)
        return holdings.start_holding(self.object, place=place, asset=asset, by=self.actor, **data)


class SetCare(OfCustomer):
    """Note special care, or change what is noted."""

    title = gettext_lazy("Special care")
    submit_label = gettext_lazy("Save")
    form_class = forms.CareForm
    service = services.set_care

    def form_kwargs(self) -> dict[str, Any]:
        code = self.request.GET.get("code", "")
        noted = next((one for one in self.object.care if one["code"] == code), None)
        if noted is None:
            return {"site": self.object.site}
        initial = {name: noted.get(name) or None for name in ("code", "since", "until")}
        return {"site": self.object.site, "initial": {**initial, "remark": noted.get("remark", "")}}


class EndCare(OfCustomer):
    """Special care is no longer needed."""

    title = gettext_lazy("End special care")
    form_class = forms.EndCareForm
    service = services.end_care

    def form_kwargs(self) -> dict[str, Any]:
        flags = forms.flags_of(care_of([self.object]), self.object.site_id)
        return {"flags": flags, "initial": {"code": self.request.GET.get("code", "")}}


class GiveConsent(OfCustomer):
    """Note what the customer agreed to."""

    title = gettext_lazy("Note a consent")
    submit_label = gettext_lazy("Note it")
    form_class = forms.ConsentForm
    service = services.give_consent


class WithdrawConsent(OfCustomer):
    """The customer takes a consent back."""

    title = gettext_lazy("Withdraw a consent")
    form_class = forms.WithdrawForm
    service = services.withdraw_consent

    def form_kwargs(self) -> dict[str, Any]:
        purposes = [one["purpose"] for one in self.object.consents if not one["withdrawn_on"]]
        return {"purposes": purposes, "initial": {"purpose": self.request.GET.get("purpose", "")}}


class OfOwned(Back):
    """A command on a contact, paper or holding of a customer."""

    def page_of(self, result: Any) -> str:
        return str(self.object.customer.get_absolute_url())


class ChangeContact(OfOwned):
    """Label, period, first choice."""

    model = ContactPoint
    title = gettext_lazy("Change the contact")
    submit_label = gettext_lazy("Save")
    form_class = forms.ChangeContactForm
    service = services.change_contact

    def form_kwargs(self) -> dict[str, Any]:
        names = ("label", "is_primary", "valid_from", "valid_to")
        return {"initial": {name: getattr(self.object, name) for name in names}}


class EndContact(OfOwned):
    """The number is no longer the customer's."""

    model = ContactPoint
    title = gettext_lazy("No longer valid")
    form_class = forms.EndForm
    service = services.end_contact


class Reveal(OfOwned):
    """An identity number in full, once, for a reason that is on record."""

    model = IdentityNumber
    permission = "customers.reveal"
    title = gettext_lazy("Show the identity number in full")
    submit_label = gettext_lazy("Show it")
    form_class = forms.ReasonForm
    service = services.reveal
    template_name = "customers/reveal.html"
    consequence = gettext_lazy("Your name, the moment and the reason are put on record.")

    def succeed(self, result: Any) -> HttpResponseBase:
        context = self.context(form=self.get_form(), object=self.object, number=result)
        response: HttpResponse = self.page(context, partial=self._part())
        response["Cache-Control"] = "no-store"
        return response


class RemoveIdentity(OfOwned):
    """Delete an identity number."""

    model = IdentityNumber
    title = gettext_lazy("Remove the identity number")
    submit_label = gettext_lazy("Remove")
    form_class = forms.ReasonForm
    service = services.remove_identity
    danger = True
    consequence = gettext_lazy("The number is deleted for good; the history keeps only its masked form.")


class EndHolding(OfOwned):
    """Somebody leaves."""

    model = Holding
    title = gettext_lazy("End the role")
    submit_label = pgettext_lazy("holding", "End")
    form_class = forms.EndForm
    service = holdings.end_holding


class CorrectHolding(OfOwned):
    """An entry was wrong: another takes its place, the wrong one stays on record."""

    model = Holding
    title = gettext_lazy("Correct the entry")
    submit_label = gettext_lazy("Correct")
    form_class = forms.CorrectHoldingForm
    service = holdings.correct_holding
    consequence = gettext_lazy("The wrong entry stays on record, marked as corrected.")

    def form_kwargs(self) -> dict[str, Any]:
        return {"initial": {name: getattr(self.object, name) for name in holdings.RECORDED}}


class AddPerson(Back):
    """Somebody for a place, with or without a file."""

    model: ClassVar[type[Model]] = Place
    title = gettext_lazy("Add a person")
    submit_label = gettext_lazy("Add")
    form_class = forms.AddPersonForm
    object: Any

    def form_kwargs(self) -> dict[str, Any]:
        return {"site": self.object.site}

    def run(self, form: Any) -> Holding:
        return opening.add_person(self.object, by=self.actor, **form.cleaned_data)

    def page_of(self, result: Any) -> str:
        return reverse("customers:household", args=[self.object.pk])


class AddHolder(AddPerson):
    """Somebody for a thing."""

    model = Asset

    def page_of(self, result: Any) -> str:
        return str(self.object.get_absolute_url())


class HandOver(Back):
    """A place goes to new owners, in one step."""

    model = Place
    object: Place
    title = gettext_lazy("Hand over to new owners")
    submit_label = gettext_lazy("Hand over")
    form_class = forms.HandOverForm
    template_name = "customers/form_hand_over.html"
    success_message = gettext_lazy("Handed over.")

    def setup_subject(self) -> None:
        super().setup_subject()
        rows = Holding.objects.allowed(VIEW).filter(standing(), place=self.object)
        self.leaving = list(rows.select_related("customer").order_by("pk"))

    def form_kwargs(self) -> dict[str, Any]:
        return {"place": self.object, "leaving": self.leaving}

    def context(self, **extra: Any) -> dict[str, Any]:
        owners = [one for one in self.leaving if one.role in holdings.OWNERS]
        return super().context(place=self.object, owners=owners, **extra)

    def run(self, form: Any) -> Any:
        try:
            return opening.hand_over_to(self.object, by=self.actor, **form.cleaned_data)
        except Refused as refusal:
            # The form has a field for every owner; a refusal that concerns them all stands above.
            if refusal.field not in form.fields:
                refusal.field = None
            raise

    def page_of(self, result: Any) -> str:
        return reverse("customers:household", args=[self.object.pk])


class MergeFiles(OfCustomer):
    """Make one file of two, after a look at both."""

    permission = "customers.merge"
    title = gettext_lazy("Merge duplicate files")
    submit_label = gettext_lazy("Merge into this file")
    form_class = forms.MergeForm
    service = services.merge
    template_name = "customers/form_merge.html"
    success_message = gettext_lazy("The files are one now.")

    @property
    def other(self) -> Customer | None:
        """The file named in the address (`?other=`)."""
        asked = self.request.GET.get("other", "")
        if not (asked.isascii() and asked.isdigit() and len(asked) < 19):
            return None
        rows = Customer.objects.allowed(VIEW).filter(site=self.object.site_id, merged_into=None)
        found: Customer | None = rows.exclude(pk=self.object.pk).filter(pk=int(asked)).first()
        return found

    def form_kwargs(self) -> dict[str, Any]:
        keep = self.object
        phones = ContactPoint.objects.allowed(VIEW).filter(customer=keep).exclude(tail4="")
        phone = phones.values_list("value", flat=True).first() or ""
        alike = duplicates_of(name=keep.name, phone=phone, site=keep.site, besides=keep, limit=5)
        return {"keep": keep, "other": self.other, "alike": [one.customer for one in alike]}

    def get_form(self, data: Any = None, files: Any = None) -> Any:
        asked = self.request.GET
        if data is None and self.other is None and ("other" in asked or "other_q" in asked):
            data = asked  # what was typed to compare with, so that it is said when nothing or several fit
        return super().get_form(data, files)

    def context(self, **extra: Any) -> dict[str, Any]:
        other, form = self.other, extra["form"]
        if other is None and self.request.method == "GET" and form.is_bound and form.is_valid():
            other = form.cleaned_data["other"]
        files = [self.object] if other is None else [self.object, other]
        return super().context(keep=self.object, other=other, compared=compared(files), **extra)


def compared(files: list[Customer]) -> list[tuple[str, list[str]]]:
    """What is known in each of some files, line by line."""
    ids = [one.pk for one in files]
    contacts = list(ContactPoint.objects.allowed(VIEW).filter(customer__in=ids))
    papers = list(IdentityNumber.objects.allowed(VIEW).filter(customer__in=ids).defer("sealed"))
    rows = Holding.objects.allowed(VIEW).filter(customer__in=ids, voided_at=None)
    held = list(rows.select_related("place", "asset").order_by("-starts_on"))

    def of(things: list[Any], words: Any) -> list[str]:
        return ["\n".join(words(one) for one in things if one.customer_id == pk) for pk in ids]

    return [
        (pgettext("customer", "Name"), [one.name for one in files]),
        (_("File number"), [one.code for one in files]),
        (_("Gender"), [one.get_gender_display() for one in files]),
        (_("Birthday"), [str(one.birthday or "") for one in files]),
        (_("Contacts"), of(contacts, lambda one: one.value)),
        (_("Papers"), of(papers, lambda one: f"{one.get_kind_display()} {one.masked}")),
        (_("Places and things"), of(held, _held_words)),
        (_("Tags"), [", ".join(one.tags) for one in files]),
        (_("Note"), [one.note for one in files]),
    ]


def _held_words(holding: Holding) -> str:
    thing = holding.place or holding.asset
    until = holding.ends_on.isoformat() if holding.ends_on is not None else ""
    return f"{thing.name if thing else ''} {holding.get_role_display()} {holding.starts_on}–{until}"


class Unmerge(OfCustomer):
    """Take a file out of the one it was merged into."""

    permission = "customers.merge"
    title = gettext_lazy("Undo the merging")
    form_class = forms.OptionalReasonForm
    service = services.unmerge
    success_message = gettext_lazy("The files are two again.")
    consequence = gettext_lazy("Everything that came with the file goes back to it.")
