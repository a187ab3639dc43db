"""The journeys of the counter in a real browser: a call in few actions, a case to its end, by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from huiyin.base.kit.scope import system_scope, use
from huiyin.work.cases.models import Case, Category, State
from huiyin.work.cases.services import answer
from tests.support.server import LiveSite

from .conftest import Centre
from .screens import PHONE, Counter, counter_of

SignIn = Callable[[Page, Any, str], None]
Axe = Callable[[Page], list[str]]
PHONE_SCREEN = {"width": 390, "height": 844}


@pytest.fixture
def counter(live_site: LiveSite, centre: Centre) -> Counter:
    return counter_of(centre)


@pytest.fixture
def desk(counter: Counter, live_site: LiveSite, page: Page, sign_in: SignIn) -> Page:
    sign_in(page, counter.fay, live_site.url)
    page.goto(f"{live_site.url}/")
    return page


class Hands:
    """What somebody does besides typing text: every key pressed and every click is one action."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.actions = 0

    def press(self, key: str) -> None:
        self.actions += 1
        self.page.keyboard.press(key)

    def say(self, text: str) -> None:
        self.page.keyboard.type(text)


def only_case() -> Case:
    with use(system_scope("test")):
        return Case.objects.select_related("place", "customer", "category", "responsible").get()


def test_a_repair_call_is_registered_in_five_actions_besides_the_text(counter: Counter, desk: Page) -> None:
    hands = Hands(desk)
    hands.press("n")
    panel = desk.locator("dialog[open] form.hy-intake")
    expect(panel.locator("[name=who]")).to_be_focused()
    hands.say(PHONE)
    expect(panel.locator("#intake-caller")).to_contain_text("张三丰")
    hands.press("Tab")
    expect(panel.locator("[name=text]")).to_be_focused()
    hands.say("厨房漏水")
    expect(panel.locator("[name=category]:checked + span")).to_have_text("漏水")
    hands.press("Control+Enter")
    desk.wait_for_url("**/cases/YUNHE-*/")
    assert hands.actions <= 5
    case = only_case()
    assert (case.place, case.customer, case.contact_phone) == (counter.home, counter.owner, PHONE)
    assert case.category is not None and case.category.code == "repair.leak" and case.kind == "repair"
    expect(desk.locator("h1")).to_have_text("厨房漏水")


def press_with_alt(page: Page, key: str) -> None:
    """Alt and a key as a keyboard sends it; the page's own way of pressing leaves out what access keys look at."""
    wire = page.context.new_cdp_session(page)
    wire.send(
        "Input.dispatchKeyEvent", {"type": "keyDown", "modifiers": 1, "key": key, "unmodifiedText": key}
    )


@pytest.mark.parametrize(("key", "leads_to"), [("d", "**/assign/"), ("p", "**/print/?now=1")])
def test_saving_dispatching_and_printing_are_one_key_each(
    counter: Counter, desk: Page, key: str, leads_to: str
) -> None:
    desk.add_init_script("window.print = () => {}")
    desk.keyboard.press("n")
    desk.locator("dialog[open] [name=who]").fill("3-2-501")
    desk.locator("dialog[open] [name=text]").fill("厨房漏水")
    expect(desk.locator("dialog[open] [name=category]:checked")).to_have_count(1)
    press_with_alt(desk, key)
    desk.wait_for_url(leads_to)
    assert only_case().place == counter.home


def test_what_was_typed_survives_a_refusal(counter: Counter, desk: Page, faults: Any) -> None:
    faults.expect("422")
    desk.keyboard.press("n")
    panel = desk.locator("dialog[open] form.hy-intake")
    panel.locator("[name=who]").fill("王先生")
    panel.locator("[name=text]").fill("说不清的事")
    panel.locator("[name=text]").press("Control+Enter")
    expect(panel.locator("[name=kind].is-invalid")).to_be_visible()
    expect(panel.locator("[name=who]")).to_have_value("王先生")
    expect(panel.locator("[name=text]")).to_have_value("说不清的事")
    panel.locator("[name=kind]").select_option("consultation")
    panel.locator("[name=text]").press("Control+Enter")
    desk.wait_for_url("**/cases/YUNHE-*/")
    assert only_case().contact_name == "王先生"


def test_another_category_stays_chosen_while_one_goes_on_typing(counter: Counter, desk: Page) -> None:
    desk.keyboard.press("n")
    panel = desk.locator("dialog[open] form.hy-intake")
    panel.locator("[name=text]").press_sequentially("漏水")
    expect(panel.locator("[name=category]:checked + span")).to_have_text("漏水")
    panel.locator("details summary").first.click()
    panel.locator("[name=category_other]").select_option(label="维修")
    expect(panel.locator("[name=category]:checked + span")).to_have_text("维修")
    panel.locator("[name=text]").press_sequentially("了，很急")
    with desk.expect_response("**/cases/new/matter/"):
        panel.locator("[name=text]").press_sequentially("！")
    expect(panel.locator("[name=category]:checked + span")).to_have_text("维修")
    panel.locator("[name=text]").press("Control+Enter")
    desk.wait_for_url("**/cases/YUNHE-*/")
    chosen = only_case().category
    assert chosen is not None and chosen.code == "repair"


