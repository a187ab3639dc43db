"""A limit is changed by the manager of a site in a real browser, and counts for what comes after."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.selectors import actor_of
from huiyin.engines.clocks.selectors import of as clocks_of
from huiyin.engines.packs.models import PackEntry, PackVersion
from huiyin.work.cases.models import Case
from huiyin.work.cases.services import register
from tests.people import People, company
from tests.support.server import LiveSite

SignIn = Callable[[Page, Any, str], None]
Axe = Callable[[Page], list[str]]


@pytest.fixture
def people(live_site: LiveSite) -> People:
    made = company()
    call_command("load_packs", stdout=io.StringIO())
    return made


def repair(people: People, title: str) -> Case:
    with use(system_scope("test")):
        kept: Case = register(
            people.here, kind="repair", channel="phone", title=title, by=actor_of(people.alice)
        )
    return kept


def why(page: Page, live_site: LiveSite, case: Case) -> str:
    """What the page behind “why?” says of the promise to answer."""
    with use(system_scope("test")):
        clock = clocks_of(case).get(kind="answer")
    page.goto(live_site.url + case.get_absolute_url())
    page.locator(f"a[href$='/{clock.pk}/why/'], a[href*='why/{clock.pk}']").first.click()
    panel = page.locator("dialog[open] .hy-facts, main .hy-facts").last
    expect(panel).to_contain_text("property" if "old" in case.title else "site-here")
    return panel.inner_text()


def test_a_manager_changes_a_limit_sees_the_difference_activates_and_new_cases_follow(
    people: People, live_site: LiveSite, page: Page, sign_in: SignIn, axe: Axe
) -> None:
    old = repair(people, "old one")
    with use(system_scope("test")):
        rule = clocks_of(old).get(kind="answer")
        entry = PackEntry.objects.get(section="limits", code=rule.rule_code, version__active=True)
    assert rule.rule["limit"] == {"value": 30, "unit": "minutes"}
    sign_in(page, people.alice, live_site.url)

    page.goto(f"{live_site.url}/packs/limits/")
    page.locator(f"a.hy-row-link[href='/packs/entries/{entry.pk}/']").click()
    page.locator("a[href$='/?site=here'][href*='/packs/edit/limits/']").click()
    value = page.locator("[name='f.limit.value']")
    expect(value).to_have_value("30")
    assert axe(page) == []
    value.fill("20")
    page.locator("form:has([name=mode][value=fields]) button[type=submit]").click()

    page.wait_for_url("**/packs/draft/?site=here")
    changed = page.locator("section:has(ins)").first
    expect(changed.locator("del").first).to_contain_text("30")
    expect(changed.locator("ins").first).to_contain_text("20")
    expect(changed).to_contain_text("1")
    assert axe(page) == []
    page.locator("a[href*='/activate/']").click()
    page.locator("dialog[open] [name=reason]").fill("Owners' meeting of 20 November")
    page.locator("dialog[open] button[type=submit]").click()

    page.wait_for_url("**/packs/versions/*/")
    expect(page.locator("main")).to_contain_text("Owners' meeting of 20 November")
    assert axe(page) == []
    with use(system_scope("test")):
        version = PackVersion.objects.get(site=people.here, active=True)

    new = register_by_page(page, live_site, old)
    said = why(page, live_site, new)
    assert "20" in said and f"site-here {version.version}" in said
    assert "30" in why(page, live_site, old)
    with use(system_scope("test")):
        kept = clocks_of(old).get(kind="answer")
        assert (kept.due_at, kept.rule) == (rule.due_at, rule.rule)


def register_by_page(page: Page, live_site: LiveSite, old: Case) -> Case:
    """Take a repair in as the counter does; the case that comes of it."""
    page.goto(f"{live_site.url}/cases/new/")
    form = page.locator("main form.hy-intake")
    form.locator("[name=who]").fill("Wang")
    form.locator("[name=text]").fill("Drips in the kitchen")
    form.locator("[name=kind]").select_option("repair")
    form.locator("[name=text]").press("Control+Enter")
    page.wait_for_url("**/cases/HERE-*/")
    with use(system_scope("test")):
        made: Case = Case.objects.exclude(pk=old.pk).get()
    return made
