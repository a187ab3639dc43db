"""What the programming interface reads and answers about cases."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from huiyin.base.kit.api import Moment, Paging
from huiyin.engines.clocks.models import Clock
from huiyin.engines.files.models import Attachment

from .models import Case, Category

KindName = Literal[
    "consultation",
    "repair",
    "complaint",
    "suggestion",
    "help",
    "service",
    "praise",
    "emergency",
    "application",
]
ChannelName = Literal[
    "phone",
    "counter",
    "letter",
    "web",
    "app",
    "wechat",
    "message",
    "email",
    "site_walk",
    "alarm",
    "hotline",
    "meeting",
]
SeverityName = Literal["normal", "serious", "major"]
StateName = Literal[
    "registered", "assigned", "working", "waiting", "answered", "closed", "declined", "merged", "cancelled"
]


class CaseIn(BaseModel):
    """What is needed to register a case."""

    site: str = Field(max_length=31, description="Code of the site")
    kind: KindName
    channel: ChannelName
    title: str = Field(min_length=1, max_length=120)
    description: str = Field("", max_length=20_000)
    category: str | None = Field(None, max_length=80, description="Code of a category offered at the site")
    place: str | None = Field(
        None, max_length=60, description="Code of a place, or an address such as 3-2-501"
    )
    location: str = Field("", max_length=120, description="The exact spot")
    severity: SeverityName = "normal"
    contact_name: str = Field("", max_length=60)
    contact_phone: str = Field("", max_length=40)
    received_at: Moment | None = Field(None, description="When it came in; now when missing")
    external_key: str = Field(
        "", max_length=80, description="Your own number; the same one again is refused (409)"
    )


class PersonOut(BaseModel):
    """A member of staff."""

    username: str
    name: str


class ClockOut(BaseModel):
    """One limit: what is promised, by when, whether it was kept, under which rule and clause."""

    kind: str
    state: str
    started_at: datetime
    due_at: datetime
    original_due_at: datetime
    stopped_at: datetime | None
    verdict: str | None
    rule: str
    clause: str


class CaseOut(BaseModel):
    """A case as it stands."""

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
    waiting_until: datetime | None
    waiting_reason: str
    answer: str
    merged_into: str | None
    incident: str | None
    reopened: int
    version: int
    clocks: list[ClockOut]


class CasePage(BaseModel):
    """One page of cases, those received last first, and the cursor of the next."""

    items: list[CaseOut]
    next: str | None


class Filters(Paging):
    """What a list of cases can be narrowed by."""

    site: str | None = Field(None, max_length=31)
    state: StateName | None = None
    kind: KindName | None = None
    category: str | None = Field(None, max_length=80, description="With everything below it")
    place: str | None = Field(None, max_length=60, description="Code of the place")
    responsible: str | None = Field(None, max_length=60, description="Login name")
    team: str | None = Field(None, max_length=31)
    open: bool | None = Field(None, description="Only those not ended, or only those ended")
    received_from: Moment | None = None
    received_to: Moment | None = Field(None, description="Not included itself")
    q: str | None = Field(None, max_length=100, description="Words, names, phone tails, addresses, codes")


class AssignIn(BaseModel):
    """To a person (login name), to a team (code), or both."""

    responsible: str | None = Field(None, max_length=60)
    team: str | None = Field(None, max_length=31)
    note: str = Field("", max_length=500)


class AnswerIn(BaseModel):
    """What the customer was told, and how."""

    text: str = Field(min_length=1, max_length=10_000)
    channel: ChannelName = "phone"


class WaitIn(BaseModel):
    """What it waits for, until when at the latest, and whether the customer agreed to that."""

    reason: str = Field(min_length=1, max_length=200)
    until: Moment
    agreed: bool = False


class CloseIn(BaseModel):
    """A remark on closing."""

    note: str = Field("", max_length=500)


class ReopenIn(BaseModel):
    """Why it is taken up again."""

    reason: str = Field(min_length=1, max_length=500)


class DeclineIn(BaseModel):
    """Why it is not taken up, and what the customer was told."""

    reason: str = Field(min_length=1, max_length=200)
    explanation: str = Field(min_length=1, max_length=10_000)
    channel: ChannelName = "phone"


class FileOut(BaseModel):
    """A file of a case. `url` is where its content is read, with the same key."""

    id: int
    name: str
    content_type: str
    size: int
    sha256: str
    uploaded_at: datetime
    url: str


class FileList(BaseModel):
    """The files of a case, the oldest first."""

    items: list[FileOut]


class CategoryOut(BaseModel):
    """A branch of the tree that cases are sorted by."""

    code: str
    name: str
    kind: str
    parent: str | None
    paid: str
    price_note: str


class CategoryList(BaseModel):
    """The categories offered, in the order in which they are shown."""

    items: list[CategoryOut]


_NAMED = {"site", "category", "place", "responsible", "team", "merged_into", "incident", "clocks"}
_SAME = tuple(name for name in CaseOut.model_fields if name not in _NAMED)


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
    """A case with its clocks as the interface shows it."""
    person = case.responsible
    return {
        **{name: getattr(case, name) for name in _SAME},
        "site": case.site.code,
        "category": case.category.code if case.category else None,
        "place": case.place.code if case.place else None,
        "responsible": {"username": person.username, "name": person.name} if person else None,
        "team": case.team.code if case.team else None,
        "merged_into": case.merged_into.code if case.merged_into else None,
        "incident": case.incident.code if case.incident else None,
        "clocks": [clock_out(clock) for clock in clocks],
    }


def file_out(file: Attachment) -> dict[str, Any]:
    """A file as the interface shows it."""
    return {
        "id": file.pk,
        "name": file.name,
        "content_type": file.content_type,
        "size": file.size,
        "sha256": file.sha256,
        "uploaded_at": file.uploaded_at,
        "url": f"/api/v1/files/{file.pk}",
    }


def category_out(category: Category, parents: dict[int, str]) -> dict[str, Any]:
    """A category as the interface shows it; `parents` are codes by id."""
    return {
        "code": category.code,
        "name": category.name,
        "kind": category.kind,
        "parent": parents.get(category.parent_id or 0),
        "paid": category.paid,
        "price_note": category.price_note,
    }
