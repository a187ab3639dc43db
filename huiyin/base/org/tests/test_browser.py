"""The shell in a real browser: signing in, dialogs, lists, keys, light and dark, accessibility."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from huiyin.base.kit.moment import now
from huiyin.base.org import totp
from huiyin.base.org.models import Appointment, SecondFactor, User, pinyin_of
from tests.people import People, company
from tests.support.browser import Faults
from tests.support.server import LiveSite

from .conftest import PASSWORD

SignIn = Callable[[Page, Any, str], None]
Axe = Callable[[Page], list[str]]


@pytest.fixture
def people(live_site: LiveSite) -> People:
    cast = company()
    for person in (cast.alice, cast.dana):
        person.set_password(PASSWORD)
        person.save(update_fields=["password"])
    names = [f"张{'三四五'[number % 3]}" for number in range(60)]
    User.objects.bulk_create(
        User(username=f"u{number:03d}", name=name, pinyin=pinyin_of(name), password="!")
        for number, name in enumerate(names)
    )
    return cast


def type_password(page: Page, url: str, username: str, password: str = PASSWORD) -> None:
    page.goto(f"{url}/login/?next=/org/people/")
    page.fill("#id_username", username)
    page.fill("#id_password", password)
    page.click("form .btn-primary")


def test_signing_in_setting_up_a_second_factor_and_signing_in_with_it(
    live_site: LiveSite, people: People, page: Page, faults: Faults
) -> None:
    faults.expect("422")
    type_password(page, live_site.url, "alice", "wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    type_password(page, live_site.url, "alice")
    expect(page).to_have_url(f"{live_site.url}/org/people/")
    page.goto(f"{live_site.url}/profile/")
    page.click("a[href='/profile/second-factor/']")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".hy-qr img")).to_be_visible()
    secret = (dialog.locator(".hy-secret").text_content() or "").replace(" ", "")
    dialog.locator("[name=code]").fill("000000")
    dialog.locator("[name=password]").fill(PASSWORD)
    dialog.locator(".btn-primary").click()
    expect(dialog.locator("[name=code]")).to_have_class("form-control is-invalid")
    assert (dialog.locator(".hy-secret").text_content() or "").replace(" ", "") == secret
    dialog.locator("[name=code]").fill(totp.code_at(secret, totp.step_of(now())))
    dialog.locator("[name=password]").fill(PASSWORD)
    dialog.locator(".btn-primary").click()
    expect(dialog.locator(".hy-codes li")).to_have_count(10)
    recovery = dialog.locator(".hy-codes li").first.text_content() or ""
    assert SecondFactor.objects.filter(user=people.alice).exists()
    page.context.clear_cookies()
    type_password(page, live_site.url, "alice")
    page.fill("[name=code]", recovery)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{live_site.url}/org/people/")


def test_a_refused_form_stays_in_its_dialog_and_a_good_one_leads_on(
    live_site: LiveSite, people: People, page: Page, sign_in: SignIn, faults: Faults
) -> None:
    faults.expect("422")
    sign_in(page, people.alice, live_site.url)
    appointment = Appointment.objects.get(user=people.bob)
    Appointment.objects.filter(pk=appointment.pk).update(starts_on=date(2026, 1, 1))
    page.goto(f"{live_site.url}/org/people/{people.bob.pk}/")
    page.click(f"a[href$='/appointments/{appointment.pk}/relieve/']")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_have_attribute("open", "")
    dialog.locator("[name=ends_on]").fill("2025-01-01")
    dialog.locator(".btn-primary").click()
    expect(dialog.locator(".alert, .invalid-feedback")).to_be_visible()
    expect(dialog.locator("[name=ends_on]")).to_have_value("2025-01-01")
    dialog.locator("[name=ends_on]").fill("2026-12-31")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".hy-toast-success")).to_be_visible()
    appointment.refresh_from_db()
    assert appointment.ends_on == date(2026, 12, 31)


def test_what_was_typed_is_not_lost_by_closing_or_a_broken_connection(
    live_site: LiveSite, people: People, page: Page, sign_in: SignIn, faults: Faults
) -> None:
    faults.expect("ERR_INTERNET_DISCONNECTED")
    faults.expect("htmx:")
    sign_in(page, people.dana, live_site.url)
    page.goto(f"{live_site.url}/org/people/{people.bob.pk}/")
    page.click("a[href$='/change/']")
    dialog = page.get_by_role("dialog")
    dialog.locator("[name=phone]").fill("13912345678")
    asked: list[str] = []

    def stay(box: Dialog) -> None:
        asked.append(box.message)
        box.dismiss()

    page.once("dialog", stay)
    dialog.locator(".hy-dialog-head [data-hy-close]").click()
    assert asked
    expect(dialog).to_be_visible()
    page.context.set_offline(True)
    dialog.locator(".btn-primary").click()
    expect(page.locator(".hy-toast-error")).to_be_visible()
    expect(dialog.locator("[name=phone]")).to_have_value("13912345678")
    page.context.set_offline(False)
    page.on("dialog", lambda box: box.accept())
    page.reload()
    page.click("a[href$='/change/']")
    expect(page.get_by_role("dialog").locator("[name=phone]")).to_have_value("13912345678")
    page.get_by_role("dialog").locator(".btn-primary").click()
    expect(page.locator(".hy-toast-success")).to_be_visible()
    people.bob.refresh_from_db()
    assert people.bob.phone == "13912345678"


def test_a_list_is_searched_filtered_sorted_and_read_on_without_leaving_it(
    live_site: LiveSite, people: People, page: Page, sign_in: SignIn
) -> None:
    sign_in(page, people.dana, live_site.url)
    page.goto(f"{live_site.url}/org/people/")
    rows = page.locator(".hy-table tbody tr[data-href]")
    expect(rows).to_have_count(50)
    page.click(".hy-more a")
    expect(rows).to_have_count(User.objects.count())
    page.fill("#hy-list-q", "zhangsan")
    expect(rows).to_have_count(20)
    expect(page).to_have_url(f"{live_site.url}/org/people/?q=zhangsan")
    expect(page.locator("#hy-list-q")).to_be_focused()
    page.click(".hy-table thead a >> nth=1")
    expect(page).to_have_url(f"{live_site.url}/org/people/?q=zhangsan&order=username")
    page.click(".hy-bar-tools .dropdown >> nth=1")
    page.uncheck("[name=columns][value=phone]")
    page.click(".hy-columns-menu .btn-primary")
    expect(page.locator(".hy-table thead th")).to_have_count(5)
    expect(rows).to_have_count(20)
    page.select_option("#filter-active", "no")
    expect(page.locator(".hy-empty")).to_be_visible()
    assert "q=zhangsan" in page.url
    assert "order=username" in page.url
    page.go_back()
    expect(rows).to_have_count(20)


def test_the_keyboard_is_enough(live_site: LiveSite, people: People, page: Page, sign_in: SignIn) -> None:
    sign_in(page, people.alice, live_site.url)
    page.goto(f"{live_site.url}/org/people/")
    page.keyboard.press("?")
    expect(page.locator("#hy-keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#hy-keys")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#hy-q")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator("#hy-q").blur()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    first = page.locator(".hy-row-link").first
    expect(first).to_be_focused()
    target = first.get_attribute("href")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{live_site.url}{target}")
    page.goto(f"{live_site.url}/org/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#hy-main")).to_be_focused()


def test_light_and_dark_are_kept_and_drawn_at_once(
    live_site: LiveSite, people: People, page: Page, sign_in: SignIn
) -> None:
    sign_in(page, people.alice, live_site.url)
    page.goto(f"{live_site.url}/org/")
    html = page.locator("html")
    expect(html).to_have_attribute("data-bs-theme", "light")
    page.click(".hy-me")
    page.click("[data-hy-set-theme=dark]")
    expect(html).to_have_attribute("data-bs-theme", "dark")
    response = page.goto(f"{live_site.url}/org/people/")
    assert response is not None
    assert 'data-bs-theme="dark"' in response.text()[:200]


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_serious_is_wrong_for_those_who_see_or_move_differently(
    live_site: LiveSite, people: People, page: Page, sign_in: SignIn, axe: Axe, scheme: Any, width: int
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{live_site.url}/login/")
    assert axe(page) == []
    sign_in(page, people.dana, live_site.url)
    paths = ["/org/", "/org/units/here/", "/org/people/", "/org/posts/", "/org/posts/may/", "/profile/"]
    paths += [f"/org/people/{people.bob.pk}/", "/org/posts/may/change/", "/profile/password/"]
    for path in paths:
        page.goto(live_site.url + path)
        assert axe(page) == [], path
    page.goto(f"{live_site.url}/org/units/here/")
    page.click("[data-key=a]")
    expect(page.get_by_role("dialog").first).to_be_visible()
    assert axe(page) == []


def test_a_phone_scrolls_down_only(live_site: LiveSite, people: People, page: Page, sign_in: SignIn) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, people.dana, live_site.url)
    for path in ("/org/", "/org/units/here/", "/org/people/", "/org/posts/may/", "/profile/"):
        page.goto(live_site.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    small = page.evaluate(
        """[...document.querySelectorAll("main .btn, .hy-bottom > *")]
            .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 36).length"""
    )
    assert small == 0
