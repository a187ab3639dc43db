"""A real Chromium. A page that logs an error, throws one, or calls another machine fails its test."""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Route, sync_playwright

from tests.support import needs, network
from tools import machine

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
AXE = needs.ROOT / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = needs.ROOT / ".pytest_cache" / "shots"
TIMEOUT_MS = 10_000
FAILED = pytest.StashKey[bool]()


@dataclass
class Faults:
    """What went wrong in the pages of one test: every entry fails it, unless the test expects such a text."""

    found: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, text: str) -> None:
        """Errors that contain `text` are part of what is tested (for instance "422")."""
        self.expected.append(text)

    def unexpected(self) -> list[str]:
        return [fault for fault in self.found if not any(text in fault for text in self.expected)]

    def watch(self, page: Page) -> None:
        page.on("console", self._on_console)
        page.on("pageerror", self._on_error)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.found.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _on_error(self, error: Error) -> None:
        self.found.append(f"page: {error.message}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    program = machine.chromium()
    if program is None:
        needs.unavailable("Chromium")
    # Playwright runs an event loop in this thread; Django would take every query for one from a coroutine.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with contextlib.ExitStack() as stack:
            try:
                playwright = stack.enter_context(sync_playwright())
                running = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
            except Exception as problem:  # Playwright reports a driver that cannot start as a bare Exception
                needs.unavailable(f"Chromium does not start: {problem}")
            yield running
            running.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def faults() -> Faults:
    """The errors that the pages of this test reported; use `expect` for wanted ones."""
    return Faults()


@pytest.fixture
def context(browser: Browser, faults: Faults) -> Iterator[BrowserContext]:
    """A browser without memory, as a clerk in China has it; further pages of it are watched too."""
    made = browser.new_context(
        locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1366, "height": 768}
    )
    made.set_default_timeout(TIMEOUT_MS)

    def stay_here(route: Route) -> None:
        address = urlsplit(route.request.url)
        if address.scheme in ("http", "https", "ws", "wss") and not network.is_local(address.hostname):
            faults.found.append(f"network: {route.request.url} is on another machine")
            route.abort()
        else:
            route.fallback()

    made.route("**/*", stay_here)
    made.on("page", faults.watch)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, faults: Faults, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page. When the test failed a picture is kept; when the page reported an error the test fails."""
    made = context.new_page()
    yield made
    unexpected = faults.unexpected()
    if unexpected or request.node.stash.get(FAILED, False):
        SHOTS.mkdir(parents=True, exist_ok=True)
        made.screenshot(path=SHOTS / f"{request.node.name[:80].replace('/', '-')}.png", full_page=True)
    if unexpected:
        pytest.fail("The browser reported:\n" + "\n".join(unexpected), pytrace=False)


@pytest.fixture
def sign_in() -> Callable[[Page, Any, str], None]:
    """`sign_in(page, user, live_site.url)` gives the page a session of this user, without the login form."""

    def act(page: Page, user: Any, url: str) -> None:
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])

    return act


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """`axe(page)` lists the serious and critical accessibility findings of a page, one line each."""
    if not AXE.exists():
        needs.unavailable("axe-core in node_modules (./run test fetches it)")
    source = AXE.read_text()

    def findings(page: Page) -> list[str]:
        page.evaluate(source)
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{found['impact']} {found['id']}: {found['help']} — {node['html'][:160]}"
            for found in result["violations"]
            if found["impact"] in ("serious", "critical")
            for node in found["nodes"]
        ]

    return findings


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Remember a failed test for the `page` fixture."""
    report = yield
    if report.failed:  # type: ignore[attr-defined]
        item.stash[FAILED] = True
    return report
