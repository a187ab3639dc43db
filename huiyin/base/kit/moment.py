"""The one source of "now".

Everything that stores or compares the present asks `now()`, so that tests, imports and the demo
company can live at another time. Always an aware datetime in UTC.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings

_moved: ContextVar[datetime | None] = ContextVar("huiyin_moment", default=None)
_rights: ContextVar[datetime | None] = ContextVar("huiyin_moment_of_rights", default=None)


def now() -> datetime:
    """The present moment, aware, UTC; the moved moment inside `moved_to`."""
    return _moved.get() or datetime.now(UTC)


def local_zone() -> ZoneInfo:
    """The time zone of the organisation (setting TIME_ZONE), in which days and limits are read."""
    return ZoneInfo(settings.TIME_ZONE)


def day_of_rights() -> date:
    """The local day whose appointments say what people may do; differs from `today` in imports only."""
    return (_rights.get() or now()).astimezone(local_zone()).date()


def today() -> date:
    """The present calendar day in the organisation's time zone."""
    return now().astimezone(local_zone()).date()


def start_of(day: date) -> datetime:
    """The moment a local day begins (in the organisation's time zone)."""
    return datetime.combine(day, time.min, local_zone())


@contextmanager
def moved_to(at: datetime, *, rights: bool = True) -> Iterator[None]:
    """Let `now()` answer `at` inside the block. Refused when `at` is naive.

    Without `rights` people may do what they may at the moment of calling: for taking over matters of
    the past, when those who take them over had no post yet.
    """
    if at.tzinfo is None:
        raise ValueError("moved_to needs an aware datetime")
    kept = None if rights else (_rights.get() or now())
    token, rights_token = _moved.set(at.astimezone(UTC)), _rights.set(kept)
    try:
        yield
    finally:
        _moved.reset(token)
        _rights.reset(rights_token)
