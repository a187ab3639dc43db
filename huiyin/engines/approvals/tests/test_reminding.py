"""Limits for signing: the ladder of the rule reaches those above; a discreet request reaches nobody else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from huiyin.base.kit.moment import moved_to, now
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.trail.jobs import relay
from huiyin.engines.approvals.models import Approval
from huiyin.engines.clocks.jobs import tick
from huiyin.engines.messages.models import Notice
from huiyin.engines.packs.services import load

from .conftest import House

LIMITS = """
- code: signing
  name: {zh: 签批时限}
  clock: sign
  limit: {value: 4, unit: hours}
  ladder: [{after: {value: 2, unit: hours}, to: [gm]}]
  starts_on: [approvals.submitted]
  stops_on: [approvals.effective]
  clause: 四小时内签批
  source: [001-118]
"""


@pytest.fixture
def limited(house: House, tmp_path: Path) -> House:
    """The house with a limit for signing."""
    (tmp_path / "trial" / "limits.yaml").write_text(LIMITS, encoding="utf-8")
    with use(system_scope("test")) as scope:
        load([tmp_path / "trial"], by=scope.actor)
    return house


def told_of(approval: Approval, kind: str) -> list[str]:
    """Who was told of something about an approval, by name."""
    with use(system_scope("test")):
        rows = Notice.objects.filter(about=approval.get_absolute_url(), kind=kind)
        return sorted(rows.values_list("user__username", flat=True))


def sweep(hours: int) -> None:
    """Let the worker work some hours from now."""
    with moved_to(now() + timedelta(hours=hours)):
        while tick().total:
            pass
        relay()


def test_the_ladder_of_a_late_signature_reaches_the_level_above(limited: House) -> None:
    approval = limited.ask(facts={"amount": 499_99})
    sweep(5)
    assert told_of(approval, "clocks.escalated") == []
    sweep(7)

    assert told_of(approval, "clocks.breached") == ["clerk", "lead"]
    assert told_of(approval, "clocks.escalated") == ["gm"]


def test_of_a_discreet_request_the_ladder_tells_nobody_who_does_not_take_part(limited: House) -> None:
    approval = limited.ask(kind="memo.loan", facts={"amount": 100_00})
    sweep(7)

    assert told_of(approval, "clocks.breached") == ["clerk", "director"]
    assert told_of(approval, "clocks.escalated") == []
