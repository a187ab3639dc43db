"""The kinds of limit handbooks set: when each ends, how it is written, and what is refused."""

import json
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiyin.engines.clocks.calendar import NeverDue, WorkCalendar
from huiyin.engines.clocks.limits import Agreed, BadLimit, Limit, NamedDay, Within

ZONE = ZoneInfo("Asia/Shanghai")
OFFICE = WorkCalendar.from_dict(
    {
        "weekly": {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
        "holidays": {"2026-05-01": "Labour Day", "2026-05-04": "Labour Day", "2026-05-05": "Labour Day"},
        "workdays": {"2026-05-09": "fri"},
    }
)
WEDNESDAY = "2026-03-04 10:20"

FORMS: list[dict[str, Any] | str] = [
    "30 minutes",
    "0.5 hours",
    "24 hours",
    "3 working days, end of day",
    "2 weeks before",
    "7 days, shift later",
    "1 month, shift earlier",
    "same day",
    "by 17:00",
    "next working day 10:30",
    "by wed 15:00",
    "by day 25, shift earlier",
    "by day 10 of next month",
    "by day 25 of this month 12:00, exclusive",
    "2 days before month end",
    "2 working days before month end",
    "by month end",
    "by 11-20, exclusive",
    "agreed, at most 7 working days, end of day",
    {"quarter_month": 3, "quarter_day": 25},
    {"day": 2, "working": False, "at": 1020, "shift": "later"},
    {"at_most": {"month_day": 5}},
]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def due(limit: dict[str, Any] | str, start: str = WEDNESDAY) -> str:
    return Limit.parse(limit).due(at(start), OFFICE).astimezone(ZONE).strftime("%Y-%m-%d %H:%M")


def test_an_amount_counts_in_natural_or_working_time() -> None:
    assert due("10 minutes") == "2026-03-04 10:30"
    assert due("24 hours") == "2026-03-05 10:20"
    assert due({"value": 3, "unit": "working_days"}) == "2026-03-09 10:20"
    assert due("3 working days, end of day") == "2026-03-09 18:00"
    assert due("9 working_hours") == "2026-03-05 10:20"
    assert due("1 week") == "2026-03-11 10:20"
    assert due("2 weeks before") == "2026-02-18 10:20"


def test_months_and_years_keep_the_day_or_take_the_last_of_a_short_month() -> None:
    assert due("1 month", "2026-01-31 10:00") == "2026-02-28 10:00"
    assert due("3 months before", "2026-05-31 10:00") == "2026-02-28 10:00"
    assert due("2 years", "2024-02-29 10:00") == "2026-02-28 10:00"
    assert due("1 month, end of day", "2026-03-20 10:00") == "2026-04-20 18:00"
    limit = Limit.parse("1 month")
    pause = (at("2026-02-01 00:00"), at("2026-02-03 12:00"))
    assert limit.due(at("2026-01-20 10:00:00.5"), OFFICE, [pause]) == at("2026-02-22 22:00:00.5")
    with pytest.raises(NeverDue):
        Limit.parse("11 years").due(at(WEDNESDAY), OFFICE)


def test_a_date_on_a_holiday_moves_by_either_of_the_two_opposite_rules() -> None:
    # 1 May 2026 is the Friday before a long weekend.
    assert due("7 days", "2026-04-25 10:00") == "2026-05-02 10:00"
    assert due("7 days, shift earlier", "2026-04-25 10:00") == "2026-04-30 10:00"
    assert due("7 days, shift later", "2026-04-25 10:00") == "2026-05-06 10:00"
    assert due("7 days, shift later, end of day", "2026-04-25 10:00") == "2026-05-06 18:00"
    assert due("7 days, shift later, end of day", "2026-04-22 10:00") == "2026-04-29 18:00"
    assert due("by day 2 of next month, shift earlier", "2026-04-25 10:00") == "2026-04-30 18:00"
    assert due("by day 2 of next month, shift later", "2026-04-25 10:00") == "2026-05-06 18:00"
    assert due("by day 9, shift earlier", "2026-05-06 10:00") == "2026-05-09 18:00"


def test_a_limit_after_its_start_is_not_shifted_to_before_it() -> None:
    assert due("1 day, shift earlier", "2026-03-07 10:00") == "2026-03-08 10:00"
    assert due("1 day, shift earlier", "2026-03-06 10:00") == "2026-03-06 10:00"
    assert due("1 day before, shift earlier", "2026-03-09 10:00") == "2026-03-06 10:00"


def test_pauses_move_an_amount_but_no_named_day() -> None:
    pause = (at("2026-03-04 12:00"), at("2026-03-04 15:00"))
    start = at(WEDNESDAY)
    assert Limit.parse("9 working hours").due(start, OFFICE, [pause]) == at("2026-03-05 13:20")
    assert Limit.parse("by day 25").due(start, OFFICE, [pause]) == at("2026-03-25 18:00")
    for form in FORMS:
        limit = Limit.parse(form)
        assert limit.moved_by_pauses is isinstance(limit, Within | Agreed)


def test_the_same_day_ends_at_closing_time_and_after_it_the_next_day_counts() -> None:
    assert due("same day") == "2026-03-04 18:00"
    assert due("by 17:00") == "2026-03-04 17:00"
    assert due("by 17:00", "2026-03-04 17:00") == "2026-03-04 17:00"
    assert due("by 17:00", "2026-03-04 17:01") == "2026-03-05 17:00"
    assert due("same day", "2026-03-06 19:00") == "2026-03-08 00:00"
    assert due("same working day", "2026-03-06 19:00") == "2026-03-09 18:00"
    assert due("same working day", "2026-03-07 19:00") == "2026-03-09 18:00"


def test_by_the_next_working_day() -> None:
    assert due("next working day", "2026-03-06 10:00") == "2026-03-09 18:00"
    assert due("next working day 10:30", "2026-03-07 10:00") == "2026-03-09 10:30"
    assert due("next day", "2026-03-06 10:00") == "2026-03-08 00:00"
    assert due({"day": 1, "shift": "later", "at": "12:00"}, "2026-03-06 10:00") == "2026-03-09 12:00"


def test_by_a_day_of_the_month_is_the_first_that_is_not_over() -> None:
    assert due("by day 25") == "2026-03-25 18:00"
    assert due("by day 25", "2026-03-25 18:00") == "2026-03-25 18:00"
    assert due("by day 25", "2026-03-25 18:01") == "2026-04-26 00:00"
    assert due("by day 25, shift earlier", "2026-04-24 19:00") == "2026-05-25 18:00"
    assert due("by day 25 of this month", "2026-03-28 10:00") == "2026-03-25 18:00"
    assert due("by day 10 of next month", "2026-12-28 10:00") == "2027-01-11 00:00"
    assert due("by day 31 12:00", "2026-04-01 10:00") == "2026-04-30 12:00"
    assert due("by day 1, exclusive", "2026-03-04 10:00") == "2026-03-31 18:00"


def test_days_before_the_month_ends() -> None:
    assert due("2 days before month end") == "2026-03-30 00:00"
    assert due("2 days before month end, shift earlier") == "2026-03-27 18:00"
    assert due("2 working days before month end") == "2026-03-27 18:00"
    assert due("0 working days before month end", "2026-05-20 10:00") == "2026-05-29 18:00"
    assert due("by month end 17:00", "2026-02-20 10:00") == "2026-02-28 17:00"


def test_by_a_day_of_the_week_the_quarter_and_the_year() -> None:
    assert due("by wed 15:00") == "2026-03-04 15:00"
    assert due("by wed 10:00") == "2026-03-11 10:00"
    assert due({"weekday": "mon", "at": "13:00", "ahead": 1}) == "2026-03-09 13:00"
    assert due({"quarter_month": 1, "quarter_day": 10}) == "2026-04-10 18:00"
    assert due({"quarter_month": 3, "quarter_day": 25}) == "2026-03-25 18:00"
    assert due("by 11-20") == "2026-11-20 18:00"
    assert due("by 11-20, exclusive", "2026-11-20 10:00") == "2027-11-19 18:00"
    assert due("by 02-29", "2025-02-01 10:00") == "2025-02-28 18:00"


def test_an_agreed_time_holds_up_to_the_latest_allowed() -> None:
    limit = Limit.parse("agreed, at most 7 working days")
    assert isinstance(limit, Agreed)
    start = at(WEDNESDAY)
    assert limit.due(start, OFFICE) == at("2026-03-13 10:20")
    assert limit.due(start, OFFICE, agreed=at("2026-03-10 14:00")) == at("2026-03-10 14:00")
    assert limit.due(start, OFFICE, agreed=at("2026-04-10 14:00")) == at("2026-03-13 10:20")


def test_a_warning_lies_an_amount_before_the_due_time() -> None:
    end = at("2026-03-09 10:00")
    assert Limit.parse("2 working hours").before(end, OFFICE) == at("2026-03-06 17:00")
    assert Limit.parse("2 hours").before(end, OFFICE) == at("2026-03-09 08:00")
    assert Limit.parse("1 month").before(end, OFFICE) == at("2026-02-09 10:00")
    with pytest.raises(ValueError, match="by_month_day names a day"):
        Limit.parse("by day 25").before(end, OFFICE)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_limit_is_read_back_from_its_description(form: dict[str, Any] | str) -> None:
    limit = Limit.parse(form)
    told = limit.describe()
    assert Limit.parse(json.loads(json.dumps(told))) == limit
    assert told["kind"] == limit.kind
    assert hash(limit) == hash(Limit.parse(told))


@given(st.sampled_from(FORMS), st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)))  # noqa: DTZ001
def test_a_limit_ends_after_its_start_on_a_day_it_may_end_on(
    form: dict[str, Any] | str, start: datetime
) -> None:
    limit, begin = Limit.parse(form), start.replace(tzinfo=ZONE)
    end = limit.due(begin, OFFICE)
    backwards = isinstance(limit, Within) and limit.value < 0
    late_from_birth = getattr(limit, "ahead", None) == 0
    assert backwards or late_from_birth or end >= begin
    if isinstance(limit, NamedDay) and getattr(limit, "shift", None):
        day: date = (OFFICE.local(end) - timedelta(microseconds=1)).date()
        assert OFFICE.is_working_day(day)


