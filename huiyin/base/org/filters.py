"""Filters of the lists of this app."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from .models import OrgUnit, Post, User
from .selectors import standing, units_in_reach

YES_NO = [("yes", _("Yes")), ("no", _("No"))]


def _units(request: Any) -> QuerySet[OrgUnit]:
    return units_in_reach("org.view").order_by("path")


class PersonFilter(django_filters.FilterSet):
    """People by unit (with everything under it), by post, and whether they may sign in."""

    unit = django_filters.ModelChoiceFilter(label=_("Unit"), queryset=_units, method="at_unit")
    post = django_filters.ModelChoiceFilter(
        label=_("Post"), queryset=lambda request: Post.objects.filter(retired=False), method="in_post"
    )
    active = django_filters.ChoiceFilter(label=_("May sign in"), choices=YES_NO, method="by_active")

    class Meta:
        model = User
        fields: list[str] = []

    def by_active(self, people: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        """People who may sign in, or who are barred."""
        return people.filter(is_active=value == "yes")

    def at_unit(self, people: QuerySet[User], name: str, unit: OrgUnit) -> QuerySet[User]:
        """People appointed today somewhere under the unit."""
        return people.filter(pk__in=standing().filter(unit__path__startswith=unit.path).values("user"))

    def in_post(self, people: QuerySet[User], name: str, post: Post) -> QuerySet[User]:
        """People who hold the post today, at a unit of one's reach."""
        held = standing().filter(post=post, unit__in=units_in_reach("org.view"))
        return people.filter(pk__in=held.values("user"))


class PostFilter(django_filters.FilterSet):
    """Posts by level and whether they are still used."""

    level = django_filters.ChoiceFilter(label=_("Level"), choices=Post.Level.choices)
    used = django_filters.ChoiceFilter(label=_("Still used"), choices=YES_NO, method="by_used")

    class Meta:
        model = Post
        fields: list[str] = []

    def by_used(self, posts: QuerySet[Post], name: str, value: str) -> QuerySet[Post]:
        """Posts still used, or no longer."""
        return posts.filter(retired=value == "no")
