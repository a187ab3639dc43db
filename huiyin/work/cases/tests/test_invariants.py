"""Whatever people do in whatever order: nothing falls silent, nothing is lost, history tells the state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from huiyin.base.kit.moment import moved_to
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.engines.clocks.models import Clock
from huiyin.work.cases import joining, services, verify
from huiyin.work.cases.models import Case, Incident
from huiyin.work.cases.selectors import replay
from huiyin.work.cases.services import TRACKED

from .conftest import Centre

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
who = st.sampled_from(["alice", "erin", "bob", "carol"])
pick = st.integers(0, 7)


class Days(RuleBasedStateMachine):
    """Four people at two sites do anything to up to eight cases while time passes."""

    centre: Centre

    def __init__(self) -> None:
        super().__init__()
        self.at = START
        self.cases: list[int] = []
        self.originals: dict[int, Any] = {}
        self.verdicts: dict[int, Any] = {}
        self.events = 0

    @contextmanager
    def as_(self, name: str) -> Iterator[Any]:
        with moved_to(self.at), use(self.centre.scope(getattr(self.centre, name))) as scope:
            yield scope.actor

    def attempt(self, name: str, act: Any) -> None:
        """Do it; a refusal must leave nothing behind, which the invariants then see."""
        with self.as_(name) as by:
            try:
                with transaction.atomic():
                    act(by)
            except (Refused, PermissionDenied, Case.DoesNotExist, Incident.DoesNotExist):
                pass

    def case(self, number: int) -> Case:
        return Case.objects.select_related("site__unit").get(pk=self.cases[number % len(self.cases)])

    @initialize()
    def first(self) -> None:
        self.register("alice", "repair", True)

    @precondition(lambda self: len(self.cases) < 8)
    @rule(name=who, kind=st.sampled_from(["repair", "emergency", "praise"]), phone=st.booleans())
    def register(self, name: str, kind: str, phone: bool) -> None:
        def act(by: Any) -> None:
            site = self.centre.other if name == "carol" else self.centre.site
            case = services.register(
                site, kind=kind, channel="phone" if phone else "counter", title="水管漏水", by=by
            )
            self.cases.append(case.pk)

        self.attempt(name, act)

    @rule(minutes=st.integers(1, 3000))
    def time_passes(self, minutes: int) -> None:
        self.at += timedelta(minutes=minutes)

    @rule(name=who, n=pick, to=st.sampled_from(["alice", "erin", "bob", "carol", "team"]))
    def assign(self, name: str, n: int, to: str) -> None:
        chosen = {"team": self.centre.team} if to == "team" else {"responsible": getattr(self.centre, to)}
        self.attempt(name, lambda by: services.assign(self.case(n), **chosen, by=by))

    @rule(name=who, n=pick, step=st.sampled_from(["begin", "resume", "close"]))
    def step(self, name: str, n: int, step: str) -> None:
        self.attempt(name, lambda by: getattr(services, step)(self.case(n), by=by))

    @rule(name=who, n=pick, hours=st.integers(-1, 48))
    def wait(self, name: str, n: int, hours: int) -> None:
        until = self.at + timedelta(hours=hours)
        self.attempt(name, lambda by: services.wait(self.case(n), reason="等客户", until=until, by=by))

    @rule(name=who, n=pick, text=st.sampled_from(["", "已修好", "明天上门"]))
    def answer(self, name: str, n: int, text: str) -> None:
        self.attempt(name, lambda by: services.answer(self.case(n), text=text, by=by))

    @rule(name=who, n=pick, words=st.sampled_from(["", "不在服务范围"]))
    def decline(self, name: str, n: int, words: str) -> None:
        self.attempt(
            name, lambda by: services.decline(self.case(n), reason="范围外", explanation=words, by=by)
        )

    @rule(name=who, n=pick)
    def cancel(self, name: str, n: int) -> None:
        self.attempt(name, lambda by: services.cancel(self.case(n), reason="误录", by=by))

    @rule(name=who, n=pick)
    def reopen(self, name: str, n: int) -> None:
        self.attempt(name, lambda by: services.reopen(self.case(n), reason="又坏了", by=by))

    @rule(
        name=who,
        n=pick,
        title=st.sampled_from(["厨房漏水", "客厅漏水", ""]),
        severity=st.sampled_from(["normal", "major"]),
    )
    def change(self, name: str, n: int, title: str, severity: str) -> None:
        self.attempt(name, lambda by: services.change(self.case(n), title=title, severity=severity, by=by))

    @rule(name=who, n=pick, m=pick)
    def merge(self, name: str, n: int, m: int) -> None:
        self.attempt(name, lambda by: joining.merge(self.case(n), into=self.case(m), by=by))

    @rule(name=who, n=pick)
    def unmerge(self, name: str, n: int) -> None:
        self.attempt(name, lambda by: joining.unmerge(self.case(n), by=by))

    @rule(name=who, ns=st.lists(pick, max_size=3))
    def incident(self, name: str, ns: list[int]) -> None:
        def act(by: Any) -> None:
            joining.open_incident(self.centre.site, title="停水", cases=[self.case(n) for n in ns], by=by)

        self.attempt(name, act)

    @rule(name=who)
    def answer_incident(self, name: str) -> None:
        def act(by: Any) -> None:
            joining.answer_incident(Incident.objects.latest("pk"), text="已恢复", by=by)

        self.attempt(name, act)

    @invariant()
    def nothing_is_violated(self) -> None:
        with use(system_scope("test")):
            found = {name: check() for name, check in verify.CHECKS.items()}
            assert not any(found.values()), found

    @invariant()
    def history_tells_the_whole_state(self) -> None:
        with use(system_scope("test")):
            for case in Case.objects.all():
                told = replay(case)
                assert {name: told.get(name) for name in TRACKED} == {
                    name: getattr(case, name) for name in TRACKED
                }

    @invariant()
    def original_limits_and_verdicts_never_move(self) -> None:
        with use(system_scope("test")):
            for clock in Clock.objects.all():
                assert self.originals.setdefault(clock.pk, clock.original_due_at) == clock.original_due_at
                if clock.verdict:
                    assert self.verdicts.setdefault(clock.pk, clock.verdict) == clock.verdict
            assert len(self.originals) == Clock.objects.count()


def test_any_order_of_work_keeps_the_invariants(centre: Centre) -> None:
    class InOneTransaction(Days):
        def __init__(self) -> None:
            super().__init__()
            self.savepoint = transaction.savepoint()

        def teardown(self) -> None:
            transaction.savepoint_rollback(self.savepoint)

    InOneTransaction.centre = centre
    run_state_machine_as_test(
        InOneTransaction,
        settings=settings(
            max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_the_checks_themselves_find_what_is_broken(centre: Centre) -> None:
    with use(centre.scope(centre.alice)) as scope:
        case = services.register(centre.site, kind="repair", channel="phone", title="漏水", by=scope.actor)
        Clock.objects.all().delete()
        assert verify.open_without_clock() == 1
        Case.objects.filter(pk=case.pk).update(title="篡改")
        assert verify.trail_against_rows() == 1
        with pytest.raises(Exception, match=r"(?i)constraint"), transaction.atomic():
            Case.objects.filter(pk=case.pk).update(responsible=None)
        with pytest.raises(Exception, match=r"(?i)constraint"), transaction.atomic():
            Case.objects.filter(pk=case.pk).update(state="closed")
