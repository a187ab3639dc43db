"""How long something takes, in the units that the rules of approvals speak of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from huiyin.engines.clocks.timing import calendar_for

MOST_DAYS = 400


def duration_facts(site_id: int, start: datetime, end: datetime) -> dict[str, Any]:
    """A time from one moment to another as facts: natural `minutes` (begun ones count), `working_days`.

    Working days are those of the site's calendar: just three working days are 3, a moment more is 4.
    """
    minutes = -(-int((end - start).total_seconds()) // 60)
    return {"minutes": max(minutes, 0), "working_days": _working_days(site_id, start, end)}


def _working_days(site_id: int, start: datetime, end: datetime) -> int:
    calendar = calendar_for(site_id)
    low, high = 0, MOST_DAYS
    if end <= start:
        return 0
    while low < high:  # the least number of working days that reach the end
        middle = (low + high) // 2
        if middle > 0 and calendar.due(start, middle, "working_days") >= end:
            high = middle
        else:
            low = middle + 1
    return low
