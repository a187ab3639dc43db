"""Calendars as tables: what packs and lists of special days say on one day, kept as versions.

A calendar of the packs (section `calendars`) names its weekly hours and the lists of special days it follows.
Laid out with those days it is a `CalendarVersion`, which never changes; clocks keep the version they were
counted in. When a list is corrected, its calendars get new versions and the job `recount` leads the running
clocks over to them. New weekly hours concern only clocks that start later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction

from huiyin.base.kit.moment import now

from .calendar import WorkCalendar
from .entries import WEEKDAYS
from .models import CalendarVersion, SpecialDay

YEARS = range(1990, 2191)
"""For which years special days can be told, and moments counted that somebody writes by hand."""
Days = dict[str, dict[str, Any]]
"""Special days by ISO date: `work`, `name`, `status`, and `like` where a weekday is named."""

_kept: dict[int, WorkCalendar] = {}
_uncommitted: set[int] = set()


def calendar_of(version_id: int | None, always: WorkCalendar) -> WorkCalendar:
    """The calendar of a version; `always` for none. A version never changes, so it is kept in memory."""
    if version_id is None:
        return always
    found = _kept.get(version_id)
    if found is None:
        found = laid_out(CalendarVersion.objects.get(pk=version_id).data)
        if version_id not in _uncommitted:
            _kept[version_id] = found
    return found


def forget() -> None:
    """Empty what is kept in memory; for tests, whose databases start over."""
    _kept.clear()
    _uncommitted.clear()


def is_lasting(version_id: int) -> bool:
    """Whether a version is certain to stay: it was not made in a transaction that may yet be undone."""
    return version_id not in _uncommitted


def laid_out(data: Mapping[str, Any]) -> WorkCalendar:
    """The calendar of a version's data. Refused (`BadCalendar`) when its days contradict its hours."""
    weekly, days = data["weekly"], data["days"]
    own_hours = [day for day in WEEKDAYS if weekly.get(day)]
    workdays: dict[str, dict[str, str]] = {}
    for iso, day in days.items():
        if not day["work"] or not own_hours:
            continue
        weekday = WEEKDAYS[date.fromisoformat(iso).weekday()]
        like = day.get("like") or (weekday if weekday in own_hours else own_hours[0])
        if like in own_hours:
            workdays[iso] = {"like": like, "name": day["name"]}
    return WorkCalendar.from_dict(
        {
            "timezone": data["timezone"],
            "weekly": weekly,
            "holidays": {iso: day["name"] for iso, day in days.items() if not day["work"]},
            "workdays": workdays,
        }
    )


def data_of(entry: Any, zone: str) -> dict[str, Any]:
    """The data of a calendar (`CalendarEntry`) of the packs with the special days of this moment."""
    own = spread(entry.days, SpecialDay.Status.LOCAL)
    weekly = {day: periods for day, periods in entry.weekly if periods}
    data = {"timezone": entry.timezone or zone, "weekly": weekly, "lists": list(entry.holidays), "own": own}
    return with_days(data)


def with_days(data: Mapping[str, Any], rows: Iterable[SpecialDay] | None = None) -> dict[str, Any]:
    """The same calendar with the special days of this moment; its own days go before those of its lists.

    With `rows` those are the days of all lists instead of what is stored.
    """
    days: Days = {}
    places = {code: number for number, code in enumerate(data["lists"])}
    if rows is None:
        rows = SpecialDay.objects.filter(list__in=places).order_by("date")
    for row in sorted((one for one in rows if one.list in places), key=lambda one: places[one.list]):
        days[row.date.isoformat()] = _day(row.work, row.name, row.status, row.like)
    days.update(data["own"])
    return {**data, "days": dict(sorted(days.items()))}


def spread(entries: Iterable[Any], status: str) -> Days:
    """The dates that entries of a pack name, each for itself."""
    days: Days = {}
    for one in entries:
        for day in one.dates():
            days[day.isoformat()] = _day(one.work, one.name, status, one.like or "")
    return days


def _day(work: bool, name: str, status: str, like: str) -> dict[str, Any]:
    return {"work": work, "name": name, "status": str(status), **({"like": like} if like else {})}


