"""Clocks start, stop, are cancelled, come back and change hands with the events of what carries them."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huiyin.base.kit.inserting import gathered
from huiyin.base.kit.moment import moved_to
from huiyin.base.kit.scope import NoScope, Scope, use
from huiyin.base.org.models import Site, User
from huiyin.base.org.services import add_unit
from huiyin.base.trail.jobs import relay
from huiyin.base.trail.models import Delivery, Event
from huiyin.base.trail.registry import REACTIONS, on
from huiyin.base.trail.services import record, record_each
from huiyin.engines.clocks import services
from huiyin.engines.clocks.jobs import tick
from huiyin.engines.clocks.models import Clock, Duty
from huiyin.engines.clocks.selectors import of, running_at, running_for, running_of, why
from huiyin.engines.clocks.verify import CHECKS

from .conftest import START, LoadRules, Matter, rule

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def opened(site: Site, scope: Scope, at: datetime = START, **values: Any) -> Matter:
    matter = Matter(site.pk, **values)
    with moved_to(at):
        matter.happens("opened", scope)
    return matter


def only(matter: Matter, **conditions: Any) -> Clock:
    found: Clock = of(matter).get(**conditions)  # type: ignore[arg-type]
    return found


def violations() -> dict[str, int]:
    return {name: found for name, check in CHECKS.items() if (found := check())}


def statements(queries: CaptureQueriesContext) -> list[str]:
    """The beginnings of all statements, without savepoints and Django's question whether SQLite knows JSON."""
    ours = [query["sql"] for query in queries if not re.search("SAVEPOINT|SELECT JSON", query["sql"])]
    return [one.split("(")[0].strip()[:30] for one in ours]


def test_an_event_starts_a_clock_under_a_copy_of_its_rule(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    load_rules(rule("a", "  warn: {before: {value: 30, unit: minutes}}\n"))
    clock = only(opened(site, scope))
    assert (clock.kind, clock.run, clock.state, clock.verdict) == ("reply", 1, "running", None)
    assert (clock.started_at, clock.due_at, clock.original_due_at) == (
        START,
        START + 2 * HOUR,
        START + 2 * HOUR,
    )
    assert clock.warn_at == clock.wake_at == START + 1.5 * HOUR
    assert (clock.rule_code, clock.rule["clause"], clock.rule["pack"]) == ("a", "第 a 条", "base")
    load_rules(rule("a", limit="{value: 5, unit: minutes}"))
    clock.refresh_from_db()
    assert clock.due_at == START + 2 * HOUR, "what runs keeps the rule it started under"
    assert clock.rule["limit"] == {"value": 2, "unit": "hours"}


def test_opening_costs_one_insert_for_all_its_clocks_and_no_reading(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    load_rules(rule("a") + rule("b", clock="assign") + rule("c", clock="finish"))
    opened(site, scope)
    with CaptureQueriesContext(connection) as queries:
        matter = opened(site, scope)
    # SQLite, where a statement costs no round trip, writes its rows singly.
    times = 1 if connection.vendor == "postgresql" else 3
    assert statements(queries) == ['INSERT INTO "trail_event"', *['INSERT INTO "clocks_clock"'] * times]
    assert of(matter).count() == 3  # type: ignore[arg-type]


def test_events_of_no_concern_cost_nothing(site: Site, scope: Scope, load_rules: LoadRules) -> None:
    load_rules(rule("a"))
    matter = opened(site, scope)
    with CaptureQueriesContext(connection) as queries:
        matter.happens("noted", scope)
        record(site, "matters.answered", by=scope.actor)
    assert statements(queries) == ['INSERT INTO "trail_event"'] * 2


def test_without_a_rule_that_fits_there_is_no_clock(site: Site, scope: Scope, load_rules: LoadRules) -> None:
    load_rules(rule("a", when="{kind: [complaint]}"))
    assert not of(opened(site, scope)).exists()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"kind": "repair", "category": "repair.water.tap", "severity": "major"}, "water-major"),
        ({"kind": "repair", "category": "repair.water", "severity": "normal"}, "water"),
        ({"kind": "repair", "category": "repair.waterfall"}, "repair"),
        ({"kind": "repair", "category": ["repair", "repair.water", "tap"]}, "water"),
        ({"kind": "repair", "category": None}, "repair"),
        ({"kind": "complaint", "channel": "phone"}, "rest"),
        ({}, "rest"),
    ],
)
def test_the_first_rule_that_fits_wins(
    site: Site, scope: Scope, load_rules: LoadRules, facts: dict[str, Any], expected: str
) -> None:
    load_rules(
        rule("water-major", when="{category: [complaint, repair.water], severity: [serious, major]}")
        + rule("water", when="{category: [repair.water]}")
        + rule("repair", when="{kind: [repair]}")
        + rule("rest")
    )
    assert only(opened(site, scope, facts=facts)).rule_code == expected


