"""What must always be true of clocks; each check returns how many rows contradict it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet

from huiyin.base.trail.models import Event

from .changes import EXTENDED, PAUSED, RECOUNTED, reckoned
from .limits import Limit
from .models import Clock, Duty, Extension, Pause
from .moves import BREACHED, ESCALATED
from .services import ON_DUTY
from .timing import calendar_of


def clock_verdicts_agree() -> int:
    """A stopped clock is late if and only if it stopped after its due moment, and then knows its breach.

    The same holds for the original verdict and the original due moment.
    """
    wrong = (
        Q(verdict="kept", stopped_at__gt=F("due_at"))
        | Q(verdict="late", stopped_at__lte=F("due_at"))
        | Q(verdict="kept", breached_at__isnull=False)
        | Q(verdict="late", breached_at=None)
        | Q(state="cancelled", verdict=None, stopped_at__gt=F("due_at"))
        | Q(original_verdict="kept", stopped_at__gt=F("original_due_at"))
        | Q(original_verdict="late", stopped_at__lte=F("original_due_at"))
        | Q(state="cancelled", original_verdict=None, stopped_at__gt=F("original_due_at"))
    )
    return int(Clock.objects.filter(wrong).count())


def clock_wakes_stand() -> int:
    """A running clock is looked at again until its breach is found, at the latest when it is due.

    One that rests is looked at when its pause is to end.
    """
    wrong = Q(state="running") & (
        Q(breached_at=None, wake_at=None)
        | Q(breached_at=None, wake_at__gt=F("due_at"))
        | Q(wake_at__gt=F("rung_at"))
        | Q(breached_at__isnull=False, wake_at__isnull=False, rung_at=None)
        | Q(breached_at__isnull=False, wake_at=None, rung_at__isnull=False)
    )
    wrong |= Q(state="paused") & (Q(wake_at=None) | Q(breached_at__isnull=False))
    return int(Clock.objects.filter(wrong).count())


def clock_original_limits_stand() -> int:
    """The original due moment is what the rule copied at the start says in the calendar of that time."""
    wrong = 0
    rows = Clock.objects.values_list("original_calendar_id", "rule", "started_at", "original_due_at")
    for version_id, rule, started_at, original_due_at in rows.order_by().iterator(2000):
        due = Limit.parse(rule["limit"]).due(started_at, calendar_of(version_id))
        wrong += due != original_due_at
    return wrong


def clock_runs_follow() -> int:
    """Of each kind a subject has the runs 1, 2, 3 … and at most one that has not ended."""
    kinds = Clock.objects.order_by().values("subject_type", "subject_id", "kind")
    counted = kinds.annotate(n=Count("id"), last=Max("run"), going=Count("id", filter=Q(stopped_at=None)))
    return int(counted.filter(Q(going__gt=1) | ~Q(last=F("n"))).count())


def clock_breaches_told_once() -> int:
    """No clock has two breach events for the same due moment, unless a calendar moved it away and back."""
    events = _told(BREACHED).values("subject_id", "data__due_at")
    return int(events.annotate(n=Count("id")).filter(n__gt=1).count())


def _told(verb: str) -> QuerySet[Event]:
    """The events of a verb of clocks that no corrected calendar moved."""
    moved = Event.objects.filter(verb=RECOUNTED).order_by().values("subject_id")
    events: QuerySet[Event] = Event.objects.filter(verb=verb).exclude(subject_id__in=moved).order_by()
    return events


def clock_due_moments_stand() -> int:
    """The limit in force is what rule, calendar and extensions say; it moved only with an event."""
    moved = (
        ~Q(due_at=F("original_due_at"))
        | Q(calendar__gt=F("original_calendar"))
        | Q(calendar__lt=F("original_calendar"))
    )
    changed = moved | Exists(Extension.objects.filter(clock=OuterRef("pk")))
    rows = Clock.objects.filter(changed | Exists(Pause.objects.filter(clock=OuterRef("pk")))).order_by()
    return sum(
        clock.due_at != reckoned(clock, calendar_of(clock.calendar_id)) for clock in rows.iterator(500)
    )


def clock_steps_told_once() -> int:
    """No step of a ladder was taken twice for the same due moment of a clock."""
    same = _told(ESCALATED).values("subject_id", "data__due_at", "data__rung").annotate(n=Count("id"))
    return int(same.filter(n__gt=1).count())


def clock_pauses_stand() -> int:
    """A clock rests if and only if it has an open pause; pauses follow each other, each with its event."""
    resting = Exists(Pause.objects.filter(clock=OuterRef("pk"), ended_at=None))
    wrong = Clock.objects.filter(Q(state="paused") & ~resting | ~Q(state="paused") & resting).count()
    told = Counter(Event.objects.filter(verb=PAUSED).values_list("subject_id", flat=True))
    spans: dict[int, list[Pause]] = {}
    for one in Pause.objects.order_by("clock_id", "id"):
        spans.setdefault(one.clock_id, []).append(one)
    wrong += sum(told[pk] != len(spans.get(pk, ())) for pk in {*told, *spans})
    return int(wrong) + sum(
        before.ended_at is None or after.started_at < before.ended_at
        for ones in spans.values()
        for before, after in pairwise(ones)
    )


def clock_extensions_stand() -> int:
    """Each extension begins at the limit before it and has its event."""
    chains: dict[int, list[Extension]] = {}
    for one in Extension.objects.order_by("clock_id", "id"):
        chains.setdefault(one.clock_id, []).append(one)
    told = Counter(Event.objects.filter(verb=EXTENDED).values_list("subject_id", flat=True))
    wrong = sum(told[pk] != len(chains.get(pk, ())) for pk in {*told, *chains})
    return wrong + sum(
        one.until <= one.due_before or bool(before and one.due_before < before.until)
        for chain in chains.values()
        for before, one in zip([None, *chain], chain, strict=False)
    )


def duty_turns_stand() -> int:
    """No person is on duty twice at one site at one time, and every turn has its event."""
    same = Duty.objects.filter(
        site=OuterRef("site"),
        user=OuterRef("user"),
        pk__gt=OuterRef("pk"),
        starts_at__lt=OuterRef("ends_at"),
        ends_at__gt=OuterRef("starts_at"),
    )
    told = Event.objects.filter(verb=ON_DUTY, subject_type="clocks.duty", subject_id=OuterRef("pk"))
    return int(Duty.objects.filter(Exists(same) | ~Exists(told)).count())


CHECKS: dict[str, Callable[[], int]] = {
    "clock_verdicts_agree": clock_verdicts_agree,
    "clock_wakes_stand": clock_wakes_stand,
    "clock_original_limits_stand": clock_original_limits_stand,
    "clock_runs_follow": clock_runs_follow,
    "clock_breaches_told_once": clock_breaches_told_once,
    "clock_due_moments_stand": clock_due_moments_stand,
    "clock_extensions_stand": clock_extensions_stand,
    "clock_pauses_stand": clock_pauses_stand,
    "clock_steps_told_once": clock_steps_told_once,
    "duty_turns_stand": duty_turns_stand,
}
