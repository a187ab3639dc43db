"""Opens the scope of the signed-in person for the length of a web request."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation

from huiyin.base.kit.moment import today
from huiyin.base.kit.scope import use

from .models import ApiToken, User
from .selectors import scope_of, token_for


class ScopeMiddleware:
    """Reach and language of the signed-in person; without one, no scope is opened."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith("/api/"):
            return self._with_token(request)
        user = request.user
        if not isinstance(user, User):
            _speak(request, "")
            return self.get_response(request)
        _speak(request, user.language)
        with use(scope_of(user)):
            return self.get_response(request)

    def _with_token(self, request: HttpRequest) -> HttpResponseBase:
        """The interface knows tokens only: no cookie of a browser opens it."""
        kind, _, key = request.headers.get("Authorization", "").partition(" ")
        token = token_for(key.strip()) if kind.lower() == "bearer" and key.strip() else None
        if token is None:
            return self.get_response(request)
        if token.last_used_on != today():
            ApiToken.objects.filter(pk=token.pk).update(last_used_on=today())
        with use(scope_of(token.user, via="api", number=token.number or 0)):  # type: ignore[attr-defined]
            return self.get_response(request)


def _speak(request: HttpRequest, own: str) -> None:
    """The person's own language, else the one chosen in this browser, else the house's.

    What the browser says it prefers is often what it was installed with; it is not asked.
    """
    chosen = own or request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    translation.activate(language)
    request.LANGUAGE_CODE = language
