"""The shell's navigation: areas by what people do, only those one's posts allow.

Every app adds its entries in its `urls.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from .scope import current_or_none


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the side bar. `order` sorts entries within an area."""

    code: str
    label: Any
    url_name: str
    permission: str
    icon: str
    area: str
    order: int = 100


AREAS: dict[str, int] = {"work": 10, "records": 20, "insight": 30, "admin": 90}
_entries: dict[str, Entry] = {}


def add(*entries: Entry) -> None:
    """Make entries known; the same code replaces."""
    for entry in entries:
        _entries[entry.code] = entry


def for_current() -> list[tuple[str, list[tuple[Entry, str]]]]:
    """Areas with the entries (and their addresses) the current scope may open."""
    scope = current_or_none()
    if scope is None:
        return []
    areas: dict[str, list[tuple[Entry, str]]] = {}
    for entry in sorted(_entries.values(), key=lambda e: (AREAS.get(e.area, 50), e.order, e.code)):
        if scope.holds(entry.permission):
            areas.setdefault(entry.area, []).append((entry, reverse(entry.url_name)))
    return list(areas.items())
