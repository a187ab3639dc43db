"""A request cannot pour more onto the disk than a page would ever take."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import global_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.trail.models import Event
from huiyin.engines.files import uploading
from huiyin.engines.files.selectors import attachments_of
from tests.people import People

from .conftest import signed_in


@pytest.fixture(autouse=True)
def bounded(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The handler before Django's own, with small bounds."""
    settings.FILE_UPLOAD_HANDLERS = [
        "huiyin.engines.files.uploading.BoundedUpload",
        *global_settings.FILE_UPLOAD_HANDLERS,
    ]
    monkeypatch.setattr(uploading, "ONE_FILE", 100_000)
    monkeypatch.setattr(uploading, "ONE_REQUEST", 400_000)


def sent(people: People, entry: Event, size: int) -> int:
    url = reverse("files:upload", args=["trail.event", entry.pk])
    file = SimpleUploadedFile("long.txt", b"x" * size)
    return signed_in(people.alice).post(url, {"file": file}).status_code


def test_an_ordinary_file_passes_unchanged(people: People, entry: Event) -> None:
    assert sent(people, entry, 90_000) == 302

    with use(system_scope("test")):
        assert attachments_of(entry).get().size == 90_000


def test_what_is_beyond_the_bound_of_a_file_is_dropped(people: People, entry: Event) -> None:
    sent(people, entry, 300_000)

    with use(system_scope("test")):
        assert attachments_of(entry).get().size < 100_000 + 64 * 1024 + 1


def test_a_request_without_measure_is_broken_off(people: People, entry: Event) -> None:
    assert sent(people, entry, 3_000_000) in (400, 422)

    with use(system_scope("test")):
        assert not attachments_of(entry)
