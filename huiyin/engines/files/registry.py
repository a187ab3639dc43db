"""Which records may have files, and which right opens them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from huiyin.base.kit.models import ScopedModel
from huiyin.base.kit.permissions import known


def _itself(owner: Any) -> Any:
    return owner


@dataclass(frozen=True, slots=True)
class Owner:
    """A kind of record with files: the rights to see and to change them, and whose history tells of it."""

    model: type[ScopedModel]
    permission_view: str
    permission_upload: str
    root: Callable[[Any], Any] = _itself

    @property
    def code(self) -> str:
        """The kind's name in addresses and in the table of attachments, e.g. `cases.case`."""
        return str(self.model._meta.label_lower)


_owners: dict[str, Owner] = {}


def register_owner(
    model: type[ScopedModel],
    *,
    permission_view: str,
    permission_upload: str = "files.upload",
    root: Callable[[Any], Any] = _itself,
) -> Owner:
    """Let rows of `model` have files. Call it in the `services.py` of the model's app.

    Who holds `permission_view` at the owner's site sees its files; who holds `permission_upload`
    there attaches and removes them. `root` gives the record in whose history it is told (a note's
    case). Refused (ValueError) for tables without a site, unknown rights and different repeats.
    """
    if not issubclass(model, ScopedModel):
        raise ValueError(f"{model.__name__} has no site, so nobody could tell who may see its files")
    for permission in (permission_view, permission_upload):
        if not known(permission):
            raise ValueError(f"files of {model.__name__} ask for an unknown permission {permission}")
    owner = Owner(model, permission_view, permission_upload, root)
    if _owners.setdefault(owner.code, owner) != owner:
        raise ValueError(f"{owner.code} is registered twice")
    return owner


def owner_kind(code: str) -> Owner | None:
    """The kind of that name, or None when such records have no files."""
    return _owners.get(code)


def kind_of(row: Any) -> Owner | None:
    """The kind of a record, or None when it has no files."""
    return owner_kind(row._meta.label_lower)


def owner_kinds() -> list[Owner]:
    """Every kind of record with files, by name."""
    return [_owners[code] for code in sorted(_owners)]
