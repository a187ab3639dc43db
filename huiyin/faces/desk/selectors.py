"""What stands on the desk: what is due from a person or at a site; and the search."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import current
from huiyin.engines.clocks.models import Clock
from huiyin.engines.clocks.selectors import running
from huiyin.engines.search.models import Entry
from huiyin.engines.search.selectors import find
from huiyin.records.customers.models import Customer
from huiyin.records.customers.selectors import VIEW as SEE_CUSTOMERS
from huiyin.records.customers.selectors import card_for_phone
from huiyin.records.places.models import Place
from huiyin.records.places.selectors import matches
from huiyin.work.cases.models import Case, Incident, State
from huiyin.work.cases.selectors import CASE, open_cases, readable, with_names
from huiyin.work.cases.templatetags.cases import page_of
from huiyin.work.cases.timeline import clock_name

SHOWN = 100
"""How many lines the desk shows; who has more due has another problem."""
SEE_CASES = "cases.view"
LEADS = "cases.assign"


@dataclass
class Line:
    """One thing that is due: what, about what, until when; without a clock no limit runs."""

    case: Case
    clock: Clock | None

    @property
    def key(self) -> str:
        """A name that stays the same from one refresh to the next."""
        return f"due-{self.clock.pk}" if self.clock is not None else f"case-{self.case.pk}"

    @property
    def what(self) -> str:
        """What has to be done."""
        return clock_name(self.clock.kind) if self.clock is not None else _("Go on")

    @property
    def is_late(self) -> bool:
        """Whether the limit has passed."""
        return self.clock is not None and self.clock.due_at <= now()


@dataclass
class Due:
    """The lines of a desk, the least time left first, and the counts above them."""

    lines: list[Line]
    total: int
    late: int
    soon: int
    capped: bool = False


def mine(user_id: int) -> Due:
    """What is due from a person: the limits that run for them, then their open cases without one."""
    clocks = running().filter(owner_id=user_id, subject_type=CASE)
    due = _due(clocks, distinct=False)
    seen = {line.case.pk for line in due.lines}
    rest = open_cases().filter(responsible=user_id).order_by("-received_at", "-pk")[:SHOWN]
    more = [Line(case, None) for case in with_names(rest) if case.pk not in seen]
    due.lines += more
    due.total += len(more)
    return due


def at_sites(sites: Iterable[int]) -> Due:
    """What is due at sites, whoever it is due from."""
    return _due(running().filter(site__in=list(sites), subject_type=CASE))


def late_at(sites: Iterable[int]) -> Due:
    """What is overdue at sites."""
    return _due(running().filter(site__in=list(sites), subject_type=CASE, due_at__lte=now()))


def untaken_at(sites: Iterable[int]) -> Due:
    """Open cases at sites that nobody was given, or that a team still has to take."""
    waiting = Q(responsible=None) | Q(state=State.REGISTERED)
    cases = open_cases().filter(waiting, site__in=list(sites))
    return _due(running().filter(subject_type=CASE, subject_id__in=cases.order_by().values("pk")))


def _due(clocks: QuerySet[Clock], *, distinct: bool = True) -> Due:
    """The lines of some running clocks; with `distinct` each case once, with its first limit."""
    found = list(clocks[: SHOWN * 2 + 1])
    capped = len(found) > SHOWN * 2
    cases: dict[int, Case] = with_names(
        Case.objects.allowed(SEE_CASES).filter(pk__in={clock.subject_id for clock in found})
    ).in_bulk()
    lines: list[Line] = []
    seen: set[int] = set()
    for clock in found:
        case = cases.get(clock.subject_id)
        if case is None or (distinct and case.pk in seen):
            continue
        seen.add(case.pk)
        lines.append(Line(case, clock))
    present = now()
    soon = present + timedelta(hours=1)
    return Due(
        lines=lines[:SHOWN],
        total=len(lines),
        late=sum(line.is_late for line in lines),
        soon=sum(line.clock is not None and present < line.clock.due_at <= soon for line in lines),
        capped=capped,
    )


@dataclass(frozen=True)
class Hit:
    """One thing that was found."""

    title: str
    subtitle: str
    url: str
    icon: str


@dataclass
class Found:
    """What a search found, in groups; `straight` is the page of the one exact hit."""

    typed: str
    groups: list[tuple[str, list[Hit]]] = field(default_factory=list)
    straight: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing was found."""
        return not self.groups


