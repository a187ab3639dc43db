"""Cases over the programming interface."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import File, Query, Router
from ninja.files import UploadedFile
from pydantic import BaseModel, Field

from huiyin.base.kit.api import answers, carried_out, keyset, must_hold, reached, reply, unknown
from huiyin.base.kit.fetching import fetch
from huiyin.base.kit.inserting import heard
from huiyin.base.kit.scope import Actor, current
from huiyin.base.kit.tables import Order
from huiyin.base.org.models import OrgUnit, Site, User
from huiyin.base.org.selectors import site_coded, staff_of, teams_of
from huiyin.engines.clocks.models import Clock
from huiyin.engines.clocks.selectors import of
from huiyin.engines.files.receiving import receive
from huiyin.engines.files.selectors import attachments_of
from huiyin.engines.files.services import attach
from huiyin.engines.search.selectors import narrow
from huiyin.records.places.models import Place
from huiyin.records.places.selectors import find

from . import services
from .models import Case, Category
from .schemas import (
    AnswerIn,
    AssignIn,
    CaseIn,
    CaseOut,
    CasePage,
    CategoryList,
    CloseIn,
    DeclineIn,
    FileList,
    FileOut,
    Filters,
    ReopenIn,
    WaitIn,
    case_out,
    category_out,
    file_out,
)
from .selectors import offered_categories, with_names

router = Router(tags=["cases"])
NEWEST = Order("received", _("Received"), "received_at")


def site_named(code: str) -> Site:
    """The site of that code in reach."""
    site = site_coded(code)
    if site is None:
        raise unknown("site", code)
    return site


def category_named(site: Site, code: str | None) -> Category | None:
    """The category of that code offered at a site: its own, else the organisation's."""
    if not code:
        return None
    offered = [
        one for one in fetch(Category, code=code) if one.site_id in (None, site.pk) and not one.retired
    ]
    if not offered:
        raise unknown("category", code)
    return max(offered, key=lambda one: one.site_id is not None)


def place_named(site: Site, text: str | None) -> Place | None:
    """The place that a code or an address names at a site."""
    if not text:
        return None
    place = find(site, text)
    if place is None:
        raise unknown("place", text)
    return place


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


def case_named(code: str, permission: str) -> Case:
    """The case of that code. Refused: 404 out of reach, 403 without the permission at its site."""
    cases = with_names(Case.objects.filter(code=code)).select_related("merged_into", "site__unit")
    case: Case = reached(cases.first(), permission)
    return case


@router.post("/cases", response=answers(201, CaseOut), summary="Register a case")
def create(request: HttpRequest, data: CaseIn) -> HttpResponse:
    """Its clocks start at the time of receipt; whoever the key belongs to answers for it first."""
    must_hold("cases.register")
    site = site_named(data.site)
    current().require("cases.register", site.pk)

    def act() -> dict[str, Any]:
        with heard() as rows:
            case = services.register(
                site,
                category=category_named(site, data.category),
                place=place_named(site, data.place),
                **data.model_dump(exclude={"site", "category", "place"}),
                by=current().actor,
            )
        caller: Any = request.user
        if case.responsible_id == caller.pk:
            case.responsible = caller
        return case_out(case, [row for row in rows if isinstance(row, Clock)])

    return carried_out(request, data, act, 201)


@router.get("/cases", response=answers(200, CasePage), summary="List cases, those received last first")
def index(request: HttpRequest, filters: Query[Filters]) -> HttpResponse:
    """Only cases of sites where one may see them."""
    must_hold("cases.view")
    page = keyset(filtered(filters), NEWEST, after=filters.after, limit=filters.limit)
    clocks = clocks_of(page.rows)
    return reply({"items": [case_out(case, clocks[case.pk]) for case in page.rows], "next": page.next})


def clocks_of(cases: Sequence[Case]) -> dict[int, list[Clock]]:
    """All clocks of some cases by the case's id, in the order they started, in one query."""
    found: dict[int, list[Clock]] = defaultdict(list)
    ids = [case.pk for case in cases]
    for clock in Clock.objects.filter(subject_type="cases.case", subject_id__in=ids).order_by(
        "started_at", "pk"
    ):
        found[clock.subject_id].append(clock)
    return found


def filtered(filters: Filters) -> QuerySet[Case]:
    """The cases in reach that the filters ask for."""
    cases = with_names(Case.objects.allowed("cases.view")).select_related("merged_into")
    if filters.site is not None:
        cases = cases.filter(site=site_named(filters.site))
    if filters.category is not None:
        cases = cases.filter(category__in=branch(filters.category))
    same = {
        "state": filters.state,
        "kind": filters.kind,
        "place__code": filters.place,
        "responsible__username": filters.responsible,
        "team__code": filters.team,
        "received_at__gte": filters.received_from,
        "received_at__lt": filters.received_to,
    }
    cases = cases.filter(**{name: value for name, value in same.items() if value is not None})
    if filters.open is not None:
        cases = cases.filter(ended_at__isnull=filters.open)
    return narrow(cases, filters.q) if filters.q else cases


