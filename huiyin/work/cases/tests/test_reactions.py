"""Who is told about limits: the responsible person before, the leads too after."""

from __future__ import annotations

from datetime import timedelta

from huiyin.base.kit.moment import moved_to, now
from huiyin.base.kit.scope import Actor, system_scope, use
from huiyin.base.trail.jobs import relay
from huiyin.base.trail.models import Delivery
from huiyin.engines.approvals.models import Delegation
from huiyin.engines.clocks.jobs import tick
from huiyin.engines.messages.models import Notice
from huiyin.work.cases import services

from .conftest import Centre


def test_limits_reach_the_responsible_person_and_then_the_leads(centre: Centre) -> None:
    with use(centre.scope(centre.alice)) as scope:
        case = services.register(
            centre.site, kind="repair", channel="phone", title="漏水", responsible=centre.erin, by=scope.actor
        )
    with use(system_scope("worker")):
        for minutes, told in ((95, {"erin"}), (125, {"erin", "alice"})):
            with moved_to(now() + timedelta(minutes=minutes)):
                tick()
                relay()
            kinds = Notice.objects.filter(about=case.get_absolute_url(), data__clock="answer")
            assert {notice.user.username for notice in kinds} == told
        assert not Delivery.objects.filter(done_at=None).exists()


def test_while_somebody_is_away_whoever_stands_in_is_told_of_limits_too(centre: Centre) -> None:
    begun = now()
    Delegation.objects.create(
        delegator=centre.erin, deputy=centre.bob, starts_at=begun, ends_at=begun + timedelta(minutes=100)
    )
    with use(centre.scope(centre.alice)) as scope:
        case = services.register(
            centre.site, kind="repair", channel="phone", title="漏水", responsible=centre.erin, by=scope.actor
        )
    told = []
    with use(system_scope("worker")):
        for minutes in (95, 125):
            with moved_to(begun + timedelta(minutes=minutes)):
                tick()
                relay()
            kinds = Notice.objects.filter(about=case.get_absolute_url(), data__clock="answer")
            told.append(sorted(notice.user.username for notice in kinds))
    assert told == [["bob", "erin"], ["alice", "bob", "erin", "erin"]], "afterwards erin is there again"


def test_whoever_a_case_is_registered_for_is_told_at_once(centre: Centre) -> None:
    with use(centre.scope(centre.alice)) as scope:
        given = {"kind": "complaint", "channel": "counter", "title": "可疑人员徘徊", "by": scope.actor}
        own = services.register(centre.site, **given)
        handed = services.register(centre.site, **given, responsible=centre.erin)
    with use(system_scope("worker")):
        relay()
        told = [(notice.about, notice.user.username, notice.kind) for notice in Notice.objects.all()]
    assert own.responsible_id == centre.alice.pk
    assert told == [(handed.get_absolute_url(), "erin", services.REGISTERED)]


def test_nobody_is_told_of_each_case_of_an_import(centre: Centre) -> None:
    with use(centre.scope(centre.alice)):
        services.register(
            centre.site,
            kind="repair",
            channel="phone",
            title="旧台账",
            responsible=centre.erin,
            by=Actor(centre.alice.pk, "alice", "import"),
        )
    with use(system_scope("worker")):
        assert relay() == 0
        assert not Notice.objects.exists()
