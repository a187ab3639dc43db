"""Cases created per second over HTTP, beside plain SQL and a bare Django tracker on the same PostgreSQL.

`./run bench create-case [--seconds N]`: 2 web processes, 8 clients, one site; every request writes
the case, its first contact, its clocks, its event and its search entry in one transaction.
The floor replays just the INSERTs of such a request (all but the one that takes the number, for
which everybody would wait) from 8 connections. The peer is `_bare_tracker.py` under the same load.
Processor milliseconds per request are those of the web processes and of PostgreSQL.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psycopg

from bench._matter import matter
from bench._web import ROOT, cpu_seconds, django, exchange, load, percentile, request, web
from tools import postgres

CLIENTS = 8


def body(client: int, turn: int) -> bytes:
    """The request for a case; every other one names its category."""
    category = "repair.plumbing.leak" if turn % 2 else None
    return json.dumps(
        {"site": "bench", "kind": "repair", "channel": "phone", "category": category, **matter(client, turn)}
    ).encode()


def bare_body(client: int, turn: int) -> bytes:
    """The same for the bare tracker."""
    return urlencode({"queue": 1, **matter(client, turn)}).encode()


SET_UP = """
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.models import Post
from huiyin.base.org.services import add_unit, add_user, appoint, issue_token
with use(system_scope("bench", via="command")) as scope:
    by = scope.actor
    company = add_unit(None, kind="company", code="hq", name="测试公司", by=by)
    unit = add_unit(company, kind="site", code="bench", name="测试小区", by=by)
    user = add_user(None, username="clerk", name="前台", password="hui-yin-2026", by=by)
    appoint(unit, user=user, post=Post.objects.get(code="cs-officer"), by=by)
    lead = add_user(None, username="lead", name="主管", password="hui-yin-2026", by=by)
    appoint(unit, user=lead, post=Post.objects.get(code="cs-supervisor"), by=by)
    print(issue_token(user, name="bench", by=by))
"""

COUNT = """
import json
from huiyin.base.kit.scope import system_scope, use
from huiyin.work.cases.models import Case
from huiyin.engines.clocks.models import Clock
with use(system_scope("bench")):
    cases = Case.objects.exclude(code__startswith="F")
    clocks = Clock.objects.filter(subject_id__in=cases.values("pk")).count()
    print(json.dumps({"cases": cases.count(), "clocks": clocks}))
"""


def floor(url: str, seconds: float, env: dict[str, str]) -> float:
    """Transactions per second of the same INSERTs by plain SQL: two processes with four connections each."""
    command = [sys.executable, "-m", "bench._floor", url, str(seconds), str(CLIENTS // 2)]
    with ExitStack() as stack:
        parts = [
            stack.enter_context(
                subprocess.Popen(
                    [*command, f"F{part}"],
                    cwd=ROOT,
                    env=env,
                    text=True,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
            )
            for part in range(2)
        ]
        for part in parts:
            assert part.stdout is not None and part.stdout.readline().strip() == "ready"
        return sum(float(part.communicate("go\n")[0]) for part in parts)


def postmaster(url: str) -> int:
    """The process id of the server."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    return int(Path(row[0], "postmaster.pid").read_text().split()[0])


def measured(
    server_pid: int, database_pid: int, port: int, seconds: float, make: Callable[[int, int], bytes]
) -> dict[str, Any]:
    """The load on one web server: rate, times, processor milliseconds per request."""
    bad: list[bytes] = []

    def act(client: int, turn: int) -> bool:
        status, answer = exchange(port, make(client, turn))
        if status != 201 and len(bad) < 3:
            bad.append(answer[-400:])
        return status == 201

    load(CLIENTS, 2, act)
    before = [cpu_seconds(server_pid), cpu_seconds(database_pid), time.process_time()]
    times, failures, took = load(CLIENTS, seconds, act)
    after = [cpu_seconds(server_pid), cpu_seconds(database_pid), time.process_time()]
    for answer in bad:
        print(answer.decode(errors="replace"), file=sys.stderr)
    spent = [round(1000 * (b - a) / max(1, len(times)), 2) for a, b in zip(before, after, strict=True)]
    return {
        "per_s": round(len(times) / took, 1),
        "p50_ms": percentile(times, 0.5),
        "p95_ms": percentile(times, 0.95),
        "web_cpu_ms": spent[0],
        "database_cpu_ms": spent[1],
        "client_cpu_ms": spent[2],
        "failures": failures,
    }


def bare(url: str, seconds: float, env: dict[str, str], database_pid: int) -> dict[str, Any]:
    """The bare tracker under the same load: a connection per request (Django's default), and kept ones."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE bare")
    subprocess.run([sys.executable, "-m", "bench._bare_tracker"], cwd=ROOT, env=env, check=True)
    headers = {"Authorization": "Bearer bare-token", "Content-Type": "application/x-www-form-urlencoded"}

    def make(client: int, turn: int) -> bytes:
        return request("POST", "/tickets/", headers, bare_body(client, turn))

    found = {}
    for name, age in (("bare", "0"), ("bare_kept", "60")):
        own = {**env, "BARE_CONN_MAX_AGE": age}
        with web(own, application="bench._bare_tracker:application") as server:
            found[name] = measured(server.pid, database_pid, server.port, seconds, make)
    return found


def measure(seconds: float) -> dict[str, Any]:
    """One run on a fresh throw-away PostgreSQL with real commits."""
    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory())
        url = stack.enter_context(postgres.cluster(durable=True))
        env = {
            **os.environ,
            "HUIYIN_HOME": home,
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "huiyin.config.settings",
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
        }
        database_pid = postmaster(url)
        django(env, "migrate", "-v0")
        django(env, "load_packs")
        token = django(env, "shell", "-v0", "-c", SET_UP).strip().splitlines()[-1]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

        def make(client: int, turn: int) -> bytes:
            return request("POST", "/api/v1/cases", headers, body(client, turn))

        with web(env) as server:
            ours = measured(server.pid, database_pid, server.port, seconds, make)
        counts = json.loads(django(env, "shell", "-v0", "-c", COUNT).strip().splitlines()[-1])
        plain = floor(url, seconds, env)
        peers = bare(url, seconds, env, database_pid)
    rate = ours.pop("per_s")
    return {
        "creates_per_s": rate,
        "p50_ms": ours.pop("p50_ms"),
        "p95_ms": ours.pop("p95_ms"),
        "floor_per_s": round(plain, 1),
        "ratio_to_floor": round(rate / plain, 3),
        **ours,
        **counts,
        "bare_per_s": peers["bare"]["per_s"],
        "ratio_to_bare": round(rate / peers["bare"]["per_s"], 2),
        "bare_kept_per_s": peers["bare_kept"]["per_s"],
        "ratio_to_bare_kept": round(rate / peers["bare_kept"]["per_s"], 2),
        "bare": peers["bare"],
        "bare_kept": peers["bare_kept"],
    }


def main() -> None:
    """Measure and print one JSON line last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8)
    print(json.dumps(measure(parser.parse_args().seconds)))


if __name__ == "__main__":
    main()
