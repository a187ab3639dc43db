"""Registers of customers: who needs special care, which files may be the same customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from huiyin.base.kit.moment import now, today
from huiyin.base.kit.views import PageView
from huiyin.base.org.selectors import sites_in_reach

from .finding import Suspects, suspects
from .models import Customer
from .selectors import Person, care_register, completeness, people_of
from .views import VIEW, site_asked
from .words import MISSING, REASONS, CareShown, care_choices, care_shown


@dataclass(frozen=True)
class Cared:
    """One line of the register: who, what care, where they live, how they are reached."""

    customer: Customer
    care: list[CareShown]
    person: Person


class OfSite(PageView):
    """A register of one site, which can be switched."""

    permission = VIEW

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.site = site_asked(request)
        return super().get(request, **kwargs)

    def context(self, **extra: Any) -> dict[str, Any]:
        sites = list(sites_in_reach(VIEW).order_by("code"))
        return super().context(site=self.site, site_choices=sites, now=now(), **extra)


class CareRegister(OfSite):
    """The register of customers who need special care, to print for those on duty."""

    title = gettext_lazy("Special-care register")
    template_name = "customers/care.html"

    def context(self, **extra: Any) -> dict[str, Any]:
        code = self.request.GET.get("care", "")
        register = care_register(self.site, code=code) if self.site is not None else []
        people = people_of([customer for customer, _care in register])
        lines = [
            Cared(
                customer,
                [care_shown(one, customer.site_id) for one in care],
                people.get(customer.pk) or Person(customer),
            )
            for customer, care in register
        ]
        lines.sort(key=lambda one: (_home(one.person), one.customer.name))
        return super().context(
            lines=lines, care_choices=care_choices(self.site), chosen=code, today=today(), **extra
        )


def _home(person: Person) -> str:
    return person.places[0].sort if person.places else "~"


@dataclass(frozen=True)
class Group:
    """Files that may be one, with why and what is known of each."""

    reasons: list[str]
    people: list[Person]


class Duplicates(OfSite):
    """Files that may belong to the same customer, the surest first; and how complete the files are."""

    title = gettext_lazy("Duplicates and gaps")
    template_name = "customers/duplicates.html"

    def context(self, **extra: Any) -> dict[str, Any]:
        found = suspects(self.site) if self.site is not None else []
        people = people_of(list({one.pk: one for group in found for one in group.customers}.values()))
        whole = completeness(self.site) if self.site is not None else None
        return super().context(
            groups=[_group(one, people) for one in found],
            whole=whole,
            gaps=[(code, MISSING[code], number) for code, number in whole.lacking.items()] if whole else [],
            **extra,
        )


def _group(found: Suspects, people: dict[int, Person]) -> Group:
    reasons = [str(REASONS[code]) for code in found.reasons]
    return Group(reasons, [people.get(one.pk) or Person(one) for one in found.customers])
