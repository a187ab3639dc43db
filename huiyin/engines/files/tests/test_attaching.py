"""Attaching and removing: what is kept, what is refused, what the history tells, what survives a crash."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile, File
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from huiyin.base.kit.moment import moved_to, now
from huiyin.base.kit.scope import Actor, system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Site
from huiyin.base.trail.models import Event
from huiyin.base.trail.selectors import history
from huiyin.engines.files import jobs, limits, registry, services, store, verify
from huiyin.engines.files.models import Attachment
from huiyin.engines.files.receiving import receive
from huiyin.engines.files.selectors import attachments_of, counts_of, owner_of
from huiyin.engines.files.services import attach, purge, remove
from tests.people import People

from . import samples
from .conftest import BY, entry_at

Attach = Callable[..., Attachment]


def everything(folder: Path) -> list[Path]:
    """The files of the store."""
    return [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]


def test_a_file_is_attached_with_what_is_known_about_it(people: People, entry: Event) -> None:
    content = b"The lift stands still.\n"

    with use(people.scope(people.alice)):
        kept = attach(
            entry, file=SimpleUploadedFile("../../note.txt", content), by=people.actor(people.alice)
        )

        assert (kept.name, kept.size, kept.content_type) == ("note.txt", len(content), "text/plain")
        assert kept.sha256 == hashlib.sha256(content).hexdigest()
        assert (kept.site_id, kept.owner_type, kept.owner_id) == (people.here.pk, "trail.event", entry.pk)
        assert kept.uploaded_by == people.alice
        assert (kept.width, kept.height, kept.is_image) == (None, None, False)
        assert store.path_of(kept.sha256).read_bytes() == content
        assert list(attachments_of(entry)) == [kept]


def test_a_photograph_is_kept_only_as_cleaned(attached: Attach, store_folder: Path) -> None:
    kept = attached("IMG_0001.JPG", samples.located_photograph())

    assert (kept.width, kept.height, kept.is_image) == (40, 60, True)
    assert kept.name == "IMG_0001.jpg"
    stored = b"".join(path.read_bytes() for path in everything(store_folder))
    assert b"SecretCamera" not in stored
    assert len(everything(store_folder)) == 2
    assert Image.open(store.path_of(kept.sha256, thumbnail=True)).size == (40, 60)
    assert kept.sha256 == hashlib.sha256(store.path_of(kept.sha256).read_bytes()).hexdigest()


def test_the_history_tells_who_attached_and_removed_what_and_why(people: People, entry: Event) -> None:
    alice = people.actor(people.alice)

    with use(people.scope(people.alice)):
        kept = attach(entry, file=ContentFile(b"x", "note.txt"), by=alice)
        remove(kept, reason="wrong  house", by=alice)

        told = [(event.verb, event.actor_label, event.data.get("name")) for event in history(entry)]
        assert told[-2:] == [("files.attached", "Alice", "note.txt"), ("files.removed", "Alice", "note.txt")]
        assert history(entry).last().data["reason"] == "wrong  house"
        assert history(entry).last().subject_id == kept.pk


def test_the_history_that_tells_it_is_that_of_the_owners_root(
    people: People, entry: Event, attached: Attach
) -> None:
    root = entry_at(people.here)
    with_root = registry.Owner(Event, "trail.view", "files.upload", root=lambda _owner: root)
    registry._owners["trail.event"] = with_root

    attached("note.txt")

    with use(system_scope("test")):
        assert [event.verb for event in history(root)] == ["files.attached"]


def test_the_same_content_again_is_the_attachment_that_stands(attached: Attach, entry: Event) -> None:
    first = attached("a.jpg", samples.located_photograph())

    again = attached("b.jpg", samples.located_photograph())

    assert again.pk == first.pk
    with use(system_scope("test")):
        assert attachments_of(entry).count() == 1


def test_the_same_content_at_two_records_lies_on_the_disk_once(
    attached: Attach, people: People, store_folder: Path
) -> None:
    attached("a.txt", b"same")

    attached("b.txt", b"same", to=entry_at(people.there))

    assert len(everything(store_folder)) == 1
    with use(system_scope("test")):
        assert Attachment.objects.count() == 2


def test_a_removed_file_may_be_attached_again(attached: Attach, entry: Event) -> None:
    with use(system_scope("test")):
        remove(first := attached("a.txt", b"same"), reason="twice", by=BY)

        again = attached("a.txt", b"same")

        assert again.pk != first.pk
        assert list(attachments_of(entry)) == [again]


def test_removing_twice_tells_it_once(attached: Attach, entry: Event) -> None:
    with use(system_scope("test")):
        kept = attached()
        remove(kept, reason="wrong", by=BY)
        remove(Attachment.objects.get(pk=kept.pk), reason="still wrong", by=BY)

        assert [event.verb for event in history(entry)].count("files.removed") == 1


@pytest.mark.parametrize(("reason", "code"), [("", "missing"), ("   ", "missing"), ("x" * 201, "too-long")])
def test_nothing_is_removed_without_a_reason(attached: Attach, reason: str, code: str) -> None:
    with use(system_scope("test")):
        kept = attached()
        with pytest.raises(Refused) as refusal:
            remove(kept, reason=reason, by=BY)

        assert refusal.value.code == code
        assert Attachment.objects.get(pk=kept.pk).removed_at is None


def test_the_right_to_attach_is_the_one_the_owner_names(
    people: People, entry: Event, attached: Attach
) -> None:
    kept = attached()
    for person in (people.bob, people.carol, people.erin):
        with use(people.scope(person)), pytest.raises(PermissionDenied):
            attach(entry, file=ContentFile(b"x", "x.txt"), by=people.actor(person))
        with use(people.scope(person)), pytest.raises(PermissionDenied):
            remove(kept, reason="no right", by=people.actor(person))

    with use(people.scope(people.dana)):
        attach(entry, file=ContentFile(b"x", "x.txt"), by=people.actor(people.dana))


def test_records_of_other_tables_have_no_files(people: People, attached: Attach) -> None:
    with use(system_scope("test")):
        kept = attached()
        with pytest.raises(Refused) as refusal:
            attach(kept, file=ContentFile(b"x", "x.txt"), by=BY)

    assert refusal.value.code == "no-files-here"


def test_records_of_the_whole_company_have_no_files(people: People) -> None:
    entry = entry_at(people.company)

    with use(system_scope("test")), pytest.raises(Refused) as refusal:
        attach(entry, file=ContentFile(b"x", "x.txt"), by=BY)

    assert refusal.value.code == "no-files-here"


def test_a_record_that_has_vanished_gets_no_file(people: People) -> None:
    with use(system_scope("test")), pytest.raises(Refused) as refusal:
        attach(Event(pk=987654321, site=people.here), file=ContentFile(b"x", "x.txt"), by=BY)

    assert refusal.value.code == "gone"


def test_a_record_has_a_limit_of_files(
    entry: Event, attached: Attach, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "OWNER_FILES", 3)
    for n in range(3):
        attached("n.txt", b"%d" % n)

    with pytest.raises(Refused) as refusal:
        attached("n.txt", b"one too many")

    assert refusal.value.code == "too-many-files"
    with use(system_scope("test")):
        remove(attachments_of(entry)[0], reason="room", by=BY)
    attached("n.txt", b"one too many")


class Endless(File):
    """A file that goes on and on; counts what was read of it."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), "endless.txt")
        self.taken = 0

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:  # noqa: ARG002
        while True:
            self.taken += 256 * 1024
            yield b"x" * 256 * 1024


