"""The interface itself: one router per app, one way to read a request and to say what was wrong with it."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.datastructures import MultiValueDict
from django.utils.module_loading import import_string, module_has_submodule
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.operation import Operation
from ninja.parser import Parser
from pydantic_core import from_json

from huiyin.base.kit.api import problem
from huiyin.base.kit.scope import Scope, current_or_none
from huiyin.base.kit.service import Refused

STATUS = {
    **dict.fromkeys(
        (
            "not-now", "changed-meanwhile", "key-reused", "busy", "already-registered", "merged", "ended",
            "incident-ended", "target-ended", "too-many-files", "already-pending", "not-yours", "own-request",
            "clock-ended", "on-duty-already", "turn-over",
        ),
        409,
    ),
    **dict.fromkeys(("file-too-large", "image-too-large"), 413),
    **dict.fromkeys(("file-kind", "file-mismatch"), 415),
    "bad-key": 400,
    "gone": 404,
}  # fmt: skip
"""What refusals mean in terms of HTTP; all others are 422: understood, but not possible so."""


class WrongType(Exception):
    """A body was sent as something else than the operation reads."""


class Reader(Parser):
    """Reads what clients send, strictly: JSON in UTF-8, and no NUL in any text."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The JSON of a body. Raises WrongType, or ValueError where it is none."""
        kind = request.content_type or ""
        if kind and kind != "application/json":
            raise WrongType(kind)
        body = request.body
        data = from_json(body.removeprefix(b"\xef\xbb\xbf"), allow_inf_nan=False)
        return without_nul(data) if b"\\u0000" in body else data

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        """Parameters of an address, or files; of one that is given twice the last counts."""
        if data is not request.GET and request.content_type != "multipart/form-data" and _has_body(request):
            raise WrongType(request.content_type)
        plain: dict[str, Any] = super().parse_querydict(data, list_fields, request)
        return {name: without_nul(value) for name, value in plain.items()}


def _has_body(request: HttpRequest) -> bool:
    return request.META.get("CONTENT_LENGTH") not in (None, "", "0")


def without_nul(value: Any) -> Any:
    """The value with NUL, which no database keeps, taken out of every text."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, dict):
        return {without_nul(key): without_nul(one) for key, one in value.items()}
    return [without_nul(one) for one in value] if isinstance(value, list) else value


class BearerToken:
    """A key made by `manage token` or on the profile page, sent as `Authorization: Bearer …`."""

    openapi_security_schema = {"type": "http", "scheme": "bearer"}

    def __call__(self, _request: HttpRequest) -> Scope | None:
        """The scope that the token opened (see `org.middleware`), or nothing."""
        return current_or_none()


class Api(NinjaAPI):
    """All operations under one roof, with short names for generated clients."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The name of an operation, e.g. `cases_create`."""
        tag = operation.tags[0] if operation.tags else "api"
        return f"{tag}_{operation.view_func.__name__}"


ABOUT = """
Cases, places and customers of a service centre.

Every operation but this description needs a key (`Authorization: Bearer …`) and acts as its person: what
they may not see does not exist (404). Errors are `code`, `message`, `field` and `details`; the message is in
the language of `Accept-Language` (zh-Hans, zh-Hant or en), Simplified Chinese when none is asked for. Every
POST may carry an `Idempotency-Key`: the same key with the same body gets the same answer and nothing is done
twice. Moments are ISO 8601; without a zone they are read as local time of the organisation, and always
answered in UTC. Lists come in pages: send `next` of one page as `after` to get the following one. Values not
named here are ignored.
"""

api = Api(
    title="Huiyin",
    version="1",
    description=ABOUT.strip(),
    auth=BearerToken(),
    urls_namespace="api",
    docs_url=None,
    parser=Reader(),
)


@api.exception_handler(Refused)
def refused(request: HttpRequest, refusal: Any) -> HttpResponse:
    return problem(STATUS.get(refusal.code, 422), refusal.code, refusal.message, field=refusal.field)


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: Any) -> HttpResponse:
    details = [{"field": place_of(one["loc"]), "message": words_for(one)} for one in error.errors]
    field = details[0]["field"] if details else ""
    return problem(422, "invalid", _("The request is not well formed."), field=field or None, details=details)


def place_of(location: tuple[Any, ...]) -> str:
    """Where in the request something is wrong, without the names of our own functions."""
    return ".".join(str(part) for part in location[1:] if part not in ("data", "filters"))


def words_for(error: dict[str, Any]) -> str:
    """One validation error in the client's language."""
    kind = error["type"]
    context = error.get("ctx") or {}
    if kind in ("missing", "string_too_short"):
        return _("Please fill this in.")
    if kind == "string_too_long":
        return _("At most %(limit)s characters.") % {"limit": context.get("max_length")}
    if kind in ("enum", "literal_error"):
        return _("Choose one of: %(choices)s") % {"choices": context.get("expected")}
    if kind in ("greater_than_equal", "less_than_equal"):
        return _("This number is out of range.")
    if kind.startswith(("datetime", "date", "timezone")):
        return _("This is not a valid moment; write 2026-11-21T09:30:00+08:00.")
    if kind.startswith(("int", "string", "bool", "list", "model", "dict", "float", "decimal")):
        return _("This value has the wrong type.")
    return _("This value is not valid.")


@api.exception_handler(Http404)
def missing(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(404, "not-found", _("There is no such thing here."))


@api.exception_handler(PermissionDenied)
def forbidden(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(403, "forbidden", _("Your posts do not allow this."))


@api.exception_handler(RequestDataTooBig)
def too_big(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(413, "too-big", _("That is more than one request may carry."))


@api.exception_handler(HttpError)
def http_error(request: HttpRequest, error: Any) -> HttpResponse:
    if error.status_code == 401:
        wanted = {"WWW-Authenticate": "Bearer"}
        return problem(401, "no-token", _("Send a valid token: Authorization: Bearer …"), headers=wanted)
    if isinstance(error.__cause__, WrongType):
        return wrong_type(request, error.__cause__)
    return unreadable(request, error)


@api.exception_handler(WrongType)
def wrong_type(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(415, "wrong-type", _("Send JSON (application/json), and files as multipart/form-data."))


@api.exception_handler(SuspiciousOperation)
@api.exception_handler(MultiPartParserError)
@api.exception_handler(UnreadablePostError)
@api.exception_handler(BadRequest)
def unreadable(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(400, "bad-request", _("The request cannot be read."))


def collect() -> None:
    """Take in the router of every app that offers one."""
    for config in apps.get_app_configs():
        ours = config.name.startswith("huiyin.") and config.label not in ("api", "kit")
        if ours and module_has_submodule(config.module, "api"):
            api.add_router("", import_string(f"{config.name}.api.router"))


collect()
