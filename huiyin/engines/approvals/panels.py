"""What approvals have to show on pages below and beside them: on one's desk and on one's profile."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from huiyin.base.kit.moment import now
from huiyin.base.kit.panels import panel
from huiyin.base.org.models import User

from .selectors import delegations_of, waiting_for

SHOWN = 5


@panel(User, "approvals", order=20, permission="approvals.decide", slot="desk")
def waiting_signatures(request: HttpRequest, user: User) -> tuple[str, dict[str, Any]] | None:
    """What waits for one's signature, the oldest first; nothing when there is nothing."""
    rows = list(waiting_for(user.pk).select_related("applicant", "site").order_by("submitted_at", "pk")[:100])
    if not rows:
        return None
    return "approvals/panel_desk.html", {"approvals": rows[:SHOWN], "count": len(rows)}


@panel(User, "delegations", order=20, permission="approvals.delegate", slot="profile")
def own_delegations(request: HttpRequest, user: User) -> tuple[str, dict[str, Any]]:
    """Who signs for one now or soon, and for whom one signs."""
    rows: list[Any] = list(delegations_of(user.pk).filter(ended_early_at=None, ends_at__gt=now())[:SHOWN])
    for one in rows:
        one.mine = one.delegator_id == user.pk
    return "approvals/panel_profile.html", {"delegations": rows}
