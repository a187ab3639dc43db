"""Reading calendars and limits from pack data: times of day, dates, periods, and errors that name the key."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple, NoReturn, TypeAlias
from zoneinfo import ZoneInfo

DEFAULT_ZONE = "Asia/Shanghai"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CALENDAR_KEYS = ("name", "timezone", "weekly", "holidays", "yearly_holidays", "workdays")
DAY_SECONDS = 86_400

Hours: TypeAlias = tuple[tuple[int, int], ...]
"""Periods of one day in order, in seconds since its midnight; over midnight they end after 86400."""

_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_MONTH_DAY = re.compile(r"(?:--)?(\d{2})-(\d{2})")


def _(message: str) -> str:
    """Mark a message for translation: who shows an error translates `message`, then fills in `params`."""
    return message


class BadEntry(ValueError):
    """A pack entry that cannot be used: `key` is its path, `message % params` what is wrong with it."""

    def __init__(self, key: str, message: str, **params: object) -> None:
        self.key, self.message, self.params = key, message, params
        super().__init__(f"{key}: {message % params}")


class BadCalendar(BadEntry):
    """A calendar that contradicts itself or cannot be read."""


class CalendarParts(NamedTuple):
    """A calendar as read: hours per weekday, and per date what differs from them, each with its name."""

    timezone: ZoneInfo
    weekly: tuple[Hours, ...]
    holidays: dict[date, str]
    yearly_holidays: dict[tuple[int, int], str]
    workdays: dict[date, tuple[Hours, str]]
    name: str


def read_calendar(data: Mapping[str, Any]) -> CalendarParts:
    """The parts of a calendar; what is refused (`BadCalendar`) stands at `WorkCalendar.from_dict`."""
    if not isinstance(data, Mapping):
        raise BadCalendar(
            "calendar", _("must be a mapping with the keys %(keys)s"), keys=_listed(CALENDAR_KEYS)
        )
    for key in data:
        if key not in CALENDAR_KEYS:
            raise BadCalendar(
                str(key), _("is not a key of a calendar; known are %(keys)s"), keys=_listed(CALENDAR_KEYS)
            )
    weekly = _weekly(data.get("weekly"))
    holidays = {
        _date(f"holidays[{day}]", day): note for day, note in _named("holidays", data.get("holidays")).items()
    }
    yearly = {
        read_month_day(f"yearly_holidays[{day}]", day, BadCalendar): note
        for day, note in _named("yearly_holidays", data.get("yearly_holidays")).items()
    }
    workdays = _workdays(data.get("workdays"), weekly)
    parts = CalendarParts(
        _zone(data.get("timezone")), weekly, holidays, yearly, workdays, str(data.get("name") or "")
    )
    _check_together(parts)
    return parts


def read_time(key: str, value: object, error: type[BadEntry]) -> int:
    """Seconds since midnight of `HH:MM[:SS]`; a whole number is minutes (YAML reads 18:00 as 1080)."""
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    seconds = -1
    if found:
        hours, minutes, rest = (int(part or 0) for part in found.groups())
        if minutes < 60 and rest < 60:
            seconds = hours * 3600 + minutes * 60 + rest
    elif isinstance(value, int) and not isinstance(value, bool):
        seconds = value * 60
    if not 0 <= seconds <= DAY_SECONDS:
        raise error(key, _("%(value)s is not a time of day between 00:00 and 24:00"), value=repr(value))
    return seconds


def written_time(seconds: int) -> str:
    """`HH:MM` or, when there are seconds, `HH:MM:SS`: the reverse of `read_time`."""
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}"
    return f"{text}:{seconds % 60:02}" if seconds % 60 else text


def read_month_day(key: str, value: object, error: type[BadEntry]) -> tuple[int, int]:
    """Month and day of `MM-DD`; 02-29 exists in leap years only."""
    found = _MONTH_DAY.fullmatch(value.strip()) if isinstance(value, str) else None
    if found:
        month, day = int(found[1]), int(found[2])
        try:
            date(2000, month, day)
        except ValueError:
            pass
        else:
            return month, day
    raise error(key, _("%(value)s is not a day of the year; write MM-DD, in quotes"), value=repr(value))


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words)


def _zone(value: object) -> ZoneInfo:
    if value is None:
        value = DEFAULT_ZONE
    try:
        if isinstance(value, str):
            return ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        pass
    raise BadCalendar(
        "timezone",
        _("%(value)s is not a known time zone; write a name like Asia/Shanghai"),
        value=repr(value),
    )


def _date(key: str, value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            day = date.fromisoformat(value.strip())
        except ValueError:
            pass
        else:
            if value.strip() == day.isoformat():
                return day
    raise BadCalendar(key, _("%(value)s is not a date; write YYYY-MM-DD"), value=repr(value))


def _named(key: str, value: object) -> dict[object, str]:
    """Dates with their names, from a list of dates or a mapping of date to name."""
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return {day: "" if note is None else str(note) for day, note in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        for i, day in enumerate(value):
            if not isinstance(day, str | date):
                raise BadCalendar(f"{key}[{i}]", _("%(value)s is not a date"), value=repr(day))
        return dict.fromkeys(value, "")
    raise BadCalendar(key, _("must be a list of dates, or a mapping of date to name"))


def _weekly(value: object) -> tuple[Hours, ...]:
    if not isinstance(value, Mapping):
        raise BadCalendar(
            "weekly", _("must be a mapping of weekday to periods, like mon: [['09:00', '18:00']]")
        )
    for day in value:
        if day not in WEEKDAYS:
            raise BadCalendar(
                f"weekly.{day}", _("is not a weekday; known are %(days)s"), days=_listed(WEEKDAYS)
            )
    weekly = tuple(_hours(f"weekly.{day}", value.get(day)) for day in WEEKDAYS)
    for i, hours in enumerate(weekly):
        following = weekly[(i + 1) % 7]
        if _overlap(hours, following):
            _refuse_overlap(f"weekly.{WEEKDAYS[(i + 1) % 7]}")
    return weekly


def _hours(key: str, value: object) -> Hours:
    if value is None:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise BadCalendar(key, _("must be a list of periods, like [['09:00', '12:00'], ['13:00', '18:00']]"))
    periods = []
    for i, period in enumerate(value):
        at = f"{key}[{i}]"
        if not isinstance(period, Sequence) or isinstance(period, str) or len(period) != 2:
            raise BadCalendar(at, _("must be a period of two times, like ['09:00', '18:00']"))
        begin, end = (read_time(at, time, BadCalendar) for time in period)
        if begin in (end, DAY_SECONDS):
            raise BadCalendar(at, _("is empty; a whole day is ['00:00', '24:00']"))
        periods.append((begin, end if end > begin else end + DAY_SECONDS))
    periods.sort()
    for (_begin, end), (begin, _end) in pairwise(periods):
        if begin < end:
            _refuse_overlap(key)
    return tuple(periods)


def _overlap(hours: Hours, following: Hours) -> bool:
    """Whether the last period of a day runs into the hours of the day that follows."""
    return bool(hours and following and hours[-1][1] - DAY_SECONDS > following[0][0])


def _refuse_overlap(key: str) -> NoReturn:
    raise BadCalendar(key, _("has periods that overlap each other or the last period of the day before"))


def _workdays(value: object, weekly: tuple[Hours, ...]) -> dict[date, tuple[Hours, str]]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise BadCalendar(
            "workdays",
            _("must be a mapping of date to the weekday whose hours it has, or to its own periods"),
        )
    found = {}
    for day, work in value.items():
        key, note = f"workdays.{day}", ""
        if isinstance(work, Mapping):
            for word in work:
                if word not in ("like", "hours", "name"):
                    raise BadCalendar(f"{key}.{word}", _("is not known here; known are like, hours, name"))
            if ("like" in work) == ("hours" in work):
                raise BadCalendar(key, _("needs either like (a weekday) or hours (a list of periods)"))
            note = str(work.get("name") or "")
            work = work["like"] if "like" in work else work["hours"]
        if isinstance(work, str):
            if work not in WEEKDAYS:
                raise BadCalendar(
                    key,
                    _("%(value)s is not a weekday; known are %(days)s"),
                    value=work,
                    days=_listed(WEEKDAYS),
                )
            hours = weekly[WEEKDAYS.index(work)]
        else:
            hours = _hours(key, work)
        if not hours:
            raise BadCalendar(key, _("has no hours; a day without work belongs under holidays"))
        found[_date(key, day)] = (hours, note)
    return found


def _check_together(parts: CalendarParts) -> None:
    if not any(parts.weekly) and not parts.workdays:
        raise BadCalendar("weekly", _("holds no working time at all"))
    for day in parts.workdays:
        if day in parts.holidays:
            raise BadCalendar(f"workdays.{day}", _("is also among the holidays"))
    for day, (hours, _note) in parts.workdays.items():
        before, after = _hours_on(parts, day - timedelta(days=1)), _hours_on(parts, day + timedelta(days=1))
        if _overlap(before, hours) or _overlap(hours, after):
            _refuse_overlap(f"workdays.{day}")


def _hours_on(parts: CalendarParts, day: date) -> Hours:
    if day in parts.workdays:
        return parts.workdays[day][0]
    if day in parts.holidays or (day.month, day.day) in parts.yearly_holidays:
        return ()
    return parts.weekly[day.weekday()]
