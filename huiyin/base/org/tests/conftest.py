"""The cast with passwords, and a browser's client for each."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from huiyin.base.org.models import User
from tests.people import People, company

PASSWORD = "hui-yin-2026"


@pytest.fixture
def cast(db: None) -> People:
    people = company()
    for person in (people.alice, people.bob, people.carol, people.dana, people.erin):
        person.set_password(PASSWORD)
        person.save(update_fields=["password"])
    return people


@pytest.fixture
def as_user() -> Callable[[User], Client]:
    """A client in which somebody is signed in already."""

    def client(user: User) -> Client:
        made = Client()
        made.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return made

    return client
