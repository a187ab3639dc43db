"""Whatever is changed in the sealed trail is found and located; sealing disturbs nobody and bears anything."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from copy import copy
from datetime import timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.models import F
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from huiyin.base.kit.jobs import JOBS
from huiyin.base.kit.scope import Actor, system_scope, use
from huiyin.base.trail import sealing
from huiyin.base.trail.chain import BROKEN, CHANGED, INSERTED, MISSING, REMOVED, START, Fault, faults
from huiyin.base.trail.models import Block, Event
from huiyin.base.trail.registry import VERBS
from huiyin.base.trail.sealing import seal_settled, settled
from huiyin.base.trail.services import record
from huiyin.base.trail.verify import CHECKS

HAPPENED = "tests.happened"
BY = Actor(None, "test", "command")
ON_POSTGRESQL = pytest.mark.skipif(
    settings.DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql",
    reason="SQLite gives ids out in the order of the commits",
)


@pytest.fixture(autouse=True)
def _scope(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(VERBS, HAPPENED, "Happened")
    with use(system_scope("test")):
        yield


def happen(count: int) -> list[Event]:
    """So many events, with all that JSON can hold."""
    user, _new = get_user_model().objects.get_or_create(username="matter", defaults={"name": "matter"})
    return [
        record(
            user,
            HAPPENED,
            by=BY,
            n=n,
            text="漏水 “é”\n",
            sum=1.5,
            none=None,
            list=[1, {"a": True}],
            old={"x": n},
        )
        for n in range(count)
    ]


def found() -> list[Fault]:
    return list(faults())


@pytest.mark.django_db
def test_everything_that_settled_is_sealed_once_in_blocks_that_name_each_other() -> None:
    events = happen(25)
    assert seal_settled(size=10) == 2
    assert seal_settled(size=10) == 0
    blocks = list(Block.objects.order_by("number"))
    assert [one.number for one in blocks] == [1, 2, 3]
    assert sum(one.count for one in blocks) == Event.objects.count() >= 25
    assert [one.previous for one in blocks] == [START, blocks[0].hash, blocks[1].hash]
    assert blocks[-1].last_id == events[-1].pk
    assert found() == []
    assert CHECKS["trail_chain"]() == 0
    happen(1)
    assert JOBS["huiyin.base.trail.jobs.seal_events"].run() == 0
    assert Block.objects.get(number=4).count == 1


CHANGES: dict[str, Any] = {
    "at": F("at") + timedelta(microseconds=1),
    "verb": "tests.other",
    "site_id": 7,
    "actor_id": 9,
    "actor_label": "somebody else",
    "via": "api",
    "subject_type": "org.site",
    "subject_id": F("subject_id") + 1,
    "root_type": "org.site",
    "root_id": F("root_id") + 1,
    "data": {"n": 0},
}


@pytest.mark.django_db
def test_a_change_of_each_column_is_found_at_the_event_and_nowhere_else() -> None:
    events = happen(30)
    seal_settled(size=7)
    columns = {field.attname for field in Event._meta.concrete_fields}
    assert set(CHANGES) == columns - {"id"}  # a new column has to be covered too
    for number, (column, value) in enumerate(CHANGES.items()):
        event = events[number * 2]
        with transaction.atomic(), connection.constraint_checks_disabled():
            Event.objects.filter(pk=event.pk).update(**{column: value})
            assert [(one.kind, one.event_id) for one in found()] == [(CHANGED, event.pk)], column
            block = Block.objects.get(number=found()[0].block)
            assert block.first_id <= event.pk <= block.last_id
            transaction.set_rollback(True)
    assert found() == []


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text('漏水abc"\\ ', max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc键", max_size=2), inner, max_size=3)
    ),
    max_leaves=5,
)


@pytest.fixture
def twelve(db: None) -> list[Event]:
    return happen(12)


@pytest.mark.django_db
@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_tampering_is_found_and_located(twelve: list[Event], data: st.DataObject) -> None:
    with transaction.atomic(), connection.constraint_checks_disabled():
        events = [copy(one) for one in twelve]
        seal_settled(size=data.draw(st.integers(1, 14), "size"))
        assert found() == []
        event = data.draw(st.sampled_from(events[:-1]), "event")
        act = data.draw(st.sampled_from(["change", "remove", "renumber", "insert", "swap"]), "act")
        expected = tamper(act, event, events, data)
        assert {(one.kind, one.event_id) for one in found()} == expected
        assert CHECKS["trail_chain"]() == len(expected)
        transaction.set_rollback(True)


def tamper(act: str, event: Event, events: list[Event], data: st.DataObject) -> set[tuple[str, int]]:
    """Do something to the sealed trail; what has to be found."""
    row = Event.objects.filter(pk=event.pk)
    if act == "change":
        column = data.draw(st.sampled_from(sorted(CHANGES)), "column")
        value = (
            CHANGES[column]
            if column != "data"
            else data.draw(JSON_VALUES.filter(lambda one: one is not None and one != event.data))
        )
        row.update(**{column: value})
        return {(CHANGED, event.pk)}
    if act == "remove":
        row.delete()
        return {(REMOVED, event.pk)}
    if act == "renumber":
        free = events[0].pk - 1000
        row.update(id=free)
        return {(REMOVED, event.pk), (INSERTED, free)}
    if act == "insert":
        event.pk = events[0].pk - data.draw(st.integers(500, 900))
        event.save(force_insert=True)
        return {(INSERTED, event.pk)}
    row.update(data=events[-1].data)
    Event.objects.filter(pk=events[-1].pk).update(data=event.data)
    return {(CHANGED, event.pk), (CHANGED, events[-1].pk)}


@pytest.mark.django_db
def test_an_event_that_cannot_even_be_read_is_found_alone() -> None:
    events = happen(5)
    seal_settled(size=3)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("UPDATE trail_event SET at = 'never' WHERE id = %s", [events[2].pk])
        assert [(one.kind, one.event_id) for one in found()] == [(CHANGED, events[2].pk)]


@pytest.mark.django_db
def test_blocks_cannot_be_changed_or_taken_out_and_a_new_hash_needs_the_key() -> None:
    happen(30)
    seal_settled(size=10)
    second = Block.objects.filter(number=2)
    for change in (
        {"hash": "f" * 64},
        {"seal": "f" * 64},
        {"previous": "f" * 64},
        {"count": 9},
        {"leaves": b""},
    ):
        with transaction.atomic():
            second.update(**change)
            assert Fault(BROKEN, 2) in found(), change
            transaction.set_rollback(True)
    with transaction.atomic():
        second.delete()
        assert Fault(MISSING, 3) in found()
        transaction.set_rollback(True)
    with transaction.atomic():  # who makes the whole chain anew after a change has no key to seal it with
        Event.objects.filter(pk=Block.objects.get(number=1).last_id).update(actor_label="nobody")
        Block.objects.all().delete()
        true_key, settings.TRAIL_KEY = settings.TRAIL_KEY, "a guess"
        try:
            seal_settled(size=10)
        finally:
            settings.TRAIL_KEY = true_key
        assert {one.kind for one in found()} == {BROKEN}
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_the_command_names_every_fault_and_the_head(capsys: pytest.CaptureFixture[str]) -> None:
    events = happen(5)
    seal_settled()
    call_command("chain")
    head = Block.objects.order_by("-number")[0]
    assert head.hash in capsys.readouterr().out
    call_command("chain", block=head.number)
    assert head.hash in capsys.readouterr().out
    Event.objects.filter(pk=events[1].pk).update(via="api")
    with pytest.raises(SystemExit):
        call_command("chain", json=True)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["faults"] == [{"kind": "changed", "block": head.number, "event": events[1].pk}]


@pytest.mark.django_db(transaction=True)
@ON_POSTGRESQL
def test_nothing_is_sealed_while_a_lower_id_may_still_be_committed() -> None:
    user = get_user_model().objects.create_user("late", name="late")
    written, commit = threading.Event(), threading.Event()

    def slowly() -> None:
        try:
            with use(system_scope("test")), transaction.atomic():
                record(user, HAPPENED, by=BY, who="the slow one")
                written.set()
                commit.wait(30)
        finally:
            connections.close_all()

    slow = threading.Thread(target=slowly)
    slow.start()
    written.wait(30)
    newest = record(user, HAPPENED, by=BY, who="the fast one")
    assert settled(patience=0.2) == 0
    assert not Block.objects.exists()
    threading.Timer(0.3, commit.set).start()
    assert settled(patience=20) == newest.pk
    slow.join()
    seal_settled()
    assert Event.objects.filter(pk__lt=newest.pk, data__who="the slow one").exists()
    assert Block.objects.get().count == Event.objects.count()
    assert found() == []


@pytest.mark.django_db(transaction=True)
def test_sealers_at_once_while_others_write_seal_everything_once() -> None:
    user = get_user_model().objects.create_user("busy", name="busy")
    ended, failed = threading.Event(), []

    def at_work(work: Any) -> None:
        try:
            with use(system_scope("test")):
                work()
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    def write() -> None:
        for number in range(60):
            with transaction.atomic():
                record(user, HAPPENED, by=BY, n=number)

    def seal() -> None:
        while not ended.is_set():
            seal_settled(size=7)

    writers = [threading.Thread(target=at_work, args=(write,)) for _ in range(2)]
    sealers = [threading.Thread(target=at_work, args=(seal,)) for _ in range(3)]
    for one in (*sealers, *writers):
        one.start()
    for one in writers:
        one.join()
    ended.set()
    for one in sealers:
        one.join()
    while seal_settled(size=7):
        pass
    assert failed == []
    assert found() == []
    assert sum(Block.objects.values_list("count", flat=True)) == Event.objects.count()


KILLED = """
    import time
    import django
    django.setup()
    from huiyin.base.kit.scope import system_scope, use
    from huiyin.base.trail import sealing
    from huiyin.base.trail.models import Block
    real = Block.save
    def stuck(block, *args, **kwargs):
        real(block, *args, **kwargs)
        if block.number == 2:
            print("half done", flush=True)
            time.sleep(60)
    Block.save = stuck
    with use(system_scope("test")):
        sealing.seal_settled(size=10)
"""


def url_of_the_test_database() -> str:
    now = settings.DATABASES["default"]
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    user = f"{now['USER']}:{now['PASSWORD']}" if now["PASSWORD"] else now["USER"]
    host = now["HOST"]
    place = f"/{name}?host={host}" if host.startswith("/") else f"{host}:{now['PORT']}/{name}"
    return f"postgres://{user}@{place}"


@pytest.mark.django_db(transaction=True)
def test_a_sealer_killed_in_the_middle_leaves_nothing_half_done(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    happen(35)
    connections.close_all()
    monkeypatch.setenv("DATABASE_URL", url_of_the_test_database())
    monkeypatch.setenv("PYTHONPATH", ":".join([str(settings.ROOT), *filter(None, sys.path)]))
    script = tmp_path / "killed.py"
    script.write_text(dedent(KILLED))
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, cwd=settings.ROOT, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half done\n"
        process.kill()
    assert [one.number for one in Block.objects.all()] == [1]
    assert found() == []
    assert sealing.seal_settled(size=10) == 2
    assert [one.count for one in Block.objects.order_by("number")] == [10, 10, 10, Event.objects.count() - 30]
    assert found() == []
