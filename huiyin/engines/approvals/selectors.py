"""Reading approvals: whose turn it is, what one may see, who signs for whom, what somebody may decide alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.moment import now
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Site, User
from huiyin.base.trail.registry import describe

from .chains import Authority, authority_of, signed_by
from .models import Approval, Delegation, Signature, Signer, State, Step

VIEW = "approvals.view"


@dataclass(frozen=True, slots=True)
class Right:
    """The right to sign a step now: as whom, in which post, under which delegation (if for somebody else)."""

    entitled: int
    post: str
    post_name: str
    delegation: Delegation | None = None


def may_decide(user: User | int, kind: str, facts: Mapping[str, Any], site: Site) -> Authority:
    """Whether a person may decide something of a kind alone at a site; true or false, with the clause.

    `facts` as of an approval: `amount` in fen, `minutes`, `working_days`, other numbers and words by name.
    """
    return authority_of(user if isinstance(user, int) else user.pk, kind, facts, site)


def require_authority(user: User | int, kind: str, facts: Mapping[str, Any], site: Site) -> Authority:
    """The authority to decide something alone. Refused, naming the clause, when the person has none."""
    found = may_decide(user, kind, facts, site)
    if not found:
        raise beyond(found)
    return found


def beyond(found: Authority) -> Refused:
    """The refusal of something that lies beyond an authority."""
    if not found.clause:
        return Refused("beyond-authority", _("Your posts do not allow you to decide this."))
    message = _("This lies beyond your authority: %(clause)s")
    return Refused("beyond-authority", message, params={"clause": found.clause})


def in_force(at: datetime | None = None) -> QuerySet[Delegation]:
    """Delegations in force at a moment (now when none is given)."""
    moment = at or now()
    standing = Q(ended_early_at=None) | Q(ended_early_at__gt=moment)
    return Delegation.objects.filter(standing, starts_at__lte=moment, ends_at__gt=moment)


def delegations_of(user_id: int) -> QuerySet[Delegation]:
    """What a person gave to deputies or was given, the newest first."""
    rows = Delegation.objects.filter(Q(delegator=user_id) | Q(deputy=user_id))
    return rows.select_related("delegator", "deputy").order_by("-starts_at", "-pk")


def right_of(user_id: int | None, approval: Approval, step: Step | None) -> Right | None:
    """The right of a person to sign an open step now: their own, else one they were given."""
    if user_id is None or step is None or user_id == approval.applicant_id:
        return None
    signers = {one.user_id: one for one in Signer.objects.filter(step=step)}
    if not signers or user_id in signed_by(approval):
        return None
    own = signers.get(user_id)
    if own is not None:
        return Right(user_id, own.post, own.post_name)
    given = in_force().filter(deputy=user_id, delegator__in=list(signers)).order_by("starts_at", "pk")
    for one in given:
        if not one.kinds or approval.kind in one.kinds:
            signer = signers[one.delegator_id]
            return Right(signer.user_id, signer.post, signer.post_name, one)
    return None


def open_step(approval: Approval) -> Step | None:
    """The step that is to be signed now."""
    return Step.objects.filter(approval=approval, state=Step.State.OPEN).first()


def taking_part(user_id: int) -> Q:
    """Approvals that a person asked for, has signed, noted or may sign now."""
    mine = Signer.objects.filter(approval=OuterRef("pk"), user__in=entitled_for(user_id))
    signed = Signature.objects.filter(
        Q(user=user_id) | Q(on_behalf_of=user_id) | Q(noted_by=user_id), approval=OuterRef("pk")
    )
    return Q(applicant=user_id) | Exists(mine) | Exists(signed)


def entitled_for(user_id: int) -> list[int]:
    """The people whose signature a person may give now: their own, and those who gave them theirs."""
    return [user_id, *in_force().filter(deputy=user_id).values_list("delegator_id", flat=True)]


def visible(approvals: QuerySet[Approval], user_id: int | None) -> QuerySet[Approval]:
    """Of some approvals those a person may see: discreet ones only where they take part."""
    return approvals.filter(Q(discreet=False) | taking_part(user_id or 0))


def waiting_for(user_id: int) -> QuerySet[Approval]:
    """The pending approvals that a person may sign now, for themself or for somebody else."""
    own = Q(pk__in=Signer.objects.filter(user=user_id).values("approval"))
    for one in in_force().filter(deputy=user_id):
        given = Q(pk__in=Signer.objects.filter(user=one.delegator_id).values("approval"))
        own |= given & Q(kind__in=one.kinds) if one.kinds else given
    signed = Signature.objects.filter(approval=OuterRef("pk"), user=user_id)
    rows: QuerySet[Approval] = Approval.objects.filter(own, ended_at=None)
    return rows.exclude(applicant=user_id).exclude(Exists(signed))


def asked_by(user_id: int) -> QuerySet[Approval]:
    """What a person asked for."""
    rows: QuerySet[Approval] = Approval.objects.filter(applicant=user_id)
    return rows


def handled_by(user_id: int) -> QuerySet[Approval]:
    """What a person has signed, for themself or for somebody else, or what a deputy signed for them."""
    signed = Signature.objects.filter(Q(user=user_id) | Q(on_behalf_of=user_id), approval=OuterRef("pk"))
    rows: QuerySet[Approval] = Approval.objects.filter(Exists(signed))
    return rows


def approvals_for(subject: Any, kind: str | None = None) -> QuerySet[Approval]:
    """The approvals about a row, the newest first, those included that are pending."""
    rows: QuerySet[Approval] = Approval.objects.filter(subject_type=describe(subject), subject_id=subject.pk)
    return (rows if kind is None else rows.filter(kind=kind)).order_by("-submitted_at", "-pk")


def with_chain(approvals: Iterable[Approval]) -> list[Any]:
    """Approvals with `chain` (steps with their `signed` and `may_sign`), in three queries for all of them."""
    rows: list[Any] = list(approvals)
    steps: dict[int, list[Any]] = {row.pk: [] for row in rows}
    by_id: dict[int, Any] = {}
    for step in Step.objects.filter(approval__in=list(steps)).select_related("added_by"):
        shown: Any = step
        shown.signed, shown.may_sign = [], []
        steps[step.approval_id].append(shown)
        by_id[step.pk] = shown
    named = Signature.objects.select_related("user", "on_behalf_of", "noted_by")
    for signature in named.filter(approval__in=list(steps)):
        by_id[signature.step_id].signed.append(signature)
    for signer in Signer.objects.select_related("user").filter(approval__in=list(steps)).order_by("pk"):
        if signer.step_id in by_id:
            by_id[signer.step_id].may_sign.append(signer)
    for row in rows:
        row.chain = steps[row.pk]
    return rows


def returned_before(subject_type: str, subject_id: int, kind: str) -> Approval | None:
    """The last approval of a kind about a row, when it was returned: the next one takes it up again."""
    rows = Approval.objects.filter(subject_type=subject_type, subject_id=subject_id, kind=kind)
    last: Approval | None = rows.order_by("-pk").first()
    return last if last is not None and last.state == State.RETURNED else None
