"""Invariants of cases, checked on the live database by `manage verify`."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Exists, OuterRef, Q

from huiyin.base.trail.models import Event
from huiyin.engines.clocks.models import Clock

from .models import OPEN_STATES, Case, Contact, State
from .selectors import replay
from .services import TRACKED

SAMPLE = 2000
"""How many of the newest cases are replayed from the trail; all others keep their constraints."""


def open_without_responsible() -> int:
    """Open cases for which neither a person nor a team answers (invariant 1)."""
    return Case.objects.filter(ended_at=None, responsible=None, team=None).count()


def open_without_clock() -> int:
    """Open cases without a running or paused clock (invariant 1)."""
    running = Clock.objects.filter(
        subject_type="cases.case", subject_id=OuterRef("pk"), state__in=("running", "paused")
    )
    return Case.objects.filter(ended_at=None).exclude(Exists(running)).count()


def ended_without_answer() -> int:
    """Closed or declined cases without words to the customer (invariant 2)."""
    silent = Q(answer="") | Q(answered_at=None)
    return Case.objects.filter(silent, state__in=(State.CLOSED, State.DECLINED)).count()


def answers_without_contact() -> int:
    """Cases with an answer but no outgoing contact that carried it (invariant 2)."""
    out = Contact.objects.filter(case=OuterRef("pk"), direction=Contact.Direction.OUT)
    return Case.objects.filter(answered_at__isnull=False).exclude(Exists(out)).count()


def state_against_end() -> int:
    """Cases whose state and end contradict each other."""
    is_open = Q(state__in=OPEN_STATES)
    return Case.objects.filter((is_open & Q(ended_at__isnull=False)) | (~is_open & Q(ended_at=None))).count()


def trail_against_rows() -> int:
    """Of the newest cases, those whose row is not what the trail replays to (invariant 3)."""
    wrong = 0
    for case in Case.objects.order_by("-pk")[:SAMPLE].iterator(chunk_size=200):
        told = replay(case)
        wrong += any(told.get(name) != getattr(case, name) for name in TRACKED if name in told)
        wrong += not told
    return wrong


def without_registration() -> int:
    """Cases whose registration is not in the trail (invariant 3)."""
    told = Event.objects.filter(
        root_type="cases.case", root_id=OuterRef("pk"), verb="cases.registered", subject_type="cases.case"
    )
    return Case.objects.exclude(Exists(told)).count()


def merged_into_nothing() -> int:
    """Merged cases without the case they live on in, or the other way round."""
    return Case.objects.filter(
        Q(state=State.MERGED, merged_into=None) | (~Q(state=State.MERGED) & Q(merged_into__isnull=False))
    ).count()


CHECKS: dict[str, Callable[[], int]] = {
    check.__name__: check
    for check in (
        open_without_responsible,
        open_without_clock,
        ended_without_answer,
        answers_without_contact,
        state_against_end,
        trail_against_rows,
        without_registration,
        merged_into_nothing,
    )
}
