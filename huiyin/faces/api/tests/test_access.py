"""Who gets what: for every operation, nobody, a stranger, a member without the right, a neighbour."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from huiyin.base.kit.moment import now, today
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.models import ApiToken
from huiyin.base.org.services import appoint, change_user, relieve, revoke_token, save_post
from huiyin.engines.approvals.models import Approval
from huiyin.engines.clocks.services import put_on_duty
from huiyin.faces.api.api import api as interface
from huiyin.work.cases.models import Case
from tests.people import BY

from .conftest import REPAIR, Answer, Api, Centre

LATER, LATER_STILL = ((now() + timedelta(days=days)).isoformat() for days in (1, 2))
BODIES: dict[str, Any] = {
    "cases_create": REPAIR,
    "cases_assign": {"responsible": "alice"},
    "cases_answer": {"text": "好了"},
    "cases_wait": {"reason": "等", "until": LATER},
    "cases_close": {},
    "cases_reopen": {"reason": "又坏了"},
    "cases_decline": {"reason": "不属", "explanation": "请找别处"},
    "cases_add_file": None,
    "approvals_agree": {},
    "approvals_send_back": {"reason": "数字不对"},
    "approvals_refuse": {"reason": "今年不做"},
    "approvals_withdraw": {},
    "duty_put_on": {"site": "here", "person": "bob", "starts_at": LATER, "ends_at": LATER_STILL},
    "duty_take_off": {},
}
QUERY = {
    "categories_categories": "?site=here",
    "customers_index": "?phone=13800138000",
    "places_index": "?site=here",
}
EVERYBODY = {"me_me", "sites_index", "duty_index"}


def operations() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for path, methods in interface.get_openapi_schema()["paths"].items():
        for method, told in methods.items():
            yield told["operationId"], method.upper(), path.removeprefix("/api/v1"), told


OPERATIONS = [one[0] for one in operations()]
FOREIGN = [one[0] for one in operations() if "{" in one[2]]


def address(path: str, case: Case, approval: Approval, file: int, duty: int) -> str:
    values = {"{code}": case.code, "{site}": "here", "{id}": str(file)}
    if path.startswith("/duty"):
        values["{id}"] = str(duty)
    if path.startswith("/approvals"):
        values["{code}"] = approval.code
    if path.startswith("/places"):
        values["{code}"] = "3-0-501"
    for keyword, value in values.items():
        path = path.replace(keyword, value)
    return path


@pytest.fixture
def ask(centre: Centre) -> Callable[[str, Api], Answer]:
    """Ask an operation about things at `here`."""
    case = centre.case()
    file = centre.api(centre.people.alice).upload(f"/cases/{case.code}/files", "a.txt", b"hello").data["id"]
    approval = centre.approval()
    with use(system_scope("test")):
        begin, end = now() - timedelta(minutes=1), now() + timedelta(hours=2)
        here = centre.people.here
        duty = put_on_duty(here, user=centre.people.bob, starts_at=begin, ends_at=end, by=BY).pk
    known = {name: (method, path) for name, method, path, _told in operations()}

    def one(name: str, api: Api) -> Answer:
        method, path = known[name]
        url = address(path, case, approval, file, duty) + QUERY.get(name, "")
        if name == "cases_add_file":
            return api.upload(url, "b.txt", b"other")
        return api.post(url, BODIES[name]) if method == "POST" else api.get(url)

    return one


@pytest.mark.parametrize("name", OPERATIONS)
def test_without_a_valid_key_nothing_is_answered(
    centre: Centre, ask: Callable[[str, Api], Answer], name: str
) -> None:
    good = centre.key(centre.people.alice)
    for key in ("", "hy_wrong", good[:-1], good.upper(), f"{good} {good}"):
        told = ask(name, Api(key))

        assert (told.status, told.data["code"]) == (401, "no-token"), key
        assert told.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_member_without_the_right_is_refused(
    centre: Centre, ask: Callable[[str, Api], Answer], name: str
) -> None:
    for user in (centre.people.bob, centre.people.erin):
        told = ask(name, centre.api(user))

        # Which right a file asks for is known once it is found, and erin finds nothing.
        blind = name == "files_content" and user == centre.people.erin
        assert told.status == (200 if name in EVERYBODY else 404 if blind else 403), user


@pytest.mark.parametrize("name", OPERATIONS)
def test_somebody_with_the_right_is_let_in(
    centre: Centre, ask: Callable[[str, Api], Answer], name: str
) -> None:
    for user in (centre.people.alice, centre.people.dana):
        told = ask(name, centre.api(user))

        assert told.status in {200, 201, 409}, told.data


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_at_another_site_does_not_exist(
    centre: Centre, ask: Callable[[str, Api], Answer], name: str
) -> None:
    told = ask(name, centre.api(centre.people.carol))

    assert (told.status, told.data["code"]) == (404, "not-found")


def test_at_another_site_nothing_can_be_registered_or_listed(centre: Centre) -> None:
    carol = centre.api(centre.people.carol)
    for told in (
        carol.post("/cases", REPAIR),
        carol.get("/cases?site=here"),
        carol.get("/places?site=here"),
        carol.get("/categories?site=here"),
        carol.get("/duty?site=here"),
    ):
        assert (told.status, told.data["code"], told.data["field"]) == (422, "unknown", "site")
        never = carol.get("/cases?site=never-was")
        assert never.data["message"].replace("never-was", "here") == told.data["message"]


def test_lists_searches_and_counts_show_no_foreign_row(centre: Centre) -> None:
    case = centre.case(title="只有本项目才有的字", contact_phone="13700009527")
    carol = centre.api(centre.people.carol)
    for path in (
        "/cases",
        "/cases?q=只有本项目",
        f"/cases?q={case.code}",
        "/cases?q=9527",
        "/cases?place=3-0-501",
        "/cases?responsible=alice",
    ):
        assert carol.get(path).data == {"items": [], "next": None}, path
    places = carol.get("/places?q=3-501").data["items"]
    assert [place["site"] for place in places] == ["there"]
    assert carol.get("/customers?phone=13800138000").data["items"] == []
    assert [site["code"] for site in carol.get("/sites").data["items"]] == ["there"]
    assert carol.get("/me").data["sites"] == ["there"]


def test_an_ended_appointment_an_expired_or_revoked_key_and_a_barred_person_are_out(centre: Centre) -> None:
    people = centre.people
    alice, dana = centre.api(people.alice), centre.api(people.dana)
    assert (alice.get("/cases").status, dana.get("/cases").status) == (200, 200)
    with use(system_scope("test")):
        relieve(people.alice.appointments.get(), ends_on=today(), by=BY)
        assert alice.get("/cases").status == 200, "the last day counts"
        ApiToken.objects.filter(user=people.alice).update(expires_on=today())
        assert alice.get("/cases").status == 200, "the last day counts"
        ApiToken.objects.filter(user=people.alice).update(expires_on=today() - timedelta(days=1))
        assert alice.get("/cases").status == 401
        revoke_token(ApiToken.objects.get(user=people.dana), by=BY)
        assert dana.get("/cases").status == 401
        carol = centre.api(people.carol)
        assert carol.get("/cases").status == 200
        change_user(None, people.carol, name="Carol", is_active=False, by=BY)
        assert carol.get("/cases").status == 401


def test_a_right_held_at_one_site_only_is_refused_at_the_other_where_one_may_look(centre: Centre) -> None:
    case = centre.case()
    with use(system_scope("test")):
        looks = save_post(None, code="looks", name="看", level="site", permissions=["cases.view"], by=BY)
        appoint(centre.people.here.unit, user=centre.people.carol, post=looks, by=BY)
    carol = centre.api(centre.people.carol)

    assert carol.get(f"/cases/{case.code}").status == 200
    assert carol.post(f"/cases/{case.code}/answer", {"text": "好了"}).status == 403
    assert carol.post("/cases", REPAIR).status == 403
    assert carol.get("/cases?site=here").data["items"][0]["code"] == case.code
    assert carol.post("/cases", {**REPAIR, "site": "there"}).status == 201


def test_a_browsers_cookie_opens_nothing(centre: Centre) -> None:
    told = Api().send("GET", "/cases", Cookie="sessionid=whatever")

    assert told.status == 401


def test_the_day_a_key_was_last_used_is_noted(centre: Centre) -> None:
    centre.api(centre.people.alice).get("/me")

    assert ApiToken.objects.get(user=centre.people.alice).last_used_on == today()


def test_the_scheme_of_the_key_may_be_written_in_any_way(centre: Centre) -> None:
    key = centre.key(centre.people.alice)

    assert Api().send("GET", "/me", Authorization=f"bearer {key}").status == 200
    assert Api().send("GET", "/me", Authorization=f"BEARER  {key} ").status == 200
    assert Api().send("GET", "/me", Authorization=f"Token {key}").status == 401
