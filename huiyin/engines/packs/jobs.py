"""Periodic work: scheduled versions come into force."""

from __future__ import annotations

from huiyin.base.kit.jobs import periodic

from . import services


@periodic(every=1)
def come_into_force() -> int:
    """Let scheduled versions whose moment has come be in force, each in its own transaction; how many."""
    return services.settle()
