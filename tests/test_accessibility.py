"""Nothing serious for axe on any page: at the desk in the light theme, on a phone in the dark one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from huiyin.base.org import selectors as org
from huiyin.engines.packs import selectors as packs
from tests import cast, reach
from tests.support.browser import Faults
from tests.support.server import LiveSite

LOOKS = (("light", 1366, 768), ("dark", 390, 844))
ROWS = 3
AT_ONCE = """{
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("*, ::before, ::after { transition: none !important }");
  document.adoptedStyleSheets = [sheet];
}"""
# Who is signed in is led away from the first and signed out by the second.
LEADS_AWAY = {"login", "logout"}
BEYOND = """[...document.body.querySelectorAll('*')]
  .filter(one => one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML.slice(0, 160)).slice(0, 3)"""


def pages_shown(world: cast.World) -> dict[str, str]:
    """Every address that shows the holder of all rights a whole page (answers to a script are parts of one), by name."""
    found, client = {}, cast.Browser(world.people.dana).client()
    for page in reach.addresses():
        if page.view is None or not hasattr(page.view, "get") or str(page) in LEADS_AWAY:
            continue
        url = reach.url_of(world, page, world.people.here)
        seen = client.get(url)
        if seen.status_code == 200 and not seen.streaming and b"</html>" in seen.content:
            found[str(page)] = url
    return found


def test_axe_finds_nothing_serious_on_any_page(
    live_site: LiveSite,
    page: Page,
    sign_in: Callable[[Page, Any, str], None],
    axe: Callable[[Page], list[str]],
    faults: Faults,
) -> None:
    world = cast.build()
    world.grow(world.people.here, ROWS)
    shown = pages_shown(world)
    sign_in(page, world.people.dana, live_site.url)

    findings = {}
    for name, url in shown.items():
        page.goto(live_site.url + url)
        # A colour on its way from one theme to the other is nobody's finding.
        page.evaluate(AT_ONCE)
        for theme, width, height in LOOKS:
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate("theme => document.documentElement.setAttribute('data-bs-theme', theme)", theme)
            found = axe(page)
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found += [f"wider than the screen: {piece}" for piece in page.evaluate(BEYOND)]
            if found:
                findings[name, theme] = found

    org.forget()
    packs.forget()
    cast.forget()
    assert len(shown) > 160, "some pages were not looked at"
    assert findings == {}
