"""What packs say: conditions, mistakes, and the property rules to the letter."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Post, Site, User
from huiyin.base.org.selectors import actor_of, forget
from huiyin.base.org.services import add_unit, add_user, appoint
from huiyin.engines.approvals import services
from huiyin.engines.approvals.chains import rule_for
from huiyin.engines.approvals.conditions import Bounds, When
from huiyin.engines.approvals.durations import duration_facts
from huiyin.engines.approvals.models import Approval, Step
from huiyin.engines.packs import selectors as packs
from huiyin.engines.packs.problems import PackErrors
from huiyin.engines.packs.services import load

ROOT = Path(__file__).resolve().parents[4]
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@given(st.integers(0, 10**9), st.integers(0, 10**7))
def test_bounds_hold_to_the_fen(fen: int, yuan: int) -> None:
    facts = {"amount": fen, "currency": "CNY"}
    for name, wanted in {
        "at_least": fen >= yuan * 100,
        "over": fen > yuan * 100,
        "up_to": fen <= yuan * 100,
        "below": fen < yuan * 100,
    }.items():
        assert When(amount=Bounds.model_validate({name: yuan})).holds(facts) == wanted


def test_what_is_not_known_fits_no_condition() -> None:
    for when in (
        {"amount": {"below": 500}},
        {"duration": {"up_to": {"value": 3, "unit": "working_days"}}},
        {"duration": {"over": {"value": 3, "unit": "days"}}},
        {"numbers": {"discount": {"up_to": 5}}},
        {"category": ["repair"]},
    ):
        assert not When.model_validate(when).holds({})
    assert not When.model_validate({"amount": {"below": 500}}).holds({"amount": 1, "currency": "USD"})
    assert When.model_validate({"category": ["repair"]}).holds({"category": "repair.leak"})
    assert not When.model_validate({"category": ["repair"]}).holds({"category": "repairs"})


@pytest.mark.parametrize(
    "when",
    [
        {"amount": {}},
        {"amount": {"over": 5, "up_to": 4}},
        {"amount": {"over": 5, "at_least": 4}},
        {"amount": {"over": -1}},
        {"amount": {"over": "many"}},
        {"amount": {"over": 5}, "currency": "yuan"},
        {"duration": {"over": {"value": 0, "unit": "days"}}},
        {"duration": {"over": {"value": 1, "unit": "moons"}}},
        {"colour": ["red"]},
    ],
)
def test_conditions_that_make_no_sense_are_refused(when: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        When.model_validate(when)


def test_just_three_working_days_are_three_and_a_moment_more_is_four(db: None) -> None:
    three = START + timedelta(days=3)
    assert duration_facts(1, START, three)["working_days"] == 3
    assert duration_facts(1, START, three + timedelta(seconds=1))["working_days"] == 4
    assert duration_facts(1, START, START - timedelta(days=1)) == {"minutes": 0, "working_days": 0}


MISTAKES = {
    "unknown kind": "- {code: a, name: {zh: 甲}, kind: trial.nothing, steps: [{role: head}], source: [001-117]}",
    "unknown post": "- {code: a, name: {zh: 甲}, kind: m.m, request: true, steps: [{post: [nobody]}], source: [001-117]}",
    "no steps": "- {code: a, name: {zh: 甲}, kind: m.m, request: true, steps: [], source: [001-117]}",
    "post and role": "- {code: a, name: {zh: 甲}, kind: m.m, request: true, steps: [{post: [clerk], role: head}], source: [001-117]}",
    "neither": "- {code: a, name: {zh: 甲}, kind: m.m, request: true, steps: [{sign: all}], source: [001-117]}",
    "twice": "- {code: a, name: {zh: 甲}, kind: m.m, request: true, steps: [{role: head}, {role: head}], source: [001-117]}",
    "no source": "- {code: a, name: {zh: 甲}, kind: m.m, request: true, steps: [{role: head}]}",
    "unreachable": (
        "- {code: a, name: {zh: 甲}, kind: m.m, request: true, steps: [{role: head}], source: [001-117]}\n"
        "- {code: b, name: {zh: 乙}, kind: m.m, request: true, when: {amount: {over: 5}}, steps: [{role: lead}], source: [001-117]}"
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_file_and_line(name: str, db: None, tmp_path: Path) -> None:
    pack = tmp_path / "trial"
    pack.mkdir()
    (pack / "pack.yaml").write_text("{code: trial, name: {zh: 试}, layer: base, version: '1'}")
    (pack / "posts.yaml").write_text("- {code: clerk, name: {zh: 前台}, source: [001-090]}\n")
    (pack / "approvals.yaml").write_text(MISTAKES[name])
    with use(system_scope("test")) as scope, pytest.raises(PackErrors) as refusal:
        load([pack], by=scope.actor)

    assert {(one.file, one.line > 0) for one in refusal.value.problems} == {("trial/approvals.yaml", True)}


@pytest.fixture
def estate(db: None) -> dict[str, User]:
    """A site with every post of the property handbooks held by a person of the post's name."""
    packs.forget()
    forget()
    with use(system_scope("test")) as scope:
        by = scope.actor
        load([ROOT / "packs" / code for code in ("base", "property")], by=by)
        company = add_unit(None, kind="company", code="hq", name="总部", by=by)
        site = add_unit(company, kind="site", code="yunhe", name="云河苑", by=by)
        people = {}
        for post in Post.objects.filter(retired=False):
            people[post.code] = add_user(None, username=post.code, name=post.name, by=by)
            unit = company if post.level == "company" else site
            appoint(unit, user=people[post.code], post=post, starts_on=date(2020, 1, 1), by=by)
    return people


