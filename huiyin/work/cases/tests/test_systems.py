"""Accounts of connected systems register and write back, but nobody can ask them to see to something."""

from __future__ import annotations

import pytest

from huiyin.base.kit.scope import Scope, system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Post, User
from huiyin.base.org.selectors import may_act_at, scope_of, staff_of, who_can
from huiyin.base.org.services import add_user, appoint, save_post
from huiyin.work.cases import services
from huiyin.work.cases.forms import PersonOrTeam

from .conftest import EVERYTHING, LONG_AGO, Centre

pytestmark = pytest.mark.django_db


@pytest.fixture
def machine(centre: Centre) -> User:
    """The account of a hotline platform, company-wide."""
    with use(system_scope("test")) as scope:
        post = save_post(
            None,
            code="platform",
            name="Platform",
            level=Post.Level.SYSTEM,
            permissions=EVERYTHING,
            by=scope.actor,
        )
        user = add_user(None, username="platform", name="00 Platform", by=scope.actor)
        root = centre.site.unit
        appoint(root, user=user, post=post, starts_on=LONG_AGO, by=scope.actor)
    return user


def scope(user: User) -> Scope:
    return scope_of(User.objects.get(pk=user.pk))


def test_a_system_is_offered_nowhere(centre: Centre, machine: User) -> None:
    with use(system_scope("test")):
        assert machine not in who_can("cases.answer", centre.site)
        assert machine not in staff_of([centre.site])
        assert machine in staff_of([centre.site], systems=True)
        assert not may_act_at(machine.pk, centre.site, "cases.answer")
        assert f"u{machine.pk}" not in PersonOrTeam(centre.site).people


def test_what_a_system_registers_is_somebodys(centre: Centre, machine: User) -> None:
    with use(scope(machine)) as held:
        case = services.register(centre.site, kind="repair", channel="hotline", title="Leak", by=held.actor)
        assert case.responsible_id not in (None, machine.pk)
        assert case.first_responsible_id == machine.pk
        with pytest.raises(Refused, match="cannot-work-here"):
            services.assign(case, responsible=machine, by=held.actor)
        services.answer(case, text="Somebody comes at ten.", by=held.actor)


def test_whoever_also_holds_a_post_of_people_is_a_person(centre: Centre, machine: User) -> None:
    with use(system_scope("test")) as held:
        post = save_post(
            None,
            code="colleague",
            name="Colleague",
            level=Post.Level.SITE,
            permissions=EVERYTHING,
            by=held.actor,
        )
        appoint(centre.site.unit, user=machine, post=post, starts_on=LONG_AGO, by=held.actor)
        assert machine in who_can("cases.answer", centre.site)
        assert may_act_at(machine.pk, centre.site, "cases.answer")
