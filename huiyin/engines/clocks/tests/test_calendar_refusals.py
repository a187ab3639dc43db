"""Calendars that are refused, each with the key that is wrong."""

from datetime import date, datetime
from typing import Any

import pytest

from huiyin.engines.clocks.calendar import BadCalendar, WorkCalendar

GOOD: dict[str, Any] = {"weekly": {"mon": [["09:00", "18:00"]], "tue": [["09:00", "18:00"]]}}


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"weekday": {}}, "weekday"),
        ({1: 2}, "1"),
        ({"weekly": None}, "weekly"),
        ({"weekly": []}, "weekly"),
        ({"weekly": {}}, "weekly"),
        ({"weekly": {"mon": []}}, "weekly"),
        ({"weekly": {"monday": [["09:00", "18:00"]]}}, "weekly.monday"),
        ({"weekly": {"mon": "09:00-18:00"}}, "weekly.mon"),
        ({"weekly": {"mon": ["09:00", "18:00"]}}, "weekly.mon[0]"),
        ({"weekly": {"mon": [["09:00"]]}}, "weekly.mon[0]"),
        ({"weekly": {"mon": [["09:00", "18:00"], ["19:00", "25:00"]]}}, "weekly.mon[1]"),
        ({"weekly": {"mon": [["09:60", "18:00"]]}}, "weekly.mon[0]"),
        ({"weekly": {"mon": [["9", "18:00"]]}}, "weekly.mon[0]"),
        ({"weekly": {"mon": [[9.5, "18:00"]]}}, "weekly.mon[0]"),
        ({"weekly": {"mon": [[True, "18:00"]]}}, "weekly.mon[0]"),
        ({"weekly": {"mon": [[-60, "18:00"]]}}, "weekly.mon[0]"),
        ({"weekly": {"mon": [["09:00", "09:00"]]}}, "weekly.mon[0]"),
        ({"weekly": {"mon": [["24:00", "09:00"]]}}, "weekly.mon[0]"),
        ({"weekly": {"mon": [["09:00", "12:00"], ["11:59", "18:00"]]}}, "weekly.mon"),
        ({"weekly": {"mon": [["22:00", "06:00"], ["23:00", "24:00"]]}}, "weekly.mon"),
        ({"weekly": {"mon": [["22:00", "06:00"]], "tue": [["05:00", "09:00"]]}}, "weekly.tue"),
        ({"weekly": {"sun": [["22:00", "06:00"]], "mon": [["05:00", "09:00"]]}}, "weekly.mon"),
        ({"timezone": "Asia/Shangai"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"timezone": "Asia"}, "timezone"),
        ({"timezone": ""}, "timezone"),
        ({"timezone": "Asia/\0"}, "timezone"),
        ({"timezone": 8}, "timezone"),
        ({"holidays": "2026-01-01"}, "holidays"),
        ({"holidays": 20260101}, "holidays"),
        ({"holidays": ["2026-02-30"]}, "holidays[2026-02-30]"),
        ({"holidays": ["20260101"]}, "holidays[20260101]"),
        ({"holidays": [20260101]}, "holidays[0]"),
        ({"holidays": [{"date": "2026-01-01"}]}, "holidays[0]"),
        ({"holidays": [datetime(2026, 1, 1)]}, "holidays[2026-01-01 00:00:00]"),  # noqa: DTZ001
        ({"yearly_holidays": ["13-01"]}, "yearly_holidays[13-01]"),
        ({"yearly_holidays": ["2026-01-01"]}, "yearly_holidays[2026-01-01]"),
        ({"yearly_holidays": "01-01"}, "yearly_holidays"),
        ({"workdays": ["2026-01-04"]}, "workdays"),
        ({"workdays": {"2026-01-04": "monday"}}, "workdays.2026-01-04"),
        ({"workdays": {"2026-01-04": "sun"}}, "workdays.2026-01-04"),
        ({"workdays": {"2026-01-04": []}}, "workdays.2026-01-04"),
        ({"workdays": {"2026-01-04": None}}, "workdays.2026-01-04"),
        ({"workdays": {"2026-01-04": {}}}, "workdays.2026-01-04"),
        ({"workdays": {"2026-01-04": {"like": "mon", "hours": [["09:00", "10:00"]]}}}, "workdays.2026-01-04"),
        ({"workdays": {"2026-01-04": {"like": "mon", "for": "x"}}}, "workdays.2026-01-04.for"),
        ({"workdays": {"04.01.2026": "mon"}}, "workdays.04.01.2026"),
        ({"workdays": {"2026-01-05": "mon"}, "holidays": [date(2026, 1, 5)]}, "workdays.2026-01-05"),
        ({"workdays": {"2026-01-04": [["22:00", "10:00"]]}}, "workdays.2026-01-04"),
        (
            {"weekly": {"sat": [["22:00", "06:00"]]}, "workdays": {"2026-01-04": [["05:00", "10:00"]]}},
            "workdays.2026-01-04",
        ),
    ],
)
def test_a_bad_calendar_is_refused_with_the_key_that_is_wrong(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(BadCalendar) as refusal:
        WorkCalendar.from_dict(GOOD | changes)
    assert refusal.value.key == key
    assert str(refusal.value) == f"{key}: {refusal.value.message % refusal.value.params}"


@pytest.mark.parametrize("data", [None, [], "09:00-18:00", 7])
def test_what_is_no_mapping_is_refused(data: Any) -> None:
    with pytest.raises(BadCalendar, match=r"^calendar: must be a mapping"):
        WorkCalendar.from_dict(data)


def test_a_holiday_frees_the_hours_a_make_up_day_would_overlap() -> None:
    form = {
        "weekly": {"sat": [["22:00", "06:00"]]},
        "holidays": ["2026-01-03"],
        "workdays": {"2026-01-04": [["05:00", "10:00"]]},
    }
    assert WorkCalendar.from_dict(form).is_working_day(date(2026, 1, 4))


def test_times_that_yaml_turned_into_minutes_and_dates_are_understood() -> None:
    # PyYAML reads an unquoted 10:00 as 600 and 2026-01-01 as a date.
    made = WorkCalendar.from_dict(
        {"weekly": {"mon": [[600, 1080]], "thu": [["0:30", "9:00"]]}, "holidays": {date(2026, 1, 1): None}}
    )
    told = made.explain(
        datetime.fromisoformat("2026-01-01T00:00+08:00"), datetime.fromisoformat("2026-01-05T12:00+08:00")
    )
    assert [i.seconds for i in told if i.counted] == [7200]


def test_all_parts_but_the_weekly_hours_may_be_missing_or_empty() -> None:
    empty: dict[str, Any] = {
        "name": None,
        "timezone": None,
        "holidays": None,
        "yearly_holidays": [],
        "workdays": {},
    }
    assert WorkCalendar.from_dict(GOOD | empty).timezone.key == "Asia/Shanghai"
