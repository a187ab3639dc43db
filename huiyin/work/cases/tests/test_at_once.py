"""The same form sent by a browser twice at the same moment."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connections

from huiyin.base.kit.once import DoneOnce
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.trail.models import Event
from huiyin.work.cases.models import Case, Contact

from .conftest import Centre
from .screens import counter_of

pytestmark = pytest.mark.django_db(transaction=True)
FORM = {"text": "厨房漏水", "kind": "repair", "do": "register"}


def test_a_form_sent_twice_at_the_same_moment_makes_one_case(centre: Centre) -> None:
    counter = counter_of(centre)
    clients = [counter.client(), counter.client()]
    answers: list[Any] = [None, None]
    start = threading.Barrier(2, timeout=20)

    def send(number: int, key: str) -> None:
        try:
            start.wait()
            answers[number] = clients[number].post("/cases/new/", {**FORM, "key": key})
        finally:
            connections.close_all()

    for turn in range(5):
        threads = [threading.Thread(target=send, args=(number, f"{turn:032}")) for number in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        assert [answer.status_code for answer in answers] == [302, 302], turn
        one, two = (answer["Location"] for answer in answers)
        assert one == two
        with use(system_scope("test")):
            assert Case.objects.count() == Contact.objects.count() == turn + 1
            assert DoneOnce.objects.count() == turn + 1
            assert Event.objects.filter(verb="cases.registered").count() == turn + 1
            assert Case.objects.latest("pk").get_absolute_url() == one