def search(typed: str, *, limit: int = 8) -> Found:
    """Look everywhere one may look: codes, addresses, telephone numbers, names, words."""
    found = Found(readable(typed, 100))
    if not found.typed:
        return found
    held = current().holds
    if held("places.view"):
        _add(found, _("Places"), _places(found, limit))
    if held(SEE_CUSTOMERS):
        _add(found, _("Customers"), _customers(found, limit))
    if held(SEE_CASES):
        _add(found, _("Cases"), _cases(found, limit))
        _add(found, _("Incidents"), _incidents(found, limit))
    return found


def _add(found: Found, name: str, hits: Sequence[Hit]) -> None:
    once = list({hit.url or hit.title: hit for hit in hits}.values())
    if once:
        found.groups.append((name, once))


def _hits(entries: Iterable[Entry], model: Any, icon: str) -> list[Hit]:
    """Entries of the index with the pages of their rows."""
    rows = list(entries)
    subjects = model.objects.in_bulk([one.subject_id for one in rows])
    return [
        Hit(one.title, one.subtitle, page_of(subjects[one.subject_id]), icon)
        for one in rows
        if one.subject_id in subjects
    ]


def _places(found: Found, limit: int) -> list[Hit]:
    sites = current().ids("places.view") if not current().everywhere else None
    named = matches(found.typed, sites=sites, limit=limit)
    hits = [
        Hit(place.name, f"{place.site.name} · {place.code}", _place_page(place), "door") for place in named
    ]
    if len(named) == 1:
        found.straight = found.straight or _place_page(named[0])
    things = find(found.typed, kinds=["places.asset"], permission="places.view", limit=limit)
    hits += [Hit(one.title, one.subtitle, _asset_page(one), "archive") for one in things]
    if len(hits) < limit:
        others = find(found.typed, kinds=["places.place"], permission="places.view", limit=limit - len(hits))
        hits += _hits(others, Place, "door")
    return hits


def _place_page(place: Place) -> str:
    return page_of(place) or f"/cases/?place={place.code}"


def _asset_page(entry: Entry) -> str:
    return f"/places/assets/{entry.subject_id}/"


def _customers(found: Found, limit: int) -> list[Hit]:
    hits = []
    for card in card_for_phone(found.typed, limit=limit):
        person = card.person
        where = ", ".join(place.name for place in person.places)
        words = [where, card.contact.value, "" if card.current else _("former number")]
        hits.append(_customer(person.customer, " · ".join(word for word in words if word)))
    entries = find(found.typed, kinds=["customers.customer"], permission=SEE_CUSTOMERS, limit=limit)
    subjects = Customer.objects.in_bulk([one.subject_id for one in entries])
    hits += [
        _customer(subjects[one.subject_id], one.subtitle)
        for one in entries
        if one.subject_id in subjects and subjects[one.subject_id].merged_into_id is None
    ]
    return hits


def _customer(customer: Customer, subtitle: str) -> Hit:
    url = page_of(customer) or f"/cases/?customer={customer.pk}"
    return Hit(customer.name, subtitle, url, "user")


def _cases(found: Found, limit: int) -> list[Hit]:
    exact = Case.objects.allowed(SEE_CASES).filter(code=found.typed.upper()).first()
    if exact is not None:
        found.straight = str(exact.get_absolute_url())
    hits = _hits(find(found.typed, kinds=[CASE], permission=SEE_CASES, limit=limit), Case, "clipboard-list")
    if exact is not None:
        hits.insert(0, Hit(exact.title, exact.code, str(exact.get_absolute_url()), "clipboard-list"))
    return hits


def _incidents(found: Found, limit: int) -> list[Hit]:
    rows = Incident.objects.allowed(SEE_CASES).filter(
        Q(code=found.typed.upper()) | Q(title__icontains=found.typed)
    )
    hits = []
    for one in rows.order_by("-opened_at")[:limit]:
        if one.code == found.typed.upper():
            found.straight = str(one.get_absolute_url())
        hits.append(Hit(one.title, one.code, str(one.get_absolute_url()), "stack-2"))
    return hits
