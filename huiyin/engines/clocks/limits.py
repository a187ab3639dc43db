"""The kinds of limit handbooks set, read from pack data: an amount of time, or a day the calendar names.

| as a mapping | as text |
|---|---|
| `{value: 3, unit: working_days, end_of_day: true}` | `3 working days, end of day` |
| `{value: -2, unit: weeks}` | `2 weeks before` |
| `{value: 7, unit: days, shift: later}` | `7 days, shift later` |
| `{day: 0}`, `{day: 0, at: "17:00"}` | `same day`, `by 17:00` |
| `{day: 1, working: true}` | `next working day` |
| `{weekday: wed, at: "15:00"}` | `by wed 15:00` |
| `{month_day: 25, shift: earlier}` | `by day 25, shift earlier` |
| `{month_day: 10, ahead: 1}` | `by day 10 of next month` |
| `{before_month_end: 2}` | `2 days before month end` |
| `{quarter_month: 1, quarter_day: 10}` | |
| `{year_day: "11-20", inclusive: false}` | `by 11-20, exclusive` |
| `{at_most: {value: 7, unit: working_days}}` | `agreed, at most 7 working days` |

A named day ends at its closing time, without hours at midnight; `at` sets another time. `shift` says what
becomes of a day that is no working day: `earlier` moves it to the last working day before, `later` to the
next one after. Pauses move an amount of time; a day that is named stays where it is.
"""

import re
from abc import ABC, abstractmethod
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, ClassVar, Self

from huiyin.engines.clocks.calendar import UNITS, NeverDue, Pause, WorkCalendar
from huiyin.engines.clocks.entries import WEEKDAYS, BadEntry, _, read_month_day, read_time, written_time

SHIFTS = ("earlier", "later")
LIMIT_UNITS = (*UNITS, "weeks", "months", "years")
_WHOLE_UNITS = ("days", "working_days", "weeks", "months", "years")
_MAX_PERIODS = 40


class BadLimit(BadEntry):
    """A limit that cannot be read."""


class Limit(ABC):
    """How long something may take, or by which day it must be done. Immutable; equal if it says the same."""

    __slots__ = ()
    kind: ClassVar[str]
    moved_by_pauses: ClassVar[bool] = False

    @staticmethod
    def parse(data: Mapping[str, Any] | str) -> "Limit":
        """A limit from a mapping or a text, in the forms shown at the top of the module.

        Refused (`BadLimit`, naming the key) when it is no known form, a key is unknown, missing or
        contradicts another, or a value cannot be read.
        """
        return _parse(data)

    @abstractmethod
    def due(self, start: datetime, calendar: WorkCalendar, pauses: Iterable[Pause] = ()) -> datetime:
        """The moment (UTC) it ends when it starts at `start`; pauses as in `WorkCalendar.due`.

        Refused (`NeverDue`) beyond ten years; (`ValueError`) when a moment has no time zone.
        """

    def before(self, end: datetime, calendar: WorkCalendar) -> datetime:
        """The moment (UTC) so long before `end`, for warnings: `2 working hours` before a due time.

        Refused (`ValueError`) by limits that name a day and no amount of time, and as in `due`.
        """
        return self._backwards().due(end, calendar)

    def describe(self) -> dict[str, Any]:
        """What it says, free of any language: its `kind` and every value. `parse` reads it back."""
        told: dict[str, Any] = {"kind": self.kind}
        for item in fields(self):  # type: ignore[arg-type]
            value = getattr(self, item.name)
            if isinstance(value, Limit):
                value = value.describe()
            elif item.name == "at" and value is not None:
                value = written_time(value)
            told[item.name] = value
        return told

    def _backwards(self) -> "Limit":
        raise ValueError(f"{self.kind} names a day; only an amount of time can be counted back")

    @classmethod
    @abstractmethod
    def _read(cls, entry: "_Entry") -> Self: ...


