"""What the settings promise on a bare machine, and that they refuse what they do not understand."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.checks import Error, run_checks

from huiyin.config import settings as source


def test_django_finds_nothing_wrong() -> None:
    assert [problem for problem in run_checks() if isinstance(problem, Error) or problem.level >= 30] == []


def test_nobody_has_to_turn_danger_off() -> None:
    assert source.DEBUG is False
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE in {"Lax", "Strict"}
    assert settings.X_FRAME_OPTIONS == "DENY"
    assert not getattr(settings, "ATOMIC_REQUESTS", False)
    assert not any(database.get("ATOMIC_REQUESTS") for database in settings.DATABASES.values())


def test_a_page_may_run_and_load_only_what_is_ours() -> None:
    directives: dict[str, Any] = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    sources = {str(one) for values in directives.values() for one in values}

    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "http:"} & sources
    assert not [one for one in sources if "://" in one]
    assert {"default-src", "script-src", "object-src", "base-uri", "form-action", "frame-ancestors"} <= set(
        directives
    )


def test_reach_is_opened_after_the_person_is_known() -> None:
    order = list(settings.MIDDLEWARE)
    scope = order.index("huiyin.base.org.middleware.ScopeMiddleware")

    assert order.index("django.middleware.security.SecurityMiddleware") < order.index(
        "django.contrib.sessions.middleware.SessionMiddleware"
    )
    assert order.index("django.contrib.auth.middleware.AuthenticationMiddleware") < scope
    assert order.index("django.middleware.csrf.CsrfViewMiddleware") < scope


def test_passwords_are_hashed_with_argon2() -> None:
    assert source.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")
    assert len(source.AUTH_PASSWORD_VALIDATORS) >= 3


def test_the_house_speaks_chinese_and_keeps_moments_in_utc() -> None:
    assert settings.LANGUAGE_CODE == "zh-hans"
    assert settings.USE_TZ
    assert {code for code, _name in settings.LANGUAGES} == {"zh-hans", "zh-hant", "en"}


def said_by(tmp_path: Path, *arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "HUIYIN_PACKS")}
    env |= {
        "HUIYIN_HOME": str(tmp_path),
        "PYTHONPATH": str(settings.ROOT),
        "DJANGO_SETTINGS_MODULE": "huiyin.config.settings",
        **changed,
    }
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("given", "packs"),
    [("", ["base", "property"]), ("base", ["base"]), ("base, /srv/acme ,", ["base", "/srv/acme"])],
)
def test_the_packs_are_named_by_the_environment(tmp_path: Path, given: str, packs: list[str]) -> None:
    code = "from huiyin.config.settings import HUIYIN_PACKS; print(*HUIYIN_PACKS, sep='|')"

    assert said_by(tmp_path, "-c", code, HUIYIN_PACKS=given).stdout.strip().split("|") == packs


@pytest.mark.parametrize("command", [("load_packs", "--check"), ("load_packs",)])
def test_a_database_without_tables_gets_a_word_instead_of_a_traceback(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    said = said_by(tmp_path, "-m", "django", *command)

    assert said.returncode == 1
    assert "./run manage migrate" in said.stderr
    assert "Traceback" not in said.stderr


def test_secrets_are_kept_for_their_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "HOME", tmp_path)

    first = source._kept_secret("some.key")

    assert len(first) >= 40
    assert source._kept_secret("some.key") == first
    assert stat.S_IMODE(os.stat(tmp_path / "some.key").st_mode) == 0o600  # noqa: PTH116
    assert {settings.SECRET_KEY, settings.FIELD_KEY} and settings.SECRET_KEY != settings.FIELD_KEY


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("postgres://u:p%40ss@db:5433/centre", {"HOST": "db", "PORT": "5433", "USER": "u", "PASSWORD": "p@ss", "NAME": "centre"}),
        ("postgresql:///centre?host=/run/postgresql", {"HOST": "/run/postgresql", "NAME": "centre", "USER": ""}),
        ("sqlite:////var/lib/huiyin.db", {"NAME": "/var/lib/huiyin.db"}),
        ("sqlite:///local.db", {"NAME": "local.db"}),
    ],
)  # fmt: skip
def test_a_database_is_named_by_an_address(url: str, wanted: dict[str, str]) -> None:
    made = source._database(url)

    assert {name: made.get(name) for name in wanted} == wanted


def test_sqlite_lets_writers_wait_for_each_other() -> None:
    options: Any = source._database("sqlite://")["OPTIONS"]

    assert options["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in options["init_command"]
    assert "foreign_keys=ON" in options["init_command"]


def test_an_unknown_database_is_refused_in_words() -> None:
    with pytest.raises(SystemExit, match="unknown database kind 'mysql'"):
        source._database("mysql://localhost/x")


def test_every_app_of_the_house_has_a_short_name_of_its_own() -> None:
    labels = [config.label for config in apps.get_app_configs()]

    assert len(set(labels)) == len(labels)
    assert all(name.count(".") == 2 for name in settings.INSTALLED_APPS if name.startswith("huiyin."))
