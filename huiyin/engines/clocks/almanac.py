"""Work calendars and public holidays as people read them: a year month by month, what is open when, a notice's effect.

Nothing is written here; `services.import_holidays` takes a notice over.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from huiyin.base.kit.moment import today
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.engines.packs.registry import Item

from . import calendars
from .calendar import Interval, NeverDue, WorkCalendar
from .entries import BadCalendar
from .holidays import read_notice
from .models import Clock, SpecialDay
from .words import reason_in_words, week_in_words

Status = SpecialDay.Status
LOOK_AHEAD = timedelta(days=21)
"""How far ahead opening hours are looked for; whoever works throughout that time works round the clock."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Until which date a list of special days is official, and until which it is forecast."""

    list: str
    official: date | None
    forecast: date | None


@dataclass(frozen=True, slots=True)
class Laid:
    """A calendar of the packs laid out with the special days of this moment."""

    item: Item
    data: Mapping[str, Any]
    calendar: WorkCalendar

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.item.value.name)

    @property
    def hours(self) -> list[str]:
        """The hours of its week in words."""
        return week_in_words(self.data["weekly"])


def laid(item: Item) -> Laid:
    """A calendar of the packs, laid out."""
    data = calendars.data_of(item.value, settings.TIME_ZONE)
    return Laid(item, data, calendars.laid_out(data))


def reaches(lists: Iterable[str]) -> dict[str, Reach]:
    """How far lists of special days are known, by their codes; one query."""
    known: dict[str, dict[str, date]] = {one: {} for one in lists}
    rows = SpecialDay.objects.filter(list__in=known).order_by().values_list("list", "status")
    for code, status, last in rows.annotate(last=Max("date")):
        known[code][status] = last
    return {
        code: Reach(code, days.get(Status.OFFICIAL), days.get(Status.FORECAST))
        for code, days in known.items()
    }


@dataclass(frozen=True, slots=True)
class Cell:
    """One date of a month's table: whether people work and why not or why all the same.

    `kind` is work, rest, holiday or make_up; `mark` the sign it bears, `status` of which kind the decision is.
    """

    date: date
    kind: str
    name: str = ""
    status: str = ""
    is_today: bool = False

    @property
    def mark(self) -> str:
        """The sign of a special day."""
        if self.kind not in ("holiday", "make_up"):
            return ""
        return pgettext("calendar mark", "off") if self.kind == "holiday" else pgettext("calendar mark", "on")

    @property
    def is_forecast(self) -> bool:
        """Whether no notice has settled it yet."""
        return self.status == Status.FORECAST

    @property
    def is_local(self) -> bool:
        """Whether the organisation itself decided it."""
        return self.status == Status.LOCAL

    @property
    def words(self) -> str:
        """What the day is, for those who point at it or have it read to them."""
        parts = [self.date.isoformat(), self.name, KINDS[self.kind], STATUSES.get(self.status, "")]
        return " · ".join(str(part) for part in parts if part)


KINDS = {
    "work": gettext_lazy("working day"),
    "rest": gettext_lazy("rest day"),
    "holiday": gettext_lazy("public holiday"),
    "make_up": gettext_lazy("make-up working day"),
}
STATUSES = {Status.FORECAST.value: Status.FORECAST.label, Status.LOCAL.value: Status.LOCAL.label}


@dataclass(frozen=True, slots=True)
class Month:
    """One month: its name and its weeks, Monday first; days of other months are empty."""

    name: str
    weeks: tuple[tuple[Cell | None, ...], ...]
    working_days: int


def months_of(shown: Laid, year: int) -> list[Month]:
    """The twelve months of a year."""
    return [_month(shown, year, number) for number in range(1, 13)]


