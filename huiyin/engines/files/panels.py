"""The list of files on a record's page, with the place to add to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from huiyin.base.kit.models import ScopedModel
from huiyin.base.kit.scope import current

from .limits import OWNER_FILES
from .models import Attachment
from .registry import every, kind_of
from .selectors import attachments_of
from .signatures import ACCEPT


def panel(
    owner: ScopedModel, *, files: Sequence[Attachment] | None = None, problems: Sequence[str] = ()
) -> dict[str, Any]:
    """What the panel's template needs; nothing is shown to those without the right to see the files.

    `files` are given by pages that have made sure of the record's reach and read them (with `uploaded_by`).

    Refused (ValueError) for records that were never registered as owners: a mistake in the code.
    """
    kind = kind_of(owner)
    if kind is None:
        raise ValueError(f"{owner._meta.label} has no files; see engines/files/registry.py")
    scope = current()
    if owner.site_id is None or not scope.holds(kind.permission_view, owner.site_id):
        return {"files_shown": False}
    if files is None and kind.visible is not every and not kind.records().filter(pk=owner.pk).exists():
        return {"files_shown": False}
    files = list(attachments_of(owner)) if files is None else files
    return {
        "files_shown": True,
        "files_id": f"hy-files-{kind.code.replace('.', '-')}-{owner.pk}",
        "images": [file for file in files if file.is_image],
        "others": [file for file in files if not file.is_image],
        "count": len(files),
        "problems": problems,
        "owner_type": kind.code,
        "owner_id": owner.pk,
        "may_attach": kind.may(owner, removing=False),
        "may_remove": kind.may(owner, removing=True),
        "room": len(files) < OWNER_FILES,
        "accept": ACCEPT,
        "limit": OWNER_FILES,
    }