class NamedDay(Limit):
    """A limit that names a day: pauses do not move it, only an extension does."""

    __slots__ = ()

    def due(
        self,
        start: datetime,
        calendar: WorkCalendar,
        pauses: Iterable[Pause] = (),  # noqa: ARG002 - see above
    ) -> datetime:
        return self._end_from(start, calendar)

    @abstractmethod
    def _end_from(self, start: datetime, calendar: WorkCalendar) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Within(Limit):
    """An amount of time after the start, negative before it.

    Besides the units of the calendar there are natural weeks, months and years: the same time of day, and the
    last day of a month that is too short. `shift` is for natural units and keeps the time of day (with
    `end_of_day` the closing time); a limit after its start is never shifted to before it.
    """

    kind: ClassVar[str] = "within"
    moved_by_pauses: ClassVar[bool] = True

    value: int | float
    unit: str
    end_of_day: bool = False
    shift: str | None = None

    @classmethod
    def _read(cls, entry: "_Entry") -> Self:
        unit = entry.choice("unit", LIMIT_UNITS)
        if unit is None:
            raise BadLimit("unit", _("is missing; known are %(units)s"), units=", ".join(LIMIT_UNITS))
        shift = entry.choice("shift", SHIFTS)
        if shift and unit.startswith("working_"):
            raise BadLimit("shift", _("is for natural units; %(unit)s end in working time"), unit=unit)
        return cls(entry.number("value", whole=unit in _WHOLE_UNITS), unit, entry.flag("end_of_day"), shift)

    def due(self, start: datetime, calendar: WorkCalendar, pauses: Iterable[Pause] = ()) -> datetime:
        pauses = tuple(pauses)
        if self.shift is None:
            return self._plain(start, calendar, pauses, self.end_of_day)
        due = self._plain(start, calendar, pauses, False)
        local = calendar.local(due)
        day = _shifted(local.date(), calendar, self.shift)
        if day == local.date():
            return self._plain(start, calendar, pauses, self.end_of_day)
        moved = calendar.closing(day) if self.end_of_day else _same_time(calendar, local, day)
        if moved < start <= due:
            return self._plain(start, calendar, pauses, self.end_of_day)
        return moved

    def _backwards(self) -> Limit:
        return Within(-self.value, self.unit)

    def _plain(
        self, start: datetime, calendar: WorkCalendar, pauses: tuple[Pause, ...], end_of_day: bool
    ) -> datetime:
        value, unit = self.value, self.unit
        if unit == "weeks":
            value, unit = value * 7, "days"
        elif unit in ("months", "years"):
            local = calendar.local(start)
            months = int(value) * (12 if unit == "years" else 1)
            if abs(months) > 120:
                raise NeverDue(f"{value} {unit} are more than ten years")
            due = _same_time(calendar, local, _month_day(_month(local.date()) + months, local.day))
            value, unit = (due - start.astimezone(UTC)).total_seconds(), "seconds"
        return calendar.due(start, value, unit, pauses, end_of_day)


