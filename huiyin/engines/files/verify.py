"""What must hold of files on the live system; each check counts its violations."""

from __future__ import annotations

from collections.abc import Callable

from .registry import owner_kinds
from .selectors import attachments, without_content


def _without_content() -> int:
    """Attachments whose content is not on the disk."""
    return len(without_content(limit=1000))


def _of_unknown_owners() -> int:
    """Attachments of kinds of records that may have no files."""
    return attachments().exclude(owner_type__in=[kind.code for kind in owner_kinds()]).count()


def _at_another_site() -> int:
    """Attachments whose record is gone, or lies at another site than they do."""
    wrong = 0
    for kind in owner_kinds():
        rows = attachments().filter(owner_type=kind.code).values_list("owner_id", "site_id").distinct()
        pairs = set(rows)
        for start in range(0, len(ordered := sorted(pairs)), 500):
            some = ordered[start : start + 500]
            owners = kind.model._default_manager.filter(pk__in=[pk for pk, _site in some])
            wrong += len(set(some) - set(owners.values_list("pk", "site_id")))
    return wrong


CHECKS: dict[str, Callable[[], int]] = {
    "content_on_disk": _without_content,
    "owner_known": _of_unknown_owners,
    "same_site_as_owner": _at_another_site,
}
