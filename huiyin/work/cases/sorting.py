"""The tree of categories: kept in line with packs and imports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused, service
from huiyin.base.org.models import Site
from huiyin.base.trail.registry import verb
from huiyin.base.trail.services import record

from .models import Category

CATEGORY_SAVED = verb("cases.category_saved", _("Category changed"))
CATEGORY_RETIRED = verb("cases.category_retired", _("Category retired"))


@dataclass(frozen=True, slots=True)
class CategoryEntry:
    """One category as a pack or a file gives it; `parent` is the code above it."""

    code: str
    name: str
    kind: str = ""
    parent: str = ""
    keywords: tuple[str, ...] = ()
    paid: str = ""
    price_note: str = ""
    phrase: str = ""
    origin: str = ""
    source: tuple[str, ...] = ()
    clause: str = ""


@service
def sync_categories(
    site: Site | None, *, entries: Sequence[CategoryEntry], origin: str, by: Actor
) -> dict[str, int]:
    """Make the categories of an origin (a prefix of it) equal to `entries`, parents before children.

    Writes only what differs; categories no longer named are retired, never deleted. Returns how many
    were created, changed, retired and unchanged. Refused when a parent is missing.
    """
    rows: dict[str, Category] = {c.code: c for c in Category.objects.filter(site=site)}
    counts = {"created": 0, "changed": 0, "retired": 0, "unchanged": 0}
    named = set()
    for position, entry in enumerate(entries, start=1):
        named.add(entry.code)
        parent = rows.get(entry.parent) if entry.parent else None
        if entry.parent and parent is None:
            raise Refused(
                "no-parent", _("The category %(code)s names a missing parent."), params={"code": entry.code}
            )
        counts[_save(site, rows, entry, parent, position, by)] += 1
    for row in rows.values():
        if row.origin.startswith(origin) and row.code not in named and not row.retired:
            row.retired = True
            row.save(update_fields=["retired"])
            record(row, CATEGORY_RETIRED, by=by, code=row.code)
            counts["retired"] += 1
    return counts


def _save(
    site: Site | None,
    rows: dict[str, Category],
    entry: CategoryEntry,
    parent: Category | None,
    position: int,
    by: Actor,
) -> str:
    values: dict[str, Any] = {
        "name": entry.name,
        "kind": entry.kind,
        "parent": parent,
        "path": f"{parent.path if parent else ''}{entry.code}/",
        "keywords": list(entry.keywords),
        "paid": entry.paid,
        "price_note": entry.price_note,
        "phrase": entry.phrase,
        "origin": entry.origin,
        "source": list(entry.source),
        "clause": entry.clause,
        "position": position,
        "retired": False,
    }
    row = rows.get(entry.code)
    if row is not None and all(getattr(row, name) == value for name, value in values.items()):
        return "unchanged"
    fresh = row is None
    row = row or Category(site=site, code=entry.code)
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    rows[entry.code] = row
    if not fresh:
        record(row, CATEGORY_SAVED, by=by, code=row.code, name=row.name)
    return "created" if fresh else "changed"
