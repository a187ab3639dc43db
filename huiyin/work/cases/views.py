"""The list of cases, the page of one case, why it is due, its sheet on paper, the register of contacts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from huiyin.base.kit.related import relate
from huiyin.base.kit.scope import current
from huiyin.base.kit.tables import Order, Page, page_of
from huiyin.base.kit.views import DetailView, Gate, ListView, searchable
from huiyin.base.org.models import User
from huiyin.base.org.selectors import views_for
from huiyin.base.trail.selectors import history
from huiyin.engines.approvals.models import Approval
from huiyin.engines.clocks.models import Clock
from huiyin.engines.clocks.selectors import first_of_each, of, why, without_running
from huiyin.engines.files.selectors import attachments_of
from huiyin.engines.search.selectors import narrow

from . import filters, tables
from .callers import HouseholdCard, card_of, note_look
from .extending import asked
from .models import Case, Contact, State
from .raising import SETTLED_OTHERWISE, papers_of
from .selectors import beside, listed, readable, with_names
from .states import FLOW, LIVE
from .timeline import clock_name, entries

VIEW = "cases.view"
HISTORY_SHOWN = 200
WHOLE_NUMBER, FEW = 7, 500
"""So many digits are a whole telephone number; how many contacts of one are looked up."""


@dataclass(frozen=True)
class BuiltInView:
    """A view of the list that everybody has, shown like a saved one."""

    name: Any
    url: str
    active: bool
    pk: int = 0
    shared: bool = False
    mine: bool = False


def views_of(request: HttpRequest) -> list[Any]:
    """The built-in views of the list of cases, then the saved ones."""
    asked = {(name, value) for name, values in request.GET.lists() for value in values if value}
    asked = {pair for pair in asked if pair[0] not in ("after", "export", "part", "order", "columns")}
    shown: list[Any] = [
        BuiltInView(label, f"{request.path}?{urlencode({'state': code})}", asked == {("state", code)})
        for code, label in filters.GROUPS
        if code != "ended"
    ]
    user = request.user
    if isinstance(user, User):
        for view in views_for(user, request.path):
            url = f"{view.path}?{view.query}"
            active = bool(asked) and request.GET.urlencode() == view.query
            shown.append(
                BuiltInView(view.name, url, active, view.pk, view.is_shared, view.user_id == user.pk)
            )
    return shown


REST = "rest."
"""Begins the cursor of a page behind the last case that has time left."""


class CaseList(ListView):
    """All cases in reach, dense, the newest first, or the one with the least time left first.

    By time left the page is read off the running clocks, in the order of their index; the cases on which
    none runs follow, the newest first.
    """

    permission = VIEW
    model = Case
    title = gettext_lazy("Cases")
    table = tables.CASES
    filterset_class = filters.CaseFilter
    template_name = "cases/list.html"
    export_permission = "cases.export"
    search_hint = gettext_lazy("Number, unit, name, phone, words")
    rest: Any
    empty_hint = gettext_lazy("Cases appear here as soon as the first one is registered.")
    bulk_actions = (
        ("cases:bulk-assign", gettext_lazy("Assign"), "user"),
        ("cases:bulk-attach", gettext_lazy("Put under an incident"), "stack-2"),
    )

    @property
    def by_time_left(self) -> bool:
        """Whether the clocks give the order."""
        return self.table.order(self.request.GET.get("order")).name == "due"

    def filtered(self) -> tuple[QuerySet[Any], Any]:
        queryset, filterset = super().filtered()
        if self.by_time_left:
            self.rest = without_running(queryset)
            queryset = first_of_each(queryset, found=bool(searchable(self.request.GET.get("q", ""))))
        return queryset, filterset

    def narrow(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        if self.by_time_left:
            return narrow(queryset, text)
        rows, first = self.from_here(queryset)
        return narrow(rows, text, first=first)

    def read_page(self, queryset: QuerySet[Any], order: Order, after: str) -> Page:
        if not self.by_time_left:
            return super().read_page(queryset, order, after)
        rows: list[Any] = []
        if not after.startswith(REST):
            page = super().read_page(queryset, order, after)
            if page.next is not None:
                return page
            rows, after = page.rows, REST
            if len(rows) == self.table.page_size:
                return Page(rows, REST if self.rest.exists() else None)
        room = self.table.page_size - len(rows)
        rest = page_of(self.rest, self.table.orders[0], after=after.removeprefix(REST), size=room)
        return Page(rows + rest.rows, rest.next and REST + rest.next)

    def prepare(self, rows: list[Any]) -> list[Any]:
        timed = [row.subject_id for row in rows if isinstance(row, Clock)]
        cases = self.get_queryset().in_bulk(timed) if timed else {}
        found = (cases.get(row.subject_id) if isinstance(row, Clock) else row for row in rows)
        return listed([case for case in found if case is not None])

    def batches(self, queryset: QuerySet[Any], size: int = 1000) -> Any:
        yield from super().batches(queryset, size)
        if self.by_time_left:
            rest = self.rest.allowed(self.export_permission)
            yield from super().batches(rest.order_by(*self.table.orders[0].keys()), size)

    def context(self, **extra: Any) -> dict[str, Any]:
        return super().context(saved_views=views_of(self.request), **extra)


@dataclass(frozen=True)
class Command:
    """What can be done with a case: its words, its page, its key."""

    name: str
    label: Any
    icon: str
    key: str = ""
    dialog: str = ""
    danger: bool = False


COMMANDS = {
    one.name: one
    for one in (
        Command("assign", gettext_lazy("Assign"), "user", "a"),
        Command("begin", gettext_lazy("Begin work"), "player-play", "b"),
        Command("resume", gettext_lazy("Go on"), "player-play", "b"),
        Command("answer", gettext_lazy("Answer"), "message", "r", "wide"),
        Command("wait", gettext_lazy("Let wait"), "hourglass", "w"),
        Command("close", pgettext_lazy("case", "Close"), "circle-check", "c"),
        Command("more-time", gettext_lazy("Ask for more time"), "clock-pause", "t"),
        Command("report-upwards", gettext_lazy("Report upwards"), "arrow-up", "u", "wide"),
        Command("reopen", gettext_lazy("Reopen"), "rotate"),
        Command("contact", gettext_lazy("Log a contact"), "phone", "l"),
        Command("change", gettext_lazy("Correct"), "edit", "e", "wide"),
        Command("merge", gettext_lazy("Merge"), "git-merge", "m", "wide"),
        Command("unmerge", gettext_lazy("Separate again"), "arrows-split"),
        Command("attach", gettext_lazy("Put under an incident"), "stack-2", "i"),
        Command("detach", gettext_lazy("Take out of the incident"), "stack-2"),
        Command("decline", gettext_lazy("Decline"), "circle-x", danger=True),
        Command("cancel", gettext_lazy("Cancel the case"), "ban", danger=True),
    )
}
FIRST = ("assign", "begin", "resume", "answer", "wait", "close", "reopen")
"""The commands that stand in the head of the page; the others are one click away."""
NEXT: dict[str, str] = {
    State.REGISTERED: "assign",
    State.ASSIGNED: "begin",
    State.WORKING: "answer",
    State.WAITING: "resume",
    State.ANSWERED: "close",
}
"""The step that usually comes next."""


def commands_of(case: Case) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The commands one may give, some refused with the reason: those in the head of the page; the others."""
    reasons = {offer.move.name: offer.reason for offer in FLOW.offers(case)}
    held = current().holds
    site = case.site_id
    if case.state in LIVE and held("cases.close", site):
        reasons["close"] = _("First record what the customer was told.")
    if held("cases.register", site) and case.is_open:
        reasons["contact"] = ""
        if case.state in LIVE:
            reasons["attach"] = ""
    if case.incident_id is not None and held("cases.incident", site):
        reasons.pop("attach", None)
        if case.is_open:
            reasons["detach"] = ""
    if held("cases.register", site) and case.state not in SETTLED_OTHERWISE:
        reasons["report-upwards"] = ""
    if held("cases.answer", site) and case.is_open:
        reasons["change"] = ""
        reasons["more-time"] = ""
    if case.state == State.MERGED and held("cases.merge", site):
        answered = case.answered_at is not None
        reasons["unmerge"] = _("It was answered together with the other case.") if answered else ""
    shown = [
        {
            "label": one.label,
            "url": reverse(f"cases:{name}", args=[case.code]),
            "icon": one.icon,
            "key": one.key,
            "dialog": one.dialog,
            "danger": one.danger,
            "primary": NEXT.get(case.state) == name,
            "reason": reasons[name],
            "name": name,
        }
        for name, one in COMMANDS.items()
        if name in reasons
    ]
    return [one for one in shown if one["name"] in FIRST], [one for one in shown if one["name"] not in FIRST]