TOP = ["deputy-general-manager", "general-manager"]
FOUR = ["site-director", *TOP]
CHAINS: list[tuple[str, str, str, dict[str, Any], list[str]]] = [
    ("003-048 003-052 003-099", "expenses.loan", "cashier", {}, FOUR),
    ("003-050", "expenses.voucher", "cashier", {}, FOUR),
    ("003-056", "purchase.plan", "cs-manager", {}, FOUR[:2]),
    ("003-069", "purchase.urgent", "cs-manager", {"amount": 500_00}, FOUR[:1]),
    ("001-502", "expenses.proposal", "site-director", {"amount": 500_00}, TOP),
    ("001-502", "expenses.proposal", "site-director", {"amount": 3000_00}, TOP),
    ("004-366", "expenses.extra", "environment-supervisor", {}, ["cs-deputy-manager", "site-director"]),
    ("003-028 001-501", "contracts.sign", "cs-manager", {}, FOUR),
    ("003-012", "plans.department", "cs-manager", {}, FOUR[:1]),
    ("003-017", "plans.training", "cs-manager", {}, FOUR[:1]),
    ("004-308 004-395 004-311", "plans.scheme", "cs-supervisor", {}, ["cs-manager", "site-director"]),
    (
        "004-258 004-320",
        "plans.rules",
        "cs-supervisor",
        {},
        ["cs-deputy-manager", "cs-manager", "site-director"],
    ),
    ("004-300", "plans.improvement", "cs-supervisor", {}, ["cs-manager"]),
    (
        "004-385 004-334 004-407 004-301",
        "procedures.fitout",
        "floor-steward",
        {},
        ["cs-supervisor|cs-deputy-supervisor", "cs-deputy-manager", "cs-manager"],
    ),
    ("004-301", "procedures.moving", "floor-steward", {}, ["cs-manager"]),
    ("004-411", "documents.letter", "cs-deputy-supervisor", {}, ["cs-supervisor"]),
    ("001-027", "documents.printing", "front-desk", {}, ["cs-supervisor"]),
    ("001-136", "workorders.returning", "front-desk", {}, ["cs-manager"]),
    ("001-136", "workorders.returning", "engineering-technician", {}, ["engineering-supervisor"]),
    ("003-075 003-077", "documents.statistics", "cs-manager", {}, FOUR[:1]),
    ("003-095", "documents.arrears", "front-desk", {}, ["cs-manager"]),
    ("001-490", "staff.leave", "front-desk", {"minutes": 1440}, FOUR[:2]),
    ("001-482", "staff.pay", "site-director", {"amount": 200_00}, TOP),
    ("001-484", "staff.compensation", "site-director", {}, TOP[:1]),
    ("001-480", "staff.dismissal", "site-director", {}, TOP),
    ("001-479", "staff.orders", "cs-manager", {"level": "team-leader"}, FOUR[:2]),
    ("003-045", "staff.resignation", "front-desk", {}, ["cs-manager", "site-director"]),
    ("003-088", "staff.attendance", "cs-manager", {}, FOUR[:2]),
    ("003-037", "staff.patrol", "cs-manager", {"minutes": 121}, FOUR[:1]),
]


