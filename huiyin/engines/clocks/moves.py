"""What happens to clocks, inside a transaction that is open already; `services` are the ways in from outside.

Kept apart because the listener is called with every event of every row: it must not pay for transactions of
its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, F, Func, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.ids import OneOf
from huiyin.base.kit.inserting import insert, write_held
from huiyin.base.kit.scope import Actor
from huiyin.base.trail.registry import describe, verb
from huiyin.base.trail.services import record_each

from . import ladder
from .models import Clock
from .registry import Watch, watched
from .rules import Rule, table_for

# A start writes no event: the clock's own row, made in the same transaction, shows when and under which rule.
WARNED = verb("clocks.warned", _("Time is running out"))
BREACHED = verb("clocks.breached", _("Time limit exceeded"))
ESCALATED = verb("clocks.escalated", _("Passed on to the next level"))
STOPPED = verb("clocks.stopped", _("Finished too late"))


def watch_of(subject: Any) -> Watch:
    """How a row carries clocks. Refused (ValueError) when its table was never registered for it."""
    found = watched(describe(subject))
    if found is None:
        raise ValueError(f"{describe(subject)} carries no clocks")
    return found


def start(
    subject: Any, kinds: Iterable[str], at: datetime, *, known: Iterable[Clock], on: str | None = None
) -> list[Clock]:
    """Start clocks of some kinds, those whose rule starts on the verb `on` if one is given.

    `known` are the clocks the row had of these kinds before; one that runs is left alone.
    """
    watch = watch_of(subject)
    table = table_for(subject.site_id)
    facts = watch.facts(subject)
    runs: dict[str, int] = {}
    going = set()
    for clock in known:
        runs[clock.kind] = max(clock.run, runs.get(clock.kind, 0))
        if clock.is_running:
            going.add(clock.kind)
    wanted = [kind for kind in kinds if kind not in going]
    rules = [rule for kind in wanted if (rule := table.rule(kind, facts, on)) is not None]
    if not rules:
        return []
    root, owner_id = watch.root(subject), watch.responsible(subject)
    clocks = [_new(subject, root, rule, at, runs.get(rule.kind, 0) + 1, owner_id) for rule in rules]
    insert(*clocks)
    return clocks


def _new(subject: Any, root: Any, rule: Rule, at: datetime, run: int, owner_id: int | None) -> Clock:
    due_at, warn_at = rule.times(at, subject.site_id)
    version_id = rule.counted_in(subject.site_id).version_id
    clock = Clock(
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
        calendar_id=version_id,
        original_calendar_id=version_id,
    )
    if "ladder" in rule.copy:
        ladder.place(clock, at)
        if clock.rung_at is not None and clock.wake_at is not None:
            clock.wake_at = min(clock.wake_at, clock.rung_at)
    return clock


def of(subject: Any) -> QuerySet[Clock]:
    """All clocks of a row, those included that were just started and held back."""
    write_held()
    clocks: QuerySet[Clock] = Clock.objects.filter(subject_type=describe(subject), subject_id=subject.pk)
    return clocks


def end(clocks: list[Clock], state: Clock.State, at: datetime, by: Actor) -> list[Clock]:
    """Stop or cancel running clocks: freeze both verdicts, and leave an event for those that are late."""
    if not clocks:
        return []
    kept = Clock.Verdict.KEPT if state == Clock.State.STOPPED else None
    Clock.objects.filter(pk__in=[one.pk for one in clocks], stopped_at=None).update(
        state=state,
        stopped_at=at,
        wake_at=None,
        verdict=_judged("due_at", at, kept),
        original_verdict=_judged("original_due_at", at, kept),
        breached_at=Case(
            When(due_at__lt=at, then=Coalesce(F("breached_at"), Value(at))), default=Value(None)
        ),
    )
    for one in clocks:
        late = one.due_at < at
        one.state, one.stopped_at, one.wake_at = state, at, None
        one.verdict = Clock.Verdict.LATE if late else kept
        one.original_verdict = Clock.Verdict.LATE if one.original_due_at < at else kept
        one.breached_at = (one.breached_at or at) if late else None
    too_late = [one.pk for one in clocks if one.verdict == Clock.Verdict.LATE]
    if too_late:
        tell(too_late, STOPPED, by, stopped_at=at.isoformat())
    return clocks


def _judged(limit: str, at: datetime, kept: str | None) -> Case:
    """The verdict against the moment in a column, for what ends at a moment."""
    return Case(
        When(**{f"{limit}__lt": at}, then=Value(Clock.Verdict.LATE)),
        default=Value(kept),
        output_field=Clock._meta.get_field("verdict"),
    )


class _Iso(Func):
    """A moment as text in ISO 8601, UTC."""

    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        template = "to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US+00:00')"
        return self.as_sql(compiler, connection, template=template, **extra_context)

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        template = "replace(%(expressions)s, ' ', 'T') || '+00:00'"
        return self.as_sql(compiler, connection, template=template, **extra_context)


def tell(ids: list[int], verb: str, by: Actor, **data: Any) -> int:
    """Write an event for each of the clocks, with what a reader or a message needs to know."""
    return record_each(
        Clock.objects.filter(OneOf("pk", ids)),
        verb,
        by=by,
        root=("root_type", "root_id"),
        kind=F("kind"),
        run=F("run"),
        rule=F("rule_code"),
        due_at=_Iso(F("due_at")),
        subject_type=F("subject_type"),
        subject_id=F("subject_id"),
        owner=F("owner_id"),
        **data,
    )
