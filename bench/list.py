"""First pages and searches over HTTP at 1,000,000 cases, beside the same company with 10,000.

`./run bench list [--cases N] [--households N] [--seconds N]`: two databases on one throw-away PostgreSQL,
one with `--cases` (1,000,000) and `--households` (200,000), one with a hundredth of both, and a web
server before each. The same person asks both for the same page in turn, one request at a time, so that
whatever else the machine does weighs on both alike. The people are one with all sites and two with one;
the words are what a counter types: a number, a name, the end of a telephone number, a unit, initials, a
word that one case in twenty has, two words, and one that nobody wrote.

`first_page_p95_ms` and `search_p95_ms` are those of the large company, `growth_10k_to_1m` is the larger of
the two ratios of p95 to that of the small one; `growth_median` the same of the medians, which noise moves less.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psycopg

from bench._web import ROOT, django, exchange, percentile, request, web
from tools import postgres

PEOPLE = ("gm", "supervisor.s01", "front1.s01")
FIRST = ("/cases/", "/cases/?open=true", "/cases/contacts/", "/customers/", "/places/list/")
WORDS = ("漏水", "电梯 困人", "3-2-501", "zsf", "{tail}", "{phone}", "{name}", "{code}", "霓虹灯塔")
SEARCHES = ("/cases/?q={q}", "/search/?q={q}")
WARM_UP = 3

SIGN_IN = """
import json
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.models import User
from huiyin.work.cases.models import Case
with use(system_scope("bench")):
    keys = {}
    for user in User.objects.filter(username__in=%s):
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        keys[user.username] = session.session_key
    case = list(Case.objects.filter(site__code="s01").exclude(contact_phone="").order_by("-received_at")[:11])[-1]
    words = {"phone": case.contact_phone, "tail": case.contact_phone[-4:], "name": case.contact_name, "code": case.code}
    print(json.dumps({"sessions": keys, "words": words, "cases": Case.objects.count()}))
"""


class Company:
    """One generated company behind its own web server."""

    def __init__(self, stack: ExitStack, server: str, name: str, cases: int, households: int) -> None:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        home = stack.enter_context(tempfile.TemporaryDirectory())
        env = {
            **os.environ,
            "HUIYIN_HOME": home,
            "DATABASE_URL": urlunsplit(urlsplit(server)._replace(path=f"/{name}")),
            "DJANGO_SETTINGS_MODULE": "huiyin.config.settings",
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
        }
        django(env, "migrate", "-v0")
        django(env, "load_packs")
        began = time.monotonic()
        django(env, "generate", "--cases", str(cases), "--households", str(households))
        self.generated_in = round(time.monotonic() - began, 1)
        told = json.loads(django(env, "shell", "-v0", "-c", SIGN_IN % (PEOPLE,)).strip().splitlines()[-1])
        self.sessions, self.words, self.cases = told["sessions"], told["words"], told["cases"]
        self.port = stack.enter_context(web(env)).port
        self.times: dict[str, list[float]] = defaultdict(list)

    def ask(self, kind: str, person: str, path: str, word: str, *, keep: bool) -> None:
        """Ask for one page and keep the time it took under its kind and under its own name."""
        typed = word.format(**self.words)
        headers = {"Cookie": f"sessionid={self.sessions[person]}"}
        message = request("GET", path.format(q=quote(typed)), headers)
        began = time.perf_counter()
        status, answer = exchange(self.port, message)
        took = time.perf_counter() - began
        # What is found exactly once, the search opens at once; lists never lead elsewhere.
        if status != 200 and (status, path) != (302, SEARCHES[-1]):
            raise SystemExit(f"{path} answered {status}: {answer[:300]!r}")
        if keep:
            self.times[kind].append(took)
            self.times[f"{person} {path.replace('{q}', word)}"].append(took)


def pages() -> list[tuple[str, str, str, str]]:
    """Every page asked for: (kind, person, path, word)."""
    first = [("first_page", person, path, "") for person in PEOPLE for path in FIRST]
    found = [("search", person, path, word) for person in PEOPLE for path in SEARCHES for word in WORDS]
    return first + found


def settle(server: str) -> None:
    """Let what the generator left in memory reach the disk: it must not weigh on the pages asked for."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    os.sync()


def measure(cases: int, households: int, seconds: float) -> dict[str, object]:
    """Fill both, ask both in turn, compare."""
    with ExitStack() as stack:
        server = stack.enter_context(postgres.cluster())
        small = Company(stack, server, "small", cases // 100, max(10, households // 100))
        large = Company(stack, server, "large", cases, households)
        settle(server)
        asked = pages()
        turn, until = 0, None
        while until is None or time.monotonic() < until:
            if turn == WARM_UP:
                until = time.monotonic() + seconds
            for page in asked:
                for company in (small, large) if turn % 2 else (large, small):
                    company.ask(*page, keep=until is not None)
            turn += 1
    grown = {
        name: large_ms / max(0.1, percentile(small.times[kind], share))
        for name, kind, share in (
            ("first_page", "first_page", 0.95),
            ("search", "search", 0.95),
            ("first_page_median", "first_page", 0.5),
            ("search_median", "search", 0.5),
        )
        for large_ms in [percentile(large.times[kind], share)]
    }
    slowest = sorted(large.times, key=lambda name: -percentile(large.times[name], 0.5))
    slowest = [name for name in slowest if name not in ("first_page", "search")][:8]
    return {
        "cases": large.cases,
        "small_cases": small.cases,
        "generated_in_s": large.generated_in,
        "asked": len(large.times["first_page"]) + len(large.times["search"]),
        "first_page_p50_ms": percentile(large.times["first_page"], 0.5),
        "search_p50_ms": percentile(large.times["search"], 0.5),
        "small_first_page_p95_ms": percentile(small.times["first_page"], 0.95),
        "small_search_p95_ms": percentile(small.times["search"], 0.95),
        "growth": {name: round(value, 2) for name, value in grown.items()},
        "slowest": {
            name: [percentile(company.times[name], 0.5) for company in (small, large)] for name in slowest
        },
        "first_page_p95_ms": percentile(large.times["first_page"], 0.95),
        "search_p95_ms": percentile(large.times["search"], 0.95),
        "growth_median": round(max(grown["first_page_median"], grown["search_median"]), 2),
        "growth_10k_to_1m": round(max(grown["first_page"], grown["search"]), 2),
    }


def main() -> None:
    """Measure and print one JSON line last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--households", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=60)
    asked = parser.parse_args()
    print(json.dumps(measure(asked.cases, asked.households, asked.seconds), ensure_ascii=False))


if __name__ == "__main__":
    main()
