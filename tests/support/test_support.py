"""The rules for tests, broken on purpose."""

import os
import socket
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, make_password
from playwright.sync_api import BrowserContext, Page

from tests.support import needs
from tests.support.browser import Faults
from tests.support.network import NetworkForbidden, is_local


def test_tests_have_a_data_folder_of_their_own() -> None:
    assert Path(os.environ["HUIYIN_HOME"]).is_relative_to(os.environ["HUIYIN_TEST_FOLDER"])
    assert not Path(os.environ["HUIYIN_HOME"]).is_relative_to(needs.ROOT)


def test_other_machines_are_out_of_reach() -> None:
    with pytest.raises(NetworkForbidden):
        urllib.request.urlopen("http://192.0.2.1/", timeout=1)
    with pytest.raises(NetworkForbidden):
        socket.getaddrinfo("huiyin.example", 80)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams, pytest.raises(NetworkForbidden):
        datagrams.sendto(b"x", ("192.0.2.1", 9))


def test_this_machine_is_within_reach() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        socket.create_connection(("localhost", server.getsockname()[1]), timeout=5).close()
    assert is_local("::1")
    assert not is_local("10.0.0.1")
    assert not is_local("fe80::1%eth0")


def test_passwords_of_tests_are_quick_and_right_for_the_real_server() -> None:
    assert Argon2PasswordHasher().verify("回音", make_password("回音"))


def test_missing_things_are_skipped_but_fail_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception):
        needs.unavailable("a thing")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception):
        needs.unavailable("a thing")


def test_errors_of_a_page_are_noticed(page: Page, faults: Faults) -> None:
    page.set_content("<h1>回音</h1>")
    page.evaluate("console.error('planted in the console')")
    page.evaluate("setTimeout(() => { throw new Error('planted on the page') })")
    page.evaluate("fetch('http://192.0.2.1/').catch(() => 'blocked')")
    page.wait_for_timeout(200)
    assert len(faults.unexpected()) >= 3
    for wanted in ("planted in the console", "planted on the page", "192.0.2.1"):
        assert any(wanted in fault for fault in faults.found)
        faults.expect(wanted)
    assert faults.unexpected() == []


def test_errors_of_a_second_page_are_noticed_too(context: BrowserContext, faults: Faults) -> None:
    context.new_page().evaluate("console.error('planted')")
    assert any("planted" in fault for fault in faults.found)


def test_axe_finds_a_planted_flaw(page: Page, axe: Callable[[Page], list[str]]) -> None:
    page.set_content("<html lang='zh-CN'><title>回音</title><main><h1>回音</h1><p>好</p></main></html>")
    assert axe(page) == []
    page.set_content(
        "<html lang='zh-CN'><title>回音</title><main><h1>回音</h1><input type='text'></main></html>"
    )
    assert any("label" in finding for finding in axe(page))
