"""Reach: who is acting, and in which sites. No scope, no rows.

A `Scope` is opened only by the web middleware, API authentication, the worker, commands and the
test fixtures. `InScope` adds the condition when the SQL is *compiled*, so counts, exists, updates,
deletes, subqueries, prefetches and class-level form querysets are covered alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import EmptyResultSet, PermissionDenied
from django.db.models import BooleanField, Expression, F

SIGNED_IN = "*"
"""The permission of pages that every signed-in person may open (own desk, own profile)."""


class NoScope(RuntimeError):
    """A scoped table was read or written outside any scope."""


class OutOfReach(PermissionDenied):
    """A row was to be written into a site that the scope does not reach."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a user, or the system on somebody's or its own behalf.

    `via` names the way in: desk, api, import, worker, command.
    """

    user_id: int | None
    label: str
    via: str = "desk"

    def __str__(self) -> str:
        return self.label


@dataclass(frozen=True, slots=True)
class Scope:
    """An actor with what they may do where.

    `grants` maps a permission to the ids of the sites where it is held; `company` lists the
    permissions held over the whole organisation (they also cover company-wide records);
    `everywhere` is for system work only and carries its reason.
    """

    actor: Actor
    grants: Mapping[str, frozenset[int]] = field(default_factory=dict)
    sites: frozenset[int] = frozenset()
    company: frozenset[str] = frozenset()
    everywhere: bool = False
    reason: str = ""
    stamp: int = -1
    """The state of the organisation it was computed from; lets others cache by it. -1: unknown."""

    def ids(self, permission: str | None = None) -> frozenset[int]:
        """The sites reached, or those where `permission` is held."""
        if permission is None or permission == SIGNED_IN:
            return self.sites
        return self.grants.get(permission, frozenset())

    def holds(self, permission: str, site_id: int | None = None) -> bool:
        """Whether `permission` is held at the site; without a site: anywhere at all."""
        if self.everywhere or permission == SIGNED_IN:
            return True
        if site_id is None:
            return permission in self.company or bool(self.grants.get(permission))
        return site_id in self.ids(permission)

    def require(self, permission: str, site_id: int | None) -> None:
        """Refused (PermissionDenied) when `permission` is not held at the site.

        A missing site means a company-wide record: the permission must be held company-wide.
        """
        if self.everywhere:
            return
        held = permission in self.company if site_id is None else site_id in self.ids(permission)
        if not held:
            raise PermissionDenied(permission)


_current: ContextVar[Scope | None] = ContextVar("huiyin_scope", default=None)


def current() -> Scope:
    """The scope in force. Refused (NoScope) when none was opened."""
    scope = _current.get()
    if scope is None:
        raise NoScope("No scope is open: rows of a site may not be touched here.")
    return scope


def current_or_none() -> Scope | None:
    """The scope in force, or None (for pages open to everyone)."""
    return _current.get()


@contextmanager
def use(scope: Scope) -> Iterator[Scope]:
    """Open `scope` for the block."""
    token = _current.set(scope)
    try:
        yield scope
    finally:
        _current.reset(token)


@contextmanager
def without_scope() -> Iterator[None]:
    """Close any scope for the block: what touches rows of a site there raises."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


def system_scope(reason: str, *, via: str = "worker") -> Scope:
    """A scope over everything for system work; the reason is kept as the actor's label."""
    return Scope(actor=Actor(None, reason, via), everywhere=True, reason=reason)


class InScope(Expression):
    """True for rows of a site that the current scope reaches; decided when the SQL is written.

    With `shared`, rows without a site (valid for the whole organisation) are reached by everybody.
    """

    conditional = True

    def __init__(self, permission: str | None = None, column: Any = None, *, shared: bool = False) -> None:
        super().__init__(output_field=BooleanField())
        self.permission = permission
        self.shared = shared
        self.column = column or F("site_id")

    def get_source_expressions(self) -> list[Any]:
        return [self.column]

    def set_source_expressions(self, exprs: Any) -> None:
        (self.column,) = exprs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:  # noqa: ARG002
        scope = current()
        if scope.everywhere:
            return "1=1", []
        ids = sorted(scope.ids(self.permission))
        if not ids and not self.shared:
            raise EmptyResultSet
        sql, params = compiler.compile(self.column)
        reached = f"{sql} IN ({', '.join(['%s'] * len(ids))})" if ids else "1=0"
        if self.shared:
            return f"({sql} IS NULL OR {reached})", [*params, *(params if ids else []), *ids]
        return reached, [*params, *ids]
