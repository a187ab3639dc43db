"""Incidents: one cause behind many cases — the list, the page, opening, changing, answering everybody."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy, ngettext

from huiyin.base.kit.scope import current
from huiyin.base.kit.service import Refused
from huiyin.base.kit.views import ActionView, DetailView, ListView
from huiyin.base.org.models import Site
from huiyin.base.org.selectors import sites_in_reach
from huiyin.base.trail.selectors import history
from huiyin.engines.clocks.selectors import running_for

from . import filters, forms, joining, tables
from .models import Case, Incident
from .selectors import open_cases, readable, with_names
from .states import LIVE
from .timeline import entries

VIEW = "cases.view"
LEAD = "cases.incident"
SHOWN = 200


class IncidentList(ListView):
    """Incidents, the newest first."""

    permission = VIEW
    model = Incident
    title = gettext_lazy("Incidents")
    table = tables.INCIDENTS
    filterset_class = filters.IncidentFilter
    export_permission = "cases.export"
    search_hint = gettext_lazy("Number or words")
    empty_hint = gettext_lazy(
        "When one cause lets many people call, open an incident: one answer reaches all."
    )
    new_url_name = "cases:incident-new"
    new_label = gettext_lazy("Open an incident")
    new_permission = LEAD

    def get_queryset(self) -> QuerySet[Incident]:
        rows: QuerySet[Incident] = super().get_queryset().select_related("site", "place")
        return rows

    def narrow(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        words = readable(text)
        return queryset.filter(Q(code__icontains=words) | Q(title__icontains=words))

    def prepare(self, rows: list[Any]) -> list[Any]:
        counted = (
            Case.objects.filter(incident__in=rows).order_by().values_list("incident").annotate(Count("pk"))
        )
        counts = dict(counted)
        for row in rows:
            row.case_count = counts.get(row.pk, 0)
        return rows


class IncidentPage(DetailView):
    """One incident: what callers are told, its cases, what may belong to it too."""

    permission = VIEW
    model = Incident
    lookup = "code"
    template_name = "cases/incident.html"

    def get_queryset(self) -> QuerySet[Incident]:
        rows: QuerySet[Incident] = super().get_queryset().select_related("site", "place", "opened_by")
        return rows

    def get_title(self) -> str:
        return str(self.object.title)

    def context(self, **extra: Any) -> dict[str, Any]:
        incident: Incident = extra["object"]
        cases = list(
            with_names(Case.objects.filter(incident=incident)).order_by("-received_at", "-pk")[: SHOWN + 1]
        )
        clocks = running_for(cases)
        for case in cases:
            case.clocks = clocks.get(case.pk, [])  # type: ignore[attr-defined]
        leads = current().holds(LEAD, incident.site_id)
        return super().context(
            incident=incident,
            cases=cases[:SHOWN],
            more=len(cases) > SHOWN,
            leads=leads,
            candidates=fitting(incident) if leads and incident.ended_at is None else [],
            entries=entries(list(history(incident).order_by("-id")[:SHOWN])),
            **extra,
        )


def fitting(incident: Incident, limit: int = 30) -> list[Case]:
    """Open cases without an incident that may belong to it: in its building, the newest first."""
    rows = open_cases().filter(site=incident.site_id, incident=None, state__in=LIVE)
    place = incident.place
    if place is not None:
        rows = rows.filter(Q(place__in=filters.places_within(place.code)) | Q(place=place))
    return list(with_names(rows).order_by("-received_at", "-pk")[:limit])


class IncidentAction(ActionView):
    """An action on an incident."""

    permission = LEAD
    model = Incident
    lookup = "code"
    object: Incident

    def get_queryset(self) -> QuerySet[Incident]:
        rows: QuerySet[Incident] = super().get_queryset().select_related("site__unit", "place")
        return rows


class OpenIncident(ActionView):
    """A new incident; `?case=…` puts a case under it at once."""

    permission = LEAD
    title = gettext_lazy("Open an incident")
    form_class = forms.OpenIncidentForm
    service = joining.open_incident
    success_message = gettext_lazy("The incident is open; whoever calls is told the words.")

    def setup_subject(self) -> None:
        self.case = None
        code = readable(self.request.GET.get("case", ""), 40)
        if code:
            rows = Case.objects.allowed(LEAD).select_related("site__unit", "place")
            self.case = get_object_or_404(rows, code=code)

    def form_kwargs(self) -> dict[str, Any]:
        case = self.case
        if case is not None:
            return {"sites": [case.site], "initial": {"title": case.title}}
        sites: list[Site] = list(sites_in_reach(LEAD).select_related("unit").order_by("code"))
        return {"sites": sites}

    def run(self, form: Any) -> Incident:
        data = dict(form.cleaned_data)
        site = data.pop("site")
        if site is None:
            raise Refused("missing", gettext_lazy("Choose a site."), field="site")
        cases = [self.case] if self.case is not None else []
        return joining.open_incident(site, **data, cases=cases, by=self.actor)


class ChangeIncident(IncidentAction):
    """Change the words for callers or the expected end."""

    title = gettext_lazy("Change the incident")
    submit_label = gettext_lazy("Save")
    form_class = forms.IncidentForm
    service = joining.change_incident
    success_message = gettext_lazy("Saved.")

    def form_kwargs(self) -> dict[str, Any]:
        incident = self.object
        return {
            "initial": {
                "title": incident.title,
                "script": incident.script,
                "expected_at": incident.expected_at,
            }
        }


class PickCases(IncidentAction):
    """Put cases under the incident."""

    title = gettext_lazy("Put cases under the incident")
    form_class = forms.PickCasesForm

    def form_kwargs(self) -> dict[str, Any]:
        return {"rows": fitting(self.object)}

    def run(self, form: Any) -> Incident:
        codes = [*form.cleaned_data.get("cases", []), *form.cleaned_data["codes"].split()]
        wanted = list(dict.fromkeys(code.upper() for code in codes))[:SHOWN]
        if not wanted:
            raise Refused("missing", gettext_lazy("Choose a case, or type its number."), field="codes")
        rows = Case.objects.allowed("cases.register").filter(site=self.object.site_id)
        found = {case.code: case for case in rows.filter(code__in=wanted).select_related("site")}
        missing = [code for code in wanted if code not in found]
        if missing:
            raise Refused(
                "unknown", gettext_lazy("There is no case %(codes)s at this site."),
                params={"codes": ", ".join(missing[:5])}, field="codes",
            )  # fmt: skip
        return joining.attach_many(self.object, cases=list(found.values()), by=self.actor)


class AnswerIncident(IncidentAction):
    """Answer every case under the incident with the same words and end it."""

    title = gettext_lazy("Answer all and end the incident")
    form_class = forms.AnswerIncidentForm
    service = joining.answer_incident
    template_name = "cases/incident_answer.html"

    def context(self, **extra: Any) -> dict[str, Any]:
        rows = Case.objects.filter(incident=self.object, state__in=LIVE)
        told = list(rows.select_related("place").order_by("-received_at")[: SHOWN + 1])
        return super().context(incident=self.object, told=told[:SHOWN], more=len(told) > SHOWN, **extra)

    def form_kwargs(self) -> dict[str, Any]:
        return {"initial": {"text": self.object.script}}

    def run(self, form: Any) -> Incident:
        incident, count = joining.answer_incident(self.object, **form.cleaned_data, by=self.actor)
        words = ngettext("%(n)s case was answered.", "%(n)s cases were answered.", count)
        messages.success(self.request, words % {"n": count})
        return incident
