"""What the bell of the shell shows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from huiyin.base.kit.scope import current_or_none
from huiyin.engines.messages.selectors import unread_count


def bell(_request: HttpRequest) -> dict[str, Any]:
    """How many notices the person has not read, counted when it is shown; nothing for strangers."""
    scope = current_or_none()
    user = scope.actor.user_id if scope is not None else None
    if user is None:
        return {}
    return {"unread": SimpleLazyObject(lambda: unread_count(user))}
