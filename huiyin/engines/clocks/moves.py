"""What happens to clocks, inside a transaction that is open already; `services` are the ways in from outside.

Kept apart because the listener is called with every event of every row: it must not pay for transactions of
its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import Actor
from huiyin.base.trail.registry import describe, verb
from huiyin.base.trail.services import Happening, record_many

from .models import Clock
from .registry import Watch, watched
from .rules import Rule, table_for

# A start writes no event: the clock's own row, made in the same transaction, shows when and under which rule.
WARNED = verb("clocks.warned", _("Time is running out"))
BREACHED = verb("clocks.breached", _("Time limit exceeded"))
STOPPED = verb("clocks.stopped", _("Finished too late"))


def watch_of(subject: Any) -> Watch:
    """How a row carries clocks. Refused (ValueError) when its table was never registered for it."""
    found = watched(describe(subject))
    if found is None:
        raise ValueError(f"{describe(subject)} carries no clocks")
    return found


def start(
    subject: Any, kinds: Iterable[str], at: datetime, *, on: str | None = None, first: bool = False
) -> list[Clock]:
    """Start clocks of some kinds, those whose rule starts on the verb `on` if one is given.

    `first` promises that the row has no clocks yet: then it takes one statement, else two.
    """
    watch = watch_of(subject)
    table = table_for(subject.site_id)
    facts = watch.facts(subject)
    rules = [rule for kind in kinds if (rule := table.rule(kind, facts, on)) is not None]
    runs: dict[str, int] = {}
    if rules and not first:
        for clock in of(subject).filter(kind__in=[rule.kind for rule in rules]).order_by("run"):
            runs[clock.kind] = clock.run
            if clock.is_running:
                rules = [rule for rule in rules if rule.kind != clock.kind]
    if not rules:
        return []
    root, owner_id = watch.root(subject), watch.responsible(subject)
    clocks = [_new(subject, root, rule, at, runs.get(rule.kind, 0) + 1, owner_id) for rule in rules]
    Clock.objects.bulk_create(clocks)
    return clocks


def _new(subject: Any, root: Any, rule: Rule, at: datetime, run: int, owner_id: int | None) -> Clock:
    due_at, warn_at = rule.times(at, subject.site_id)
    return Clock(
        site_id=subject.site_id,
        subject_type=describe(subject),
        subject_id=subject.pk,
        root_type=describe(root),
        root_id=root.pk,
        kind=rule.kind,
        run=run,
        rule_code=rule.code,
        rule=dict(rule.copy),
        started_at=at,
        original_due_at=due_at,
        due_at=due_at,
        warn_at=warn_at,
        wake_at=warn_at or due_at,
        owner_id=owner_id,
    )


def of(subject: Any) -> QuerySet[Clock]:
    """All clocks of a row."""
    clocks: QuerySet[Clock] = Clock.objects.filter(subject_type=describe(subject), subject_id=subject.pk)
    return clocks


def end(
    subject: Any,
    state: Clock.State,
    at: datetime,
    by: Actor,
    *,
    on: str | None = None,
    kinds: Collection[str] | None = None,
) -> list[Clock]:
    """Stop or cancel what runs (of some kinds; given a verb `on`, what its rule ends with it)."""
    running = of(subject).filter(stopped_at=None)
    clocks = list(running if kinds is None else running.filter(kind__in=kinds))
    if on is not None:
        key = "stops_on" if state == Clock.State.STOPPED else "cancels_on"
        clocks = [one for one in clocks if on in one.rule[key]]
    if not clocks:
        return []
    kept = Clock.Verdict.KEPT if state == Clock.State.STOPPED else None
    Clock.objects.filter(pk__in=[one.pk for one in clocks], stopped_at=None).update(
        state=state,
        stopped_at=at,
        wake_at=None,
        verdict=Case(
            When(due_at__lt=at, then=Value(Clock.Verdict.LATE)),
            default=Value(kept),
            output_field=Clock._meta.get_field("verdict"),
        ),
        breached_at=Case(
            When(due_at__lt=at, then=Coalesce(F("breached_at"), Value(at))), default=Value(None)
        ),
    )
    for one in clocks:
        late = one.due_at < at
        one.state, one.stopped_at, one.wake_at = state, at, None
        one.verdict = Clock.Verdict.LATE if late else kept
        one.breached_at = (one.breached_at or at) if late else None
    too_late = [one for one in clocks if one.verdict == Clock.Verdict.LATE]
    if too_late:
        record_many([happening(one, stopped_at=at.isoformat()) for one in too_late], STOPPED, by=by)
    return clocks


def happening(clock: Clock, **data: Any) -> Happening:
    """The event of a clock, with what a reader or a message needs to know."""
    told = {
        "kind": clock.kind,
        "run": clock.run,
        "rule": clock.rule_code,
        "due_at": clock.due_at.isoformat(),
        "subject": [clock.subject_type, clock.subject_id],
        "owner": clock.owner_id,
    }
    return Happening(clock, {**told, **data}, clock.root)
