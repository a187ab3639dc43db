"""How a chain goes on: opening the next step, who may sign it, the effect at the end.

Called by the services inside their transaction, with the approval's row locked.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import Actor, current
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Site, User
from huiyin.base.org.selectors import may_act_at, scope_of
from huiyin.base.trail.registry import verb
from huiyin.base.trail.services import record

from .chains import DECIDE, Found, authority_of, people_for, signed_by, state_of_the_organisation
from .models import Approval, Signer, Step
from .registry import kind_of
from .selectors import Right
from .states import FLOW

SUBMITTED = verb("approvals.submitted", _("Approval asked for"))
AGREED = verb("approvals.agreed", pgettext_lazy("event", "Agreed"))
PASSED = verb("approvals.passed", _("Passed on to the next signature"))
EFFECTIVE = verb("approvals.effective", _("Approved and in effect"))
VOID = verb("approvals.void", _("Agreed, but without effect"))
RETURNED = verb("approvals.returned", _("Approval returned"))
REFUSED = verb("approvals.refused", _("Approval refused"))
WITHDRAWN = verb("approvals.withdrawn", _("Approval withdrawn"))
LAPSED = verb("approvals.lapsed", _("Approval lapsed unsigned"))
SIGNER_ADDED = verb("approvals.signer_added", _("Signer added"))
DELEGATED = verb("approvals.delegated", _("Signature handed over to a deputy"))
DELEGATION_ENDED = verb("approvals.delegation_ended", _("Deputy's time ended early"))
ASKED = verb("approvals.asked", _("Waiting for your signature"))

NO_STAFF = "customer"
"""In the place of the organisation's state: a step whose signers cannot change."""


def root_of(approval: Approval) -> models.Model:
    """A stand-in for the row under whose history an approval's events are read; only its name and key count."""
    if approval.root_type == Approval._meta.label_lower:
        return approval
    model: Any = apps.get_model(approval.root_type)
    stand_in: models.Model = model(pk=approval.root_id)
    return stand_in


def site_of(approval: Approval) -> Site:
    """The site of an approval with its unit."""
    return Site.objects.select_related("unit").get(pk=approval.site_id)


def go_on(approval: Approval, by: Actor) -> None:
    """Open the next step that needs somebody; when none does, let it take effect."""
    site = site_of(approval)
    waiting = Step.objects.filter(approval=approval, state=Step.State.WAITING).order_by("position", "pk")
    for step in waiting:
        if step.is_customers:
            _open(step, Found())
            Step.objects.filter(pk=step.pk).update(looked_at=NO_STAFF)
            return
        found = people_for(step, approval, site)
        if found.people and set(found.people) <= signed_by(approval):
            found.remarks.append({"code": "covered"})
            close(step, Step.State.SKIPPED, found.remarks)
        elif not found.people and (step.optional or "user" in step.who):
            close(step, Step.State.SKIPPED, found.remarks)
        else:
            _open(step, found)
            ask(step, approval, found)
            return
    take_effect(approval, by)


def _open(step: Step, found: Found) -> None:
    step.state, step.opened_at, step.remarks = Step.State.OPEN, now(), _notes(step) + found.remarks
    step.save(update_fields=["state", "opened_at", "remarks"])


def _notes(step: Step) -> list[dict[str, Any]]:
    return [one for one in step.remarks if one["code"] == "note"]


def close(step: Step, state: str, remarks: list[dict[str, Any]] | None = None) -> None:
    """Let a step rest in a state; nobody may sign it then."""
    step.state = state
    step.ended_at = None if state == Step.State.WAITING else now()
    step.opened_at = None if state == Step.State.WAITING else step.opened_at
    if remarks is not None:
        step.remarks = _notes(step) + remarks
    step.save(update_fields=["state", "ended_at", "opened_at", "remarks"])
    Signer.objects.filter(step=step).delete()


