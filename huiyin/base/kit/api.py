"""What every operation of the programming interface shares: errors, keys, pages.

An app offers its operations in `api.py` as a `router`; `faces/api` collects them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Schema
from pydantic import Field

from .once import once
from .scope import current
from .tables import Order, Page, page_of

T = TypeVar("T")


class Problem(Schema):
    """Why a request was not carried out: a stable code, words in the client's language, the field."""

    code: str
    message: str
    field: str | None = None
    details: list[dict[str, Any]] = Field(default_factory=list)


PROBLEMS: dict[int, Any] = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem, 413: Problem, 422: Problem}
"""Every operation declares these beside its own answer."""


def answers(status: int, schema: Any) -> dict[int, Any]:
    """The `response=` of an operation: its answer and all problems."""
    return {status: schema, **PROBLEMS}


def must_hold(permission: str) -> None:
    """Refused (403) for those who hold the permission nowhere, before anything is looked up."""
    if not current().holds(permission):
        raise PermissionDenied(permission)


def key_of(request: HttpRequest) -> str:
    """The idempotency key of a request, empty when none was sent."""
    return request.headers.get("Idempotency-Key", "").strip()[:120]


def carried_out_once(request: HttpRequest, asked: Any, act: Callable[[], Any]) -> Any:
    """Do `act` (returning JSON data) once per idempotency key; without a key, simply do it."""
    key = key_of(request)
    if not key:
        return act()
    user = current().actor.user_id
    answer, _repeat = once(f"user:{user}", key, [request.method, request.path, asked], act)
    return answer


def keyset(queryset: QuerySet[Any], order: Order, *, after: str, limit: int) -> Page:
    """One page of at most `limit` rows (1 to 200) behind the cursor."""
    return page_of(queryset, order, after=after, size=max(1, min(limit, 200)))
