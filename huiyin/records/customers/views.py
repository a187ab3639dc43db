"""Files of customers and households: the list, the pages, their sheets on paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huiyin.base.kit.moment import today
from huiyin.base.kit.scope import current
from huiyin.base.kit.views import DetailView, Gate, ListView
from huiyin.base.org.models import Site
from huiyin.base.org.selectors import sites_in_reach
from huiyin.base.trail.selectors import history, told
from huiyin.engines.files.selectors import counts_of
from huiyin.records.places.models import Place
from huiyin.records.places.selectors import ancestors

from . import filters, tables
from .finding import files_found
from .forms import held_candidates, people_for
from .models import ContactPoint, Customer, Holding, IdentityNumber, Merge
from .selectors import (
    Care,
    Person,
    care_of,
    days_old,
    duplicates_of,
    file_of,
    file_of_customer,
    is_valid,
    missing_fields,
    people_of,
    root_of,
)
from .services import look_up
from .words import CareShown, care_shown, missing, profile_shown

VIEW, EDIT = "customers.view", "customers.edit"
HISTORY_SHOWN = 30
STALE_DAYS = 365
LOOKED = ("customers.looked_up",)
TOLD_OF = (ContactPoint, IdentityNumber, Holding)


def site_asked(request: HttpRequest, permission: str = VIEW) -> Site | None:
    """The site named in the address, else the first one where the permission is held."""
    sites = sites_in_reach(permission).order_by("code")
    code = request.GET.get("site", "")
    return (sites.filter(code=code) if code else sites).first()


def entries_of(row: Customer | Place) -> list[dict[str, Any]]:
    """What happened to a file, the newest first; who looked at it only for those who may know."""
    events = history(row).order_by("-id")
    if not current().holds("trail.view", row.site_id):
        events = events.exclude(verb__in=LOOKED)
    return told(events[:HISTORY_SHOWN], type(row), *TOLD_OF)


class CustomerList(ListView):
    """All customers in reach, each with their places, telephone number and care."""

    permission = VIEW
    model = Customer
    title = gettext_lazy("Customers")
    table = tables.CUSTOMERS
    filterset_class = filters.CustomerFilter
    template_name = "customers/list.html"
    export_permission = "customers.export"
    search_hint = gettext_lazy("Name, pinyin, phone or its last 4 digits, 3-2-501, plate, identity number")
    empty_hint = gettext_lazy("Files appear here when they are opened or imported.")

    @cached_property
    def sites_to_choose(self) -> list[Site]:
        """The sites a new file may be for, where the list is not of one site only."""
        return [] if self.request.GET.get("site") else list(sites_in_reach(EDIT).order_by("code"))

    def get_queryset(self) -> QuerySet[Customer]:
        rows: QuerySet[Customer] = super().get_queryset().filter(merged_into=None).select_related("site")
        return rows

    def narrow(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        return files_found(queryset, text)

    def prepare(self, rows: list[Any]) -> list[Any]:
        people = people_of(rows)
        papers: dict[int, list[IdentityNumber]] = {}
        for paper in IdentityNumber.objects.allowed(VIEW).filter(customer__in=rows).defer("sealed"):
            papers.setdefault(paper.customer_id, []).append(paper)
        for row in rows:
            row.person = people.get(row.pk) or Person(row)
            row.papers = papers.get(row.pk, [])
        return rows


@dataclass(frozen=True)
class Member:
    """One person of a household as the page shows them."""

    person: Person
    care: list[CareShown]
    papers: list[IdentityNumber]
    missing: list[str]
    files: int
    days_old: int

    @property
    def stale(self) -> bool:
        """Whether nobody has gone through the data for a year."""
        return self.days_old > STALE_DAYS


def members_of(people: list[Person], site_id: int) -> list[Member]:
    """The persons of a household with papers, care, gaps and files; two more queries."""
    ids = [one.customer.pk for one in people]
    papers: dict[int, list[IdentityNumber]] = {}
    for paper in IdentityNumber.objects.allowed(VIEW).filter(customer__in=ids).defer("sealed"):
        papers.setdefault(paper.customer_id, []).append(paper)
    files = counts_of(Customer, ids)
    return [
        Member(
            person=one,
            care=[care_shown(flag, site_id) for flag in one.care],
            papers=papers.get(one.customer.pk, []),
            missing=missing(
                missing_fields(one.customer, one.contacts, papers.get(one.customer.pk, []), one.holdings)
            ),
            files=files.get(one.customer.pk, 0),
            days_old=days_old(one.customer),
        )
        for one in people
    ]


class HouseholdPage(DetailView):
    """One place, one file: its people now and before, things, vehicles, papers, cases, what is missing."""

    permission = VIEW
    model = Place
    template_name = "customers/household.html"

    def get_queryset(self) -> QuerySet[Place]:
        rows: QuerySet[Place] = super().get_queryset().select_related("site", "parent")
        return rows

    def get_title(self) -> str:
        return _("Household %(place)s") % {"place": self.object.name}

    def context(self, **extra: Any) -> dict[str, Any]:
        place: Place = extra["object"]
        look_up(place, by=self.actor)
        file = file_of(place)
        members = members_of(file.household.people, place.site_id)
        return super().context(
            place=place,
            file=file,
            crumbs=ancestors(place),
            members=members,
            care=[(one, member.person.customer) for member in members for one in member.care],
            notes=[one.person.customer for one in members if one.person.customer.note],
            missing=missing(file.missing),
            entries=entries_of(place),
            today=today(),
            editable=current().holds(EDIT, place.site_id) and place.closed_on is None,
            **extra,
        )


class HouseholdSheet(HouseholdPage):
    """The file of a household on paper: what is for staff only is left out, numbers are masked."""

    template_name = "customers/household_print.html"

    def context(self, **extra: Any) -> dict[str, Any]:
        context = super().context(**extra)
        context["care"] = [(one, who) for one, who in context["care"] if not one.discreet]
        return context


class CustomerPage(DetailView):
    """One customer: how they are reached, who they are on paper, what they hold, what happened."""

    permission = VIEW
    model = Customer
    template_name = "customers/customer.html"

    def get_queryset(self) -> QuerySet[Customer]:
        rows: QuerySet[Customer] = super().get_queryset().select_related("site", "merged_into")
        return rows

    def context(self, **extra: Any) -> dict[str, Any]:
        customer: Customer = extra["object"]
        look_up(customer, by=self.actor)
        if customer.merged_into_id is not None:
            return super().context(customer=customer, head=root_of(customer), **extra)
        file = file_of_customer(customer)
        mine = current().holds(EDIT, customer.site_id)
        phone = next((one.value for one in file.contacts if is_valid(one) and one.tail4), "")
        alike = duplicates_of(name=customer.name, phone=phone, site=customer.site, besides=customer, limit=5)
        return super().context(
            customer=customer,
            file=file,
            contacts=[one for one in file.contacts if is_valid(one)],
            old_contacts=[one for one in file.contacts if not is_valid(one)],
            care=[care_shown(one, customer.site_id) for one in file.care],
            past_care=self.past_care(customer),
            consents=customer.consents[::-1],
            profile=profile_shown(customer.profile),
            missing=missing(file.missing),
            stale=file.days_old > STALE_DAYS,
            merges=list(Merge.objects.filter(keep=customer, undone_at=None).select_related("gone")),
            alike=[one for one in alike if len(one.reasons) > 1 or one.reasons[0] == "identity"],
            entries=entries_of(customer),
            today=today(),
            editable=mine,
            **extra,
        )

    def past_care(self, customer: Customer) -> list[CareShown]:
        """Care that is no longer needed, or not yet."""
        in_force = {one.code for one in care_of([customer])}
        flags = [
            Care(one["code"], one.get("since", ""), one.get("until", ""), one.get("remark", ""))
            for one in customer.care
        ]
        return [care_shown(one, customer.site_id) for one in flags if one.code not in in_force]


class CustomerSheet(CustomerPage):
    """The file of a customer on paper."""

    template_name = "customers/customer_print.html"

    def context(self, **extra: Any) -> dict[str, Any]:
        context = super().context(**extra)
        context["care"] = [one for one in context.get("care", []) if not one.discreet]
        return context


class Pick(Gate):
    """The candidates for a customer that somebody is typing into a form."""

    permission = VIEW
    template_name = "kit/picker.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        site = site_asked(request)
        name = request.GET.get("name", "customer")[:40]
        text = request.GET.get(f"{name}_q", "").strip()[:100]
        found = self.find(site, text) if site is not None and text else []
        picker = {"name": name, "candidates": found[:9], "nothing": bool(text) and not found}
        return self.page(self.context(picker=picker), partial="candidates")

    def find(self, site: Site, text: str) -> list[Any]:
        """The candidates."""
        return people_for(site, text, may_open=bool(self.request.GET.get("new")))


class PickHeld(Pick):
    """The candidates for a place or thing that somebody is typing into a form."""

    def find(self, site: Site, text: str) -> list[Any]:
        return held_candidates(site, text)