def send(page: Page) -> None:
    """Send the dialog's form by its key and wait for the page it leads to."""
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")


def test_a_case_is_assigned_answered_and_closed_by_keyboard_alone(
    counter: Counter, desk: Page, live_site: LiveSite
) -> None:
    case = counter.case(place=counter.home, customer=counter.owner)
    desk.reload()
    desk.keyboard.press("j")
    desk.keyboard.press("Enter")
    desk.wait_for_url(f"**{case.get_absolute_url()}")
    desk.keyboard.press("m")
    expect(desk.locator("dialog[open] [name=code]")).to_be_visible()
    desk.keyboard.press("Escape")
    expect(desk.locator("dialog[open]")).to_have_count(0)
    desk.keyboard.press("a")
    expect(desk.locator("dialog[open] [name=to]")).to_be_focused()
    desk.keyboard.type("alice")
    send(desk)
    expect(desk.locator(".hy-subtitle")).to_contain_text("alice")
    desk.keyboard.press("r")
    expect(desk.locator("dialog[open] [name=text]")).to_be_focused()
    desk.keyboard.type("师傅三点上门")
    send(desk)
    expect(desk.locator(".hy-timeline")).to_contain_text("师傅三点上门")
    desk.keyboard.press("c")
    expect(desk.locator("dialog[open] form")).to_be_visible()
    send(desk)
    expect(desk.locator("[data-key=c]")).to_have_count(0)
    assert only_case().state == State.CLOSED


def test_why_opens_beside_the_limit_and_closes_again(
    counter: Counter, desk: Page, live_site: LiveSite
) -> None:
    case = counter.case()
    desk.goto(live_site.url + case.get_absolute_url())
    desk.locator(".hy-case-limits a").first.click()
    panel = desk.locator("dialog[open]")
    expect(panel).to_contain_text("assign-any")
    expect(panel).to_contain_text("001-090")
    desk.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def test_the_words_of_an_earlier_answer_can_be_taken(
    counter: Counter, desk: Page, live_site: LiveSite
) -> None:
    with use(system_scope("test")) as scope:
        leak = Category.objects.get(code="repair.leak")
        answer(counter.case("水管漏水", category=leak), text="已修好，请试用", by=scope.actor)
    case = counter.case(category=leak)
    desk.goto(live_site.url + case.get_absolute_url())
    desk.keyboard.press("r")
    panel = desk.locator("dialog[open]")
    panel.locator("[data-cases-insert]").first.click()
    expect(panel.locator("[name=text]")).to_have_value("已修好，请试用")


def test_the_desk_renews_itself_without_losing_the_place(counter: Counter, desk: Page) -> None:
    first = counter.case("第一件")
    desk.reload()
    desk.locator(".hy-row-link").first.focus()
    focused = desk.evaluate("document.activeElement.id")
    second = counter.case("第二件")
    desk.evaluate("htmx.ajax('GET', '/', {target: '#desk-due', swap: 'outerHTML'})")
    expect(desk.locator("#desk-due")).to_contain_text(second.code)
    expect(desk.locator("#desk-due")).to_contain_text(first.code)
    assert desk.evaluate("document.activeElement.id") == focused


@pytest.mark.parametrize("screen", [{"width": 1366, "height": 768}, PHONE_SCREEN], ids=["desk", "phone"])
def test_the_pages_of_the_counter_are_accessible(
    counter: Counter, desk: Page, live_site: LiveSite, axe: Axe, screen: Any
) -> None:
    case = counter.case(place=counter.home, customer=counter.owner, severity="major")
    counter.case("第二件", place=counter.home)
    desk.set_viewport_size(screen)
    for path in (
        "/",
        "/?tab=late",
        "/cases/",
        case.get_absolute_url(),
        "/cases/contacts/",
        "/cases/incidents/",
        "/search/?q=zsf",
        "/notices/",
        "/trail/",
        f"{case.get_absolute_url()}print/",
    ):
        desk.goto(live_site.url + path)
        assert axe(desk) == [], path
        wide = desk.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 1, f"{path} is wider than the screen"
    desk.goto(f"{live_site.url}/cases/new/?who={PHONE}&text=厨房漏水")
    assert axe(desk) == []
    desk.goto(live_site.url + case.get_absolute_url())
    for opener in ("[href$='/answer/']", "[href*='/why/']", "[href$='/assign/']"):
        desk.locator(f"main {opener}").first.click()
        expect(desk.locator("dialog[open]")).to_be_visible()
        assert axe(desk) == [], opener
        desk.keyboard.press("Escape")
        expect(desk.locator("dialog[open]")).to_have_count(0)
