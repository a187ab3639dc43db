"""Filling tables a hundred thousand rows at a time: COPY on PostgreSQL, executemany on SQLite.

The one place that writes past services, fields and reach, for generated volumes only. Everything
happens in the caller's transaction; indexes and foreign keys are taken away meanwhile and put back
at the end, where the database checks every row against them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.core.management.color import no_style
from django.db import connection
from django.db.models import Model

Row = tuple[Any, ...]
WORK_MEMORY = "512MB"
"""What PostgreSQL may use while it builds an index."""
AHEAD = 2
"""Portions that may wait to be written while the next one is made."""


class Sheet:
    """A table to be filled: the columns its rows give, then all others with the model's defaults.

    Without its id among the names, the database numbers the rows as they come.
    """

    def __init__(self, model: type[Model], *names: str) -> None:
        fields = {field.attname: field for field in model._meta.concrete_fields}
        others = [name for name in fields if name not in names and fields[name] is not model._meta.pk]
        self.model = model
        self.table: str = model._meta.db_table
        self.columns = [str(fields[name].column) for name in (*names, *others)]
        self.rest: Row = tuple(
            fields[name].get_db_prep_save(fields[name].get_default(), connection) for name in others
        )
        self.frozen = False

    def quoted(self) -> str:
        """Table and columns as they stand in a statement."""
        quote = connection.ops.quote_name
        return f"{quote(self.table)} ({', '.join(map(quote, self.columns))})"


class Loader:
    """Writes portions of rows in the order they are handed in, on PostgreSQL beside the making of the next."""

    def __init__(self, sheets: Sequence[Sheet]) -> None:
        self.sheets = sheets
        self.count = 0
        self._pool = ThreadPoolExecutor(1) if connection.vendor == "postgresql" else None
        self._waiting: list[Future[None]] = []

    def put(self, sheet: Sheet, rows: list[Row]) -> None:
        """Hand in rows; their values are texts and numbers as the database reads them."""
        if not rows:
            return
        self.count += len(rows)
        if self._pool is None:
            marks = ", ".join(["%s"] * len(sheet.columns))
            with connection.cursor() as cursor:
                cursor.executemany(
                    f"INSERT INTO {sheet.quoted()} VALUES ({marks})", [row + sheet.rest for row in rows]
                )
            return
        self._waiting.append(self._pool.submit(_copy, connection.connection, sheet, rows))
        while len(self._waiting) > AHEAD * len(self.sheets):
            self._waiting.pop(0).result()

    def settle(self) -> None:
        """Wait until everything handed in is written."""
        while self._waiting:
            self._waiting.pop(0).result()

    @contextmanager
    def open(self) -> Iterator[Loader]:
        """Take indexes and foreign keys away for the block, and put them back at its end."""
        away, back = _PLANS[connection.vendor](self.sheets)
        try:
            _run(away)
            yield self
            self.settle()
            _run(back)
            _run(connection.ops.sequence_reset_sql(no_style(), [sheet.model for sheet in self.sheets]))
        finally:
            if self._pool is not None:
                self._pool.shutdown(cancel_futures=True)


def lexemes(tokens: str) -> str:
    """Search tokens as the index keeps them: with their positions on PostgreSQL, as they are on SQLite."""
    if connection.vendor != "postgresql":
        return tokens
    places: dict[str, list[str]] = {}
    for number, token in enumerate(tokens.split(), 1):
        places.setdefault(token, []).append(str(number))
    return " ".join([f"{token}:{','.join(numbers)}" for token, numbers in places.items()])


def tidy(sheets: Sequence[Sheet]) -> None:
    """Let the planner know the new sizes; outside of a transaction also mark what need not be looked at again."""
    tables = ", ".join(connection.ops.quote_name(sheet.table) for sheet in sheets)
    if connection.vendor != "postgresql":
        _run(["ANALYZE"])
    elif connection.in_atomic_block:
        _run([f"ANALYZE {tables}"])
    else:
        _run([f"VACUUM (ANALYZE) {tables}"])


def _run(statements: Sequence[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _read(sql: str, params: Sequence[Any] = ()) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _copy(raw: Any, sheet: Sheet, rows: list[Row]) -> None:
    rest = sheet.rest
    freeze = " WITH (FREEZE)" if sheet.frozen else ""
    with raw.cursor() as cursor, cursor.copy(f"COPY {sheet.quoted()} FROM STDIN{freeze}") as copy:
        write = copy.write_row
        for row in rows:
            write(row + rest)


Plan = tuple[list[str], list[str]]


def _postgresql(sheets: Sequence[Sheet]) -> Plan:
    """What takes the indexes and foreign keys of the tables away, and what puts them back."""
    tables = [sheet.table for sheet in sheets]
    quote = connection.ops.quote_name
    # Checks of earlier rows of this transaction must be done before their tables change.
    _run(["SET CONSTRAINTS ALL IMMEDIATE", f"LOCK TABLE {', '.join(map(quote, tables))} IN EXCLUSIVE MODE"])
    rules = _read(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE contype IN ('f', 'u') AND conrelid::regclass::text = ANY(%s) ORDER BY contype DESC, oid",
        [tables],
    )
    indexes = _read(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
        "WHERE indrelid::regclass::text = ANY(%s) AND NOT EXISTS (SELECT 1 FROM pg_constraint "
        "WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x')) ORDER BY indexrelid",
        [tables],
    )
    away = [f"ALTER TABLE {table} DROP CONSTRAINT {quote(name)}" for table, name, _rule in rules]
    away += [f"DROP INDEX {name}" for name, _definition in indexes]
    for sheet in sheets:
        # An emptied table takes rows that need no second look; what refers to it would forbid that.
        sheet.frozen = not _read(f"SELECT 1 FROM {quote(sheet.table)} LIMIT 1") and not _referred_to(
            sheet, tables
        )
        if sheet.frozen:
            away.append(f"TRUNCATE {quote(sheet.table)}")
    back = [f"SET LOCAL maintenance_work_mem = '{WORK_MEMORY}'"]
    back += [definition for _name, definition in indexes]
    back += [f"ALTER TABLE {table} ADD CONSTRAINT {quote(name)} {rule}" for table, name, rule in rules]
    return away, [*back, "SET CONSTRAINTS ALL DEFERRED"]


def _referred_to(sheet: Sheet, tables: list[str]) -> bool:
    """Whether a table that stays as it is has a foreign key to this one."""
    rows = _read(
        "SELECT 1 FROM pg_constraint WHERE contype = 'f' AND confrelid = %s::regclass "
        "AND NOT conrelid::regclass::text = ANY(%s) LIMIT 1",
        [sheet.table, tables],
    )
    return bool(rows)


_CREATE = re.compile(r"CREATE (UNIQUE )?INDEX")


def _sqlite(sheets: Sequence[Sheet]) -> Plan:
    """The same for the indexes of SQLite; its foreign keys are checked as the rows come."""
    marks = ", ".join(["%s"] * len(sheets))
    indexes = _read(
        f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({marks})",
        [sheet.table for sheet in sheets],
    )
    own = [(name, sql) for name, sql in indexes if _CREATE.match(sql)]
    quote = connection.ops.quote_name
    return [f"DROP INDEX {quote(name)}" for name, _sql in own], [sql for _name, sql in own]


_PLANS = {"postgresql": _postgresql, "sqlite": _sqlite}
