"""Reading clocks: what runs, for whom, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact
from django.utils.translation import gettext as _

from huiyin.base.kit.moment import now
from huiyin.base.org.models import Post
from huiyin.base.trail.models import Event
from huiyin.base.trail.registry import describe
from huiyin.engines.packs.registry import Words

from .calendar import Interval
from .ladder import rungs_of
from .limits import Limit
from .models import Clock, Extension, Pause
from .moves import ESCALATED
from .timing import at_hand, calendar_of, counts_working_time
from .words import limit_in_words, receiver_words, step_in_words


def running() -> QuerySet[Clock]:
    """Clocks whose promise is still to be kept, the one due first at the head."""
    clocks: QuerySet[Clock] = Clock.objects.filter(stopped_at=None).order_by("due_at", "id")
    return clocks


def running_of(user_id: int) -> QuerySet[Clock]:
    """What runs for one responsible person, the least time left first."""
    return running().filter(owner_id=user_id)


def running_at(site_id: int) -> QuerySet[Clock]:
    """What runs at a site, the least time left first."""
    return running().filter(site_id=site_id)


def running_for(subjects: Iterable[Model]) -> dict[int, list[Clock]]:
    """The running clocks of rows of one table by the row's id, due first; one query for all of them.

    The copy of the rule is not read along: lists show many clocks and no rules.
    """
    by_type: dict[str, list[int]] = defaultdict(list)
    for subject in subjects:
        by_type[describe(subject)].append(subject.pk)
    found: dict[int, list[Clock]] = {pk: [] for ids in by_type.values() for pk in ids}
    if len(by_type) > 1:
        raise ValueError("running_for needs rows of one table")
    for subject_type, ids in by_type.items():
        for clock in running().filter(subject_type=subject_type, subject_id__in=ids).defer("rule"):
            found[clock.subject_id].append(clock)
    return found


def first_of_each(subjects: QuerySet[Any], *, found: bool = False) -> QuerySet[Clock]:
    """Of each row its running clock that is due first, the least time left at the head; one row, one clock.

    The clocks are walked in the order they are due and the rows looked up, so that a page of them costs the
    same however many rows there are. With `found` the rows are found first: for searches that meet few.
    """
    kind = subjects.model._meta.label_lower
    earlier = Clock.objects.filter(
        Q(due_at__lt=OuterRef("due_at")) | Q(due_at=OuterRef("due_at"), pk__lt=OuterRef("pk")),
        subject_type=kind,
        subject_id=OuterRef("subject_id"),
        stopped_at=None,
    )
    rows = subjects.order_by()
    among = Q(subject_id__in=rows.values("pk")) if found else Exists(rows.filter(pk=OuterRef("subject_id")))
    of_kind = Q(subject_type=kind)
    if connection.vendor == "sqlite":
        # Not the bare column: its index would give the clocks in no order, and all of them would be sorted.
        of_kind = Q(Exact(Coalesce("subject_type", "subject_type"), kind))
    return running().filter(of_kind, ~Exists(earlier), among).defer("rule")


def without_running(subjects: QuerySet[Any]) -> QuerySet[Any]:
    """The rows on which no clock runs."""
    kind = subjects.model._meta.label_lower
    runs = Clock.objects.filter(subject_type=kind, subject_id=OuterRef("pk"), stopped_at=None)
    return subjects.filter(~Exists(runs))


def of(subject: Model) -> QuerySet[Clock]:
    """All clocks a row ever had, in the order they started."""
    clocks: QuerySet[Clock] = Clock.objects.filter(subject_type=describe(subject), subject_id=subject.pk)
    return clocks.order_by("started_at", "id")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a ladder: when it is taken in words, whom it tells, when it is due, when it was taken last."""

    number: int
    when: str
    to: str
    at: datetime
    taken_at: datetime | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a clock is due when it is: the rule with its clause, the limit, and how the time was counted.

    Moments are UTC. `intervals` reach from the start to the due moment, or to the stop when that was later;
    the counted ones up to the due moment add up to the limit. `left` are the seconds until the due moment,
    negative when it has passed, none once the clock has stopped. `extensions` and `pauses` stand in order.
    `calendar_code` is empty unless its calendar is in force at the site still.
    """

    name: str
    limit: str
    clause: str
    source: tuple[str, ...]
    calendar: str
    calendar_code: str
    rule_code: str
    pack: str
    version: str
    started_at: datetime
    original_due_at: datetime
    due_at: datetime
    stopped_at: datetime | None
    verdict: str | None
    original_verdict: str | None
    left: float | None
    extensions: tuple[Extension, ...]
    pauses: tuple[Pause, ...]
    ladder: tuple[Step, ...]
    intervals: tuple[Interval, ...]


def why(clock: Clock) -> Explanation:
    """Why a clock is due when it is, from the copy of the rule it started under."""
    rule: Mapping[str, Any] = clock.rule
    end = max(clock.due_at, clock.stopped_at or clock.due_at)
    calendar = calendar_of(clock.calendar_id)
    pauses = tuple(clock.pauses.all())
    spans = [one.span for one in pauses]
    natural = not counts_working_time(Limit.parse(rule["limit"]))
    return Explanation(
        name=str(Words.model_validate(rule["name"])),
        limit=limit_in_words(rule["limit"]),
        clause=rule["clause"],
        source=tuple(rule["source"]),
        calendar=_calendar_name(clock),
        calendar_code=_calendar_code(clock),
        rule_code=clock.rule_code,
        pack=rule["pack"],
        version=rule["version"],
        started_at=clock.started_at,
        original_due_at=clock.original_due_at,
        due_at=clock.due_at,
        stopped_at=clock.stopped_at,
        verdict=clock.verdict,
        original_verdict=clock.original_verdict,
        left=(clock.due_at - now()).total_seconds() if clock.is_running else None,
        extensions=tuple(clock.extensions.all()),
        pauses=pauses,
        ladder=steps_of(clock),
        intervals=calendar.explain(clock.started_at, end, spans, natural),
    )


def steps_of(clock: Clock) -> tuple[Step, ...]:
    """The ladder of a clock: the steps taken for the limit in force, and those ahead."""
    rungs = rungs_of(clock)
    if not rungs:
        return ()
    taken: dict[int, datetime] = {}
    for event in Event.objects.filter(verb=ESCALATED, subject_type="clocks.clock", subject_id=clock.pk):
        taken[event.data["rung"]] = event.at
    names = {
        **receiver_words(),
        **dict(
            Post.objects.filter(code__in={one for rung in rungs for one in rung.to}).values_list(
                "code", "name"
            )
        ),
    }
    return tuple(
        Step(
            number,
            step_in_words(rung.side, clock.rule["ladder"][number - 1][rung.side]),
            _(", ").join(names.get(one, one) for one in rung.to),
            rung.moment(clock),
            taken.get(number) if number <= clock.rung else None,
        )
        for number, rung in enumerate(rungs, 1)
    )


def _calendar_name(clock: Clock) -> str:
    """The name of the calendar a clock is counted in, with its version; empty for natural time."""
    version = clock.calendar
    return "" if version is None else f"{version.title} · {version.number}"


def _calendar_code(clock: Clock) -> str:
    """The code of the calendar a clock is counted in, as long as one of that code is in force at its site."""
    code = "" if clock.calendar is None else clock.calendar.code
    return code if any(item.code == code for item in at_hand(clock.site_id)) else ""
