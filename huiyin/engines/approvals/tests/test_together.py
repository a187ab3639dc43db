"""Two at once: whatever comes first, there is one outcome."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.trail.models import Event
from huiyin.engines.approvals import services
from huiyin.engines.approvals.models import Signature, State

from .conftest import House, build

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 6


@pytest.fixture
def house(transactional_db: None, tmp_path: Path) -> House:
    return build(tmp_path)


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """Do things at the same moment; what became of each: done, or the code of its refusal."""
    start = threading.Barrier(len(acts))
    outcomes = ["lost"] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        try:
            start.wait()
            act()
            outcomes[number] = "done"
        except Refused as refusal:
            outcomes[number] = refusal.code
        except Exception as error:
            outcomes[number] = repr(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number, act)) for number, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def effects() -> int:
    with use(system_scope("test")):
        return int(Event.objects.filter(verb="approvals.effective").count())


def test_of_two_holders_of_a_post_one_signs(house: House) -> None:
    for _ in range(ROUNDS):
        approval = house.ask(facts={"category": "home"})
        outcomes = at_once(
            lambda a=approval: house.agree("head", a), lambda a=approval: house.agree("head2", a)
        )
        assert sorted(outcomes) == ["done", "not-yours"]
        with use(system_scope("test")):
            assert Signature.objects.filter(approval=approval).count() == 1
    assert house.sound() == {}


def test_the_same_signer_twice_signs_once_and_the_effect_happens_once(house: House) -> None:
    for number in range(1, ROUNDS + 1):
        approval = house.ask(facts={"amount": 1_00})
        outcomes = at_once(*[lambda a=approval: house.agree("lead", a)] * 3)
        assert outcomes == ["done"] * 3
        assert (house.value(approval), effects()) == (1, number)
        with use(system_scope("test")):
            assert Signature.objects.filter(approval=approval).count() == 1
    assert house.sound() == {}


def test_withdrawing_against_agreeing_has_one_winner(house: House) -> None:
    for _ in range(ROUNDS):
        approval = house.ask(facts={"amount": 1_00})
        outcomes = at_once(
            lambda a=approval: house.agree("lead", a),
            lambda a=approval: house.does("clerk", services.withdraw, a),
        )
        state = house.row(approval).state
        assert (state, outcomes) in [
            (State.APPROVED, ["done", "not-now"]),
            (State.WITHDRAWN, ["not-now", "done"]),
        ]
        assert house.value(approval) == (state == State.APPROVED)
    assert house.sound() == {}


def test_refusing_against_agreeing_has_one_winner(house: House) -> None:
    for _ in range(ROUNDS):
        approval = house.ask(facts={"category": "home"})
        outcomes = at_once(
            lambda a=approval: house.agree("head", a),
            lambda a=approval: house.does("head2", services.refuse, a, reason="不同意"),
        )
        assert sorted(outcomes) in (["done", "not-now"], ["done", "not-yours"])
        assert house.row(approval).state == (State.REFUSED if outcomes[1] == "done" else State.PENDING)
    assert house.sound() == {}


def test_the_last_two_of_a_joint_step_pass_it_on_once(house: House) -> None:
    for _ in range(ROUNDS):
        approval = house.ask(facts={"category": "contract"})
        house.agree("head", approval)
        assert at_once(
            lambda a=approval: house.agree("head2", a), lambda a=approval: house.agree("boss", a)
        ) == ["done", "done"]
        assert house.chain(approval) == ["agreed", "open"]
    assert house.sound() == {}


def test_the_same_thing_asked_for_twice_is_asked_for_once(house: House) -> None:
    for _ in range(ROUNDS):
        thing = house.thing()
        outcomes = at_once(*[lambda t=thing: house.ask(thing=t, facts={"amount": 1_00})] * 2)
        assert sorted(outcomes) == ["already-pending", "done"]
    assert house.sound() == {}


def test_two_approvals_for_one_effect_leave_one_in_effect(house: House) -> None:
    """What the first changes, the second finds changed: it says so, and nothing is half done."""
    thing = house.thing()
    first = house.ask(thing=thing, facts={"amount": 1_00})
    house.agree("lead", first)
    second = house.ask(thing=thing, facts={"amount": 1_00})
    house.agree("lead", second)

    assert (house.row(first).state, house.row(second).state) == (State.APPROVED, State.VOID)
    assert house.value(second) == 1
    assert house.sound() == {}
