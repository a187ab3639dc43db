"""Work calendars: those in force, one of them through the year; public holidays and how they are taken over."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huiyin.base.kit.moment import now, today
from huiyin.base.kit.scope import current
from huiyin.base.kit.service import Refused
from huiyin.base.kit.views import ActionView, PageView
from huiyin.base.org.models import Post, Site
from huiyin.base.org.pages import OfSites
from huiyin.engines.packs.models import PackEntry
from huiyin.engines.packs.registry import Item
from huiyin.engines.packs.selectors import EDIT, may_edit

from . import almanac, forms, services
from .timing import at_hand, standard_of
from .words import limit_in_words

VIEW = "packs.view"


class OfCalendars(OfSites, PageView):
    """A page about the calendars in force for everybody, or at one site (`?site=`)."""

    permission = VIEW

    @property
    def site(self) -> Site | None:
        """The site asked for, or the only one."""
        return self.asked or (self.sites[0] if len(self.sites) == 1 else None)

    @cached_property
    def items(self) -> list[Item]:
        """The calendars that count there, the particular before the general."""
        return at_hand(self.site.pk if self.site is not None else None)

    def context(self, **extra: Any) -> dict[str, Any]:
        return super().context(
            site=self.site,
            sites=self.sites if len(self.sites) > 1 else [],
            query=f"?site={self.site.code}" if self.site is not None else "",
            may_import=may_edit(None),
            **extra,
        )


class Calendars(OfCalendars):
    """The calendars in force: hours in words, whose they are, which public holidays they follow."""

    title = gettext_lazy("Work calendars")
    template_name = "clocks/calendars.html"

    def context(self, **extra: Any) -> dict[str, Any]:
        shown = [almanac.laid(item) for item in self.items]
        reaches = almanac.reaches({code for one in shown for code in one.data["lists"]})
        standard = standard_of(self.items)
        names = post_names(self.items)
        return super().context(
            rows=[
                {
                    "shown": one,
                    "is_standard": one.item is standard,
                    "posts": [names.get(code, code) for code in one.item.value.posts],
                    "reaches": [reaches[code] for code in one.data["lists"]],
                    "now": almanac.opening(one.calendar, now()),
                }
                for one in shown
            ],
            standard=standard,
            **extra,
        )


def post_names(items: list[Item]) -> dict[str, str]:
    """The names of the posts that calendars are for."""
    codes = {code for item in items for code in item.value.posts}
    return dict(Post.objects.filter(code__in=codes).values_list("code", "name")) if codes else {}


class CalendarPage(OfCalendars):
    """One calendar: a year month by month, whether it is working time now, when a limit would end in it."""

    template_name = "clocks/calendar.html"

    @cached_property
    def shown(self) -> almanac.Laid:
        """The calendar named in the address; 404 when no such one counts there."""
        item = next((one for one in self.items if one.code == self.kwargs["code"]), None)
        if item is None:
            raise Http404
        return almanac.laid(item)

    def get_title(self) -> str:
        return self.shown.name

    def context(self, **extra: Any) -> dict[str, Any]:
        shown, item = self.shown, self.shown.item
        years = almanac.years_of(shown)
        asked = self.request.GET.get("year", "")
        year = int(asked) if asked.isdecimal() and len(asked) == 4 and int(asked) in years else today().year
        form, counted, said = self.counted()
        return super().context(
            shown=shown,
            item=item,
            entry=PackEntry.objects.filter(
                version=item.version_id, section=item.section, code=item.code
            ).first(),
            is_standard=item is standard_of(self.items),
            posts=list(post_names([item]).values()),
            reaches=list(almanac.reaches(shown.data["lists"]).values()),
            year=year,
            years=years,
            months=almanac.months_of(shown, year),
            runs=almanac.runs_of_year(shown, year),
            letters=[_("Mo"), _("Tu"), _("We"), _("Th"), _("Fr"), _("Sa"), _("Su")],
            now=almanac.opening(shown.calendar, now()),
            form=form,
            counted=counted,
            said=said,
            may_change=may_edit(self.site.pk if self.site is not None else None),
            **extra,
        )

    def counted(self) -> tuple[forms.CountForm, almanac.Counting | None, str]:
        """The form that counts, and what it found for the time in the address."""
        if "amount" not in self.request.GET:
            return forms.CountForm(), None, ""
        form = forms.CountForm(self.request.GET)
        if not form.is_valid():
            return form, None, ""
        data = form.cleaned_data
        try:
            found = almanac.count(self.shown.calendar, data["since"], data["amount"], data["unit"])
        except Refused as refusal:
            form.add_error(refusal.field, refusal.message)
            return form, None, ""
        return form, found, limit_in_words({"value": data["amount"], "unit": data["unit"]})


class Holidays(OfCalendars):
    """Lists of public holidays, year by year: official or forecast, from which paper, which days."""

    title = gettext_lazy("Public holidays")
    template_name = "clocks/holidays.html"

    def context(self, **extra: Any) -> dict[str, Any]:
        standard = standard_of(self.items)
        return super().context(
            years=almanac.years_of_lists(),
            standard=standard,
            may_change=may_edit(self.site.pk if self.site is not None else None),
            **extra,
        )


class ImportHolidays(ActionView):
    """Take over a year's notice: first the file, then what it would change, then it takes effect."""

    permission = EDIT
    title = gettext_lazy("Import public holidays")
    service = services.import_holidays
    template_name = "clocks/import.html"
    form_class = forms.NoticeForm

    def setup_subject(self) -> None:
        current().require(EDIT, None)

    @property
    def confirming(self) -> bool:
        """Whether the effect has been looked at."""
        return self.request.method == "POST" and "seen" in self.request.POST

    def get_form(self, data: Any = None, files: Any = None) -> Any:
        return forms.ConfirmForm(data) if self.confirming else forms.NoticeForm(data, files)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if self.confirming:
            return super().post(request, **kwargs)
        self.setup_subject()
        form = self.get_form(request.POST, request.FILES)
        if form.is_valid():
            data, code = form.cleaned_data["file"], form.cleaned_data["list_code"]
            try:
                effect = almanac.preview(data, code)
            except Refused as refusal:
                form.add_error("file", refusal.message)
            else:
                content = json.dumps(data, ensure_ascii=False)
                again = forms.ConfirmForm(
                    initial={"content": content, "list_code": code, "seen": effect.seen}
                )
                return self.page(self.context(form=again, effect=effect), partial=self._part())
        return self.page(self.context(form=form), status=422, partial=self._part())

    def run(self, form: Any) -> services.Imported:
        told = form.cleaned_data
        return services.import_holidays(
            None, data=told["content"], list_code=told["list_code"], seen=told["seen"], by=self.actor
        )

    def succeed(self, result: services.Imported) -> HttpResponseBase:
        said = _("%(year)s: %(added)s days added, %(changed)s changed, %(removed)s removed")
        shown = {
            "year": result.year,
            "added": result.added,
            "changed": result.changed,
            "removed": result.removed,
        }
        messages.success(self.request, said % shown)
        return super().succeed(result)

    def success_url(self, result: Any) -> str:
        return reverse("clocks:holidays")

    def get_submit_label(self) -> str:
        return _("Show what changes")
