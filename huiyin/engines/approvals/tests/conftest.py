"""A company with a line of posts, rules in force, and a small thing that changes by approval only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from django.utils import translation

from huiyin.base.kit.scope import Actor, Scope, system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import OrgUnit, Post, Site, User
from huiyin.base.org.selectors import forget, scope_of
from huiyin.base.org.services import add_unit, add_user, appoint
from huiyin.engines.approvals import registry, services
from huiyin.engines.approvals.models import Approval
from huiyin.engines.approvals.verify import CHECKS
from huiyin.engines.numbering.models import Counter
from huiyin.engines.packs import selectors as packs
from huiyin.engines.packs.services import load

LONG_AGO = date(2020, 1, 1)
KIND = "trial.raise"
POSTS = """
    - {code: gm, name: {zh: 总经理}, level: company, permissions: [approvals.view, approvals.decide, approvals.delegate], source: [003-093]}
    - {code: director, name: {zh: 主任}, reports_to: gm, permissions: [approvals.view, approvals.decide, approvals.delegate], source: [001-118]}
    - {code: head, name: {zh: 客服经理}, reports_to: director, permissions: [approvals.view, approvals.decide, approvals.delegate], source: [001-117]}
    - {code: engineer-head, name: {zh: 工程主管}, reports_to: director, permissions: [approvals.view, approvals.decide, approvals.delegate], source: [001-113]}
    - {code: lead, name: {zh: 客服主管}, reports_to: head, permissions: [approvals.view, approvals.decide, approvals.delegate], source: [001-089]}
    - {code: clerk, name: {zh: 前台}, reports_to: lead, permissions: [approvals.view], source: [001-090]}
    - {code: engineer, name: {zh: 维修}, reports_to: engineer-head, permissions: [approvals.view], source: [001-090]}
"""
RULES = """
    - {code: small, name: {zh: 小额}, kind: trial.raise, when: {amount: {below: 500}}, steps: [{role: lead}], clause: 五百以下, source: [003-069]}
    - {code: joint, name: {zh: 会签}, kind: trial.raise, when: {category: [contract]}, steps: [{post: [head, engineer-head], sign: all}, {role: director}], clause: 会同审批, source: [001-501]}
    - {code: home, name: {zh: 业主同意}, kind: trial.raise, when: {category: [home]}, steps: [{role: head}, {role: customer}], clause: 业主同意, source: [001-124]}
    - {code: any, name: {zh: 逐级}, kind: trial.raise, steps: [{role: head}, {role: director}, {post: [gm], scope: company}], validity: {value: 3, unit: days}, clause: 逐级签字, source: [003-097]}
    - {code: memo, name: {zh: 借款单}, kind: memo.loan, request: true, discreet: true, steps: [{role: director}, {post: [gm]}], clause: 借款四签, source: [003-048]}
    - {code: pay, name: {zh: 调薪}, kind: staff.pay, request: true, steps: [{post: [gm]}], clause: 调薪, source: [001-482]}
"""
AUTHORITIES = """
    - {code: director-3000, name: {zh: 主任三千}, post: director, kind: [trial.raise], when: {amount: {up_to: 3000}}, clause: 三千元以下主任决定, source: [001-502]}
    - {code: director-pay, name: {zh: 调薪建议}, post: director, kind: [staff.pay], right: propose, when: {amount: {up_to: 200}}, clause: 二百元以内建议权, source: [001-482]}
