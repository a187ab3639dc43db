"""A small centre with its people and a handful of limits, made through the services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from textwrap import dedent

import pytest

from huiyin.base.kit.scope import Scope, system_scope, use
from huiyin.base.org.models import OrgUnit, Site, User
from huiyin.base.org.selectors import scope_of
from huiyin.base.org.services import add_unit, add_user, appoint, save_post
from huiyin.engines.packs.services import load

EVERYTHING = [
    "cases.view",
    "cases.register",
    "cases.assign",
    "cases.answer",
    "cases.wait",
    "cases.decline",
    "cases.close",
    "cases.reopen",
    "cases.merge",
    "cases.incident",
    "cases.import",
    "cases.export",
]
LONG_AGO = date(2020, 1, 1)
CATEGORIES = """
    - {code: repair, name: {zh: 维修}, kind: repair, source: [001-016], children: [
        {code: repair.leak, name: {zh: 漏水}, kind: repair, keywords: [漏水], source: [001-322]}]}
"""
LIMITS = """
    - {code: answer-emergency, name: {zh: 紧急答复}, clock: answer, when: {kind: [emergency]}, limit: {value: 10, unit: minutes}, clause: 立即, source: [001-018]}
    - {code: answer-leak, name: {zh: 漏水答复}, clock: answer, when: {category: [repair.leak]}, limit: {value: 20, unit: minutes}, clause: 漏水, source: [001-322]}
    - {code: answer-any, name: {zh: 一般答复}, clock: answer, limit: {value: 2, unit: hours}, warn: {before: {value: 30, unit: minutes}}, clause: 三十分钟, source: [001-329]}
    - {code: assign-any, name: {zh: 派单}, clock: assign, limit: {value: 10, unit: minutes}, clause: 及时, source: [001-090]}
    - {code: close-any, name: {zh: 办结}, clock: close, limit: {value: 3, unit: days}, starts_on: [cases.answered], stops_on: [cases.closed], cancels_on: [cases.reopened], clause: 办结, source: [001-153]}
"""


@dataclass(frozen=True)
class Centre:
    """Two sites of one company; alice may everything at the first, bob only looks, carol is at the other."""

    company: OrgUnit
    site: Site
    other: Site
    team: OrgUnit
    alice: User
    bob: User
    carol: User
    erin: User

    def scope(self, user: User) -> Scope:
        """What a person may do now."""
        return scope_of(user)


@pytest.fixture
def centre(db: None, tmp_path: Path) -> Centre:
    pack = tmp_path / "trial"
    pack.mkdir()
    (pack / "pack.yaml").write_text(
        "{code: trial, name: {zh: 试用}, layer: base, version: '1'}", encoding="utf-8"
    )
    (pack / "limits.yaml").write_text(dedent(LIMITS), encoding="utf-8")
    (pack / "categories.yaml").write_text(dedent(CATEGORIES), encoding="utf-8")
    with use(system_scope("test")) as scope:
        by = scope.actor
        load([pack], by=by)
        company = add_unit(None, kind="company", code="hq", name="总部", by=by)
        first = add_unit(company, kind="site", code="yunhe", name="云河苑", by=by)
        second = add_unit(company, kind="site", code="zhengtai", name="正泰大厦", by=by)
        team = add_unit(first, kind="team", code="yunhe-repair", name="维修班", by=by)
        full = save_post(None, code="all", name="主管", level="site", permissions=EVERYTHING, by=by)
        look = save_post(None, code="look", name="查看", level="site", permissions=["cases.view"], by=by)
        people = {
            name: add_user(None, username=name, name=name, password="hui-yin-2026", by=by)
            for name in ("alice", "bob", "carol", "erin")
        }
        appoint(first, user=people["alice"], post=full, starts_on=LONG_AGO, by=by)
        appoint(first, user=people["bob"], post=look, starts_on=LONG_AGO, by=by)
        appoint(second, user=people["carol"], post=full, starts_on=LONG_AGO, by=by)
        appoint(first, user=people["erin"], post=full, starts_on=LONG_AGO, by=by)
        sites = {s.code: s for s in Site.objects.select_related("unit")}
    return Centre(company, sites["yunhe"], sites["zhengtai"], team, **people)
