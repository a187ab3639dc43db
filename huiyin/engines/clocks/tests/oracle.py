"""An independent answer to every question a calendar is asked, found by walking minute by minute in UTC.

Nothing is shared with the calendar but its pack form. A `World` asks the time zone what the wall clock shows in
every minute of some weeks, paints the minutes of the periods on that wall, and then simply walks. `compare` asks
both the same random questions:

    python -m huiyin.engines.clocks.tests.oracle --count 200000 --seed 1
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import groupby
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from huiyin.engines.clocks.calendar import BadCalendar, Interval, NeverDue, Pause, WorkCalendar

DAY = 1440
WINDOW = 64
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES = {"minutes": 1, "hours": 60, "working_minutes": 1, "working_hours": 60}

# Weeks that hold what is hard: changes by an hour or half an hour, at midnight, a minute after it, a date that
# never was, and zones without any change.
WINDOWS = (
    ("Asia/Shanghai", date(2026, 1, 15)),
    ("Asia/Shanghai", date(2024, 8, 20)),
    ("Asia/Shanghai", date(1988, 3, 20)),
    ("Asia/Kathmandu", date(2025, 12, 1)),
    ("UTC", date(2024, 2, 1)),
    ("Europe/Berlin", date(2026, 3, 1)),
    ("Europe/Berlin", date(2025, 9, 25)),
    ("America/New_York", date(2026, 2, 8)),
    ("America/New_York", date(2025, 10, 5)),
    ("America/St_Johns", date(2006, 3, 5)),
    ("America/St_Johns", date(2006, 10, 1)),
    ("Australia/Lord_Howe", date(2025, 3, 10)),
    ("Australia/Lord_Howe", date(2025, 9, 5)),
    ("America/Sao_Paulo", date(2017, 9, 15)),
    ("America/Sao_Paulo", date(2018, 1, 18)),
    ("Asia/Beirut", date(2022, 2, 25)),
    ("America/Havana", date(2024, 2, 10)),
    ("America/Havana", date(2024, 10, 3)),
    ("Africa/Casablanca", date(2025, 2, 10)),
    ("Pacific/Apia", date(2011, 12, 1)),
    # The calendar keeps its periods in blocks of 256 days since 1970; these windows have a border in the middle.
    ("Asia/Shanghai", date(1970, 1, 1) + timedelta(days=256 * 80 - 32)),
    ("Europe/Berlin", date(1970, 1, 1) + timedelta(days=256 * 81 - 32)),
    ("UTC", date(1970, 1, 1) + timedelta(days=256 * 79 - 32)),
)

Period: TypeAlias = tuple[int, int]
Span: TypeAlias = tuple[int, int | None]


class BeyondWindow(Exception):
    """The walk left the weeks that were looked at."""


@cache
def wall_clock(zone: str, first: date) -> list[int]:
    """What the wall shows in every UTC minute of the window: date ordinal * 1440 + minute of the day."""
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    place = ZoneInfo(zone)
    shown = []
    for minute in range(WINDOW * DAY):
        local = (begin + timedelta(minutes=minute)).astimezone(place)
        shown.append(local.toordinal() * DAY + local.hour * 60 + local.minute)
    return shown


@dataclass
class Plan:
    """The hours of a calendar, kept as minutes, and the pack form made from them."""

    zone: str
    first: date
    weekly: list[list[Period]]
    holidays: set[date] = field(default_factory=set)
    yearly: set[tuple[int, int]] = field(default_factory=set)
    workdays: dict[date, list[Period]] = field(default_factory=dict)

    def periods(self, ordinal: int) -> list[Period]:
        day = date.fromordinal(ordinal)
        if day in self.workdays:
            return self.workdays[day]
        if day in self.holidays or (day.month, day.day) in self.yearly:
            return []
        return self.weekly[day.weekday()]

    def pack_form(self) -> dict[str, Any]:
        return {
            "timezone": self.zone,
            "weekly": {
                name: written(periods) for name, periods in zip(NAMES, self.weekly, strict=True) if periods
            },
            "holidays": sorted(day.isoformat() for day in self.holidays),
            "yearly_holidays": [f"{month:02}-{day:02}" for month, day in sorted(self.yearly)],
            "workdays": {day.isoformat(): written(periods) for day, periods in self.workdays.items()},
        }

    def contradicts_itself(self) -> bool:
        week: set[int] = set()
        for day, periods in enumerate(self.weekly):
            for begin, end in periods:
                for minute in range(begin, end):
                    place = (day * DAY + minute) % (7 * DAY)
                    if place in week:
                        return True
                    week.add(place)
        if not week and not self.workdays:
            return True
        if self.holidays & set(self.workdays):
            return True
        painted: set[int] = set()
        for ordinal in range(self.first.toordinal() - 3, self.first.toordinal() + WINDOW + 3):
            for begin, end in self.periods(ordinal):
                for minute in range(ordinal * DAY + begin, ordinal * DAY + end):
                    if minute in painted:
                        return True
                    painted.add(minute)
        return False


def written(periods: list[Period]) -> list[list[str]]:
    def clock(minute: int) -> str:
        minute = minute if minute <= DAY else minute - DAY
        return f"{minute // 60:02}:{minute % 60:02}"

    return [[clock(begin), clock(end)] for begin, end in periods]


class World:
    """The minutes of a window, each with the date whose period it belongs to (0 = closed)."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.wall = wall_clock(plan.zone, plan.first)
        self.begin = datetime(plan.first.year, plan.first.month, plan.first.day, tzinfo=UTC)
        painted: dict[int, int] = {}
        for ordinal in range(self.wall[0] // DAY - 3, self.wall[-1] // DAY + 4):
            for begin, end in plan.periods(ordinal):
                for minute in range(begin, end):
                    painted[ordinal * DAY + minute] = ordinal
        self.owner = [painted.get(shown, 0) for shown in self.wall]
        self.last = {owner: minute for minute, owner in enumerate(self.owner)}
        self.open = bytes(1 if owner else 0 for owner in self.owner)
        self.always = bytes(b"\1" * len(self.open))

    def moment(self, minute: int) -> datetime:
        return self.begin + timedelta(minutes=minute)

    def due(self, start: int, amount: int, unit: str, pauses: list[Span], end_of_day: bool) -> int:
        working = unit.startswith("working_")
        hours = self.open if working else self.always
        counting = without(hours, pauses)
        if unit in ("days", "working_days"):
            due = self.same_time(start, amount, working)
            low, high = min(start, due), max(start, due)
            paused = hours.count(1, low, high) - counting.count(1, low, high)
            due = walk(counting, due, paused if amount > 0 else -paused)
            ended = working and paused > 0 and amount > 0
        else:
            due = walk(counting, start, amount * MINUTES[unit])
            ended = working and amount > 0
        return self.closing_time(due, ended, working) if end_of_day else due

    def same_time(self, start: int, days: int, working: bool) -> int:
        if not days:
            return start
        ordinal, minute = divmod(self.wall[start], DAY)
        left = abs(days)
        while left:
            ordinal += 1 if days > 0 else -1
            if not self.wall[0] // DAY < ordinal < self.wall[-1] // DAY:
                raise BeyondWindow
            if not working or self.plan.periods(ordinal):
                left -= 1
        wanted = ordinal * DAY + minute
        guess = start + wanted - self.wall[start]
        low, high = max(guess - 2 * DAY, 0), min(guess + 2 * DAY, len(self.wall))
        if high - low < 4 * DAY:
            raise BeyondWindow
        try:
            return self.wall.index(wanted, low, high)
        except ValueError:
            # The wall skips that time: go on from the last minute before by as much as is missing.
            last = next(i for i in range(low, high) if self.wall[i] < wanted < self.wall[i + 1])
            return last + wanted - self.wall[last]

    def closing_time(self, due: int, ended: bool, working: bool) -> int:
        inside = due - 1 if ended else due
        if not 3 * DAY < inside < len(self.wall) - 3 * DAY:
            raise BeyondWindow
        ordinal = self.owner[inside]
        if not ordinal:
            ordinal = self.wall[due] // DAY
            while working and not self.plan.periods(ordinal):
                ordinal += 1
        if (ordinal + 3) * DAY > self.wall[-1]:
            raise BeyondWindow
        if ordinal in self.last:
            return self.last[ordinal] + 1
        return next(i for i in range(due, len(self.wall)) if self.wall[i] // DAY > ordinal)

    def why(self, minute: int, paused: bytes) -> tuple[bool, str, date]:
        owner = self.owner[minute]
        if owner:
            day = date.fromordinal(owner)
            reason = "make_up_day" if day in self.plan.workdays else "working"
            return (False, "paused", day) if paused[minute] else (True, reason, day)
        ordinal, shown = divmod(self.wall[minute], DAY)
        day, periods = date.fromordinal(ordinal), self.plan.periods(ordinal)
        if not periods:
            holiday = day in self.plan.holidays or (day.month, day.day) in self.plan.yearly
            return False, "holiday" if holiday else "rest_day", day
        if all(shown < begin for begin, _end in periods):
            return False, "before_opening", day
        if all(shown >= end for _begin, end in periods):
            return False, "after_closing", day
        return False, "break", day

    def explain(self, start: int, end: int, pauses: list[Span]) -> list[tuple[Any, ...]]:
        paused = without(self.always, pauses).translate(bytes([1, 0]) + bytes(254))
        runs = []
        for reason, minutes in groupby(range(start, end), key=lambda minute: self.why(minute, paused)):
            run = list(minutes)
            runs.append((self.moment(run[0]), self.moment(run[-1] + 1), *reason))
        return runs


def without(hours: bytes, pauses: list[Span]) -> bytes:
    left = bytearray(hours)
    for begin, end in pauses:
        begin = max(begin, 0)
        end = len(hours) if end is None else min(end, len(hours))
        if begin < end:
            left[begin:end] = bytes(end - begin)
    return bytes(left)


def walk(counting: bytes, at: int, amount: int) -> int:
    """Step from minute to minute until so many that count have passed (an hour at once while it is not enough)."""
    while amount > 0:
        if at >= len(counting):
            raise BeyondWindow
        hour = counting.count(1, at, at + 60)
        if hour < amount:
            amount -= hour
            at += 60
        else:
            amount -= counting[at]
            at += 1
    while amount < 0:
        if at <= 0:
            raise BeyondWindow
        hour = counting.count(1, max(at - 60, 0), at)
        if hour < -amount:
            amount += hour
            at -= 60
        else:
            at -= 1
            amount += counting[at]
    return at


def random_periods(rng: random.Random) -> list[Period]:
    kind = rng.random()
    if kind < 0.15:
        return [(540, 1080)]
    if kind < 0.30:
        return [(510, 720), (810, 1050)]
    if kind < 0.38:
        return [(0, DAY)]
    if kind < 0.50:
        begin = rng.choice((1080, 1200, 1320, 1380))
        return [(begin, DAY + rng.choice((60, 120, 150, 360, 480)))]
    grain = rng.choice((1, 5, 15, 30))
    cuts = sorted(rng.sample(range(0, DAY + 1, grain), rng.choice((2, 2, 4, 6))))
    periods = list(zip(cuts[::2], cuts[1::2], strict=True))
    if rng.random() < 0.15 and periods[0][0] > 10:
        periods.append((max(periods[-1][1], DAY - 60), DAY + rng.randrange(1, periods[0][0])))
    return [(begin, end) for begin, end in periods if begin < DAY]


def random_plan(rng: random.Random) -> Plan:
    zone, first = rng.choice(WINDOWS)
    usual, rest = random_periods(rng), rng.choice((5, 6, 7, 5))
    weekly = [usual if i < rest else [] for i in range(7)]
    for i in range(7):
        if rng.random() < 0.15:
            weekly[i] = [] if rng.random() < 0.5 else random_periods(rng)
    plan = Plan(zone, first, weekly)
    days = [first + timedelta(days=i) for i in range(-2, WINDOW + 2)]
    plan.holidays = set(rng.sample(days, rng.randrange(8)))
    plan.yearly = {(day.month, day.day) for day in rng.sample(days, rng.randrange(3))}
    for day in rng.sample(days, rng.randrange(6)):
        if rng.random() < 0.95:
            plan.holidays.discard(day)
        plan.workdays[day] = usual if rng.random() < 0.6 else random_periods(rng)
    return plan


def random_pauses(rng: random.Random, near: int) -> list[Span]:
    pauses: list[Span] = []
    for _i in range(rng.choice((0, 0, 1, 1, 2, 4))):
        begin = near + int(rng.gauss(0, 3 * DAY))
        if rng.random() < 0.04:
            pauses.append((begin, None))
        else:
            length = rng.choice((rng.randrange(90), rng.randrange(DAY), rng.randrange(6 * DAY)))
            pauses.append((begin, begin + length - (10 if rng.random() < 0.05 else 0)))
    return pauses


@dataclass
class Result:
    """How many questions were asked, how many of them were left out, and every difference."""

    cases: int = 0
    left_out: int = 0
    calendars: int = 0
    differences: list[str] = field(default_factory=list)


class Comparison:
    """Asks one calendar and its world the same questions."""

    def __init__(self, rng: random.Random, plan: Plan, calendar: WorkCalendar, result: Result) -> None:
        self.rng, self.plan, self.calendar, self.result = rng, plan, calendar, result
        self.world = World(plan)

    def check(self, question: str, wanted: object, got: object) -> None:
        self.result.cases += 1
        if wanted != got:
            self.result.differences.append(
                f"{question} of {self.plan.pack_form()}: {wanted} expected, {got} given"
            )

    def times(self, pauses: list[Span]) -> list[Pause]:
        return [(self.world.moment(a), None if b is None else self.world.moment(b)) for a, b in pauses]

    def ask(self) -> None:
        start = self.rng.randrange(16 * DAY, (WINDOW - 16) * DAY)
        if self.rng.random() < 0.3:
            start -= start % 30
        pauses = random_pauses(self.rng, start)
        kind = self.rng.random()
        if kind < 0.72:
            self.ask_due(start, pauses)
        elif kind < 0.92:
            self.ask_elapsed(start, pauses)
        elif kind < 0.98:
            self.ask_working(start)
        else:
            self.ask_explain(start, pauses)

    def ask_due(self, start: int, pauses: list[Span]) -> None:
        rng, world = self.rng, self.world
        unit = rng.choice(("minutes", "hours", "days", "working_minutes", "working_hours", "working_days"))
        most = {"minutes": 4000, "hours": 90, "days": 12}[unit.removeprefix("working_")]
        amount = rng.randint(-most // 2, most)
        end_of_day = rng.random() < 0.2
        if rng.random() < 0.2:
            unit, amount = "working_minutes", self.up_to_a_border(start)
        if rng.random() < 0.1:
            pauses = [*pauses, *self.beside_the_end(start, amount, unit)]
        question = f"due({world.moment(start)}, {amount}, {unit}, {pauses}, {end_of_day})"
        wanted: object
        try:
            wanted = world.moment(world.due(start, amount, unit, pauses, end_of_day))
        except BeyondWindow:
            if amount < 0 or all(end is not None for _begin, end in pauses):
                self.result.left_out += 1
                return
            wanted = NeverDue
        got: object
        try:
            got = self.calendar.due(world.moment(start), amount, unit, self.times(pauses), end_of_day)
        except NeverDue:
            got = NeverDue
        self.check(question, wanted, got)

    def up_to_a_border(self, start: int) -> int:
        """Working minutes up to the next closing or back to an opening time, some periods away."""
        opened, at, way = self.world.open, start, self.rng.choice((1, -1))
        borders = self.rng.randint(1, 5)
        while borders and 0 < at + way < len(opened):
            at += way
            borders -= opened[at - 1] != opened[at]
        return way * opened.count(1, min(start, at), max(start, at))

    def beside_the_end(self, start: int, amount: int, unit: str) -> list[Span]:
        """A pause that begins or ends at the very minute the limit ends."""
        try:
            end = self.world.due(start, amount, unit, [], False)
        except BeyondWindow:
            return []
        length = self.rng.randrange(1, DAY)
        return [self.rng.choice(((end, end + length), (end - length, end)))]

    def ask_elapsed(self, start: int, pauses: list[Span]) -> None:
        world, natural = self.world, self.rng.random() < 0.2
        end = start + self.rng.randint(-DAY, 14 * DAY)
        counting = without(world.always if natural else world.open, pauses)
        wanted = counting.count(1, start, end) * 60 if end > start else 0
        got = self.calendar.elapsed(world.moment(start), world.moment(end), self.times(pauses), natural)
        self.check(f"elapsed({world.moment(start)}, {world.moment(end)}, {pauses}, {natural})", wanted, got)

    def ask_working(self, start: int) -> None:
        at = self.world.moment(start)
        day = date.fromordinal(self.world.wall[start] // DAY)
        wanted = bool(self.world.open[start]), bool(self.plan.periods(day.toordinal()))
        got = self.calendar.is_working(at), self.calendar.is_working_day(day)
        self.check(f"is_working({at}), is_working_day({day})", wanted, got)

    def ask_explain(self, start: int, pauses: list[Span]) -> None:
        end = start + self.rng.randrange(4 * DAY)
        wanted = self.world.explain(start, end, pauses)
        first, last = self.world.moment(start), self.world.moment(end)
        got = self.calendar.explain(first, last, self.times(pauses))
        self.check(f"explain({first}, {last}, {pauses})", wanted, [told(interval) for interval in got])


def told(interval: Interval) -> tuple[Any, ...]:
    return interval.start, interval.end, interval.counted, interval.reason, interval.date


def calendars(rng: random.Random, result: Result) -> Iterator[Comparison]:
    """Calendars without end; each that contradicts itself must be refused, no other may be."""
    while True:
        plan = random_plan(rng)
        try:
            calendar = WorkCalendar.from_dict(plan.pack_form())
        except BadCalendar as error:
            if not plan.contradicts_itself():
                result.differences.append(f"refused {plan.pack_form()}: {error}")
            continue
        if plan.contradicts_itself():
            result.differences.append(f"not refused: {plan.pack_form()}")
            continue
        result.calendars += 1
        yield Comparison(rng, plan, calendar, result)


def compare(count: int, seed: int, questions: int = 150) -> Result:
    """Ask `count` random questions, `questions` of each calendar, and collect what differs."""
    rng = random.Random(seed)
    result = Result()
    for comparison in calendars(rng, result):
        for _i in range(questions):
            if result.cases >= count:
                return result
            comparison.ask()
    raise AssertionError("calendars never end")


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare the work calendar with a minute-by-minute walk.")
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.perf_counter()
    result = compare(options.count, options.seed)
    lines = [
        *result.differences[:20],
        f"{result.cases} questions to {result.calendars} calendars, {result.left_out} left out, "
        f"{len(result.differences)} differences, {time.perf_counter() - began:.0f} s",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if result.differences else 0


if __name__ == "__main__":
    sys.exit(main())
