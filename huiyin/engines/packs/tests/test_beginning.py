"""The command that begins a new installation, and what it says when it cannot."""

import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from huiyin.base.kit.scope import Scope, system_scope, use
from huiyin.base.org.models import OrgUnit, Site, User
from huiyin.base.org.selectors import scope_of
from huiyin.engines.packs.models import PackVersion
from huiyin.engines.packs.services import load

pytestmark = pytest.mark.django_db

ANSWERS = {"company": "Acme", "site": "Riverside", "site_name": "Riverside Court", "admin": "anna"}


def begin(**changed: Any) -> str:
    call_command("begin", stdout=(out := StringIO()), **(ANSWERS | changed))
    return out.getvalue()


def test_an_empty_database_gets_packs_company_site_and_an_administrator_who_can_sign_in() -> None:
    said = begin(admin_name="Anna Li")

    with use(system_scope("test")):
        assert set(PackVersion.objects.filter(active=True).values_list("code", flat=True)) == {
            "base",
            "property",
        }
        assert OrgUnit.objects.get(parent=None).name == "Acme"
        assert Site.objects.get().code == "riverside"
        anna = User.objects.get()
    assert anna.name == "Anna Li"
    assert {"org.edit", "packs.edit", "trail.view"} <= scope_of(anna).company
    password = next(word for word in said.split() if anna.check_password(word))
    assert len(password) == 20 and said.count(password) == 1
    browser = Client()
    assert browser.post("/login/", {"username": "anna", "password": password}).status_code == 302
    assert browser.get("/org/").status_code == 200


def test_a_password_of_ones_own_is_read_and_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO("a river runs by the court\nmore\n"))

    said = begin(password_stdin=True)

    assert "a river runs" not in said
    assert User.objects.get().check_password("a river runs by the court")


def test_packs_that_are_in_force_stay(scope: Scope, settings: Any) -> None:
    load([Path(settings.ROOT) / "packs" / "base"], by=scope.actor)

    begin()

    assert [pack.code for pack in PackVersion.objects.filter(active=True)] == ["base"]


@pytest.mark.parametrize(
    ("changed", "stdin", "words"),
    [
        ({"site": "company"}, "", "already exists"),
        ({"site": "a b"}, "", "Small letters, digits and hyphens only"),
        ({"admin": "an na"}, "", "Letters, digits and"),
        ({"company": " "}, "", "cannot be blank"),
        ({"password_stdin": True}, "12345\n", "too short"),
        ({"password_stdin": True}, "", "holds no password"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_has_begun(
    changed: dict[str, Any], stdin: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO(stdin))

    with pytest.raises(CommandError, match=words):
        begin(**changed)

    with use(system_scope("test")):
        assert not OrgUnit.objects.exists() and not User.objects.exists() and not PackVersion.objects.exists()


def test_an_installation_begins_once() -> None:
    begin()

    with pytest.raises(CommandError, match="has begun already: Acme"):
        begin(company="Other", company_code="other", site="other", admin="other")

    assert User.objects.count() == 1


def test_packs_without_an_administrator_are_named(write_pack: Any, scope: Scope) -> None:
    phrase = "- code: hello\n  moment: greeting\n  text: {zh: 您好}\n  source: [001-045]\n"
    load([write_pack("trial", phrases=phrase)], by=scope.actor)

    with pytest.raises(CommandError, match="system-administrator"):
        begin()

    assert not User.objects.exists()


@pytest.mark.parametrize("command", ["load_packs", "begin"])
def test_a_database_without_tables_is_told_politely(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(connection.introspection), "table_names", lambda *_args: [])

    with pytest.raises(CommandError, match="manage migrate"):
        call_command(command, **(ANSWERS if command == "begin" else {"check": True}))


def test_the_base_pack_stands_alone(settings: Any, scope: Scope) -> None:
    base = Path(settings.ROOT) / "packs" / "base"

    call_command("load_packs", base, check=True, stdout=StringIO())
    call_command("load_packs", base, stdout=(out := StringIO()))

    assert "base 1: loaded" in out.getvalue()
    assert [pack.code for pack in PackVersion.objects.filter(active=True)] == ["base"]
