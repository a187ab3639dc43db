"""Attaching files to records and removing them."""

from __future__ import annotations

from typing import Any

from django.core.files.base import File
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.models import ScopedModel
from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import Actor, current
from huiyin.base.kit.service import Refused, service
from huiyin.base.kit.words import words
from huiyin.base.trail.registry import verb
from huiyin.base.trail.services import record

from .limits import OWNER_FILES
from .models import Attachment
from .receiving import Received, receive
from .registry import Owner, kind_of, owner_kind
from .selectors import attachments_of, owner_of

ATTACHED = verb("files.attached", _("File attached"))
REMOVED = verb("files.removed", _("File removed"))
FORGOTTEN = verb("files.forgotten", _("Removed file erased"))


@service
def attach(owner: ScopedModel, *, file: File[Any] | Received, by: Actor) -> Attachment:
    """Attach a file to a record; the same content again gives the attachment that stands.

    Pages call `receive` before, so that no transaction waits for a picture to be resized. Needs the
    right that the owner's kind names. Refused when such records have no files, the record has no
    site, its kind lets nobody add to it now, has as many files as it may, or the file is not accepted (see `receive`).
    """
    kind = _kind(kind_of(owner))
    site_id = _site(owner)
    current().require(kind.permission_upload, site_id)
    kind.guard(owner, by, False)
    received = file if isinstance(file, Received) else receive(file)
    _lock(owner)
    standing = attachments_of(owner)
    same = standing.filter(sha256=received.sha256).first()
    if same is not None:
        return same
    if standing.count() >= OWNER_FILES:
        raise Refused(
            "too-many-files", _("There are already %(limit)s files here."), params={"limit": OWNER_FILES}
        )
    attachment = Attachment(
        site_id=site_id,
        owner_type=kind.code,
        owner_id=owner.pk,
        name=received.name,
        content_type=received.content_type,
        size=received.size,
        sha256=received.sha256,
        width=received.width,
        height=received.height,
        uploaded_by_id=by.user_id,
    )
    attachment.save(force_insert=True)
    record(
        attachment, ATTACHED, by=by, root=kind.root(owner),
        name=attachment.name, size=attachment.size, sha256=attachment.sha256,
    )  # fmt: skip
    return attachment


@service
def remove(attachment: Attachment, *, reason: str, by: Actor) -> Attachment:
    """Take a file away from its record, with a reason that the history keeps; once removed it stays so.

    The content stays on the disk for a while, out of everybody's reach. Needs the right that the
    owner's kind names. Refused without a reason, and where the owner's kind says that it stays.
    """
    kind = _kind(owner_kind(attachment.owner_type))
    current().require(kind.permission_upload, attachment.site_id)
    reason = words(reason, 200, "reason", required=True)
    owner = owner_of(attachment, kind.permission_upload)
    if owner is not None:
        kind.guard(owner, by, True)
    moment = now()
    if not Attachment.objects.filter(pk=attachment.pk, removed_at=None).update(removed_at=moment):
        return attachment
    attachment.removed_at = moment
    record(
        attachment, REMOVED, by=by, root=kind.root(owner) if owner is not None else attachment,
        name=attachment.name, sha256=attachment.sha256, reason=reason,
    )  # fmt: skip
    return attachment


@service
def purge(attachment: Attachment, *, by: Actor) -> bool:
    """Forget an attachment that was removed; its history stays. False when another worker was faster."""
    if not Attachment.objects.filter(pk=attachment.pk, removed_at__isnull=False).delete()[0]:
        return False
    record(attachment, FORGOTTEN, by=by, name=attachment.name, sha256=attachment.sha256)
    return True


def _kind(kind: Owner | None) -> Owner:
    if kind is None:
        raise Refused("no-files-here", _("Files cannot be attached here."))
    return kind


def _site(owner: ScopedModel) -> int:
    if owner.site_id is None:
        raise Refused("no-files-here", _("Files cannot be attached here."))
    return int(owner.site_id)


def _lock(owner: ScopedModel) -> None:
    """Let uploads to one record wait for each other, so that together they keep its limit."""
    rows = type(owner)._default_manager.select_for_update(no_key=True, of=("self",)).filter(pk=owner.pk)
    if not rows.values_list("pk", flat=True):
        raise Refused("gone", _("The record is no longer there."))
