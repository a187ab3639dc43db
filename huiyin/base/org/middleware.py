"""Opens the scope of the signed-in person for the length of a web request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils import translation

from huiyin.base.kit.scope import use

from .models import User
from .selectors import scope_of


class ScopeMiddleware:
    """Reach and language of the signed-in person; without one, no scope is opened."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith("/api/"):
            return self.get_response(request)
        user = request.user
        if not isinstance(user, User):
            return self.get_response(request)
        if user.language:
            translation.activate(user.language)
        with use(scope_of(user)):
            return self.get_response(request)
