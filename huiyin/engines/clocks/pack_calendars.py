"""The sections `holidays` (special days by year) and `calendars` (the hours limits are counted in)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from huiyin.base.org.models import Site
from huiyin.engines.packs.problems import near
from huiyin.engines.packs.registry import Applying, Checking, Code, Entry, Item, Section, Words, declare

from .calendars import YEARS, between, laid_out, put_days, renew, spread
from .entries import BadCalendar, read_calendar
from .models import SpecialDay

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Periods = Annotated[list[tuple[str, str]], Field(max_length=12)]
SiteCode = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]


def _date(text: str) -> str:
    if date.fromisoformat(text).isoformat() != text:
        raise ValueError("YYYY-MM-DD")
    return text


Day = Annotated[str, AfterValidator(_date)]


class DayEntry(BaseModel):
    """One date, or all from one to another, on which nobody works or (`work`) everybody does."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)

    name: str = Field(min_length=1, max_length=60)
    since: Day = Field(alias="from")
    to: Day | None = None
    work: bool = False
    like: Weekday | None = None

    @model_validator(mode="after")
    def _in_order(self) -> DayEntry:
        first, last = date.fromisoformat(self.since), date.fromisoformat(self.to or self.since)
        if not 0 <= (last - first).days <= 366:
            raise ValueError("from … to")
        return self

    def dates(self) -> list[date]:
        """Every date it names."""
        return between(date.fromisoformat(self.since), date.fromisoformat(self.to or self.since))


DayEntries = Annotated[list[DayEntry], Field(max_length=400)]


class HolidaysEntry(Entry):
    """What one year's notice says; `forecast` until it was published, then `official`.

    A notice imported meanwhile is not undone by a forecast; an organisation's own decisions are `local`.
    """

    name: Words
    list: Code
    year: Annotated[int, Field(ge=YEARS[0], le=YEARS[-1])]
    status: Literal["official", "forecast", "local"]
    paper: str = Field(default="", max_length=300)
    days: DayEntries


class Weekly(BaseModel):
    """The periods of work of each weekday, `[from, to]` as HH:MM; a weekday without any is a rest day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mon: Periods = []
    tue: Periods = []
    wed: Periods = []
    thu: Periods = []
    fri: Periods = []
    sat: Periods = []
    sun: Periods = []


class CalendarEntry(Entry):
    """The hours limits are counted in.

    A rule may name the calendar; otherwise that of the holders of its post counts (`posts`), and else the
    `standard` one. `sites` restricts both to some sites. `holidays` are lists of special days it follows,
    `days` its own exceptions. The particular layer goes before the general.
    """

    name: Words
    weekly: Weekly
    timezone: str | None = Field(default=None, max_length=60)
    holidays: Annotated[list[Code], Field(max_length=10)] = []
    days: DayEntries = []
    standard: bool = False
    posts: Annotated[list[Code], Field(max_length=100)] = []
    sites: Annotated[list[SiteCode], Field(max_length=500)] = []


def check_holidays(items: Sequence[Item], checking: Checking) -> None:
    """No date stands twice in a list under the same year."""
    for item in items:
        seen: set[date] = set()
        for position, one in enumerate(item.value.days):
            twice = seen & set(one.dates())
            if twice:
                message = _("The date %(date)s stands twice.") % {"date": min(twice)}
                checking.problem(item, message, _("Delete one of them."), "days", position)
            seen |= set(one.dates())


def check_calendars(items: Sequence[Item], checking: Checking) -> None:
    """Hours can be read, and everything named exists."""
    lists = _lists(checking)
    for item in items:
        entry: CalendarEntry = item.value
        weekly: dict[str, Any] = {day: [list(p) for p in periods] for day, periods in entry.weekly if periods}
        own = spread(entry.days, SpecialDay.Status.LOCAL)
        try:
            read_calendar({"timezone": entry.timezone, "weekly": weekly})
            laid_out({"timezone": entry.timezone, "weekly": weekly, "days": own})
        except BadCalendar as error:
            message = f"{error.key}: {_(error.message) % error.params}"
            checking.problem(item, message, _("Correct the hours."), "weekly")
        _check_named(item, checking, "holidays", lists)
        _check_named(item, checking, "posts", checking.codes("posts"))
        if entry.sites:
            known = set(Site.objects.filter(code__in=entry.sites).values_list("code", flat=True))
            _check_named(item, checking, "sites", known)


def _lists(checking: Checking) -> set[str]:
    """Lists of special days, by the codes `LIST-YEAR` of their notices and those already taken over."""
    named = {code.rpartition("-")[0] for code in checking.codes("holidays")}
    return named | set(SpecialDay.objects.values_list("list", flat=True).distinct())


def _check_named(item: Item, checking: Checking, key: str, known: Any) -> None:
    for position, code in enumerate(getattr(item.value, key)):
        if code not in known:
            message = _("There is no %(key)s “%(value)s”.") % {"key": key, "value": code}
            mend = near(code, known) + _("Known are: %(names)s.") % {"names": ", ".join(sorted(known)[:40])}
            checking.problem(item, message, mend, key, position)


def apply_holidays(items: Sequence[Item], _applying: Applying) -> None:
    """Take the days into the table, and give the calendars that follow them new versions."""
    changed = set()
    for item in items:
        entry: HolidaysEntry = item.value
        days = spread(entry.days, entry.status)
        if any(put_days(entry.list, entry.year, days, entry.status, entry.paper)):
            changed.add(entry.list)
    if changed:
        renew(changed)


declare(
    Section("calendars", CalendarEntry, gettext_lazy("Work calendars"), check_calendars),
    Section("holidays", HolidaysEntry, gettext_lazy("Public holidays"), check_holidays, apply_holidays),
)
