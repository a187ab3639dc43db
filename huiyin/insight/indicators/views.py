"""The page of a site's figures, the page across sites, and the records behind each figure."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huiyin.base.kit.figures import BREAKDOWNS, INDICATORS, Indicator, Period, last_days, measure
from huiyin.base.kit.moment import today
from huiyin.base.kit.scope import current
from huiyin.base.kit.spans import SPANS, WORDS, Span, span_of
from huiyin.base.kit.views import ListView, PageView, searchable
from huiyin.base.org.models import Site
from huiyin.base.org.selectors import sites_in_reach

from .cuts import CUTS, narrowed, slices
from .held import Held, target_for
from .selectors import DAYS, Compared, breakdowns, by_day, figures, trend

KEY = ("received", "answered-in-time", "closed", "open", "late")
"""The indicators shown for every site on the page across sites."""
MOST_PARTS = 12
"""How many parts of a breakdown a page shows before it offers the rest."""


def days_asked(request: HttpRequest) -> int:
    """The length of the period in the address, or a month."""
    asked = request.GET.get("days", "")
    return int(asked) if asked.isdecimal() and len(asked) < 4 and int(asked) in DAYS else 30


def span_asked(request: HttpRequest) -> tuple[Span, date]:
    """The kind of period in the address and a day in it; a month and today for what makes no sense."""
    asked = request.GET.get("span", "")
    span: Span = asked if asked in SPANS else "month"
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return span, today()
    return span, day if date(2000, 1, 1) <= day <= today() else today()


def period_asked(request: HttpRequest, site: Site) -> Period:
    """The period in the address: of the calendar with `span`, else so many days up to today."""
    if request.GET.get("span"):
        span, day = span_asked(request)
        return span_of(site, span, day)
    return last_days(site, days_asked(request))


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


class OfFigure(PageView):
    """One indicator of a site: against its target, over the last twelve periods, by category, person and post."""

    permission = "insight.view"
    template_name = "indicators/figure.html"
    site: Site
    indicator: Indicator

    def get(self, request: HttpRequest, **kwargs: Any) -> Any:
        self.site = site_of(self.permission, kwargs["code"])
        indicator = INDICATORS.get(kwargs["figure"])
        if indicator is None or not current().holds(indicator.permission, self.site.pk):
            raise Http404(kwargs["figure"])
        self.indicator = indicator
        return super().get(request, **kwargs)

    def get_title(self) -> str:
        return f"{self.site} · {self.indicator.label}"

    def context(self, **extra: Any) -> dict[str, Any]:
        span, day = span_asked(self.request)
        points = trend(self.indicator, self.site, span, day)
        target, exact = target_for(self.indicator.code, self.site, span, points[-1].period.last)
        compared = Compared(points[-1].figure, None if self.indicator.present else points[-2].figure)
        if self.indicator.present:
            points = points[-1:]
        return super().context(
            site=self.site,
            indicator=self.indicator,
            span=span,
            spans=[(one, WORDS[one]) for one in SPANS],
            day=day,
            name=points[-1].name,
            held=Held(compared, target, exact),
            points=points,
            slices=[
                (cut, CUTS[cut], parts) for cut, parts in slices(self.indicator, points[-1].period).items()
            ],
            trend={
                "days": [f"{one.name:>5}" if span == "year" else one.name for one in points],
                "counts": [None if one.value is None else float(one.value) for one in points],
                "label": str(self.indicator.label),
            },
            **extra,
        )


class Records(ListView):
    """The records behind a figure: the very set that was counted; `cut` and `key` name a slice of it."""

    permission = "insight.view"
    export_permission = "cases.export"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        site = site_of(self.permission, kwargs["code"])
        self.period: Period = period_asked(request, site)
        self.figure: Any = INDICATORS.get(kwargs["figure"]) or BREAKDOWNS.get(kwargs["figure"])
        if self.figure is None or not current().holds(self.figure.permission, site.pk):
            raise Http404(kwargs["figure"])
        self.table = import_string(self.figure.table)  # type: ignore[misc]
        return super().get(request, **kwargs)

    def get_queryset(self) -> QuerySet[Any]:
        part = self.kwargs["part"]
        if self.figure.code in INDICATORS:
            rows: QuerySet[Any] = self.figure.records(self.period, part)
            cut, key = self.request.GET.get("cut", ""), searchable(self.request.GET.get("key", ""))
            return narrowed(rows, self.period.site, cut, key) if cut in CUTS else rows
        found: QuerySet[Any] = self.figure.records(self.period, part).allowed(self.figure.permission)
        return found

    def prepare(self, rows: list[Any]) -> list[Any]:
        return list(self.figure.prepare(rows)) if self.figure.prepare else rows

    def get_title(self) -> str:
        return f"{self.period.site} · {self.figure.label}"

    def context(self, **extra: Any) -> dict[str, Any]:
        back = reverse("indicators:site", args=[self.period.site.code])
        return super().context(intro=self.figure.meaning, back_url=back, period=self.period, **extra)
