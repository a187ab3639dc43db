"""The handbook and what has become of it: clause, what fulfils it, the proof of a month, the gaps."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from operator import itemgetter
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy

from huiyin.base.kit.figures import Period
from huiyin.base.kit.scope import current
from huiyin.base.kit.spreadsheet import spreadsheet_response
from huiyin.base.kit.tables import Column
from huiyin.base.kit.views import ListView, PageView, searchable
from huiyin.base.org.models import Site
from huiyin.base.org.pages import OfSites
from huiyin.base.org.selectors import sites_in_reach
from huiyin.engines.packs.selectors import entry

from .claims import claims
from .evidence import PROVING, evidence, month_of
from .handbook import STATES, Row, rows_of, with_evidence, with_pages
from .requirements import requirements
from .words import capability_words, kind_words, post_words, speaks_chinese

VIEW = "insight.view"
SIZE = 100
MOST = 5000


def _proof(row: Row) -> str:
    if row.evidence is None:
        return ""
    count, total = row.evidence.count, row.evidence.total
    return str(count) if total is None else f"{count} / {total}"


COLUMNS = (
    Column("origin", gettext_lazy("Requirement"), lambda row: row.origin),
    Column("kind", gettext_lazy("Kind"), lambda row: row.kind),
    Column("capability", gettext_lazy("About"), lambda row: row.capability),
    Column("post", gettext_lazy("Post"), lambda row: row.post),
    Column("headline", gettext_lazy("What is demanded"), lambda row: row.headline),
    Column("clause", gettext_lazy("Clause"), lambda row: row.clause),
    Column("figure", gettext_lazy("Figure"), lambda row: row.figure),
    Column("text", gettext_lazy("In English"), lambda row: row.text),
    Column("state", gettext_lazy("State"), lambda row: str(row.state_label)),
    Column("by", gettext_lazy("Fulfilled by"), lambda row: row.by),
    Column("proof", gettext_lazy("Proof of the month"), _proof),
    Column("test", gettext_lazy("Shown by the test"), lambda row: row.test),
    Column("why", gettext_lazy("Why it is open"), lambda row: row.why),
)


class Handbook(OfSites, PageView):
    """Every clause that binds a site, with what fulfils it. Address: site, month, kind, capability, post, state, q."""

    permission = VIEW
    title = gettext_lazy("How the handbook is kept")
    template_name = "coverage/handbook.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> Any:
        self.site: Site | None = self.asked or (self.sites[0] if self.sites else None)
        first, last = month_of(request.GET.get("month", ""))
        self.period = Period(self.site, first, last)
        self.everything = rows_of(self.site, requirements(), claims())
        if request.GET.get("export"):
            rows = self.complete(self.narrowed())
            return spreadsheet_response(self.get_title(), COLUMNS, rows, limit=MOST)
        return super().get(request, **kwargs)

    def narrowed(self) -> list[Row]:
        """The rows that the filters in the address leave."""
        asked = {name: self.request.GET.get(name, "") for name in ("kind", "capability", "post", "state")}
        text = searchable(self.request.GET.get("q", "")).casefold()
        rows = []
        for row in self.everything:
            one = row.requirement
            values = {"state": row.state}
            values |= {name: getattr(one, name, "") if one else "" for name in ("kind", "capability", "post")}
            if all(not wanted or values[name] == wanted for name, wanted in asked.items()) and (
                not text or row.mentions(text)
            ):
                rows.append(row)
        return rows

    def complete(self, rows: list[Row]) -> list[Row]:
        """Rows with links and figures."""
        items = [row.item for row in rows if row.item is not None]
        found = evidence(items, self.period) if self.site is not None else {}
        return with_evidence(with_pages(rows), found)

    def context(self, **extra: Any) -> dict[str, Any]:
        found = self.narrowed()
        number = self.request.GET.get("page", "")
        pages = max(1, -(-len(found) // SIZE))
        page = min(int(number), pages) if number.isdecimal() and 0 < len(number) < 6 and int(number) else 1
        whole = bool(self.request.GET.get("print"))
        shown = found[:MOST] if whole else found[(page - 1) * SIZE : page * SIZE]
        counted = Counter(row.state for row in self.everything)
        known = [row.requirement for row in self.everything if row.requirement is not None]
        link = self.request.GET.copy()
        for name in ("page", "print", "export"):
            link.pop(name, None)
        return super().context(
            rows=self.complete(shown),
            found=len(found),
            total=len(self.everything),
            states=[(code, label, counted[code]) for code, label in STATES.items()],
            kinds=_choices({one.kind for one in known}, kind_words),
            capabilities=_choices({one.capability for one in known}, capability_words),
            posts=sorted(((one, post_words(one)) for one in {one.post for one in known}), key=itemgetter(1)),
            asked={
                name: self.request.GET.get(name, "") for name in ("kind", "capability", "post", "state", "q")
            },
            site=self.site,
            sites=self.sites,
            period=self.period,
            earlier=self.period.first - timedelta(days=1),
            later=self.period.last + timedelta(days=1),
            page=page,
            pages=pages,
            whole=whole,
            chinese=speaks_chinese(),
            link=link.urlencode(),
            **extra,
        )


def _choices(codes: set[str], words: Any) -> list[tuple[str, str]]:
    return sorted(((code, words(code)) for code in codes), key=lambda one: one[1])


class Records(ListView):
    """The records behind the proof of an entry: the very set that was counted."""

    permission = VIEW

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        site = sites_in_reach(VIEW).filter(code=kwargs["site"]).first()
        proving = PROVING.get(kwargs["section"])
        if site is None or proving is None or not current().holds(proving.permission, site.pk):
            raise Http404(kwargs["site"])
        self.item = entry(kwargs["section"], kwargs["code"], site)
        if self.item is None or kwargs["part"] not in ("num", "den"):
            raise Http404(kwargs["code"])
        self.proving = proving
        self.period = Period(site, *month_of(request.GET.get("month", "")))
        self.table = import_string(proving.table)  # type: ignore[misc]
        return super().get(request, **kwargs)

    def get_queryset(self) -> QuerySet[Any]:
        assert self.item is not None
        rows = self.proving.records(self.item, self.period, self.kwargs["part"])
        found: QuerySet[Any] = rows.allowed(self.proving.permission)  # type: ignore[attr-defined]
        return found

    def prepare(self, rows: list[Any]) -> list[Any]:
        return self.proving.prepare(rows)

    def get_title(self) -> str:
        assert self.item is not None
        return f"{self.period.site} · {getattr(self.item.value, 'name', None) or self.item.code}"

    def context(self, **extra: Any) -> dict[str, Any]:
        assert self.item is not None
        back = f"{reverse('coverage:handbook')}?site={self.period.site.code}&month={self.period.first:%Y-%m}"
        return super().context(intro=self.item.value.clause, back_url=back, period=self.period, **extra)