@dataclass(frozen=True, slots=True)
class OnDay(NamedDay):
    """On the day of the start (`day` 0) or so many natural or working days after it.

    `working` counts working days only; day 0 is then the first working day from the start on. When the time
    has already passed at the start (same day before 17:00, begun at 18:00), the next such day counts.
    """

    kind: ClassVar[str] = "on_day"

    day: int = 0
    working: bool = False
    at: int | None = None
    shift: str | None = None

    @classmethod
    def _read(cls, entry: "_Entry") -> Self:
        return cls(
            entry.whole("day", 0, 3650), entry.flag("working"), entry.time(), entry.choice("shift", SHIFTS)
        )

    def _end_from(self, start: datetime, calendar: WorkCalendar) -> datetime:
        return _first_from(start, (_end_of(day, calendar, self.at) for day in self._days(start, calendar)))

    def _days(self, start: datetime, calendar: WorkCalendar) -> Iterator[date]:
        today = calendar.local(start).date()
        if self.working:
            # Counted from the day before, the first working day from today on is number one.
            first = today - timedelta(days=1) if self.day == 0 else today
            for number in count(max(self.day, 1)):
                yield calendar.working_day(first, number)
        for number in count(self.day):
            yield _shifted(today + timedelta(days=number), calendar, self.shift)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurring(NamedDay):
    """A day that comes again every week, month, quarter or year.

    `ahead` none: the first one that is not over at the start; 0: the one of the start's own week, month …,
    even when it is over; 1: the following one. `inclusive` false: the day before is the last that is in time.
    """

    at: int | None = None
    shift: str | None = None
    ahead: int | None = None
    inclusive: bool = True

    @abstractmethod
    def _period(self, day: date) -> int:
        """Number of the week, month, quarter or year a date lies in."""

    @abstractmethod
    def _day(self, period: int) -> date:
        """The named day of that period."""

    def _end_from(self, start: datetime, calendar: WorkCalendar) -> datetime:
        period = self._period(calendar.local(start).date())
        if self.ahead is not None:
            return self._end(period + self.ahead, calendar)
        return _first_from(start, (self._end(period + i, calendar) for i in range(_MAX_PERIODS)))

    def _end(self, period: int, calendar: WorkCalendar) -> datetime:
        return self._end_of(self._day(period), calendar)

    def _end_of(self, day: date, calendar: WorkCalendar) -> datetime:
        day -= timedelta(days=0 if self.inclusive else 1)
        return _end_of(_shifted(day, calendar, self.shift), calendar, self.at)


@dataclass(frozen=True, slots=True)
class ByWeekday(Recurring):
    """By a day of the week."""

    kind: ClassVar[str] = "by_weekday"

    weekday: str

    @classmethod
    def _read(cls, entry: "_Entry") -> Self:
        return cls(str(entry.choice("weekday", WEEKDAYS)), **entry.recurring())

    def _period(self, day: date) -> int:
        return (day.toordinal() - 1) // 7

    def _day(self, period: int) -> date:
        return date.fromordinal(period * 7 + 1 + WEEKDAYS.index(self.weekday))


@dataclass(frozen=True, slots=True)
class ByMonthDay(Recurring):
    """By a day of the month; the last day where the month is shorter."""

    kind: ClassVar[str] = "by_month_day"

    month_day: int

    @classmethod
    def _read(cls, entry: "_Entry") -> Self:
        return cls(entry.whole("month_day", 1, 31), **entry.recurring())

    def _period(self, day: date) -> int:
        return _month(day)

    def _day(self, period: int) -> date:
        return _month_day(period, self.month_day)


@dataclass(frozen=True, slots=True)
class BeforeMonthEnd(Recurring):
    """So many days before the last day of the month; `working`: working days before the last one of them."""

    kind: ClassVar[str] = "before_month_end"

    before_month_end: int
    working: bool = False

    @classmethod
    def _read(cls, entry: "_Entry") -> Self:
        days = entry.whole("before_month_end", 0, 27)
        return cls(days, entry.flag("working"), **entry.recurring())

    def _period(self, day: date) -> int:
        return _month(day)

    def _day(self, period: int) -> date:
        return _month_day(period, 31) - timedelta(days=self.before_month_end)

    def _end(self, period: int, calendar: WorkCalendar) -> datetime:
        if not self.working:
            return self._end_of(self._day(period), calendar)
        day = calendar.working_day(_month_day(period + 1, 1), -self.before_month_end - 1)
        return self._end_of(day, calendar)


@dataclass(frozen=True, slots=True)
class ByQuarterDay(Recurring):
    """By a day of the first, second or third month of the quarter."""

    kind: ClassVar[str] = "by_quarter_day"

    quarter_day: int
    quarter_month: int

    @classmethod
    def _read(cls, entry: "_Entry") -> Self:
        return cls(entry.whole("quarter_day", 1, 31), entry.whole("quarter_month", 1, 3), **entry.recurring())

    def _period(self, day: date) -> int:
        return _month(day) // 3

    def _day(self, period: int) -> date:
        return _month_day(period * 3 + self.quarter_month - 1, self.quarter_day)


