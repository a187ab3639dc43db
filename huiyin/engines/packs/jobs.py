"""Periodic work: scheduled versions come into force."""

from __future__ import annotations

from huiyin.base.kit.jobs import periodic
from huiyin.base.kit.scope import current

from . import selectors, services


@periodic(every=1)
def come_into_force() -> int:
    """Let scheduled versions whose moment has come be in force, each in its own transaction; how many."""
    by = current().actor
    return sum(services.come_into_force(version, by=by) for version in selectors.due_versions())
