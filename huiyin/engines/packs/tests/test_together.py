"""Two at the same moment: one comes after the other, is told so politely, and nothing is lost or doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import OrgUnit, Site, User
from huiyin.base.trail.models import Event
from huiyin.engines.packs import editing
from huiyin.engines.packs.beginning import begin
from huiyin.engines.packs.management.commands.load_packs import default_folders
from huiyin.engines.packs.models import DraftEntry, PackDraft, PackVersion
from huiyin.engines.packs.services import load
from tests.people import BY, People, company

from .conftest import WritePack
from .test_editing import HELLO, LIMITS, PHRASES, POSTS, said, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(transactional_db: None, write_pack: WritePack) -> Iterator[People]:
    made = company()
    with use(system_scope("test")):
        load([write_pack("trial", phrases=PHRASES, limits=LIMITS, posts=POSTS)], by=BY)
    yield made


def at_once(*steps: Callable[[], Any]) -> list[Any]:
    """What each step returned or raised, all begun at the same moment."""
    start = threading.Barrier(len(steps), timeout=20)
    found: list[Any] = [None] * len(steps)

    def work(number: int) -> None:
        try:
            start.wait()
            found[number] = steps[number]()
        except Exception as error:
            found[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(steps))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def codes(found: list[Any]) -> list[str]:
    """Of each step the code of its refusal, empty where it went through; anything else fails the test."""
    wrong = [one for one in found if isinstance(one, Exception) and not isinstance(one, Refused)]
    assert not wrong, wrong
    return sorted(one.code if isinstance(one, Refused) else "" for one in found)


def publishing(people: People, own: PackDraft, seen: int) -> Callable[[], PackVersion]:
    def step() -> PackVersion:
        with use(people.scope(people.alice)):
            made: PackVersion = editing.publish(own, reason="x", seen=seen, by=people.actor(people.alice))
            return made

    return step


def test_a_draft_activated_twice_at_once_makes_one_version(people: People) -> None:
    for turn in range(3):
        own = write(people, people.alice, HELLO.replace("早", f"早{turn}")).draft
        own.refresh_from_db()
        found = at_once(*[publishing(people, own, own.revision)] * 3)
        assert codes(found)[0] == "" and set(codes(found)[1:]) <= {"draft-gone", "changed-meanwhile"}
        assert said(site=people.here) == f"早{turn}"
        with use(system_scope("test")):
            assert PackVersion.objects.filter(site=people.here).count() == turn + 1
            assert Event.objects.filter(verb="packs.changed").count() == turn + 1
            assert not PackDraft.objects.exists()


def test_a_draft_activated_and_discarded_at_once_is_one_of_both(people: People) -> None:
    own = write(people, people.alice, HELLO).draft
    own.refresh_from_db()

    def discard() -> None:
        with use(people.scope(people.alice)):
            editing.discard(own, by=people.actor(people.alice))

    found = at_once(publishing(people, own, own.revision), discard)
    assert codes(found)[0] == "" and codes(found)[1] in ("draft-gone", "changed-meanwhile")
    with use(system_scope("test")):
        done = Event.objects.filter(verb__in=["packs.changed", "packs.draft_discarded"])
        assert done.count() == 1
        assert not PackDraft.objects.exists()


def test_two_who_write_the_same_entry_at_once_the_second_is_told(people: People) -> None:
    with use(people.scope(people.alice)):
        seen = editing.editable(people.here, "phrases", "hello").mark

    def writing(user: User, text: str) -> Callable[[], DraftEntry]:
        def step() -> DraftEntry:
            with use(people.scope(user)):
                kept: DraftEntry = editing.write_entry(
                    people.here, section="phrases", code="hello", text=text, seen=seen, by=people.actor(user)
                )
                return kept

        return step

    texts = {"甲": people.alice, "乙": people.dana}
    found = at_once(*[writing(user, HELLO.replace("早", word)) for word, user in texts.items()])
    assert codes(found) == ["", "changed-meanwhile"]
    with use(system_scope("test")):
        kept = DraftEntry.objects.get()
        assert PackDraft.objects.count() == 1
    (told,) = [one for one in found if isinstance(one, Refused)]
    assert str(kept.changed_by) in told.message
    winner = next(one for one in found if not isinstance(one, Refused))
    assert kept.data["text"] == winner.data["text"]


def test_what_is_written_while_the_draft_is_activated_goes_into_the_next_one(people: People) -> None:
    own = write(people, people.alice, HELLO).draft
    own.refresh_from_db()

    def more() -> DraftEntry:
        with use(people.scope(people.alice)):
            text = "code: rain\nmoment: courtesy\ntext: {zh: 下雨路滑}\nclause: '1'\n"
            kept: DraftEntry = editing.write_entry(
                people.here, section="phrases", code="", text=text, seen="", by=people.actor(people.alice)
            )
            return kept

    found = at_once(publishing(people, own, own.revision), more)
    assert not isinstance(found[1], Exception), found
    with use(system_scope("test")):
        assert "rain" in {one.code for one in DraftEntry.objects.all()}
    if isinstance(found[0], Refused):
        assert found[0].code == "changed-meanwhile"
    else:
        assert said(site=people.here) == "早"


def test_two_beginnings_at_once_begin_once(transactional_db: None) -> None:
    def step() -> User:
        with use(system_scope("begin")) as scope:
            return begin(
                company=("company", "Acme"),
                site=("riverside", "Riverside"),
                admin=("anna", "Anna"),
                password="a river runs by the court",
                packs=default_folders(),
                by=scope.actor,
            )

    assert codes(at_once(step, step)) == ["", "begun"]
    with use(system_scope("test")):
        assert [one.code for one in Site.objects.all()] == ["riverside"]
        assert OrgUnit.objects.filter(parent=None).count() == User.objects.count() == 1