def _month(shown: Laid, year: int, number: int) -> Month:
    first = date(year, number, 1)
    after = date(year + number // 12, number % 12 + 1, 1)
    cells: list[Cell | None] = [None] * first.weekday()
    cells += [_cell(shown, first + timedelta(days=n)) for n in range((after - first).days)]
    cells += [None] * (-len(cells) % 7)
    worked = sum(one is not None and one.kind in ("work", "make_up") for one in cells)
    weeks = tuple(tuple(cells[i : i + 7]) for i in range(0, len(cells), 7))
    return Month(str(MONTHS[number]), weeks, worked)


def _cell(shown: Laid, day: date) -> Cell:
    special = shown.data["days"].get(day.isoformat())
    works = shown.calendar.is_working_day(day)
    is_today = day == today()
    if special is None or (special["work"] and not works):
        return Cell(day, "work" if works else "rest", is_today=is_today)
    kind = "make_up" if works else "holiday"
    return Cell(day, kind, special["name"], special["status"], is_today)


@dataclass(frozen=True, slots=True)
class Run:
    """Dates that follow each other under one name, on which people rest, or work all the same."""

    name: str
    first: date
    last: date
    work: bool
    status: str

    @property
    def days(self) -> int:
        """How many dates."""
        return (self.last - self.first).days + 1

    @property
    def status_label(self) -> Any:
        """Of which kind the decision is, in a word."""
        return Status(self.status).label


def runs(days: Iterable[tuple[date, Mapping[str, Any]]]) -> list[Run]:
    """Special days, in order, with neighbours of one name put together."""
    found: list[Run] = []
    for day, told in days:
        before = found[-1] if found else None
        same = before is not None and (before.name, before.work, before.status) == (
            told["name"],
            told["work"],
            told["status"],
        )
        if before is not None and same and day - before.last == timedelta(days=1):
            found[-1] = Run(before.name, before.first, day, before.work, before.status)
        else:
            found.append(Run(told["name"], day, day, told["work"], told["status"]))
    return found


def runs_of_year(shown: Laid, year: int) -> list[Run]:
    """The special days of a calendar in a year."""
    dated = ((date.fromisoformat(iso), told) for iso, told in shown.data["days"].items())
    return runs((day, told) for day, told in dated if day.year == year)


FEW_DAYS = 4
"""Fewer are the last days of a year that the notice of the next one names."""


def years_of(shown: Laid) -> list[int]:
    """The years whose special days a calendar knows, and this year."""
    known = Counter(iso[:4] for iso in shown.data["days"])
    own = {iso[:4] for iso in shown.data["own"]}
    found = {int(year) for year, days in known.items() if days >= FEW_DAYS or year in own}
    return sorted({one for one in found if one in calendars.YEARS} | {today().year})


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether it is working time, why not, and when that changes next (UTC; never: round the clock)."""

    is_open: bool
    why: str
    until: datetime | None


def opening(calendar: WorkCalendar, at: datetime) -> Opening:
    """How a calendar stands at a moment."""
    intervals = calendar.explain(at, at + LOOK_AHEAD)
    first = intervals[0]
    end = next((one.start for one in intervals if one.counted != first.counted), None)
    return Opening(first.counted, _why(first), end)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time that was counted or not, and why in words (moments are UTC)."""

    start: datetime
    end: datetime
    counted: bool
    seconds: float
    why: str


@dataclass(frozen=True, slots=True)
class Counting:
    """When so much working time ends, and how it was counted; `more` stretches are left out of the list."""

    due_at: datetime
    stretches: tuple[Stretch, ...]
    seconds: float
    more: int


STRETCHES_SHOWN = 120


def count(calendar: WorkCalendar, since: datetime, amount: int, unit: str) -> Counting:
    """Count an amount of time from a moment on. Refused (`never-due`) when it does not end within ten years."""
    try:
        due_at = calendar.due(since, amount, unit)
        intervals = calendar.explain(since, due_at)
    except (NeverDue, ValueError):
        raise Refused("never-due", _("This does not end within ten years."), field="amount") from None
    told = [_stretch(one) for one in intervals]
    counted = sum(one.seconds for one in told if one.counted)
    return Counting(due_at, tuple(told[:STRETCHES_SHOWN]), counted, max(len(told) - STRETCHES_SHOWN, 0))


def _stretch(one: Interval) -> Stretch:
    return Stretch(one.start, one.end, one.counted, one.seconds, _why(one))


def _why(one: Interval) -> str:
    return " · ".join(part for part in (reason_in_words(one.reason), one.note) if part)


@dataclass(frozen=True, slots=True)
class YearOfList:
    """What a list of special days says for the notice of one year: where it stands, its days put together."""

    list: str
    year: int
    statuses: tuple[str, ...]
    sources: tuple[str, ...]
    runs: tuple[Run, ...]
    rest_days: int
    make_up_days: int
    changed_at: datetime

    @property
    def status(self) -> str:
        """The weakest of its days: a year is official when all of it is."""
        order = (Status.FORECAST, Status.OFFICIAL, Status.LOCAL)
        return next(str(one) for one in order if one in self.statuses)

    @property
    def status_label(self) -> Any:
        """The same in a word."""
        return Status(self.status).label

    @property
    def source(self) -> str:
        """Where the notice was published; empty when no address is known."""
        return next((one for one in self.sources if one.startswith(("https://", "http://"))), "")


def years_of_lists() -> list[YearOfList]:
    """Every list and year, the newest first; one query."""
    rows = SpecialDay.objects.order_by("list", "year", "date")
    found = []
    for (code, year), group in groupby(rows, key=lambda one: (one.list, one.year)):
        days = list(group)
        told = [(one.date, {"name": one.name, "work": one.work, "status": one.status}) for one in days]
        found.append(
            YearOfList(
                code,
                year,
                tuple(sorted({one.status for one in days})),
                tuple(sorted({one.source for one in days if one.source})),
                tuple(runs(told)),
                sum(not one.work for one in days),
                sum(one.work for one in days),
                max(one.changed_at for one in days),
            )
        )
    return sorted(found, key=lambda one: (one.list, -one.year))


@dataclass(frozen=True, slots=True)
class Line:
    """What a notice does to one date: `added`, `changed` or `removed`, and how it was and will be in words."""

    date: date
    what: str
    before: str
    after: str

    @property
    def label(self) -> str:
        """What is done, in a word."""
        return {
            "added": pgettext("special day", "added"),
            "changed": pgettext("special day", "changed"),
            "removed": pgettext("special day", "removed"),
        }[self.what]

    @property
    def tone(self) -> str:
        """The tone of that word."""
        return {"added": "good", "changed": "warn", "removed": "bad"}[self.what]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a notice would do: its year and source, date by date, the calendars and running clocks concerned.

    `seen` names exactly this effect: another one later means that somebody changed the list meanwhile.
    """

    year: int
    source: str
    lines: tuple[Line, ...]
    calendars: tuple[str, ...]
    clocks: int
    seen: str

    @property
    def counts(self) -> dict[str, int]:
        """How many dates are added, changed, removed."""
        return {what: sum(one.what == what for one in self.lines) for what in ("added", "changed", "removed")}


def preview(data: Any, list_code: str) -> Preview:
    """What `import_holidays` would do now. Refused (`bad-notice`) as there."""
    notice = read_notice(data)
    changes = calendars.planned(list_code, notice.year, notice.days, Status.OFFICIAL, notice.source)
    lines = tuple(_line(one) for one in changes)
    names, clocks = _concerned(list_code, changes)
    text = repr([(one.date, one.what, one.before, one.after) for one in lines])
    seen = hashlib.sha256(text.encode()).hexdigest()
    return Preview(notice.year, notice.source, lines, names, clocks, seen)


def _concerned(list_code: str, changes: Sequence[calendars.Change]) -> tuple[tuple[str, ...], int]:
    """The calendars that get new versions, and how many clocks run in them (a figure only)."""
    if not changes:
        return (), 0
    rows = {(one.list, one.date): one for one in SpecialDay.objects.order_by("date")}
    for change in changes:
        if change.after is not None:
            rows[change.after.list, change.after.date] = change.after
        elif change.before is not None:
            del rows[change.before.list, change.before.date]
    versions = []
    for version, data in calendars.differing([list_code], sorted(rows.values(), key=lambda one: one.date)):
        try:
            calendars.laid_out(data)
        except BadCalendar as error:
            message = gettext_lazy("The days contradict the hours of a calendar: %(error)s")
            raise Refused("bad-notice", message, params={"error": str(error)}) from None
        versions.append(version)
    with use(system_scope("clocks")):
        clocks = Clock.objects.filter(calendar__in=versions, stopped_at=None).count()
    return tuple(sorted({one.title for one in versions})), clocks


def _line(change: calendars.Change) -> Line:
    one = change.after or change.before
    assert one is not None
    what = "removed" if change.after is None else "added" if change.before is None else "changed"
    return Line(one.date, what, _day_in_words(change.before), _day_in_words(change.after))


def _day_in_words(day: SpecialDay | None) -> str:
    if day is None:
        return ""
    kind = KINDS["make_up" if day.work else "holiday"]
    return f"{day.name} · {kind} · {day.get_status_display()}"


def lists_known() -> list[str]:
    """The lists of special days there are; the State Council's where there are none yet."""
    return sorted({*SpecialDay.objects.order_by().values_list("list", flat=True).distinct(), "cn"})
