"""What the ticker costs: nothing while nothing is due, and how long a flood of due clocks takes.

`./run bench clocks [--running N] [--due M]`: a PostgreSQL of its own with N clocks that run and are not due. An
idle tick is timed; then M clocks fall due at once and are swept by one ticker, then M more by three at a time.
Every tenth of the due ones also has a step of an escalation ladder. In the same run the same rows are written for as
many clocks by plain SQL, in one transaction: the floor. Last line: JSON with `sweep_100k_s` (seconds per 100,000 due
clocks), `floor_100k_s`, `ratio_to_floor`, `idle_tick_ms_at_1m` (median of an idle tick with the N running) and
`doubles`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psycopg

from bench._web import ROOT
from tools import console, postgres

SITE = """
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.services import add_unit
with use(system_scope("bench", via="command")) as scope:
    company = add_unit(None, kind="company", code="hq", name="测试公司", by=scope.actor)
    print(add_unit(company, kind="site", code="bench", name="测试小区", by=scope.actor).site.pk)
"""
IDLE = """
import time
from huiyin.engines.clocks.jobs import tick
tick()
taken = []
for _ in range(300):
    begun = time.perf_counter()
    assert tick().total == 0
    taken.append((time.perf_counter() - begun) * 1000)
print(sorted(taken)[len(taken) // 2], sorted(taken)[int(len(taken) * 0.95)])
"""
SWEEP = """
import sys, time
from huiyin.engines.clocks.jobs import tick
tick(1)
begun = time.perf_counter()
done = 0
quiet = 0
while quiet < 3:
    found = tick().total
    done += found
    quiet = 0 if found else quiet + 1
print(done, time.perf_counter() - begun)
"""
RULE = {
    "name": {"zh": "测试时限"},
    "limit": {"value": 2, "unit": "hours"},
    "warn": None,
    "clause": "",
    "source": [],
    "pack": "bench",
    "version": "1",
    "stops_on": ["cases.answered"],
    "cancels_on": [],
    "pauses_on": [],
    "resumes_on": [],
    "pause": "agreed",
}
LADDER = [{"after": {"value": 30, "unit": "minutes"}, "to": ["responsible"]}]
INSERT = """
INSERT INTO clocks_clock (site_id, subject_type, subject_id, root_type, root_id, kind, run, rule_code, rule,
    started_at, original_due_at, due_at, wake_at, rung, rung_at, state)
SELECT %(site)s, 'cases.case', n, 'cases.case', n, 'answer', 1, 'bench',
    CASE WHEN n %% 10 = 0 THEN %(with_ladder)s::jsonb ELSE %(rule)s::jsonb END,
    %(due)s::timestamptz - interval '2 hours', %(due)s, %(due)s, %(due)s, 0,
    CASE WHEN n %% 10 = 0 THEN %(due)s::timestamptz + interval '30 minutes' END, 'running'
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
"""
FLOOR = (
    "CREATE TEMP TABLE found AS SELECT id FROM clocks_clock WHERE wake_at < now() ORDER BY wake_at",
    "UPDATE clocks_clock SET breached_at = now(), wake_at = NULL FROM found WHERE clocks_clock.id = found.id",
    """
    WITH told AS (
        INSERT INTO trail_event (at, verb, site_id, actor_id, actor_label, via, subject_type, subject_id, root_type,
            root_id, data)
        SELECT now(), 'bench.floor', c.site_id, NULL, 'clocks', 'worker', 'clocks.clock', c.id, c.root_type, c.root_id,
            jsonb_build_object('kind', c.kind, 'run', c.run, 'rule', c.rule_code, 'due_at', c.due_at::text,
                'subject_type', c.subject_type, 'subject_id', c.subject_id, 'owner', c.owner_id)
        FROM clocks_clock c JOIN found ON found.id = c.id
        RETURNING id
    )
    INSERT INTO trail_delivery (event_id, reaction, next_try_at, tries, error, done_at)
    SELECT id, 'bench.floor', now(), 0, '', NULL FROM told
    """,
    "DROP TABLE found",
)
"""What a sweep writes for clocks without a ladder, by plain SQL."""
DOUBLES = """
SELECT coalesce(sum(n - 1), 0) FROM (
    SELECT count(*) AS n FROM trail_event
    WHERE verb IN ('clocks.breached', 'clocks.escalated') GROUP BY verb, subject_id, data->>'due_at', data->>'rung'
) told WHERE n > 1
"""


def python(env: dict[str, str], code: str) -> subprocess.Popen[str]:
    """A process with Django set up that runs some code."""
    command = [sys.executable, "-c", f"import django; django.setup()\n{code}"]
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> list[float]:
    """The numbers a process printed last."""
    out, _none = process.communicate()
    if process.returncode:
        raise SystemExit("a process of the measurement failed")
    return [float(word) for word in out.split()]


def fill(database: psycopg.Connection, site: int, first: int, number: int, due: str) -> None:
    """Insert clocks that are due at a moment."""
    values = {"site": site, "first": first, "last": first + number - 1, "due": due}
    values |= {"rule": json.dumps(RULE), "with_ladder": json.dumps(RULE | {"ladder": LADDER})}
    database.execute(INSERT, values)
    database.execute("VACUUM ANALYZE clocks_clock")


def measure(url: str, home: Path, running: int, due: int) -> dict[str, float]:
    """Fill the database and time the ticker; the figures."""
    env = console.django_environment() | {"DATABASE_URL": url, "HUIYIN_HOME": str(home)}
    command = [sys.executable, "-m", "django", "migrate", "-v", "0"]
    subprocess.run(command, cwd=ROOT, env=env, check=True)
    site = int(said(python(env, SITE))[0])
    with psycopg.connect(url, autocommit=True) as database:
        moment = database.execute("SELECT now()").fetchone()
        assert moment is not None
        begun = time.monotonic()
        fill(database, site, 1, running, "2099-01-01 00:00:00+00")
        console.show(f"{running:,} clocks run ({time.monotonic() - begun:.0f} s to make them)")
        idle, slow = said(python(env, IDLE))
        console.show(f"an idle tick takes {idle:.2f} ms (95 of 100: {slow:.2f} ms)")
        fill(database, site, running + 1, due, "2026-01-01 00:00:00+00")
        done, one = said(python(env, SWEEP))
        console.show(f"one ticker deals with {done:,.0f} in {one:.1f} s")
        fill(database, site, running + due + 1, due, "2026-01-01 12:00:00+00")
        floor = time.monotonic()
        with database.transaction():
            for statement in FLOOR:
                database.execute(statement)
        floor = time.monotonic() - floor
        console.show(f"plain SQL writes the same in {floor:.1f} s")
        fill(database, site, running + 2 * due + 1, due, "2026-01-02 00:00:00+00")
        three = [said(each) for each in [python(env, SWEEP) for _ in range(3)]]
        longest = max(taken for _done, taken in three)
        console.show(
            f"three at a time deal with {sum(done for done, _taken in three):,.0f} in {longest:.1f} s"
        )
        (doubles,) = database.execute(DOUBLES).fetchone() or (0,)
        (left,) = database.execute("SELECT count(*) FROM clocks_clock WHERE wake_at < now()").fetchone() or (
            0,
        )
        (told,) = database.execute(
            "SELECT count(*) FROM trail_event WHERE verb = 'clocks.breached'"
        ).fetchone() or (0,)
    if left or told != 2 * due:
        raise SystemExit(f"{left} clocks were left, {told} breaches told instead of {2 * due}")
    return {
        "running": running,
        "due": due,
        "sweep_100k_s": round(one * 100_000 / due, 2),
        "floor_100k_s": round(floor * 100_000 / due, 2),
        "ratio_to_floor": round(one / floor, 2),
        "sweep_three_100k_s": round(longest * 100_000 / due, 2),
        "idle_tick_ms_at_1m": round(idle, 3),
        "doubles": int(doubles),
    }


def main() -> int:
    """Measure and print; the last line is JSON."""
    parser = argparse.ArgumentParser(prog="./run bench clocks", description=__doc__)
    parser.add_argument("--running", type=int, default=1_000_000, help="clocks that run and are not due")
    parser.add_argument("--due", type=int, default=100_000, help="clocks that fall due at once")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, postgres.cluster(durable=True) as url:
        figures = measure(url, Path(home), asked.running, asked.due)
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
