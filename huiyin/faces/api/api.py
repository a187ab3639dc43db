"""The interface itself: one router per app, one way to say what went wrong."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.module_loading import import_string, module_has_submodule
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from huiyin.base.kit.scope import current_or_none
from huiyin.base.kit.service import Refused

CONFLICTS = {"not-now", "changed-meanwhile", "key-reused", "busy", "merged", "ended", "incident-ended", "target-ended"}
"""Refusals that mean: right, but not in the present state (409 instead of 422)."""


def signed_in(request: HttpRequest) -> Any:
    """The scope that the token opened (see `org.middleware`), or nothing."""
    return current_or_none()


class BearerToken:
    """A key issued by `manage token` or on the profile page, sent as `Authorization: Bearer …`."""

    openapi_name = "token"
    openapi_security_schema = {"type": "http", "scheme": "bearer"}

    def __call__(self, request: HttpRequest) -> Any:
        return signed_in(request)


api = NinjaAPI(
    title="Huiyin",
    version="1",
    description="Cases, places and customers of a service centre. Errors: code, message, field.",
    auth=BearerToken(),
    urls_namespace="api",
    docs_url=None,
)


def problem(request: HttpRequest, status: int, code: str, message: str, **more: Any) -> HttpResponse:
    """An error as every operation answers it."""
    body = {"code": code, "message": message, "field": None, "details": [], **more}
    return api.create_response(request, body, status=status)


@api.exception_handler(Refused)
def refused(request: HttpRequest, refusal: Any) -> HttpResponse:
    status = 409 if refusal.code in CONFLICTS else 422
    return problem(request, status, refusal.code, refusal.message, field=refusal.field)


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: Any) -> HttpResponse:
    details = [
        {"field": ".".join(str(part) for part in one["loc"][1:] if part != "data"), "message": words_for(one)}
        for one in error.errors
    ]
    first = details[0] if details else {"field": None, "message": ""}
    message = _("The request is not well formed.")
    return problem(request, 422, "invalid", message, field=first["field"] or None, details=details)


def words_for(error: dict[str, Any]) -> str:
    """One validation error in the client's language."""
    kind = error["type"]
    context = error.get("ctx") or {}
    if kind == "missing":
        return _("Please fill this in.")
    if kind == "string_too_long":
        return _("At most %(limit)s characters.") % {"limit": context.get("max_length")}
    if kind in ("enum", "literal_error"):
        return _("Choose one of: %(choices)s") % {"choices": context.get("expected")}
    if kind.startswith(("datetime", "date", "timezone")):
        return _("This is not a valid moment; write 2026-11-21T09:30:00+08:00.")
    if kind.startswith(("int", "string", "bool", "list", "float", "decimal")):
        return _("This value has the wrong type.")
    return _("This value is not valid.")


@api.exception_handler(Http404)
def missing(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(request, 404, "not-found", _("There is no such thing here."))


@api.exception_handler(PermissionDenied)
def forbidden(request: HttpRequest, error: Any) -> HttpResponse:
    if current_or_none() is None:
        return problem(request, 401, "no-token", _("Send a valid token: Authorization: Bearer …"))
    return problem(request, 403, "forbidden", _("Your posts do not allow this."))


@api.exception_handler(HttpError)
def http_error(request: HttpRequest, error: Any) -> HttpResponse:
    if error.status_code == 401:
        return problem(request, 401, "no-token", _("Send a valid token: Authorization: Bearer …"))
    return problem(request, error.status_code, "bad-request", _("The request is not well formed."))


def collect() -> None:
    """Take in the router of every app that offers one."""
    for config in apps.get_app_configs():
        if config.name.startswith("huiyin.") and config.label != "api" and module_has_submodule(config.module, "api"):
            if config.label == "kit":
                continue
            api.add_router("", import_string(f"{config.name}.api.router"))


collect()
