"""Clocks listen: events of watched rows start, stop and cancel clocks, in the same transaction."""

from __future__ import annotations

from typing import Any

from huiyin.base.kit.scope import Actor
from huiyin.base.trail.models import Event
from huiyin.base.trail.registry import listen

from . import moves
from .models import Clock
from .registry import watched
from .rules import table_for


@listen
def hear(event: Event, subject: Any) -> None:
    """Do to the subject's clocks what the rules say about the event; events of no concern cost nothing."""
    watch = watched(event.subject_type)
    if watch is None or event.site_id is None:
        return
    verb, at = event.verb, event.at
    table = table_for(event.site_id)
    starts = table.starts.get(verb)
    if starts is None and verb not in table.stops and verb not in table.cancels:
        return
    if verb in watch.born:
        since = min(watch.since(subject), at) if watch.since is not None else at
        moves.start(subject, starts or (), since, known=(), on=verb)
        return
    clocks = list(moves.of(subject))
    running = [clock for clock in clocks if clock.is_running]
    by = Actor(event.actor_id, event.actor_label, event.via)
    moves.end([one for one in running if verb in one.rule["stops_on"]], Clock.State.STOPPED, at, by)
    cancelled = [one for one in running if one.is_running and verb in one.rule["cancels_on"]]
    moves.end(cancelled, Clock.State.CANCELLED, at, by)
    if starts is not None:
        moves.start(subject, starts, at, known=clocks, on=verb)
