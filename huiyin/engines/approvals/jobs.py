"""What happens by itself: approvals lapse, and open steps follow changes of the organisation."""

from __future__ import annotations

from django.db import transaction

from huiyin.base.kit.jobs import periodic
from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import Actor, system_scope, use
from huiyin.engines.messages.services import notify

from .chains import state_of_the_organisation
from .models import Approval, Step
from .running import ASKED, NO_STAFF, look
from .services import lapse

BATCH = 200
KEEPER = Actor(None, "approvals", "worker")


@periodic(every=60)
def end_lapsed() -> int:
    """End approvals whose time for signatures is over; returns how many."""
    with use(system_scope("approvals")):
        due = Approval.objects.filter(ended_at=None, lapses_at__lte=now()).order_by("lapses_at")[:BATCH]
        return sum(lapse(one, by=KEEPER) for one in due)


@periodic(every=30)
def follow_the_organisation() -> int:
    """Ask again who may sign open steps after posts, appointments or the day have changed; how many."""
    with use(system_scope("approvals")):
        state = state_of_the_organisation()
        stale = Step.objects.filter(state=Step.State.OPEN).exclude(looked_at__in=[state, NO_STAFF])
        found = list(stale.order_by("pk")[:BATCH])
        for step in found:
            with transaction.atomic():
                _follow(step.pk, step.approval_id)
        return len(found)


def _follow(step_id: int, approval_id: int) -> None:
    approval: Approval = Approval.objects.select_for_update(of=("self",)).get(pk=approval_id)
    step = Step.objects.filter(pk=step_id, state=Step.State.OPEN).first()
    if step is None:
        return
    new = look(step, approval)
    if new:
        notify(
            approval.site_id,
            users=new,
            kind=ASKED,
            title=f"{approval.code} {approval.title}",
            about=approval.get_absolute_url(),
            by=KEEPER,
        )
