"""A centre with a household, for the tests of the screens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.test import Client

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.models import User
from huiyin.base.org.selectors import scope_of
from huiyin.base.org.services import add_user, appoint, save_post
from huiyin.records.customers.holdings import start_holding
from huiyin.records.customers.models import Customer
from huiyin.records.customers.services import add_contact, add_customer
from huiyin.records.places.models import Place
from huiyin.records.places.services import add_place
from huiyin.work.cases.models import Case
from huiyin.work.cases.services import register

from .conftest import EVERYTHING, LONG_AGO, Centre

DESK = [*EVERYTHING, "customers.view", "places.view", "files.upload", "trail.view"]
PHONE = "13800138000"


@dataclass(frozen=True)
class Counter:
    """The centre with fay at the counter, and one household: 张三丰 owns 3-2-501."""

    centre: Centre
    fay: User
    home: Place
    owner: Customer

    def client(self, user: User | None = None) -> Client:
        """A browser in which somebody is signed in."""
        client = Client()
        client.force_login(user or self.fay)
        return client

    def case(self, title: str = "厨房漏水", *, by: User | None = None, **values: Any) -> Case:
        """A case registered by somebody (fay)."""
        with use(scope_of(by or self.fay)) as scope:
            values = {"kind": "repair", "channel": "phone", **values}
            return register(self.centre.site, title=title, by=scope.actor, **values)


def counter_of(centre: Centre) -> Counter:
    """Add fay and the household to a centre."""
    with use(system_scope("test")) as scope:
        by = scope.actor
        desk = save_post(None, code="desk", name="前台", level="site", permissions=DESK, by=by)
        fay = add_user(None, username="fay", name="费前台", password="hui-yin-2026", by=by)
        appoint(centre.site.unit, user=fay, post=desk, starts_on=LONG_AGO, by=by)
        home = add_place(centre.site, kind="room", address="3-2-501", by=by)
        owner = add_customer(centre.site, name="张三丰", by=by)
        add_contact(owner, kind="mobile", value=PHONE, by=by)
        start_holding(owner, place=home, role="owner", starts_on=date(2020, 1, 1), by=by)
    return Counter(centre, fay, home, owner)


def reread(case: Case) -> Case:
    """The case as it stands in the database."""
    with use(system_scope("test")):
        return Case.objects.select_related("responsible", "team", "incident", "place", "customer").get(
            pk=case.pk
        )
