"""Finding."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import BooleanField, Expression, F, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from huiyin.base.kit.scope import current

from .models import Entry
from .text import NOTHING, fts5_match, kind_token, site_token, tsquery

FEW_SITES = 3
"""Who reaches no more sites than these has them named to the index, which then reads nothing of the others."""
STEPS = (2000, 8000)
"""How many rows of a list are looked through, the first ones on, before the index is asked instead."""
NEAREST = 600
"""How many of the newest entries of a table are looked through before the index is asked."""
WORTH_IT = 16
"""So many hits in the first step make the second one worth it."""


class Finds(Expression):
    """True for entries whose tokens match what somebody typed; with `kind` only those of a table.

    Table and sites are asked of the index itself as well. Otherwise it would hand over every entry
    with a frequent word, and each would have to be read to see that it is of another table or site.
    """

    conditional = True

    def __init__(self, typed: str, column: Any = None, *, kind: str = "") -> None:
        super().__init__(output_field=BooleanField())
        self.typed = typed
        self.kind = kind
        self.column = column or F("tokens")

    def get_source_expressions(self) -> list[Any]:
        return [self.column]

    def set_source_expressions(self, exprs: Any) -> None:
        (self.column,) = exprs

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # noqa: ARG002
        column, params = compiler.compile(self.column)
        return f"{column} @@ to_tsquery('simple', %s)", [
            *params,
            self._asked(tsquery(self.typed), " & ", " | "),
        ]

    def as_sql(self, compiler: Any, connection: Any) -> Any:  # noqa: ARG002
        column, _ = compiler.compile(self.column)
        row = column.rsplit(".", 1)[0] + '."id"'
        asked = self._asked(fts5_match(self.typed), " AND ", " OR ")
        return f"{row} IN (SELECT rowid FROM search_fts WHERE search_fts MATCH %s)", [asked]

    def _asked(self, words: str, conjunction: str, alternative: str) -> str:
        asked = [f"({words})" if words else NOTHING]
        if self.kind:
            asked.append(kind_token(self.kind))
        if sites := _sites_named():
            asked.append(f"({alternative.join(map(site_token, sites))})")
        return conjunction.join(asked) if words else words


class Among(Expression):
    """True where a column is one of the ids that a queryset finds, which is carried out first, for itself."""

    conditional = True

    def __init__(self, column: str, ids: QuerySet[Any, Any]) -> None:
        super().__init__(output_field=BooleanField())
        self.column: Any = F(column)
        self.ids: Any = Subquery(ids)

    def get_source_expressions(self) -> list[Any]:
        return [self.column, self.ids]

    def set_source_expressions(self, exprs: Any) -> None:
        self.column, self.ids = exprs

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, params = compiler.compile(self.column)
        ids, more = compiler.compile(self.ids)
        # A subquery the planner may take apart would let it walk a million rows in the order of the list.
        found = f"= ANY(ARRAY{ids})" if connection.vendor == "postgresql" else f"IN {ids}"
        return f"{column} {found}", [*params, *more]


def asks_nothing(typed: str) -> bool:
    """Whether a text holds nothing that could be looked for."""
    return fts5_match(typed) == NOTHING


def find(
    typed: str, *, kinds: list[str] | None = None, limit: int = 20, permission: str | None = None
) -> list[Entry]:
    """The newest entries in reach that match, newest first; nothing when nothing was asked.

    With `permission` only those of sites where it is held.
    """
    if asks_nothing(typed):
        return []
    entries = Entry.objects.all() if permission is None else Entry.objects.allowed(permission)
    if kinds is None:
        entries = entries.filter(Finds(typed))
    elif len(kinds) == 1:
        near = _nearest(entries.filter(kind=kinds[0]), typed, limit)
        if near is not None:
            return near
        entries = entries.filter(Finds(typed, kind=kinds[0]), kind=kinds[0])
    else:
        entries = entries.filter(Finds(typed), kind__in=kinds)
    # Not the bare column: its index would be walked from the newest entry on until enough are found.
    newest = entries.annotate(moment=Coalesce("at", "at")).order_by("-moment", "-id")
    return list(newest.defer("tokens")[:limit])


def _nearest(entries: QuerySet[Entry], typed: str, limit: int) -> list[Entry] | None:
    """The newest hits, when they lie among the newest entries of a table anyway; else None.

    A word that one case in twenty has would otherwise make the index hand over a twentieth of all cases.
    """
    if connection.vendor != "postgresql" or _sites_named():
        return None
    ordered = entries.order_by("-at", "-id")
    near = ordered.filter(Among("id", ordered.values("pk")[:NEAREST]), Finds(typed))
    hits = list(near.defer("tokens")[:limit])
    return hits if len(hits) >= limit else None


def _sites_named() -> list[int]:
    """The sites in reach, when they are so few that the index is asked for them; else none."""
    scope = current()
    return sorted(scope.sites) if not scope.everywhere and len(scope.sites) <= FEW_SITES else []


def narrow(
    queryset: QuerySet[Any], typed: str, *, first: int = 0, of: type[Model] | None = None, key: str = "pk"
) -> QuerySet[Any]:
    """Only the rows of a list that match what somebody typed.

    `first` says that only so many rows are wanted, in the order of the queryset, which an index must
    give: a frequent word is then found by looking through the list from there on. With `of` the rows
    are found by another table's entries, that of their column `key`.
    """
    if asks_nothing(typed):
        return queryset.none()
    kind = (of or queryset.model)._meta.label_lower
    entries = Entry.objects.filter(Finds(typed, kind=kind), kind=kind)
    if first and connection.vendor == "postgresql":
        ids = _head(queryset, _matches(typed, kind, key), first)
        if ids is not None:
            return queryset.filter(pk__in=ids)
    return queryset.filter(Among(key, entries.values("subject_id")))


def _matches(typed: str, kind: str, key: str) -> Subquery:
    """Whether the entry of a row matches; asked row by row."""
    entry = Entry.objects.filter(kind=kind, subject_id=OuterRef(key))
    return Subquery(entry.annotate(hit=Finds(typed)).values("hit")[:1], output_field=BooleanField())


def _head(queryset: QuerySet[Any], matches: Subquery, first: int) -> list[int] | None:
    """The ids of the first rows that match; None when they do not lie near the beginning of the list.

    What is frequent as a whole may be rare among the newest; so it is tried, on rows enough to tell.
    """
    ordered = queryset if queryset.query.order_by else queryset.order_by(*queryset.model._meta.ordering)
    lead = str(ordered.query.order_by[0])
    column = lead.lstrip("-")
    side = "gte" if lead.startswith("-") else "lte"
    for step in STEPS:
        last = ordered.values_list(column, flat=True)[step : step + 1].first()
        near = ordered if last is None else ordered.filter(**{f"{column}__{side}": last})
        ids = list(near.filter(matches).values_list("pk", flat=True)[:first])
        if len(ids) >= first or last is None:
            return ids
        if len(ids) < WORTH_IT:
            return None
    return None
