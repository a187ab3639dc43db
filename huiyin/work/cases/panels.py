"""What cases have to show on pages below them: of places, of customers, of the limits of the packs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from huiyin.base.kit.panels import Mark, mark, panel
from huiyin.engines.clocks.selectors import running_for
from huiyin.engines.clocks.words import limit_in_words, receiver_words, rung_in_words
from huiyin.engines.packs.registry import Item, Line, Sheet, shows
from huiyin.records.customers.models import Customer
from huiyin.records.places.models import Place
from huiyin.records.places.selectors import subtree

from .judging import fact_names, names_of
from .models import Case, Contact
from .timeline import clock_name

VIEW = "cases.view"
OPEN_SHOWN = 12
PAST_SHOWN = 15


@panel(Place, "cases", order=20, permission=VIEW)
def cases_of_place(request: HttpRequest, place: Place) -> tuple[str, dict[str, Any]]:
    """What is open at a place and under it, and what was settled or said there, the newest first."""
    under = Place.objects.filter(Q(pk=place.pk) | subtree(place.below)).values("pk")
    cases = Case.objects.allowed(VIEW).filter(site=place.site_id)
    is_open = cases.filter(ended_at=None, place__in=under)
    here = Q(place=place)
    settled = cases.filter(here, ended_at__isnull=False)
    return _drawn(is_open, settled, _contacts(place.site_id, here), place=place)


@panel(Customer, "cases", order=20, permission=VIEW)
def cases_of_customer(request: HttpRequest, customer: Customer) -> tuple[str, dict[str, Any]]:
    """What is open for a customer, and what was settled or said with them, the newest first."""
    theirs = Q(customer=customer)
    cases = Case.objects.allowed(VIEW).filter(theirs)
    return _drawn(
        cases.filter(ended_at=None),
        cases.filter(ended_at__isnull=False),
        _contacts(customer.site_id, theirs),
        customer=customer,
    )


def _contacts(site_id: int, whose: Q) -> QuerySet[Contact]:
    rows: QuerySet[Contact] = Contact.objects.allowed(VIEW).filter(whose, site=site_id)
    return rows


def _drawn(
    is_open: QuerySet[Case], past: QuerySet[Case], contacts: QuerySet[Contact], **subject: Any
) -> tuple[str, dict[str, Any]]:
    """Four queries: open cases, their clocks, the newest of the others, the newest contacts."""
    order = ("-received_at", "-pk")
    named = is_open.select_related("responsible", "team", "place", "incident")
    shown: list[Any] = list(named.order_by(*order)[: OPEN_SHOWN + 1])
    clocks = running_for(shown)
    for case in shown:
        case.clocks = clocks.get(case.pk, [])
    settled = list(past.select_related("category").order_by(*order)[: PAST_SHOWN + 1])
    said = list(contacts.select_related("case", "user").order_by("-at", "-pk")[:PAST_SHOWN])
    lines: list[dict[str, Any]] = [{"at": one.received_at, "case": one} for one in settled[:PAST_SHOWN]]
    lines += [{"at": one.at, "contact": one} for one in said]
    lines.sort(key=lambda one: one["at"], reverse=True)
    return "cases/panel.html", {
        "open_cases": shown[:OPEN_SHOWN],
        "more_open": len(shown) > OPEN_SHOWN,
        "lines": lines[: 2 * PAST_SHOWN],
        **subject,
    }


@mark(Place, "cases", permission=VIEW)
def open_case_marks(ids: Sequence[int]) -> dict[int, Mark]:
    """Where something is open."""
    rows = Case.objects.allowed(VIEW).filter(ended_at=None, place__in=list(ids)).order_by()
    return {
        place: Mark(ngettext("%(n)s open case", "%(n)s open cases", n) % {"n": n}, "clipboard-list", "active")
        for place, n in rows.values_list("place").annotate(n=Count("pk"))
    }


@shows("limits")
def decision_table(items: Sequence[Item], site_id: int | None) -> Sheet:
    """The limits as a decision table: of each clock the first line that fits counts."""
    words = fact_names(site_id)
    calendars = names_of("calendars", site_id)
    receivers = {**names_of("posts", site_id), **receiver_words()}
    groups: dict[str, list[Line]] = {}
    # The particular goes before the general, as in the table that counts.
    for item in sorted(items, key=lambda one: -one.place):
        value = item.value
        warn = limit_in_words(value.warn.before) if value.warn is not None else ""
        line = Line(
            (
                str(value.name),
                *(_wanted(getattr(value.when, key), words[key]) for key in ("kind", "category", "severity")),
                _elsewhere(value.when, words),
                "\n".join(
                    part for part in (limit_in_words(value.limit), calendars.get(value.calendar)) if part
                ),
                _("%(time)s before") % {"time": warn} if warn else "",
                "\n".join(rung_in_words(rung, receivers) for rung in value.ladder),
            ),
            item,
        )
        groups.setdefault(value.clock, []).append(line)
    columns = (
        _("Rule"), _("Kind"), _("Category"), _("Severity"), _("Also only"), _("Limit"), _("Warning"),
        _("Escalation"),
    )  # fmt: skip
    return Sheet(columns, tuple((clock_name(kind), tuple(lines)) for kind, lines in groups.items()))


def _wanted(codes: Sequence[str] | None, words: Mapping[str, Any]) -> str:
    """The values a condition accepts, in words; empty where anything fits."""
    return "\n".join(str(words.get(code, code)) for code in codes or ())


def _elsewhere(when: Any, words: Mapping[str, Mapping[str, Any]]) -> str:
    parts = [_wanted(getattr(when, key), words[key]) for key in ("place_kind", "channel", "care")]
    return "\n".join(part for part in parts if part)