def test_a_file_that_is_too_large_is_broken_off_and_leaves_nothing(db: None, store_folder: Path) -> None:
    endless = Endless()

    with pytest.raises(Refused) as refusal:
        receive(endless)

    assert refusal.value.code == "file-too-large"
    assert endless.taken <= limits.FILE_BYTES + 512 * 1024
    assert not everything(store_folder)


def test_an_empty_file_is_refused_and_leaves_nothing(store_folder: Path) -> None:
    with pytest.raises(Refused) as refusal:
        receive(ContentFile(b"", "empty.txt"))

    assert refusal.value.code == "file-empty"
    assert not everything(store_folder)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_refused_picture_leaves_nothing(store_folder: Path) -> None:
    with pytest.raises(Refused):
        receive(ContentFile(samples.huge_png(10_000, 10_000), "big.png"))

    assert not everything(store_folder)


def test_many_records_are_counted_at_once(people: People, attached: Attach, entry: Event) -> None:
    other = entry_at(people.here)
    attached("a.txt", b"a")
    attached("b.txt", b"b")
    attached("c.txt", b"c", to=other)

    with use(people.scope(people.alice)):
        assert counts_of(Event, [entry.pk, other.pk, 999]) == {entry.pk: 2, other.pk: 1}
    with use(people.scope(people.carol)):
        assert counts_of(Event, [entry.pk, other.pk]) == {}


def test_the_owner_is_found_only_where_the_right_is_held(
    people: People, entry: Event, attached: Attach
) -> None:
    kept = attached()
    found = {}
    for person in (people.alice, people.bob, people.carol, people.dana):
        with use(people.scope(person)):
            found[person.username] = owner_of(kept, "trail.view")

    assert found == {"alice": entry, "bob": None, "carol": None, "dana": entry}


def test_a_table_without_a_site_or_with_an_unknown_right_cannot_have_files() -> None:
    with pytest.raises(ValueError, match="has no site"):
        registry.register_owner(Site, permission_view="trail.view")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unknown permission"):
        registry.register_owner(Event, permission_view="trail.vieww")
    with pytest.raises(ValueError, match="registered twice"):
        registry.register_owner(Event, permission_view="org.view")


def test_a_removed_file_stays_a_while_and_then_is_forgotten(
    attached: Attach, entry: Event, store_folder: Path
) -> None:
    with use(system_scope("test")):
        kept = remove(attached(), reason="wrong", by=BY)
        assert jobs.forget_removed() == 0
        assert store.sweep(int(kept.sha256[:2], 16), lambda digests: digests) == 0

        with moved_to(now() + timedelta(days=limits.KEEP_REMOVED_DAYS, hours=1)):
            assert jobs.forget_removed() == 1

        assert not Attachment.objects.filter(pk=kept.pk).exists()
        assert [event.verb for event in history(entry)][-1] == "files.removed"


def test_what_was_not_removed_cannot_be_forgotten(attached: Attach) -> None:
    with use(system_scope("test")):
        kept = attached()

        assert purge(kept, by=Actor(None, "test", "worker")) is False
        assert Attachment.objects.filter(pk=kept.pk).exists()


def test_the_checks_of_the_live_system_find_what_is_wrong(
    people: People, attached: Attach, entry: Event
) -> None:
    with use(system_scope("test")):
        whole = attached("a.txt", b"a")
        lost = attached("b.txt", b"b")
        moved = attached("c.txt", b"c")
        assert {name: check() for name, check in verify.CHECKS.items()} == dict.fromkeys(verify.CHECKS, 0)

        store.path_of(lost.sha256).unlink()
        Attachment.objects.filter(pk=moved.pk).update(site=people.there)
        Attachment.objects.filter(pk=whole.pk).update(owner_type="no.such")

        assert {name: check() for name, check in verify.CHECKS.items()} == {
            "content_on_disk": 1,
            "owner_known": 1,
            "same_site_as_owner": 1,
        }
