"""Whatever happens in whatever order: the trail gives the same verdicts again, the original limit never moves."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from huiyin.base.kit.moment import moved_to
from huiyin.base.kit.scope import Scope
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Site
from huiyin.base.trail.models import Event
from huiyin.engines.clocks import services, timing
from huiyin.engines.clocks.calendars import laid_out
from huiyin.engines.clocks.changes import reckon
from huiyin.engines.clocks.jobs import recount, tick
from huiyin.engines.clocks.limits import Limit
from huiyin.engines.clocks.models import CalendarVersion, Clock
from huiyin.engines.clocks.services import import_holidays
from huiyin.engines.clocks.timing import always
from huiyin.engines.clocks.verify import CHECKS

from .conftest import LoadRules, Matter
from .conftest import rule as limit_rule
from .test_calendars import FOLLOWS, calendar, holidays

pytestmark = pytest.mark.django_db

BEGIN = datetime(2027, 9, 27, 2, 0, tzinfo=UTC)
LADDER = "  ladder: [{begun: {value: 1, unit: hours}, to: [responsible]}, {after: {value: 5, unit: hours}, to: [responsible]}]\n"
WARN = "  warn: {before: {value: 30, unit: minutes}}\n"


def moment(text: Any) -> datetime:
    return datetime.fromisoformat(str(text))


def replayed(clock: Clock) -> tuple[datetime, datetime]:
    """The original limit and the one in force, from the start, the copied rule and the trail alone."""
    limit = Limit.parse(clock.rule["limit"])
    versions = {str(one): one for one in CalendarVersion.objects.all()}
    calendar = laid_out(clock.original_calendar.data) if clock.original_calendar else always()
    original = due = limit.due(clock.started_at, calendar)
    pauses: list[tuple[datetime, datetime, str]] = []
    extension: tuple[datetime, datetime] | None = None
    events = Event.objects.filter(subject_type="clocks.clock", subject_id=clock.pk).order_by("id")
    for event in events:
        data = event.data
        if data.get("calendar"):
            calendar = laid_out(versions[data["calendar"]].data)
        if event.verb == "clocks.paused":
            pauses.append((event.at, moment(data["until"]), data["reason"]))
        elif event.verb == "clocks.resumed":
            begun, _until, reason = pauses.pop()
            pauses.append((begun, moment(data["ended_at"]), reason))
        elif event.verb == "clocks.extended":
            extension = (event.at, moment(data["due_at"]))
        elif event.verb != "clocks.recounted":
            continue
        due = reckon(limit, calendar, clock.started_at, pauses, extension)
        if event.verb != "clocks.extended":
            assert due == moment(data["due_at"]), event.verb
    return original, due


class Clocks(RuleBasedStateMachine):
    """Two matters with three clocks each: working hours, working days, natural time."""

    site: Site
    scope: Scope

    def __init__(self) -> None:
        super().__init__()
        # Every example starts from the same database: what it did is undone, and what is kept of it forgotten.
        timing.forget()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.at = BEGIN
        self.originals: dict[int, datetime] = {}
        self.verdicts: dict[int, tuple[Any, Any]] = {}

    @initialize()
    def begin(self) -> None:
        self.matters = [Matter(self.site.pk), Matter(self.site.pk)]
        for matter in self.matters:
            self.happens(matter, "opened")

    def happens(self, matter: Matter, word: str, **data: Any) -> None:
        with moved_to(self.at):
            matter.happens(word, self.scope, **data)

    def running(self, matter: Matter) -> list[Clock]:
        return list(Clock.objects.filter(subject_id=matter.pk, stopped_at=None))

    @rule(minutes=st.integers(1, 3 * 24 * 60), ticks=st.booleans())
    def time_passes(self, minutes: int, ticks: bool) -> None:
        self.at += timedelta(minutes=minutes)
        while ticks:
            self.at += timedelta(microseconds=1)
            with moved_to(self.at):
                if not tick().total:
                    break

    @rule(which=st.integers(0, 1), hours=st.integers(1, 100), agreed=st.booleans())
    def waits(self, which: int, hours: int, agreed: bool) -> None:
        self.at += timedelta(seconds=1)
        until = (self.at + timedelta(hours=hours)).isoformat()
        self.happens(self.matters[which], "waiting", reason="等", agreed=agreed, until=until)

    @rule(
        which=st.integers(0, 1), word=st.sampled_from(["resumed", "answered", "reopened", "dropped", "noted"])
    )
    def something_happens(self, which: int, word: str) -> None:
        self.at += timedelta(seconds=1)
        self.happens(self.matters[which], word)

    @rule(
        which=st.integers(0, 1),
        kind=st.sampled_from(["hours", "days", "natural"]),
        hours=st.integers(-5, 200),
    )
    def more_time(self, which: int, kind: str, hours: int) -> None:
        self.at += timedelta(seconds=1)
        with moved_to(self.at):
            try:
                until = self.at + timedelta(hours=hours)
                services.extend(
                    self.matters[which], kind=kind, until=until, reason="缺件", by=self.scope.actor
                )
            except Refused as refused:
                assert refused.code in ("clock-ended", "until-passed", "not-later")

    @rule()
    def merges(self) -> None:
        """The clocks of a merged matter run on and end with those of the other one."""
        self.at += timedelta(seconds=1)
        for matter in self.matters:
            self.happens(matter, "answered")

    @precondition(lambda self: self.at < BEGIN + timedelta(days=60))
    @rule(off=st.sets(st.integers(0, 20), max_size=6), work=st.sets(st.integers(0, 20), max_size=3))
    def the_calendar_is_corrected(self, off: set[int], work: set[int]) -> None:
        self.at += timedelta(seconds=1)
        first = date(2027, 9, 28)
        days = [
            {"name": "更正", "date": (first + timedelta(days=one)).isoformat(), "isOffDay": one in off}
            for one in sorted(off | work)
        ]
        if not days:
            return
        with moved_to(self.at):
            import_holidays(None, data={"year": 2027, "days": days}, by=self.scope.actor)
            while recount():
                pass

    @invariant()
    def the_trail_gives_the_same(self) -> None:
        for clock in Clock.objects.filter(subject_id__in=[one.pk for one in getattr(self, "matters", ())]):
            assert self.originals.setdefault(clock.pk, clock.original_due_at) == clock.original_due_at
            original, due = replayed(clock)
            assert (original, due) == (clock.original_due_at, clock.due_at)
            if clock.stopped_at is None:
                continue
            late = [clock.stopped_at > one for one in (due, original)]
            kept = "kept" if clock.state == "stopped" else None
            verdicts = ("late" if late[0] else kept, "late" if late[1] else kept)
            assert (clock.verdict, clock.original_verdict) == verdicts
            assert self.verdicts.setdefault(clock.pk, verdicts) == verdicts, "what is frozen stays"

    def teardown(self) -> None:
        try:
            assert {name: found for name, check in CHECKS.items() if (found := check())} == {}
        finally:
            transaction.set_rollback(True)
            self.undone.__exit__(None, None, None)


def test_any_order_of_events_replays_to_the_same_verdicts(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    text = "".join(
        limit_rule(kind, WARN + LADDER, limit=limit, clock=kind)
        for kind, limit in (
            ("hours", "{value: 9, unit: working_hours}"),
            ("days", "{value: 3, unit: working_days, end_of_day: true}"),
            ("natural", "{value: 30, unit: hours}"),
        )
    )
    load_rules(text, calendars=calendar(more=FOLLOWS), holidays=holidays())
    Clocks.site, Clocks.scope = site, scope
    run_machine(
        Clocks,
        settings=settings(
            max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
