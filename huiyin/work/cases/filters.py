"""Filters of the lists of this app; their names are part of addresses that people keep."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_filters.fields import ModelChoiceField, ModelChoiceIterator

from huiyin.base.kit.moment import start_of, today
from huiyin.base.kit.scope import current
from huiyin.base.org.models import OrgUnit, Site, User
from huiyin.base.org.selectors import sites_in_reach, staff_of, teams_at
from huiyin.records.places.models import Place
from huiyin.records.places.selectors import matches, subtree

from .forms import QuickSelect, category_choices
from .models import Case, Category, Channel, Contact, Incident, Kind, Severity, State
from .selectors import late
from .states import LIVE

VIEW = "cases.view"
GROUPS = [
    ("open", _("All open")),
    ("mine", _("Mine")),
    ("late", _("Overdue")),
    ("today", _("New today")),
    ("unassigned", _("To be assigned or taken")),
    ("waiting", _("Waiting")),
    ("answered", _("Answered, to be closed")),
    ("ended", pgettext_lazy("cases", "Ended")),
]
"""What the built-in views show, and the filter offers first."""
STATES = [*GROUPS, *(choice for choice in State.choices if choice[0] not in dict(GROUPS))]


USED = ("id", "name", "parent_id", "path", "site_id")
"""What the filter needs of a category."""


def in_group(cases: QuerySet[Case], name: str) -> QuerySet[Case]:
    """The cases of a built-in group; of any other name none."""
    if name == "late":
        return late(cases)
    if name == "today":
        return cases.filter(received_at__gte=start_of(today()))
    conditions = {
        "open": Q(ended_at=None),
        "mine": Q(ended_at=None, responsible=current().actor.user_id),
        "unassigned": Q(ended_at=None, state=State.REGISTERED) | Q(ended_at=None, responsible=None),
        "waiting": Q(ended_at=None, state=State.WAITING),
        "answered": Q(ended_at=None, state=State.ANSWERED),
        "ended": Q(ended_at__isnull=False),
        "live": Q(ended_at=None, state__in=LIVE),
    }
    return cases.filter(conditions[name]) if name in conditions else cases.none()


def _sites(request: Any) -> QuerySet[Site]:
    return sites_in_reach(VIEW)


def _people(request: Any) -> QuerySet[User]:
    return staff_of(sites_in_reach(VIEW).select_related("unit")).only("name", "username")


def _teams(request: Any) -> QuerySet[OrgUnit]:
    return teams_at(sites_in_reach(VIEW)).only("name")


class Choice(django_filters.ChoiceFilter):
    """One of some values, with a select that is quickly written."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"widget": QuickSelect, **kwargs})


class _ReadAtOnce(ModelChoiceIterator):
    """The choices of a field in one statement; the usual iterator opens a cursor on the server for them."""

    def __iter__(self) -> Iterator[Any]:
        yield "", self.field.empty_label
        for row in self.queryset:
            yield self.choice(row)


class _RowField(ModelChoiceField):
    iterator = _ReadAtOnce


class RowChoice(django_filters.ModelChoiceFilter):
    """One of some rows, with a select that is quickly written."""

    field_class = _RowField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"widget": QuickSelect, **kwargs})


class DayFilter(django_filters.DateFilter):
    """A local day; `edge` says whether its beginning or its end is meant."""

    def __init__(self, *, edge: str, **kwargs: Any) -> None:
        self.edge = edge
        kwargs.setdefault("widget", forms.DateInput)
        super().__init__(**kwargs)

    def filter(self, qs: Any, value: Any) -> Any:
        """Rows on or after, or on or before, the day."""
        if not isinstance(value, date) or not date(1900, 1, 1) <= value <= date(2999, 12, 31):
            return qs
        if self.edge == "from":
            return qs.filter(**{f"{self.field_name}__gte": start_of(value)})
        return qs.filter(**{f"{self.field_name}__lt": start_of(value + timedelta(days=1))})


