"""What cases show on the pages below them: of households, customers and buildings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.models import User
from huiyin.base.org.services import appoint, save_post
from huiyin.records.customers.models import Customer
from huiyin.records.customers.services import add_customer, set_care, start_holding
from huiyin.records.places.models import Place
from huiyin.records.places.services import add_place
from huiyin.work.cases.services import answer, close, log_contact, register
from tests.people import BY, People, company

As = Callable[[User], Client]


@dataclass
class Home:
    """A room with an owner, one open case and one that was settled."""

    people: People
    room: Place
    owner: Customer


@pytest.fixture
def home(db: None) -> Home:
    people = company()
    alice = people.actor(people.alice)
    with use(system_scope("test")):
        room = add_place(people.here, kind="room", address="3-2-501", by=BY)
        owner = add_customer(people.here, name="Old Chen", by=BY)
        start_holding(owner, role="owner", place=room, by=BY)
        set_care(owner, code="elderly", by=BY)
        what = {"kind": "repair", "channel": "phone", "place": room, "customer": owner, "by": alice}
        dripping = register(people.here, title="Dripping tap", **what)
        log_contact(dripping, direction="in", channel="phone", text="Still dripping", by=alice)
        settled = register(people.here, title="Squeaking door", **what)
        answer(settled, text="Oiled on the spot", channel="phone", by=alice)
        close(settled, by=alice)
    return Home(people, room, owner)


@pytest.fixture
def as_user() -> As:
    def client(user: User) -> Client:
        made = Client()
        made.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return made

    return client


def test_the_file_of_a_household_and_of_its_owner_tells_their_cases_in_time_order(
    home: Home, as_user: As
) -> None:
    client = as_user(home.people.alice)
    for url in (
        reverse("customers:household", args=[home.room.pk]),
        reverse("customers:customer", args=[home.owner.pk]),
        reverse("places:place", args=[home.room.pk]),
    ):
        text = client.get(url).content.decode()
        positions = [text.find(word) for word in ("Dripping tap", "Squeaking door", "Still dripping")]
        assert -1 not in positions, url
        assert "Oiled on the spot" in text


def test_a_plan_marks_where_something_is_open_and_who_needs_care(home: Home, as_user: As) -> None:
    with use(system_scope("test")):
        building = Place.objects.get(site=home.people.here, kind="building")
    page = as_user(home.people.alice).get(reverse("places:place", args=[building.pk]))
    cell = page.context["plan"].floors[0].entrances[0][0][0]
    assert {one.icon for one in cell.marks} == {"heart", "clipboard-list"}
    assert "Dripping tap" in page.content.decode()


def test_who_may_not_see_cases_or_customers_reads_nothing_of_them_on_a_plan(home: Home, as_user: As) -> None:
    with use(system_scope("test")):
        looks = save_post(None, code="looks", name="looks", level="site", permissions=["places.view"], by=BY)
        appoint(home.people.here.unit, user=home.people.bob, post=looks, by=BY)
        building = Place.objects.get(site=home.people.here, kind="building")
    client = as_user(home.people.bob)
    page = client.get(reverse("places:place", args=[building.pk]))
    assert page.context["plan"].floors[0].entrances[0][0][0].marks == []
    for place in (building, home.room):
        text = client.get(reverse("places:place", args=[place.pk])).content.decode()
        assert "Dripping tap" not in text
        assert "Old Chen" not in text


def test_a_hundred_cases_cost_as_many_queries_as_one(
    home: Home, as_user: As, django_assert_max_num_queries: Any
) -> None:
    client = as_user(home.people.alice)
    url = reverse("customers:household", args=[home.room.pk])
    client.get(url)
    with use(system_scope("test")):
        for number in range(30):
            register(
                home.people.here, kind="repair", channel="phone", title=f"More {number}", place=home.room,
                customer=home.owner, by=home.people.actor(home.people.alice),
            )  # fmt: skip
    with django_assert_max_num_queries(27):
        client.get(url)
