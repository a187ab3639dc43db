"""What must always be true of reports."""

from __future__ import annotations

from collections.abc import Callable

from huiyin.base.trail.models import Block, Event

from .models import Report
from .selectors import frozen
from .services import ISSUED


def issued_stand() -> int:
    """Issued reports whose figures or records are not those of their digest, or whose issue says another one."""
    wrong = 0
    told = {
        event.subject_id: event.data.get("digest")
        for event in Event.objects.filter(verb=ISSUED, subject_type="reports.report").iterator()
    }
    for report in Report.objects.filter(state=Report.State.ISSUED).iterator(chunk_size=50):
        wrong += not (frozen(report).digest() == report.digest == told.get(report.pk))
    return wrong


def blocks_stand() -> int:
    """Issued reports that note a hash of the trail which the chain no longer has."""
    noted = Report.objects.filter(block__isnull=False).values_list("block", "block_hash")
    pairs = set(noted)
    known = dict(Block.objects.filter(pk__in={block for block, _hash in pairs}).values_list("pk", "hash"))
    return sum(known.get(block) != noted_hash for block, noted_hash in pairs)


CHECKS: dict[str, Callable[[], int]] = {"issued_stand": issued_stand, "blocks_stand": blocks_stand}
