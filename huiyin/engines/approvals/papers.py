"""Files with a request and with an opinion: a quotation, a photograph; what was signed with stays as it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.models import ScopedModel
from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused
from huiyin.base.trail.models import Event
from huiyin.engines.files.models import Attachment
from huiyin.engines.files.receiving import Received
from huiyin.engines.files.registry import register_owner
from huiyin.engines.files.selectors import attachments
from huiyin.engines.files.services import attach

from .models import Approval, Signature
from .running import root_of
from .selectors import VIEW, visible

FILE = Attachment._meta.label_lower
REQUEST, OPINION = Approval._meta.label_lower, Signature._meta.label_lower


def _visible_opinions(signatures: QuerySet[Any], user_id: int | None) -> QuerySet[Any]:
    return signatures.filter(approval__in=visible(Approval.objects.all(), user_id).order_by().values("pk"))


def _may_change_request(approval: Approval, by: Actor, removing: bool) -> None:
    """Refused for others than the applicant, once it has ended, and what somebody has signed with stays."""
    if by.user_id != approval.applicant_id:
        raise Refused("not-yours", _("Only who asked for it adds files to the request."))
    if not approval.is_pending:
        raise Refused("not-now", _("The approval has ended: its files stay as they are."))
    if removing and Signature.objects.filter(approval=approval).exists():
        raise Refused("signed-with", _("Somebody has signed already: what they signed with stays."))


def _may_change_opinion(signature: Signature, by: Actor, removing: bool) -> None:
    """Refused for others than who signed or noted it, once the approval has ended; nothing is removed."""
    if by.user_id is None or by.user_id not in (signature.user_id, signature.noted_by_id):
        raise Refused("not-yours", _("Only who signed adds files to the opinion."))
    if removing or not signature.approval.is_pending:
        raise Refused("signed-with", _("What was signed stays as it is."))


def _told_at(approval: Approval) -> Any:
    """In whose history it is told: a discreet one's own, which only those who take part open."""
    return approval if approval.discreet else root_of(approval)


def _told_at_of(signature: Signature) -> Any:
    return _told_at(signature.approval)


register_owner(
    Approval,
    permission_view=VIEW,
    permission_upload=VIEW,
    root=_told_at,
    visible=visible,
    guard=_may_change_request,
)
register_owner(
    Signature,
    permission_view=VIEW,
    permission_upload=VIEW,
    root=_told_at_of,
    visible=_visible_opinions,
    guard=_may_change_opinion,
)


def attach_all(owner: ScopedModel, files: Sequence[Received], by: Actor) -> None:
    """Attach files that were taken in to a request or an opinion. Refused as `files.services.attach`."""
    for file in files:
        attach(owner, file=file, by=by)


def with_files(approval: Any) -> Any:
    """An approval with its `chain` read: adds `files` to it and to every signature, in one query."""
    signed = {one.pk: one for step in approval.chain for one in step.signed}
    approval.files = []
    for one in signed.values():
        one.files = []
    wanted = Q(owner_type=REQUEST, owner_id=approval.pk)
    if signed:
        wanted |= Q(owner_type=OPINION, owner_id__in=list(signed))
    for file in attachments().filter(wanted, site=approval.site_id).select_related("uploaded_by"):
        owner = approval if file.owner_type == REQUEST else signed[file.owner_id]
        owner.files.append(file)
    return approval


def file_events(approval: Approval) -> QuerySet[Event]:
    """What happened to the files of a request and of the opinions on it."""
    signatures = Signature.objects.filter(approval=approval).order_by().values("pk")
    files = Attachment.objects.filter(
        Q(owner_type=REQUEST, owner_id=approval.pk) | Q(owner_type=OPINION, owner_id__in=signatures)
    )
    rows: QuerySet[Event] = Event.objects.filter(
        subject_type=FILE, subject_id__in=files.order_by().values("pk")
    )
    return rows
