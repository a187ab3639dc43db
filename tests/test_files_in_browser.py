"""Files of a case in a real browser: chosen, dropped, refused, looked at, removed; on a phone; without script."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.selectors import actor_of
from huiyin.engines.files.models import Attachment
from huiyin.work.cases.models import Case
from huiyin.work.cases.services import register
from tests.people import People, company
from tests.support.server import LiveSite

SignIn = Callable[[Page, Any, str], None]
Axe = Callable[[Page], list[str]]
DROP = """(panel, words) => {
  const data = new DataTransfer();
  for (const word of words) data.items.add(new File([word], `${word}.txt`, {type: "text/plain"}));
  for (const kind of ["dragover", "drop"])
    panel.dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}));
}"""


def photograph() -> FilePayload:
    target = io.BytesIO()
    Image.new("RGB", (1200, 900), "steelblue").save(target, "JPEG")
    return FilePayload(name="leak.jpg", mimeType="image/jpeg", buffer=target.getvalue())


@pytest.fixture
def people(live_site: LiveSite) -> People:
    return company()


@pytest.fixture
def case(people: People) -> Case:
    with use(system_scope("test")):
        kept: Case = register(
            people.here, kind="repair", channel="phone", title="Drips", by=actor_of(people.alice)
        )
    return kept


@pytest.fixture
def case_page(people: People, case: Case, live_site: LiveSite, page: Page, sign_in: SignIn) -> Page:
    sign_in(page, people.alice, live_site.url)
    page.goto(live_site.url + case.get_absolute_url())
    return page


@pytest.fixture
def scriptless(browser: Browser, people: People, live_site: LiveSite, sign_in: SignIn) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    made = context.new_page()
    sign_in(made, people.alice, live_site.url)
    yield made
    context.close()


def kept() -> list[Attachment]:
    with use(system_scope("test")):
        return list(Attachment.objects.filter(removed_at=None))


def test_a_photograph_is_sent_as_soon_as_it_is_chosen_and_shown_small(case_page: Page, axe: Axe) -> None:
    panel = case_page.locator("[data-hy-files]")

    panel.locator("input[type=file]").first.set_input_files([photograph()])

    picture = panel.get_by_role("img", name="leak.jpg")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 320
    assert [(one.name, one.width) for one in kept()] == [("leak.jpg", 1200)]
    assert axe(case_page) == []


def test_files_are_dropped_onto_the_panel(case_page: Page) -> None:
    panel = case_page.locator("[data-hy-files]")

    panel.evaluate(DROP, ["one", "two"])

    expect(panel.get_by_role("link", name="two.txt", exact=True)).to_be_visible()
    assert sorted(one.name for one in kept()) == ["one.txt", "two.txt"]


def test_what_is_refused_says_so_in_place_and_the_rest_is_kept(case_page: Page, faults: Any) -> None:
    panel = case_page.locator("[data-hy-files]")
    faults.expect("422")

    panel.locator("input[type=file]").first.set_input_files(
        [FilePayload(name="evil.jpg", mimeType="image/jpeg", buffer=b"<svg onload=alert(1)>")]
    )
    expect(panel.get_by_role("alert")).to_contain_text("evil.jpg")

    panel.locator("input[type=file]").first.set_input_files([photograph()])
    expect(panel.get_by_role("img", name="leak.jpg")).to_be_visible()
    expect(panel.get_by_role("alert")).to_have_count(0)


def test_a_file_is_removed_with_a_reason(case_page: Page, faults: Any) -> None:
    panel = case_page.locator("[data-hy-files]")
    panel.evaluate(DROP, ["wrong"])
    expect(panel.get_by_role("link", name="wrong.txt", exact=True)).to_be_visible()

    panel.locator("a[data-dialog]").click()
    dialog = case_page.locator("dialog[open]")
    dialog.locator("[name=reason]").fill("wrong house")
    dialog.locator("button[type=submit]").click()

    expect(case_page.get_by_role("link", name="wrong.txt", exact=True)).to_have_count(0)
    assert kept() == []


def test_a_phone_offers_its_camera(case_page: Page) -> None:
    camera = case_page.locator("[data-hy-files] label:has(input[capture])")
    expect(camera).to_be_hidden()

    case_page.set_viewport_size({"width": 390, "height": 844})

    expect(camera).to_be_visible()
    camera.locator("input").set_input_files([photograph()])
    expect(case_page.get_by_role("img", name="leak.jpg")).to_be_visible()


def test_without_script_a_button_sends_the_files(scriptless: Page, case: Case, live_site: LiveSite) -> None:
    scriptless.goto(live_site.url + case.get_absolute_url())
    panel = scriptless.locator("[data-hy-files]")

    panel.locator("input[type=file]").first.set_input_files([photograph()])
    panel.locator("button[type=submit]").click()

    expect(scriptless.get_by_role("img", name="leak.jpg")).to_be_visible()
    assert [one.name for one in kept()] == ["leak.jpg"]


def test_a_picker_in_a_form_speaks_our_language_and_tells_what_was_chosen(
    people: People, live_site: LiveSite, page: Page, sign_in: SignIn
) -> None:
    sign_in(page, people.alice, live_site.url)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(live_site.url + "/cases/new/")
    page.locator("details.hy-intake-more").first.locator("summary").click()
    picker = page.locator(".hy-file")
    told = picker.locator("[data-hy-file-names]")
    expect(told).to_have_text(told.get_attribute("data-hy-file-names") or "?")

    picker.locator("input").set_input_files([photograph()])

    expect(told).to_have_text("leak.jpg")
    assert picker.locator("input").evaluate("input => getComputedStyle(input).opacity") == "0"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
