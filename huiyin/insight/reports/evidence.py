"""What proves how a case went: its events with their digests, its limits, contacts, files and signatures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from huiyin.base.trail.models import Block
from huiyin.base.trail.selectors import Sealed, head, history, sealed
from huiyin.engines.clocks.models import Clock
from huiyin.engines.clocks.selectors import of
from huiyin.engines.clocks.words import limit_in_words
from huiyin.engines.fields.phones import mask_digits
from huiyin.engines.files.models import Attachment
from huiyin.engines.files.selectors import attachments_of
from huiyin.work.cases.models import Case, Contact
from huiyin.work.cases.timeline import Told, clock_name, entries


@dataclass(frozen=True, slots=True)
class Line:
    """One event in words, with how it is sealed."""

    told: Told
    sealed: Sealed


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit with both verdicts: in the original limit, and in the one that stood at the end."""

    clock: Clock
    name: str
    words: str
    original: str
    last: str

    @property
    def late_by(self) -> timedelta | None:
        """How long after the original due moment it ended; None when not."""
        ended = self.clock.stopped_at
        return ended - self.clock.original_due_at if ended and ended > self.clock.original_due_at else None


@dataclass(frozen=True, slots=True)
class Touch:
    """One contact; of the phone number only what does not give it away."""

    contact: Contact
    phone: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that is shown of a case as evidence."""

    case: Case
    lines: list[Line]
    limits: list[Limit]
    touches: list[Touch]
    files: list[Attachment]
    blocks: list[Block]
    head: Block | None

    @property
    def unsealed(self) -> int:
        """Events that no block holds yet."""
        return sum(line.sealed.block is None for line in self.lines)

    @property
    def wrong(self) -> list[Line]:
        """Events that are not what was sealed."""
        return [line for line in self.lines if line.sealed.agrees is False]


def evidence_of(case: Case) -> Evidence:
    """Gather what proves how a case went; events a reader may not reach are left out by reach."""
    events = list(history(case))
    lines = [Line(told, one) for told, one in zip(entries(events), sealed(events), strict=True)]
    blocks = {line.sealed.block.pk: line.sealed.block for line in lines if line.sealed.block is not None}
    contacts = Contact.objects.filter(case=case).select_related("user").order_by("at", "id")
    return Evidence(
        case=case,
        lines=lines,
        limits=[_limit(clock) for clock in of(case)],
        touches=[Touch(one, mask_digits(one.phone) if one.phone else "") for one in contacts],
        files=list(attachments_of(case)),
        blocks=list(blocks.values()),
        head=head(),
    )


def _limit(clock: Clock) -> Limit:
    rule: Any = clock.rule
    return Limit(
        clock,
        clock_name(clock.kind),
        limit_in_words(rule["limit"]),
        _verdict(clock, clock.original_due_at),
        _verdict(clock, clock.due_at),
    )


def _verdict(clock: Clock, due: datetime) -> str:
    """In time, too late, or neither (running or called off)."""
    if clock.state == Clock.State.STOPPED and clock.stopped_at is not None:
        return str(Clock.Verdict.KEPT.label if clock.stopped_at <= due else Clock.Verdict.LATE.label)
    return clock.get_state_display()
