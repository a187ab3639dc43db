"""Many programs at the same moment, each with a connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connections

from huiyin.base.kit.scope import system_scope, use
from huiyin.work.cases.models import Case

from .conftest import REPAIR, Answer, Api, made

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 6


def together(act: Callable[[int], Answer]) -> list[Answer]:
    """What each of them is answered."""

    def one(turn: int) -> Answer:
        try:
            return act(turn)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(one, range(MANY)))


def codes() -> list[str]:
    with use(system_scope("test")):
        return sorted(Case.objects.values_list("code", flat=True))


def test_under_one_key_one_case_is_made_and_all_get_its_answer(tmp_path: Path) -> None:
    centre = made(tmp_path)
    key = centre.key(centre.people.alice)
    for turn in range(3):
        answers = together(
            lambda _one, turn=turn: Api(key).post("/cases", REPAIR, Idempotency_Key=f"burst-{turn}")
        )

        assert {one.status for one in answers} == {201}, [one.data for one in answers]
        assert len({one.data["code"] for one in answers}) == 1
        assert len(codes()) == turn + 1


def test_without_keys_each_gets_a_case_and_a_number_of_its_own(tmp_path: Path) -> None:
    centre = made(tmp_path)
    key = centre.key(centre.people.alice)
    answers = together(lambda turn: Api(key).post("/cases", {**REPAIR, "title": f"第{turn}件"}))

    assert {one.status for one in answers} == {201}
    assert sorted(one.data["code"] for one in answers) == codes()
    assert [code[-4:] for code in codes()] == [f"{number:04d}" for number in range(1, MANY + 1)]


def test_your_own_number_makes_one_case_however_many_send_it(tmp_path: Path) -> None:
    centre = made(tmp_path)
    key = centre.key(centre.people.alice)
    answers = together(lambda _turn: Api(key).post("/cases", {**REPAIR, "external_key": "12345-7"}))

    assert sorted(one.status for one in answers) == [201] + [409] * (MANY - 1), [one.data for one in answers]
    assert len(codes()) == 1
    assert codes()[0].endswith("-0001"), "a refused registration leaves no gap"


def test_of_two_who_end_a_case_one_does_and_the_other_is_told(tmp_path: Path) -> None:
    centre = made(tmp_path)
    key = centre.key(centre.people.alice)
    code = Api(key).post("/cases", REPAIR).data["code"]
    answers = together(lambda turn: Api(key).post(f"/cases/{code}/answer", {"text": f"第{turn}个"}))

    assert sorted(one.status for one in answers) == [200] + [409] * (MANY - 1), [one.data for one in answers]
