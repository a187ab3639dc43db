"""The page of a site's figures, the page across sites, and the records behind each figure."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huiyin.base.kit.figures import BREAKDOWNS, INDICATORS, Period, last_days, measure
from huiyin.base.kit.scope import current
from huiyin.base.kit.views import ListView, PageView
from huiyin.base.org.models import Site
from huiyin.base.org.selectors import sites_in_reach

from .selectors import DAYS, breakdowns, by_day, figures

KEY = ("received", "answered-in-time", "closed", "open", "late")
"""The indicators shown for every site on the page across sites."""
MOST_PARTS = 12
"""How many parts of a breakdown a page shows before it offers the rest."""


def days_asked(request: HttpRequest) -> int:
    """The length of the period in the address, or a month."""
    asked = request.GET.get("days", "")
    return int(asked) if asked.isdecimal() and len(asked) < 4 and int(asked) in DAYS else 30


class Across(PageView):
    """The key figures of every site in reach, side by side."""

    permission = "insight.view"
    title = gettext_lazy("Figures of all sites")
    template_name = "indicators/across.html"

    def context(self, **extra: Any) -> dict[str, Any]:
        days = days_asked(self.request)
        chosen = [INDICATORS[code] for code in KEY]
        rows = []
        for site in sites_in_reach(self.permission).order_by("code"):
            period = last_days(site, days)
            rows.append((site, [measure(one, period) for one in chosen]))
        return super().context(rows=rows, indicators=chosen, days=days, choices=DAYS, **extra)


class OfSite(PageView):
    """One page per site: figures, trend, what is open, late, and whose."""

    permission = "insight.view"
    template_name = "indicators/site.html"
    site: Site

    def get(self, request: HttpRequest, **kwargs: Any) -> Any:
        self.site = site_of(self.permission, kwargs["code"])
        return super().get(request, **kwargs)

    def get_title(self) -> str:
        return str(self.site)

    def context(self, **extra: Any) -> dict[str, Any]:
        days = days_asked(self.request)
        period = last_days(self.site, days)
        month = last_days(self.site, 30)
        trend = [[str(day), count] for day, count in by_day("received", month)]
        return super().context(
            site=self.site,
            period=period,
            days=days,
            choices=DAYS,
            figures=figures(period),
            breakdowns=[(one, parts[:MOST_PARTS], parts[MOST_PARTS:]) for one, parts in breakdowns(period)],
            trend={
                "days": [day for day, _n in trend],
                "counts": [n for _day, n in trend],
                "label": _("Received"),
            },
            **extra,
        )


def site_of(permission: str, code: str) -> Site:
    """The site of that code where the permission is held; 404 otherwise."""
    site = sites_in_reach(permission).filter(code=code).first()
    if site is None:
        raise Http404(code)
    return site


class Records(ListView):
    """The records behind a figure: the very set that was counted."""

    permission = "insight.view"
    export_permission = "cases.export"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        site = site_of(self.permission, kwargs["code"])
        self.period: Period = last_days(site, days_asked(request))
        self.figure: Any = INDICATORS.get(kwargs["figure"]) or BREAKDOWNS.get(kwargs["figure"])
        if self.figure is None or not current().holds(self.figure.permission, site.pk):
            raise Http404(kwargs["figure"])
        self.table = import_string(self.figure.table)  # type: ignore[misc]
        return super().get(request, **kwargs)

    def get_queryset(self) -> QuerySet[Any]:
        part = self.kwargs["part"]
        if self.figure.code in INDICATORS:
            rows: QuerySet[Any] = self.figure.records(self.period, part)
            return rows
        found: QuerySet[Any] = self.figure.records(self.period, part).allowed(self.figure.permission)
        return found

    def prepare(self, rows: list[Any]) -> list[Any]:
        return list(self.figure.prepare(rows)) if self.figure.prepare else rows

    def get_title(self) -> str:
        return f"{self.period.site} · {self.figure.label}"

    def context(self, **extra: Any) -> dict[str, Any]:
        back = reverse("indicators:site", args=[self.period.site.code])
        return super().context(intro=self.figure.meaning, back_url=back, period=self.period, **extra)