def _running_first(clock: Clock) -> tuple[bool, datetime]:
    return not clock.is_running, clock.due_at


def _paper(approval: Approval, opens: bool, **more: Any) -> dict[str, Any]:
    """A request about a case as its page shows it, and where to open it for those who may."""
    return {"approval": approval, "url": approval.get_absolute_url() if opens else "", **more}


class CasePage(DetailView):
    """One case: how it stands, what can be done, who is concerned, what happened."""

    permission = VIEW
    model = Case
    lookup = "code"
    template_name = "cases/case.html"
    parts = ("timeline",)

    def get_queryset(self) -> QuerySet[Case]:
        rows: QuerySet[Case] = with_names(super().get_queryset())
        return rows.select_related("first_responsible", "merged_into", "site__unit", "incident__place")

    def get_title(self) -> str:
        return f"{self.object.title}"

    def context(self, **extra: Any) -> dict[str, Any]:
        case: Case = extra["object"]
        events = list(history(case).order_by("-id")[:HISTORY_SHOWN])
        first, more = commands_of(case)
        longer, reports = papers_of(case)
        opens = bool(longer or reports) and current().holds("approvals.view", case.site_id)
        return super().context(
            case=case,
            commands=first,
            more_commands=more,
            clocks=sorted((one for one in of(case) if one.is_running or one.verdict), key=_running_first),
            entries=entries(events),
            card=self.card(case),
            beside=beside(case),
            extensions=[_paper(one, opens, asked=asked(one)) for one in longer],
            reports=[_paper(one.approval, opens, word=one.word) for one in reports],
            merged=list(case.merged.order_by("pk").only("pk", "code", "title", "site")),
            **extra,
        )

    def card(self, case: Case) -> HouseholdCard | None:
        """Who is concerned, for those who may see customers; that it was looked up is noted."""
        if case.place is None and case.customer is None:
            return None
        card = card_of(case.site, case.place, case.customer, cases=False)
        note_look(card, case.code, self.actor)
        return card


