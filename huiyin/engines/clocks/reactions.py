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
    first = verb in watch.born
    if not first:
        by = Actor(event.actor_id, event.actor_label, event.via)
        if verb in table.stops:
            moves.end(subject, Clock.State.STOPPED, at, by, on=verb)
        if verb in table.cancels:
            moves.end(subject, Clock.State.CANCELLED, at, by, on=verb)
    starts = table.starts.get(verb)
    if starts is not None:
        since = min(watch.since(subject), at) if first and watch.since is not None else at
        moves.start(subject, starts, since, on=verb, first=first)
