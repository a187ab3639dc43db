"""Finding."""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField, Expression, F, Model, QuerySet

from .models import Entry
from .text import NOTHING, fts5_match, tsquery


class Finds(Expression):
    """True for entries whose tokens match what somebody typed."""

    conditional = True

    def __init__(self, typed: str, column: Any = None) -> None:
        super().__init__(output_field=BooleanField())
        self.typed = typed
        self.column = column or F("tokens")

    def get_source_expressions(self) -> list[Any]:
        return [self.column]

    def set_source_expressions(self, exprs: Any) -> None:
        (self.column,) = exprs

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # noqa: ARG002
        column, params = compiler.compile(self.column)
        return f"{column} @@ to_tsquery('simple', %s)", [*params, tsquery(self.typed)]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:  # noqa: ARG002
        column, _ = compiler.compile(self.column)
        row = column.rsplit(".", 1)[0] + '."id"'
        return f"{row} IN (SELECT rowid FROM search_fts WHERE search_fts MATCH %s)", [fts5_match(self.typed)]


def asks_nothing(typed: str) -> bool:
    """Whether a text holds nothing that could be looked for."""
    return fts5_match(typed) == NOTHING


def find(typed: str, *, kinds: list[str] | None = None, limit: int = 20) -> list[Entry]:
    """The newest entries in reach that match, newest first; nothing when nothing was asked."""
    if asks_nothing(typed):
        return []
    entries = Entry.objects.filter(Finds(typed))
    if kinds is not None:
        entries = entries.filter(kind__in=kinds)
    return list(entries.order_by("-at", "-id")[:limit])


def narrow(queryset: QuerySet[Any], typed: str) -> QuerySet[Any]:
    """Only the rows of a list that match what somebody typed."""
    model: type[Model] = queryset.model
    if asks_nothing(typed):
        return queryset.none()
    found = Entry.objects.filter(Finds(typed), kind=model._meta.label_lower)
    return queryset.filter(pk__in=found.values("subject_id"))
