"""Dates as people and spreadsheets write them, and the day-and-month question.

A cell may hold text (``2019/4/25 9:32:09``, ``2019年4月25日``, ``20190425``), a true date, or the bare serial
number of one. Text with the year first has one meaning. A true date may have gone through a program that
took day for month: ``2019-06-04`` may be the fourth of June or the sixth of April. The rule here is explicit
(`DatePolicy`, `SwapJudge`):

1. Only true dates and serials whose day is at most 12 and differs from the month are in question.
2. A reading that breaks a hard bound is out: later than `not_after`, a reply before its message. If both are
   out, the cell is an error; if one is left, it is taken, and a repair is noted with its reason.
3. Else three witnesses are asked: the dates before and after it in the order of the ids or rows, where these
   run steadily up or down; the period of all other dates of the column; and the pattern of a column in which
   every true date has a day up to 12 while every typed one has a later day, which is what a day-month mix-up
   leaves behind.
4. Witnesses that agree decide; witnesses that contradict each other make the cell an error; none at all
   leaves the stored date as it is, with a note (or an error where the policy says `undecided="reject"`).

What the real files hold (public citizens' messages, kept true by ``tests/test_real_dates.py``):

- 留言时间, messages: 2,109 rows, 2,097 texts ``Y/M/D H:M:S`` and 12 true dates. Ten of these have a day above
  12 and cannot be exchanged. Of the two others, D2105 (2019-06-12, or 2019-12-06) is confirmed as stored: the
  ids before and after it run up from 2018-10-27 to 2019-06-20 and leave room from 05-30 to 06-19. D2110
  (2017-06-08, or 2017-08-06) stands at the end where ids do not follow time: nothing decides, the stored
  date stays, with a note. No exchange is proved in this part of the file. 721 of the texts have a day up to
  12, so the typed dates do not come from a day-month mix-up either.
- Below id 290000 ids and times of the messages have nothing to do with each other (1,061 of 2,108 neighbours
  run backwards); above it they run up. In the file with replies times fall while ids rise (1,332 of 1,422
  neighbours). So neighbours count only inside a steady run of at least `run_length` dates, rising or falling.
- Replies: 1,423 rows, all text; one reply time has no time of day (G874, ``2018/4/24``). No reply is earlier
  than its message (shortest 31 minutes, median 12.2 days, longest 1,160 days). Labelled sample: 495 texts.

Trying it out: each exchangeable date of these files exchanged in turn, the others as they are. Put right,
kept as stored with a note, wrong: messages 299, 360, 0 of 659; in the file with replies received 416, 65, 1
of 482 and answered 290, 201, 1 of 492; labelled sample 50, 113, 1 of 164. The wrong ones are stragglers
between two dates that run on steadily beside them. A whole file sent through a day-month program is put
right without a single wrong date (none, 1 and 2 rows are refused as contradictory).
"""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from .problems import CellProblem, Remark, excerpt
from .problems import gettext_noop as _

Origin = Literal["text", "cell", "serial"]
Choice = Literal["stored", "swapped"]

EXCHANGED_BY_ORDER = _(
    "Day and month were exchanged: %(stored)s is read as %(read)s, because the rows before and after it "
    "lie between %(low)s and %(high)s."
)
EXCHANGED_BY_PERIOD = _(
    "Day and month were exchanged: %(stored)s is read as %(read)s, because all other dates of the column "
    "lie between %(low)s and %(high)s."
)
EXCHANGED_BY_PATTERN = _(
    "Day and month were exchanged: %(stored)s is read as %(read)s, because every true date of the column "
    "has a day up to 12 while every typed date has a later one."
)
EXCHANGED_BY_LATEST = _(
    "Day and month were exchanged: %(stored)s is read as %(read)s, "
    "because otherwise it would lie after %(high)s."
)
EXCHANGED_BY_EARLIEST = _(
    "Day and month were exchanged: %(stored)s is read as %(read)s, "
    "because otherwise it would lie before %(low)s."
)
KEPT_AS_STORED = _(
    "With day and month exchanged this would be %(swapped)s. Nothing in the file speaks for it, "
    "so %(stored)s is kept."
)
NOT_A_DATE = _("“%(value)s” is not a date. Write it like 2019-04-25 or 2019-04-25 09:32.")
NO_SUCH_DAY = _("There is no such day or time: %(value)s.")
IMPOSSIBLE_YEAR = _("The year cannot be right: %(value)s.")
YEAR_FIRST = _("It is not clear which number is the year (%(value)s). Write it first, with four digits.")
TIME_ONLY = _("There is only a time here (%(value)s); the date is missing.")
SKIPPED_HOUR = _("The clocks were put forward at that moment, so this time never was: %(value)s.")
AFTER_LATEST = _("%(value)s lies after %(high)s.")
BEFORE_EARLIEST = _("%(value)s lies before %(low)s.")
NEITHER_FITS = _(
    "Neither %(stored)s nor, with day and month exchanged, %(swapped)s is possible here. "
    "Write the date as text, the year first."
)
CONTRADICTED = _(
    "It is not certain whether this is %(stored)s or, with day and month exchanged, %(swapped)s: "
    "the other rows speak for both. Write the date as text, the year first."
)
UNDECIDED = _(
    "It is not certain whether this is %(stored)s or, with day and month exchanged, %(swapped)s. "
    "Write the date as text, the year first."
)


