"""The one source of "now".

Everything that stores or compares the present asks `now()`, so that tests, imports and the demo
company can live at another time. Always an aware datetime in UTC.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings

_moved: ContextVar[datetime | None] = ContextVar("huiyin_moment", default=None)


def now() -> datetime:
    """The present moment, aware, UTC; the moved moment inside `moved_to`."""
    return _moved.get() or datetime.now(UTC)


def local_zone() -> ZoneInfo:
    """The time zone of the organisation (setting TIME_ZONE), in which days and limits are read."""
    return ZoneInfo(settings.TIME_ZONE)


def today() -> date:
    """The present calendar day in the organisation's time zone."""
    return now().astimezone(local_zone()).date()


@contextmanager
def moved_to(at: datetime) -> Iterator[None]:
    """Let `now()` answer `at` inside the block. Refused when `at` is naive."""
    if at.tzinfo is None:
        raise ValueError("moved_to needs an aware datetime")
    token = _moved.set(at.astimezone(UTC))
    try:
        yield
    finally:
        _moved.reset(token)
