"""A clock that rests loses no time, wakes nobody, and goes on by itself; the original limit stays."""

from datetime import timedelta
from typing import Any

import pytest

from huiyin.base.kit.moment import moved_to
from huiyin.base.kit.scope import Scope
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Site
from huiyin.base.trail.models import Event
from huiyin.engines.clocks import services
from huiyin.engines.clocks.jobs import Counts, tick
from huiyin.engines.clocks.models import Clock, Pause
from huiyin.engines.clocks.selectors import why

from .conftest import START, LoadRules, Matter, rule
from .test_calendars import OFFICE, at, calendar
from .test_clocks import only, opened, violations

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
WARN = "  warn: {before: {value: 30, unit: minutes}}\n"


@pytest.fixture
def matter(site: Site, scope: Scope, load_rules: LoadRules) -> Matter:
    load_rules(rule("a", WARN))
    return opened(site, scope)


def waits(matter: Matter, scope: Scope, begin: float, until: float, **data: Any) -> Clock:
    with moved_to(START + begin * HOUR):
        said = {"reason": "等业主回家", "agreed": True, "until": (START + until * HOUR).isoformat()} | data
        matter.happens("waiting", scope, **said)
    return only(matter)


def happens(matter: Matter, scope: Scope, word: str, after: float) -> Clock:
    with moved_to(START + after * HOUR):
        matter.happens(word, scope)
    return only(matter)


def ticked(after: float) -> Counts:
    with moved_to(START + after * HOUR):
        return tick()


def test_an_agreed_wait_moves_the_limit_by_the_time_it_lasted(matter: Matter, scope: Scope) -> None:
    clock = waits(matter, scope, 1, 9)
    assert (clock.state, clock.due_at, clock.wake_at) == ("paused", START + 10 * HOUR, START + 9 * HOUR)
    assert ticked(5) == Counts()
    clock = happens(matter, scope, "resumed", 6)
    assert (clock.state, clock.due_at, clock.wake_at) == ("running", START + 7 * HOUR, START + 6.5 * HOUR)
    assert clock.original_due_at == START + 2 * HOUR
    clock = happens(matter, scope, "answered", 6.5)
    assert (clock.verdict, clock.original_verdict) == ("kept", "late")
    told = why(clock)
    assert [(one.counted, one.reason, one.note, one.seconds) for one in told.intervals] == [
        (True, "running", "", 3600),
        (False, "paused", "等业主回家", 5 * 3600),
        (True, "running", "", 3600),
    ]
    assert [(one.agreed, one.reason) for one in told.pauses] == [(True, "等业主回家")]
    verbs = Event.objects.filter(verb__startswith="clocks.").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["clocks.paused", "clocks.resumed"]
    assert violations() == {}


@pytest.mark.parametrize(
    ("mode", "agreed", "rests"),
    [
        ("agreed", True, True),
        ("agreed", False, False),
        ("agreed", "yes", False),
        ("always", False, True),
        ("never", True, False),
    ],
)
def test_the_rule_says_whether_a_wait_lets_the_clock_rest(
    site: Site, scope: Scope, load_rules: LoadRules, mode: str, agreed: Any, rests: bool
) -> None:
    load_rules(rule("a", f"  pause: {mode}\n"))
    clock = waits(opened(site, scope), scope, 1, 9, agreed=agreed)
    assert (clock.state == "paused") == rests
    assert violations() == {}


def test_what_nobody_resumes_goes_on_by_itself(matter: Matter, scope: Scope) -> None:
    waits(matter, scope, 1, 9)
    assert ticked(9) == Counts()
    assert ticked(9.25) == Counts(resumed=1)
    clock = only(matter)
    assert (clock.state, clock.due_at, clock.wake_at) == ("running", START + 10 * HOUR, START + 9.5 * HOUR)
    assert Pause.objects.get().ended_at == START + 9 * HOUR
    assert [ticked(hour) for hour in (9.6, 11, 12)] == [Counts(warned=1), Counts(breached=1), Counts()]
    assert violations() == {}


