"""Pages that say what went wrong: bad request, no right, not found, broken, form too old."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.utils.translation import gettext as _

from . import permissions
from .api import problem
from .scope import current_or_none


def _page(request: HttpRequest, status: int, code: str, title: str, text: str, **extra: Any) -> HttpResponse:
    """The page in the shell for those signed in, bare for others, as JSON for the programming interface."""
    if request.path.startswith("/api/"):
        return problem(status, code, title)
    layout = "kit/base.html" if current_or_none() is not None else "kit/bare.html"
    return render(
        request,
        f"kit/{'csrf' if code == 'csrf' else status}.html",
        {"layout": layout, "title": title, "text": text, **extra},
        status=status,
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: what was sent cannot be read."""
    text = _("What was sent could not be understood. Please go back and try again.")
    return _page(request, 400, "bad-request", _("That request was not right"), text)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: a right is missing; its name is said."""
    wanted = str(exception) if exception is not None else ""
    right = next((one.label for one in permissions.every() if one.code == wanted), "")
    text = _("Your posts do not include this. If you need it, ask your supervisor or an administrator.")
    return _page(request, 403, "forbidden", _("You may not do this"), text, right=right)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: it does not exist, or lies outside one's reach; which of the two is not said."""
    text = _("It may have been moved, or it lies outside the sites you work for.")
    return _page(request, 404, "not-found", _("There is nothing here"), text)


def too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form's proof against forgery is missing or too old."""
    text = _("The page was open too long, or cookies are blocked. Go back, reload it and send again.")
    return _page(request, 403, "csrf", _("This page has expired"), text)


def broken(request: HttpRequest) -> HttpResponse:
    """500: our fault. Needs nothing that may itself be broken: no database, no session, no shell."""
    title = _("Something went wrong on our side")
    if request.path.startswith("/api/"):
        return problem(500, "broken", title)
    text = _("It was noted. What you entered before is safe; please try again in a moment.")
    return HttpResponse(get_template("kit/500.html").render({"title": title, "text": text}), status=500)
