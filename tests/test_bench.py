"""The web server that measurements start: told why it fails, and ended even when it does not listen."""

from __future__ import annotations

import os
import textwrap
import time
from pathlib import Path

import pytest

from bench._web import exchange, request, web

ANSWERS = """
    def application(environ, start_response):
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]
"""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(tmp_path)}


def application(tmp_path: Path, source: str) -> str:
    (tmp_path / "trial.py").write_text(textwrap.dedent(source), encoding="utf-8")
    return "trial:application"


def test_a_server_answers_until_it_is_no_longer_needed(tmp_path: Path, env: dict[str, str]) -> None:
    with web(env, workers=1, application=application(tmp_path, ANSWERS)) as server:
        assert exchange(server.port, request("GET", "/", {})) == (200, b"ok")

    with pytest.raises(OSError, match="refused"):
        exchange(server.port, request("GET", "/", {}))


def test_what_a_server_said_before_it_failed_is_shown(tmp_path: Path, env: dict[str, str]) -> None:
    broken = application(tmp_path, "raise RuntimeError('the key is missing')")

    with pytest.raises(SystemExit, match="did not start") as caught, web(env, application=broken):
        pass

    assert "the key is missing" in str(caught.value)


def test_a_server_that_never_answers_is_given_up_and_killed(tmp_path: Path, env: dict[str, str]) -> None:
    deaf = """
        import pathlib, signal, os, time
        pathlib.Path(__file__).with_name("pid").write_text(str(os.getpid()))
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        print("waiting for ever", file=__import__("sys").stderr, flush=True)
        time.sleep(60)
    """
    started = time.monotonic()

    with (
        pytest.raises(SystemExit, match="did not answer within") as caught,
        web(env, application=application(tmp_path, deaf), answer_within=4, end_within=1),
    ):
        pass

    assert "waiting for ever" in str(caught.value)
    assert time.monotonic() - started < 30
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