def test_an_answer_ends_the_pause_first(matter: Matter, scope: Scope) -> None:
    waits(matter, scope, 1, 9)
    clock = happens(matter, scope, "answered", 8)
    assert (clock.verdict, clock.due_at, clock.stopped_at) == ("kept", START + 9 * HOUR, START + 8 * HOUR)
    assert Pause.objects.get().ended_at == START + 8 * HOUR
    assert violations() == {}


def test_waiting_longer_is_a_second_pause(matter: Matter, scope: Scope) -> None:
    waits(matter, scope, 1, 3)
    clock = waits(matter, scope, 2, 9)
    assert (clock.due_at, Pause.objects.count()) == (START + 10 * HOUR, 2)
    clock = waits(matter, scope, 4, 9, agreed=False)
    assert (clock.state, clock.due_at) == ("running", START + 5 * HOUR), "a wait nobody agreed to runs"
    assert violations() == {}


def test_what_is_late_cannot_rest(matter: Matter, scope: Scope) -> None:
    ticked(3)
    clock = waits(matter, scope, 4, 9)
    assert (clock.state, clock.due_at) == ("running", START + 2 * HOUR)
    assert not Pause.objects.exists()


def test_only_pauses_after_an_extension_move_it_on(matter: Matter, scope: Scope) -> None:
    waits(matter, scope, 0.5, 3)
    with moved_to(START + HOUR):
        services.extend(matter, kind="reply", until=START + 10 * HOUR, reason="x", by=scope.actor)
    clock = only(matter)
    assert (clock.state, clock.due_at, clock.wake_at) == ("paused", START + 10 * HOUR, START + 3 * HOUR)
    assert happens(matter, scope, "resumed", 2).due_at == START + 10 * HOUR
    assert waits(matter, scope, 4, 5).due_at == START + 11 * HOUR
    assert happens(matter, scope, "resumed", 4.5).due_at == START + 10.5 * HOUR
    assert violations() == {}


def test_a_pause_counts_only_inside_working_time(site: Site, scope: Scope, load_rules: LoadRules) -> None:
    load_rules(rule("a", limit="{value: 4, unit: working_hours}"), calendars=calendar(weekly=OFFICE))
    matter = opened(site, scope, at("2027-03-04 15:00"))
    with moved_to(at("2027-03-04 16:00")):
        until = at("2027-03-05 10:00").isoformat()
        matter.happens("waiting", scope, reason="x", agreed=True, until=until)
    clock = only(matter)
    assert clock.due_at == at("2027-03-05 13:00"), "an hour before closing and one after opening"
    assert violations() == {}


def test_a_day_that_is_named_does_not_move(site: Site, scope: Scope, load_rules: LoadRules) -> None:
    load_rules(rule("a", limit="{month_day: 25}"))
    clock = waits(opened(site, scope), scope, 1, 9)
    assert (clock.state, Pause.objects.count()) == ("running", 0)


def test_services_pause_and_resume_kinds_of_clocks(site: Site, scope: Scope, load_rules: LoadRules) -> None:
    load_rules(rule("a") + rule("b", clock="other"))
    matter = opened(site, scope)
    with moved_to(START + HOUR):
        until = START + 3 * HOUR
        said = {"until": until, "reason": "x", "agreed": True}
        assert [one.kind for one in services.pause(matter, kinds=["other"], by=scope.actor, **said)] == [
            "other"
        ]
        with pytest.raises(Refused):
            services.pause(matter, by=scope.actor, **{**said, "until": START})
        assert [one.kind for one in services.resume(matter, by=scope.actor)] == ["other"]
    assert violations() == {}


@pytest.mark.parametrize("until", [None, "soon", "2026-03-02T12:00:00"])
def test_a_wait_that_does_not_say_until_when_is_taken_as_it_is(
    matter: Matter, scope: Scope, until: str | None
) -> None:
    with moved_to(START + HOUR):
        matter.happens("waiting", scope, reason="x", agreed=True, until=until)
    clock = only(matter)
    assert clock.state == "paused"
    read = {"2026-03-02T12:00:00": START + 3 * HOUR}
    assert clock.wake_at == read.get(str(until), START + HOUR + timedelta(days=366))