"""


@dataclass
class House:
    """One site with its line (gm, director, head, lead, clerk; engineers beside) and a second one."""

    company: OrgUnit
    site: Site
    other: Site
    people: dict[str, User]
    asked: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> User:
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None

    def scope(self, name: str) -> Scope:
        """What a person may do now."""
        return scope_of(User.objects.get(username=name))

    def thing(self) -> Counter:
        """Something that is raised by one when its approval takes effect."""
        with use(system_scope("test")):
            made: Counter = Counter.objects.create(
                site=self.site, series="t", period=str(Counter.objects.count())
            )
        return made

    def ask(self, name: str = "clerk", thing: Counter | None = None, **given: Any) -> Approval:
        """Ask for the raise of a thing (a new one when none is named)."""
        with use(self.scope(name)) as scope:
            given.setdefault("title", "请批准")
            return services.submit(
                thing or self.thing(), kind=given.pop("kind", KIND), by=scope.actor, **given
            )

    def does(self, name: str, command: Callable[..., Any], approval: Approval, **given: Any) -> Any:
        """Let somebody do something with an approval."""
        with use(self.scope(name)) as scope:
            return command(approval, by=scope.actor, **given)

    def agree(self, name: str, approval: Approval, **given: Any) -> Any:
        """Let somebody sign in agreement."""
        return self.does(name, services.agree, approval, **given)

    def row(self, approval: Approval) -> Approval:
        """The approval as it stands now."""
        with use(system_scope("test")):
            return Approval.objects.get(pk=approval.pk)

    def value(self, approval: Approval) -> int:
        """How often the thing was raised."""
        with use(system_scope("test")):
            return int(Counter.objects.values_list("value", flat=True).get(pk=approval.subject_id))

    def chain(self, approval: Approval) -> list[str]:
        """The states of the steps in their order."""
        with use(system_scope("test")):
            return list(approval.steps.order_by("position").values_list("state", flat=True))

    def sound(self) -> dict[str, int]:
        """The invariants that are violated; none when all is well."""
        with use(system_scope("test")):
            return {name: found for name, check in CHECKS.items() if (found := check())}


def raise_it(approval: Approval, *, by: Actor) -> None:
    """The effect: raise the thing by one, once only."""
    if not Counter.objects.filter(pk=approval.subject_id, value=0).update(value=1):
        raise Refused("raised-already", "It was raised meanwhile.")


@pytest.fixture(autouse=True)
def _kind() -> Iterator[None]:
    registry.register_effect(KIND, raise_it, label="Raise")
    packs.forget()
    forget()
    with translation.override("en"):
        yield
    packs.forget()
    forget()
    del registry._kinds[KIND]


def build(folder: Path) -> House:
    """Make the house in the test's database."""
    pack = folder / "trial"
    pack.mkdir()
    (pack / "pack.yaml").write_text(
        "{code: trial, name: {zh: 试用}, layer: base, version: '1'}", encoding="utf-8"
    )
    for name, text in (("posts", POSTS), ("approvals", RULES), ("authorities", AUTHORITIES)):
        (pack / f"{name}.yaml").write_text(dedent(text), encoding="utf-8")
    with use(system_scope("test")) as scope:
        by = scope.actor
        load([pack], by=by)
        company = add_unit(None, kind="company", code="hq", name="总部", by=by)
        units = [
            add_unit(company, kind="site", code=code, name=code, by=by) for code in ("yunhe", "zhengtai")
        ]
        people = {}
        for name, post, unit in (
            ("gm", "gm", company),
            ("director", "director", units[0]),
            ("head", "head", units[0]),
            ("head2", "head", units[0]),
            ("boss", "engineer-head", units[0]),
            ("lead", "lead", units[0]),
            ("clerk", "clerk", units[0]),
            ("carol", "director", units[1]),
        ):
            people[name] = add_user(None, username=name, name=name, password="hui-yin-2026", by=by)
            hold(unit, people[name], post, by)
        sites = {site.code: site for site in Site.objects.select_related("unit")}
    return House(company, sites["yunhe"], sites["zhengtai"], people)


def hold(unit: OrgUnit, user: User, post: str, by: Actor) -> Any:
    """Give a person a post by its code."""
    return appoint(unit, user=user, post=Post.objects.get(code=post), starts_on=LONG_AGO, by=by)


@pytest.fixture
def house(db: None, tmp_path: Path) -> House:
    return build(tmp_path)
