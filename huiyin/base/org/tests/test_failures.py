"""The pages that say what went wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import SuspiciousOperation
from django.test import Client, RequestFactory
from django.urls import reverse

from huiyin.base.kit import failures
from huiyin.base.kit.scope import use
from huiyin.base.org.models import User
from tests.people import People

As = Callable[[User], Client]


def test_what_is_not_there_is_said_in_the_shell_to_those_who_are_in_it(cast: People, as_user: As) -> None:
    inside = as_user(cast.alice).get("/no/such/page/")
    outside = Client().get("/no/such/page/")
    assert (inside.status_code, outside.status_code) == (404, 404)
    assert 'id="hy-side"' in inside.content.decode()
    assert 'id="hy-side"' not in outside.content.decode()


def test_a_missing_right_is_named(cast: People, as_user: As) -> None:
    page = as_user(cast.bob).get(reverse("org:people"), headers={"Accept-Language": "en"})
    assert page.status_code == 403
    assert str(page.context["right"])
    assert "org.view" not in page.content.decode()


def test_a_form_without_its_proof_is_told_to_reload(cast: People) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/login/", {"username": "alice", "password": "x"})
    assert response.status_code == 403
    assert response.templates[0].name == "kit/csrf.html"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (failures.bad_request, "bad-request"),
        (failures.forbidden, "forbidden"),
        (failures.not_found, "not-found"),
        (failures.broken, "broken"),
    ],
)
def test_machines_get_it_as_json(answer: Callable[..., object], code: str) -> None:
    response = answer(RequestFactory().get("/api/v1/nothing"))
    assert response["Content-Type"] == "application/json"  # type: ignore[index]
    assert code in response.content.decode()  # type: ignore[attr-defined]


def test_our_own_fault_needs_nothing_that_may_be_broken() -> None:
    # Without the fixture `db` every query of this test would raise.
    response = failures.broken(RequestFactory().get("/org/"))
    assert response.status_code == 500
    assert "<script" not in response.content.decode()


def test_a_request_that_cannot_be_read_is_answered_politely(cast: People) -> None:
    request = RequestFactory().get("/org/")
    request.user = cast.alice
    with use(cast.scope(cast.alice)):
        response = failures.bad_request(request, SuspiciousOperation("x"))
    assert response.status_code == 400


def test_the_policy_forbids_inline_script_and_style(cast: People, as_user: As) -> None:
    client = as_user(cast.dana)
    for path in ("/login/", "/org/", "/org/people/", "/org/posts/may/", "/profile/"):
        page = client.get(path, follow=True)
        policy = page["Content-Security-Policy"]
        assert "unsafe" not in policy
        text = page.content.decode()
        assert " style=" not in text
        assert " onclick=" not in text
