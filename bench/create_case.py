"""Cases created per second over HTTP, beside the same rows by plain SQL on the same PostgreSQL.

`./run bench create-case [--seconds N]`: 2 web processes, 8 clients, one site; every request writes
the case, its first contact, its clocks, its event and its search entry in one transaction.
The floor replays just the INSERTs of such a request from 8 connections.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench._web import ROOT, exchange, load, percentile, request, web
from tools import postgres

CLIENTS = 8
TITLES = ("厨房水管漏水,请派人来看", "楼道灯不亮三天了", "电梯运行有异响", "车位被占,联系不上车主", "咨询装修备案需要什么资料")


def django(env: dict[str, str], *arguments: str) -> str:
    """Run a management command and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "django", *arguments], cwd=ROOT, env=env, check=True, capture_output=True, text=True
    )
    return done.stdout


def body(client: int, turn: int) -> bytes:
    """One registration as a phone desk or an integration would send it."""
    return json.dumps(
        {
            "site": "bench",
            "kind": "repair",
            "channel": "phone",
            "title": TITLES[turn % len(TITLES)],
            "description": f"住户来电:昨晚开始出现,已自行关闭阀门,希望今天上午处理。第{client}-{turn}次登记",
            "category": "repair.plumbing.leak" if turn % 2 else None,
            "contact_name": "张三丰",
            "contact_phone": f"137{client:02d}{turn % 1_000_000:06d}",
        }
    ).encode()


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


def floor(url: str, seconds: float, env: dict[str, str]) -> float:
    """Transactions per second of the same INSERTs by plain SQL, from two processes with four connections each."""
    os.environ.update(env)
    statements = json.loads(django(env, "shell", "-v0", "-c", CAPTURE).strip().splitlines()[-1])
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        jobs = [pool.apply_async(_replay, (url, statements, seconds, part)) for part in range(2)]
        return sum(job.get() for job in jobs)


CAPTURE = """
import json, datetime
from django.db import connection
from huiyin.base.kit.scope import use
from huiyin.base.org.models import Site, User
from huiyin.base.org.selectors import scope_of
from huiyin.work.cases.models import Category
from huiyin.work.cases.services import register
seen = []
def keep(execute, sql, params, many, context):
    result = execute(sql, params, many, context)
    if sql.lstrip().upper().startswith("INSERT"):
        plain = [p.isoformat() if isinstance(p, datetime.datetime) else p.dumps(p.obj).decode() if hasattr(p, "obj") and callable(getattr(p, "dumps", None)) else json.dumps(p.obj) if hasattr(p, "obj") else p for p in params]
        seen.append([sql, plain])
    return result
user = User.objects.get(username="clerk")
with use(scope_of(user)) as scope:
    site = Site.objects.get(code="bench")
    category = Category.objects.filter(code="repair.plumbing.leak").first()
    values = dict(kind="repair", channel="phone", title="厨房水管漏水,请派人来看", description="住户来电:昨晚开始出现,已自行关闭阀门,希望今天上午处理。", category=category, contact_name="张三丰", contact_phone="13700009527", by=scope.actor)
    register(site, **values)
    with connection.execute_wrapper(keep):
        case = register(site, **values)
print(json.dumps({"statements": seen, "code": case.code, "pk": case.pk}))
"""


def _replay(url: str, captured: dict[str, Any], seconds: float, part: int) -> float:
    counts = [0] * (CLIENTS // 2)
    until = time.perf_counter() + seconds
    threads = [
        threading.Thread(target=_insert, args=(url, captured, until, f"F{part}{n}", counts, n))
        for n in range(CLIENTS // 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def _insert(url: str, captured: dict[str, Any], until: float, mark: str, counts: list[int], slot: int) -> None:
    import psycopg

    statements = [(sql, params) for sql, params in captured["statements"] if "numbering" not in sql]
    with psycopg.connect(url, prepare_threshold=1) as connection:
        turn = 0
        while time.perf_counter() < until:
            turn += 1
            pk = None
            for sql, params in statements:
                ready = [
                    f"{mark}-{turn}" if p == captured["code"] else pk if p == captured["pk"] and pk is not None else p
                    for p in params
                ]
                cursor = connection.execute(sql, ready)
                if pk is None and "RETURNING" in sql:
                    pk = cursor.fetchone()[0]  # type: ignore[index]
            connection.commit()
            counts[slot] += 1


def measure(seconds: float) -> dict[str, Any]:
    """One run on a fresh throw-away PostgreSQL with real commits."""
    with tempfile.TemporaryDirectory() as home, postgres.cluster(durable=True) as url:
        env = {
            **os.environ, "HUIYIN_HOME": home, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "huiyin.config.settings",
            "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        django(env, "migrate", "-v0")
        django(env, "load_packs")
        token = django(env, "shell", "-v0", "-c", SET_UP).strip().splitlines()[-1]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        bad: list[bytes] = []

        def act(client: int, turn: int) -> bool:
            status, answer = exchange(port, request("POST", "/api/v1/cases", headers, body(client, turn)))
            if status != 201 and len(bad) < 3:
                bad.append(answer[-400:])
            return status == 201

        with web(env) as port:
            load(CLIENTS, 2, act)
            times, failures, took = load(CLIENTS, seconds, act)
        plain = floor(url, seconds, env)
        codes = django(env, "shell", "-v0", "-c", COUNT).strip().splitlines()[-1]
    for answer in bad:
        print(answer.decode(errors="replace"), file=sys.stderr)
    rate = len(times) / took
    return {
        "creates_per_s": round(rate, 1),
        "p50_ms": percentile(times, 0.5),
        "p95_ms": percentile(times, 0.95),
        "floor_per_s": round(plain, 1),
        "ratio_to_floor": round(rate / plain, 3),
        "failures": failures,
        **json.loads(codes),
    }


COUNT = """
import json
from django.db.models import Count
from huiyin.base.kit.scope import system_scope, use
from huiyin.work.cases.models import Case
from huiyin.engines.clocks.models import Clock
with use(system_scope("bench")):
    real = Case.objects.exclude(code__startswith="F")
    print(json.dumps({"cases": real.count(), "distinct_codes": real.values("code").distinct().count()}))
"""


def main() -> None:
    """Measure and print one JSON line last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8)
    print(json.dumps(measure(parser.parse_args().seconds)))


if __name__ == "__main__":
    main()