class Why(Gate):
    """Why a limit of a case is what it is: rule, clause, requirement, how the time was counted."""

    permission = VIEW
    model = Case
    lookup = "code"
    template_name = "cases/why.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        case = self.get_object()
        clock = get_object_or_404(
            Clock, pk=kwargs["pk"], subject_type=Case._meta.label_lower, subject_id=case.pk
        )
        htmx = getattr(request, "htmx", None)
        context = self.context(case=case, clock=clock, why=why(clock), kind=clock_name(clock.kind))
        return self.page(context, partial="panel" if htmx and not htmx.boosted else "")

    def get_title(self) -> str:
        return _("Why this limit?")


class Sheet(Gate):
    """A case on paper: the slip that goes with the work and is signed by the customer."""

    permission = VIEW
    model = Case
    lookup = "code"
    template_name = "cases/print.html"

    def get_queryset(self) -> QuerySet[Case]:
        rows: QuerySet[Case] = with_names(super().get_queryset())
        return rows.select_related("first_responsible")

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        case = self.get_object()
        size = request.GET.get("size", "a4")
        if size not in ("a4", "a5"):
            raise Http404
        clocks = list(of(case))
        running = sorted((one for one in clocks if one.is_running), key=_running_first)
        return self.page(
            self.context(
                case=case,
                size=size,
                clocks=clocks,
                running=running,
                files=len(attachments_of(case)),
                at_once=request.GET.get("now") == "1",
            )
        )

    def get_title(self) -> str:
        return _("Case sheet")


class ContactList(ListView):
    """The register of calls and visits: who called when, about what, and who took it."""

    permission = VIEW
    model = Contact
    title = gettext_lazy("Contacts register")
    table = tables.CONTACTS
    filterset_class = filters.ContactFilter
    template_name = "cases/contacts.html"
    export_permission = "cases.export"
    search_hint = gettext_lazy("Number, unit, name, phone, words")
    empty_hint = gettext_lazy("Every call and visit that was noted stands here.")

    def prepare(self, rows: list[Any]) -> list[Any]:
        relate(rows, {"site": ("name",), "case": ("code",), "place": ("name",), "user": ("name", "username")})
        return rows

    def narrow(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        text = readable(text)
        rows, first = self.from_here(queryset)
        found = narrow(rows, text, first=first, of=Case, key="case_id")
        same: list[int] = []
        if sum(map(str.isdigit, text)) >= WHOLE_NUMBER:
            same = list(Contact.objects.filter(phone=text).values_list("pk", flat=True)[:FEW])
        return rows.filter(Q(pk__in=same) | Q(pk__in=found.order_by().values("pk"))) if same else found
