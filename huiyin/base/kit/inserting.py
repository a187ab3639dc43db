"""Inserting new rows quickly: a table's INSERT is written once, and many rows go in one round trip.

For the paths where every millisecond counts. Reach is checked as in `save`; values are prepared by
the fields themselves; signals are not sent, which nobody here listens to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.models import (
    BigIntegerField,
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    Field,
    ForeignKey,
    IntegerField,
    Model,
    PositiveIntegerField,
    PositiveSmallIntegerField,
    SmallIntegerField,
    TextField,
    TimeField,
)

from .statements import run

PLAIN: dict[type, type] = {
    CharField: str,
    TextField: str,
    BooleanField: bool,
    IntegerField: int,
    BigIntegerField: int,
    SmallIntegerField: int,
    PositiveIntegerField: int,
    PositiveSmallIntegerField: int,
}
"""Fields that hand a value of exactly this type to the database as it is."""

Prepare = Callable[[Any], Any]

_held: ContextVar[list[Model] | None] = ContextVar("huiyin_held_rows", default=None)
_heard: ContextVar[list[Model] | None] = ContextVar("huiyin_heard_rows", default=None)


def insert(*rows: Model) -> None:
    """Insert new rows and give them their ids; inside `gathered`, at the end of the block.

    Refused (OutOfReach) when one lies outside the current scope.
    """
    for row in rows:
        check = getattr(row, "check_reach", None)
        if check is not None:
            check()
    heard = _heard.get()
    if heard is not None:
        heard.extend(rows)
    held = _held.get()
    if held is not None:
        held.extend(rows)
    else:
        _write(rows)


def next_id(model: type[Model]) -> int:
    """The id the next row of a table may be given, for rows that name it before it is written.

    Nobody else gets it: PostgreSQL counts on, and on SQLite the transaction has the database to itself.
    """
    here, pk = connections[DEFAULT_DB_ALIAS], model._meta.pk
    assert here.in_atomic_block and pk is not None
    if here.vendor == "postgresql":
        return int(
            run("SELECT nextval(pg_get_serial_sequence(%s, %s))", [f'"{model._meta.db_table}"', pk.column])[
                0
            ][0]
        )
    rows = run("SELECT seq FROM sqlite_sequence WHERE name = %s", [model._meta.db_table])
    return int(rows[0][0]) + 1 if rows else 1


@contextmanager
def gathered() -> Iterator[None]:
    """Hold the rows inserted in the block back and write them together at its end, in the same transaction.

    Until then they have no ids and nobody can read them. Nothing is written when the block raises.
    """
    if _held.get() is not None:
        yield
        return
    token = _held.set([])
    try:
        yield
        write_held()
    finally:
        _held.reset(token)


def write_held() -> None:
    """Write at once what is held back, for those who need an id now."""
    held = _held.get()
    if held:
        rows = tuple(held)
        held.clear()
        _write(rows)


@contextmanager
def heard() -> Iterator[list[Model]]:
    """Hear of every row inserted in the block, in order; spares reading back what was just written."""
    rows: list[Model] = []
    token = _heard.set(rows)
    try:
        yield rows
    finally:
        _heard.reset(token)


@dataclass(frozen=True, slots=True)
class _Shape:
    """How the rows of a table are written: its columns, the marks of one row, how each value is read off."""

    head: str
    marks: str
    key: str
    readers: tuple[tuple[str, type | None, Prepare], ...]

    def values(self, row: Model) -> list[Any]:
        found = []
        for name, plain, prepare in self.readers:
            value = getattr(row, name)
            found.append(value if value is None or type(value) is plain else prepare(value))
        return found


@lru_cache(maxsize=256)
def _shape(model: type[Model], keyed: bool, vendor: str) -> _Shape:
    """The shape of a table, with or without a given id."""
    fields = [one for one in model._meta.concrete_fields if keyed or one is not model._meta.pk]
    if model._meta.parents or any(_sets_itself(one) for one in fields):
        raise TypeError(f"{model.__name__} is more than plain columns; save it")
    quote = connection.ops.quote_name
    marks = [
        one.get_placeholder(None, None, connection) if hasattr(one, "get_placeholder") else "%s"
        for one in fields
    ]
    columns = ", ".join(quote(str(one.column)) for one in fields)
    assert model._meta.pk is not None
    return _Shape(
        f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ",
        f"({', '.join(marks)})",
        quote(str(model._meta.pk.column)),
        tuple((one.attname, *_reader(one, vendor)) for one in fields),
    )


def _sets_itself(field: Any) -> bool:
    """Whether a field makes up its value while it is saved, like a file or a date of the last change."""
    if isinstance(field, DateField | TimeField):
        return field.auto_now or field.auto_now_add
    return type(field).pre_save is not Field.pre_save


def _reader(field: Any, vendor: str) -> tuple[type | None, Prepare]:
    """The type that needs no preparing, and how everything else is prepared."""

    def prepare(value: Any) -> Any:
        if hasattr(value, "resolve_expression"):
            raise TypeError(f"{field}: only plain values can be inserted here")
        return field.get_db_prep_save(value, connection)

    if type(field) is DateTimeField and vendor == "postgresql":
        return None, lambda value: value if type(value) is datetime and value.tzinfo else prepare(value)
    target = field.target_field if isinstance(field, ForeignKey) else field
    plain = int if getattr(target, "db_returning", False) else PLAIN.get(type(target))
    return plain, prepare


@lru_cache(maxsize=512)
def _statement(parts: tuple[tuple[type[Model], bool, int], ...]) -> str:
    """One statement that inserts so many rows of each table and returns their ids by table."""
    inserts = []
    for model, keyed, count in parts:
        shape = _shape(model, keyed, "postgresql")
        inserts.append(f"{shape.head}{', '.join([shape.marks] * count)} RETURNING {shape.key} AS id")
    if len(inserts) == 1:
        return inserts[0]
    named = ", ".join(f"w{number} AS ({insert})" for number, insert in enumerate(inserts))
    ids = ", ".join(f"ARRAY(SELECT id FROM w{number})" for number in range(len(inserts)))
    return f"WITH {named} SELECT {ids}"


def _write(rows: Sequence[Model]) -> None:
    if not rows:
        return
    grouped: dict[tuple[type[Model], bool], list[Model]] = {}
    for row in rows:
        grouped.setdefault((type(row), row.pk is not None), []).append(row)
    here = connections[DEFAULT_DB_ALIAS]
    write = _write_together if here.vendor == "postgresql" else _write_singly
    if here.in_atomic_block:
        try:
            write(grouped)
        except Exception:
            here.needs_rollback = True
            raise
    else:
        with transaction.atomic(savepoint=False):
            write(grouped)
    for row in rows:
        row._state.adding = False
        row._state.db = DEFAULT_DB_ALIAS


def _write_together(grouped: dict[tuple[type[Model], bool], list[Model]]) -> None:
    parts = tuple((model, keyed, len(group)) for (model, keyed), group in grouped.items())
    params: list[Any] = []
    for (model, keyed), group in grouped.items():
        shape = _shape(model, keyed, "postgresql")
        for row in group:
            params += shape.values(row)
    answer = run(_statement(parts), params)
    returned = answer[0] if len(parts) > 1 else [[one[0] for one in answer]]
    for group, ids in zip(grouped.values(), returned, strict=True):
        for row, pk in zip(group, ids, strict=True):
            row.pk = pk


def _write_singly(grouped: dict[tuple[type[Model], bool], list[Model]]) -> None:
    for (model, keyed), group in grouped.items():
        shape = _shape(model, keyed, connection.vendor)
        statement = f"{shape.head}{shape.marks} RETURNING {shape.key}"
        for row in group:
            row.pk = run(statement, shape.values(row))[0][0]