def version_of(code: str, name: Mapping[str, str], data: Mapping[str, Any]) -> CalendarVersion:
    """The version of a calendar with such data, made when there is none yet."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    found = CalendarVersion.objects.filter(code=code, digest=digest).first()
    if found is not None:
        return found
    number = CalendarVersion.objects.filter(code=code).count() + 1
    defaults = {"number": number, "name": dict(name), "data": dict(data), "made_at": now()}
    made, fresh = CalendarVersion.objects.get_or_create(code=code, digest=digest, defaults=defaults)
    if fresh and connection.in_atomic_block:
        _uncommitted.add(made.pk)
        transaction.on_commit(lambda: _uncommitted.discard(made.pk))
    return made


def renew(lists: Collection[str]) -> list[CalendarVersion]:
    """Give the calendars that follow changed lists new versions; returns those that were superseded.

    Refused (`BadCalendar`) when the days contradict the hours of one of them.
    """
    old = []
    for version, data in differing(lists):
        laid_out(data)
        after = version_of(version.code, version.name, data)
        if after.superseded_by_id is not None:
            after.superseded_by = None
            after.save(update_fields=["superseded_by"])
        version.superseded_by = after
        version.save(update_fields=["superseded_by"])
        old.append(version)
    return old


def differing(
    lists: Collection[str], rows: Sequence[SpecialDay] | None = None
) -> Iterator[tuple[CalendarVersion, dict[str, Any]]]:
    """The versions in force that follow one of the lists and no longer say what it says, with what they should."""
    for version in list(CalendarVersion.objects.filter(superseded_by=None)):
        if set(lists) & set(version.data["lists"]):
            data = with_days(version.data, rows)
            if data != version.data:
                yield version, data


@dataclass(frozen=True, slots=True)
class Change:
    """One date of a list that a notice adds (no `before`), changes, or takes away (no `after`)."""

    before: SpecialDay | None
    after: SpecialDay | None


def planned(code: str, year: int, days: Days, status: str, source: str) -> list[Change]:
    """What must happen to a list so that it says for one year's notice what is given, in the order of dates.

    What is official goes before a forecast, the organisation's own decisions before both: such dates stay.
    """
    order = [
        str(one) for one in (SpecialDay.Status.FORECAST, SpecialDay.Status.OFFICIAL, SpecialDay.Status.LOCAL)
    ]
    rows = {row.date.isoformat(): row for row in SpecialDay.objects.filter(list=code)}
    stronger = {row.year for row in rows.values() if row.status == SpecialDay.Status.OFFICIAL}
    if status == SpecialDay.Status.FORECAST and year in stronger:
        return []
    changes: dict[str, Change] = {}
    for iso, day in days.items():
        row = rows.get(iso)
        if row is not None and order.index(row.status) > order.index(status):
            continue
        values = {"year": year, "work": day["work"], "name": day["name"], "like": day.get("like", "")}
        values |= {"status": str(status), "source": source}
        if row is None or any(getattr(row, key) != value for key, value in values.items()):
            after = SpecialDay(list=code, date=date.fromisoformat(iso), changed_at=now(), **values)
            changes[iso] = Change(row, after)
    for iso, row in rows.items():
        weaker = order.index(row.status) <= order.index(status)
        if row.year == year and iso not in days and weaker and status != SpecialDay.Status.LOCAL:
            changes[iso] = Change(row, None)
    return [changes[iso] for iso in sorted(changes)]


def put_days(code: str, year: int, days: Days, status: str, source: str) -> tuple[int, int, int]:
    """Make a list say what is `planned`; how many days were added, changed, removed."""
    added = changed = removed = 0
    for change in planned(code, year, days, status, source):
        if change.after is None:
            assert change.before is not None
            change.before.delete()
            removed += 1
        elif change.before is None:
            change.after.save(force_insert=True)
            added += 1
        else:
            change.after.pk = change.before.pk
            change.after.save(force_update=True)
            changed += 1
    return added, changed, removed


def between(first: date, last: date) -> list[date]:
    """All dates from one to another, both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