@dataclass(frozen=True, slots=True)
class ByYearDay(Recurring):
    """By a day of the year, `MM-DD`; 02-29 is the 28th where there is none."""

    kind: ClassVar[str] = "by_year_day"

    year_day: str

    @classmethod
    def _read(cls, entry: "_Entry") -> Self:
        month, day = read_month_day("year_day", entry.data["year_day"], BadLimit)
        return cls(f"{month:02}-{day:02}", **entry.recurring())

    def _period(self, day: date) -> int:
        return day.year

    def _day(self, period: int) -> date:
        month, day = map(int, self.year_day.split("-"))
        return _month_day(period * 12 + month - 1, day)


@dataclass(frozen=True, slots=True)
class Agreed(Limit):
    """A time agreed for the single matter, but not later than another limit."""

    kind: ClassVar[str] = "agreed"
    moved_by_pauses: ClassVar[bool] = True

    at_most: Limit

    @classmethod
    def _read(cls, entry: "_Entry") -> Self:
        return cls(_parse(entry.data["at_most"], "at_most"))

    def due(
        self,
        start: datetime,
        calendar: WorkCalendar,
        pauses: Iterable[Pause] = (),
        agreed: datetime | None = None,
    ) -> datetime:
        """The agreed time when there is one and it is early enough, else the end of `at_most` (UTC)."""
        last = self.at_most.due(start, calendar, pauses)
        return last if agreed is None else min(last, agreed.astimezone(UTC))


_KINDS: dict[str, type[Limit]] = {
    "value": Within,
    "day": OnDay,
    "weekday": ByWeekday,
    "month_day": ByMonthDay,
    "before_month_end": BeforeMonthEnd,
    "quarter_day": ByQuarterDay,
    "year_day": ByYearDay,
    "at_most": Agreed,
}


