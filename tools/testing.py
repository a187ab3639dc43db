"""`./run test`: the suite on SQLite, on PostgreSQL and in a real browser."""

import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tools import assets, console, environment, machine, postgres

USAGE = """\
usage: ./run test [--both] [pytest arguments]

Without arguments: the whole suite, two processes at a time, on SQLite and then on PostgreSQL, and the
browser tests once, on SQLite, in Chromium. What the machine lacks is installed when running as root on
Debian; what cannot be had is skipped with a loud line, or is a failure where CI is set.

With arguments: one pytest with just these arguments, on SQLite; --both, or a DATABASE_URL that names a
PostgreSQL server, adds PostgreSQL. Examples:  ./run test huiyin/work/cases   ./run test -k clock --both

PostgreSQL is the server of DATABASE_URL (its account needs CREATEDB), else one started for the moment from
installed programs or from the wheel. Exit code: 0 when something was tested and nothing failed.
"""
NO_TESTS = 5
COUNTED = ("passed", "failed", "error", "skipped", "xfailed", "xpassed")


@dataclass(frozen=True)
class Outcome:
    """What one pytest run came to; `counts` is None when it did not get as far as running tests."""

    name: str
    code: int
    summary: str
    counts: dict[str, int] | None

    def tested(self) -> int:
        """How many tests were really executed."""
        counts = self.counts or {}
        return sum(counts.get(kind, 0) for kind in COUNTED if kind != "skipped")


def main(_command: str, arguments: Sequence[str]) -> int:
    """Run the suite; returns the exit code."""
    if arguments and arguments[0] in ("-h", "--help"):
        console.show(USAGE)
        return 0
    environment.ensure("dev")
    assets.ensure("dev")
    missing = machine.provide(("chromium", "driver", "fonts", "postgres", "pango", "poppler", "gettext"))
    for what in missing:
        console.warn(
            f"This machine lacks {what}: tests that need it {'fail' if machine.in_ci() else 'are skipped'}"
        )
    chosen = [argument for argument in arguments if argument != "--both"]
    # Paths a person gives are relative to where that person stands.
    here = Path.cwd() if Path.cwd().is_relative_to(console.ROOT) else console.ROOT
    given = _given_server()
    with ExitStack() as stack:
        if chosen:
            outcomes = [_pytest("SQLite", chosen, None, here)]
            if given or "--both" in arguments:
                outcomes.append(_on_postgres(stack, given, chosen, here))
        else:
            spread = ["-n", "2", "-m", "not browser"]
            outcomes = [
                _pytest("SQLite", spread, None, console.ROOT),
                _on_postgres(stack, given, spread, console.ROOT),
                _pytest("browser", ["-n", "0", "-m", "browser"], None, console.ROOT),
            ]
    return _conclude(outcomes)


def _given_server() -> str | None:
    url = os.environ.get("DATABASE_URL", "")
    return url if url.startswith(("postgres://", "postgresql://")) else None


def _on_postgres(stack: ExitStack, given: str | None, arguments: Sequence[str], place: Path) -> Outcome:
    try:
        url = given or stack.enter_context(postgres.cluster())
    except postgres.Unavailable as problem:
        console.warn(f"No PostgreSQL server can be had here, tests on it are skipped. {problem}")
        return Outcome("PostgreSQL", 1 if machine.in_ci() else 0, "skipped: no server", None)
    return _pytest("PostgreSQL", arguments, url, place)


def _pytest(name: str, arguments: Sequence[str], database_url: str | None, place: Path) -> Outcome:
    console.show(f"\n===== {name} =====")
    env = console.django_environment()
    # Compiled once and kept: servers, workers and killed processes of the tests would each compile all of it.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    env.pop("DATABASE_URL", None)
    if database_url:
        env["DATABASE_URL"] = database_url
    with tempfile.TemporaryDirectory(prefix="huiyin-test-") as folder:
        report = Path(folder) / "counts.json"
        env |= {"HUIYIN_TEST_FOLDER": folder, "HUIYIN_TEST_COUNTS": str(report)}
        code = console.call(environment.module("pytest", *arguments), env=env, cwd=place)
        found = json.loads(report.read_text()) if report.exists() else None
    if found is None:
        return Outcome(name, code, f"pytest ended with code {code}", None)
    return Outcome(name, code, found["summary"], found["counts"])


def _conclude(outcomes: Sequence[Outcome]) -> int:
    """Say what each run came to, in pytest's words, and the sum of them; returns the exit code."""
    console.show("")
    for outcome in outcomes:
        console.show(f"{outcome.name:<11}{'ok    ' if outcome.code == 0 else 'FAILED'} {outcome.summary}")
    counted = [outcome.counts for outcome in outcomes if outcome.counts is not None]
    if counted:
        total = {kind: sum(counts.get(kind, 0) for counts in counted) for kind in COUNTED}
        passed = total["passed"] + total["xfailed"]
        failed = total["failed"] + total["error"] + total["xpassed"]
        console.show(f"total: {passed} passed, {failed} failed, {total['skipped']} skipped")
        if not any(outcome.tested() for outcome in outcomes):
            console.show("No test was executed.")
            return next((outcome.code for outcome in outcomes if outcome.code), NO_TESTS)
    return next((outcome.code for outcome in outcomes if outcome.code), 0)
