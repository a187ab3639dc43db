"""Statements written once and run often, on a cursor that lets PostgreSQL keep their plans.

The ORM writes every statement anew, which costs several times what the database needs to carry it
out. `inserting` and `fetching` write those of the hottest paths once; nothing else runs SQL itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import Connection, RawCursor

_cursors: WeakKeyDictionary[Connection[Any], RawCursor[Any]] = WeakKeyDictionary()
"""One cursor for each connection of ours: everything is fetched at once, so it is always free."""


def run(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Carry out a statement that returns rows on the default database; `%s` stands for each value."""
    connection: Any = connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall())
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    if connection.execute_wrappers or connection.queries_logged:
        return _run_seen(connection, _numbered(sql), params)
    with connection.wrap_database_errors:
        cursor = _cursors.get(connection.connection)
        if cursor is None:
            # Django's own cursors merge the parameters into the text, so that no plan is ever kept.
            cursor = _cursors[connection.connection] = RawCursor(connection.connection)
        return cursor.execute(_numbered(sql), params).fetchall()


def _run_seen(connection: Any, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The same where somebody counts or logs queries."""
    with connection._prepare_cursor(RawCursor(connection.connection)) as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


@lru_cache(maxsize=512)
def _numbered(sql: str) -> str:
    """The statement with PostgreSQL's own marks, so that nothing has to read it through again."""
    number = count(1)
    return "".join(part if part != "%s" else f"${next(number)}" for part in re.split("(%s)", sql))
