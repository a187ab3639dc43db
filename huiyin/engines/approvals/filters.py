"""Filters of the list of approvals."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.scope import current
from huiyin.base.org.models import Site
from huiyin.base.org.selectors import sites_in_reach

from .models import Approval, State
from .selectors import VIEW
from .words import kind_choices


def _sites(request: Any) -> QuerySet[Site]:
    return sites_in_reach(VIEW)


class ApprovalFilter(django_filters.FilterSet):
    """Approvals by kind, state, site; the box they are shown in stays."""

    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=lambda: kind_choices())
    state = django_filters.ChoiceFilter(label=_("State"), choices=State.choices)
    site = django_filters.ModelChoiceFilter(label=_("Site"), queryset=_sites)
    box = django_filters.CharFilter(method="by_box", widget=forms.HiddenInput)

    class Meta:
        model = Approval
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(current().ids(VIEW)) == 1 and not current().everywhere:
            del self.filters["site"]

    def by_box(self, approvals: QuerySet[Approval], name: str, value: str) -> QuerySet[Approval]:
        """The box is chosen before anything else is asked."""
        return approvals