@pytest.mark.parametrize(
    ("form", "key"),
    [
        (None, "limit"),
        (5, "limit"),
        ("", "limit"),
        ("soon", "limit"),
        ("3", "limit"),
        ("by", "limit"),
        ("5 hours, foo", "limit"),
        ("5 hours 17:00", "limit"),
        ("3 fortnights", "unit"),
        ("1.5 days", "value"),
        ("by xyz", "weekday"),
        ("by day 32", "month_day"),
        ("by 25:00", "at"),
        ("by 13-01", "year_day"),
        ("28 days before month end", "before_month_end"),
        ("3 working days, shift later", "shift"),
        ("by day 3, end of day", "end_of_day"),
        ("agreed, at most soon", "at_most"),
        ({}, "limit"),
        ({"value": 1}, "unit"),
        ({"value": "x", "unit": "hours"}, "value"),
        ({"value": True, "unit": "hours"}, "value"),
        ({"value": float("nan"), "unit": "hours"}, "value"),
        ({"value": 1e300, "unit": "hours"}, "value"),
        ({"value": 1, "unit": ["hours"]}, "unit"),
        ({"value": 1, "unit": "hours", "month_day": 3}, "limit"),
        ({"value": 1, "unit": "hours", "end_of_day": "yes"}, "end_of_day"),
        ({"month_day": 3, "for": 1}, "for"),
        ({"month_day": 3, "shift": "sideways"}, "shift"),
        ({"month_day": 3, "ahead": -1}, "ahead"),
        ({"month_day": 3, "at": [9]}, "at"),
        ({"quarter_day": 3}, "quarter_month"),
        ({"day": -1}, "day"),
        ({"kind": "on_day", "value": 1, "unit": "hours"}, "kind"),
    ],
)
def test_what_is_no_limit_is_refused_with_the_key_that_is_wrong(form: Any, key: str) -> None:
    with pytest.raises(BadLimit) as refusal:
        Limit.parse(form)
    assert refusal.value.key == key
    assert str(refusal.value) == f"{key}: {refusal.value.message % refusal.value.params}"