def ask(people: dict[str, User], kind: str, who: str, facts: dict[str, Any]) -> Approval:
    site = Site.objects.get()
    with use(system_scope("test")):
        return services.submit(site, kind=kind, title="申请", facts=facts, by=actor_of(people[who]))


@pytest.mark.django_db
def test_the_property_rules_ask_for_the_signatures_of_the_handbooks(estate: dict[str, User]) -> None:
    wrong = {}
    for ids, kind, who, facts, chain in CHAINS:
        approval = ask(estate, kind, who, facts)
        with use(system_scope("test")):
            steps = Step.objects.filter(approval=approval).order_by("position")
            found = ["|".join(step.who["posts"]) for step in steps]
        source = set(approval.rule["source"])
        if found != chain or not set(ids.split()) <= source:
            wrong[kind] = (found, chain, source)
    assert wrong == {}


BEYOND: list[tuple[str, str, str, dict[str, Any], str]] = [
    ("001-482", "staff.pay", "site-director", {"amount": 200_01}, "beyond-authority"),
    ("001-484", "staff.compensation", "cs-manager", {}, "beyond-authority"),
    ("001-480", "staff.dismissal", "front-desk", {}, "beyond-authority"),
    ("001-502", "expenses.proposal", "site-director", {"amount": 499_99}, "beyond-authority"),
    ("001-502", "expenses.proposal", "site-director", {"amount": 3000_01}, "beyond-authority"),
    ("003-069", "purchase.urgent", "cs-manager", {"amount": 500_01}, "no-rule"),
    ("003-037", "staff.patrol", "cs-manager", {"minutes": 120}, "no-rule"),
]
EXTENSIONS: list[tuple[dict[str, Any], str]] = [
    ({"working_days": 3, "minutes": 3 * 1440}, "extension-short"),
    ({"working_days": 4, "minutes": 4 * 1440}, "extension-three-working-days"),
    ({"working_days": 10, "minutes": 14 * 1440}, "extension-three-working-days"),
    ({"working_days": 11, "minutes": 14 * 1440 + 1}, "extension-two-weeks"),
    ({"working_days": 1, "matter": "repair", "limit_hours": 24.0}, "extension-24-hours"),
    ({"working_days": 1, "matter": "complaint", "limit_hours": 24.0}, "extension-complaint"),
    ({"working_days": 20, "minutes": 99999, "cause": "customer"}, "extension-customer-cause"),
]


@pytest.mark.django_db
def test_what_the_handbooks_do_not_grant_is_refused_and_more_time_has_its_level(
    estate: dict[str, User],
) -> None:
    for ids, kind, who, facts, code in BEYOND:
        with pytest.raises(Refused) as refusal:
            ask(estate, kind, who, facts)
        assert refusal.value.code == code, ids
    site = Site.objects.get()
    for facts, code in EXTENSIONS:
        with use(system_scope("test")):
            item = rule_for("cases.extension", facts, site.pk)
        assert item is not None
        assert item.code == code


@pytest.mark.django_db
def test_a_day_of_leave_ends_with_the_director_a_longer_one_goes_up(estate: dict[str, User]) -> None:
    states = []
    for minutes in (1440, 1441):
        approval = ask(estate, "staff.leave", "front-desk", {"minutes": minutes})
        with use(system_scope("test")):
            approval = services.agree(approval, by=actor_of(estate["site-director"]))
        states.append(approval.state)
    assert states == ["approved", "pending"]
    own = ask(estate, "staff.orders", "site-director", {"level": "team-leader"})
    assert own.state == "approved"
    assert ask(estate, "staff.orders", "site-director", {"level": "supervisor"}).state == "pending"
