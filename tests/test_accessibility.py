"""Nothing serious for axe on any page: at the desk in the light theme, on a phone in the dark one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from huiyin.base.org import selectors as org
from huiyin.engines.packs import selectors as packs
from tests import cast, reach
from tests.support.browser import Faults
from tests.support.server import LiveSite

LOOKS = (("light", 1366, 768), ("dark", 390, 844))
ROWS = 3
# Who is signed in is led away from the first and signed out by the second.
LEADS_AWAY = {"login", "logout"}
BEYOND = """[...document.body.querySelectorAll('*')]
  .filter(one => one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML.slice(0, 160)).slice(0, 3)"""


def pages_shown(world: cast.World) -> dict[str, str]:
    """Every address that shows the holder of all rights a whole page (answers to a script are parts of one), by name."""
    found = {}
    for page in reach.addresses():
        if page.view is None or not hasattr(page.view, "get") or str(page) in LEADS_AWAY:
            continue
        url = reach.url_of(world, page, world.people.here)
        seen = cast.Browser(world.people.dana).client().get(url)
        if seen.status_code == 200 and not seen.streaming and b"</html>" in seen.content:
            found[str(page)] = url
    return found


@pytest.mark.parametrize(("theme", "width", "height"), LOOKS, ids=["desk", "phone"])
def test_axe_finds_nothing_serious_on_any_page(
    theme: str,
    width: int,
    height: int,
    live_site: LiveSite,
    page: Page,
    sign_in: Callable[[Page, Any, str], None],
    axe: Callable[[Page], list[str]],
    faults: Faults,
) -> None:
    world = cast.build()
    world.grow(world.people.here, ROWS)
    shown = pages_shown(world)
    page.set_viewport_size({"width": width, "height": height})
    page.context.add_cookies([{"name": "theme", "value": theme, "url": live_site.url}])
    sign_in(page, world.people.dana, live_site.url)

    findings = {}
    for name, url in shown.items():
        page.goto(live_site.url + url)
        found = axe(page)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found += [f"wider than the screen: {piece}" for piece in page.evaluate(BEYOND)]
        if found:
            findings[name] = found

    org.forget()
    packs.forget()
    cast.forget()
    assert len(shown) > 80, "hardly any page was looked at"
    assert findings == {}
