"""The intake panel: what was typed so far, what follows from it, and the form that is sent."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huiyin.base.org.models import Site
from huiyin.engines.files.forms import FilesField, ManyFiles
from huiyin.engines.files.signatures import ACCEPT
from huiyin.engines.packs.selectors import entry
from huiyin.records.customers.models import Customer
from huiyin.records.places.models import Place

from .callers import NOBODY, Caller, HouseholdCard, card_of, understand
from .forms import PersonOrTeam, QuickSelect, category_choices
from .models import Case, Category, Channel, Incident, Kind, Severity
from .selectors import offered_categories, promised, readable, similar, suggest_categories

TITLE = 120
KINDS_FIRST = (
    Kind.REPAIR,
    Kind.CONSULTATION,
    Kind.COMPLAINT,
    Kind.SERVICE,
    Kind.HELP,
    Kind.SUGGESTION,
    Kind.PRAISE,
    Kind.APPLICATION,
    Kind.EMERGENCY,
)


def subject_and_rest(text: str) -> tuple[str, str]:
    """The first line as the subject, the others as the description; a long first line is kept whole below."""
    clean = text.replace("\r\n", "\n").strip()
    first, _line, rest = clean.partition("\n")
    first = first.strip()
    if len(first) > TITLE:
        return f"{first[: TITLE - 1]}…", clean
    return first, rest.strip()


@dataclass
class Intake:
    """What follows from what was typed so far: whom it may be, category, promise, what is alike."""

    sites: list[Site]
    site: Site
    caller: Caller
    card: HouseholdCard | None
    contact_name: str
    contact_phone: str
    categories: list[Category]
    kind: str
    category: Category | None
    by_hand: bool
    suggestions: list[Category] = field(default_factory=list)
    promise: str = ""
    phrase: str = ""
    alike: list[Case] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    incident: str = ""
    told: bool = False
    """Whether anything was said of the matter yet."""

    @property
    def place(self) -> Place | None:
        """The place that is meant."""
        return self.caller.place

    @property
    def customer(self) -> Customer | None:
        """The customer who is meant."""
        return self.caller.customer

    @property
    def automatic(self) -> str:
        """The pill that was pressed by itself: the next reading sees whether somebody pressed another."""
        if self.by_hand:
            return "-"
        return str(self.category.pk) if self.category is not None else ""

    @property
    def kind_label(self) -> str:
        """The kind in words; empty while it is open."""
        return str(dict(Kind.choices).get(self.kind, ""))

    @property
    def price(self) -> str:
        """What it costs the customer, in words."""
        if self.category is None or not self.category.paid:
            return ""
        label = str(self.category.get_paid_display())
        return f"{label} · {self.category.price_note}" if self.category.price_note else label


def read(
    data: Mapping[str, Any], sites: Sequence[Site], *, with_card: bool = True, with_matter: bool = True
) -> Intake:
    """Work out what follows from the fields so far. Refused never: nonsense is passed over."""
    site = next((one for one in sites if str(one.pk) == str(data.get("site", ""))), sites[0])
    text = str(data.get("text", ""))[:20_000]
    caller = understand(str(data.get("who", "")), sites, picked=str(data.get("pick", "")), told=text)
    if caller.place is not None or caller.customer is not None:
        at = caller.place.site_id if caller.place is not None else caller.customer.site_id  # type: ignore[union-attr]
        site = next((one for one in sites if one.pk == at), site)
    categories = offered_categories(site)
    kind = str(data.get("kind", "")) if data.get("kind") in Kind.values else ""
    suggestions = suggest_categories(text, categories, kind=kind)
    category, by_hand = _category(data, categories, suggestions)
    shown = suggestions if category is None or category in suggestions else [category, *suggestions]
    intake = Intake(
        sites=list(sites),
        site=site,
        caller=caller,
        card=None,
        contact_name=_kept(data, "contact_name", "auto_name", caller.contact_name),
        contact_phone=_kept(data, "contact_phone", "auto_phone", caller.contact_phone),
        categories=categories,
        kind=kind or (category.kind if category is not None else ""),
        category=category,
        by_hand=by_hand,
        suggestions=shown[:5],
        incident=readable(str(data.get("incident", "")), 40),
        told=bool(text.strip()),
    )
    if with_card and (caller.chosen is not None):
        intake.card = card_of(site, caller.place, caller.customer)
    if with_matter:
        _matter(intake, data)
    return intake


def _matter(intake: Intake, data: Mapping[str, Any]) -> None:
    """Promise, phrase, incidents near by, and cases that look alike."""
    category, place, site = intake.category, intake.place, intake.site
    if intake.kind:
        severity = data.get("severity") if data.get("severity") in Severity.values else Severity.NORMAL
        channel = data.get("channel") if data.get("channel") in Channel.values else Channel.PHONE
        intake.promise = promised(
            site,
            kind=intake.kind,
            category=category,
            severity=str(severity),
            place=place,
            channel=str(channel),
            customer=intake.customer,
        )
    if category is not None and category.phrase:
        item = entry("phrases", category.phrase, site)
        intake.phrase = str(item.value.text) if item is not None else ""
    alike = similar(site, place=place, category=category, phone=intake.contact_phone)
    if category is not None:
        alike.sort(key=lambda case: case.category_id != category.pk)
    intake.alike = alike[:4]
    intake.incidents = intake.card.incidents if intake.card is not None else []


def _kept(data: Mapping[str, Any], name: str, auto: str, found: str) -> str:
    """What somebody typed into a field that fills itself; what was found where they typed nothing."""
    typed = readable(str(data.get(name, "")))
    return typed if typed and typed != readable(str(data.get(auto, ""))) else found


def _category(
    data: Mapping[str, Any], categories: list[Category], suggestions: list[Category]
) -> tuple[Category | None, bool]:
    """The category, and whether somebody chose it; the best suggestion as long as nobody did.

    A choice from the whole tree counts when it has just been made (or when there is no script to
    tell); otherwise the pill that is pressed. A pill nobody touched follows the words.
    """
    by_pk = {str(one.pk): one for one in categories}
    other, seen = str(data.get("category_other", "")), str(data.get("other_seen", ""))
    if other and other != seen and other in by_pk:
        return by_pk[other], True
    pressed, automatic = str(data.get("category", "")), str(data.get("auto_category", ""))
    if pressed and pressed != automatic and pressed in by_pk:
        return by_pk[pressed], True
    if pressed == "" and automatic:
        return None, True
    return (suggestions[0] if suggestions else None), False


class IntakeForm(forms.Form):
    """A new case as it is taken in at the counter."""

    key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    text = forms.CharField(
        label=gettext_lazy("What is it about?"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The first line becomes the subject."),
    )
    who = forms.CharField(label=gettext_lazy("Caller"), required=False, max_length=120)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), required=False)
    severity = forms.ChoiceField(
        label=gettext_lazy("Severity"), choices=Severity.choices, required=False, initial=Severity.NORMAL
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"), choices=Channel.choices, required=False, initial=Channel.PHONE
    )
    location = forms.CharField(label=gettext_lazy("Exact spot"), required=False, max_length=120)
    contact_name = forms.CharField(label=gettext_lazy("Contact"), required=False, max_length=60)
    contact_phone = forms.CharField(label=gettext_lazy("Contact phone"), required=False, max_length=40)
    received_at = forms.DateTimeField(
        label=gettext_lazy("Received"), required=False, help_text=gettext_lazy("Empty: now.")
    )
    answer = forms.CharField(
        label=gettext_lazy("Answered at once"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    attached = FilesField(
        label=gettext_lazy("Files"), required=False, widget=ManyFiles(attrs={"accept": ACCEPT})
    )

    def __init__(self, *args: Any, intake: Intake, may_attach: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.intake = intake
        kind: Any = self.fields["kind"]
        kind.choices = [("", _("By category")), *((one.value, one.label) for one in KINDS_FIRST)]
        choices = category_choices(intake.categories, _("All categories …"))
        self.fields["category_other"] = forms.ChoiceField(
            label=_("All categories"), choices=choices, required=False, widget=QuickSelect
        )
        self.fields["to"] = PersonOrTeam(intake.site, label=_("Responsible"), required=False, empty=_("Me"))
        if len(intake.sites) > 1:
            self.fields["site"] = forms.ChoiceField(
                label=_("Site"),
                choices=[(str(one.pk), one.name) for one in intake.sites],
                initial=str(intake.site.pk),
            )
        for name in ("kind", "channel", "severity", "category_other"):
            self.fields[name].widget.attrs["class"] = "hy-follows"
        if not may_attach:
            del self.fields["attached"]
        self.fields["who"].widget.attrs.update(
            autocomplete="off",
            autofocus=True,
            spellcheck="false",
            placeholder=_("Phone or last four digits, unit such as 3-2-501, or name"),
        )
        self.initial.setdefault("key", secrets.token_hex(16))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        intake = self.intake
        if intake.caller.undecided:
            self.add_error("who", _("Several fit. Please choose which one is meant."))
        do = str(self.data.get("do", ""))
        data["kind"] = intake.kind or (Kind.CONSULTATION if do == "settle" else "")
        if not data["kind"] and not do.startswith("append-"):
            self.add_error("kind", _("Please choose a kind or a category."))
        if do == "settle" and not str(data.get("answer", "")).strip():
            self.add_error("answer", _("Please note what the customer was told."))
        data["do"] = do
        return data


__all__ = ["NOBODY", "Intake", "IntakeForm", "read", "subject_and_rest"]
