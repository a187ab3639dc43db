"""Cases over the programming interface."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import AwareDatetime, Field

from huiyin.base.kit.api import answers, carried_out_once, keyset, must_hold
from huiyin.base.kit.scope import current
from huiyin.base.kit.service import Refused
from huiyin.base.kit.tables import Order
from huiyin.base.org.models import OrgUnit, Site, User
from huiyin.base.org.selectors import sites_in_reach, staff_of, teams_of
from huiyin.engines.clocks.models import Clock
from huiyin.engines.clocks.selectors import of, running_for
from huiyin.engines.search.selectors import narrow
from huiyin.records.places.models import Place
from huiyin.records.places.selectors import find

from . import services
from .models import Case, Category
from .selectors import categories_of, with_names

router = Router(tags=["cases"])
NEWEST = Order("received", _("Received"), "received_at")

KindName = Literal[
    "consultation", "repair", "complaint", "suggestion", "help", "service", "praise", "emergency", "application"
]
ChannelName = Literal[
    "phone", "counter", "letter", "web", "app", "wechat", "message", "email", "site_walk", "alarm", "hotline", "meeting"
]


class CaseIn(Schema):
    """What is needed to register a case. `received_at` is an aware moment; the present when missing."""

    site: str = Field(max_length=31)
    kind: KindName
    channel: ChannelName
    title: str = Field(min_length=1, max_length=120)
    description: str = Field("", max_length=20_000)
    category: str | None = Field(None, max_length=80)
    place: str | None = Field(None, max_length=60, description="An address such as 3-2-501")
    location: str = Field("", max_length=120)
    severity: Literal["normal", "serious", "major"] = "normal"
    contact_name: str = Field("", max_length=60)
    contact_phone: str = Field("", max_length=40)
    received_at: AwareDatetime | None = None
    external_key: str = Field("", max_length=80, description="Your own number; the same one twice is refused")


class PersonOut(Schema):
    """A member of staff."""

    username: str
    name: str


class ClockOut(Schema):
    """One limit: what is promised, by when, whether it was kept. Moments are UTC."""

    kind: str
    state: str
    started_at: datetime
    due_at: datetime
    original_due_at: datetime
    stopped_at: datetime | None
    verdict: str | None
    rule: str
    clause: str


class CaseOut(Schema):
    """A case as it stands. Moments are UTC."""

    code: str
    site: str
    kind: str
    channel: str
    title: str
    description: str
    category: str | None
    severity: str
    place: str | None
    location: str
    contact_name: str
    contact_phone: str
    state: str
    responsible: PersonOut | None
    team: str | None
    received_at: datetime
    registered_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    answer: str
    merged_into: str | None
    incident: str | None
    reopened: int
    version: int
    clocks: list[ClockOut]


class CasePage(Schema):
    """One page of cases, newest first, and the cursor of the next."""

    items: list[CaseOut]
    next: str | None


class Filters(Schema):
    """What a list of cases can be narrowed by."""

    site: str | None = None
    state: str | None = None
    kind: str | None = None
    category: str | None = None
    place: str | None = None
    responsible: str | None = None
    open: bool | None = None
    received_from: AwareDatetime | None = None
    received_to: AwareDatetime | None = None
    q: str | None = Field(None, max_length=100)
    after: str = Field("", max_length=400)
    limit: int = Field(50, ge=1, le=200)


class AssignIn(Schema):
    """To a person (login name) or a team (code)."""

    responsible: str | None = Field(None, max_length=60)
    team: str | None = Field(None, max_length=31)
    note: str = Field("", max_length=500)


class AnswerIn(Schema):
    """What the customer was told, and how."""

    text: str = Field(min_length=1, max_length=10_000)
    channel: ChannelName = "phone"


class WaitIn(Schema):
    """What it waits for, and until when at the latest."""

    reason: str = Field(min_length=1, max_length=200)
    until: AwareDatetime


class CloseIn(Schema):
    """A remark on closing."""

    note: str = Field("", max_length=500)


class ReopenIn(Schema):
    """Why it is taken up again."""

    reason: str = Field(min_length=1, max_length=500)


class DeclineIn(Schema):
    """Why it is not taken up, and what the customer was told."""

    reason: str = Field(min_length=1, max_length=200)
    explanation: str = Field(min_length=1, max_length=10_000)
    channel: ChannelName = "phone"


def unknown(field: str, value: str) -> Refused:
    """Something was named that does not exist (or is out of reach)."""
    return Refused("unknown", _("Unknown value: %(value)s"), params={"value": value[:40]}, field=field)


def site_named(code: str) -> Site:
    """The site of that code in reach."""
    site = sites_in_reach().select_related("unit").filter(code=code).first()
    if site is None:
        raise unknown("site", code)
    return site


def category_named(site: Site | None, code: str | None) -> Category | None:
    """The category of that code offered at a site."""
    if not code:
        return None
    category = categories_of(site).filter(code=code).first()
    if category is None:
        raise unknown("category", code)
    return category


def place_named(site: Site, text: str | None) -> Place | None:
    """The place that an address names at a site."""
    if not text:
        return None
    place = find(site, text)
    if place is None:
        raise unknown("place", text)
    return place


def clock_out(clock: Clock) -> dict[str, Any]:
    """A clock as the interface shows it."""
    return {
        "kind": clock.kind,
        "state": clock.state,
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "original_due_at": clock.original_due_at,
        "stopped_at": clock.stopped_at,
        "verdict": clock.verdict or None,
        "rule": clock.rule_code,
        "clause": clock.rule.get("clause", ""),
    }


def case_out(case: Case, clocks: list[Clock]) -> dict[str, Any]:
    """A case as the interface shows it."""
    person = case.responsible
    return {
        **{
            name: getattr(case, name)
            for name in (
                "code", "kind", "channel", "title", "description", "severity", "location", "contact_name",
                "contact_phone", "state", "received_at", "registered_at", "answered_at", "ended_at", "answer",
                "reopened", "version",
            )
        },
        "site": case.site.code,
        "category": case.category.code if case.category else None,
        "place": case.place.code if case.place else None,
        "responsible": {"username": person.username, "name": person.name} if person else None,
        "team": case.team.code if case.team else None,
        "merged_into": case.merged_into.code if case.merged_into else None,
        "incident": case.incident.code if case.incident else None,
        "clocks": [clock_out(clock) for clock in clocks],
    }


def case_named(code: str, permission: str) -> Case:
    """The case of that code where the permission is held; 404 otherwise."""
    return get_object_or_404(
        with_names(Case.objects.allowed(permission)).select_related("merged_into", "site__unit"), code=code
    )


def ready(data: dict[str, Any]) -> dict[str, Any]:
    """An answer as plain JSON data, fit to be kept under an idempotency key."""
    plain: dict[str, Any] = CaseOut(**data).model_dump(mode="json")
    return plain


@router.post("/cases", response=answers(201, CaseOut), summary="Register a case")
def create(request: HttpRequest, data: CaseIn) -> tuple[int, Any]:
    must_hold("cases.register")

    def act() -> dict[str, Any]:
        site = site_named(data.site)
        values = data.dict(exclude={"site", "category", "place"})
        case = services.register(
            site,
            category=category_named(site, data.category),
            place=place_named(site, data.place),
            **values,
            by=current().actor,
        )
        return ready(case_out(case, of(case)))

    return 201, carried_out_once(request, data.dict(), act)


@router.get("/cases", response=answers(200, CasePage), summary="List cases, newest first")
def index(request: HttpRequest, filters: Query[Filters]) -> dict[str, Any]:
    must_hold("cases.view")
    page = keyset(filtered(filters), NEWEST, after=filters.after, limit=filters.limit)
    clocks = running_for(page.rows)
    return {"items": [case_out(case, clocks.get(case.pk, [])) for case in page.rows], "next": page.next}


def filtered(filters: Filters) -> QuerySet[Case]:
    """The cases in reach that the filters ask for."""
    cases = with_names(Case.objects.allowed("cases.view")).select_related("merged_into")
    site = site_named(filters.site) if filters.site else None
    if site is not None:
        cases = cases.filter(site=site)
    for name in ("state", "kind"):
        if getattr(filters, name):
            cases = cases.filter(**{name: getattr(filters, name)})
    if filters.category:
        cases = cases.filter(category__code=filters.category)
    if filters.place:
        cases = cases.filter(place__code=filters.place)
    if filters.responsible:
        cases = cases.filter(responsible__username=filters.responsible)
    if filters.open is not None:
        cases = cases.filter(ended_at__isnull=filters.open)
    if filters.received_from:
        cases = cases.filter(received_at__gte=filters.received_from)
    if filters.received_to:
        cases = cases.filter(received_at__lt=filters.received_to)
    return narrow(cases, filters.q) if filters.q else cases


@router.get("/cases/{code}", response=answers(200, CaseOut), summary="One case")
def detail(request: HttpRequest, code: str) -> dict[str, Any]:
    must_hold("cases.view")
    case = case_named(code, "cases.view")
    return case_out(case, of(case))


def acted(
    request: HttpRequest, code: str, permission: str, data: Schema, act: Callable[[Case], Case]
) -> dict[str, Any]:
    """Run a command on a case once per key and answer with the case."""
    must_hold(permission)

    def run() -> dict[str, Any]:
        act(case_named(code, permission))
        case = case_named(code, permission)
        return ready(case_out(case, of(case)))

    answer: dict[str, Any] = carried_out_once(request, data.dict(), run)
    return answer


def person_named(site: Site, username: str | None) -> User | None:
    """The member of staff of that login name at a site."""
    if not username:
        return None
    person = staff_of([site]).filter(username=username).first()
    if person is None:
        raise unknown("responsible", username)
    return person


def team_named(site: Site, code: str | None) -> OrgUnit | None:
    """The team of that code at a site."""
    if not code:
        return None
    team = teams_of(site).filter(code=code).first()
    if team is None:
        raise unknown("team", code)
    return team


@router.post("/cases/{code}/assign", response=answers(200, CaseOut), summary="Assign a case")
def assign(request: HttpRequest, code: str, data: AssignIn) -> dict[str, Any]:
    def act(case: Case) -> Case:
        person, team = person_named(case.site, data.responsible), team_named(case.site, data.team)
        return services.assign(case, responsible=person, team=team, note=data.note, by=current().actor)

    return acted(request, code, "cases.assign", data, act)


@router.post("/cases/{code}/answer", response=answers(200, CaseOut), summary="Record what the customer was told")
def answer(request: HttpRequest, code: str, data: AnswerIn) -> dict[str, Any]:
    return acted(
        request, code, "cases.answer", data, lambda case: services.answer(case, **data.dict(), by=current().actor)
    )


@router.post("/cases/{code}/wait", response=answers(200, CaseOut), summary="Let a case wait")
def wait(request: HttpRequest, code: str, data: WaitIn) -> dict[str, Any]:
    return acted(
        request, code, "cases.wait", data, lambda case: services.wait(case, **data.dict(), by=current().actor)
    )


@router.post("/cases/{code}/close", response=answers(200, CaseOut), summary="Close an answered case")
def close(request: HttpRequest, code: str, data: CloseIn) -> dict[str, Any]:
    return acted(
        request, code, "cases.close", data, lambda case: services.close(case, **data.dict(), by=current().actor)
    )


@router.post("/cases/{code}/reopen", response=answers(200, CaseOut), summary="Take a case up again")
def reopen(request: HttpRequest, code: str, data: ReopenIn) -> dict[str, Any]:
    return acted(
        request, code, "cases.reopen", data, lambda case: services.reopen(case, **data.dict(), by=current().actor)
    )


@router.post("/cases/{code}/decline", response=answers(200, CaseOut), summary="Decline a case with an explanation")
def decline(request: HttpRequest, code: str, data: DeclineIn) -> dict[str, Any]:
    return acted(
        request, code, "cases.decline", data, lambda case: services.decline(case, **data.dict(), by=current().actor)
    )