def test_the_particular_layer_goes_before_the_general(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    load_rules(rule("general") + rule("also", clock="other"), "base")
    load_rules(rule("trade", when="{kind: [repair]}"), "industry")
    assert only(opened(site, scope), kind="reply").rule_code == "trade"
    load_rules(rule("here", when="{kind: [repair]}", limit="{value: 1, unit: hours}"), "site", site.code)
    company = site.unit.parent
    other = add_unit(company, kind="site", code="zhengtai", name="正泰", by=scope.actor).site
    assert only(opened(site, scope), kind="reply").rule_code == "here"
    assert only(opened(other, scope), kind="reply").rule_code == "trade"


def test_a_rule_overridden_keeps_its_place(site: Site, scope: Scope, load_rules: LoadRules) -> None:
    load_rules(rule("repair", when="{kind: [repair]}") + rule("rest"), "base")
    load_rules(rule("rest", limit="{value: 9, unit: days}"), "company")
    assert only(opened(site, scope)).rule_code == "repair"
    assert only(opened(site, scope, facts={})).due_at == START + timedelta(days=9)


def test_the_limit_counts_from_the_receipt_when_that_was_earlier(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    load_rules(rule("a"))
    clock = only(opened(site, scope, received_at=START - HOUR))
    assert (clock.started_at, clock.due_at) == (START - HOUR, START + HOUR)
    clock = only(opened(site, scope, received_at=START + HOUR))
    assert clock.started_at == START


@pytest.mark.parametrize(
    ("after", "verdict"), [(HOUR, "kept"), (2 * HOUR, "kept"), (2 * HOUR + timedelta(microseconds=1), "late")]
)
def test_the_verdict_is_frozen_when_the_clock_stops(
    site: Site, scope: Scope, load_rules: LoadRules, after: timedelta, verdict: str
) -> None:
    load_rules(rule("a"))
    matter = opened(site, scope)
    with moved_to(START + after):
        matter.happens("answered", scope)
    clock = only(matter)
    assert (clock.state, clock.stopped_at, clock.wake_at, clock.verdict) == (
        "stopped",
        START + after,
        None,
        verdict,
    )
    assert clock.breached_at == (None if verdict == "kept" else START + after)
    told = Event.objects.filter(verb="clocks.stopped")
    due = [datetime.fromisoformat(event.data["due_at"]) for event in told]
    assert due == ([] if verdict == "kept" else [clock.due_at])
    with moved_to(START + 9 * HOUR):
        matter.happens("answered", scope)
        assert tick().total == 0
    clock.refresh_from_db()
    assert (clock.stopped_at, clock.verdict) == (START + after, verdict)
    assert violations() == {}


def test_a_clock_stops_only_with_the_events_of_its_own_rule(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    load_rules(rule("a") + rule("b", clock="assign").replace("[matters.answered]", "[matters.assigned]"))
    matter = opened(site, scope)
    matter.happens("assigned", scope)
    assert {clock.kind: clock.state for clock in of(matter)} == {"reply": "running", "assign": "stopped"}  # type: ignore[arg-type]


def test_a_clock_hears_the_events_of_the_rule_it_started_under(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    load_rules(rule("a").replace("[matters.answered]", "[matters.gone]"))
    matter = opened(site, scope)
    load_rules(rule("a"))
    matter.happens("answered", scope)
    assert only(matter).is_running
    matter.happens("gone", scope)
    assert not only(matter).is_running


def test_reopening_starts_a_second_run_and_leaves_the_first_alone(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    load_rules(
        rule("a") + rule("b", clock="assign").replace("matters.opened, matters.reopened", "matters.opened")
    )
    matter = opened(site, scope)
    with moved_to(START + 3 * HOUR):
        matter.happens("answered", scope)
    before = Clock.objects.filter(run=1, kind="reply").values().get()
    with moved_to(START + 5 * HOUR):
        matter.happens("reopened", scope)
    assert Clock.objects.filter(run=1, kind="reply").values().get() == before
    second = only(matter, run=2)
    assert (second.kind, second.started_at, second.due_at) == ("reply", START + 5 * HOUR, START + 7 * HOUR)
    assert of(matter).filter(kind="assign").count() == 1  # type: ignore[arg-type]
    with moved_to(START + 6 * HOUR):
        matter.happens("reopened", scope)
    assert of(matter).filter(kind="reply").count() == 2, "one that runs is left alone"  # type: ignore[arg-type]
    with moved_to(START + 6 * HOUR):
        matter.happens("answered", scope)
    assert [clock.verdict for clock in of(matter).filter(kind="reply")] == ["late", "kept"]  # type: ignore[arg-type]
    assert violations() == {}


def test_a_cancelled_clock_has_no_verdict_unless_it_was_late(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    load_rules(rule("a"))
    early, late = opened(site, scope), opened(site, scope)
    with moved_to(START + HOUR):
        early.happens("dropped", scope)
    with moved_to(START + 3 * HOUR):
        late.happens("dropped", scope)
    assert (only(early).state, only(early).verdict) == ("cancelled", None)
    assert (only(late).state, only(late).verdict) == ("cancelled", "late")
    assert violations() == {}


def test_a_breach_that_was_found_is_not_found_again_and_stands(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    load_rules(rule("a"))
    matter = opened(site, scope)
    with moved_to(START + 3 * HOUR):
        assert tick().breached == 1
        assert tick().total == 0
    with moved_to(START + 4 * HOUR):
        matter.happens("answered", scope)
    assert (only(matter).verdict, only(matter).breached_at) == ("late", START + 3 * HOUR)
    assert violations() == {}


def test_a_reply_recorded_later_with_its_true_time_is_judged_by_that_time(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    load_rules(rule("a"))
    matter = opened(site, scope)
    with moved_to(START + 3 * HOUR):
        assert tick().breached == 1
    with moved_to(START + HOUR):
        matter.happens("answered", scope)
    assert (only(matter).verdict, only(matter).breached_at) == ("kept", None)
    assert violations() == {}


def test_an_event_after_the_start_takes_one_reading_and_one_change(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    closing = rule("c", clock="finish").replace("[matters.opened, matters.reopened]", "[matters.answered]")
    load_rules(rule("a") + closing.replace("stops_on: [matters.answered]", "stops_on: [matters.gone]"))
    matter = opened(site, scope)
    with moved_to(START + HOUR), CaptureQueriesContext(connection) as queries:
        matter.happens("answered", scope)
    assert [one.split()[0] for one in statements(queries)] == ["INSERT", "SELECT", "UPDATE", "INSERT"]


def test_handing_over_changes_the_owner_of_what_runs(site: Site, scope: Scope, load_rules: LoadRules) -> None:
    load_rules(rule("a") + rule("b", clock="assign").replace("[matters.answered]", "[matters.assigned]"))
    alice, bob = (User.objects.create_user(name, name=name) for name in ("alice", "bob"))
    matter = opened(site, scope, responsible=alice.pk)
    assert {clock.owner for clock in of(matter)} == {alice}  # type: ignore[arg-type]
    matter.happens("assigned", scope)
    assert services.hand_over(matter, owner=bob.pk, by=scope.actor) == 1
    assert {clock.kind: clock.owner for clock in of(matter)} == {"assign": alice, "reply": bob}  # type: ignore[arg-type]
    assert [clock.subject_id for clock in running_of(bob.pk)] == [matter.pk]
    assert not running_of(alice.pk).exists()


def test_services_start_and_stop_without_events(site: Site, scope: Scope, load_rules: LoadRules) -> None:
    load_rules(
        rule("a")
        + rule("b", clock="visit").replace(
            "starts_on: [matters.opened, matters.reopened]", "starts_on: [matters.gone]"
        )
    )
    matter = Matter(site.pk)
    (clock,) = services.start(matter, kinds=["visit"], at=START, by=scope.actor)
    assert (clock.pk, clock.run, clock.due_at) == (only(matter).pk, 1, START + 2 * HOUR)
    assert services.start(matter, kinds=["visit", "nothing"], at=START, by=scope.actor) == []
    (stopped,) = services.stop(matter, kinds=["visit"], at=START + HOUR, by=scope.actor)
    assert (stopped.verdict, only(matter).verdict) == ("kept", "kept")
    assert services.start(matter, kinds=["visit"], at=START, by=scope.actor)[0].run == 2
    (cancelled,) = services.cancel(matter, at=START + HOUR, by=scope.actor)
    assert (cancelled.state, cancelled.verdict) == ("cancelled", None)
    with pytest.raises(ValueError, match="carries no clocks"):
        services.start(site, kinds=["visit"], by=scope.actor)
    assert violations() == {}


def test_a_run_cannot_be_there_twice(site: Site, scope: Scope, load_rules: LoadRules) -> None:
    load_rules(rule("a"))
    matter = opened(site, scope)
    with pytest.raises(IntegrityError), transaction.atomic():
        services.start(matter, kinds=["reply"], first=True, by=scope.actor)


def test_nothing_happens_to_clocks_when_the_command_is_undone(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    load_rules(rule("a"))
    matter = opened(site, scope)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        matter.happens("answered", scope)
        raise ZeroDivisionError
    assert only(matter).is_running


def test_clocks_held_back_with_other_rows_hear_the_next_event(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    load_rules(rule("a"))
    with transaction.atomic(), moved_to(START), gathered():
        matter = Matter(site.pk)
        matter.happens("opened", scope)
        matter.happens("answered", scope)
        services.hand_over(matter, owner=None, by=scope.actor)
    assert only(matter).verdict == "kept"


def test_running_clocks_of_many_rows_take_one_query(
    site: Site, scope: Scope, load_rules: LoadRules, django_assert_num_queries: Any
) -> None:
    load_rules(rule("a") + rule("b", clock="assign", limit="{value: 5, unit: minutes}"))
    matters: list[Any] = [opened(site, scope) for _ in range(5)]
    matters[0].happens("answered", scope)
    with django_assert_num_queries(1):
        found = running_for(matters)
    assert {pk: [clock.kind for clock in clocks] for pk, clocks in found.items()} == {
        matter.pk: [] if matter is matters[0] else ["assign", "reply"] for matter in matters
    }
    assert running_for([]) == {}
    assert running_at(site.pk).count() == 8
    with pytest.raises(ValueError, match="one table"):
        running_for([matters[0], site])


def test_clocks_of_other_sites_are_out_of_reach(site: Site, scope: Scope, load_rules: LoadRules) -> None:
    load_rules(rule("a"))
    matter = opened(site, scope)
    carol = Scope(scope.actor, sites=frozenset({site.pk + 1}))
    with use(carol):
        assert not of(matter).exists()  # type: ignore[arg-type]
        assert not running_at(site.pk).exists()


def test_outside_a_scope_no_clock_is_read() -> None:
    with pytest.raises(NoScope):
        Clock.objects.exists()


def test_why_explains_rule_limit_and_counted_time(site: Site, scope: Scope, load_rules: LoadRules) -> None:
    load_rules(rule("a"))
    matter = opened(site, scope)
    with moved_to(START + HOUR):
        answer = why(only(matter))
    assert (answer.name, answer.limit, answer.clause, answer.source) == (
        "Rule a",
        "2 hours",
        "第 a 条",
        ("001-090",),
    )
    assert (answer.rule_code, answer.pack, answer.version) == ("a", "base", "1")
    assert (answer.started_at, answer.original_due_at, answer.due_at) == (
        START,
        START + 2 * HOUR,
        START + 2 * HOUR,
    )
    assert answer.left == 3600
    assert [(one.start, one.end, one.counted, one.reason) for one in answer.intervals] == [
        (START, START + 2 * HOUR, True, "running")
    ]
    with moved_to(START + 3 * HOUR):
        matter.happens("answered", scope)
    answer = why(only(matter))
    assert (answer.verdict, answer.left, answer.intervals[-1].end) == ("late", None, START + 3 * HOUR)


def test_every_check_finds_what_it_looks_for(site: Site, scope: Scope, load_rules: LoadRules) -> None:
    load_rules(rule("a"))
    matters = [opened(site, scope) for _ in range(4)]
    with moved_to(START + HOUR):
        matters[0].happens("answered", scope)
    with moved_to(START + 5 * HOUR):
        tick()
    assert violations() == {}
    of(matters[0]).update(due_at=START)  # type: ignore[arg-type]
    of(matters[1]).update(breached_at=None)  # type: ignore[arg-type]
    of(matters[2]).update(original_due_at=START + HOUR, due_at=START + HOUR)  # type: ignore[arg-type]
    of(matters[3]).update(run=3)  # type: ignore[arg-type]
    told = Event.objects.get(verb="clocks.breached", subject_id=only(matters[3]).pk).data["due_at"]
    record_each(of(matters[3]), "clocks.breached", by=scope.actor, due_at=told)  # type: ignore[arg-type]
    record_each(of(matters[3]), "clocks.extended", by=scope.actor)  # type: ignore[arg-type]
    record_each(of(matters[3]), "clocks.paused", by=scope.actor)  # type: ignore[arg-type]
    for _again in range(2):
        record_each(of(matters[3]), "clocks.escalated", by=scope.actor, rung=1)  # type: ignore[arg-type]
    nobody_knows = User.objects.create(username="unrostered")
    Duty.objects.create(site=site, user=nobody_knows, starts_at=START, ends_at=START + HOUR)
    assert violations() == dict.fromkeys(CHECKS, 1)


def test_many_events_are_written_at_once_and_owed_to_reactions(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    load_rules(rule("a"))
    heard: list[int] = []

    @on("matters.noted")
    def remember(event: Event) -> None:
        heard.append(event.subject_id)

    @on("matters.noted", of=Site)
    def another(event: Event) -> None:
        raise AssertionError("asked for other tables alone")

    try:
        matters = [opened(site, scope) for _ in range(3)]
        rows = Clock.objects.filter(pk__in=[only(matter).pk for matter in matters])
        with CaptureQueriesContext(connection) as queries:
            number = record_each(
                rows,
                "matters.noted",
                by=scope.actor,
                root=("root_type", "root_id"),
                kind=F("kind"),
                word="到期",
                number=7,
                nothing=None,
            )
        assert number == 3
        assert statements(queries) == ['INSERT INTO "trail_event"'] + ['INSERT INTO "trail_delivery"'] * 2
        events = list(Event.objects.filter(verb="matters.noted").order_by("root_id"))
        assert [(one.root_type, one.root_id, one.site_id, one.actor_label) for one in events] == [
            ("tests.matter", matter.pk, site.pk, "test") for matter in matters
        ]
        assert {one.subject_type for one in events} == {"clocks.clock"}
        assert events[0].data == {"kind": "reply", "word": "到期", "number": 7, "nothing": None}
        assert Delivery.objects.filter(done_at=None).count() == 3
        assert heard == []
        assert relay() == 3
        assert sorted(heard) == sorted(one.subject_id for one in events)
        assert record_each(Clock.objects.none(), "matters.noted", by=scope.actor) == 0
        with pytest.raises(ValueError, match="unknown event verb"):
            record_each(rows, "matters.unheard", by=scope.actor)
    finally:
        del REACTIONS["matters.noted"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["assigned", "noted", "answered", "reopened", "dropped", "tick"]),
        st.integers(0, 200),
    ),
    max_size=14,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_in_any_order_of_events_the_invariants_hold_and_replay_gives_the_same(
    site: Site, scope: Scope, load_rules: LoadRules, steps: list[tuple[str, int]]
) -> None:
    if not Clock.objects.exists():
        load_rules(rule("a", "  warn: {before: {value: 30, unit: minutes}}\n"))
    matter = opened(site, scope)
    at = START
    runs: list[list[Any]] = [[START, None, None]]  # per run: started, ended, how
    for word, minutes in steps:
        at += timedelta(minutes=minutes)
        with moved_to(at):
            if word == "tick":
                tick()
            else:
                matter.happens(word, scope)
                if word in ("answered", "dropped") and runs[-1][1] is None:
                    runs[-1][1:] = [at, word]
                if word == "reopened" and runs[-1][1] is not None:
                    runs.append([at, None, None])
    clocks = list(of(matter))  # type: ignore[arg-type]
    assert len(clocks) == len(runs)
    for clock, (started, ended, how) in zip(clocks, runs, strict=True):
        due = started + 2 * HOUR
        late = ended is not None and ended > due
        expected = "late" if late else "kept" if how == "answered" else None
        assert (clock.started_at, clock.stopped_at, clock.original_due_at, clock.verdict) == (
            started,
            ended,
            due,
            expected,
        )
    assert violations() == {}
