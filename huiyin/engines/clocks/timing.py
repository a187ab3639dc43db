"""Limits and calendars as clocks use them."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from .calendar import WorkCalendar


def calendar_for(site_id: int | None) -> WorkCalendar:  # noqa: ARG001 (all sites have the same so far)
    """The calendar a site's limits are counted in: round the clock, in the organisation's time zone."""
    return _round_the_clock(settings.TIME_ZONE)


@lru_cache(maxsize=8)
def _round_the_clock(zone: str) -> WorkCalendar:
    return WorkCalendar.always(zone)
