"""Doing a thing once, however often it is asked for.

A key that a client or a form sends with a command is kept in the command's own transaction,
together with what was answered; the same key again gets the same answer and does nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from .moment import now
from .service import Refused

KEPT = timedelta(days=30)
"""How long a key is known; after that the same request is a new one."""


class DoneOnce(models.Model):
    """One command carried out under a key: by whom, a digest of what was asked, what was answered."""

    owner = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    digest = models.CharField(max_length=64)
    answer = models.JSONField()
    at = models.DateTimeField(default=now)

    class Meta:
        app_label = "kit"
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="kit_done_once")]
        indexes = [models.Index(fields=["at"], name="kit_done_at")]

    def __str__(self) -> str:
        return f"{self.owner} {self.key}"


def digest_of(asked: Any) -> str:
    """A fingerprint of what was asked, to tell a repeat from a key used twice for different things."""
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()


def once(owner: str, key: str, asked: Any, act: Callable[[], Any]) -> tuple[Any, bool]:
    """Run `act` (which returns JSON) unless this owner's key was used; (answer, whether it is a repeat).

    Refused when the key was used for something else. Two at the same moment: one acts, the other
    gets its answer.
    """
    fingerprint = digest_of(asked)
    for _attempt in range(2):
        kept = DoneOnce.objects.filter(owner=owner, key=key).first()
        if kept is not None:
            if kept.digest != fingerprint:
                raise Refused("key-reused", _("This key was already used for a different request."))
            return kept.answer, True
        try:
            with transaction.atomic():
                answer = act()
                DoneOnce(owner=owner, key=key, digest=fingerprint, answer=answer).save(force_insert=True)
            return answer, False
        except IntegrityError:
            if not DoneOnce.objects.filter(owner=owner, key=key).exists():
                raise
    raise Refused("busy", _("The same request is being carried out. Please try again."))


def forget_old(limit: int = 1000) -> int:
    """Forget keys that are older than `KEPT`, a thousand at a time; returns how many. For the worker."""
    old = DoneOnce.objects.filter(at__lt=now() - KEPT).order_by("at").values("pk")[:limit]
    return DoneOnce.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]
