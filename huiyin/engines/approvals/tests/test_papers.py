"""Files with a request and with an opinion: who attaches them, who sees them, and that they stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.trail.models import Event
from huiyin.engines.approvals import services
from huiyin.engines.approvals.models import Approval, Signature
from huiyin.engines.files.models import Attachment
from huiyin.engines.files.receiving import Received, receive
from huiyin.engines.files.services import attach, remove

from .conftest import House

QUOTE = b"two offers, the cheaper one\n"


@pytest.fixture(autouse=True)
def store_folder(tmp_path: Path, settings: Any) -> None:
    settings.FILES = tmp_path / "files"


def quote(name: str = "quote.txt", content: bytes = QUOTE) -> Received:
    return receive(ContentFile(content, name))


def upload(name: str = "quote.txt", content: bytes = QUOTE) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "text/plain")


def page(house: House, name: str) -> Client:
    client = Client()
    client.force_login(house.people[name])
    client.cookies["django_language"] = "en"
    return client


def names(owner: str) -> list[str]:
    with use(system_scope("test")):
        found = Attachment.objects.filter(owner_type=owner, removed_at=None)
        return list(found.values_list("name", flat=True))


def loan(house: House, **given: Any) -> Approval:
    with use(house.scope("clerk")) as scope:
        made: Approval = services.ask(
            house.site, kind="memo.loan", title="loan", reason="tools", by=scope.actor, **given
        )
        return made


def test_a_request_and_an_opinion_carry_files_to_the_page_and_to_paper(house: House) -> None:
    clerk = page(house, "clerk")
    form = {"site": house.site.pk, "kind": "memo.loan", "title": "Drill", "reason": "broken"}
    answer = clerk.post("/approvals/new/", {**form, "attached": [upload(), upload("more.txt", b"b\n")]})
    assert answer.status_code == 302, answer.content
    url = answer["Location"]
    assert sorted(names("approvals.approval")) == ["more.txt", "quote.txt"]
    director = page(house, "director")
    assert "quote.txt" in director.get(url).content.decode()
    sent = {"opinion": "fine", "attached": [upload("checked.txt", b"checked\n")]}
    assert director.post(f"{url}agree/", sent).status_code == 302
    assert names("approvals.signature") == ["checked.txt"]
    for client in (clerk, page(house, "gm")):
        text, sheet = (client.get(one).content.decode() for one in (url, f"{url}print/"))
        for name in ("quote.txt", "more.txt", "checked.txt"):
            assert name in text and name in sheet
    assert "File attached" in clerk.get(url).content.decode()


def test_files_of_a_discreet_request_are_seen_by_those_who_take_part(house: House) -> None:
    asked = loan(house, files=[quote()])
    house.agree("director", asked, files=[quote("checked.txt", b"checked\n")])
    with use(system_scope("test")):
        files = list(Attachment.objects.all())
        assert {one.root_type for one in Event.objects.filter(verb="files.attached")} == {
            "approvals.approval"
        }
    assert len(files) == 2
    seen = {"clerk": 200, "director": 200, "gm": 200, "head": 404, "lead": 404, "carol": 404}
    for name, status in seen.items():
        client = page(house, name)
        for file in files:
            assert client.get(file.get_absolute_url()).status_code == status, (name, file.name)


def test_files_of_an_open_request_are_seen_where_it_is(house: House) -> None:
    asked = house.ask(files=[quote()])
    with use(system_scope("test")):
        file = Attachment.objects.get()
    assert page(house, "lead").get(file.get_absolute_url()).status_code == 200
    assert page(house, "carol").get(file.get_absolute_url()).status_code == 404
    assert page(house, "carol").get(asked.get_absolute_url()).status_code == 404


def test_only_the_applicant_adds_to_a_request_and_only_while_it_is_being_signed(house: House) -> None:
    asked = house.ask(facts={"amount": 40000})
    for name in ("lead", "head"):
        with pytest.raises(Refused) as caught:
            house.does(name, attach, asked, file=quote())
        assert caught.value.code == "not-yours"
        text = page(house, name).get(asked.get_absolute_url()).content.decode()
        assert "data-hy-files-form" not in text
    house.does("clerk", attach, asked, file=quote())
    assert "data-hy-files-form" in page(house, "clerk").get(asked.get_absolute_url()).content.decode()
    house.agree("lead", asked)
    with pytest.raises(Refused) as caught:
        house.does("clerk", attach, house.row(asked), file=quote("late.txt", b"late\n"))
    assert caught.value.code == "not-now"
    answer = page(house, "clerk").post(
        f"/files/to/approvals.approval/{asked.pk}/", {"file": upload("late.txt", b"late\n")}
    )
    assert answer.status_code == 422
    assert names("approvals.approval") == ["quote.txt"]


def test_what_somebody_has_signed_with_is_not_taken_away(house: House) -> None:
    asked = house.ask(files=[quote(), quote("wrong.txt", b"wrong\n")])
    with use(system_scope("test")):
        first, wrong = Attachment.objects.order_by("pk")
    house.does("clerk", remove, wrong, reason="wrong one")
    house.agree("head", asked, files=[quote("checked.txt", b"checked\n")])
    with use(system_scope("test")):
        checked = Attachment.objects.get(name="checked.txt")
        signature = Signature.objects.get()
    for name, file in (("clerk", first), ("head", checked), ("clerk", checked)):
        with pytest.raises(Refused) as caught:
            house.does(name, remove, file, reason="gone")
        assert caught.value.code in ("signed-with", "not-yours")
    with pytest.raises(Refused):
        house.does("director", attach, signature, file=quote())
    house.does("clerk", attach, house.row(asked), file=quote("later.txt", b"later\n"))
    assert names("approvals.approval") == ["quote.txt", "later.txt"]


def test_the_last_signature_and_a_refusal_and_the_customers_word_carry_files_too(house: House) -> None:
    asked = house.ask(facts={"amount": 40000})
    house.agree("lead", asked, files=[quote()])
    assert house.row(asked).state == "approved"
    refused = house.ask(facts={"amount": 40000})
    house.does("lead", services.refuse, refused, reason="no", files=[quote("why.txt", b"why\n")])
    home = house.ask(facts={"category": "home"})
    house.agree("head", home)
    with use(system_scope("test")):
        at = Approval.objects.get(pk=home.pk).submitted_at
    house.does(
        "clerk",
        services.note_consent,
        home,
        agreed=True,
        person="Wang",
        channel="letter",
        said_at=at,
        files=[quote("letter.txt", b"yes\n")],
    )
    assert sorted(names("approvals.signature")) == ["letter.txt", "quote.txt", "why.txt"]
    assert not house.sound()


def test_a_file_that_is_not_accepted_keeps_the_signature_back_and_says_why(house: House) -> None:
    asked = house.ask(facts={"amount": 40000})
    client = page(house, "lead")
    answer = client.post(
        f"{asked.get_absolute_url()}agree/", {"opinion": "fine", "attached": [upload("run.exe", b"MZ\x90")]}
    )
    assert answer.status_code == 422
    assert "run.exe" in answer.content.decode()
    with use(system_scope("test")):
        assert not Signature.objects.exists() and not Attachment.objects.exists()
