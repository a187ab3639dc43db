"""Limits and calendars as clocks use them: in which calendar the limits of a site and post are counted."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings

from huiyin.base.org.models import Site
from huiyin.engines.packs.registry import Item
from huiyin.engines.packs.selectors import entries

from . import calendars
from .calendar import WorkCalendar
from .calendars import YEARS as YEARS
from .limits import Limit


@dataclass(frozen=True, slots=True)
class Counted:
    """A calendar and the version of it that clocks keep; no version is round the clock."""

    calendar: WorkCalendar
    version_id: int | None = None


_found: dict[tuple[int | None, str, str], tuple[tuple[Item, ...], Counted]] = {}
_lock = threading.Lock()


def calendar_for(site_id: int | None, post: str | None = None, *, code: str | None = None) -> WorkCalendar:
    """The calendar limits are counted in at a site (None: for all), for holders of a post if one is given.

    `code` names a calendar of the packs instead. Round the clock in the organisation's time zone where the
    packs name none. Kept in memory until packs or special days change.
    """
    return counted_in(site_id, post, code=code).calendar


def counted_in(site_id: int | None, post: str | None = None, *, code: str | None = None) -> Counted:
    """As `calendar_for`, with the version of the calendar; one is made when it was never counted in before."""
    items = entries("calendars", site_id)
    key = (site_id, post or "", code or "")
    kept = _found.get(key)
    if kept is not None and kept[0] is items:
        return kept[1]
    item = _chosen(items, site_id, post or "", code or "")
    if item is None:
        return Counted(always())
    data = calendars.data_of(item.value, settings.TIME_ZONE)
    name = item.value.name.model_dump(exclude_defaults=True)
    version = calendars.version_of(item.code, name, data)
    found = Counted(calendar_of(version.pk), version.pk)
    if calendars.is_lasting(version.pk):
        with _lock:
            _found[key] = (items, found)
    return found


def _chosen(items: tuple[Item, ...], site_id: int | None, post: str, code: str) -> Item | None:
    """The calendar that counts: the one named, that of the post, the standard; own layers and sites first."""
    if code:
        return next((item for item in items if item.code == code), None)
    found = _at_hand(items, site_id)
    if post:
        for item in found:
            if post in item.value.posts:
                return item
    return standard_of(found)


def at_hand(site_id: int | None) -> list[Item]:
    """The calendars that limits of a site (None: of all) may be counted in, the particular before the general."""
    return _at_hand(entries("calendars", site_id), site_id)


def standard_of(items: Sequence[Item]) -> Item | None:
    """Of calendars at hand the one that counts where nothing names another."""
    return next((item for item in items if item.value.standard), None)


def _at_hand(items: tuple[Item, ...], site_id: int | None) -> list[Item]:
    restricted = any(item.value.sites for item in items)
    site = _code_of(site_id) if restricted and site_id is not None else None
    found = [item for item in items if not item.value.sites or site in item.value.sites]
    return sorted(found, key=lambda item: (-item.place, not item.value.sites))


def _code_of(site_id: int) -> str | None:
    return Site.objects.filter(pk=site_id).values_list("code", flat=True).first()


def calendar_of(version_id: int | None) -> WorkCalendar:
    """The calendar of a version that a clock keeps; round the clock for none."""
    return calendars.calendar_of(version_id, always())


def needs_calendar(*limits: Limit | None) -> bool:
    """Whether working hours matter to one of the limits; natural time is the same in every calendar."""
    return any(one is not None and _needs(one.describe()) for one in limits)


def _needs(told: Mapping[str, Any]) -> bool:
    if "at_most" in told:
        return _needs(told["at_most"])
    natural = told["kind"] == "within" and not str(told["unit"]).startswith("working_")
    return not natural or bool(told["shift"] or told["end_of_day"])


def counts_working_time(limit: Limit) -> bool:
    """Whether a limit is an amount of working time; all others are counted in elapsed time."""
    told = limit.describe()
    told = told.get("at_most", told)
    return str(told.get("unit", "")).startswith("working_")


def forget() -> None:
    """Empty what is kept in memory; for tests, whose databases start over."""
    _found.clear()
    calendars.forget()


def always() -> WorkCalendar:
    """Round the clock in the organisation's time zone."""
    return _round_the_clock(settings.TIME_ZONE)


@lru_cache(maxsize=8)
def _round_the_clock(zone: str) -> WorkCalendar:
    return WorkCalendar.always(zone)
