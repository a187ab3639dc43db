"""The duty roster in the programming interface."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router
from pydantic import BaseModel, Field

from huiyin.base.kit.api import (
    Moment,
    Paging,
    answers,
    carried_out,
    keyset,
    must_hold,
    reached,
    reply,
    unknown,
)
from huiyin.base.kit.scope import current
from huiyin.base.kit.tables import Order
from huiyin.base.org.selectors import site_coded, staff_of

from . import services
from .models import Duty

router = Router(tags=["duty"])
EARLIEST = Order("starts_at", _("Earliest first"), "starts_at", descending=False)
DUTY = "clocks.duty"


class PersonOut(BaseModel):
    """A member of staff."""

    username: str
    name: str


class TurnOut(BaseModel):
    """A turn of duty: who, at which site, from when to when (UTC)."""

    id: int
    site: str
    person: PersonOut
    starts_at: datetime
    ends_at: datetime


class TurnPage(BaseModel):
    """One page of turns, the earliest first, and the cursor of the next."""

    items: list[TurnOut]
    next: str | None


class Turns(Paging):
    """Which turns."""

    site: str | None = Field(None, max_length=31)
    since: Moment | None = Field(None, description="Only turns that end later")
    until: Moment | None = Field(None, description="Only turns that begin earlier")


class TurnIn(BaseModel):
    """Somebody to be put on duty."""

    site: str = Field(max_length=31)
    person: str = Field(max_length=150, description="Login name of a member of the site's staff")
    starts_at: Moment
    ends_at: Moment


class TakeOffIn(BaseModel):
    """Nothing more needs to be said."""


def turn_out(duty: Duty) -> dict[str, Any]:
    """A turn as the interface shows it."""
    return {
        "id": duty.pk,
        "site": duty.site.code,
        "person": {"username": duty.user.username, "name": duty.user.name},
        "starts_at": duty.starts_at,
        "ends_at": duty.ends_at,
    }


@router.get("/duty", response=answers(200, TurnPage), summary="List turns of duty, the earliest first")
def index(request: HttpRequest, filters: Query[Turns]) -> HttpResponse:
    """Those of the sites where one works."""
    rows = Duty.objects.all()
    if filters.site is not None:
        site = site_coded(filters.site)
        if site is None:
            raise unknown("site", filters.site)
        rows = rows.filter(site=site)
    if filters.since is not None:
        rows = rows.filter(ends_at__gt=filters.since)
    if filters.until is not None:
        rows = rows.filter(starts_at__lt=filters.until)
    page = keyset(rows.select_related("site", "user"), EARLIEST, after=filters.after, limit=filters.limit)
    return reply({"items": [turn_out(one) for one in page.rows], "next": page.next})


@router.post("/duty", response=answers(201, TurnOut), summary="Put somebody on duty")
def put_on(request: HttpRequest, data: TurnIn) -> HttpResponse:
    """Turns of one person at one site do not overlap; they last a week at most."""
    must_hold(DUTY)
    site = site_coded(data.site)
    if site is None:
        raise unknown("site", data.site)
    current().require(DUTY, site.pk)

    def run() -> dict[str, Any]:
        person = staff_of([site]).filter(username=data.person).first()
        if person is None:
            raise unknown("person", data.person)
        made = services.put_on_duty(
            site, user=person, starts_at=data.starts_at, ends_at=data.ends_at, by=current().actor
        )
        return turn_out(made)

    return carried_out(request, data, run, 201)


@router.post("/duty/{id}/take-off", response=answers(200, TurnOut), summary="Take a turn off the roster")
def take_off(request: HttpRequest, id: int, data: TakeOffIn) -> HttpResponse:
    """A turn that has begun ends now; the answer shows it as it was, with the end it has now."""
    must_hold(DUTY)
    found = Duty.objects.select_related("site", "user").filter(pk=id).first() if abs(id) < 2**63 else None
    duty: Duty = reached(found, DUTY)

    def run() -> dict[str, Any]:
        taken = services.take_off_duty(duty, by=current().actor)
        return {**turn_out(duty), "ends_at": taken.ends_at}

    return carried_out(request, data, run)
