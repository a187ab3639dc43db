"""The store under crashes and races: a record never names what is not there."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.db import connection, transaction

from huiyin.base.kit.moment import moved_to, now
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.trail.models import Event
from huiyin.engines.files import jobs, services, store
from huiyin.engines.files.limits import KEEP_UNUSED_SECONDS
from huiyin.engines.files.models import Attachment
from huiyin.engines.files.receiving import receive
from huiyin.engines.files.selectors import attachments_of, named, without_content
from huiyin.engines.files.services import attach
from tests.people import company
from tests.support.server import process_environment

from .conftest import BY, entry_at

Attach = Callable[..., Attachment]


def aged(path: Path) -> Path:
    """Make a file look older than unused contents are kept."""
    past = time.time() - KEEP_UNUSED_SECONDS - 60
    os.utime(path, (past, past))
    return path


def folder_of(digest: str) -> int:
    return int(digest[:2], 16)


def nobody(_digests: set[str]) -> set[str]:
    """No record names anything."""
    return set()


def test_an_old_content_that_no_record_names_is_taken_away_with_its_thumbnail(store_folder: Path) -> None:
    received = receive(ContentFile(b"orphan", "a.txt"))
    path = aged(store.path_of(received.sha256))
    thumbnail = store.path_of(received.sha256, thumbnail=True)
    thumbnail.write_bytes(b"x")
    aged(thumbnail)

    assert store.sweep(folder_of(received.sha256), nobody) == 2

    assert not path.exists()
    assert not thumbnail.exists()


def test_a_young_content_is_left_alone_for_its_upload_may_be_under_way(store_folder: Path) -> None:
    received = receive(ContentFile(b"young", "a.txt"))

    assert store.sweep(folder_of(received.sha256), nobody) == 0
    assert store.path_of(received.sha256).exists()


def test_a_content_that_a_record_names_stays(attached: Attach) -> None:
    kept = attached()
    aged(store.path_of(kept.sha256))

    with use(system_scope("test")):
        assert store.sweep(folder_of(kept.sha256), named) == 0
        assert not without_content()


def test_a_content_that_comes_again_is_young_again(store_folder: Path) -> None:
    received = receive(ContentFile(b"again", "a.txt"))
    aged(store.path_of(received.sha256))

    receive(ContentFile(b"again", "b.txt"))

    assert store.sweep(folder_of(received.sha256), nobody) == 0


def test_an_upload_during_the_sweep_waits_and_then_brings_its_content_back(store_folder: Path) -> None:
    received = receive(ContentFile(b"raced", "a.txt"))
    path = aged(store.path_of(received.sha256))
    asked, go_on = threading.Event(), threading.Event()

    def slow(_digests: set[str]) -> set[str]:
        asked.set()
        go_on.wait(10)
        return set()

    sweeping = threading.Thread(target=store.sweep, args=(folder_of(received.sha256), slow))
    sweeping.start()
    assert asked.wait(10)
    uploading = threading.Thread(target=receive, args=(ContentFile(b"raced", "a.txt"),))
    uploading.start()
    uploading.join(0.2)
    assert uploading.is_alive(), "an upload came between the question and the taking away"

    go_on.set()
    sweeping.join(10)
    uploading.join(10)

    assert path.read_bytes() == b"raced"


def test_what_an_upload_brought_before_the_sweep_looks_again_is_not_taken(store_folder: Path) -> None:
    received = receive(ContentFile(b"raced", "a.txt"))
    path = aged(store.path_of(received.sha256))
    before = store._old_digests

    def then_an_upload(folder: Path, oldest: float) -> set[str]:
        found = before(folder, oldest)
        store._old_digests = before
        receive(ContentFile(b"raced", "a.txt"))
        return found

    store._old_digests = then_an_upload
    try:
        assert store.sweep(folder_of(received.sha256), nobody) == 0
    finally:
        store._old_digests = before

    assert path.exists()


def test_uploads_and_sweeps_at_once_never_lose_a_content(store_folder: Path) -> None:
    digest = hashlib.sha256(b"busy").hexdigest()
    lost: list[int] = []
    done = threading.Event()

    def sweep() -> None:
        while not done.is_set():
            if store.path_of(digest).exists():
                try:
                    aged(store.path_of(digest))
                except FileNotFoundError:
                    continue
            store.sweep(folder_of(digest), nobody)

    def upload(number: int) -> None:
        for _turn in range(25):
            with store.workbench() as folder:
                ready = folder / "ready"
                ready.write_bytes(b"busy")
                store.place(ready, digest)
            lost.append(number)

    sweeper = threading.Thread(target=sweep)
    uploads = [threading.Thread(target=upload, args=(n,)) for n in range(3)]
    for thread in (sweeper, *uploads):
        thread.start()
    for thread in uploads:
        thread.join(30)
    done.set()
    sweeper.join(30)

    assert len(lost) == 75


def test_the_job_walks_through_all_folders(db: None, store_folder: Path) -> None:
    received = receive(ContentFile(b"orphan", "a.txt"))
    path = aged(store.path_of(received.sha256))
    taken = 0
    for step in range(store.FOLDERS):
        with moved_to(now().fromtimestamp(step * 300, tz=now().tzinfo)):
            taken += jobs.tidy()

    assert taken == 1
    assert not path.exists()


def test_what_a_killed_upload_left_on_the_workbench_is_cleared_later(db: None, store_folder: Path) -> None:
    with store.workbench() as fresh:
        old = fresh.parent / "killed"
        old.mkdir()
        (old / "arrived").write_bytes(b"half")
        aged(old)

        assert store.clear_workbenches() == 1

        assert not old.exists()
        assert fresh.exists()


def test_a_transaction_rolled_back_leaves_no_record_and_an_orphan_for_later(entry: Event) -> None:
    with use(system_scope("test")):
        with pytest.raises(RuntimeError), transaction.atomic():
            kept = attach(entry, file=ContentFile(b"undone", "a.txt"), by=BY)
            raise RuntimeError

        assert not attachments_of(entry)
        assert store.path_of(kept.sha256).exists()
        aged(store.path_of(kept.sha256))
        assert store.sweep(folder_of(kept.sha256), named) == 1


KILLED = """
import os, signal, sys, django
django.setup()
from django.conf import settings
from django.core.files.base import ContentFile
from huiyin.base.kit.scope import Actor, system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.trail.models import Event
from huiyin.engines.files import registry, services, store
settings.FILES = sys.argv[1]
registry.register_owner(Event, permission_view="trail.view")
die = lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[3] == "before-rename":
    store.place = die
