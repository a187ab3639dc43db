"""The demo company: what it is like after some days, and how it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from huiyin.base.kit.moment import moved_to, now
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.models import Site, User
from huiyin.base.org.selectors import forget, staff_of, who_can
from huiyin.engines.clocks.jobs import tick
from huiyin.engines.clocks.models import Clock
from huiyin.faces.demo import jobs, world
from huiyin.faces.demo.callers import Callers, answer_of
from huiyin.faces.demo.history import Agenda
from huiyin.faces.demo.households import Settlement
from huiyin.records.customers.models import Customer, Holding
from huiyin.records.places.models import Place
from huiyin.work.cases.models import Case, Incident, Kind
from huiyin.work.cases.selectors import late

NOON = datetime(2026, 11, 19, 4, 30, tzinfo=UTC)
"""Half past twelve on a Thursday in Hangzhou."""
DAYS = 6
HOUSEHOLDS = 40
PER_HOUSEHOLD = 12
"""Statements a household may cost: one event and one search entry for each of its rows on SQLite, and little more."""


@pytest.fixture
def small(db: None, settings: object, tmp_path: Path) -> Iterator[None]:
    """A demo company of some dozen households with a few days behind it."""
    forget()
    settings.HOME = tmp_path  # type: ignore[attr-defined]
    with moved_to(NOON - timedelta(days=2 * DAYS)):
        call_command("load_packs", verbosity=0)
    with moved_to(NOON):
        call_command("demo", days=DAYS, households=HOUSEHOLDS, verbosity=0)
        with use(system_scope("test")):
            yield
    forget()


def share(clocks: object, verdict: str) -> float:
    """How many of the decided clocks have a verdict."""
    found = list(clocks.filter(verdict__isnull=False).values_list("verdict", flat=True))  # type: ignore[attr-defined]
    return found.count(verdict) / len(found)


@pytest.mark.django_db
@pytest.mark.usefixtures("small")
class TestAfterSomeDays:
    def test_staff_are_good_but_human(self) -> None:
        assert Place.objects.filter(kind="room").count() == 2 * HOUSEHOLDS
        assert 25 * DAYS <= Case.objects.count() <= 65 * DAYS
        answers = Clock.objects.filter(kind="answer", run=1)
        assert 0.88 <= share(answers, "kept") <= 0.98
        assert share(Clock.objects.filter(kind="assign", run=1), "kept") >= 0.88
        open_cases = Case.objects.filter(ended_at=None)
        assert open_cases.count() >= 10
        assert 1 <= late(open_cases).count() <= 0.15 * open_cases.count() + 1
        self.everything_occurs()
        self.nobody_is_a_machine()
        self.nothing_is_violated()
        self.a_second_time_changes_nothing()

    def everything_occurs(self) -> None:
        cases = Case.objects.all()
        assert set(cases.values_list("kind", flat=True)) == set(Kind.values)
        kinds = list(cases.values_list("kind", flat=True))
        assert kinds.count("repair") > kinds.count("consultation") > kinds.count("praise")
        assert {"phone", "wechat", "counter"} <= set(cases.values_list("channel", flat=True))
        assert {"answered", "closed", "merged", "waiting"} <= set(cases.values_list("state", flat=True))
        hours = [(at + timedelta(hours=8)).hour for at in cases.values_list("received_at", flat=True)]
        nightly = sum(1 for hour in hours if hour < 6)
        assert 0 < nightly < 0.15 * len(hours)
        assert not cases.filter(state="waiting", waiting_reason="").exists()
        incidents = Incident.objects.all()
        assert incidents.filter(ended_at=None).count() == 1
        assert all(Case.objects.filter(incident=one).count() >= 4 for one in incidents)
        titles = list(cases.filter(site__code="zhengtai", incident=None).order_by("-received_at")[:50])
        assert len({case.title for case in titles}) >= 40
        assert not cases.filter(answer__contains="{").exists()

    def nobody_is_a_machine(self) -> None:
        machine = User.objects.get(username="integration")
        for site in Site.objects.select_related("unit"):
            assert machine not in who_can("cases.answer", site)
            assert machine not in staff_of([site])
            assert machine in staff_of([site], systems=True)
        assert not Case.objects.filter(responsible=machine).exists()

    def nothing_is_violated(self) -> None:
        call_command("verify", verbosity=0)

    def a_second_time_changes_nothing(self) -> None:
        before = Case.objects.count()
        with CaptureQueriesContext(connection) as queries:
            call_command("demo", days=DAYS, households=HOUSEHOLDS, verbosity=0)
        assert Case.objects.count() == before and len(queries) < 5

    def test_the_next_hours_are_like_the_days_before(self) -> None:
        """What was left open is carried on, new cases come, and most are answered in time."""
        agenda, random = Agenda(), Random(7)
        sites = list(Site.objects.select_related("unit"))
        left = list(Case.objects.filter(ended_at=None, answered_at=None).values_list("pk", flat=True))
        before = Case.objects.count()
        start = now()
        with moved_to(start):
            centres = jobs.opened(sites, random, agenda)
        for minute in range(0, 180, 2):
            with moved_to(start + timedelta(minutes=minute)):
                jobs.turn(centres, agenda)
                tick()
        assert Case.objects.count() >= before + 5
        new = Case.objects.filter(pk__gt=max(left), received_at__lt=start + timedelta(hours=2))
        answers = Clock.objects.filter(kind="answer", run=1, subject_id__in=new.values("pk"))
        assert share(answers, "kept") >= 0.7
        assert not Incident.objects.filter(ended_at=None).exists()
        open_cases = Case.objects.filter(ended_at=None)
        with moved_to(start + timedelta(hours=3)):
            assert late(open_cases).count() <= 0.2 * open_cases.count()


@pytest.mark.django_db
def test_a_household_costs_few_statements(settings: object, tmp_path: Path) -> None:
    forget()
    call_command("load_packs", verbosity=0)
    with use(system_scope("test")) as scope:
        random = Random(1)
        company = world.build(random, scope.actor)
        site = company.sites["yunhe"]
        with CaptureQueriesContext(connection) as queries:
            Settlement(site, random, scope.actor, households=256).build()
        assert len(queries) <= 256 * PER_HOUSEHOLD
        assert Holding.objects.count() >= Customer.objects.count() >= 200
        assert Customer.objects.values("code").distinct().count() == Customer.objects.count()
        calls = [Callers(site, random).call() for _ in range(3)]
        assert all("{" not in answer_of(call.story, random) for call in calls)
    forget()