def branch(code: str) -> list[int]:
    """The ids of a category and of everything below it, retired ones too. Refused when there is none."""
    tops = list(Category.objects.filter(code=code).values_list("path", flat=True))
    if not tops:
        raise unknown("category", code)
    below = Q()
    for path in tops:
        below |= Q(path__startswith=path)
    return list(Category.objects.filter(below).values_list("pk", flat=True))


@router.get("/cases/{code}", response=answers(200, CaseOut), summary="One case")
def detail(request: HttpRequest, code: str) -> HttpResponse:
    """With all its clocks."""
    must_hold("cases.view")
    case = case_named(code, "cases.view")
    return reply(case_out(case, list(of(case))))


def acted(
    request: HttpRequest, code: str, permission: str, data: BaseModel, command: Callable[..., Any]
) -> HttpResponse:
    """Run a command with what was sent on a case, once per key, and answer with the case."""
    must_hold(permission)
    case = case_named(code, permission)

    def run() -> dict[str, Any]:
        command(case, **data.model_dump(), by=current().actor)
        now_so = case_named(code, permission)
        return case_out(now_so, list(of(now_so)))

    return carried_out(request, data, run)


@router.post("/cases/{code}/assign", response=answers(200, CaseOut), summary="Assign a case")
def assign(request: HttpRequest, code: str, data: AssignIn) -> HttpResponse:
    """Make a person or a team answer for it."""

    def command(case: Case, *, responsible: str | None, team: str | None, note: str, by: Actor) -> None:
        person, group = person_named(case.site, responsible), team_named(case.site, team)
        services.assign(case, responsible=person, team=group, note=note, by=by)

    return acted(request, code, "cases.assign", data, command)


@router.post(
    "/cases/{code}/answer", response=answers(200, CaseOut), summary="Record what the customer was told"
)
def answer(request: HttpRequest, code: str, data: AnswerIn) -> HttpResponse:
    """Stops the answer clock."""
    return acted(request, code, "cases.answer", data, services.answer)


@router.post("/cases/{code}/wait", response=answers(200, CaseOut), summary="Let a case wait")
def wait(request: HttpRequest, code: str, data: WaitIn) -> HttpResponse:
    """For the customer, for parts or for others, until a moment within the next year."""
    return acted(request, code, "cases.wait", data, services.wait)


@router.post("/cases/{code}/close", response=answers(200, CaseOut), summary="Close an answered case")
def close(request: HttpRequest, code: str, data: CloseIn | None = None) -> HttpResponse:
    """Refused without a recorded answer to the customer."""
    return acted(request, code, "cases.close", data or CloseIn(note=""), services.close)


@router.post("/cases/{code}/reopen", response=answers(200, CaseOut), summary="Take a case up again")
def reopen(request: HttpRequest, code: str, data: ReopenIn) -> HttpResponse:
    """Starts new clocks; the old verdicts stay."""
    return acted(request, code, "cases.reopen", data, services.reopen)


@router.post(
    "/cases/{code}/decline", response=answers(200, CaseOut), summary="Decline a case with an explanation"
)
def decline(request: HttpRequest, code: str, data: DeclineIn) -> HttpResponse:
    """Ends a case that is not taken up."""
    return acted(request, code, "cases.decline", data, services.decline)


@router.get("/cases/{code}/files", response=answers(200, FileList), summary="Files of a case")
def files(request: HttpRequest, code: str) -> HttpResponse:
    """The oldest first."""
    must_hold("cases.view")
    case = case_named(code, "cases.view")
    return reply({"items": [file_out(one) for one in attachments_of(case)]})


@router.post("/cases/{code}/files", response=answers(201, FileOut), summary="Attach a file to a case")
def add_file(request: HttpRequest, code: str, file: File[UploadedFile]) -> HttpResponse:
    """What it is is decided by its content; the same content again gives the file that is there."""
    must_hold("files.upload")
    case = case_named(code, "files.upload")
    taken = receive(file)
    asked = Taken(name=taken.name, sha256=taken.sha256)
    return carried_out(request, asked, lambda: file_out(attach(case, file=taken, by=current().actor)), 201)


class Taken(BaseModel):
    """What tells one upload from another."""

    name: str
    sha256: str


class OfSite(BaseModel):
    """For which site."""

    site: str = Field(max_length=31)


@router.get(
    "/categories",
    response=answers(200, CategoryList),
    summary="Categories offered at a site",
    tags=["categories"],
)
def categories(request: HttpRequest, filters: Query[OfSite]) -> HttpResponse:
    """For those who may register or see cases there."""
    scope = current()
    if not scope.holds("cases.view"):
        must_hold("cases.register")
    offered = offered_categories(site_named(filters.site))
    codes = {one.pk: one.code for one in offered}
    return reply({"items": [category_out(one, codes) for one in offered]})
