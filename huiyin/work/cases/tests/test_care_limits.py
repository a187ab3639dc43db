"""Limits by the special care a customer needs: the file of the customer decides, on the day it begins."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from huiyin.base.kit.moment import today
from huiyin.base.kit.scope import system_scope, use
from huiyin.engines.clocks.models import Clock
from huiyin.engines.packs.services import load
from huiyin.records.customers.models import Customer
from huiyin.records.customers.services import add_customer, set_care
from huiyin.work.cases import services
from huiyin.work.cases.models import Case
from huiyin.work.cases.selectors import promised

from .conftest import Centre

FLAGS = "- {code: vip, name: {zh: 重点客户}, display: {badge: 重}, source: [001-151]}"
LIMITS = "- {code: answer-vip, name: {zh: 重点客户答复}, clock: answer, when: {kind: [complaint], care: [vip]}, limit: {value: 5, unit: minutes}, source: [001-151]}"


@pytest.fixture
def caring(centre: Centre, tmp_path: Path) -> Centre:
    folder = tmp_path / "trade"
    folder.mkdir()
    (folder / "pack.yaml").write_text("{code: trade, name: {zh: 行业}, layer: industry, version: '1'}")
    (folder / "limits.yaml").write_text(LIMITS, encoding="utf-8")
    (folder / "care_flags.yaml").write_text(FLAGS, encoding="utf-8")
    with use(system_scope("test")) as scope:
        load([folder], by=scope.actor)
    return centre


def customer(centre: Centre, **care: object) -> Customer:
    with use(system_scope("test")) as scope:
        made: Customer = add_customer(centre.site, name="王芳", kind="person", by=scope.actor)
        if care:
            set_care(made, code="vip", **care, by=scope.actor)
        return made


def rule_of(centre: Centre, who: Customer | None, kind: str = "complaint") -> str:
    with use(centre.scope(centre.alice)) as scope:
        case = services.register(
            centre.site, kind=kind, channel="phone", title="太吵", customer=who, by=scope.actor
        )
        return str(Clock.objects.get(subject_id=case.pk, subject_type="cases.case", kind="answer").rule_code)


def test_special_care_in_force_sets_the_limit(caring: Centre) -> None:
    here, yesterday = today(), today() - timedelta(days=1)
    assert rule_of(caring, customer(caring, since=here)) == "answer-vip"
    assert rule_of(caring, customer(caring, since=here), "repair") == "answer-any"
    assert rule_of(caring, customer(caring)) == "answer-any"
    assert rule_of(caring, None) == "answer-any"
    over = customer(caring, since=yesterday - timedelta(days=9), until=yesterday)
    assert rule_of(caring, over) == "answer-any"


def test_the_intake_promises_the_same(caring: Centre) -> None:
    who = customer(caring, since=today())
    with use(caring.scope(caring.alice)):
        assert promised(caring.site, kind="complaint", customer=who).startswith("5")
        assert promised(caring.site, kind="complaint").startswith("2")


def test_care_costs_one_query_where_a_rule_asks_and_none_elsewhere(caring: Centre) -> None:
    who = customer(caring, since=today())

    def cost(kind: str, who: Customer | None) -> int:
        with use(caring.scope(caring.alice)) as scope, CaptureQueriesContext(connection) as queries:
            services.register(
                caring.site, kind=kind, channel="phone", title="太吵", customer=who, by=scope.actor
            )
        return len(queries)

    cost("complaint", None)
    assert cost("repair", who) == cost("repair", None)
    assert cost("complaint", who) == cost("complaint", None) + 1
    with use(system_scope("test")):
        assert Case.objects.count() == 5