elif sys.argv[3] == "before-row":
    services._lock = die
else:
    services.record = die
with use(system_scope("test")):
    services.attach(Event.objects.get(pk=sys.argv[2]), file=ContentFile(b"killed", "a.txt"), by=Actor(None, "t"))
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", ["before-rename", "before-row", "before-commit"])
def test_a_process_killed_in_the_middle_leaves_no_broken_record(moment: str, store_folder: Path) -> None:
    entry = entry_at(company(["trail.view", "files.upload"]).here)

    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(store_folder), str(entry.pk), moment],
        env={**process_environment(), "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"]},
        cwd=Path(services.__file__).parents[3], capture_output=True, check=False, timeout=60,
    )  # fmt: skip

    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    with use(system_scope("test")):
        assert not Attachment.objects.exists()
        again = attach(entry, file=ContentFile(b"killed", "a.txt"), by=BY)
        assert not without_content()
        assert attachments_of(entry).get() == again


@pytest.mark.django_db(transaction=True)
def test_uploads_at_the_same_moment_keep_the_limit_together(
    store_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = entry_at(company(["trail.view", "files.upload"]).here)
    monkeypatch.setattr(services, "OWNER_FILES", 3)
    outcomes: list[str] = []

    def upload(number: int) -> None:
        try:
            with use(system_scope("test")):
                attach(entry, file=ContentFile(b"%d" % number, "n.txt"), by=BY)
            outcomes.append("kept")
        except Refused as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=upload, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(outcomes) == ["kept"] * 3 + ["too-many-files"] * 3
    with use(system_scope("test")):
        assert attachments_of(entry).count() == 3
