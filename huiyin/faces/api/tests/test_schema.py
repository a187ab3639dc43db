"""The description of the interface is complete, current and open to everybody."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from huiyin.faces.api import description
from huiyin.faces.api.api import api

from .conftest import Api

SCHEMA = api.get_openapi_schema()
OPERATIONS = [
    (f"{method.upper()} {path}", told)
    for path, methods in SCHEMA["paths"].items()
    for method, told in methods.items()
]
PROBLEMS = {"400", "401", "403", "404", "409", "413", "415", "422"}


def test_the_description_that_is_checked_in_is_current() -> None:
    call_command("openapi", "--check")


def test_an_outdated_description_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(
        "huiyin.faces.api.management.commands.openapi.FILE", tmp_path / "api" / "openapi.json"
    )
    with pytest.raises(CommandError):
        call_command("openapi", "--check")
    call_command("openapi")
    call_command("openapi", "--check")
    assert (tmp_path / "api" / "openapi.json").read_text(encoding="utf-8") == description.written()


def test_the_description_is_read_without_a_key() -> None:
    told = Api().get("/openapi.json")

    assert told.status == 200
    assert told.data == json.loads(description.written())


@pytest.mark.parametrize(("name", "told"), OPERATIONS, ids=[name for name, _told in OPERATIONS])
def test_an_operation_says_what_it_asks_for_and_what_it_answers(name: str, told: dict[str, Any]) -> None:
    answers = {str(status) for status in told["responses"]}

    assert told["summary"] and told["description"]
    assert told["security"] == [{"BearerToken": []}]
    assert answers >= PROBLEMS
    assert len(answers & {"200", "201"}) == 1
    for status in answers & PROBLEMS:
        schema = told["responses"][int(status)]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Problem"}


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [told["operationId"] for _name, told in OPERATIONS]

    assert len(set(names)) == len(names)
    assert "cases_create" in names


def test_the_words_that_stay_are_there() -> None:
    paths = SCHEMA["paths"]

    assert {"get", "post"} <= set(paths["/api/v1/cases"])
    assert "get" in paths["/api/v1/cases/{code}"]
    for command in ("assign", "answer", "wait", "close", "reopen", "decline"):
        assert set(paths[f"/api/v1/cases/{{code}}/{command}"]) == {"post"}
    told = SCHEMA["components"]["schemas"]
    words = "site kind channel title description category place contact_name contact_phone received_at"
    assert set(told["CaseIn"]["properties"]) >= {*words.split()}
    assert set(told["CaseIn"]["required"]) == {"site", "kind", "channel", "title"}
    assert set(told["CaseOut"]["required"]) >= {"code", "state", "responsible", "clocks"}
