"""A bare Django ticket tracker to compare with: what one writes in an hour, nothing else.

The middleware and database settings are those of `startproject` without the proof against forgery.
A request finds its token's user, validates a ModelForm, saves the ticket and two follow-ups in one
transaction, and answers with JSON. `BARE_CONN_MAX_AGE` keeps the database connection (Django's
default is 0: a new one for each request).
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

import django
from django.conf import settings

_url = urlsplit(os.environ["DATABASE_URL"])
settings.configure(
    SECRET_KEY="bare",
    ALLOWED_HOSTS=["*"],
    USE_TZ=True,
    ROOT_URLCONF="bench._bare_tracker",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "bare",
            "USER": _url.username,
            "PASSWORD": _url.password,
            "HOST": _url.hostname,
            "PORT": _url.port,
            "CONN_MAX_AGE": int(os.environ.get("BARE_CONN_MAX_AGE", "0")),
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django import forms  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402


class Queue(models.Model):
    """Where tickets come in."""

    name = models.CharField(max_length=60, unique=True)

    class Meta:
        app_label = "bare"


class Token(models.Model):
    """A key that acts as a user."""

    key = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)

    class Meta:
        app_label = "bare"


class Ticket(models.Model):
    """One ticket."""

    queue = models.ForeignKey(Queue, on_delete=models.PROTECT)
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    contact_name = models.CharField(max_length=60, blank=True)
    contact_phone = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=10, default="open", db_index=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        app_label = "bare"


class FollowUp(models.Model):
    """One entry of a ticket's history."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE)
    user = models.ForeignKey(User, on_delete=models.PROTECT)
    at = models.DateTimeField(auto_now_add=True)
    text = models.TextField()

    class Meta:
        app_label = "bare"


class TicketForm(forms.ModelForm):
    """What is sent."""

    class Meta:
        model = Ticket
        fields = ("queue", "title", "description", "contact_name", "contact_phone")


def create(request: HttpRequest) -> JsonResponse:
    """Register a ticket."""
    key = request.headers.get("Authorization", "").removeprefix("Bearer ")
    token = Token.objects.select_related("user").filter(key=key, user__is_active=True).first()
    if token is None:
        return JsonResponse({"error": "token"}, status=401)
    form = TicketForm(request.POST)
    if not form.is_valid():
        return JsonResponse(form.errors, status=422)
    with transaction.atomic():
        ticket: Any = form.save(commit=False)
        ticket.created_by = token.user
        ticket.save()
        FollowUp.objects.create(ticket=ticket, user=token.user, text="opened")
        FollowUp.objects.create(ticket=ticket, user=token.user, text=ticket.description)
    return JsonResponse(
        {"id": ticket.pk, "status": ticket.status, "created_at": ticket.created_at}, status=201
    )


urlpatterns = [path("tickets/", create)]
application = get_wsgi_application()


def set_up() -> None:
    """Tables, a user with a token, a queue."""
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        for model in (Queue, Token, Ticket, FollowUp):
            editor.create_model(model)
    user = User.objects.create_user("clerk")
    Token.objects.create(key="bare-token", user=user)
    Queue.objects.create(name="desk")


if __name__ == "__main__":
    set_up()
