"""A small centre with keys for its people, and a client that talks to the interface as a program would."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org import selectors as org
from huiyin.base.org.models import Post, User
from huiyin.base.org.services import add_unit, appoint, issue_token
from huiyin.engines.approvals.models import Approval
from huiyin.engines.approvals.services import submit
from huiyin.engines.packs import selectors as packs
from huiyin.engines.packs.services import load
from huiyin.records.customers.holdings import start_holding
from huiyin.records.customers.services import add_contact, add_customer
from huiyin.records.places.services import add_place
from huiyin.work.cases.models import Case
from huiyin.work.cases.services import register
from tests.people import BY, People, company

PACK = {
    "pack.yaml": "{code: trial, name: {zh: 试用}, layer: base, version: '1'}",
    "limits.yaml": """
        - {code: answer-any, name: {zh: 答复}, clock: answer, limit: {value: 2, unit: hours}, clause: 三十分钟, source: [001-329]}
        - {code: assign-any, name: {zh: 派单}, clock: assign, limit: {value: 10, unit: minutes}, clause: 及时, source: [001-090]}
    """,
    "posts.yaml": """
        - {code: boss, name: {zh: 总经理}, level: company, permissions: [approvals.view], clause: 总经理, source: [003-012]}
    """,
    "approvals.yaml": """
        - {code: plan, name: {zh: 计划}, kind: plans.department, request: true, steps: [{post: [boss]}], clause: 计划由上级批准, source: [003-012]}
    """,
    "categories.yaml": """
        - {code: repair, name: {zh: 维修}, kind: repair, source: [001-016], children: [
            {code: repair.leak, name: {zh: 漏水}, kind: repair, keywords: [漏水], source: [001-322]}]}
    """,
}


@dataclass(frozen=True)
class Answer:
    """What the interface answered."""

    status: int
    data: Any
    headers: Any
    content: bytes


@dataclass(frozen=True)
class Api:
    """A program with a key (or none)."""

    key: str = ""
    language: str = ""

    def send(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> Answer:
        """One request; headers by name with underscores."""
        own = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        own |= {"Accept-Language": self.language} if self.language else {}
        own |= {name.replace("_", "-"): value for name, value in headers.items()}
        kind = own.pop("Content-Type", "application/json")
        response = Client(raise_request_exception=True).generic(
            method, f"/api/v1{path}", body, content_type=kind, headers=own
        )
        content = b"".join(response) if response.streaming else response.content
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        return Answer(
            response.status_code, json.loads(content) if is_json else None, response.headers, content
        )

    def get(self, path: str, **headers: str) -> Answer:
        """Read."""
        return self.send("GET", path, **headers)

    def post(self, path: str, data: Any = None, **headers: str) -> Answer:
        """Do."""
        return self.send("POST", path, json.dumps({} if data is None else data), **headers)

    def upload(self, path: str, name: str, content: bytes, **headers: str) -> Answer:
        """Send a file as a form does."""
        mark = "huiyin-boundary"
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{mark}--\r\n".encode()
        return self.send("POST", path, body, Content_Type=f"multipart/form-data; boundary={mark}", **headers)


@dataclass(frozen=True)
class Centre:
    """alice holds all rights at `here`, bob none there, carol all at `there`, dana all everywhere, erin has no post."""

    people: People
    keys: dict[str, str] = field(default_factory=dict)

    def key(self, user: User) -> str:
        """A person's key."""
        if user.username not in self.keys:
            with use(system_scope("test")):
                self.keys[user.username] = issue_token(user, name="test", by=BY)
        return self.keys[user.username]

    def api(self, user: User | None, language: str = "en") -> Api:
        """A program that acts as a person."""
        return Api(self.key(user) if user is not None else "", language)

    def case(self, **values: Any) -> Case:
        """A case at `here` taken in by alice."""
        with use(system_scope("test")):
            told = {"kind": "repair", "channel": "phone", "title": "厨房漏水", **values}
            return register(self.people.here, **told, by=self.people.actor(self.people.alice))

    def approval(self) -> Approval:
        """A request of alice's at `here` that waits for dana's signature."""
        with use(system_scope("test")):
            by = self.people.actor(self.people.alice)
            return submit(self.people.here, kind="plans.department", title="月度计划", by=by)


def made(tmp_path: Path) -> Centre:
    """The centre, in the database at hand."""
    folder = tmp_path / "trial"
    folder.mkdir()
    for name, text in PACK.items():
        (folder / name).write_text(dedent(text), encoding="utf-8")
    packs.forget()
    people = company()
    with use(system_scope("test")):
        load([folder], by=BY)
        appoint(people.company, user=people.dana, post=Post.objects.get(code="boss"), by=BY)
        add_unit(people.here.unit, kind="team", code="here-repair", name="维修班", by=BY)
        for site, phone in ((people.here, "13800138000"), (people.there, "13900139000")):
            building = add_place(site, kind="building", name="3栋", code="3", by=BY)
            room = add_place(site, kind="room", name="3栋501", code="3-0-501", parent=building, by=BY)
            customer = add_customer(site, name=f"张三丰{site.code}", by=BY)
            add_contact(customer, kind="mobile", value=phone, by=BY)
            start_holding(customer, role="owner", place=room, by=BY)
    return Centre(people)


@pytest.fixture(scope="module")
def stage(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Centre]:
    """One centre for all questions of a file."""
    with django_db_blocker.unblock(), transaction.atomic():
        built = made(tmp_path_factory.mktemp("pack"))
        for user in (
            built.people.alice,
            built.people.bob,
            built.people.carol,
            built.people.dana,
            built.people.erin,
        ):
            built.key(user)
        yield built
        transaction.set_rollback(True)
    org.forget()
    packs.forget()


@pytest.fixture
def centre(stage: Centre, db: None) -> Iterator[Centre]:
    """The centre as it was built; what a test does to it is undone."""
    yield stage
    org.forget()


@pytest.fixture
def alice(centre: Centre) -> Api:
    return centre.api(centre.people.alice)


@pytest.fixture
def as_person(centre: Centre) -> Callable[[str], Api]:
    """A program by the name of its person."""
    return lambda name: centre.api(getattr(centre.people, name))


REPAIR = {"site": "here", "kind": "repair", "channel": "phone", "title": "厨房水管漏水"}
"""The least a registration needs."""
