"""The same request twice: as it was, with another body, by another person, after the right was lost."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection

from huiyin.base.kit import once
from huiyin.base.kit.moment import moved_to, now
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.selectors import forget
from huiyin.work.cases.models import Case

from .conftest import REPAIR, Api, Centre


def count() -> int:
    with use(system_scope("test")):
        return int(Case.objects.count())


def test_the_same_key_and_body_get_the_same_answer_and_one_case(alice: Api) -> None:
    first = alice.post("/cases", REPAIR, Idempotency_Key="call-1")
    again = alice.post("/cases", REPAIR, Idempotency_Key="call-1")

    assert (first.status, again.status) == (201, 201)
    assert again.content == first.content
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert count() == 1


def test_the_answer_stays_what_it_was_when_the_case_has_changed(alice: Api) -> None:
    first = alice.post("/cases", REPAIR, Idempotency_Key="call-1")
    alice.post(f"/cases/{first.data['code']}/answer", {"text": "好了"})

    assert alice.post("/cases", REPAIR, Idempotency_Key="call-1").content == first.content


def test_another_body_under_the_same_key_is_refused(alice: Api) -> None:
    alice.post("/cases", REPAIR, Idempotency_Key="call-1")
    told = alice.post("/cases", {**REPAIR, "title": "别的"}, Idempotency_Key="call-1")

    assert (told.status, told.data["code"]) == (409, "key-reused")
    assert count() == 1


def test_another_command_under_the_same_key_is_refused(alice: Api) -> None:
    code = alice.post("/cases", REPAIR, Idempotency_Key="call-1").data["code"]

    assert alice.post(f"/cases/{code}/close", {}, Idempotency_Key="call-1").status == 409


def test_a_key_is_each_persons_own(centre: Centre, alice: Api) -> None:
    alice.post("/cases", REPAIR, Idempotency_Key="call-1")
    told = centre.api(centre.people.dana).post("/cases", REPAIR, Idempotency_Key="call-1")

    assert told.status == 201
    assert count() == 2


def test_a_command_is_carried_out_once(alice: Api) -> None:
    code = alice.post("/cases", REPAIR).data["code"]
    first = alice.post(f"/cases/{code}/answer", {"text": "好了"}, Idempotency_Key="a1")
    again = alice.post(f"/cases/{code}/answer", {"text": "好了"}, Idempotency_Key="a1")

    assert (first.status, again.status) == (200, 200)
    assert again.content == first.content


def test_a_refused_request_may_be_sent_again(alice: Api) -> None:
    assert alice.post("/cases", {**REPAIR, "category": "none"}, Idempotency_Key="call-1").status == 422
    assert alice.post("/cases", REPAIR, Idempotency_Key="call-1").status == 201


def test_a_file_is_attached_once(centre: Centre, alice: Api) -> None:
    code = centre.case().code
    answers = [alice.upload(f"/cases/{code}/files", "a.txt", b"hello", Idempotency_Key="f") for _ in range(2)]

    assert [one.status for one in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert alice.upload(f"/cases/{code}/files", "a.txt", b"other", Idempotency_Key="f").status == 409


@pytest.mark.parametrize("key", ["x" * 121, "ä", "a b"])
def test_what_is_no_key_is_refused(alice: Api, key: str) -> None:
    told = alice.post("/cases", REPAIR, Idempotency_Key=key)

    assert (told.status, told.data["code"]) == (400, "bad-key")


def test_a_repeat_shows_nothing_to_whoever_has_lost_the_right(centre: Centre, alice: Api) -> None:
    alice.post("/cases", REPAIR, Idempotency_Key="call-1")
    post = centre.people.alice.appointments.get().post
    post.permissions = ["cases.view"]
    post.save()
    forget()

    assert alice.post("/cases", REPAIR, Idempotency_Key="call-1").status == 403


def test_old_keys_are_forgotten(alice: Api) -> None:
    alice.post("/cases", REPAIR, Idempotency_Key="call-1")
    with moved_to(now() + once.KEPT + timedelta(hours=1)):
        assert once.forget_old() == 1
    assert once.forget_old() == 0
    assert alice.post("/cases", REPAIR, Idempotency_Key="call-1").status == 201
    assert count() == 2


def test_the_answer_is_kept_in_the_same_transaction_as_the_case(alice: Api) -> None:
    if connection.vendor == "sqlite":
        return
    body = json.dumps(REPAIR)
    assert alice.send("POST", "/cases", body, Idempotency_Key="call-1").status == 201
    assert once.DoneOnce.objects.get(key="call-1").answer.startswith("{")
