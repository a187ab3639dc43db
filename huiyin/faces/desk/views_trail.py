"""The trail: who did what and when, for those who have to know."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import django_filters
from django import forms
from django.apps import apps
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.moment import start_of
from huiyin.base.kit.scope import current
from huiyin.base.kit.views import ListView
from huiyin.base.org.models import Site, User
from huiyin.base.org.selectors import sites_in_reach, staff_of
from huiyin.base.trail.models import Event
from huiyin.base.trail.registry import VERBS
from huiyin.work.cases.filters import Choice, RowChoice
from huiyin.work.cases.models import Case, Incident
from huiyin.work.cases.templatetags.cases import page_of
from huiyin.work.cases.timeline import Names, sentence, who

from . import tables

PERMISSION = "trail.view"
WAYS = {
    "desk": _("Desk"),
    "api": _("Interface"),
    "import": _("Import"),
    "worker": _("Worker"),
    "command": _("Command"),
}


def _verbs() -> list[tuple[str, Any]]:
    """Every verb with its words, by part of the house."""
    groups: dict[str, list[tuple[str, Any]]] = defaultdict(list)
    for code, label in sorted(VERBS.items()):
        groups[code.split(".")[0]].append((code, label))
    names = {config.label: config.verbose_name for config in apps.get_app_configs()}
    return [(str(names.get(part, part)), verbs) for part, verbs in groups.items()]


def _people(request: Any) -> QuerySet[User]:
    if PERMISSION in current().company:
        return User.objects.order_by("name", "pk")
    return staff_of(sites_in_reach(PERMISSION).select_related("unit"), systems=True)


def _sites(request: Any) -> QuerySet[Site]:
    return sites_in_reach(PERMISSION)


class TrailFilter(django_filters.FilterSet):
    """Events by verb, person, day and site."""

    verb = Choice(label=_("What"), choices=_verbs)
    actor = RowChoice(label=_("Who"), queryset=_people)
    day = django_filters.DateFilter(label=_("Day"), method="on_day", widget=forms.DateInput)
    site = RowChoice(label=_("Site"), queryset=_sites)

    class Meta:
        model = Event
        fields: list[str] = []

    def on_day(self, events: QuerySet[Event], name: str, value: date) -> QuerySet[Event]:
        """The events of one local day."""
        if not date(1900, 1, 1) <= value <= date(2999, 12, 31):
            return events.none()
        return events.filter(at__gte=start_of(value), at__lt=start_of(value + timedelta(days=1)))


class Trail(ListView):
    """Everything that happened in reach, the newest first."""

    permission = PERMISSION
    model = Event
    title = _("Trail")
    table = tables.TRAIL
    filterset_class = TrailFilter
    template_name = "desk/trail.html"
    export_permission = PERMISSION
    empty_hint = _("Everything that is done leaves a line here.")

    def get_queryset(self) -> QuerySet[Event]:
        rows: QuerySet[Event] = super().get_queryset().select_related("site", "actor")
        if not current().everywhere and PERMISSION not in current().company:
            # What concerns the whole organisation is for those who answer for all of it.
            rows = rows.filter(site__isnull=False)
        return rows

    def prepare(self, rows: list[Any]) -> list[Any]:
        names = Names(rows)
        subjects = _subjects(rows)
        for event in rows:
            subject = subjects.get((event.root_type, event.root_id))
            event.who = who(event)
            event.way = str(WAYS.get(event.via, event.via))
            event.text = sentence(event, names)
            event.about = str(subject) if subject is not None else ""
            event.about_url = _url(subject)
        return rows


def _subjects(events: list[Any]) -> dict[tuple[str, int], Any]:
    """The matters the events belong to, one query per table; those out of reach are left out."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for event in events:
        wanted[event.root_type].add(event.root_id)
    found: dict[tuple[str, int], Any] = {}
    for name, ids in wanted.items():
        try:
            model: Any = apps.get_model(name)
        except LookupError:
            continue
        for pk, row in model._default_manager.in_bulk(ids).items():
            found[name, pk] = row
    return found


def _url(subject: Any) -> str:
    if isinstance(subject, Case | Incident):
        return str(subject.get_absolute_url()) if current().holds("cases.view", subject.site_id) else ""
    return page_of(subject) if hasattr(subject, "site_id") else ""
