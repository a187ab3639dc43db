"""The rules a work calendar counts by, one example each."""

import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from huiyin.engines.clocks.calendar import NeverDue, Pause, WorkCalendar

WEEK = ("mon", "tue", "wed", "thu", "fri")
OFFICE: dict[str, Any] = {"weekly": {day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in WEEK}}
NIGHT: dict[str, Any] = {"weekly": {day: [["22:00", "06:00"]] for day in WEEK}}


def at(text: str, zone: str = "Asia/Shanghai") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def calendar(form: dict[str, Any], **more: Any) -> WorkCalendar:
    return WorkCalendar.from_dict(form | more)


def due(form: dict[str, Any], start: str, amount: float, unit: str, *pauses: Pause, **more: Any) -> str:
    made = calendar(form)
    local = made.due(at(start, made.timezone.key), amount, unit, pauses, **more).astimezone(made.timezone)
    return local.strftime("%Y-%m-%d %H:%M" + (":%S" if local.second else ""))


def test_the_lunch_break_does_not_count() -> None:
    assert due(OFFICE, "2026-03-04 11:30", 1, "working_hours") == "2026-03-04 13:30"


def test_a_limit_that_ends_at_closing_time_is_due_at_closing_time() -> None:
    assert due(OFFICE, "2026-03-04 10:00", 7, "working_hours") == "2026-03-04 18:00"
    assert due(OFFICE, "2026-03-04 11:00", 60, "working_minutes") == "2026-03-04 12:00"


def test_counted_backwards_a_limit_ends_at_opening_time() -> None:
    assert due(OFFICE, "2026-03-04 18:30", -8, "working_hours") == "2026-03-04 09:00"


def test_a_limit_of_nothing_is_due_at_its_start_even_outside_hours() -> None:
    for unit in ("minutes", "days", "working_minutes", "working_days"):
        assert due(OFFICE, "2026-03-07 03:00", 0, unit) == "2026-03-07 03:00"


def test_working_days_keep_the_time_of_day_and_skip_days_without_hours() -> None:
    assert due(OFFICE, "2026-03-06 10:20", 1, "working_days") == "2026-03-09 10:20"
    assert due(OFFICE, "2026-03-06 20:00", 2, "working_days") == "2026-03-10 20:00"
    assert due(OFFICE, "2026-03-07 10:20", 1, "working_days") == "2026-03-09 10:20"
    assert due(OFFICE, "2026-03-09 10:20", -1, "working_days") == "2026-03-06 10:20"


def test_a_make_up_day_works_by_the_hours_of_the_weekday_it_names() -> None:
    form = OFFICE | {
        "workdays": {"2026-03-07": "mon", "2026-03-08": [["10:00", "11:00"]]},
        "holidays": ["2026-03-09"],
    }
    assert due(form, "2026-03-06 17:00", 9, "working_hours") == "2026-03-07 18:00"
    assert due(form, "2026-03-06 17:00", 10, "working_hours") == "2026-03-08 11:00"
    assert due(form, "2026-03-06 17:00", 11, "working_hours") == "2026-03-10 10:00"
    assert due(form, "2026-03-06 17:00", 3, "working_days") == "2026-03-10 17:00"
    named = OFFICE | {"workdays": {date(2026, 3, 7): {"like": "fri", "name": "x"}}}
    assert calendar(named).is_working_day(date(2026, 3, 7))


def test_a_make_up_day_goes_before_a_holiday_of_every_year() -> None:
    made = calendar(OFFICE, yearly_holidays=["03-04", "12-25"], workdays={"2026-03-04": "wed"})
    assert made.is_working_day(date(2026, 3, 4))
    assert not made.is_working_day(date(2027, 3, 4))
    assert not made.is_working_day(date(2026, 12, 25))