class CaseFilter(django_filters.FilterSet):
    """Cases by group or state, kind, category with all under it, channel, severity, people, place, day."""

    state = Choice(label=_("State"), choices=STATES, method="by_state")
    kind = Choice(label=_("Kind"), choices=Kind.choices)
    category = Choice(label=_("Category"), method="by_category")
    responsible = RowChoice(label=_("Responsible"), queryset=_people)
    team = RowChoice(label=_("Team"), queryset=_teams)
    place = django_filters.CharFilter(label=_("Place"), method="by_place")
    severity = Choice(label=_("Severity"), choices=Severity.choices)
    channel = Choice(label=_("Channel"), choices=Channel.choices)
    site = RowChoice(label=_("Site"), queryset=_sites)
    start = DayFilter(label=_("Received from"), field_name="received_at", edge="from")
    end = DayFilter(label=_("Received to"), field_name="received_at", edge="to")
    customer = django_filters.NumberFilter(field_name="customer_id", widget=forms.HiddenInput)
    incident = django_filters.CharFilter(method="by_incident", widget=forms.HiddenInput)

    class Meta:
        model = Case
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = list(Category.objects.filter(retired=False).order_by("position", "pk").only(*USED))
        self.filters["category"].extra["choices"] = category_choices(self.rows)[1:]
        if len(current().ids(VIEW)) == 1 and not current().everywhere:
            del self.filters["site"]

    def by_state(self, cases: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        """A built-in group, or one exact state (`answered` as a group is the same)."""
        return cases.filter(state=value) if value in State.values else in_group(cases, value)

    def by_category(self, cases: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        """The category and everything under it."""
        top = next((one for one in self.rows if str(one.pk) == value), None)
        if top is None:
            return cases
        return cases.filter(category__in=[one.pk for one in self.rows if one.path.startswith(top.path)])

    def by_place(self, cases: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        """The place that is named, and everything under it."""
        return cases.filter(place__in=places_within(value))

    def by_incident(self, cases: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        """The cases under an incident."""
        return cases.filter(incident__code=value)


def places_within(text: str) -> list[int] | QuerySet[Any]:
    """The ids of the places a text names and of everything under them."""
    found = matches(text[:120], limit=5)
    if not found:
        return []
    under = Q(pk__in=[one.pk for one in found])
    for one in found:
        under |= subtree(one.below)
    return Place.objects.filter(under).order_by().values("pk")


class ContactFilter(django_filters.FilterSet):
    """Contacts by day, direction, channel, clerk and site."""

    start = DayFilter(label=_("From"), field_name="at", edge="from")
    end = DayFilter(label=_("To"), field_name="at", edge="to")
    direction = Choice(label=_("Direction"), choices=Contact.Direction.choices)
    channel = Choice(label=_("Channel"), choices=Channel.choices)
    kind = Choice(label=_("Kind"), choices=Kind.choices, field_name="case__kind")
    user = RowChoice(label=_("Received by"), queryset=_people)
    site = RowChoice(label=_("Site"), queryset=_sites)

    class Meta:
        model = Contact
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(current().ids(VIEW)) == 1 and not current().everywhere:
            del self.filters["site"]


GOING_ON = [("open", pgettext_lazy("incident", "Going on")), ("ended", pgettext_lazy("incident", "Ended"))]


class IncidentFilter(django_filters.FilterSet):
    """Incidents that go on, or have ended; by site."""

    state = Choice(label=_("State"), choices=GOING_ON, method="by_state")
    site = RowChoice(label=_("Site"), queryset=_sites)

    class Meta:
        model = Incident
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(current().ids(VIEW)) == 1 and not current().everywhere:
            del self.filters["site"]

    def by_state(self, incidents: QuerySet[Incident], name: str, value: str) -> QuerySet[Incident]:
        """Going on, or ended."""
        return incidents.filter(ended_at__isnull=value != "ended")
