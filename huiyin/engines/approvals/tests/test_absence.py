"""Who has handed over all signatures is away: the steps of a ladder reach the deputy instead."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from huiyin.base.kit.moment import moved_to, now
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.models import User
from huiyin.base.trail.models import Event
from huiyin.engines.approvals import services
from huiyin.engines.approvals.models import Delegation
from huiyin.engines.clocks import timing
from huiyin.engines.clocks.jobs import tick
from huiyin.engines.clocks.services import hand_over
from huiyin.engines.packs.services import load

from .conftest import KIND, House

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
LIMIT = """
- code: sign-soon
  name: {zh: 签批时限}
  clock: sign
  limit: {value: 2, unit: hours}
  starts_on: [approvals.submitted]
  stops_on: [approvals.effective]
  ladder:
    - {after: {value: 1, unit: hours}, to: [responsible]}
    - {after: {value: 2, unit: hours}, to: [lead]}
  source: [001-117]
"""


@pytest.fixture
def timed(house: House, tmp_path: Path) -> House:
    """An approval is to be signed within two hours; after an hour more its signer is told, then their superior."""
    pack = tmp_path / "limits"
    pack.mkdir()
    (pack / "pack.yaml").write_text("{code: limits, name: {zh: 时限}, layer: company, version: '1'}")
    (pack / "limits.yaml").write_text(LIMIT, encoding="utf-8")
    timing.forget()
    with use(system_scope("test")) as scope:
        load([pack], by=scope.actor)
    return house


def asked_of_the_lead(house: House) -> datetime:
    """Something is asked for that the lead answers for; since when."""
    begin = now()
    approval = house.ask(facts={"amount": 100})
    with use(system_scope("test")) as scope:
        assert hand_over(approval, owner=house.lead.pk, by=scope.actor) == 1
    return begin


def away(
    house: House, name: str, deputy: User, since: datetime, kinds: list[str] | None = None
) -> Delegation:
    with use(house.scope(name)) as scope:
        return services.delegate(
            house.people[name],
            deputy=deputy,
            starts_at=since,
            ends_at=since + 24 * HOUR,
            kinds=kinds,
            by=scope.actor,
        )


def told(at: datetime) -> list[tuple[list[int], str]]:
    """Whom each step told until then, and instead of whom."""
    with moved_to(at):
        while tick().total:
            pass
    with use(system_scope("test")):
        events = list(Event.objects.filter(verb="clocks.escalated").order_by("id"))
    return [
        ([int(one) for one in event.data["recipients"].split(",") if one], event.data.get("away", ""))
        for event in events
    ]


def test_what_is_breached_while_its_holder_is_away_is_told_to_the_deputy(timed: House) -> None:
    begin = asked_of_the_lead(timed)
    away(timed, "lead", timed.boss, begin)

    assert told(begin + 3.1 * HOUR) == [([timed.boss.pk], "lead")]
    away(timed, "head", timed.director, begin)
    assert told(begin + 4.1 * HOUR)[1:] == [([timed.head2.pk, timed.director.pk], "head")]


def test_who_is_there_again_is_told_themself(timed: House) -> None:
    begin = asked_of_the_lead(timed)
    given = away(timed, "lead", timed.boss, begin)
    with use(timed.scope("lead")) as scope:
        services.end_delegation(given, by=scope.actor)

    assert told(begin + 3.1 * HOUR) == [([timed.lead.pk], "")]


def test_who_handed_over_only_some_kinds_is_not_away(timed: House) -> None:
    begin = asked_of_the_lead(timed)
    away(timed, "lead", timed.boss, begin, [KIND])

    assert told(begin + 3.1 * HOUR) == [([timed.lead.pk], "")]


def test_a_deputy_who_is_away_too_is_passed_over_for_theirs(timed: House) -> None:
    begin = asked_of_the_lead(timed)
    away(timed, "lead", timed.boss, begin)
    away(timed, "boss", timed.head, begin)

    assert told(begin + 3.1 * HOUR) == [([timed.head.pk], "lead")]


def test_after_the_time_named_the_holder_is_told_again(timed: House) -> None:
    begin = asked_of_the_lead(timed)
    away(timed, "lead", timed.boss, begin - 22 * HOUR)

    assert told(begin + 3.1 * HOUR) == [([timed.lead.pk], "")]
