"""Rows named by their ids, thousands at a time."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from django.db.models import BooleanField, Expression, F


class OneOf(Expression):
    """True where a column is one of many ids: they travel as one value, where `__in` would write a mark for each.

    With thousands of ids, writing and reading those marks takes longer than the statement itself.
    """

    conditional = True

    def __init__(self, column: str, ids: Collection[int]) -> None:
        super().__init__(output_field=BooleanField())
        self.column: Any = F(column)
        self.ids = list(ids)

    def get_source_expressions(self) -> list[Any]:
        return [self.column]

    def set_source_expressions(self, exprs: Any) -> None:
        (self.column,) = exprs

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:  # noqa: ARG002
        column, params = compiler.compile(self.column)
        return f"{column} = ANY(%s)", [*params, self.ids]

    def as_sql(self, compiler: Any, connection: Any) -> Any:  # noqa: ARG002
        column, params = compiler.compile(self.column)
        return f"{column} IN (SELECT value FROM json_each(%s))", [*params, json.dumps(self.ids)]
