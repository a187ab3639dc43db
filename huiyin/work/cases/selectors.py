"""Reading cases."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db.models import Count, Q, QuerySet

from huiyin.base.kit.moment import now
from huiyin.base.kit.related import relate
from huiyin.base.org.models import Site
from huiyin.base.org.selectors import default_holder
from huiyin.base.trail.selectors import history
from huiyin.engines.clocks.models import Clock
from huiyin.engines.clocks.rules import table_for
from huiyin.engines.clocks.selectors import running_for
from huiyin.engines.clocks.words import limit_in_words
from huiyin.engines.search.documents import Document
from huiyin.engines.search.text import fold
from huiyin.records.customers.models import Customer
from huiyin.records.customers.selectors import care_of, family_of
from huiyin.records.places.models import Place

from .models import Case, Category, Incident, Severity

CASE = "cases.case"
"""The name of the table of cases in the trail, in clocks and in the search index."""


def readable(text: str, limit: int = 120) -> str:
    """What somebody typed, fit to be looked up: without signs that cannot be seen (databases refuse some)."""
    return "".join(sign if sign.isprintable() else " " for sign in text[:limit]).strip()


def default_responsible(site: Site) -> int | None:
    """Who answers for a case that comes in by itself: the first who may assign cases at the site,
    else the first who may answer them."""
    return default_holder("cases.assign", site) or default_holder("cases.answer", site)


def search_document(case: Case) -> Document:
    """What a case is found by: code, words, place, contact name and phone."""
    place = case.place
    return Document(
        title=case.title,
        subtitle=" · ".join(
            part for part in (case.code, place.name if place else "", case.contact_name) if part
        ),
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


NAMED = {
    "site": ("name",),
    "category": ("name",),
    "place": ("name",),
    "responsible": ("name", "username"),
    "team": ("name",),
    "incident": ("code", "title"),
    "first_responsible": ("name", "username"),
}
"""What a line of a list says of the rows its case refers to."""


def listed(rows: list[Case]) -> list[Case]:
    """Cases as a list shows them: with the names of the rows they refer to, and their running clocks."""
    relate(rows, NAMED)
    return with_clocks(rows)


def with_clocks(rows: list[Case]) -> list[Case]:
    """The same cases, each with its running clocks (the next due first) as `clocks`, in one query."""
    clocks = running_for(rows)
    for case in rows:
        case.clocks = clocks.get(case.pk, [])  # type: ignore[attr-defined]
    return rows


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
    if exclude is not None:
        found = found.exclude(pk=exclude)
    return list(with_names(found).order_by("-received_at", "-pk")[:10])


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


def offered_categories(site: Site | None) -> list[Category]:
    """The categories to choose from at a site; one of its own replaces the organisation's of the same code."""
    by_code: dict[str, Category] = {}
    for category in categories_of(site):
        if category.code not in by_code or category.site_id is not None:
            by_code[category.code] = category
    return list(by_code.values())


def suggest_categories(
    text: str, categories: Iterable[Category], *, kind: str = "", limit: int = 4
) -> list[Category]:
    """The categories whose keywords (or whose own name) stand in a text, the longest word first.

    With `kind` only categories of that kind, or of none. Pure: it reads nothing.
    """
    typed = fold(text)
    found: list[tuple[int, int, int, Category]] = []
    for number, category in enumerate(categories):
        if kind and category.kind not in ("", kind):
            continue
        words = [word for word in map(fold, (*category.keywords, category.name)) if word and word in typed]
        if words:
            lengths = [len(word) for word in words]
            found.append((-max(lengths), -sum(lengths), number, category))
    return [category for *_order, category in sorted(found, key=lambda one: one[:3])[:limit]]


def facts_of(
    kind: str,
    category: Category | None,
    severity: str,
    place: Place | None,
    channel: str,
    customer: Customer | None,
) -> dict[str, Any]:
    """What the limits of a case depend on; the customer's care is read only where a rule asks for it."""
    return {
        "kind": kind,
        "category": category.code if category is not None else None,
        "severity": severity,
        "place_kind": place.kind if place is not None else None,
        "channel": channel,
        "care": cache(lambda: _care_codes(customer)),
    }


def _care_codes(customer: Customer | None) -> tuple[str, ...]:
    """The special care that a customer needs today, files merged into theirs included."""
    return tuple(one.code for one in care_of(family_of(customer))) if customer is not None else ()


def promised(
    site: Site,
    *,
    kind: str,
    category: Category | None = None,
    severity: str = Severity.NORMAL,
    place: Place | None = None,
    channel: str = "",
    customer: Customer | None = None,
    clock: str = "answer",
) -> str:
    """The limit a case would get, in words ("30 minutes"); empty when no rule fits."""
    facts = facts_of(kind, category, severity, place, channel, customer)
    rule = table_for(site.pk).rule(clock, facts)
    return limit_in_words(rule.copy["limit"]) if rule is not None else ""


def late(cases: QuerySet[Case], at: datetime | None = None) -> QuerySet[Case]:
    """Those of the cases with a running clock that is overdue (at a moment; now)."""
    overdue = Clock.objects.filter(stopped_at=None, due_at__lt=at or now(), subject_type=CASE)
    return cases.filter(pk__in=overdue.values("subject_id"))


def open_load(site: Site) -> dict[int, int]:
    """How many open cases each person answers for at a site, by the person's id."""
    rows = open_cases().filter(site=site, responsible__isnull=False).order_by()
    return dict(rows.values_list("responsible").annotate(Count("pk")))


def last_answers(case: Case, limit: int = 3) -> list[Case]:
    """The newest answered cases of the same category and site, for their words."""
    if case.category_id is None:
        return []
    rows = Case.objects.filter(site=case.site_id, category=case.category_id, answered_at__isnull=False)
    found = rows.exclude(pk=case.pk).exclude(answer="").order_by("-received_at", "-pk")[: 3 * limit]
    different = {one.answer: one for one in reversed(found)}
    return sorted(different.values(), key=lambda one: (one.received_at, one.pk), reverse=True)[:limit]


def beside(case: Case, limit: int = 6) -> list[Case]:
    """Other cases of the same place or customer, open ones first, then the newest."""
    same = Q()
    if case.place_id is not None:
        same |= Q(place=case.place_id)
    if case.customer_id is not None:
        same |= Q(customer=case.customer_id)
    if not same:
        return []
    rows = Case.objects.filter(same, site=case.site_id).exclude(pk=case.pk)
    newest = list(rows.select_related("category", "responsible").order_by("-received_at", "-pk")[: 4 * limit])
    return sorted(newest, key=lambda one: not one.is_open)[:limit]


def cases_at(place: Place, limit: int = 5) -> list[Case]:
    """The newest cases of a place, open ones first."""
    rows = (
        Case.objects.filter(place=place).select_related("responsible", "team").order_by("-received_at", "-pk")
    )
    return sorted(rows[: 4 * limit], key=lambda one: not one.is_open)[:limit]


def incidents_near(site: Site, place: Place | None) -> list[Incident]:
    """Incidents going on at a site that may concern a place: of no place, of the same building, or above it."""
    found = []
    for incident in open_incidents(site)[:20]:
        there = incident.place
        if place is None or there is None or place.pk == there.pk or _share_building(place, there):
            found.append(incident)
    return found


def _share_building(one: Place, other: Place) -> bool:
    return (
        one.path.startswith(other.below)
        or other.path.startswith(one.below)
        or (bool(one.building) and one.building == other.building)
    )
