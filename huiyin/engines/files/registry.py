"""Which records may have files, and which right opens them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from huiyin.base.kit.models import ScopedModel
from huiyin.base.kit.permissions import known
from huiyin.base.kit.scope import Actor, current
from huiyin.base.kit.service import Refused


def _itself(owner: Any) -> Any:
    return owner


def every(rows: QuerySet[Any], user_id: int | None) -> QuerySet[Any]:  # noqa: ARG001 - see Owner.visible
    """All of them: whoever holds the right sees the files of each."""
    return rows


def _free(owner: Any, by: Actor, removing: bool) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Owner:
    """A kind of record with files: the rights to see and to change them, and whose history tells of it.

    `visible` leaves of some records those that a person (by id) may know of; `guard` refuses to let somebody
    attach (or remove) a file now, although they hold the right.
    """

    model: type[ScopedModel]
    permission_view: str
    permission_upload: str
    root: Callable[[Any], Any] = _itself
    visible: Callable[[QuerySet[Any], int | None], QuerySet[Any]] = every
    guard: Callable[[Any, Actor, bool], None] = _free

    @property
    def code(self) -> str:
        """The kind's name in addresses and in the table of attachments, e.g. `cases.case`."""
        return str(self.model._meta.label_lower)

    def records(self) -> QuerySet[Any]:
        """The records that the present person may know of."""
        return self.visible(self.model._default_manager.all(), current().actor.user_id)

    def may(self, owner: Any, *, removing: bool) -> bool:
        """Whether the present person may attach a file to a record now, or remove one."""
        scope = current()
        if not scope.holds(self.permission_upload, owner.site_id):
            return False
        try:
            self.guard(owner, scope.actor, removing)
        except Refused:
            return False
        return True


_owners: dict[str, Owner] = {}


def register_owner(
    model: type[ScopedModel],
    *,
    permission_view: str,
    permission_upload: str = "files.upload",
    root: Callable[[Any], Any] = _itself,
    visible: Callable[[QuerySet[Any], int | None], QuerySet[Any]] = every,
    guard: Callable[[Any, Actor, bool], None] = _free,
) -> Owner:
    """Let rows of `model` have files. Call it in the `services.py` of the model's app.

    Who holds `permission_view` at the owner's site sees its files; who holds `permission_upload`
    there attaches and removes them. `root` gives the record in whose history it is told (a note's
    case). `visible` and `guard` narrow that further (see `Owner`).
    Refused (ValueError) for tables without a site, unknown rights and different repeats.
    """
    if not issubclass(model, ScopedModel):
        raise ValueError(f"{model.__name__} has no site, so nobody could tell who may see its files")
    for permission in (permission_view, permission_upload):
        if not known(permission):
            raise ValueError(f"files of {model.__name__} ask for an unknown permission {permission}")
    owner = Owner(model, permission_view, permission_upload, root, visible, guard)
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
