"""Reading a few rows quickly: the SELECT is written once.

For what every request of the programming interface looks up by a unique key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

from .models import ScopedModel
from .scope import current, without_scope
from .statements import run

M = TypeVar("M", bound=Model)
Converter = tuple[int, Callable[[Any], Any]]
MARK = "\x1aasked\x1a"


class Lookup:
    """A question about tables without sites (keys, people), asked by one text.

    `build` makes the queryset of tuples (`values_list`) for a text; it is called once. Refused
    (NoScope) at the first use when a table of the query has sites: their condition must not be kept.
    """

    def __init__(self, build: Callable[[str], QuerySet[Any, Any]]) -> None:
        self.build = build
        self._written: dict[str, tuple[str, list[Any], list[Converter]]] = {}

    def __call__(self, text: str) -> list[Any]:
        """The rows for this text."""
        statement, params, converters = self._written.get(connection.vendor) or self._write()
        rows = run(statement, [text if one is MARK else one for one in params])
        return [_converted(row, converters) for row in rows]

    def _write(self) -> tuple[str, list[Any], list[Converter]]:
        with without_scope():
            compiler = self.build(MARK).query.get_compiler("default")
            statement, given = compiler.as_sql()
        params = [MARK if one == MARK else one for one in given]
        found = compiler.get_converters([one for one, _sql, _alias in compiler.select])
        converters = [(place, _chain(steps, expression)) for place, (steps, expression) in found.items()]
        written = (statement, params, converters)
        self._written[connection.vendor] = written
        return written


def _chain(steps: list[Any], expression: Any) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        for step in steps:
            value = step(value, expression, connection)
        return value

    return convert


def _converted(row: Sequence[Any], converters: list[Converter]) -> Sequence[Any]:
    if not converters:
        return row
    values = list(row)
    for place, convert in converters:
        values[place] = convert(values[place])
    return values


def fetch(model: type[M], **equals: Any) -> list[M]:
    """The rows in reach whose columns equal the values (none of them None), in no order; meant for a few.

    Reach is the same as in querysets; it is checked on the rows instead of in the SQL.
    """
    if issubclass(model, ScopedModel):
        current()
    statement, names, converters = _select(model, tuple(equals), connection.vendor)
    rows = run(statement, list(equals.values()))
    found = [model.from_db("default", names, _converted(row, converters)) for row in rows]
    return [row for row in found if _in_reach(row)]


def _in_reach(row: Model) -> bool:
    if not isinstance(row, ScopedModel):
        return True
    scope = current()
    if scope.everywhere or (row.shared and row.site_id is None):
        return True
    return row.site_id in scope.sites


@lru_cache(maxsize=128)
def _select(
    model: type[Model], names: tuple[str, ...], vendor: str
) -> tuple[str, list[str], list[Converter]]:
    """The statement, the names of what it returns, and how columns are converted on their way in."""
    assert vendor == connection.vendor
    fields = model._meta.concrete_fields
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    columns = ", ".join(f"{table}.{quote(str(one.column))}" for one in fields)
    by_name = {name: str(one.column) for one in fields for name in (one.name, one.attname)}
    where = " AND ".join(f"{quote(by_name[name])} = %s" for name in names)
    converters: list[Converter] = []
    for place, field in enumerate(fields):
        expression = field.get_col(model._meta.db_table)
        steps = [*connection.ops.get_db_converters(expression), *expression.get_db_converters(connection)]
        if steps:
            converters.append((place, _chain(steps, expression)))
    return f"SELECT {columns} FROM {table} WHERE {where}", [str(one.attname) for one in fields], converters
