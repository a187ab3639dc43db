"""What must always be true of the packs in force; each check returns how many entries contradict it."""

from __future__ import annotations

from collections.abc import Callable

from .merging import conflicts, contradictions
from .models import PackEntry
from .selectors import active_packs


def pack_entries_fit() -> int:
    """Every entry in force can be read by today's schema of its section."""
    stored = int(PackEntry.objects.filter(version__active=True).count())
    return stored - sum(len(pack.items) for pack in active_packs())


def packs_agree() -> int:
    """The packs in force have what they require and contradict neither each other nor the code."""
    packs = active_packs()
    return len(conflicts(packs)) + len(contradictions(packs, {}))


CHECKS: dict[str, Callable[[], int]] = {
    "pack_entries_fit": pack_entries_fit,
    "packs_agree": packs_agree,
}
