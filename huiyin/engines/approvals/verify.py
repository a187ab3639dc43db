"""What must always be true of approvals; each check returns how many rows contradict it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db.models import Count, Exists, F, OuterRef, Q

from huiyin.base.kit.moment import local_zone
from huiyin.base.org.models import Appointment, Site
from huiyin.base.org.selectors import units_of_site

from .models import Approval, Signature, Signer, State, Step

OPEN = (Step.State.OPEN, Step.State.WAITING)
SAMPLE = 5000
"""How many of the newest signatures are held against the appointments of their day."""


def effective_with_open_step() -> int:
    """Approved (or ended) approvals with a step that still waits."""
    waiting = Step.objects.filter(approval=OuterRef("pk"), state__in=OPEN)
    return int(Approval.objects.filter(Exists(waiting), ended_at__isnull=False).count())


def pending_without_open_step() -> int:
    """Pending approvals in which nothing is to be signed now: they could never end."""
    waiting = Step.objects.filter(approval=OuterRef("pk"), state=Step.State.OPEN)
    return int(Approval.objects.filter(ended_at=None).exclude(Exists(waiting)).count())


def approved_without_signature() -> int:
    """Approved ones with an agreed step nobody signed, or one that was refused or returned."""
    agreed = Signature.objects.filter(step=OuterRef("pk"), decision=Signature.Decision.AGREE)
    steps = Step.objects.filter(approval__state__in=(State.APPROVED, State.VOID))
    unsigned = steps.filter(state=Step.State.AGREED).exclude(Exists(agreed)).count()
    against = Q(state__in=(Step.State.RETURNED, Step.State.REFUSED, Step.State.DROPPED))
    return int(unsigned + steps.filter(against).count())


def signed_twice() -> int:
    """People who signed one approval twice."""
    rows = Signature.objects.filter(user__isnull=False).order_by().values("approval", "user")
    return int(rows.annotate(n=Count("pk")).filter(n__gt=1).count())


def signed_own_request() -> int:
    """Signatures of the applicant, given or given for them."""
    own = Q(user=F("approval__applicant")) | Q(on_behalf_of=F("approval__applicant"))
    return int(Signature.objects.filter(own).count())


def signed_after_the_end() -> int:
    """Signatures later than the end of their approval."""
    return int(Signature.objects.filter(at__gt=F("approval__ended_at")).count())


def signed_without_post() -> int:
    """Of the newest signatures, those whose signer did not hold the post (or a delegation) at the time."""
    units: dict[int, list[int]] = {}
    sites = {site.pk: site for site in Site.objects.select_related("unit")}
    wrong = 0
    rows = Signature.objects.filter(user__isnull=False).select_related("delegation").order_by("-pk")[:SAMPLE]
    for one in rows:
        given = one.delegation
        entitled = one.on_behalf_of_id or one.user_id
        if given is not None:
            ended = given.ended_early_at or given.ends_at
            wrong += not (
                given.deputy_id == one.user_id
                and given.delegator_id == entitled
                and given.starts_at <= one.at < ended
            )
        if one.post:
            if one.site_id not in units:
                units[one.site_id] = units_of_site(sites[one.site_id])
            wrong += not _held(entitled or 0, one.post, units[one.site_id], one.at)
    return wrong


def _held(user_id: int, post: str, units: list[int], at: datetime) -> bool:
    day = at.astimezone(local_zone()).date()
    rows = Appointment.objects.filter(user=user_id, post__code=post, unit__in=units, starts_on__lte=day)
    return bool(rows.filter(Q(ends_on=None) | Q(ends_on__gte=day)).exists())


def asked_after_the_end() -> int:
    """People who are still asked to sign a step that is not open."""
    return int(Signer.objects.exclude(step__state=Step.State.OPEN).count())


def steps_out_of_order() -> int:
    """Chains in which two steps stand at the same place, or one is open before an earlier one has ended."""
    places = Step.objects.order_by().values("approval", "position").annotate(n=Count("pk")).filter(n__gt=1)
    earlier = Step.objects.filter(
        approval=OuterRef("approval"), position__lt=OuterRef("position"), state=Step.State.WAITING
    )
    return int(places.count() + Step.objects.filter(Exists(earlier), state=Step.State.OPEN).count())


CHECKS: dict[str, Callable[[], int]] = {
    check.__name__: check
    for check in (
        effective_with_open_step,
        pending_without_open_step,
        approved_without_signature,
        signed_twice,
        signed_own_request,
        signed_after_the_end,
        signed_without_post,
        asked_after_the_end,
        steps_out_of_order,
    )
}
