"""A scheduled version that is withdrawn goes on as a draft; nothing that was written is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from huiyin.base.kit.moment import moved_to, now
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.engines.packs import editing
from huiyin.engines.packs.models import PackDraft, PackVersion
from huiyin.engines.packs.services import load
from tests.people import BY, People

from .conftest import WritePack
from .test_editing import HELLO, As, as_user, people, publish, said, write

__all__ = ["as_user", "people"]
BYE_OFF = "code: bye\ndisabled: true\n"
RAIN = "code: rain\nmoment: courtesy\ntext: {zh: 下雨路滑}\nclause: '1'\n"


def scheduled(made: People) -> PackVersion:
    write(made, made.alice, HELLO)
    write(made, made.alice, BYE_OFF, code="bye")
    return publish(made, made.alice, valid_from=now() + timedelta(days=9), reason="new year")


def call_back(made: People, version: PackVersion) -> PackDraft | None:
    with use(made.scope(made.alice)):
        own: PackDraft | None = editing.call_back(version, reason="later", by=made.actor(made.alice))
    return own


def drafted() -> dict[str, object]:
    with use(system_scope("test")):
        return {one.code: one.data for draft in PackDraft.objects.all() for one in draft.changes.all()}


def test_its_changes_are_a_draft_again_and_can_be_activated(people: People) -> None:
    version = scheduled(people)
    own = call_back(people, version)
    version.refresh_from_db()
    assert (version.scheduled, version.withdrawn_at is not None) == (False, True)
    assert own is not None and set(drafted()) == {"hello", "bye"}
    with moved_to(now() + timedelta(days=10)):
        assert said(site=people.here) == "您好"
    publish(people, people.alice)
    assert (said(site=people.here), said("bye", people.here)) == ("早", "")


def test_a_draft_begun_since_keeps_what_it_holds_and_gets_the_rest(people: People) -> None:
    version = scheduled(people)
    write(people, people.alice, RAIN, code="rain")
    write(people, people.alice, HELLO)  # what was scheduled is not in force yet: the very same change
    call_back(people, version)
    assert set(drafted()) == {"hello", "bye", "rain"}


def test_the_same_entry_drafted_otherwise_is_refused_and_nothing_is_lost(people: People) -> None:
    version = scheduled(people)
    write(people, people.alice, HELLO.replace("早", "晚上好"))
    with pytest.raises(Refused) as caught:
        call_back(people, version)
    assert (caught.value.code, "hello" in caught.value.message) == ("changed-otherwise", True)
    version.refresh_from_db()
    assert version.scheduled
    assert list(drafted()) == ["hello"]


def test_on_screen_one_is_led_to_the_draft_or_withdraws_without_it(people: People, as_user: As) -> None:
    version = scheduled(people)
    client = as_user(people.alice)
    url = reverse("packs:withdraw", args=[version.pk])
    assert "keep" in client.get(url).context["form"].fields
    answer = client.post(url, {"reason": "later", "keep": "on"})
    assert answer["Location"] == reverse("packs:draft") + "?site=here"
    again = publish(people, people.alice, valid_from=now() + timedelta(days=9))
    answer = client.post(reverse("packs:withdraw", args=[again.pk]), {"reason": "never"})
    assert answer["Location"] == reverse("packs:version", args=[again.pk])
    assert not drafted()


def test_a_pack_of_files_is_withdrawn_without_a_draft(
    people: People, as_user: As, write_pack: WritePack
) -> None:
    with use(system_scope("test")):
        later = write_pack(
            "trial", phrases="- {code: hello, moment: greeting, text: {zh: 喂}, source: [001-018]}"
        )
        load([later], by=BY, at=now() + timedelta(days=3))
        version = PackVersion.objects.get(scheduled=True)
    client = as_user(people.dana)
    url = reverse("packs:withdraw", args=[version.pk])
    assert "keep" not in client.get(url).context["form"].fields
    assert client.post(url, {"reason": "never"}).status_code == 302
    assert not drafted()
