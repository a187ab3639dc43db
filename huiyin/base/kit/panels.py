"""Places on a record's page that apps above it may fill.

The page of a place cannot know of cases, since cases know of places. So it leaves room
(`{% panels object %}`), and every app that has something to show there registers a panel for the
model in its own `panels.py`. `mark` does the same for the many small cells of a plan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.http import HttpRequest

from .permissions import known
from .scope import current_or_none
from .service import site_of

Draw = Callable[[HttpRequest, Any], tuple[str, dict[str, Any]] | None]
"""Gives a template and its context, or None when there is nothing to show."""
Look = Callable[[Sequence[int]], dict[int, "Mark"]]
"""Gives the marks of some rows, by id, in a fixed number of queries."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A small sign on one cell of a plan: what it says, and the icon and tone it is shown in."""

    text: str
    icon: str
    tone: str = "accent"


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel of the pages of a model; `slot` says in which column it stands."""

    model: str
    name: str
    order: int
    permission: str
    slot: str
    draw: Draw


@dataclass(frozen=True, slots=True)
class Marker:
    """One kind of marks on rows of a model."""

    model: str
    name: str
    permission: str
    look: Look


_panels: dict[tuple[str, str], Panel] = {}
_markers: dict[tuple[str, str], Marker] = {}


def panel(
    model: type[Model], name: str, *, order: int = 100, permission: str, slot: str = "main"
) -> Callable[[Draw], Draw]:
    """Show something on the pages of `model` to those who hold `permission` at the row's site.

    The function gets the request and the row. Refused (ValueError) for an unknown permission.
    """
    _check(permission, name)

    def decorate(draw: Draw) -> Draw:
        label = model._meta.label_lower
        _panels[label, name] = Panel(label, name, order, permission, slot, draw)
        return draw

    return decorate


def mark(model: type[Model], name: str, *, permission: str) -> Callable[[Look], Look]:
    """Mark rows of `model` on plans for those who hold `permission`. Refused for an unknown permission."""
    _check(permission, name)

    def decorate(look: Look) -> Look:
        label = model._meta.label_lower
        _markers[label, name] = Marker(label, name, permission, look)
        return look

    return decorate


def _check(permission: str, name: str) -> None:
    if not known(permission):
        raise ValueError(f"panel {name} asks for an unknown permission {permission}")


def panels_of(row: Model, *, slot: str = "main", only: str = "", without: str = "") -> list[Panel]:
    """The panels of a row that the person looking may see, in their order.

    `only` and `without` name panels, separated by commas.
    """
    scope = current_or_none()
    if scope is None:
        return []
    label, site = row._meta.label_lower, site_of(row)
    wanted, unwanted = _names(only), _names(without)
    found = [
        one
        for one in _panels.values()
        if one.model == label
        and one.slot == slot
        and (not wanted or one.name in wanted)
        and one.name not in unwanted
        and scope.holds(one.permission, site)
    ]
    return sorted(found, key=lambda one: (one.order, one.name))


def _names(text: str) -> set[str]:
    return {name.strip() for name in text.split(",") if name.strip()}


def marks_of(model: type[Model], site_id: int, ids: Sequence[int]) -> dict[int, list[Mark]]:
    """All marks of rows of one site that the person looking may see, by the rows' ids."""
    scope = current_or_none()
    found: dict[int, list[Mark]] = {}
    if scope is None or not ids:
        return found
    label = model._meta.label_lower
    for marker in sorted(_markers.values(), key=lambda one: one.name):
        if marker.model == label and scope.holds(marker.permission, site_id):
            for pk, one in marker.look(ids).items():
                found.setdefault(pk, []).append(one)
    return found
