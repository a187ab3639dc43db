"""Opens the scope of whoever asks for the length of a web request: people by session, programs by token."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation.trans_real import parse_accept_lang_header

from huiyin.base.kit.api import problem
from huiyin.base.kit.moment import today
from huiyin.base.kit.scope import use, without_scope

from .models import ApiToken, User
from .selectors import scope_of, token_for

API = "/api/"


class ApiMiddleware:
    """Requests of programs go straight to their operation, in the scope their token opens.

    They use nothing of what pages need (session, proof against forgery, messages), so none of it is
    set up for them: no cookie of a browser opens the interface. The language is the client's wish.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.pages = get_response
        self.operate: Any = convert_exception_to_response(_operate)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(API):
            return self.pages(request)
        with translation.override(language_asked(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))):
            response: HttpResponseBase = self.operate(request)
        response.headers["Cache-Control"] = "private, no-store"
        return response


@lru_cache(maxsize=512)
def language_asked(header: str) -> str:
    """The first language of ours that an Accept-Language header names; the house's when there is none."""
    for code, _weight in parse_accept_lang_header(header[:500]):
        try:
            return translation.get_supported_language_variant(code)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE


def _operate(request: HttpRequest) -> HttpResponseBase:
    kind, _space, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    token = token_for(key.strip()) if kind.lower() == "bearer" and key.strip() else None
    if token is None:
        with without_scope():
            return _dispatch(request)
    if token.last_used_on != today():
        ApiToken.objects.filter(pk=token.pk).update(last_used_on=today())
    request.user = token.user
    with use(scope_of(token.user, via="api", number=token.number)):  # type: ignore[attr-defined]
        return _dispatch(request)


def _dispatch(request: HttpRequest) -> HttpResponseBase:
    try:
        if "\x00" in request.path_info:
            raise Resolver404
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit()):
            return problem(400, "bad-request", _("The request cannot be read."))
        match = request.resolver_match = resolve(request.path_info)
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    except Http404:
        return problem(404, "not-found", _("There is no such thing here."))
    if response.status_code == 405:
        allow = {"Allow": response.headers.get("Allow", "")}
        return problem(405, "wrong-method", _("This address does not know this method."), headers=allow)
    return response


class ScopeMiddleware:
    """Reach and language of the signed-in person; without one, no scope is opened."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, User):
            _speak(request, "")
            return self.get_response(request)
        _speak(request, user.language)
        with use(scope_of(user)):
            return self.get_response(request)


def _speak(request: HttpRequest, own: str) -> None:
    """The person's own language, else the one chosen in this browser, else the house's.

    What the browser says it prefers is often what it was installed with; it is not asked.
    """
    chosen = own or request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    translation.activate(language)
    request.LANGUAGE_CODE = language
