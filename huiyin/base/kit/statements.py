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

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import RawCursor


def run(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Carry out a statement on the default database and return its rows; `%s` stands for each value."""
    with _cursor() as cursor:
        cursor.execute(_numbered(sql) if connection.vendor == "postgresql" else sql, params)
        return list(cursor.fetchall()) if cursor.description else []


@lru_cache(maxsize=512)
def _numbered(sql: str) -> str:
    """The statement with PostgreSQL's own marks, so that nothing has to read it through again."""
    number = count(1)
    return "".join(part if part != "%s" else f"${next(number)}" for part in re.split("(%s)", sql))


def _cursor() -> CursorWrapper:
    """A cursor that tests and query counters see; on PostgreSQL one whose statements are prepared.

    Django's own cursors merge the parameters into the text there, so that no plan is ever kept.
    """
    if connection.vendor != "postgresql":
        return connection.cursor()
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        prepared: CursorWrapper = connection._prepare_cursor(RawCursor(connection.connection))  # type: ignore[attr-defined]
        return prepared
