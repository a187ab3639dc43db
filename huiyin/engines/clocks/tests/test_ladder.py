"""Steps of a ladder are taken once each, in the right hours, and tell the right people."""

import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections

from huiyin.base.kit.moment import moved_to
from huiyin.base.kit.scope import Scope
from huiyin.base.org.models import Post, Site, User
from huiyin.base.org.services import appoint
from huiyin.base.trail.models import Event
from huiyin.engines.clocks import ladder, registry, services
from huiyin.engines.clocks.jobs import Counts, tick
from huiyin.engines.clocks.models import Clock
from huiyin.engines.clocks.selectors import why
from huiyin.engines.clocks.verify import CHECKS
from huiyin.engines.packs.problems import PackErrors

from .conftest import START, LoadRules, Matter, rule
from .test_calendars import at, calendar
from .test_clocks import opened, violations

HOUR = timedelta(hours=1)
POSTS = """\
- {code: boss, name: {zh: 主任}, source: [001-117]}
- {code: deputy, name: {zh: 副主任}, reports_to: boss, source: [001-117]}
- {code: foreman, name: {zh: 班长}, reports_to: boss, deputy: deputy, source: [001-117]}
- {code: fitter, name: {zh: 维修工}, reports_to: foreman, source: [001-117]}
"""
WARN = "  warn: {before: {value: 30, unit: minutes}}\n"
LADDER = """\
  ladder:
    - {begun: {value: 5, unit: minutes}, to: [responsible]}
    - {before: {value: 20, unit: minutes}, to: [lead]}
    - {after: {value: 1, unit: hours}, to: [foreman, boss]}
    - {after: {value: 4, unit: hours}, to: [boss, on_duty]}
"""


def person(name: str, post: str, site: Site, scope: Scope) -> User:
    user = User.objects.create_user(name, name=name)
    day = START.date() - timedelta(days=30)
    appoint(site.unit, user=user, post=Post.objects.get(code=post), starts_on=day, by=scope.actor)
    return user


def after(hours: float) -> Counts:
    with moved_to(START + hours * HOUR):
        return tick()


def steps() -> list[tuple[int, list[int]]]:
    events = Event.objects.filter(verb="clocks.escalated").order_by("id")
    return [(one.data["rung"], [int(pk) for pk in one.data["recipients"].split(",") if pk]) for one in events]


