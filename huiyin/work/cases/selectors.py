"""Reading cases."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet

from huiyin.base.kit.moment import now
from huiyin.base.org.models import Site
from huiyin.base.org.selectors import default_holder
from huiyin.base.trail.selectors import history
from huiyin.engines.search.documents import Document
from huiyin.records.places.models import Place

from .models import Case, Category, Incident


def default_responsible(site: Site) -> int | None:
    """Who answers for a case that comes in by itself: the first who may assign cases at the site,
    else the first who may answer them."""
    return default_holder("cases.assign", site) or default_holder("cases.answer", site)


def search_document(case: Case) -> Document:
    """What a case is found by: code, words, place, contact name and phone."""
    place = case.place
    return Document(
        title=case.title,
        subtitle=" · ".join(part for part in (case.code, place.name if place else "", case.contact_name) if part),
        at=case.received_at,
        text=f"{case.description}\n{case.location}",
        codes=[case.external_key, place.code if place else ""],
        names=[case.contact_name],
        phones=[case.contact_phone],
    )


def open_cases() -> QuerySet[Case]:
    """Cases in reach about which something is still to be done."""
    return Case.objects.filter(ended_at=None)


def with_names(queryset: QuerySet[Case]) -> QuerySet[Case]:
    """With everything a list or page names, in one query."""
    return queryset.select_related("site", "category", "place", "customer", "responsible", "team", "incident")


def similar(
    site: Site,
    *,
    place: Place | None = None,
    category: Category | None = None,
    phone: str = "",
    exclude: int | None = None,
    days: int = 30,
) -> list[Case]:
    """Open cases that may be the same matter: same place or phone, or same category in the same building.

    For the offer of duplicates while somebody types; at most ten, newest first.
    """
    same = Q()
    if place is not None:
        same |= Q(place=place)
        if category is not None:
            top = place.path.split("/")[1] or str(place.pk)
            same |= Q(category=category, place__path__startswith=f"/{top}/")
    if phone:
        same |= Q(contact_phone=phone)
    if not same:
        return []
    found = open_cases().filter(same, site=site, received_at__gte=now() - timedelta(days=days))
    return list(with_names(found.exclude(pk=exclude)).order_by("-received_at", "-pk")[:10])


def open_incidents(site: Site) -> QuerySet[Incident]:
    """Incidents of a site that are still going on, newest first."""
    return Incident.objects.filter(site=site, ended_at=None).select_related("place").order_by("-opened_at")


def replay(case: Case) -> dict[str, Any]:
    """The tracked columns as the trail tells them; equal to the row, or history was tampered with."""
    state: dict[str, Any] = {}
    for event in history(case):
        if event.subject_type == "cases.case" and event.subject_id == case.pk:
            state.update(event.data.get("set", {}))
    return state


def categories_of(site: Site | None, kinds: Iterable[str] | None = None) -> QuerySet[Category]:
    """The categories offered at a site: the organisation's and its own, in the pack's order."""
    tree = Category.objects.filter(Q(site=None) | Q(site=site), retired=False)
    if kinds is not None:
        tree = tree.filter(Q(kind__in=list(kinds)) | Q(kind=""))
    return tree.order_by("position", "pk")
