"""Cases nobody of us wrote: due times of other products' tests and the official rest and make-up days."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from huiyin.engines.clocks.calendar import WorkCalendar

SharedData = Callable[[str], Path]
YEARS = (2023, 2024, 2025, 2026)


def moment(text: str, zone: ZoneInfo) -> datetime:
    return (
        datetime.fromisoformat(text)
        if text.endswith("Z")
        else datetime.fromisoformat(text).replace(tzinfo=zone)
    )


def answer(case: dict[str, Any], calendar: WorkCalendar) -> tuple[object, object]:
    zone = calendar.timezone
    pauses = [(moment(since, zone), moment(until, zone)) for since, until in case["pauses"]]
    start = moment(case["start"], zone)
    if case["kind"] == "elapsed":
        return calendar.elapsed(start, moment(case["end"], zone), pauses), case["expected_seconds"]
    limit = case["limit"]
    due = calendar.due(start, limit["value"], limit["unit"], pauses, bool(limit.get("end_of_day")))
    return due, moment(case["expected_due"], zone)


def test_every_case_of_other_products_that_agrees_with_the_plain_rule(shared_data: SharedData) -> None:
    cases = json.loads(shared_data("sla_cases_dev.json").read_text(encoding="utf-8"))
    asked = [case for case in cases if "calendar" in case and case["agrees_with_plain_rule"]]
    assert len(asked) >= 60
    wrong = []
    for case in asked:
        given, expected = answer(case, WorkCalendar.from_dict(case["calendar"]))
        if given != expected:
            wrong.append((case["id"], given, expected))
    assert wrong == []


def official(shared_data: SharedData, year: int) -> dict[date, bool]:
    days = json.loads(shared_data(f"holiday_cn/{year}.json").read_text(encoding="utf-8"))["days"]
    return {date.fromisoformat(day["date"]): day["isOffDay"] for day in days}


def chinese_calendar(days: dict[date, bool]) -> WorkCalendar:
    return WorkCalendar.from_dict(
        {
            "weekly": {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
            "holidays": [day for day, off in days.items() if off],
            "workdays": {day: "mon" for day, off in days.items() if not off},
        }
    )


@pytest.mark.parametrize("year", YEARS)
def test_rest_days_do_not_count_and_make_up_days_do(shared_data: SharedData, year: int) -> None:
    days = official(shared_data, year)
    calendar = chinese_calendar(days)
    assert not all(days.values())
    for number in range(366):
        day = date(year, 1, 1) + timedelta(days=number)
        works = not days[day] if day in days else day.weekday() < 5
        midnight = datetime(day.year, day.month, day.day, tzinfo=calendar.timezone)
        assert calendar.is_working_day(day) is works, day
        assert calendar.elapsed(midnight, midnight + timedelta(days=1)) == (9 * 3600 if works else 0), day


def test_a_limit_over_the_spring_festival_ends_on_the_make_up_sunday(shared_data: SharedData) -> None:
    calendar = chinese_calendar(official(shared_data, 2024))
    start = datetime(2024, 2, 9, 16, tzinfo=calendar.timezone)
    assert calendar.due(start, 4, "working_hours") == datetime(2024, 2, 18, 11, tzinfo=calendar.timezone)
    assert calendar.due(start, 1, "working_days") == datetime(2024, 2, 18, 16, tzinfo=calendar.timezone)
    back = datetime(2024, 2, 19, 16, tzinfo=calendar.timezone)
    assert calendar.due(back, -2, "working_days") == datetime(2024, 2, 9, 16, tzinfo=calendar.timezone)
