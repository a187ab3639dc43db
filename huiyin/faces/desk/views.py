"""The first page of the day, the search, and the notices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huiyin.base.kit.scope import SIGNED_IN, current
from huiyin.base.kit.views import ActionView, Gate, ListView, PageView
from huiyin.engines.messages.models import Notice
from huiyin.engines.messages.selectors import notices_for
from huiyin.engines.messages.services import mark_read

from . import selectors, tables

SUGGESTED = 4


@dataclass(frozen=True)
class Tab:
    """One view of the desk."""

    code: str
    label: str
    active: bool
    url: str


TABS = {
    "mine": gettext_lazy("Due from me"),
    "sites": gettext_lazy("My sites"),
    "untaken": gettext_lazy("To be assigned or taken"),
    "late": gettext_lazy("Overdue"),
}


class Desk(PageView):
    """One list of what is due, by the time left; for leads also what is due from others."""

    permission = SIGNED_IN
    title = gettext_lazy("My desk")
    template_name = "desk/home.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        htmx = getattr(request, "htmx", None)
        return self.page(self.context(), partial="due" if htmx and not htmx.boosted else "")

    def context(self, **extra: Any) -> dict[str, Any]:
        scope = current()
        leads = scope.holds(selectors.LEADS)
        tab = self.request.GET.get("tab", "mine")
        if tab not in TABS or (tab != "mine" and not leads):
            tab = "mine"
        sites = scope.ids(selectors.LEADS)
        due = {
            "mine": lambda: selectors.mine(scope.actor.user_id or 0),
            "sites": lambda: selectors.at_sites(sites),
            "untaken": lambda: selectors.untaken_at(sites),
            "late": lambda: selectors.late_at(sites),
        }[tab]()
        here = reverse("desk:home")
        tabs = [
            Tab(code, str(label), code == tab, here if code == "mine" else f"{here}?tab={code}")
            for code, label in TABS.items()
        ]
        return super().context(
            due=due, tab=tab, tabs=tabs if leads else [], several=len(scope.sites) > 1,
            sees_cases=scope.holds(selectors.SEE_CASES), **extra,
        )  # fmt: skip


class Search(PageView):
    """Everything that fits what was typed; one exact hit goes straight to its page."""

    permission = SIGNED_IN
    title = gettext_lazy("Search")
    template_name = "desk/search.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        found = selectors.search(request.GET.get("q", ""))
        if found.straight:
            return HttpResponseRedirect(found.straight)
        return self.page(self.context(found=found))


class Suggest(PageView):
    """The first hits while somebody types."""

    permission = SIGNED_IN
    title = gettext_lazy("Search")
    template_name = "desk/suggest.html"

    def context(self, **extra: Any) -> dict[str, Any]:
        found = selectors.search(self.request.GET.get("q", ""), limit=SUGGESTED)
        return super().context(found=found, **extra)


class Inbox(ListView):
    """What the person looking was told, the newest first."""

    permission = SIGNED_IN
    model = Notice
    title = gettext_lazy("Notifications")
    table = tables.NOTICES
    template_name = "desk/inbox.html"
    empty_hint = gettext_lazy("You are told here when something is assigned to you or runs late.")

    def get_queryset(self) -> QuerySet[Notice]:
        rows: QuerySet[Notice] = notices_for(self.actor.user_id or 0)
        if self.request.GET.get("unread") == "1":
            rows = rows.filter(read_at=None)
        return rows


class OpenNotice(Gate):
    """Go to what a notice is about; it counts as read."""

    permission = SIGNED_IN
    model = Notice
    title = gettext_lazy("Notifications")

    def get_queryset(self) -> QuerySet[Notice]:
        rows: QuerySet[Notice] = notices_for(self.actor.user_id or 0)
        return rows

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        notice: Notice = get_object_or_404(self.get_queryset(), pk=kwargs["pk"])
        if not url_has_allowed_host_and_scheme(
            notice.about, allowed_hosts=None
        ) or not notice.about.startswith("/"):
            raise Http404
        if notice.read_at is None:
            mark_read(notice.user_id, pks=[notice.pk], by=self.actor)
        return HttpResponseRedirect(notice.about)


class ReadAll(ActionView):
    """Mark all notices as read."""

    permission = SIGNED_IN
    title = gettext_lazy("Mark all as read")
    success_message = gettext_lazy("Everything is marked as read.")

    def run(self, form: Any) -> int:
        return mark_read(self.actor.user_id or 0, by=self.actor)

    def success_url(self, result: Any) -> str:
        return reverse("messages:inbox")

    @property
    def consequence(self) -> str:
        """What it leads to."""
        return _("All your notifications count as read; they stay in the list.")
