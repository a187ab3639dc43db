"""The list of reports, one report on every kind of paper, and the evidence of a case."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import current
from huiyin.base.kit.service import Refused
from huiyin.base.kit.spreadsheet import XLSX
from huiyin.base.kit.views import ActionView, DetailView, Gate, ListView
from huiyin.work.cases.models import Case
from huiyin.work.cases.selectors import with_clocks, with_names
from huiyin.work.cases.tables import CASES

from . import services
from .contents import Moved, moved_since
from .evidence import evidence_of
from .filters import ReportFilter
from .forms import CommentaryForm, DraftForm, ReasonForm
from .models import Report
from .pdf import pdf_of
from .selectors import contents_of, editions_of, entry_of, records_of, reports, visible
from .tables import REPORTS
from .workbook import workbook

VIEW = "insight.view"
ISSUE = "reports.issue"


class ReportList(ListView):
    """All reports in reach: drafts to be written, what is overdue, what was issued."""

    permission = VIEW
    model = Report
    title = gettext_lazy("Reports")
    table = REPORTS
    filterset_class = ReportFilter
    template_name = "reports/list.html"
    export_permission = VIEW
    empty_hint = gettext_lazy("Reports are drafted by themselves when their period is over.")

    def get_queryset(self) -> QuerySet[Report]:
        rows: QuerySet[Report] = reports().allowed(self.permission)  # type: ignore[attr-defined]
        return rows

    def context(self, **extra: Any) -> dict[str, Any]:
        return super().context(may_draft=current().holds(ISSUE), **extra)


def report_context(report: Report) -> dict[str, Any]:
    """What every way of showing a report needs."""
    found = contents_of(report)
    return {"report": report, "parts": visible(report, found.parts), "found": found, "present": now()}


class ReportPage(DetailView):
    """One report: its figures with their records, its commentary, what changed since it was issued."""

    permission = VIEW
    model = Report
    template_name = "reports/report.html"
    object: Report

    def get_queryset(self) -> QuerySet[Report]:
        return super().get_queryset().select_related("site", "issued_by")

    def context(self, **extra: Any) -> dict[str, Any]:
        report = self.object
        shared = report_context(report)
        changed, moved = 0, list[Moved]()
        if report.is_issued:
            changed, moved = moved_since(shared["found"], entry_of(report), report.period)
        return super().context(
            **shared,
            editions=list(editions_of(report)),
            changed=changed,
            moved=moved,
            actions=actions_of(report),
            **extra,
        )


def actions_of(report: Report) -> list[dict[str, Any]]:
    """What may be done with a report now, by those who may issue reports there."""
    if not current().holds(ISSUE, report.site_id):
        return []

    def action(name: str, label: Any, icon: str, **more: Any) -> dict[str, Any]:
        return {"label": label, "url": reverse(f"reports:{name}", args=[report.pk]), "icon": icon, **more}

    if report.is_issued:
        return [action("reissue", _("New edition"), "copy")]
    return [
        action("write", _("Write commentary"), "edit", dialog="wide"),
        action("issue", pgettext_lazy("report", "Issue"), "send", primary=True),
    ]


class Draft(ActionView):
    """Draft a report by hand, for a period that is not over or long ago."""

    permission = ISSUE
    title = gettext_lazy("Draft a report")
    form_class = DraftForm
    service = services.draft

    def run(self, form: Any) -> Report:
        data = form.cleaned_data
        return services.draft(data["site"], code=data["code"], day=data["day"], by=self.actor)


class _OfReport(ActionView):
    permission = ISSUE
    model = Report

    def get_queryset(self) -> QuerySet[Report]:
        return super().get_queryset().select_related("site")


class Write(_OfReport):
    """Write the commentary of a draft."""

    title = gettext_lazy("Write commentary")
    form_class = CommentaryForm
    service = services.write

    def form_kwargs(self) -> dict[str, Any]:
        return {"initial": {"commentary": self.object.commentary}}


class Issue(_OfReport):
    """Freeze a report and hand it out."""

    title = gettext_lazy("Issue the report")
    service = services.issue
    success_message = gettext_lazy("The report is issued.")
    consequence = gettext_lazy(
        "Its figures and records are kept as they are now and cannot be changed any more."
    )


class Reissue(_OfReport):
    """Begin the next edition of an issued report."""

    title = gettext_lazy("New edition")
    form_class = ReasonForm
    service = services.reissue


class Records(ListView):
    """The cases counted in one figure of a report: as issued, or as they stand; for those who may see cases."""

    permission = VIEW
    export_permission = "cases.export"
    table = CASES
    model = Report

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        queryset: QuerySet[Report] = Gate.get_queryset(self)
        report = queryset.select_related("site").filter(pk=kwargs["pk"]).first()
        if report is None or not current().holds("cases.view", report.site_id):
            raise Http404(kwargs["pk"])
        self.report: Report = report
        return super().get(request, **kwargs)

    def get_queryset(self) -> QuerySet[Case]:
        return with_names(records_of(self.report, self.kwargs["part"]))

    def prepare(self, rows: list[Any]) -> list[Any]:
        return with_clocks(rows)

    def get_title(self) -> str:
        return f"{self.report.site} · {self.report}"

    def context(self, **extra: Any) -> dict[str, Any]:
        return super().context(back_url=self.report.get_absolute_url(), **extra)


def download(body: bytes, name: str, kind: str) -> HttpResponse:
    """A file to save, under a name in any script."""
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response


class Spreadsheet(DetailView):
    """A report as a spreadsheet."""

    permission = VIEW
    model = Report
    object: Report

    def get_queryset(self) -> QuerySet[Report]:
        return super().get_queryset().select_related("site", "issued_by")

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        report = self.object = self.get_object()
        parts = visible(report, contents_of(report).parts)
        return download(workbook(report, parts), f"{file_name(report)}.xlsx", XLSX)


def file_name(report: Report) -> str:
    """What a file of a report is called."""
    edition = f"-{report.edition}" if report.edition > 1 else ""
    return f"{report.site.name}-{report.name}-{report.period_name}{edition}"


class Paper(Spreadsheet):
    """A report as PDF, its fonts inside."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        report = self.object = self.get_object()
        html = render_to_string("reports/paper_report.html", report_context(report))
        return _pdf(request, html, f"{file_name(report)}.pdf", report.get_absolute_url())


def _pdf(request: HttpRequest, html: str, name: str, back: str) -> HttpResponse:
    try:
        return download(pdf_of(html), name, "application/pdf")
    except Refused as refusal:
        messages.error(request, refusal.message)
        return HttpResponseRedirect(back)


class EvidencePage(DetailView):
    """What proves how a case went, ready to be printed: for those who may see the case and the trail."""

    permission = "trail.view"
    model = Case
    lookup = "code"
    template_name = "reports/evidence.html"
    title = gettext_lazy("Evidence")
    object: Case

    def get_queryset(self) -> QuerySet[Case]:
        rows: QuerySet[Case] = with_names(super().get_queryset().allowed("cases.view"))  # type: ignore[attr-defined]
        return rows.select_related("first_responsible")

    def context(self, **extra: Any) -> dict[str, Any]:
        return super().context(
            case=self.object, evidence=evidence_of(self.object), present=now(), by=self.actor, **extra
        )


class EvidencePaper(EvidencePage):
    """The same as PDF."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.object = self.get_object()
        html = render_to_string(
            "reports/paper_evidence.html", self.context(object=self.object), request=request
        )
        name = _("Evidence") + f"-{self.object.code}.pdf"
        return _pdf(request, html, name, reverse("reports:evidence", args=[self.object.code]))
