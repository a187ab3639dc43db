"""A company whose trail entries have files, and a store of its own for every test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from huiyin.base.kit.scope import Actor, system_scope, use
from huiyin.base.org.models import OrgUnit, Site
from huiyin.base.org.services import UNIT_CHANGED
from huiyin.base.trail.models import Event
from huiyin.base.trail.services import record
from huiyin.engines.files import registry
from huiyin.engines.files.models import Attachment
from huiyin.engines.files.services import attach
from tests.people import People, company

BY = Actor(None, "test", "command")


@pytest.fixture(autouse=True)
def store_folder(tmp_path: Path, settings: Any) -> Path:
    """The store of this test."""
    settings.FILES = tmp_path / "files"
    return settings.FILES


@pytest.fixture(autouse=True)
def trail_has_files() -> Iterator[None]:
    """Entries of the trail stand for any record with a site."""
    known = registry.owner_kind("trail.event")
    if known is None:
        registry.register_owner(Event, permission_view="trail.view")
    yield
    if known is None:
        del registry._owners["trail.event"]


@pytest.fixture
def people(db: None) -> People:
    """The cast; alice, carol and dana may see trail entries and attach files to them."""
    return company(["trail.view", "files.upload"])


@pytest.fixture
def entry(people: People) -> Event:
    """A record at alice's site."""
    return entry_at(people.here)


def entry_at(site: Site | OrgUnit) -> Event:
    """A record of a site."""
    with use(system_scope("test")):
        return record(site, UNIT_CHANGED, by=BY)


@pytest.fixture
def attached(entry: Event) -> Callable[..., Attachment]:
    """`attached(name, content)` attaches a file to alice's record."""

    def act(name: str = "note.txt", content: bytes = b"all is well\n", to: Event | None = None) -> Attachment:
        with use(system_scope("test")):
            return attach(to or entry, file=ContentFile(content, name), by=BY)

    return act


def signed_in(user: Any) -> Client:
    """A browser in which somebody has signed in."""
    client = Client()
    client.force_login(user)
    return client
