"""Cutting a record set by who answers for the records, by their posts and by category."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huiyin.base.kit.figures import Figure, Indicator, Period
from huiyin.base.org.models import Site
from huiyin.base.org.selectors import standing, units_of_site

NOBODY = "-"
"""The key of the records without a person or category."""
CUTS: dict[str, Any] = {
    "category": gettext_lazy("By category"),
    "person": gettext_lazy("By person"),
    "post": gettext_lazy("By post"),
}
COLUMNS = {"category": ("category__code", "category__name"), "person": ("responsible", "responsible__name")}


@dataclass(frozen=True, slots=True)
class Slice:
    """An indicator's value among the records of one person, post or category."""

    key: str
    label: str
    figure: Figure


def can_be_cut(rows: QuerySet[Any]) -> bool:
    """Whether the records know who answers for them and a category."""
    names = {field.name for field in rows.model._meta.get_fields()}
    return {"responsible", "category"} <= names


def posts_at(site: Site) -> dict[str, tuple[str, set[int]]]:
    """The posts held at a site today, with their names and holders."""
    rows = standing().filter(unit__in=units_of_site(site)).order_by("post__code")
    found: dict[str, tuple[str, set[int]]] = {}
    for code, name, user_id in rows.values_list("post__code", "post__name", "user"):
        found.setdefault(code, (name, set()))[1].add(user_id)
    return found


def narrowed(rows: QuerySet[Any], site: Site, cut: str, key: str) -> QuerySet[Any]:
    """The records of one slice; none for a key that does not exist."""
    if not can_be_cut(rows):
        return rows.none()
    if cut == "post":
        held = posts_at(site).get(key)
        return rows.filter(responsible__in=held[1]) if held else rows.none()
    if cut == "category":
        return rows.filter(category=None) if key == NOBODY else rows.filter(category__code=key)
    if key == NOBODY:
        return rows.filter(responsible=None)
    return rows.filter(responsible=int(key)) if key.isdecimal() and len(key) < 18 else rows.none()


def slices(indicator: Indicator, period: Period) -> dict[str, list[Slice]]:
    """An indicator by each cut, most records first; people with two posts count under both."""
    parts = ["num"] if indicator.denominator is None else ["num", "den"]
    sets = {part: indicator.records(period, part) for part in parts}
    if not can_be_cut(sets["num"]):
        return {}
    found = {cut: _grouped(indicator, sets, *columns) for cut, columns in COLUMNS.items()}
    by_person = {one.key: one.figure for one in found["person"]}
    posts = []
    for code, (name, users) in posts_at(period.site).items():
        theirs = [by_person[str(user)] for user in users if str(user) in by_person]
        if theirs:
            total = None if indicator.denominator is None else sum(one.total or 0 for one in theirs)
            posts.append(Slice(code, name, Figure(indicator, sum(one.count for one in theirs), total)))
    return {**found, "post": _sorted(posts)}


def _grouped(indicator: Indicator, sets: dict[str, QuerySet[Any]], column: str, name: str) -> list[Slice]:
    counts: dict[Any, dict[str, int]] = {}
    labels: dict[Any, str] = {}
    for part, rows in sets.items():
        for value, label, count in rows.order_by().values_list(column, name).annotate(n=Count("pk")):
            counts.setdefault(value, {})[part] = count
            labels[value] = label or _("None")
    return _sorted(
        [
            Slice(
                NOBODY if value is None else str(value),
                labels[value],
                Figure(indicator, one.get("num", 0), one.get("den", 0) if "den" in sets else None),
            )
            for value, one in counts.items()
        ]
    )


def _sorted(parts: list[Slice]) -> list[Slice]:
    return sorted(parts, key=lambda one: (-(one.figure.total or one.figure.count), one.key))
