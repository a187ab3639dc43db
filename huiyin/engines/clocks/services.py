"""Starting, stopping and handing over clocks. All are effects: commands of other apps call them.

Events do the same by themselves, as the rules of the packs say (see `reactions`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import service

from . import moves
from .models import Clock


@service
def start(
    subject: Any, *, kinds: Iterable[str], at: datetime | None = None, first: bool = False, by: Actor
) -> list[Clock]:
    """Start clocks of some kinds on a row at a moment (UTC; now when none is given), as the rules say.

    A kind for which no rule fits gets no clock; one that runs already is left alone; one that ran before gets
    its next run. `first` promises that the row has no clocks yet. Refused (ValueError) when the row's table
    was never registered to carry clocks.
    """
    wanted = list(kinds)
    known = [] if first else moves.of(subject).filter(kind__in=wanted)
    return moves.start(subject, wanted, at or now(), known=known)


@service
def stop(
    subject: Any, *, kinds: Collection[str] | None = None, at: datetime | None = None, by: Actor
) -> list[Clock]:
    """Stop the running clocks of a row (of some kinds) at a moment (UTC; now when none is given).

    The verdict is frozen: late when the due moment lies before it, else kept. A late one leaves an event.
    """
    return moves.end(_running(subject, kinds), Clock.State.STOPPED, at or now(), by)


@service
def cancel(
    subject: Any, *, kinds: Collection[str] | None = None, at: datetime | None = None, by: Actor
) -> list[Clock]:
    """End the running clocks of a row because nobody waits any more (cancelled, merged).

    They get no verdict, unless they were late already: withdrawing a broken promise does not mend it.
    """
    return moves.end(_running(subject, kinds), Clock.State.CANCELLED, at or now(), by)


@service
def hand_over(subject: Any, *, owner: int | None, by: Actor) -> int:
    """Give the running clocks of a row to whoever is responsible now (a user's id, or none); how many."""
    return moves.of(subject).filter(stopped_at=None).update(owner_id=owner)


def _running(subject: Any, kinds: Collection[str] | None) -> list[Clock]:
    clocks = moves.of(subject).filter(stopped_at=None)
    return list(clocks if kinds is None else clocks.filter(kind__in=kinds))
