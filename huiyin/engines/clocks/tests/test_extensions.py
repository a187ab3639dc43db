"""More time moves the limit in force and never the original one; both verdicts are known."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from huiyin.base.kit.moment import moved_to
from huiyin.base.kit.scope import Actor, Scope
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Site, User
from huiyin.base.trail.models import Event
from huiyin.engines.clocks import services
from huiyin.engines.clocks.jobs import Counts, tick
from huiyin.engines.clocks.models import Clock, Extension
from huiyin.engines.clocks.selectors import why

from .conftest import START, LoadRules, Matter, rule
from .test_clocks import opened, violations

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
WARN = "  warn: {before: {value: 30, unit: minutes}}\n"


@pytest.fixture
def matter(site: Site, scope: Scope, load_rules: LoadRules) -> Matter:
    """Opened at START, to be answered within two hours, warned half an hour before."""
    load_rules(rule("a", WARN))
    return opened(site, scope)


@pytest.fixture
def head(scope: Scope) -> Actor:
    user = User.objects.create_user("head", name="王主任")
    return Actor(user.pk, user.name, "web")


def extend(matter: Matter, by: Actor, until: datetime, at: datetime = START + HOUR) -> Clock:
    with moved_to(at):
        clock: Clock = services.extend(matter, kind="reply", until=until, reason="等配件", by=by)
    return clock


def test_more_time_moves_the_limit_in_force_with_its_warning_and_is_told(matter: Matter, head: Actor) -> None:
    until = START + 10 * HOUR
    clock = extend(matter, head, until.astimezone(ZoneInfo("Asia/Shanghai")))
    clock.refresh_from_db()
    assert (clock.original_due_at, clock.due_at) == (START + 2 * HOUR, until)
    assert clock.warn_at == clock.wake_at == until - HOUR / 2
    (event,) = Event.objects.filter(verb="clocks.extended")
    assert (event.actor_id, event.root_id, event.data["reason"]) == (head.user_id, matter.pk, "等配件")
    assert datetime.fromisoformat(event.data["due_at"]) == until
    assert datetime.fromisoformat(event.data["due_before"]) == START + 2 * HOUR
    (one,) = why(clock).extensions
    assert (one.at, one.due_before, one.until) == (START + HOUR, START + 2 * HOUR, until)
    assert (one.reason, one.user_label) == ("等配件", "王主任")
    assert violations() == {}


@pytest.mark.parametrize(
    ("after", "verdicts"), [(2, ("kept", "kept")), (3, ("kept", "late")), (11, ("late", "late"))]
)
def test_both_verdicts_are_frozen_when_it_stops(
    matter: Matter, head: Actor, scope: Scope, after: int, verdicts: tuple[str, str]
) -> None:
    extend(matter, head, START + 10 * HOUR)
    with moved_to(START + after * HOUR):
        matter.happens("answered", scope)
    clock = Clock.objects.get()
    assert (clock.verdict, clock.original_verdict) == verdicts
    assert (why(clock).verdict, why(clock).original_verdict) == verdicts
    assert Event.objects.filter(verb="clocks.stopped").count() == (verdicts[0] == "late")
    assert violations() == {}


def test_a_cancelled_clock_keeps_that_its_original_limit_was_broken(
    matter: Matter, head: Actor, scope: Scope
) -> None:
    extend(matter, head, START + 10 * HOUR)
    with moved_to(START + 3 * HOUR):
        matter.happens("dropped", scope)
    clock = Clock.objects.get()
    assert (clock.state, clock.verdict, clock.original_verdict) == ("cancelled", None, "late")
    assert violations() == {}


def test_what_was_late_runs_in_time_again_and_is_found_late_once_more(matter: Matter, head: Actor) -> None:
    with moved_to(START + 3 * HOUR):
        assert tick() == Counts(breached=1)
    clock = extend(matter, head, START + 10 * HOUR, at=START + 4 * HOUR)
    assert (clock.breached_at, clock.wake_at) == (None, START + 9.5 * HOUR)
    found = []
    for minutes in (4.5 * 60, 9.5 * 60, 9.5 * 60 + 1, 600, 601, 999):
        with moved_to(START + timedelta(minutes=minutes)):
            found.append(tick().total)
    assert found == [0, 0, 1, 0, 1, 0]
    assert Event.objects.filter(verb="clocks.breached").count() == 2
    assert violations() == {}


def test_extensions_follow_each_other_without_a_gap(matter: Matter, head: Actor) -> None:
    for hours in (5, 9, 30):
        extend(matter, head, START + hours * HOUR)
    chain = Extension.objects.values_list("due_before", "until")
    assert [(before - START, until - START) for before, until in chain] == [
        (2 * HOUR, 5 * HOUR),
        (5 * HOUR, 9 * HOUR),
        (9 * HOUR, 30 * HOUR),
    ]
    assert violations() == {}
    Clock.objects.update(due_at=START + 31 * HOUR)
    Event.objects.filter(verb="clocks.extended").first().delete()  # type: ignore[union-attr]
    assert violations() == {"clock_extensions_stand": 1, "clock_due_moments_stand": 1}


@pytest.mark.parametrize(
    ("until", "reason", "at", "code"),
    [
        (START + 2 * HOUR, "x", START + HOUR, "not-later"),
        (START + 1.5 * HOUR, "x", START + HOUR, "not-later"),
        (START + 5 * HOUR, "x", START + 5 * HOUR, "until-passed"),
        (START + 5 * HOUR, "  ", START + HOUR, "no-reason"),
    ],
)
def test_refused_without_a_later_moment_and_a_reason(
    matter: Matter, head: Actor, until: datetime, reason: str, at: datetime, code: str
) -> None:
    with moved_to(at), pytest.raises(Refused) as refused:
        services.extend(matter, kind="reply", until=until, reason=reason, by=head)
    assert refused.value.code == code
    assert not Extension.objects.exists()


def test_refused_once_the_clock_has_ended_or_never_ran(matter: Matter, head: Actor, scope: Scope) -> None:
    matter.happens("answered", scope)
    for kind in ("reply", "other"):
        with pytest.raises(Refused) as refused:
            services.extend(matter, kind=kind, until=START + 5 * HOUR, reason="x", by=head)
        assert refused.value.code == "clock-ended"
