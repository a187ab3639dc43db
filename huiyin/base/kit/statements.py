"""Statements written once and run often, on a cursor that lets PostgreSQL keep their plans.

The ORM writes every statement anew, which costs several times what the database needs to carry it
out. `inserting` and `fetching` write those of the hottest paths once; nothing else runs SQL itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import Cursor


def run(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Carry out a statement on the default database and return its rows."""
    with _cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall()) if cursor.description else []


def _cursor() -> CursorWrapper:
    """A cursor that tests and query counters see; on PostgreSQL one whose statements can be prepared.

    Django's own cursors merge the parameters into the text there, so that no plan is ever kept.
    """
    if connection.vendor != "postgresql":
        return connection.cursor()
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return connection._prepare_cursor(Cursor(connection.connection))
