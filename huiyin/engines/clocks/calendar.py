"""Working time: when a limit ends, how much time was used, and why.

A moment is **working time** when the wall clock of the calendar's time zone shows a working hour. That one
sentence settles daylight saving: an hour that is skipped cannot be worked, an hour that comes twice is worked
twice.

* A *working day* is a date on which hours begin. A period over midnight belongs wholly to the date it begins
  on, whatever the next date is. Make-up days go before holidays of the year before weekly hours.
* Limits in natural hours count elapsed time; limits in natural days follow the calendar day (same time of
  day). Pauses move both by the elapsed time paused.
* Limits in working hours count working time. A limit that ends at closing time is due at closing time,
  counted backwards at opening time. A pause stops the clock only inside working time.
* Limits in working days keep the time of day and count dates: a start on a rest day or before opening is not
  moved first. Pauses move the day reached by the working time paused before it (and nothing when none was):
  the working time used at the due time, pauses left out, is what it would have been without pauses.
* A time of day that does not exist on the day reached is read with the offset before the change, one that
  comes twice is the first (RFC 5545).

Every moment handed out is in UTC. Nothing here knows of Django; a calendar never changes once made and may be
shared between threads.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple, NoReturn, Self, TypeAlias

from huiyin.engines.clocks.entries import WEEKDAYS, BadCalendar, BadEntry, CalendarParts, Hours, read_calendar

__all__ = ["UNITS", "BadCalendar", "BadEntry", "Interval", "NeverDue", "Number", "Pause", "WorkCalendar"]

HORIZON_DAYS = 3653

# Inside, a moment is a whole number of microseconds since 1970 in UTC: exact, cheap to compare and to bisect.
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_HORIZON = HORIZON_DAYS * _DAY
_BLOCK = 256 * _DAY
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_FIRST = (date(_FIRST_YEAR, 1, 1).toordinal() - _EPOCH_ORDINAL) * _DAY
_LAST = (date(_LAST_YEAR + 1, 1, 1).toordinal() - _EPOCH_ORDINAL) * _DAY
_MAX_BLOCKS = 512

NATURAL_UNITS = {"seconds": _SECOND, "minutes": 60 * _SECOND, "hours": 3600 * _SECOND, "days": 1}
WORKING_UNITS = {f"working_{unit}": size for unit, size in NATURAL_UNITS.items()}
UNITS = NATURAL_UNITS | WORKING_UNITS

Number: TypeAlias = int | float | Decimal
Pause: TypeAlias = tuple[datetime, datetime | None] | tuple[datetime, datetime | None, str]
_Stop: TypeAlias = tuple[int, int, str]


class NeverDue(ValueError):
    """A limit that cannot be reached within ten years of its start, or not while its pause stays open."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of time between two moments (UTC) that counts or does not, for one reason.

    Reasons that count: `working`, `make_up_day`, in natural time `running`. Reasons that do not: `paused`,
    `before_opening`, `break`, `after_closing`, `rest_day`, `holiday`. `date` is the local date it belongs to
    (the one on which its period begins), `note` the name of the holiday or make-up day or the reason of the
    pause.
    """

    start: datetime
    end: datetime
    counted: bool
    reason: str
    date: date
    note: str = ""

    @property
    def seconds(self) -> float:
        """Length in seconds of elapsed time."""
        return (self.end - self.start).total_seconds()


class _Day(NamedTuple):
    reason: str
    hours: Hours
    note: str = ""


class _Period(NamedTuple):
    start: int
    end: int
    ordinal: int


class _Stretch(NamedTuple):
    """Time with one offset from UTC (all in microseconds)."""

    start: int
    end: int
    offset: int


class _Piece(NamedTuple):
    counted: bool
    reason: str
    ordinal: int
    note: str


class _Block(NamedTuple):
    """The working periods of one stretch of `_BLOCK`, with the working time before and up to each end."""

    starts: list[int]
    ends: list[int]
    ordinals: list[int]
    before: list[int]
    upto: list[int]
    total: int
    stretches: list[_Stretch]


class WorkCalendar:
    """The working hours of a site or post in one time zone. See the module for the rules it counts by."""

    __slots__ = ("_blocks", "_dated", "_weekly", "_yearly", "name", "timezone")

    def __init__(self, parts: CalendarParts) -> None:
        self.name = parts.name
        self.timezone = parts.timezone
        self._weekly = tuple(_Day("working" if hours else "rest_day", hours) for hours in parts.weekly)
        self._yearly = parts.yearly_holidays
        self._dated = {day.toordinal(): _Day("holiday", (), note) for day, note in parts.holidays.items()}
        for day, (hours, note) in parts.workdays.items():
            self._dated[day.toordinal()] = _Day("make_up_day", hours, note)
        self._blocks: dict[int, _Block] = {}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """A calendar from pack data.

        `timezone`: IANA name, none = Asia/Shanghai. `weekly`: weekday `mon`…`sun` → list of `[from, to]`,
        wall clock `HH:MM` or `HH:MM:SS`; `24:00` is the end of the day, an end before its beginning lies on
        the next day. `holidays`: dates, or date → name. `yearly_holidays`: `MM-DD`, or `MM-DD` → name.
        `workdays`: date → weekday whose hours it has, or its own list of periods, or `{like: weekday}` /
        `{hours: periods}` with a `name`. A whole number is read as minutes since midnight (YAML turns an
        unquoted 18:00 into 1080).
        Refused (`BadCalendar`, naming the key) when a key is unknown, a value cannot be read, periods
        overlap, a date is both holiday and make-up day, or there is no working time at all.
        """
        return cls(read_calendar(data))

    @classmethod
    def always(cls, timezone: str | None = None) -> Self:
        """Round the clock, every day of the year."""
        day = [["00:00", "24:00"]]
        return cls.from_dict({"timezone": timezone, "weekly": dict.fromkeys(WEEKDAYS, day)})

    def due(
        self,
        start: datetime,
        amount: Number,
        unit: str,
        pauses: Iterable[Pause] = (),
        end_of_day: bool = False,
    ) -> datetime:
        """The moment (UTC) a limit ends that starts at `start`; a negative amount counts backwards.

        `unit` is one of `UNITS`; days are whole. `pauses` are `(from, to)` or `(from, to, reason)`, in any
        order, overlapping or not; `to` = None is still open. `end_of_day` moves the result to the closing
        time of the working period it lies in, else of its date; on a date without hours a limit in working
        units goes to the next closing time, one in natural units to midnight at the end of that date.
        Refused (`NeverDue`) when the limit lies beyond ten years; (`ValueError`) when the unit is unknown,
        the amount is no number or a broken number of days, or a moment has no time zone or lies outside 1900
        to 2200.
        """
        size = UNITS.get(unit)
        if size is None:
            raise ValueError(f"unknown unit {unit!r}; known are {', '.join(UNITS)}")
        length = _exact(amount, unit, size)
        begin = _micros(start, "start")
        stops = _stops(pauses, begin - _HORIZON, begin + _HORIZON) if pauses else []
        working = unit in WORKING_UNITS
        # At midnight, time counted up to it belongs to the day ending, a time of day to the day beginning.
        counted = working and size != 1 and length > 0
        if abs(length) * (_DAY if size == 1 else 1) > _HORIZON:
            _never(start, amount, unit)
        if size != 1:
            due = self._count(begin, length, stops, working)
        else:
            due = self._same_time(begin, length, working)
            paused = sum(self._measure(a, b, working) for a, b, _note in _clipped(stops, begin, due))
            if paused:
                length = self._measure(begin, due, working)
                due = self._count(begin, length, stops, working)
                counted = working and length > 0
        if abs(due - begin) > _HORIZON:
            _never(start, amount, unit)
        return _moment(self._end_of_day(due, counted, working) if end_of_day else due)

    def elapsed(
        self, start: datetime, end: datetime, pauses: Iterable[Pause] = (), natural: bool = False
    ) -> float:
        """Seconds of working time (`natural`: of elapsed time) from start to end without the pauses.

        An end before its start counts 0. Pauses as in `due`. Refused (`ValueError`) when a moment has no time
        zone or lies outside 1900 to 2200.
        """
        begin, until = _micros(start, "start"), _micros(end, "end")
        if until <= begin:
            return 0.0
        total = self._measure(begin, until, not natural)
        for a, b, _note in _stops(pauses, begin, until) if pauses else ():
            total -= self._measure(a, b, not natural)
        return total / _SECOND

    def explain(
        self, start: datetime, end: datetime, pauses: Iterable[Pause] = (), natural: bool = False
    ) -> tuple[Interval, ...]:
        """Every stretch from start to end in order, without gaps, counted or not and why (see `Interval`).

        The counted ones sum up to `elapsed`. One interval never covers two dates unless time is natural or
        its period runs over midnight. Refused as in `elapsed`.
        """
        begin, until = _micros(start, "start"), _micros(end, "end")
        if until <= begin:
            return ()
        stops = _stops(pauses, begin, until)
        pieces: list[tuple[int, int, _Piece]] = []
        for a, b, piece in self._natural(begin, until) if natural else self._pieces(begin, until):
            pieces.extend(_pause(a, b, piece, stops) if piece.counted else ((a, b, piece),))
        merged: list[tuple[int, int, _Piece]] = []
        for a, b, piece in pieces:
            if merged and merged[-1][2] == piece:
                a = merged.pop()[0]
            merged.append((a, b, piece))
        return tuple(
            Interval(_moment(a), _moment(b), p.counted, p.reason, date.fromordinal(p.ordinal), p.note)
            for a, b, p in merged
        )

    def is_working(self, at: datetime) -> bool:
        """Whether the moment is working time (closing time is not). Refused as in `local`."""
        moment = _micros(at, "at")
        block = self._block(moment // _BLOCK)
        i = bisect_right(block.starts, moment) - 1
        return i >= 0 and moment < block.ends[i]

    def is_working_day(self, day: date) -> bool:
        """Whether hours begin on this date; of a moment, on its date in the calendar's time zone."""
        if isinstance(day, datetime):
            day = self.local(day)
        return bool(self._day(day.toordinal()).hours)

    def working_day(self, day: date, count: int) -> date:
        """The count-th working day after (negative: before) the date; 0 is the date itself.

        Refused (`NeverDue`) when ten years are not enough.
        """
        return date.fromordinal(self._step(day.toordinal(), count))

    def local(self, at: datetime) -> datetime:
        """The moment in the calendar's time zone. Refused (`ValueError`) when it has none itself."""
        return _moment(_micros(at, "at")).astimezone(self.timezone)

    def at(self, day: date, seconds: int) -> datetime:
        """The moment (UTC) the wall clock shows so many seconds since midnight of the date; 86400 ends it."""
        return _moment(self._wall(day.toordinal(), seconds))

    def closing(self, day: date) -> datetime:
        """The moment (UTC) the last period of the date ends; without hours midnight at the end of it."""
        return _moment(self._closing(day.toordinal()))

    def _day(self, ordinal: int) -> _Day:
        dated = self._dated.get(ordinal)
        if dated is not None:
            return dated
        if self._yearly:
            day = date.fromordinal(ordinal)
            note = self._yearly.get((day.month, day.day))
            if note is not None:
                return _Day("holiday", (), note)
        return self._weekly[(ordinal - 1) % 7]

    def _step(self, ordinal: int, count: int) -> int:
        way = 1 if count > 0 else -1
        last = ordinal + way * HORIZON_DAYS
        while count:
            if ordinal == last:
                raise NeverDue(f"fewer than {abs(count)} further working days within ten years")
            ordinal += way
            if self._day(ordinal).hours:
                count -= way
        return ordinal

    def _wall(self, ordinal: int, seconds: int) -> int:
        midnight = datetime.fromordinal(ordinal)
        return _since_epoch((midnight + timedelta(seconds=seconds)).replace(tzinfo=self.timezone))

    def _same_time(self, begin: int, count: int, working: bool) -> int:
        if not count:
            return begin
        local = _moment(begin).astimezone(self.timezone)
        ordinal = local.toordinal()
        days = self._step(ordinal, count) - ordinal if working else count
        return _since_epoch((local + timedelta(days=days)).replace(fold=0))

    def _offset(self, at: int) -> int:
        offset = _moment(at).astimezone(self.timezone).utcoffset()
        assert offset is not None
        return round(offset.total_seconds()) * _SECOND

    def _stretches(self, begin: int, end: int) -> list[_Stretch]:
        """Cut the time where the offset changes: looked for daily, then found to the second by halving."""
        found: list[_Stretch] = []
        since, offset = begin, self._offset(begin)
        for probe in range(begin + _DAY, end + _DAY, _DAY):
            low, then = probe - _DAY, self._offset(probe)
            while offset != then:
                high = probe
                while high - low > _SECOND:
                    middle = (low + high) // (2 * _SECOND) * _SECOND
                    if self._offset(middle) == offset:
                        low = middle
                    else:
                        high = middle
                found.append(_Stretch(since, high, offset))
                since, low, offset = high, high, self._offset(high)
        found.append(_Stretch(since, end, offset))
        return found

    def _block(self, number: int) -> _Block:
        block = self._blocks.get(number)
        if block is None:
            if len(self._blocks) >= _MAX_BLOCKS:
                self._blocks = {}
            block = self._blocks[number] = self._unroll(number * _BLOCK)
        return block

    def _unroll(self, begin: int) -> _Block:
        stretches = self._stretches(begin, begin + _BLOCK)
        block = _Block([], [], [], [], [], 0, stretches)
        total = 0
        for since, until, offset in stretches:
            # From the day before: its last period may run over midnight.
            for day in range((since + offset) // _DAY - 1, (until + offset - 1) // _DAY + 1):
                midnight = day * _DAY - offset
                for opening, closing in self._day(day + _EPOCH_ORDINAL).hours:
                    a = max(midnight + opening * _SECOND, since)
                    b = min(midnight + closing * _SECOND, until)
                    if a < b:
                        block.starts.append(a)
                        block.ends.append(b)
                        block.ordinals.append(day + _EPOCH_ORDINAL)
                        block.before.append(total)
                        total += b - a
                        block.upto.append(total)
        return block._replace(total=total)

    def _periods(self, begin: int, end: int) -> Iterator[_Period]:
        """The working periods between two moments, cut to them, in order (and cut at a block's edge)."""
        for number in range(begin // _BLOCK, (end - 1) // _BLOCK + 1):
            block = self._block(number)
            i = max(bisect_right(block.starts, begin) - 1, 0)
            while i < len(block.starts) and block.starts[i] < end:
                a, b = max(block.starts[i], begin), min(block.ends[i], end)
                if a < b:
                    yield _Period(a, b, block.ordinals[i])
                i += 1

    def _worked(self, at: int) -> int:
        """Working time of its block before the moment."""
        block = self._block(at // _BLOCK)
        i = bisect_right(block.starts, at) - 1
        return block.before[i] + min(at, block.ends[i]) - block.starts[i] if i >= 0 else 0

    def _measure(self, begin: int, end: int, working: bool) -> int:
        """Working or elapsed time from begin to end, negative when end is first."""
        if not working:
            return end - begin
        if end < begin:
            return -self._measure(end, begin, working)
        total = self._worked(end) - self._worked(begin)
        for number in range(begin // _BLOCK, end // _BLOCK):
            total += self._block(number).total
        return total

    def _reach(self, begin: int, length: int, working: bool) -> int:
        """The first moment with so much working or elapsed time after begin; backwards the last before."""
        if not working or not length:
            return begin + length
        number = begin // _BLOCK
        wanted = self._worked(begin) + length
        block = self._block(number)
        if length > 0:
            while wanted > block.total:
                wanted -= block.total
                number += 1
                if number * _BLOCK - begin > _HORIZON:
                    raise NeverDue("less working time than the limit within ten years after its start")
                block = self._block(number)
            i = bisect_left(block.upto, wanted)
        else:
            while wanted < 0:
                number -= 1
                if begin - (number + 1) * _BLOCK > _HORIZON:
                    raise NeverDue("less working time than the limit within ten years before its start")
                block = self._block(number)
                wanted += block.total
            i = bisect_right(block.before, wanted) - 1
        return block.starts[i] + wanted - block.before[i]

    def _count(self, begin: int, length: int, stops: Sequence[_Stop], working: bool) -> int:
        """Like `_reach`, adding the time of every pause that begins before the end reached so far."""
        at = self._reach(begin, length, working)
        if length > 0:
            for since, until, _note in stops:
                since = max(since, begin)
                if since < until:
                    if since >= at:
                        break
                    length += self._measure(since, until, working)
                    at = self._reach(begin, length, working)
        elif length < 0:
            for since, until, _note in reversed(stops):
                until = min(until, begin)
                if since < until:
                    if until <= at:
                        break
                    length -= self._measure(since, until, working)
                    at = self._reach(begin, length, working)
        return at

    def _end_of_day(self, at: int, counted: bool, working: bool) -> int:
        inside = at - 1 if counted else at
        for period in self._periods(inside, inside + 1):
            return self._closing(period.ordinal)
        ordinal = _moment(at).astimezone(self.timezone).toordinal()
        if working and not self._day(ordinal).hours:
            ordinal = self._step(ordinal, 1)
        return self._closing(ordinal)

    def _closing(self, ordinal: int) -> int:
        # Two days each way hold every period of a date in any offset from UTC; a date that a change of the
        # zone skipped has none.
        middle = (ordinal - _EPOCH_ORDINAL) * _DAY
        if self._day(ordinal).hours:
            ends = [
                p.end for p in self._periods(middle - 2 * _DAY, middle + 4 * _DAY) if p.ordinal == ordinal
            ]
            if ends:
                return ends[-1]
        return self._wall(ordinal + 1, 0)

    def _natural(self, begin: int, end: int) -> Iterator[tuple[int, int, _Piece]]:
        ordinal = _moment(begin).astimezone(self.timezone).toordinal()
        yield begin, end, _Piece(True, "running", ordinal, "")

    def _pieces(self, begin: int, end: int) -> Iterator[tuple[int, int, _Piece]]:
        at = begin
        for a, b, ordinal in self._periods(begin, end):
            yield from self._closed(at, a)
            day = self._day(ordinal)
            yield a, b, _Piece(True, day.reason, ordinal, day.note)
            at = b
        yield from self._closed(at, end)

    def _closed(self, begin: int, end: int) -> Iterator[tuple[int, int, _Piece]]:
        """Say why each local day between two periods does not count."""
        for number in range(begin // _BLOCK, (end - 1) // _BLOCK + 1) if begin < end else ():
            for since, until, offset in self._block(number).stretches:
                at, last = max(since, begin), min(until, end)
                while at < last:
                    ordinal = (at + offset) // _DAY
                    midnight = ordinal * _DAY - offset
                    piece = self._why_closed(ordinal + _EPOCH_ORDINAL, at - midnight)
                    yield at, min(midnight + _DAY, last), piece
                    at = midnight + _DAY

    def _why_closed(self, ordinal: int, time: int) -> _Piece:
        day = self._day(ordinal)
        if not day.hours:
            return _Piece(False, day.reason, ordinal, day.note)
        if time < day.hours[0][0] * _SECOND:
            return _Piece(False, "before_opening", ordinal, "")
        return _Piece(False, "after_closing" if time >= day.hours[-1][1] * _SECOND else "break", ordinal, "")


def _since_epoch(at: datetime) -> int:
    span = at - _EPOCH
    return (span.days * 86_400 + span.seconds) * _SECOND + span.microseconds


def _micros(at: datetime, name: str) -> int:
    try:
        moment = _since_epoch(at)
    except TypeError:
        raise ValueError(f"{name} must be a date and time with a time zone, not {at!r}") from None
    if not _FIRST <= moment < _LAST:
        raise ValueError(f"{name} must lie in the years {_FIRST_YEAR} to {_LAST_YEAR}, not {at.year}")
    return moment


def _moment(at: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at)


def _exact(amount: Number, unit: str, size: int) -> int:
    """The amount in whole microseconds, or in whole days."""
    if type(amount) is int:
        return amount * size
    if isinstance(amount, bool) or not isinstance(amount, int | float | Decimal):
        raise ValueError(f"the amount must be a number, not {amount!r}")
    try:
        exact = Fraction(amount) * size
    except (OverflowError, ValueError):
        raise ValueError(f"the amount must be a number, not {amount!r}") from None
    if size == 1 and exact.denominator != 1:
        raise ValueError(f"{unit} must be whole; write {amount} days as hours")
    return round(exact)


def _never(start: datetime, amount: Number, unit: str) -> NoReturn:
    raise NeverDue(f"{amount} {unit} from {start.isoformat()} end more than ten years away")


def _stops(pauses: Iterable[Pause], first: int, last: int) -> list[_Stop]:
    """Pauses cut to first…last, in order and free of overlaps: where two overlap the earlier one gives the
    reason.
    """
    found: list[_Stop] = []
    for pause in pauses:
        since = _since_pause(pause[0])
        until = last if pause[1] is None else _since_pause(pause[1])
        found.append((since, until, pause[2] if len(pause) > 2 else ""))
    found.sort()
    return list(_clipped(found, first, last))


def _since_pause(at: datetime) -> int:
    try:
        return _since_epoch(at)
    except TypeError:
        raise ValueError(f"a pause must have dates and times with a time zone, not {at!r}") from None


def _clipped(stops: Iterable[_Stop], first: int, last: int) -> Iterator[_Stop]:
    if last < first:
        first, last = last, first
    for since, until, note in stops:
        since, until = max(since, first), min(until, last)
        if since < until:
            yield since, until, note
            first = until


def _pause(begin: int, end: int, piece: _Piece, stops: Sequence[_Stop]) -> Iterator[tuple[int, int, _Piece]]:
    at = begin
    for since, until, note in _clipped(stops, begin, end):
        if at < since:
            yield at, since, piece
        yield since, until, piece._replace(counted=False, reason="paused", note=note)
        at = until
    if at < end:
        yield at, end, piece
