"""Fixtures and rules for every test of the house; the early part is tests/support/environment.py."""

import os
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings

from huiyin.engines.clocks import timing

pytest_plugins = [
    "tests.support.needs",
    "tests.support.server",
    "tests.support.browser",
    "tests.support.counts",
]

# A busy machine is no bug: no time limit for a single example.
hypothesis.settings.register_profile("huiyin", deadline=None, print_blob=True)
hypothesis.settings.load_profile("huiyin")


def pytest_configure() -> None:
    """Settings that differ in tests."""
    settings.PASSWORD_HASHERS = ["tests.support.hashers.QuickArgon2"]
    # Pages made in this process name files that nobody has collected; the live site uses the real storage.
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they use, so that nobody forgets to."""
    for item in items:
        names = getattr(item, "fixturenames", ())
        if "browser" in names:
            item.add_marker(pytest.mark.browser)
        if "shared_data" in names:
            item.add_marker(pytest.mark.shared_data)


@pytest.fixture(autouse=True)
def _calendars_of_this_database() -> None:
    """Calendars are kept in memory by the ids of their versions, which start over with the test's database."""
    timing.forget()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """SQLite in a file, as in real use: other threads and processes see the same database."""
    for database in settings.DATABASES.values():
        if database["ENGINE"] == "django.db.backends.sqlite3":
            test = database.setdefault("TEST", {})
            assert isinstance(test, dict)
            test["NAME"] = str(Path(os.environ["HUIYIN_HOME"]) / "test.sqlite3")