@pytest.mark.django_db
def test_each_step_is_taken_once_and_tells_its_people(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    load_rules(rule("a", WARN + LADDER), posts=POSTS)
    fitter, foreman, boss = (person(name, name, site, scope) for name in ("fitter", "foreman", "boss"))
    opened(site, scope, responsible=fitter.pk)
    marks = [0, 0.08, 0.1, 0.2, 1.49, 1.51, 1.6, 1.67, 1.7, 2, 2.1, 2.9, 3.01, 4, 6.1, 99]
    seen = [(mark, found) for mark in marks if (found := after(mark)).total]
    assert seen == [
        (0.1, Counts(escalated=1)),
        (1.51, Counts(warned=1)),
        (1.67, Counts(escalated=1)),
        (2.1, Counts(breached=1)),
        (3.01, Counts(escalated=1)),
        (6.1, Counts(escalated=1)),
    ]
    assert steps() == [
        (1, [fitter.pk]),
        (2, [foreman.pk]),
        (3, [foreman.pk, boss.pk]),
        (4, [boss.pk, foreman.pk]),
    ]
    clock = Clock.objects.get()
    assert clock.wake_at is None
    assert [(one.when, one.to, one.taken_at is not None) for one in why(clock).ladder] == [
        ("5 minutes after the start", "whoever is responsible", True),
        ("20 minutes before the limit", "their superior", True),
        ("1 hour after the limit", "班长, 主任", True),
        ("4 hours after the limit", "主任, who is on duty", True),
    ]
    assert violations() == {}


@pytest.mark.django_db
def test_a_late_worker_takes_every_step_one_by_one(site: Site, scope: Scope, load_rules: LoadRules) -> None:
    load_rules(rule("a", WARN + LADDER), posts=POSTS)
    opened(site, scope)
    found = []
    while (one := after(50 + len(found))).total:
        found.append(one)
    assert found == [Counts(breached=1, escalated=1), *[Counts(escalated=1)] * 3]
    assert [number for number, _people in steps()] == [1, 2, 3, 4]
    assert violations() == {}


@pytest.mark.django_db
def test_an_empty_post_is_passed_on_to_the_deputy_and_then_upwards(
    site: Site, scope: Scope, load_rules: LoadRules, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_rules(rule("a"), posts=POSTS)
    rung = ladder.Rung.read({"after": {"value": 1, "unit": "hours"}, "to": ["foreman"]})
    assert ladder.recipients(rung, site, None, START) == []
    boss = person("boss", "boss", site, scope)
    assert ladder.recipients(rung, site, None, START) == [boss.pk]
    deputy = person("deputy", "deputy", site, scope)
    assert ladder.recipients(rung, site, None, START) == [deputy.pk]
    foreman = person("foreman", "foreman", site, scope)
    assert ladder.recipients(rung, site, None, START) == [foreman.pk]
    monkeypatch.setattr(registry, "_away", [lambda _people, _site, _at: {foreman.pk: []}])
    assert ladder.recipients(rung, site, None, START) == [deputy.pk], "away: the deputy of the post is told"


@pytest.mark.django_db
def test_who_is_on_duty_goes_before_the_lead(site: Site, scope: Scope, load_rules: LoadRules) -> None:
    load_rules(rule("a"), posts=POSTS)
    fitter, foreman = (person(name, name, site, scope) for name in ("fitter", "foreman"))
    night = person("night", "fitter", site, scope)
    with moved_to(START):
        services.put_on_duty(site, user=night, starts_at=START, ends_at=START + 8 * HOUR, by=scope.actor)
    rung = ladder.Rung.read({"after": {"value": 1, "unit": "hours"}, "to": ["on_duty"]})
    told = [ladder.recipients(rung, site, fitter.pk, START + hour * HOUR) for hour in (0, 7, 8)]
    assert told == [[night.pk], [night.pk], [foreman.pk]]


@pytest.mark.django_db
def test_whoever_stands_in_is_told_instead_of_those_who_are_away(
    site: Site, scope: Scope, load_rules: LoadRules, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_rules(rule("a"), posts=POSTS)
    fitter, mate, foreman, boss = (
        person(name, post, site, scope)
        for name, post in (("fitter", "fitter"), ("mate", "fitter"), ("foreman", "foreman"), ("boss", "boss"))
    )
    stranger = User.objects.create_user("stranger", name="外人")
    away: dict[int, list[int]] = {}
    monkeypatch.setattr(
        registry, "_away", [lambda people, _site, _at: {pk: away[pk] for pk in people if pk in away}]
    )
    rung = ladder.Rung.read({"after": {"value": 1, "unit": "hours"}, "to": ["responsible"]})

    def told() -> dict[int, int | None]:
        return ladder.told(rung, site, fitter.pk, START)

    assert told() == {fitter.pk: None}
    away[fitter.pk] = [mate.pk]
    assert told() == {mate.pk: fitter.pk}
    away[mate.pk] = [boss.pk]
    assert told() == {boss.pk: fitter.pk}, "whoever stands in is away too"
    away[boss.pk] = [fitter.pk]
    assert told() == {foreman.pk: None}, "all stand in for each other: the superior"
    away[fitter.pk] = [stranger.pk]
    assert told() == {foreman.pk: None}, "who does not work here is told nothing"
    away[foreman.pk] = []
    assert told() == {fitter.pk: None}, "nobody is left: rather the person away than nobody"


@pytest.mark.django_db
def test_a_step_waits_for_the_hours_of_those_it_tells(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    steps = "  ladder: [{after: {value: 1, unit: hours}, to: [boss], hours: office}]\n"
    load_rules(rule("a", steps), posts=POSTS, calendars=calendar())
    opened(site, scope, at("2027-03-05 18:00"))
    with moved_to(at("2027-03-05 23:30")):
        assert tick() == Counts(breached=1)
    clock = Clock.objects.get()
    assert clock.rung_at == clock.wake_at == at("2027-03-08 09:00"), "Friday night waits for Monday"
    assert violations() == {}


@pytest.mark.django_db
def test_more_time_lets_the_steps_after_the_limit_come_again(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    load_rules(rule("a", LADDER), posts=POSTS)
    matter = opened(site, scope)
    for mark in (0.1, 1.7, 2.1, 3.1):
        assert after(mark).total == 1
    with moved_to(START + 3.5 * HOUR):
        services.extend(matter, kind="reply", until=START + 10 * HOUR, reason="x", by=scope.actor)
    clock = Clock.objects.get()
    assert (clock.rung, clock.wake_at) == (1, START + 10 * HOUR - timedelta(minutes=20))
    assert [after(mark).total for mark in (4, 9.7, 10.1, 11.1, 12)] == [0, 1, 1, 1, 0]
    assert [number for number, _people in steps()] == [1, 2, 3, 2, 3]
    assert violations() == {}


@pytest.mark.django_db
def test_what_rests_climbs_no_ladder(site: Site, scope: Scope, load_rules: LoadRules) -> None:
    load_rules(rule("a", LADDER), posts=POSTS)
    matter = opened(site, scope)
    with moved_to(START + 0.05 * HOUR):
        until = (START + 8 * HOUR).isoformat()
        matter.happens("waiting", scope, reason="x", agreed=True, until=until)
    assert after(5) == Counts()
    with moved_to(START + 6 * HOUR):
        matter.happens("resumed", scope)
    clock = Clock.objects.get()
    assert (clock.rung, clock.rung_at) == (0, START + timedelta(minutes=5))
    assert after(6.1) == Counts(escalated=1)
    assert violations() == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("step", "named"),
    [
        ("{after: {value: 1, unit: hours}, to: [nobody]}", "nobody"),
        ("{after: {value: 1, unit: hours}, to: [boss], hours: nights}", "nights"),
        ("{to: [boss]}", "begun, before, after"),
        ("{after: {value: 1, unit: hours}, before: {value: 1, unit: hours}, to: [boss]}", "begun, before"),
        ("{after: {value: -1, unit: hours}, to: [boss]}", "ladder"),
        ("{after: {value: 1, unit: hours}, to: []}", "ladder"),
        (
            "{after: {value: 2, unit: hours}, to: [boss]}, {after: {value: 1, unit: hours}, to: [boss]}",
            "follow each other",
        ),
    ],
)
def test_a_ladder_with_a_mistake_is_refused(
    load_rules: LoadRules, scope: Scope, step: str, named: str
) -> None:
    with pytest.raises(PackErrors) as refused:
        load_rules(rule("a", f"  ladder: [{step}]\n"), posts=POSTS)
    assert named in str(refused.value.problems[0])


@pytest.mark.django_db(transaction=True)
def test_three_tickers_take_no_step_twice(load_rules: LoadRules, site: Site, scope: Scope) -> None:
    load_rules(rule("a", WARN + LADDER), posts=POSTS)
    matters = [Matter(site.pk) for _ in range(60)]
    with moved_to(START):
        for matter in matters:
            matter.happens("opened", scope)
    failed: list[Exception] = []

    def work() -> None:
        try:
            quiet = 0
            while quiet < 3:
                quiet = 0 if tick(7).total else quiet + 1
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads: list[Any] = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    told = Counter(Event.objects.filter(verb="clocks.escalated").values_list("root_id", "data__rung"))
    assert set(told) == {(matter.pk, number) for matter in matters for number in (1, 2, 3, 4)}
    assert set(told.values()) == {1}
    assert {name: found for name, check in CHECKS.items() if (found := check())} == {}
