"""Laws that hold for every calendar, start, amount and set of pauses, down to the microsecond."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from huiyin.engines.clocks.calendar import BadCalendar, Interval, NeverDue, Pause, WorkCalendar
from huiyin.engines.clocks.tests.oracle import WINDOW, random_plan

TICK = timedelta(microseconds=1)
ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Australia/Lord_Howe")
Asked = tuple[WorkCalendar, datetime]


@st.composite
def calendars(draw: st.DrawFn) -> Asked:
    """A calendar, and a moment in the weeks for which it has holidays and make-up days."""
    plan = random_plan(random.Random(draw(st.integers(0, 10**9))))
    try:
        calendar = WorkCalendar.from_dict(plan.pack_form())
    except BadCalendar:
        assume(False)
    first = datetime(plan.first.year, plan.first.month, plan.first.day, tzinfo=UTC)
    offset = draw(st.timedeltas(timedelta(0), timedelta(days=WINDOW)))
    return calendar, first + offset


spans = st.timedeltas(timedelta(0), timedelta(days=20))
seconds = st.integers(0, 400_000_000_000).map(lambda micros: micros / 1e6)


@st.composite
def stops(draw: st.DrawFn) -> list[tuple[timedelta, timedelta]]:
    one = st.tuples(
        st.timedeltas(timedelta(days=-5), timedelta(days=10)), st.timedeltas(timedelta(0), timedelta(days=4))
    )
    return draw(st.lists(one, max_size=4))


def pauses_of(start: datetime, stops: list[tuple[timedelta, timedelta]]) -> list[Pause]:
    return [(start + since, start + since + length) for since, length in stops]


def micros(value: float) -> int:
    return round(value * 1e6)


def due(calendar: WorkCalendar, start: datetime, amount: float, unit: str, pauses: list[Pause]) -> datetime:
    try:
        return calendar.due(start, amount, unit, pauses)
    except NeverDue:
        assume(False)
        raise


@given(calendars(), spans, spans, stops(), st.booleans())
def test_time_adds_up(
    asked: Asked, one: timedelta, two: timedelta, stops: list[tuple[timedelta, timedelta]], natural: bool
) -> None:
    calendar, start = asked
    pauses = pauses_of(start, stops)
    middle, end = start + one, start + one + two
    parts = calendar.elapsed(start, middle, pauses, natural), calendar.elapsed(middle, end, pauses, natural)
    assert micros(calendar.elapsed(start, end, pauses, natural)) == sum(map(micros, parts))
    assert 0 <= micros(parts[0]) <= one / TICK


@given(calendars(), seconds, stops(), st.booleans())
def test_a_limit_ends_at_the_first_moment_its_time_is_used_up(
    asked: Asked, amount: float, stops: list[tuple[timedelta, timedelta]], natural: bool
) -> None:
    calendar, start = asked
    pauses, unit = pauses_of(start, stops), "seconds" if natural else "working_seconds"
    end = due(calendar, start, amount, unit, pauses)
    assert micros(calendar.elapsed(start, end, pauses, natural)) == micros(amount)
    assert end == start or micros(calendar.elapsed(start, end - TICK, pauses, natural)) == micros(amount) - 1


@given(calendars(), seconds, stops(), st.booleans())
def test_backwards_a_limit_ends_at_the_last_moment_with_that_much_time_left(
    asked: Asked, amount: float, stops: list[tuple[timedelta, timedelta]], natural: bool
) -> None:
    calendar, start = asked
    pauses, unit = pauses_of(start, stops), "seconds" if natural else "working_seconds"
    end = due(calendar, start, -amount, unit, pauses)
    assert micros(calendar.elapsed(end, start, pauses, natural)) == micros(amount)
    assert end == start or micros(calendar.elapsed(end + TICK, start, pauses, natural)) == micros(amount) - 1


@given(calendars(), seconds, seconds, stops())
def test_a_limit_in_two_parts_ends_when_the_whole_does(
    asked: Asked, one: float, two: float, stops: list[tuple[timedelta, timedelta]]
) -> None:
    calendar, start = asked
    pauses = pauses_of(start, stops)
    middle = due(calendar, start, one, "working_seconds", pauses)
    whole = (micros(one) + micros(two)) / 1e6
    assume(two > 0)
    assert due(calendar, middle, two, "working_seconds", pauses) == due(
        calendar, start, whole, "working_seconds", pauses
    )


@given(calendars(), st.integers(-30, 30), st.integers(0, 10), spans, stops())
def test_more_time_or_a_later_start_never_ends_earlier(
    asked: Asked, amount: int, more: int, later: timedelta, stops: list[tuple[timedelta, timedelta]]
) -> None:
    calendar, start = asked
    pauses = pauses_of(start, stops)
    for unit in ("hours", "working_hours"):
        end = due(calendar, start, amount, unit, pauses)
        assert due(calendar, start, amount + more, unit, pauses) >= end
        assert due(calendar, start + later, amount, unit, pauses) >= end
    for unit in ("days", "working_days"):
        assert due(calendar, start, amount + more, unit, []) >= due(calendar, start, amount, unit, [])


@given(calendars(), spans, stops(), st.booleans())
def test_an_explanation_has_no_gaps_and_sums_up_to_the_time_used(
    asked: Asked, span: timedelta, stops: list[tuple[timedelta, timedelta]], natural: bool
) -> None:
    calendar, start = asked
    pauses, end = pauses_of(start, stops), start + span
    told = calendar.explain(start, end, pauses, natural)
    if span:
        assert (told[0].start, told[-1].end) == (start, end)
    assert all(one.end == two.start for one, two in pairwise(told))
    assert all(one.start < one.end for one in told)
    assert all(label(one) != label(two) for one, two in pairwise(told))
    used = sum(micros(interval.seconds) for interval in told if interval.counted)
    assert used == micros(calendar.elapsed(start, end, pauses, natural))


def label(interval: Interval) -> tuple[object, ...]:
    return interval.counted, interval.reason, interval.date, interval.note


@given(calendars(), st.integers(-400, 400), st.integers(0, 3))
def test_pauses_outside_working_time_move_no_limit_in_working_hours(
    asked: Asked, minutes: int, which: int
) -> None:
    calendar, start = asked
    around = calendar.explain(start - timedelta(days=3), start + timedelta(days=9))
    closed: list[Pause] = [(i.start, i.end) for i in around if not i.counted]
    pauses = closed[which::2] if which else closed
    plain = due(calendar, start, minutes, "working_minutes", [])
    assert due(calendar, start, minutes, "working_minutes", pauses) == plain


@given(calendars(), st.integers(-12, 12), stops())
def test_a_limit_in_days_leaves_as_much_time_with_pauses_as_without(
    asked: Asked, days: int, stops: list[tuple[timedelta, timedelta]]
) -> None:
    calendar, start = asked
    pauses = pauses_of(start, stops)
    for unit, natural in (("working_days", False), ("days", True)):
        plain, moved = due(calendar, start, days, unit, []), due(calendar, start, days, unit, pauses)
        low, high = min(start, plain), max(start, plain)
        first, last = min(start, moved), max(start, moved)
        assert calendar.elapsed(first, last, pauses, natural) == calendar.elapsed(low, high, (), natural)
        assert abs(moved - start) >= abs(plain - start)


@given(calendars(), st.integers(-40, 40), stops(), st.sampled_from(ZONES), st.randoms())
def test_order_of_pauses_and_time_zone_of_the_start_do_not_matter(
    asked: Asked,
    amount: int,
    stops: list[tuple[timedelta, timedelta]],
    zone: str,
    shuffle: random.Random,
) -> None:
    calendar, start = asked
    pauses = pauses_of(start, stops)
    mixed = pauses + pauses
    shuffle.shuffle(mixed)
    local = start.astimezone(ZoneInfo(zone))
    for unit in ("minutes", "hours", "working_minutes", "working_hours"):
        assert due(calendar, local, amount, unit, mixed) == due(calendar, start, amount, unit, pauses)


@given(calendars())
@settings(max_examples=200)
def test_a_moment_is_working_time_when_the_instant_after_it_counts(asked: Asked) -> None:
    calendar, at = asked
    for interval in calendar.explain(at, at + timedelta(days=3)):
        for moment in (interval.start, interval.end - TICK, interval.end):
            assert calendar.is_working(moment) is (calendar.elapsed(moment, moment + TICK) > 0)
        assert calendar.is_working(interval.start) is interval.counted


@given(calendars(), st.integers(-10, 10))
def test_the_end_of_a_day_is_a_closing_time(asked: Asked, amount: int) -> None:
    calendar, start = asked
    for unit in ("working_minutes", "working_days"):
        try:
            end = calendar.due(start, amount, unit, (), end_of_day=True)
        except NeverDue:
            assume(False)
        assert calendar.elapsed(end - TICK, end) > 0
        assert end == calendar.closing(calendar.explain(end - TICK, end)[0].date)
