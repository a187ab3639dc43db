"""What every operation of the programming interface shares: what it reads, what it answers, keys, pages.

An app offers its operations in `api.py` as a `router`; `faces/api` collects them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from django.core.exceptions import PermissionDenied
from django.db.models import CharField, DateTimeField, IntegerField, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError, to_json

from .moment import local_zone
from .once import once
from .scope import current
from .service import Refused
from .tables import Order, Page, page_of, unpack_cursor

PAGE = 50
"""Rows on a page when the client does not say."""
MOST = 200
"""Rows on a page at most."""
KEY = re.compile(r"[\x21-\x7e]{1,120}")
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Between these lies every moment a client may name."""
NEVER_BEFORE, NEVER_AFTER = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=UTC)
"""What every database can compare with, whatever the zone."""


class Problem(BaseModel):
    """Why a request was not carried out: a stable code, words in the client's language, the field."""

    code: str = Field(description="For machines; does not change")
    message: str = Field(description="For people, in the language of Accept-Language")
    field: str | None = Field(None, description="The value of the request it is about")
    details: list[dict[str, Any]] = Field(default_factory=list, description="Every value that is wrong")


PROBLEMS: dict[int, Any] = dict.fromkeys((400, 401, 403, 404, 409, 413, 415, 422), Problem)
"""Every operation declares these beside its own answer."""


def answers(status: int, schema: Any) -> dict[int, Any]:
    """The `response=` of an operation: its answer and all problems."""
    return {status: schema, **PROBLEMS}


def reply(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Data as JSON; moments as they are in UTC. Tests hold the answers against the declared schemas."""
    return HttpResponse(to_json(data), status=status, content_type="application/json", headers=headers)


def problem(
    status: int,
    code: str,
    message: Any,
    *,
    field: str | None = None,
    details: list[dict[str, Any]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """An error as every operation answers it."""
    body = {"code": code, "message": str(message), "field": field, "details": details or []}
    return reply(body, status, headers)


_WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}")


def _a_text(value: Any) -> Any:
    if not isinstance(value, str) or not _WRITTEN.match(value):
        raise PydanticCustomError("datetime_parsing", "no moment")
    return value


def _in_utc(value: datetime) -> datetime:
    aware = value if value.tzinfo is not None else value.replace(tzinfo=local_zone())
    try:
        moment = aware.astimezone(UTC)
    except OverflowError:
        moment = LATEST
    if not EARLIEST <= moment < LATEST:
        raise PydanticCustomError("datetime_range", "a moment out of range")
    return moment


Moment = Annotated[datetime, BeforeValidator(_a_text), AfterValidator(_in_utc)]
"""An ISO 8601 date and time between 1900 and 2200; without a zone it is the organisation's local time."""


class Paging(BaseModel):
    """Which page of a list."""

    after: str = Field("", max_length=600, description="`next` of the page before")
    limit: int = Field(PAGE, ge=1, le=MOST)


def must_hold(permission: str) -> None:
    """Refused (403) for those who hold the permission nowhere, before anything is looked up."""
    if not current().holds(permission):
        raise PermissionDenied(permission)


def reached(row: Any, permission: str) -> Any:
    """The row, if there is one in reach. Refused: 404 when there is none, 403 without the right there."""
    if row is None:
        raise Http404
    current().require(permission, row.site_id)
    return row


def unknown(field: str, value: str) -> Refused:
    """Something was named that does not exist, or is out of reach."""
    return Refused("unknown", _("Unknown value: %(value)s"), params={"value": value[:40]}, field=field)


def key_of(request: HttpRequest) -> str:
    """The idempotency key of a request, empty when none was sent. Refused when it is no such key."""
    key: str = request.META.get("HTTP_IDEMPOTENCY_KEY", "").strip()
    if key and not KEY.fullmatch(key):
        raise Refused("bad-key", _("An idempotency key is at most 120 letters, digits and signs."))
    return key


def carried_out(
    request: HttpRequest, asked: BaseModel, act: Callable[[], Any], status: int = 200
) -> HttpResponse:
    """Do `act` and answer with its data; under an idempotency key once, repeats get the same answer.

    `asked` is what the client sent. Whether the client may see the answer must be settled before.
    Refused when the key was used for another request of the same person.
    """
    key = key_of(request)
    if not key:
        return reply(act(), status)
    owner = f"user:{current().actor.user_id}"
    what = [request.method, request.path, asked.model_dump(mode="json")]
    text, repeated = once(owner, key, what, lambda: to_json(act()).decode())
    headers = {"Idempotency-Replayed": "true"} if repeated else None
    return HttpResponse(text, status=status, content_type="application/json", headers=headers)


def keyset(queryset: QuerySet[Any], order: Order, *, after: str, limit: int) -> Page:
    """One page of rows behind the cursor. Refused when the cursor is none of this list."""
    if after:
        values = unpack_cursor(after)
        if values is None or not _fits(values[0], queryset.model, order.field):
            message = _("This is not a place in this list; begin without `after`.")
            raise Refused("bad-cursor", message, field="after")
    return page_of(queryset, order, after=after, size=limit)


def _fits(value: Any, model: type[Model], path: str) -> bool:
    """Whether a value out of a cursor can stand in the column that a list is ordered by."""
    field: Any = None
    for name in path.split("__"):
        field = (model if field is None else field.related_model)._meta.get_field(name)
    if isinstance(field, DateTimeField):
        return isinstance(value, datetime) and NEVER_BEFORE < value < NEVER_AFTER
    if isinstance(field, CharField):
        return isinstance(value, str) and not any(
            sign == "\x00" or "\ud800" <= sign <= "\udfff" for sign in value
        )
    return isinstance(field, IntegerField) and isinstance(value, int) and abs(value) < 2**63
