"""What every request passes before anything reads it."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponseBase


class NoNul:
    """Takes NUL characters out of what was asked: no text holds one, and PostgreSQL refuses them.

    An address with one names nothing (404). Forms refuse them by themselves.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path_info:
            raise Http404
        asked = request.META.get("QUERY_STRING", "")
        if "%00" in asked or "\0" in asked:
            request.META["QUERY_STRING"] = asked.replace("%00", "").replace("\0", "")
        return self.get_response(request)