@dataclass(frozen=True, slots=True)
class DatePolicy:
    """How dates of one import are understood. Times are local to `zone`."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    order: Literal["ymd", "mdy", "dmy"] = "ymd"
    """Order of texts that end with the year; with "ymd" such texts are refused as unclear."""
    first_year: int = 1900
    last_year: int = 2199
    not_after: datetime | None = None
    """Latest moment (aware) for columns that speak of the past, usually the moment of the import."""
    undecided: Literal["keep", "reject"] = "keep"
    date1904: bool = False
    """Bare serial numbers count from 1904, as in workbooks from old Macs."""
    run_length: int = 6
    """Dates around the one in question that must run steadily before they count as evidence."""
    slack: timedelta = timedelta(days=1)
    period_size: int = 30
    period_margin: timedelta = timedelta(days=31)
    pattern_size: int = 12


@dataclass(frozen=True, slots=True)
class Moment:
    """A date as read: `value` is naive local time; `swap` the other reading where there is one."""

    value: datetime
    has_time: bool
    origin: Origin
    swap: datetime | None = None

    @property
    def earliest(self) -> datetime:
        return self.value if self.swap is None else min(self.value, self.swap)

    @property
    def latest(self) -> datetime:
        return self.value if self.swap is None else max(self.value, self.swap)

    def shown(self, value: datetime | None = None) -> str:
        """The date for a message, with its time only where one was given."""
        return show(value or self.value, self.has_time)


def show(value: datetime, has_time: bool = True) -> str:
    return value.strftime("%Y-%m-%d %H:%M:%S") if has_time else value.strftime("%Y-%m-%d")


_WEEKDAY = r"(?:\s*\(?(?:星期|周|礼拜)[一二三四五六日天]\)?)?"
_TIME = (
    r"(?:[T\s]*(?P<half>上午|下午|早上|中午|晚上|凌晨|AM|PM)?\s*"
    r"(?P<h>\d{1,2})\s*[:时点]\s*(?:(?P<mi>\d{1,2})\s*(?:[:分]\s*(?:(?P<s>\d{1,2})(?P<f>[.,]\d{1,9})?\s*秒?)?)?)?"
    r"\s*(?P<half2>AM|PM)?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
_YEAR_FIRST = re.compile(
    r"(?P<y>\d{1,4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})\s*[日号]?" + _WEEKDAY + _TIME,
    re.I | re.A,
)
_YEAR_LAST = re.compile(
    r"(?P<a>\d{1,2})\s*[-/.]\s*(?P<b>\d{1,2})\s*[-/.]\s*(?P<y>\d{4})" + _TIME, re.I | re.A
)
_COMPACT = re.compile(r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?:(?P<h>\d\d)(?P<mi>\d\d)(?P<s>\d\d)?)?", re.A)
_COMPACT_TIME = re.compile(
    r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)" + _TIME.replace(r"[T\s]*", r"[T\s]+", 1), re.I | re.A
)
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?", re.A)
_AFTERNOON = {"下午", "晚上", "pm"}


class DateReader:
    """Reads one cell at a time; it knows nothing of other rows (that is `SwapJudge`)."""

    def __init__(self, policy: DatePolicy) -> None:
        self.policy = policy

    def read(self, raw: object) -> Moment:
        """The date in a cell. Refused when it is none, is impossible, or its year is out of range."""
        if isinstance(raw, datetime):
            return self._stored(self._local(raw) if raw.tzinfo else raw, "cell")
        if isinstance(raw, date):
            return self._stored(datetime.combine(raw, time()), "cell")
        if isinstance(raw, time | timedelta):
            raise CellProblem("time-only", TIME_ONLY, value=excerpt(raw))
        if isinstance(raw, bool) or not isinstance(raw, int | float | str):
            raise CellProblem("not-a-date", NOT_A_DATE, value=excerpt(raw))
        if isinstance(raw, str):
            return self._text(raw)
        if float(raw).is_integer() and (10_000_000 <= raw <= 99_999_999 or 10**13 <= raw < 10**14):
            return self._text(str(int(raw)))
        return self._serial(float(raw))

    def aware(self, value: datetime) -> datetime:
        """The naive local time with its zone; an hour that came twice means the first one, unless `fold` is
        set.
        """
        result = value.replace(tzinfo=self.policy.zone)
        back = result.astimezone(UTC).astimezone(self.policy.zone)
        if back.replace(tzinfo=None) != value:
            raise CellProblem("skipped-hour", SKIPPED_HOUR, value=show(value))
        return result

    def latest(self) -> datetime | None:
        """`not_after` as naive local time."""
        return None if self.policy.not_after is None else self._local(self.policy.not_after)

    def _local(self, value: datetime) -> datetime:
        return value.astimezone(self.policy.zone).replace(tzinfo=None)

    def _stored(self, value: datetime, origin: Origin) -> Moment:
        value = _whole_seconds(value)
        self._check_year(value.year, show(value))
        swap = None
        if value.day <= 12 and value.day != value.month:
            swap = value.replace(month=value.day, day=value.month)
        return Moment(value, value.time() != time(), origin, swap)

    def _serial(self, number: float) -> Moment:
        if not math.isfinite(number) or not 1 <= number < 2_958_466:
            raise CellProblem("not-a-date", NOT_A_DATE, value=excerpt(number))
        if self.policy.date1904:
            base = _day(1904, 1, 1)
        else:
            # The serials count a 29 February 1900 that never was; before it they are one day behind.
            base = _day(1899, 12, 30) if number >= 60 else _day(1899, 12, 31)
        try:
            value = base + timedelta(milliseconds=round(number * 86_400_000))
        except OverflowError:
            raise CellProblem("not-a-date", NOT_A_DATE, value=excerpt(number)) from None
        return self._stored(value, "serial")

    def _text(self, raw: str) -> Moment:
        text = " ".join(unicodedata.normalize("NFKC", raw).split())
        shown = excerpt(text)
        for pattern in (_YEAR_FIRST, _COMPACT, _COMPACT_TIME):
            if match := pattern.fullmatch(text):
                parts = match.groupdict()
                if pattern is _YEAR_FIRST and len(parts["y"]) < 3:
                    raise CellProblem("year-first", YEAR_FIRST, value=shown)
                return self._built(parts, int(parts["m"]), int(parts["d"]), shown)
        if match := _YEAR_LAST.fullmatch(text):
            parts = match.groupdict()
            if self.policy.order == "ymd":
                raise CellProblem("year-first", YEAR_FIRST, value=shown)
            first, second = int(parts["a"]), int(parts["b"])
            month, day = (first, second) if self.policy.order == "mdy" else (second, first)
            return self._built(parts, month, day, shown)
        if _SERIAL.fullmatch(text):
            return self._serial(float(text))
        raise CellProblem("not-a-date", NOT_A_DATE, value=shown)

    def _built(self, parts: dict[str, str | None], month: int, day: int, shown: str) -> Moment:
        year = int(parts["y"] or 0)
        self._check_year(year, shown)
        hour_text = parts.get("h")
        try:
            value = _day(year, month, day) + _time_of_day(parts)
        except (ValueError, OverflowError):
            raise CellProblem("impossible-date", NO_SUCH_DAY, value=shown) from None
        if offset := parts.get("zone"):
            sign = -1 if offset[0] == "-" else 1
            minutes = 0 if offset in "Zz" else sign * (int(offset[1:3]) * 60 + int(offset[-2:]))
            if abs(minutes) > 15 * 60:
                raise CellProblem("impossible-date", NO_SUCH_DAY, value=shown)
            value = self._local((value - timedelta(minutes=minutes)).replace(tzinfo=UTC))
        return Moment(value, hour_text is not None, "text")

    def _check_year(self, year: int, shown: str) -> None:
        if not self.policy.first_year <= year <= self.policy.last_year:
            raise CellProblem("impossible-year", IMPOSSIBLE_YEAR, value=shown)


def _day(year: int, month: int, day: int) -> datetime:
    """Midnight, naive: local times get their zone last, when day and month are settled."""
    return datetime.combine(date(year, month, day), time())


def _whole_seconds(value: datetime) -> datetime:
    """Serials are fractions of a day, so a second comes back a few milliseconds off; anything finer is
    kept.
    """
    near = (value + timedelta(milliseconds=500)).replace(microsecond=0)
    return near if abs(near - value) <= timedelta(milliseconds=5) else value


def _time_of_day(parts: dict[str, str | None]) -> timedelta:
    hour_text = parts.get("h")
    if hour_text is None:
        return timedelta()
    hour, minute, second = int(hour_text), int(parts.get("mi") or 0), int(parts.get("s") or 0)
    half = (parts.get("half") or parts.get("half2") or "").lower()
    if half in _AFTERNOON and hour < 12:
        hour += 12
    elif half == "中午" and hour < 3:
        hour += 12 * (hour != 12)
    elif half in {"am", "上午", "凌晨"} and hour == 12:
        hour = 0
    if hour > 24 or minute > 59 or second > 59 or (hour == 24 and (minute or second)):
        raise ValueError
    micros = round(float("0." + (parts.get("f") or ".0")[1:]) * 1_000_000)
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=micros)


@dataclass(frozen=True, slots=True)
class Vote:
    """One witness's word: which reading, and the message that explains a repair."""

    choice: Choice
    message: str
    low: datetime | None = None
    high: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    value: datetime
    remark: Remark | None = None


