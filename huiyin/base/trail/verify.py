"""What must always be true of the trail."""

from __future__ import annotations

from collections.abc import Callable

from .chain import faults


def trail_chain() -> int:
    """Sealed events that were changed, removed or slipped in, and blocks that do not agree (`manage chain`)."""
    return sum(1 for _fault in faults())


CHECKS: dict[str, Callable[[], int]] = {"trail_chain": trail_chain}
