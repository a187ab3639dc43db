"""The rows of a registration by plain SQL: `python -m bench._floor URL SECONDS CONNECTIONS MARK`.

Registers one case, keeping its INSERT statements; says "ready", waits for a line, then repeats just
those statements with new codes and ids, each time committed, and prints how often a second.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import django
import psycopg

django.setup()

from django.db import connection  # noqa: E402

from bench._matter import matter  # noqa: E402
from huiyin.base.kit.scope import use  # noqa: E402
from huiyin.base.org.models import Site, User  # noqa: E402
from huiyin.base.org.selectors import scope_of  # noqa: E402
from huiyin.work.cases.models import Case, Category  # noqa: E402
from huiyin.work.cases.services import register  # noqa: E402

NEXT_ID = "SELECT nextval(pg_get_serial_sequence('cases_case', 'id'))"

Statements = list[tuple[str, list[Any]]]


def captured() -> tuple[Statements, Case]:
    """The INSERTs of one registration but that of the number, and the case it made."""
    seen: Statements = []

    def keep(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if "INSERT INTO" in sql and "numbering" not in sql:
            seen.append((sql, list(params)))
        return execute(sql, params, many, context)

    with use(scope_of(User.objects.get(username="clerk"))) as scope, connection.execute_wrapper(keep):
        case = register(
            Site.objects.get(code="bench"),
            kind="repair",
            channel="phone",
            category=Category.objects.get(code="repair.plumbing.leak"),
            **matter(0, 0),
            by=scope.actor,
        )
    return seen, case


def replay(url: str, seconds: float, connections: int, mark: str) -> float:
    """Transactions per second."""
    statements, case = captured()
    print("ready", flush=True)
    sys.stdin.readline()
    counts = [0] * connections
    until = time.perf_counter() + seconds

    def insert(slot: int) -> None:
        with psycopg.connect(url, prepare_threshold=1, cursor_factory=psycopg.RawCursor) as own:
            turn = 0
            while time.perf_counter() < until:
                turn += 1
                code = f"{mark}{slot}-{turn}"
                (pk,) = own.execute(NEXT_ID).fetchone()  # type: ignore[misc]
                for sql, params in statements:
                    own.execute(
                        sql, [code if one == case.code else pk if one == case.pk else one for one in params]
                    )
                own.commit()
                counts[slot] += 1

    threads = [threading.Thread(target=insert, args=(slot,)) for slot in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


if __name__ == "__main__":
    print(replay(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