@dataclass(slots=True)
class _Run:
    """Dates that are certain, in one order (ids or rows)."""

    keys: list[float] = field(default_factory=list)
    values: list[datetime] = field(default_factory=list)

    def sort(self) -> None:
        pairs = sorted(zip(self.keys, self.values, strict=True), key=lambda pair: pair[0])
        self.keys = [key for key, _value in pairs]
        self.values = [value for _key, value in pairs]


class SwapJudge:
    """The evidence of one column: call `add` for each row, then `judge` as often as needed."""

    LOOK = 12

    def __init__(self, policy: DatePolicy) -> None:
        self.policy = policy
        self.questions = 0
        self._by_id = {"cells": _Run(), "all": _Run()}
        self._by_row = {"cells": _Run(), "all": _Run()}
        self._true_days: list[int] = []
        self._text_days: list[int] = []
        self._ready = False
        self._span: tuple[datetime, datetime] | None = None
        self._mixed_up = False
        self._uniform = False

    def add(self, row: int, key: float | None, moment: Moment) -> None:
        """Counts the date of one row; `key` is the row's number in the order of the ids, if it has one."""
        self._ready = False
        typed = moment.origin == "text"
        (self._text_days if typed else self._true_days).append(moment.value.day)
        if moment.swap is not None:
            self.questions += 1
            return
        for place, runs in ((key, self._by_id), (float(row), self._by_row)):
            if place is None or math.isnan(place):
                continue
            for name in ("all",) if typed else ("all", "cells"):
                runs[name].keys.append(place)
                runs[name].values.append(moment.value)

    def judge(
        self,
        row: int,
        key: float | None,
        moment: Moment,
        *,
        low: datetime | None = None,
        high: datetime | None = None,
    ) -> Verdict:
        """The date to take for this row; `low` and `high` are hard bounds. Refused as the module says."""
        if moment.swap is None:
            return self._certain(moment, low, high)
        self._prepare()
        stored, swapped = moment.value, moment.swap
        stored_fits, swapped_fits = _fits(stored, moment, low, high), _fits(swapped, moment, low, high)
        if not stored_fits and not swapped_fits:
            raise CellProblem("neither-fits", NEITHER_FITS, **_readings(moment))
        if not stored_fits:
            late = high is not None and not _fits(stored, moment, None, high)
            message = EXCHANGED_BY_LATEST if late else EXCHANGED_BY_EARLIEST
            return self._taken(moment, Vote("swapped", message, low, high))
        if not swapped_fits:
            return Verdict(stored)
        votes = [
            vote for vote in (self._order(row, key, moment), self._period(moment), self._pattern()) if vote
        ]
        choices = {vote.choice for vote in votes}
        if len(choices) > 1:
            raise CellProblem("swap-contradicted", CONTRADICTED, **_readings(moment))
        if votes:
            return self._taken(moment, votes[0])
        if self.policy.undecided == "reject":
            raise CellProblem("swap-undecided", UNDECIDED, **_readings(moment))
        if self._uniform:
            return Verdict(stored)
        return Verdict(stored, Remark("swap-possible", KEPT_AS_STORED, _readings(moment)))

    def _certain(self, moment: Moment, low: datetime | None, high: datetime | None) -> Verdict:
        if not _fits(moment.value, moment, None, high) and high is not None:
            raise CellProblem("too-late", AFTER_LATEST, value=moment.shown(), high=show(high))
        if not _fits(moment.value, moment, low, None) and low is not None:
            raise CellProblem("too-early", BEFORE_EARLIEST, value=moment.shown(), low=show(low))
        return Verdict(moment.value)

    def _taken(self, moment: Moment, vote: Vote) -> Verdict:
        if vote.choice == "stored" or moment.swap is None:
            return Verdict(moment.value)
        params = {
            "stored": moment.shown(),
            "read": moment.shown(moment.swap),
            "low": show(vote.low, False) if vote.low else "…",
            "high": show(vote.high, False) if vote.high else "…",
        }
        return Verdict(moment.swap, Remark("repaired", vote.message, params))

    def _prepare(self) -> None:
        if self._ready:
            return
        for runs in (self._by_id, self._by_row):
            for run in runs.values():
                run.sort()
        certain = self._by_row["all"].values
        self._span = (min(certain), max(certain)) if len(certain) >= self.policy.period_size else None
        size = self.policy.pattern_size
        enough = len(self._true_days) >= size
        self._mixed_up = (
            enough and len(self._text_days) >= size and max(self._true_days) <= 12 < min(self._text_days)
        )
        # A mix-up never leaves a true date with a later day: a column of true dates that has its natural
        # share of them (19 in 31) comes from a sane source and needs no note on every tenth row.
        later = sum(day > 12 for day in self._true_days)
        self._uniform = enough and not self._text_days and later * 5 >= len(self._true_days) * 2
        self._ready = True

    def _order(self, row: int, key: float | None, moment: Moment) -> Vote | None:
        asked = ((key, self._by_id), (float(row), self._by_row))
        for place, run in ((place, runs[name]) for place, runs in asked for name in ("cells", "all")):
            if place is None or math.isnan(place):
                continue
            end = bisect_left(run.keys, place)
            before = run.values[max(0, end - self.LOOK) : end][::-1]
            start = bisect_right(run.keys, place)
            after = run.values[start : start + self.LOOK]
            if vote := self._neighbours(before, after, moment):
                return vote
        return None

    def _neighbours(self, before: list[datetime], after: list[datetime], moment: Moment) -> Vote | None:
        """`before` and `after` start with the nearest. Only a steady run through the place is evidence."""
        found: list[tuple[int, datetime | None, datetime | None]] = []
        for sign in (1, -1):
            slack = self.policy.slack
            length = _steady(before, -sign, slack) + _steady(after, sign, slack)
            if length < self.policy.run_length:
                continue
            if before and after and sign * (after[0] - before[0]) < -slack:
                continue
            first, last = (before, after) if sign == 1 else (after, before)
            found.append((length, first[0] - slack if first else None, last[0] + slack if last else None))
        if not found or moment.swap is None or (len(found) == 2 and found[0][0] == found[1][0]):
            return None
        _length, low, high = max(found, key=lambda item: item[0])
        inside = [_between(value, low, high) for value in (moment.value, moment.swap)]
        if inside[0] == inside[1]:
            return None
        return Vote("stored" if inside[0] else "swapped", EXCHANGED_BY_ORDER, low, high)

    def _period(self, moment: Moment) -> Vote | None:
        if self._span is None or moment.swap is None:
            return None
        low, high = self._span
        margin = self.policy.period_margin
        for choice, inner, outer in (
            ("stored", moment.value, moment.swap),
            ("swapped", moment.swap, moment.value),
        ):
            if low <= inner <= high and not _between(outer, low - margin, high + margin):
                return Vote("stored" if choice == "stored" else "swapped", EXCHANGED_BY_PERIOD, low, high)
        return None

    def _pattern(self) -> Vote | None:
        return Vote("swapped", EXCHANGED_BY_PATTERN) if self._mixed_up else None