def ask(step: Step, approval: Approval, found: Found) -> list[int]:
    """Put down who may sign a step now, those who have signed left out; the ids of who is new."""
    wanted = {pk: post for pk, post in found.people.items() if pk not in signed_by(approval)}
    here = dict(Signer.objects.filter(step=step).values_list("user_id", "pk"))
    gone = [pk for user, pk in here.items() if user not in wanted]
    if gone:
        Signer.objects.filter(pk__in=gone).delete()
    new = [
        Signer(
            site_id=step.site_id,
            approval=approval,
            step=step,
            user_id=user,
            post=post.code if post else "",
            post_name=post.name if post else "",
        )
        for user, post in wanted.items()
        if user not in here
    ]
    Signer.objects.bulk_create(new)
    step.looked_at = state_of_the_organisation()
    step.remarks = _notes(step) + found.remarks
    step.save(update_fields=["looked_at", "remarks"])
    return [one.user_id for one in new]


def look(step: Step, approval: Approval) -> list[int]:
    """Ask again who may sign an open step, if the organisation or the day has changed; who is new."""
    if step.looked_at == state_of_the_organisation():
        return []
    return ask(step, approval, people_for(step, approval, site_of(approval)))


def signed(approval: Approval, step: Step, right: Right | None, by: Actor) -> None:
    """After a signature in agreement: the step may be done, the chain cut short, the effect due."""
    if right is not None:
        Signer.objects.filter(step=step, user__in=[right.entitled, by.user_id]).delete()
        moved_up = any(one["code"] in ("vacant", "own") for one in step.remarks)
        if step.mode == Step.Mode.ALL and not moved_up and Signer.objects.filter(step=step).exists():
            return
    close(step, Step.State.AGREED)
    if right is not None:
        _cut(approval, right)
    go_on(approval, by)
    if approval.is_pending:
        record(approval, PASSED, by=by, root=root_of(approval), step=step.position, name=step.name)


def _cut(approval: Approval, right: Right) -> None:
    """Drop the later signatures of posts when who agreed may decide this alone."""
    authority = authority_of(right.entitled, approval.kind, approval.facts, site_of(approval))
    if not authority:
        return
    name = str(User.objects.get(pk=right.entitled))
    told = {"code": "authority", "who": name, "clause": authority.clause or authority.name}
    for step in Step.objects.filter(approval=approval, state=Step.State.WAITING):
        if "posts" in step.who:
            close(step, Step.State.SKIPPED, [told])


def take_effect(approval: Approval, by: Actor) -> None:
    """Approve it and carry it out; what refuses to happen leaves nothing, and the approval says why."""
    kind = kind_of(approval.kind)
    try:
        with transaction.atomic():
            FLOW.go(approval, "approve", ended_at=now())
            if kind is not None:
                kind.effect(approval, by=by)
    except Refused as refusal:
        approval.refresh_from_db()
        FLOW.go(approval, "void", ended_at=now(), outcome=refusal.message[:500])
        record(approval, VOID, by=by, root=root_of(approval), reason=approval.outcome, why=refusal.code)
    else:
        record(approval, EFFECTIVE, by=by, root=root_of(approval), title=approval.title, kind=approval.kind)


def end(approval: Approval, move: str, *, outcome: str = "", step: Step | None = None) -> None:
    """End a pending approval without effect: nobody is asked any more."""
    FLOW.go(approval, move, ended_at=now(), outcome=outcome[:500])
    state = {"return": Step.State.RETURNED, "refuse": Step.State.REFUSED}.get(move, Step.State.DROPPED)
    if step is not None:
        close(step, state)
    left = Step.objects.filter(approval=approval, state__in=[Step.State.WAITING, Step.State.OPEN])
    left.update(state=Step.State.DROPPED, ended_at=now())
    Signer.objects.filter(approval=approval).delete()


def holds_decide(site_id: int, user_id: int) -> bool:
    """Whether a person may sign approvals at a site at all."""
    return may_act_at(user_id, Site.objects.select_related("unit").get(pk=site_id), DECIDE)


def may_sign_at(approval: Approval, by: Actor) -> bool:
    """Whether an actor may sign approvals at the approval's site at all."""
    return by.user_id is not None and holds_decide(approval.site_id, by.user_id)


def require_anywhere(permission: str) -> None:
    """Refused (PermissionDenied) for those who hold a right nowhere."""
    if not current().holds(permission):
        raise PermissionDenied(permission)


def share_a_site(one: User, other: User) -> bool:
    """Whether both may sign approvals at some site they share."""
    return other.is_active and bool(scope_of(one).ids(DECIDE) & scope_of(other).ids(DECIDE))
