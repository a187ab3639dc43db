"""Filters of the list of reports; their names are part of addresses that people keep."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.spans import SPANS, WORDS
from huiyin.base.org.models import Site
from huiyin.base.org.selectors import sites_in_reach

from .models import Report


def _sites(request: Any) -> QuerySet[Site]:
    return sites_in_reach("insight.view").order_by("code")


class ReportFilter(django_filters.FilterSet):
    """By site, length of the period and state."""

    site = django_filters.ModelChoiceFilter(queryset=_sites, label=_("Site"))
    span = django_filters.ChoiceFilter(choices=[(one, WORDS[one]) for one in SPANS], label=_("Period"))
    state = django_filters.ChoiceFilter(choices=Report.State.choices, label=_("State"))

    class Meta:
        model = Report
        fields = ()
