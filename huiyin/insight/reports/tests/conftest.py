"""A centre with three months of random work, a manager, and a pack that demands reports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from textwrap import dedent

import pytest

from huiyin.base.kit.moment import moved_to
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.models import Post
from huiyin.base.org.services import appoint
from huiyin.engines.packs.services import load
from huiyin.insight.indicators.tests.test_slices import random_work
from huiyin.work.cases.tests.conftest import EVERYTHING, LONG_AGO, Centre, centre

__all__ = ["centre"]
PRESENT = datetime(2026, 3, 18, 9, tzinfo=UTC)
"""A Wednesday; the rows of February are three months' middle."""
RIGHTS = [*EVERYTHING, "insight.view", "reports.issue", "trail.view", "files.upload"]
PACK = {
    "pack.yaml": "{code: papers, name: {zh: 报表}, layer: company, version: '1'}",
    "posts.yaml": f"""
        - {{code: lead, name: {{zh: 经理}}, level: site, permissions: [{", ".join(RIGHTS)}], clause: 经理}}
        - {{code: reader, name: {{zh: 督导}}, level: site, permissions: [insight.view], clause: 督导}}
    """,
    "reports.yaml": """
        - {code: daily, name: {zh: 客服日报}, period: day, parts: [figures, late, incidents], to: [lead], clause: 日报}
        - {code: weekly, name: {zh: 客服周报}, period: week, parts: [figures, late, categories, people], indicators: [received, answered-in-time], to: [lead], due_days: 2, clause: 周报}
        - {code: monthly, name: {zh: 客服月报}, period: month, parts: [figures, late, categories, incidents, people], at: "08:30", to: [lead], due_days: 5, clause: 月报}
    """,
    "targets.yaml": """
        - {code: answers, name: {zh: 按时答复率}, indicator: answered-in-time, comparison: ">=", figure: 98, period: month, clause: 不低于九十八}
    """,
}


def write_pack(folder: Path, **changed: str) -> Path:
    """The pack as files."""
    folder.mkdir(exist_ok=True)
    for name, text in {**PACK, **changed}.items():
        (folder / name).write_text(dedent(text), encoding="utf-8")
    return folder


@pytest.fixture
def office(centre: Centre, tmp_path: Path) -> Iterator[Centre]:
    with use(system_scope("test")) as scope:
        load([tmp_path / "trial", write_pack(tmp_path / "papers")], by=scope.actor)
        lead, reader = Post.objects.get(code="lead"), Post.objects.get(code="reader")
        for site, user, post in (
            (centre.site, centre.alice, lead),
            (centre.site, centre.bob, reader),
            (centre.other, centre.carol, lead),
        ):
            appoint(site.unit, user=user, post=post, starts_on=LONG_AGO, by=scope.actor)
    random_work(centre, Random(7), 60)
    with moved_to(PRESENT):
        yield centre
