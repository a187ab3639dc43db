"""Reading attachments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, QuerySet

from huiyin.base.kit.models import ScopedModel

from . import store
from .models import Attachment
from .registry import owner_kind


def attachments() -> QuerySet[Attachment]:
    """The attachments in reach that were not removed, the oldest first."""
    rows: QuerySet[Attachment] = Attachment.objects.filter(removed_at=None)
    return rows


def attachments_of(owner: ScopedModel) -> QuerySet[Attachment]:
    """The attachments of one record, the oldest first, with those who attached them."""
    rows = attachments().filter(owner_type=owner._meta.label_lower, owner_id=owner.pk)
    return rows.select_related("uploaded_by")


def counts_of(model: type[ScopedModel], ids: Iterable[int]) -> dict[int, int]:
    """How many attachments each of some records has; records without any are left out."""
    rows = attachments().filter(owner_type=model._meta.label_lower, owner_id__in=list(ids))
    return dict(rows.order_by().values_list("owner_id").annotate(Count("pk")))


def owner_of(attachment: Attachment, permission: str) -> Any:
    """The record an attachment belongs to, where `permission` is held; None out of reach."""
    kind = owner_kind(attachment.owner_type)
    if kind is None:
        return None
    return kind.records().allowed(permission).filter(pk=attachment.owner_id).first()  # type: ignore[attr-defined]


def named(digests: Iterable[str]) -> set[str]:
    """Which of some contents any record in reach names, the removed ones included."""
    return set(Attachment.objects.filter(sha256__in=list(digests)).values_list("sha256", flat=True))


def without_content(limit: int = 100) -> list[Attachment]:
    """Attachments in reach whose content is not on the disk, at most `limit`. There should be none."""
    missing: list[Attachment] = []
    for attachment in attachments().order_by("pk").iterator(chunk_size=2000):
        if not store.path_of(attachment.sha256).is_file():
            missing.append(attachment)
            if len(missing) == limit:
                break
    return missing
