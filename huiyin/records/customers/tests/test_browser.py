"""The places and files in a real browser: keyboard, dialogs, a phone's width, accessibility."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.models import User
from huiyin.records.customers.models import Customer, Holding
from huiyin.records.customers.services import add_contact, add_customer, set_care, start_holding
from huiyin.records.places.models import Place
from huiyin.records.places.services import add_place
from tests.people import BY, People, company
from tests.support.server import LiveSite

PHONE = {"width": 390, "height": 844}
SignIn = Callable[[Page, User, str], None]
Axe = Callable[[Page], list[str]]


@pytest.fixture
def estate(transactional_db: None) -> People:
    """A building with a few rooms and an owner who needs care."""
    people = company()
    with use(system_scope("test")):
        for floor in (1, 2, 3):
            for room in (1, 2):
                add_place(
                    people.here, kind="room", address=f"3-1-{floor}0{room}", occupancy="self_used", by=BY
                )
        home = Place.objects.get(code="3-1-301")
        owner = add_customer(people.here, name="张三丰", by=BY)
        add_contact(owner, kind="mobile", value="13800001111", by=BY)
        start_holding(owner, role="owner", place=home, starts_on=date(2020, 1, 1), by=BY)
        set_care(owner, code="elderly", remark="knock loudly", by=BY)
    return people


def pages(live: LiveSite) -> list[str]:
    with use(system_scope("test")):
        building = Place.objects.get(kind="building")
        home = Place.objects.get(code="3-1-301")
        owner = Customer.objects.get(name="张三丰")
    paths = ("/places/", f"/places/{building.pk}/", f"/places/{home.pk}/", "/places/list/", "/customers/",
             f"/customers/households/{home.pk}/", f"/customers/{owner.pk}/", "/customers/care/", "/customers/duplicates/",
             f"/customers/households/{home.pk}/print/", f"/customers/households/{home.pk}/hand-over/",
             "/customers/new/", "/packs/", "/packs/entries/", "/packs/limits/", "/packs/words/")  # fmt: skip
    return [live.url + path for path in paths]


def test_nobody_is_kept_out_by_the_pages_of_records(
    page: Page, live_site: LiveSite, estate: People, sign_in: SignIn, axe: Axe
) -> None:
    sign_in(page, estate.alice, live_site.url)
    for url in pages(live_site):
        page.goto(url)
        assert axe(page) == [], url


def test_no_page_of_records_is_wider_than_a_phone(
    page: Page, live_site: LiveSite, estate: People, sign_in: SignIn
) -> None:
    page.set_viewport_size(PHONE)
    sign_in(page, estate.alice, live_site.url)
    for url in pages(live_site):
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, url


def test_a_room_goes_to_a_new_owner_by_keyboard_alone(
    page: Page, live_site: LiveSite, estate: People, sign_in: SignIn, axe: Axe
) -> None:
    sign_in(page, estate.alice, live_site.url)
    with use(system_scope("test")):
        home = Place.objects.get(code="3-1-301")
    page.goto(f"{live_site.url}/customers/households/{home.pk}/")
    page.keyboard.press("u")
    field = page.locator("dialog [name=owner_1_q]")
    field.fill("王五 13700002222")
    offered = page.locator("dialog [name=owner_1][value=new]")
    offered.wait_for()
    assert axe(page) == []
    offered.check()
    field.press("Control+Enter")
    page.wait_for_url("**/customers/households/*/")
    page.get_by_role("link", name="王五", exact=True).wait_for()
    with use(system_scope("test")):
        assert Holding.objects.filter(place=home, customer__name="王五", role="owner", ends_on=None).exists()


def test_two_files_are_compared_before_they_are_merged(
    page: Page, live_site: LiveSite, estate: People, sign_in: SignIn
) -> None:
    with use(system_scope("test")):
        twin: Any = add_customer(estate.here, name="张三峰", by=BY)
        owner = Customer.objects.get(name="张三丰")
    sign_in(page, estate.alice, live_site.url)
    page.goto(f"{live_site.url}/customers/{owner.pk}/merge/")
    page.locator("[name=other_q]").fill("张三峰")
    page.locator(f"[name=other][value='{twin.pk}']").check()
    page.locator("[data-records-look]").click()
    page.locator(".hy-compare").wait_for()
    page.locator("button[type=submit].btn-primary").click()
    page.wait_for_url(f"**/customers/{owner.pk}/")
    with use(system_scope("test")):
        twin.refresh_from_db()
    assert twin.merged_into_id == owner.pk
