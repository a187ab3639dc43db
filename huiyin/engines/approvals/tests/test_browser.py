"""Signing in a real browser: from the desk to the signature, on a wide screen and on a telephone."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import use
from huiyin.engines.approvals import services
from huiyin.engines.approvals.models import State
from tests.support.server import LiveSite

from .conftest import House, build

PHONE_SCREEN = {"width": 390, "height": 844}
WIDE_SCREEN = {"width": 1440, "height": 900}


@pytest.fixture
def house(live_site: LiveSite, tmp_path: Path) -> House:
    return build(tmp_path)


def shoot(page: Page, name: str) -> None:
    """Keep a picture, where somebody wants to look (HUIYIN_SHOTS names the folder)."""
    folder = os.environ.get("HUIYIN_SHOTS")
    if folder:
        for size, screen in (("wide", WIDE_SCREEN), ("phone", PHONE_SCREEN)):
            page.set_viewport_size(screen)
            page.screenshot(path=f"{folder}/{name}-{size}.png", full_page=True)
        page.set_viewport_size(WIDE_SCREEN)


def test_a_signature_from_the_desk_to_its_effect(
    house: House,
    live_site: LiveSite,
    page: Page,
    sign_in: Callable[[Page, Any, str], None],
    axe: Callable[[Page], list[str]],
) -> None:
    approval = house.ask(
        facts={"amount": 5000_00}, title="更换电梯钢丝绳", reason="年检发现磨损，需停梯更换。"
    )
    with use(house.scope("head")) as scope:
        services.delegate(
            house.head,
            deputy=house.boss,
            starts_at=now(),
            ends_at=now() + timedelta(days=3),
            reason="外出培训",
            by=scope.actor,
        )
    found: list[str] = []
    sign_in(page, house.boss, live_site.url)
    page.set_viewport_size(WIDE_SCREEN)
    page.goto(f"{live_site.url}/")
    panel = page.locator(".hy-desk-signatures")
    expect(panel).to_contain_text("更换电梯钢丝绳")
    shoot(page, "desk")
    found += axe(page)

    panel.get_by_role("link", name="更换电梯钢丝绳").click()
    page.wait_for_url("**/approvals/SP-*/")
    page.keyboard.press("a")
    form = page.locator("dialog[open] form")
    expect(form.locator("[name=opinion]")).to_be_visible()
    shoot(page, "agree")
    form.locator("[name=opinion]").fill("同意更换，注意安全")
    form.locator("button[type=submit]").click()
    chain = page.locator(".hy-chain")
    expect(chain).to_contain_text("同意更换，注意安全")
    assert house.chain(approval) == ["agreed", "open", "waiting"]
    house.agree("director", approval, opinion="按规程办理")
    house.agree("gm", approval)
    page.reload()
    shoot(page, "approval")
    found += axe(page)
    assert house.row(approval).state == State.APPROVED

    page.goto(f"{live_site.url}/approvals/?box=handled")
    expect(page.locator("table")).to_contain_text("更换电梯钢丝绳")
    shoot(page, "list")
    found += axe(page)
    page.goto(f"{live_site.url}{approval.get_absolute_url()}print/")
    shoot(page, "print")
    page.goto(f"{live_site.url}/approvals/delegations/")
    shoot(page, "delegations")
    found += axe(page)
    page.goto(f"{live_site.url}/approvals/new/")
    shoot(page, "new")
    found += axe(page)
    page.goto(f"{live_site.url}/profile/")
    shoot(page, "profile")
    found += axe(page)
    assert found == []
