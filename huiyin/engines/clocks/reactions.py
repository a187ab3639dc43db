"""Clocks listen: events of watched rows start, stop and cancel clocks, in the same transaction."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from huiyin.base.kit.scope import Actor
from huiyin.base.trail.models import Event
from huiyin.base.trail.registry import listen

from . import changes, moves
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
    if starts is None and verb not in table.heard:
        return
    if verb in watch.born:
        since = min(watch.since(subject), at) if watch.since is not None else at
        moves.start(subject, starts or (), since, known=(), on=verb)
        return
    clocks = list(moves.of(subject))
    running = [clock for clock in clocks if clock.is_running]
    by = Actor(event.actor_id, event.actor_label, event.via)
    stopped = [one for one in running if verb in one.rule["stops_on"]]
    cancelled = [one for one in running if verb in one.rule["cancels_on"] and one not in stopped]
    changes.wake([*stopped, *cancelled], at, by)
    moves.end(stopped, Clock.State.STOPPED, at, by)
    moves.end(cancelled, Clock.State.CANCELLED, at, by)
    for one in running:
        if one.is_running:
            _rest(one, event, by)
    if starts is not None:
        moves.start(subject, starts, at, known=clocks, on=verb)


def _rest(clock: Clock, event: Event, by: Actor) -> None:
    """Let a clock rest or go on, if its rule names the event, whose data say why and whether it was agreed."""
    pauses = event.verb in clock.rule.get("pauses_on", ())
    resumes = clock.state == Clock.State.PAUSED and event.verb in clock.rule.get("resumes_on", ())
    if not pauses and not resumes:
        return
    clock = Clock.objects.select_for_update(of=("self",)).get(pk=clock.pk)
    if pauses and clock.is_running:
        reason, agreed = str(event.data.get("reason") or ""), event.data.get("agreed") is True
        changes.pause(clock, event.at, _until(event), reason, agreed, by)
    elif resumes:
        changes.resume(clock, event.at, by)


def _until(event: Event) -> datetime:
    """Until when the event lets it wait; as long as possible when it does not say."""
    try:
        until = datetime.fromisoformat(str(event.data.get("until")))
    except ValueError:
        return event.at + changes.LONGEST
    return until if until.tzinfo is not None else until.replace(tzinfo=UTC)