def test_a_period_over_midnight_belongs_wholly_to_the_day_it_begins_on() -> None:
    form = NIGHT | {"holidays": ["2026-03-04"]}
    assert due(form, "2026-03-03 23:00", 7, "working_hours") == "2026-03-04 06:00"
    assert due(form, "2026-03-03 23:00", 8, "working_hours") == "2026-03-05 23:00"
    made = calendar(form)
    assert made.is_working(at("2026-03-04 05:59"))
    assert not made.is_working(at("2026-03-04 06:00"))
    assert not made.is_working_day(date(2026, 3, 4))
    assert made.is_working(at("2026-03-07 01:00"))
    assert not made.is_working_day(at("2026-03-07 01:00"))


def test_a_whole_day_ends_at_24_00() -> None:
    form = {"weekly": {"mon": [["00:00", "24:00"]], "tue": [["00:00", "24:00"]]}}
    assert due(form, "2026-03-02 08:00", 16, "working_hours") == "2026-03-03 00:00"
    assert due(form, "2026-03-02 08:00", 40, "working_hours") == "2026-03-04 00:00"
    assert due(form, "2026-03-02 08:00", 41, "working_hours") == "2026-03-09 01:00"
    assert due({"weekly": {"mon": [["18:00", "00:00"]]}}, "2026-03-02 08:00", 6, "working_hours") == (
        "2026-03-03 00:00"
    )


def test_end_of_day_is_the_closing_time_of_the_period_the_limit_ends_in() -> None:
    def end(form: dict[str, Any], start: str, amount: int, unit: str) -> str:
        return due(form, start, amount, unit, end_of_day=True)

    assert end(OFFICE, "2026-03-04 10:00", 3, "working_days") == "2026-03-09 18:00"
    assert end(OFFICE, "2026-03-04 20:00", 1, "working_days") == "2026-03-05 18:00"
    assert end(OFFICE, "2026-03-04 10:00", 8, "working_hours") == "2026-03-05 18:00"
    assert end(OFFICE, "2026-03-04 10:00", 7, "working_hours") == "2026-03-04 18:00"
    assert end(NIGHT, "2026-03-03 23:00", 4, "working_hours") == "2026-03-04 06:00"
    # On a day without hours: natural time ends at midnight, working time at the next closing time.
    assert end(OFFICE, "2026-03-06 10:00", 1, "days") == "2026-03-08 00:00"
    assert end(OFFICE, "2026-03-07 10:00", 0, "working_days") == "2026-03-09 18:00"
    # Round the clock, time that is used up at midnight belongs to the day that ends there.
    always = {"weekly": {day: [["00:00", "24:00"]] for day in WEEK}}
    assert end(always, "2026-03-02 08:00", 16, "working_hours") == "2026-03-03 00:00"
    assert end(always, "2026-03-02 00:00", 1, "working_days") == "2026-03-04 00:00"


def test_natural_days_follow_the_calendar_and_natural_hours_the_elapsed_time() -> None:
    berlin = OFFICE | {"timezone": "Europe/Berlin"}
    assert due(berlin, "2026-03-28 12:00", 1, "days") == "2026-03-29 12:00"
    assert due(berlin, "2026-03-28 12:00", 24, "hours") == "2026-03-29 13:00"
    assert due(berlin, "2026-10-24 12:00", 24, "hours") == "2026-10-25 11:00"
    assert due(berlin, "2026-10-26 12:00", -1, "days") == "2026-10-25 12:00"


def test_a_time_of_day_that_is_skipped_comes_later_and_one_that_comes_twice_is_the_first() -> None:
    berlin = calendar(OFFICE, timezone="Europe/Berlin")
    assert berlin.due(at("2026-03-28 02:30", "Europe/Berlin"), 1, "days") == datetime(
        2026, 3, 29, 1, 30, tzinfo=UTC
    )
    assert berlin.due(at("2026-10-24 02:30", "Europe/Berlin"), 1, "days") == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )


