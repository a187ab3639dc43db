"""Telling people: whose turn it is to sign, and how it ended."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from huiyin.base.kit.scope import current
from huiyin.base.org.models import Site
from huiyin.base.trail.models import Event
from huiyin.base.trail.registry import on
from huiyin.engines.clocks.registry import tell_absence, watch
from huiyin.engines.messages.services import notify

from .models import Approval, Signer
from .registry import kinds
from .running import ASKED, SUBMITTED
from .selectors import in_force, open_step


def _facts(approval: Approval) -> dict[str, Any]:
    """What the limits of an approval depend on."""
    return {"kind": approval.kind, "category": approval.facts.get("category")}


def _only_signer(approval: Approval) -> int | None:
    """The one person who can sign now, if there is just one."""
    users = list(Signer.objects.filter(approval=approval).values_list("user_id", flat=True)[:2])
    return users[0] if len(users) == 1 else None


watch(
    Approval,
    facts=_facts,
    responsible=_only_signer,
    born=(SUBMITTED,),
    values={"kind": [one.code for one in kinds()]},
)


def approval_of(event: Event) -> Approval | None:
    """The approval an event is about, or the one whose clock it is about."""
    named, pk = event.subject_type, event.subject_id
    if event.verb.startswith("clocks."):
        named, pk = str(event.data.get("subject_type", "")), event.data.get("subject_id")
    if named != Approval._meta.label_lower:
        return None
    return Approval.objects.filter(pk=pk).first()


def signers_and_deputies(approval: Approval) -> set[int]:
    """Everybody who can sign now."""
    users = set(Signer.objects.filter(approval=approval).values_list("user_id", flat=True))
    for given in in_force().filter(delegator__in=users):
        if not given.kinds or approval.kind in given.kinds:
            users.add(given.deputy_id)
    return users - {approval.applicant_id}


def _tell(approval: Approval, users: set[int], kind: str) -> None:
    notify(
        approval.site_id,
        users=users,
        kind=kind,
        title=f"{approval.code} {approval.title}",
        about=approval.get_absolute_url(),
        by=current().actor,
    )


@tell_absence
def those_with_a_deputy(people: Collection[int], _site: Site, at: datetime) -> dict[int, list[int]]:
    """Who has handed over all of their signatures is away; the deputy stands in for them."""
    found: dict[int, list[int]] = {}
    for given in in_force(at).filter(delegator__in=people).order_by("starts_at", "pk"):
        if not given.kinds:
            found.setdefault(given.delegator_id, []).append(given.deputy_id)
    return found


@on("approvals.submitted")
def ask_the_first(event: Event) -> None:
    """Tell those who must sign first."""
    _ask(event)


@on("approvals.passed")
def ask_the_next(event: Event) -> None:
    """Tell those who must sign next; the applicant when the customer must be asked."""
    _ask(event)


@on("approvals.signer_added")
def ask_the_added(event: Event) -> None:
    """Tell the person who was added, when it is their turn at once."""
    _ask(event)


def _ask(event: Event) -> None:
    approval = approval_of(event)
    if approval is None or not approval.is_pending:
        return
    _tell(approval, signers_and_deputies(approval) - {event.actor_id or 0}, ASKED)
    step = open_step(approval)
    if event.verb == "approvals.passed" and step is not None and step.is_customers:
        _tell(approval, {approval.applicant_id}, event.verb)


def _answer(event: Event) -> None:
    approval = approval_of(event)
    if approval is not None and approval.applicant_id != event.actor_id:
        _tell(approval, {approval.applicant_id}, event.verb)


for _verb in ("effective", "void", "returned", "refused", "lapsed"):
    on(f"approvals.{_verb}")(_answer)


@on("clocks.warned", of=Approval)
def warn_the_signers(event: Event) -> None:
    """Warn those who must sign while there is still time."""
    _remind(event)


@on("clocks.breached", of=Approval)
def remind_the_signers(event: Event) -> None:
    """Tell those who must sign, and the applicant, that the limit for signing has passed."""
    _remind(event)


@on("clocks.escalated", of=Approval)
def tell_the_next_level(event: Event) -> None:
    """Tell those whom the ladder of the rule names; of a discreet one only who takes part in it."""
    approval = approval_of(event)
    if approval is None or not approval.is_pending:
        return
    named = {int(one) for one in str(event.data.get("recipients", "")).split(",") if one}
    if approval.discreet:
        named &= signers_and_deputies(approval)
    _tell(approval, named, event.verb)


def _remind(event: Event) -> None:
    approval = approval_of(event)
    if approval is not None and approval.is_pending:
        others = {approval.applicant_id} if event.verb == "clocks.breached" else set()
        _tell(approval, signers_and_deputies(approval) | others, event.verb)
