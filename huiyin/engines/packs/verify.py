"""What must always be true of the packs in force; each check returns how many entries contradict it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db.models import Q

from huiyin.base.kit.moment import now

from .models import PackEntry, PackVersion
from .planning import disagreements
from .selectors import active_packs, timeline


def pack_entries_fit() -> int:
    """Every entry in force can be read by today's schema of its section."""
    stored = int(PackEntry.objects.filter(version__active=True).count())
    return stored - sum(len(pack.items) for pack in active_packs())


def packs_agree() -> int:
    """The packs in force, and those to come, have what they require and contradict neither each other nor the code."""
    return len(disagreements(timeline(), {}))


def versions_follow_each_other() -> int:
    """The active version of a pack has begun, and nothing that waits should have begun a minute ago."""
    late = Q(active=True, valid_from__gt=now()) | Q(
        scheduled=True, valid_from__lt=now() - timedelta(minutes=1)
    )
    return int(PackVersion.objects.filter(late).count())


CHECKS: dict[str, Callable[[], int]] = {
    "pack_entries_fit": pack_entries_fit,
    "packs_agree": packs_agree,
    "versions_follow_each_other": versions_follow_each_other,
}