def test_a_night_shift_is_an_hour_shorter_or_longer_when_the_clocks_change() -> None:
    berlin = calendar({"timezone": "Europe/Berlin", "weekly": {"sat": [["22:00", "06:00"]]}})
    hours = [
        berlin.elapsed(
            at(f"{day} 12:00", "Europe/Berlin"), at(f"{day} 12:00", "Europe/Berlin") + timedelta(1)
        )
        / 3600
        for day in ("2026-03-21", "2026-03-28", "2026-10-24")
    ]
    assert hours == [8, 7, 9]


def test_hours_that_come_twice_are_worked_twice_and_a_closing_time_inside_splits_them() -> None:
    berlin = calendar({"timezone": "Europe/Berlin", "weekly": {"sun": [["00:00", "02:30"]]}})
    begin = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
    worked = [
        (i.start.hour, i.start.minute) for i in berlin.explain(begin, begin + timedelta(hours=6)) if i.counted
    ]
    assert worked == [(22, 0), (1, 0)]
    assert berlin.elapsed(begin, begin + timedelta(hours=6)) == 3 * 3600


def test_a_pause_stops_the_clock_only_inside_working_time() -> None:
    overnight = (at("2026-03-04 17:30"), at("2026-03-05 09:30"))
    lunch = (at("2026-03-04 12:00"), at("2026-03-04 13:00"))
    assert due(OFFICE, "2026-03-04 10:00", 8, "working_hours", overnight, lunch) == "2026-03-05 11:00"
    assert due(OFFICE, "2026-03-04 10:00", 8, "working_hours", lunch) == "2026-03-05 10:00"
    made = calendar(OFFICE)
    assert made.elapsed(at("2026-03-04 10:00"), at("2026-03-05 11:00"), [overnight]) == 8 * 3600


def test_overlapping_pauses_count_once_and_one_that_ends_before_it_begins_not_at_all() -> None:
    pauses = (
        (at("2026-03-04 11:00"), at("2026-03-04 15:00")),
        (at("2026-03-04 10:00"), at("2026-03-04 14:00")),
        (at("2026-03-04 17:00"), at("2026-03-04 16:00")),
    )
    assert due(OFFICE, "2026-03-04 09:00", 2, "working_hours", *pauses) == "2026-03-04 16:00"
    assert due(OFFICE, "2026-03-04 09:00", 2, "hours", *pauses) == "2026-03-04 16:00"


def test_a_pause_that_begins_when_the_limit_ends_comes_too_late() -> None:
    pause = (at("2026-03-04 11:00"), at("2026-03-04 17:00"))
    assert due(OFFICE, "2026-03-04 09:00", 2, "working_hours", pause) == "2026-03-04 11:00"
    assert due(OFFICE, "2026-03-04 09:00", 2, "hours", pause) == "2026-03-04 11:00"


def test_a_limit_in_working_days_is_moved_by_the_working_time_paused() -> None:
    pause = (at("2026-03-05 10:00"), at("2026-03-05 14:00"))
    assert due(OFFICE, "2026-03-04 10:00", 3, "working_days", pause) == "2026-03-09 14:00"
    outside = (at("2026-03-06 18:00"), at("2026-03-09 09:00"))
    assert due(OFFICE, "2026-03-04 10:00", 3, "working_days", outside) == "2026-03-09 10:00"
    whole_day = (at("2026-03-05 00:00"), at("2026-03-06 00:00"))
    assert due(OFFICE, "2026-03-04 10:00", 3, "working_days", whole_day) == "2026-03-10 10:00"
    over_the_end = (at("2026-03-09 09:30"), at("2026-03-09 17:00"))
    assert due(OFFICE, "2026-03-04 10:00", 3, "working_days", over_the_end) == "2026-03-09 17:30"
    assert due(OFFICE, "2026-03-09 10:00", -3, "working_days", pause) == "2026-03-03 16:00"


