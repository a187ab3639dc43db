"""What a pack says of a report."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal

from pydantic import Field

from huiyin.base.kit.moment import local_zone
from huiyin.base.kit.spans import Span
from huiyin.engines.packs.registry import Code, Entry, Words

Part = Literal["figures", "kinds", "open", "late", "categories", "incidents", "people"]


class ReportEntry(Entry):
    """A report of each site over each `period`, drafted on the day after at a local time and told to posts.

    `indicators` are the key figures in their order (all when none are named). `due_days`: how many days after the
    period it has to be issued (0: no limit).
    """

    name: Words
    period: Span
    parts: Annotated[list[Part], Field(min_length=1, max_length=7)]
    indicators: list[Code] = []
    at: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "07:00"
    to: Annotated[list[Code], Field(max_length=20)] = []
    due_days: Annotated[int, Field(ge=0, le=366)] = 0

    def drafted_from(self, last: date) -> datetime:
        """The moment from which on the report of a period that ended on a local day is drafted."""
        hour, minute = map(int, self.at.split(":"))
        return datetime.combine(last + timedelta(days=1), time(hour, minute), local_zone())

    def due_on(self, last: date) -> date | None:
        """The local day on which the report of a period has to be issued at the latest."""
        return last + timedelta(days=self.due_days) if self.due_days else None
