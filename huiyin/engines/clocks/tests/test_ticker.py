"""The ticker warns and finds breaches, each once, however many tickers run and whenever one dies."""

import re
import subprocess
import sys
import threading
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from huiyin.base.kit.jobs import JOBS
from huiyin.base.kit.moment import moved_to
from huiyin.base.kit.scope import Scope, system_scope, use
from huiyin.base.org.models import Site, User
from huiyin.base.trail.models import Event
from huiyin.base.trail.registry import REACTIONS
from huiyin.engines.clocks import jobs
from huiyin.engines.clocks.jobs import Counts, tick
from huiyin.engines.clocks.models import Clock
from huiyin.engines.clocks.verify import CHECKS

from .conftest import START, LoadRules, Matter, rule

HOUR = timedelta(hours=1)
WARN = "  warn: {before: {value: 30, unit: minutes}}\n"


def opened(site: Site, scope: Scope, number: int, **values: Any) -> list[Matter]:
    matters = [Matter(site.pk, **values) for _ in range(number)]
    with moved_to(START):
        for matter in matters:
            matter.happens("opened", scope)
    return matters


def told(verb: str) -> Counter[int]:
    return Counter(Event.objects.filter(verb=verb).values_list("subject_id", flat=True))


@pytest.mark.django_db
def test_it_warns_and_then_finds_the_breach_each_once(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    load_rules(rule("a", WARN))
    alice = User.objects.create_user("alice", name="alice")
    (matter,) = opened(site, scope, 1, responsible=alice.pk)
    found = []
    for minutes in (0, 89, 90, 91, 92, 119, 120, 121, 122, 600):
        with moved_to(START + timedelta(minutes=minutes)):
            found.append(tick())
    warned, breached, none = Counts(warned=1), Counts(breached=1), Counts()
    assert found == [none, none, none, warned, none, none, none, breached, none, none]
    clock = Clock.objects.get()
    assert (clock.state, clock.wake_at, clock.breached_at) == (
        "running",
        None,
        START + timedelta(minutes=121),
    )
    events = Event.objects.filter(verb__startswith="clocks.").order_by("id")
    assert [(one.verb, one.root_type, one.root_id, one.site_id) for one in events] == [
        ("clocks.warned", "tests.matter", matter.pk, site.pk),
        ("clocks.breached", "tests.matter", matter.pk, site.pk),
    ]
    assert events[0].data == {
        "kind": "reply",
        "run": 1,
        "rule": "a",
        "due_at": events[0].data["due_at"],
        "subject_type": "tests.matter",
        "subject_id": matter.pk,
        "owner": alice.pk,
    }
    assert datetime.fromisoformat(events[0].data["due_at"]) == clock.due_at


@pytest.mark.django_db
def test_events_stand_under_the_root_of_the_subject(site: Site, scope: Scope, load_rules: LoadRules) -> None:
    load_rules(rule("a"))
    above = Matter(site.pk)
    opened(site, scope, 1, root=above)
    with moved_to(START + 3 * HOUR):
        tick()
    assert Event.objects.get(verb="clocks.breached").root_id == above.pk


@pytest.mark.django_db
def test_what_is_late_already_is_not_warned_of(site: Site, scope: Scope, load_rules: LoadRules) -> None:
    load_rules(rule("a", WARN))
    opened(site, scope, 3)
    with moved_to(START + 3 * HOUR):
        assert tick() == Counts(breached=3)


@pytest.mark.django_db
def test_an_idle_tick_is_one_query_that_writes_nothing(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    load_rules(rule("a"))
    opened(site, scope, 5)
    with moved_to(START + HOUR), CaptureQueriesContext(connection) as queries:
        assert tick() == Counts()
    assert [query["sql"].split()[0] for query in queries] == ["SELECT"]
    plan = Clock.objects.filter(wake_at__lt=START).order_by("wake_at").values("pk")[:1].explain()
    assert connection.vendor != "sqlite" or "clocks_clock_wake" in plan


@pytest.mark.django_db
def test_a_tick_takes_no_more_than_its_batch(site: Site, scope: Scope, load_rules: LoadRules) -> None:
    load_rules(rule("a"))
    opened(site, scope, 7)
    with moved_to(START + 3 * HOUR):
        assert [tick(3).total for _ in range(4)] == [3, 3, 1, 0]
    assert set(told("clocks.breached").values()) == {1}


@pytest.mark.django_db
def test_the_statements_of_a_tick_do_not_grow_with_what_is_due(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    load_rules(rule("a"))
    opened(site, scope, 60)
    with moved_to(START + 3 * HOUR), CaptureQueriesContext(connection) as queries:
        assert tick().breached == 60
    # Django asks SQLite once per connection whether it knows JSON.
    ours = [query["sql"] for query in queries if not re.search("SAVEPOINT|SELECT JSON", query["sql"])]
    words = [one.split()[0] for one in ours]
    assert words[:3] == ["SELECT", "SELECT", "UPDATE"]
    assert words[3:] == ["INSERT"] * (1 + len(REACTIONS.get("clocks.breached", ())))


@pytest.mark.django_db
def test_the_worker_knows_the_ticker() -> None:
    assert JOBS["huiyin.engines.clocks.jobs.run_due"].run() == 0


@pytest.mark.django_db(transaction=True)
def test_three_tickers_at_once_make_no_doubles(load_rules: LoadRules, site: Site, scope: Scope) -> None:
    load_rules(rule("a", WARN))
    due = {matter.pk for matter in opened(site, scope, 240)}
    start = threading.Barrier(4)
    totals: list[int] = []
    failed: list[Exception] = []

    def work() -> None:
        start.wait()
        total = 0
        try:
            while (done := tick(7).total) or any_due():
                total += done
            totals.append(total)
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    start.wait()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sum(totals) == len(due)
    assert Counter(Event.objects.filter(verb="clocks.breached").values_list("root_id", flat=True)) == Counter(
        due
    )
    assert {name: found for name, check in CHECKS.items() if (found := check())} == {}


def any_due() -> bool:
    with use(system_scope("test")):
        return bool(Clock.objects.filter(wake_at__isnull=False).exists())


@pytest.mark.django_db(transaction=True)
def test_stopping_while_tickers_run_leaves_every_verdict_true(
    load_rules: LoadRules, site: Site, scope: Scope
) -> None:
    load_rules(rule("a", WARN))
    matters = opened(site, scope, 60)
    failed: list[Exception] = []
    ended = threading.Event()

    def ticking() -> None:
        try:
            while not ended.is_set():
                tick(5)
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    def stopping() -> None:
        try:
            with use(system_scope("test")) as own:
                for number, matter in enumerate(matters):
                    with moved_to(START + (HOUR if number % 2 else 3 * HOUR)):
                        matter.happens("answered", own)
        except Exception as error:
            failed.append(error)
        finally:
            ended.set()
            connections.close_all()

    threads = [threading.Thread(target=target) for target in (ticking, ticking, stopping)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    verdicts = {clock.subject_id: clock.verdict for clock in Clock.objects.all()}
    assert verdicts == {one.pk: "kept" if number % 2 else "late" for number, one in enumerate(matters)}
    assert max(told("clocks.breached").values(), default=1) == 1
    assert {name: found for name, check in CHECKS.items() if (found := check())} == {}


KILLED = """
    import os, sys, time
    import django
    django.setup()
    from huiyin.engines.clocks import jobs
    real = jobs.tell
    def stuck(*args, **kwargs):
        real(*args, **kwargs)
        print("half done", flush=True)
        time.sleep(60)
    jobs.tell = stuck
    jobs.tick()
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
def test_a_ticker_killed_in_the_middle_leaves_nothing_half_done(
    load_rules: LoadRules, site: Site, scope: Scope, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    load_rules(rule("a"))
    opened(site, scope, 20)
    connections.close_all()
    monkeypatch.setenv("DATABASE_URL", url_of_the_test_database())
    script = tmp_path / "killed.py"
    script.write_text(dedent(KILLED))
    monkeypatch.setenv("PYTHONPATH", ":".join([str(settings.ROOT), *filter(None, sys.path)]))
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, cwd=settings.ROOT, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half done\n"
        process.kill()
    assert told("clocks.breached") == {}
    assert Clock.objects.filter(breached_at=None, wake_at__isnull=False).count() == 20
    with use(system_scope("test")):
        assert jobs.tick() == Counts(breached=20)
    assert set(told("clocks.breached").values()) == {1}