def test_a_limit_in_natural_time_is_moved_by_the_elapsed_time_paused() -> None:
    weekend = (at("2026-03-07 00:00"), at("2026-03-08 12:00"))
    assert due(OFFICE, "2026-03-06 10:00", 2, "days", weekend) == "2026-03-09 22:00"
    assert due(OFFICE, "2026-03-06 10:00", 48, "hours", weekend) == "2026-03-09 22:00"


def test_a_pause_that_is_still_open_stops_the_clock_for_good() -> None:
    made = calendar(OFFICE)
    open_pause = (at("2026-03-04 11:00"), None)
    assert made.elapsed(at("2026-03-04 09:00"), at("2026-03-20 09:00"), [open_pause]) == 2 * 3600
    assert made.due(at("2026-03-04 09:00"), 2, "working_hours", [open_pause]) == at("2026-03-04 11:00")
    for amount, unit in ((3, "working_hours"), (3, "hours"), (1, "days"), (1, "working_days")):
        with pytest.raises(NeverDue):
            made.due(at("2026-03-04 09:00"), amount, unit, [open_pause])


def test_an_end_before_its_start_counts_nothing() -> None:
    made = calendar(OFFICE)
    assert made.elapsed(at("2026-03-04 12:00"), at("2026-03-04 09:00")) == 0
    assert made.explain(at("2026-03-04 12:00"), at("2026-03-04 09:00")) == ()


def test_the_explanation_names_the_reason_of_every_stretch() -> None:
    form = OFFICE | {
        "holidays": {"2026-03-06": "Spring outing"},
        "workdays": {"2026-03-08": {"hours": [["10:00", "12:00"]], "name": "Make-up"}},
    }
    pause = (at("2026-03-05 14:00"), at("2026-03-05 15:00"), "customer away")
    told = calendar(form).explain(at("2026-03-05 08:00"), at("2026-03-08 13:00"), [pause])
    zone = ZoneInfo("Asia/Shanghai")
    assert [
        (i.start.astimezone(zone).strftime("%d %H:%M"), i.counted, i.reason, i.date.day, i.note) for i in told
    ] == [
        ("05 08:00", False, "before_opening", 5, ""),
        ("05 09:00", True, "working", 5, ""),
        ("05 12:00", False, "break", 5, ""),
        ("05 13:00", True, "working", 5, ""),
        ("05 14:00", False, "paused", 5, "customer away"),
        ("05 15:00", True, "working", 5, ""),
        ("05 18:00", False, "after_closing", 5, ""),
        ("06 00:00", False, "holiday", 6, "Spring outing"),
        ("07 00:00", False, "rest_day", 7, ""),
        ("08 00:00", False, "before_opening", 8, ""),
        ("08 10:00", True, "make_up_day", 8, "Make-up"),
        ("08 12:00", False, "after_closing", 8, ""),
    ]


def test_natural_time_is_explained_by_its_pauses_alone() -> None:
    pause = (at("2026-03-07 14:00"), at("2026-03-07 15:00"))
    told = calendar(OFFICE).explain(at("2026-03-07 12:00"), at("2026-03-08 12:00"), [pause], natural=True)
    assert [(i.counted, i.reason, i.seconds) for i in told] == [
        (True, "running", 7200),
        (False, "paused", 3600),
        (True, "running", 75600),
    ]


def test_round_the_clock_every_moment_is_working_time() -> None:
    always = WorkCalendar.always()
    assert always.due(at("2026-03-07 12:00"), 24, "working_hours") == at("2026-03-08 12:00")
    assert always.is_working(at("2026-01-01 00:00"))
    assert always.timezone.key == "Asia/Shanghai"


