"""Files over HTTP: who gets them, how a browser may treat them, and how they come in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template import Context, Template
from django.test import Client
from django.urls import reverse

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.trail.models import Event
from huiyin.engines.files import services, store
from huiyin.engines.files.limits import UPLOAD_FILES
from huiyin.engines.files.models import Attachment
from huiyin.engines.files.panels import panel
from huiyin.engines.files.selectors import attachments_of
from huiyin.engines.files.services import attach, remove
from tests.people import People, company

from . import samples
from .conftest import BY, entry_at, signed_in

Attach = Callable[..., Attachment]
HTMX = {"HX-Request": "true"}


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def upload_url(entry: Event) -> str:
    return reverse("files:upload", args=["trail.event", entry.pk])


def urls_of(kept: Attachment) -> list[str]:
    return [
        kept.get_absolute_url(),
        reverse("files:thumbnail", args=[kept.pk]),
        reverse("files:remove", args=[kept.pk]),
        reverse("files:upload", args=[kept.owner_type, kept.owner_id]),
    ]


def test_who_reaches_the_record_reaches_its_files_and_nobody_else(people: People, attached: Attach) -> None:
    kept = attached("a.jpg", samples.picture())
    statuses = {
        person.username: [signed_in(person).get(url).status_code for url in urls_of(kept)]
        for person in (people.alice, people.bob, people.carol, people.dana, people.erin)
    }

    assert statuses == {
        "alice": [200] * 4,
        "bob": [403] * 4,
        "carol": [404] * 4,
        "dana": [200] * 4,
        "erin": [404] * 4,
    }
    assert {Client().get(url).status_code for url in urls_of(kept)} == {302}


def test_one_who_holds_the_right_only_elsewhere_finds_nothing(db: None) -> None:
    people = company(["trail.view"])
    entry = entry_at(people.here)
    with use(system_scope("test")):
        kept = attach(entry, file=ContentFile(b"x", "x.txt"), by=BY)
    alice = signed_in(people.alice)

    assert alice.get(kept.get_absolute_url()).status_code == 200
    assert alice.get(urls_of(kept)[2]).status_code == 403
    assert alice.get(upload_url(entry)).status_code == 403


def test_writing_needs_the_same_reach(people: People, entry: Event, attached: Attach) -> None:
    kept = attached()
    for person, status in ((people.bob, 403), (people.carol, 404), (people.erin, 404)):
        client = signed_in(person)
        sent = client.post(upload_url(entry), {"file": SimpleUploadedFile("x.txt", b"x")})
        removed = client.post(reverse("files:remove", args=[kept.pk]), {"reason": "mine now"})
        assert (sent.status_code, removed.status_code) == (status, status)

    with use(system_scope("test")):
        assert attachments_of(entry).get() == kept


def test_numbers_and_kinds_that_do_not_exist_are_not_found(people: People, entry: Event) -> None:
    alice = signed_in(people.alice)

    for url in ("/files/987654/x.txt", "/files/987654/thumbnail/", "/files/987654/remove/", "/files/to/no.such/1/",
                f"/files/to/trail.event/{2**62}/", f"/files/{10**30}/x.txt", f"/files/to/trail.event/{10**30}/",
                f"/files/to/org.user/{people.alice.pk}/"):  # fmt: skip
        assert alice.get(url).status_code == 404, url


def test_a_removed_file_is_gone_for_everybody(people: People, attached: Attach) -> None:
    kept = attached("a.jpg", samples.picture())
    with use(system_scope("test")):
        remove(kept, reason="wrong", by=BY)

    assert {signed_in(people.dana).get(url).status_code for url in urls_of(kept)[:3]} == {404}


def test_a_file_can_do_nothing_in_the_browser(people: People, attached: Attach) -> None:
    kept = attached("r\u00e9sum\u00e9 漏水.txt", b"hello")

    response = signed_in(people.alice).get(kept.get_absolute_url())

    assert body(response) == b"hello"
    assert response["Content-Type"] == "text/plain"
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''r%C3%A9sum%C3%A9%20")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "script-src" not in response["Content-Security-Policy"]
    assert response["Cache-Control"] == "private, no-cache"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"


def test_pictures_and_sounds_are_shown_and_documents_are_saved(people: People, attached: Attach) -> None:
    alice = signed_in(people.alice)
    shown = {
        name: alice.get(attached(name, content).get_absolute_url())["Content-Disposition"].partition(";")[0]
        for name, content in {
            "a.jpg": samples.picture(), "a.mp3": samples.MP3, "a.mp4": samples.movie(b"isom"),
            "a.pdf": samples.PDF, "a.docx": samples.office(), "a.txt": b"x", "a.amr": samples.AMR,
        }.items()
    }  # fmt: skip

    assert shown == {
        "a.jpg": "inline", "a.mp3": "inline", "a.mp4": "inline",
        "a.pdf": "attachment", "a.docx": "attachment", "a.txt": "attachment", "a.amr": "attachment",
    }  # fmt: skip


def test_the_thumbnail_is_a_small_jpeg_and_exists_for_pictures_only(people: People, attached: Attach) -> None:
    alice = signed_in(people.alice)
    picture = attached("a.png", samples.picture("PNG", size=(800, 600)))
    text = attached("a.txt", b"x")

    response = alice.get(reverse("files:thumbnail", args=[picture.pk]))

    assert response["Content-Type"] == "image/jpeg"
    assert body(response).startswith(b"\xff\xd8\xff")
    assert alice.get(reverse("files:thumbnail", args=[text.pk])).status_code == 404


def test_a_browser_that_has_the_file_is_told_so_but_only_while_it_may_see_it(
    people: People, attached: Attach
) -> None:
    url = attached().get_absolute_url()
    alice = signed_in(people.alice)
    etag = alice.get(url)["ETag"]

    again = alice.get(url, headers={"If-None-Match": etag})

    assert again.status_code == 304
    assert again["ETag"] == etag
    assert signed_in(people.bob).get(url, headers={"If-None-Match": etag}).status_code == 403
    assert signed_in(people.carol).get(url, headers={"If-None-Match": etag}).status_code == 404


@pytest.mark.parametrize(
    ("asked", "status", "part", "told"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=4-", 206, b"456789", "bytes 4-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-300", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=8-300", 206, b"89", "bytes 8-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=5-2", 416, b"", "bytes */10"),
        ("bytes=-", 200, b"0123456789", None),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
        ("bytes=" + "9" * 40 + "-", 200, b"0123456789", None),
    ],
)
def test_a_player_may_ask_for_a_part(
    asked: str, status: int, part: bytes, told: str | None, people: People, attached: Attach
) -> None:
    url = attached("a.txt", b"0123456789").get_absolute_url()

    response = signed_in(people.alice).get(url, headers={"Range": asked})

    assert (response.status_code, body(response), response.get("Content-Range")) == (status, part, told)


def test_a_part_of_another_version_is_not_given(people: People, attached: Attach) -> None:
    url = attached("a.txt", b"0123456789").get_absolute_url()

    response = signed_in(people.alice).get(url, headers={"Range": "bytes=0-3", "If-Range": '"other"'})

    assert (response.status_code, body(response)) == (200, b"0123456789")


def test_a_content_lost_from_the_disk_is_not_found_instead_of_a_crash(
    people: People, attached: Attach
) -> None:
    kept = attached()
    store.path_of(kept.sha256).unlink()

    assert signed_in(people.alice).get(kept.get_absolute_url()).status_code == 404


def test_several_files_come_in_one_request_each_taken_or_refused_for_itself(
    people: People, entry: Event
) -> None:
    response = signed_in(people.alice).post(
        upload_url(entry),
        {
            "file": [
                SimpleUploadedFile("a.jpg", samples.located_photograph()),
                SimpleUploadedFile("evil.jpg", b"<svg onload=alert(1)>"),
                SimpleUploadedFile("b.txt", b"b"),
            ]
        },
        headers=HTMX,
    )

    assert response.status_code == 200
    page = response.content.decode()
    assert "evil.jpg" in page
    assert "<svg onload" not in page
    assert "<html" not in page
    with use(system_scope("test")):
        assert [kept.name for kept in attachments_of(entry)] == ["a.jpg", "b.txt"]
        assert {kept.uploaded_by for kept in attachments_of(entry)} == {people.alice}


def test_a_request_whose_files_are_all_refused_says_why_and_stays(people: People, entry: Event) -> None:
    alice = signed_in(people.alice)
    bad = {"file": SimpleUploadedFile("a<b>.jpg", b"MZ" + bytes(50))}

    part = alice.post(upload_url(entry), bad, headers=HTMX)
    whole = alice.post(upload_url(entry), {"file": SimpleUploadedFile("a.jpg", b"MZ" + bytes(50))})

    assert (part.status_code, whole.status_code) == (422, 422)
    assert 'role="alert"' in part.content.decode()
    assert "a.jpg" in whole.content.decode()


def test_without_script_one_is_led_back_with_a_word(people: People, entry: Event) -> None:
    response = signed_in(people.alice).post(
        upload_url(entry), {"file": SimpleUploadedFile("a.txt", b"a")}, follow=True
    )

    assert response.redirect_chain[0][1] == 302
    assert [str(message.level_tag) for message in response.context["messages"]] == ["success"]


@pytest.mark.parametrize("data", [{}, {"file": ""}, {"file": "no file"}])
def test_a_request_without_files_is_told_so(data: dict[str, str], people: People, entry: Event) -> None:
    assert signed_in(people.alice).post(upload_url(entry), data).status_code == 422


def test_too_many_files_at_a_time_are_refused_together(people: People, entry: Event) -> None:
    files = [SimpleUploadedFile(f"{n}.txt", b"%d" % n) for n in range(UPLOAD_FILES + 1)]

    response = signed_in(people.alice).post(upload_url(entry), {"file": files})

    assert response.status_code == 422
    with use(system_scope("test")):
        assert not attachments_of(entry)


@pytest.mark.parametrize(
    "name", ["../../x.txt", "a\\b\\x.txt", "x" * 3000 + ".txt", "\u202ex.txt", "漏" * 300 + ".txt"]
)
def test_no_name_of_a_file_can_do_harm(name: str, people: People, entry: Event) -> None:
    alice = signed_in(people.alice)

    alice.post(upload_url(entry), {"file": SimpleUploadedFile(name, b"x")})

    with use(system_scope("test")):
        kept = attachments_of(entry).get()
    assert len(kept.name) <= 120
    assert not set(kept.name) & set("/\\\u202e")
    assert alice.get(kept.get_absolute_url()).status_code == 200


def test_a_name_with_a_nul_byte_in_the_raw_request_is_cleaned(people: People, entry: Event) -> None:
    raw = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a\0b/../c.txt"\r\n'
        b"Content-Type: text/html\r\n\r\nhello\r\n--b--\r\n"
    )

    response = signed_in(people.alice).post(
        upload_url(entry), raw, content_type="multipart/form-data; boundary=b"
    )

    assert response.status_code == 302
    with use(system_scope("test")):
        kept = attachments_of(entry).get()
    assert (kept.name, kept.content_type) == ("c.txt", "text/plain")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"--b",
        b"--b\r\n\r\n",
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhel',
    ],
)
def test_a_request_broken_off_is_no_crash(raw: bytes, people: People, entry: Event) -> None:
    response = signed_in(people.alice).post(
        upload_url(entry), raw, content_type="multipart/form-data; boundary=b"
    )

    assert response.status_code in (302, 400, 422)


def test_removing_asks_for_a_reason(people: People, entry: Event, attached: Attach) -> None:
    kept = attached()
    alice = signed_in(people.alice)
    url = reverse("files:remove", args=[kept.pk])

    assert alice.post(url, {"reason": ""}).status_code == 422
    assert alice.post(url, {"reason": "wrong house"}, headers=HTMX).status_code == 204
    assert alice.post(url, {"reason": "wrong house"}).status_code == 404

    with use(system_scope("test")):
        assert not attachments_of(entry)


def test_the_panel_shows_files_and_offers_to_change_them_by_right(
    people: People, entry: Event, attached: Attach
) -> None:
    attached("leak <b>.jpg", samples.picture())
    attached("call.mp3", samples.MP3)
    shown = {}
    for person in (people.alice, people.bob, people.carol):
        with use(people.scope(person)):
            shown[person.username] = Template("{% load files %}{% attachments entry %}").render(
                Context({"entry": entry})
            )

    assert "call.mp3" in shown["alice"]
    assert "leak _b_.jpg" in shown["alice"]
    assert 'capture="environment"' in shown["alice"]
    assert 'type="file"' in shown["alice"]
    assert "style=" not in shown["alice"]
    assert "<script>" not in shown["alice"]
    assert "call.mp3" not in shown["bob"]
    assert "call.mp3" not in shown["carol"]


def test_one_who_may_only_look_is_not_offered_to_change(db: None) -> None:
    people = company(["trail.view"])
    entry = entry_at(people.here)
    with use(people.scope(people.alice)):
        context = panel(entry)

    assert context["files_shown"]
    assert not context["may_attach"] and not context["may_remove"]


def test_a_full_record_offers_no_further_upload(
    people: People, entry: Event, attached: Attach, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huiyin.engines.files.panels.OWNER_FILES", 1)
    monkeypatch.setattr(services, "OWNER_FILES", 1)
    attached()

    with use(people.scope(people.alice)):
        page = Template("{% load files %}{% attachments entry %}").render(Context({"entry": entry}))

    assert 'type="file"' not in page


def test_the_panel_needs_as_many_queries_for_many_files_as_for_few(
    people: People, entry: Event, attached: Attach, django_assert_num_queries: Any
) -> None:
    template = Template("{% load files %}{% attachments entry %}")
    for n in range(12):
        attached(f"{n}.txt", b"%d" % n)
        if n in (1, 11):
            with use(people.scope(people.alice)), django_assert_num_queries(1):
                template.render(Context({"entry": entry}))
