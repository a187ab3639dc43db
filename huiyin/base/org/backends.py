"""Signing in: whose address a request comes from, and what somebody locked out is told."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def client_address(request: HttpRequest) -> str | None:
    """The network address of the person, not of our own proxies (setting TRUSTED_PROXIES).

    A forwarding header that nobody of ours wrote is not believed: it would undo the lock-out.
    """
    proxies: int = settings.TRUSTED_PROXIES
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    believed = hops[-proxies] if 0 < proxies <= len(hops) else request.META.get("REMOTE_ADDR", "")
    try:
        return str(ip_address(believed))
    except ValueError:
        return None


def locked_out(
    request: HttpRequest, original_response: Any = None, credentials: dict[str, Any] | None = None
) -> HttpResponse:
    """What is shown after too many failed attempts; the same whether the login name exists or not."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    message = _("Too many failed attempts. Wait %(minutes)s minutes, or ask an administrator to unlock you.")
    context = {"title": _("Sign in"), "locked": message % {"minutes": minutes}}
    return render(request, "account/locked.html", context, status=429)


def count_failure(request: HttpRequest, username: str) -> None:
    """Count a wrong one-time code like a wrong password."""
    user_login_failed.send(sender=__name__, credentials={"username": username}, request=request)