def test_amounts_may_be_broken_unless_they_are_days() -> None:
    assert due(OFFICE, "2026-03-04 09:00", 0.5, "working_hours") == "2026-03-04 09:30"
    assert due(OFFICE, "2026-03-04 09:00", 0.1, "hours") == "2026-03-04 09:06"
    made = calendar(OFFICE)
    assert made.due(at("2026-03-04 09:00"), Decimal("1.5"), "minutes") == at("2026-03-04 09:01:30")
    assert made.due(at("2026-03-04 09:00"), 2.0, "days") == at("2026-03-06 09:00")


def test_hours_may_have_seconds_and_starts_microseconds() -> None:
    form = {"weekly": {"wed": [["09:00:30", "10:00:15"]]}}
    assert due(form, "2026-03-04 08:00", 3585, "working_seconds") == "2026-03-04 10:00:15"
    begin = at("2026-03-04 09:59:59.999999")
    assert calendar(form).due(begin, 1, "working_seconds") == at("2026-03-04 10:00:00.999999")


def test_a_limit_beyond_ten_years_is_never_due() -> None:
    once = calendar({"weekly": {}, "workdays": {"2026-03-04": [["09:00", "17:00"]]}})
    start = at("2026-03-01 09:00")
    assert once.due(start, 8, "working_hours") == at("2026-03-04 17:00")
    assert once.due(start, 1, "working_days") == at("2026-03-04 09:00")
    for amount, unit in (
        (9, "working_hours"),
        (-1, "working_seconds"),
        (2, "working_days"),
        (-1, "working_days"),
        (3700, "days"),
        (-3700, "days"),
        (10**30, "seconds"),
        (10**30, "days"),
        (10**9, "working_hours"),
        (-(10**9), "hours"),
    ):
        with pytest.raises(NeverDue):
            once.due(start, amount, unit)


def test_moments_without_a_time_zone_and_unknown_units_are_refused() -> None:
    made = calendar(OFFICE)
    bare = datetime(2026, 3, 4, 9)  # noqa: DTZ001 - what is refused
    with pytest.raises(ValueError, match="start must be a date and time with a time zone"):
        made.due(bare, 1, "hours")
    with pytest.raises(ValueError, match="end must be"):
        made.elapsed(at("2026-03-04 09:00"), bare)
    with pytest.raises(ValueError, match="a pause must have"):
        made.due(at("2026-03-04 09:00"), 1, "hours", [(bare, None)])
    with pytest.raises(ValueError, match="years 1900 to 2200, not 202"):
        made.elapsed(at("0202-03-04 09:00"), at("2026-03-04 09:00"))
    with pytest.raises(ValueError, match="unknown unit 'fortnights'; known are seconds"):
        made.due(at("2026-03-04 09:00"), 1, "fortnights")
    for amount in (float("nan"), float("inf"), True, "1", None):
        with pytest.raises(ValueError, match="the amount must be a number"):
            made.due(at("2026-03-04 09:00"), amount, "hours")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="must be whole"):
        made.due(at("2026-03-04 09:00"), 0.5, "working_days")


def test_a_pause_to_the_end_of_time_is_no_trouble() -> None:
    forever = (at("2026-03-04 11:00"), datetime.max.replace(tzinfo=UTC))
    assert due(OFFICE, "2026-03-04 09:00", 2, "working_hours", forever) == "2026-03-04 11:00"
    assert calendar(OFFICE).elapsed(at("2026-03-04 09:00"), at("2026-04-04 09:00"), [forever]) == 7200


def test_a_due_time_takes_microseconds() -> None:
    made, start = calendar(OFFICE), at("2026-03-04 09:00")

    def spent(amount: int, unit: str) -> float:
        began = time.perf_counter()
        for _i in range(200):
            made.due(start, amount, unit)
        return (time.perf_counter() - began) / 200

    # Ten times what it takes on a slow machine; the best of several runs, for a machine that is busy.
    assert min(spent(24, "hours") for _i in range(5)) < 50e-6
    assert min(spent(24, "working_hours") for _i in range(5)) < 200e-6
    assert min(spent(3, "working_days") for _i in range(5)) < 200e-6