class _Entry:
    """The values of one limit, read with errors that name the key."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data

    def choice(self, key: str, known: tuple[str, ...]) -> str | None:
        value = self.data.get(key)
        if value is not None and (not isinstance(value, str) or value not in known):
            raise BadLimit(
                key,
                _("%(value)s is not known; known are %(known)s"),
                value=repr(value),
                known=", ".join(known),
            )
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.data.get(key)
        if value is not None and not isinstance(value, bool):
            raise BadLimit(key, _("%(value)s is neither true nor false"), value=repr(value))
        return default if value is None else value

    def number(self, key: str, whole: bool) -> int | float:
        value = self.data.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
            raise BadLimit(key, _("%(value)s is not a number"), value=repr(value))
        if value == int(value):
            return int(value)
        if whole:
            raise BadLimit(key, _("%(value)s is not whole; write parts of a day in hours"), value=repr(value))
        return value

    def whole(self, key: str, least: int, most: int) -> int:
        value = self.data.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise BadLimit(
                key,
                _("%(value)s is not a whole number from %(least)s to %(most)s"),
                value=repr(value),
                least=least,
                most=most,
            )
        return value

    def time(self) -> int | None:
        value = self.data.get("at")
        return None if value is None else read_time("at", value, BadLimit)

    def recurring(self) -> dict[str, Any]:
        ahead = self.data.get("ahead")
        return {
            "at": self.time(),
            "shift": self.choice("shift", SHIFTS),
            "ahead": None if ahead is None else self.whole("ahead", 0, 12),
            "inclusive": self.flag("inclusive", default=True),
        }


def _parse(data: Mapping[str, Any] | str, key: str = "limit") -> Limit:
    if isinstance(data, str):
        data = _from_text(key, data)
    if not isinstance(data, Mapping):
        raise BadLimit(key, _("must be a text like '3 working days' or a mapping"))
    found = [word for word in _KINDS if data.get(word) is not None]
    if len(found) != 1:
        raise BadLimit(key, _("needs exactly one of %(keys)s"), keys=", ".join(_KINDS))
    form = _KINDS[found[0]]
    known = ("kind", *(item.name for item in fields(form)))  # type: ignore[arg-type]
    for word in data:
        if word not in known:
            raise BadLimit(
                str(word), _("is not a key of this limit; known are %(keys)s"), keys=", ".join(known)
            )
    if data.get("kind", form.kind) != form.kind:
        raise BadLimit("kind", _("%(value)s does not fit the keys"), value=repr(data["kind"]))
    return form._read(_Entry(data))


_AT = r"(?: (?P<at>\d{1,2}:\d{2}))?"
_TEXTS: tuple[tuple[str, dict[str, Any]], ...] = (
    (r"(?P<before_month_end>\d+) (?P<working>working )?days? before month end" + _AT, {}),
    ("by month end" + _AT, {"before_month_end": 0}),
    (r"(?P<value>-?\d+(?:\.\d+)?) (?P<unit>(?:working )?[a-z]+?)s?(?P<before> before)?", {}),
    ("same (?P<working>working )?day" + _AT, {"day": 0}),
    ("next (?P<working>working )?day" + _AT, {"day": 1}),
    (r"by (?P<at>\d{1,2}:\d{2})", {"day": 0}),
    (r"by day (?P<month_day>\d+)" + _AT, {}),
    (r"by day (?P<month_day>\d+) of this month" + _AT, {"ahead": 0}),
    (r"by day (?P<month_day>\d+) of next month" + _AT, {"ahead": 1}),
    (r"by (?P<year_day>\d\d-\d\d)" + _AT, {}),
    (r"by (?P<weekday>[a-z]{3})" + _AT, {}),
)
_READ: dict[str, Callable[[str], Any]] = {
    "before_month_end": int,
    "month_day": int,
    "value": float,
    "unit": lambda unit: unit.replace(" ", "_") + "s",
    "working": bool,
}
_ADDITIONS: dict[str, dict[str, Any]] = {
    "end of day": {"end_of_day": True},
    "shift earlier": {"shift": "earlier"},
    "shift later": {"shift": "later"},
    "exclusive": {"inclusive": False},
}


def _from_text(key: str, text: str) -> dict[str, Any]:
    plain = " ".join(text.lower().replace("_", " ").split())
    if plain.startswith("agreed, at most "):
        return {"at_most": plain.removeprefix("agreed, at most ")}
    first, *rest = (part.strip() for part in plain.split(","))
    for pattern, fixed in _TEXTS:
        if found := re.fullmatch(pattern, first):
            given = {word: value for word, value in found.groupdict().items() if value}
            data = fixed | {word: _READ.get(word, str)(value) for word, value in given.items()}
            if data.pop("before", None):
                data["value"] = -data["value"]
            break
    else:
        raise BadLimit(key, _("%(text)s is not a limit; write it like '3 working days'"), text=repr(text))
    for part in rest:
        if part not in _ADDITIONS:
            raise BadLimit(
                key,
                _("%(text)s is not known here; known are %(known)s"),
                text=repr(part),
                known=", ".join(_ADDITIONS),
            )
        data |= _ADDITIONS[part]
    return data


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _month_day(month: int, day: int) -> date:
    year, index = divmod(month, 12)
    return date(year, index + 1, min(day, monthrange(year, index + 1)[1]))


def _shifted(day: date, calendar: WorkCalendar, shift: str | None) -> date:
    if shift is None or calendar.is_working_day(day):
        return day
    return calendar.working_day(day, -1 if shift == "earlier" else 1)


def _same_time(calendar: WorkCalendar, local: datetime, day: date) -> datetime:
    seconds = local.hour * 3600 + local.minute * 60 + local.second
    return calendar.at(day, seconds) + timedelta(microseconds=local.microsecond)


def _end_of(day: date, calendar: WorkCalendar, at: int | None) -> datetime:
    return calendar.closing(day) if at is None else calendar.at(day, at)


def _first_from(start: datetime, ends: Iterator[datetime]) -> datetime:
    """The first end that is not over at the start (a time of today may be, or a day shifted earlier)."""
    moment = start.astimezone(UTC)
    for _number, end in zip(range(_MAX_PERIODS), ends, strict=False):
        if end >= moment:
            return end
    raise NeverDue(f"no such day in the {_MAX_PERIODS} periods after {start.isoformat()}")