def _readings(moment: Moment) -> dict[str, str]:
    return {"stored": moment.shown(), "swapped": moment.shown(moment.swap)}


def _steady(values: Sequence[datetime], sign: int, slack: timedelta) -> int:
    """How many dates from the start on go one way (`sign` 1 up, -1 down), give or take the slack."""
    for count in range(1, len(values)):
        if sign * (values[count] - values[count - 1]) < -slack:
            return count
    return len(values)


def _between(value: datetime, low: datetime | None, high: datetime | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


def _fits(value: datetime, moment: Moment, low: datetime | None, high: datetime | None) -> bool:
    """Hard bounds; a date without a time of day is compared by the day."""
    if moment.has_time:
        return _between(value, low, high)
    day = value.date()
    return (low is None or day >= low.date()) and (high is None or day <= high.date())


@dataclass(frozen=True, slots=True)
class DateRule:
    """What a row's dates must keep among each other: see `settle`."""

    name: str
    past: bool = False
    not_before: str | None = None


def settle(
    rules: Sequence[DateRule],
    moments: dict[str, Moment],
    judges: dict[str, SwapJudge],
    row: int,
    key: float | None,
    latest: datetime | None,
) -> dict[str, Verdict | CellProblem]:
    """Decides all dates of one row together: certain ones first, so that they bound the doubtful ones.

    A date that would lie before the one named by `not_before` is refused; one without a time of day that
    falls on the same day takes over the other's time, so that the order holds.
    """
    settled: dict[str, Verdict | CellProblem] = {}
    known = [rule for rule in rules if rule.name in moments]
    for rule in sorted(known, key=lambda rule: moments[rule.name].swap is not None):
        moment = moments[rule.name]
        doubtful = moment.swap is not None
        low = _bound(moments, settled, rule.not_before, "earliest") if doubtful else None
        highs: list[datetime] = []
        for other in known:
            high = _bound(moments, settled, other.name, "latest")
            if doubtful and other.not_before == rule.name and high is not None:
                highs.append(high)
        if rule.past and latest is not None:
            highs.append(latest)
        try:
            settled[rule.name] = judges[rule.name].judge(
                row, key, moment, low=low, high=min(highs, default=None)
            )
        except CellProblem as problem:
            settled[rule.name] = problem
    for rule in known:
        settled[rule.name] = _in_order(rule, moments, settled)
    return settled


def _bound(
    moments: dict[str, Moment],
    settled: dict[str, Verdict | CellProblem],
    name: str | None,
    side: Literal["earliest", "latest"],
) -> datetime | None:
    if name is None or name not in moments:
        return None
    verdict = settled.get(name)
    if isinstance(verdict, CellProblem):
        return None
    value = verdict.value if verdict else getattr(moments[name], side)
    assert isinstance(value, datetime)
    if side == "latest" and not moments[name].has_time:
        value = value.replace(hour=23, minute=59, second=59)
    return value


def _in_order(
    rule: DateRule, moments: dict[str, Moment], settled: dict[str, Verdict | CellProblem]
) -> Verdict | CellProblem:
    verdict = settled[rule.name]
    other = settled.get(rule.not_before) if rule.not_before else None
    if isinstance(verdict, CellProblem) or not isinstance(other, Verdict) or verdict.value >= other.value:
        return verdict
    moment = moments[rule.name]
    if not moment.has_time and verdict.value.date() == other.value.date():
        return replace(verdict, value=other.value)
    return CellProblem("too-early", BEFORE_EARLIEST, value=moment.shown(verdict.value), low=show(other.value))
