"""The duty roster of a site, week by week."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from huiyin.base.kit.moment import local_zone, now, today
from huiyin.base.kit.scope import SIGNED_IN, current
from huiyin.base.kit.spreadsheet import spreadsheet_response
from huiyin.base.kit.views import ActionView, Gate
from huiyin.base.org.models import Site
from huiyin.base.org.pages import OfSites

from . import forms, roster, services
from .models import Duty
from .tables import TURNS

DUTY = "clocks.duty"
LONGEST_EXPORT = 2000


class OfRoster(OfSites, Gate):
    """A page about the roster of one site (`?site=`, else the first in reach) in one week (`?week=`, a day of it)."""

    @property
    def site(self) -> Site | None:
        """The site asked for, else the first."""
        return self.asked or (self.sites[0] if self.sites else None)

    @cached_property
    def monday(self) -> date:
        """The Monday of the week asked for; this week for what makes no sense."""
        return roster.monday_of(self.day)

    @cached_property
    def day(self) -> date:
        """The day asked for."""
        try:
            day = date.fromisoformat(self.request.GET.get("week", ""))
        except ValueError:
            return today()
        return day if abs(day - today()) <= timedelta(days=3660) else today()

    def address(self, name: str, week: date | None = None) -> str:
        """The address of a page of the same site, in the same week or another."""
        code = self.site.code if self.site is not None else ""
        return f"{reverse(name)}?site={code}&week={(week or self.monday).isoformat()}"


class Roster(OfRoster):
    """Who is on duty on each day of a week, from when to when, and when nobody is."""

    permission = SIGNED_IN
    title = gettext_lazy("Duty roster")
    template_name = "clocks/duty.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if request.GET.get("export") and self.site is not None:
            turns = roster.turns_of_week(self.site, self.monday)
            title = f"{self.get_title()}-{self.site.name}-{self.monday.isoformat()}"
            return spreadsheet_response(title, TURNS.columns, turns, limit=LONGEST_EXPORT)
        return self.page(self.context())

    def context(self, **extra: Any) -> dict[str, Any]:
        site, monday, week = self.site, self.monday, roster.WEEK
        turns = roster.turns_of_week(site, monday) if site is not None else []
        at = now()
        sunday = monday + week - timedelta(days=1)
        return super().context(
            site=site,
            sites=self.sites if len(self.sites) > 1 else [],
            monday=monday,
            sunday=sunday,
            days=roster.days_of(turns, monday),
            is_empty=not turns,
            is_this_week=monday <= today() <= sunday,
            is_over=roster.week_bounds(monday)[1] <= at,
            present=[one for one in turns if one.starts_at <= at < one.ends_at],
            week_query=f"&week={monday.isoformat()}",
            here=self.address("clocks:duty"),
            before=self.address("clocks:duty", monday - week),
            after=self.address("clocks:duty", monday + week),
            this_week=self.address("clocks:duty", today()),
            add=self.address("clocks:duty-new"),
            copy=self.address("clocks:duty-copy"),
            may_set=site is not None and current().holds(DUTY, site.pk),
            **extra,
        )


class RosterAction(OfRoster, ActionView):
    """A change of a site's roster."""

    permission = DUTY

    def setup_subject(self) -> None:
        if self.site is None:
            raise Http404

    def subject(self) -> Any:
        return self.site

    @property
    def consequence(self) -> str:
        """Where and when."""
        sunday = self.monday + timedelta(days=6)
        return f"{self.site} · {self.monday.isoformat()} – {sunday.isoformat()}"

    def success_url(self, result: Any) -> str:
        return self.address("clocks:duty")


class PutOn(RosterAction):
    """Put somebody on duty."""

    title = pgettext_lazy("roster", "Put on duty")
    form_class = forms.TurnForm
    service = services.put_on_duty
    success_message = gettext_lazy("The turn stands on the roster.")

    @property
    def consequence(self) -> str:
        """At which site."""
        return str(self.site)

    def form_kwargs(self) -> dict[str, Any]:
        assert self.site is not None
        since, until = roster.likely_turn(self.site, self.day)
        zone = local_zone()
        return {
            "site": self.site,
            "initial": {"starts_at": since.astimezone(zone), "ends_at": until.astimezone(zone)},
        }

    def success_url(self, result: Any) -> str:
        day = result.starts_at.astimezone(local_zone()).date()
        return self.address("clocks:duty", roster.monday_of(day))


class Copy(RosterAction):
    """Take over the roster of the week before."""

    title = gettext_lazy("Copy the week before")
    service = services.copy_duty
    submit_label = gettext_lazy("Copy")

    @property
    def consequence(self) -> str:
        """What is copied to where."""
        return _(
            "The same people at the same times as in the week before, from %(monday)s at %(site)s. What stands there"
            " already stays; turns that are over and people who have left are passed over."
        ) % {"monday": self.monday.isoformat(), "site": self.site}

    def run(self, form: Any) -> services.Copied:
        assert self.site is not None
        return services.copy_duty(self.site, week=self.monday, by=self.actor)

    def succeed(self, result: services.Copied) -> HttpResponseBase:
        said = ngettext("%(n)s turn copied", "%(n)s turns copied", result.added) % {"n": result.added}
        left = ngettext("%(n)s passed over", "%(n)s passed over", result.skipped) % {"n": result.skipped}
        messages.success(self.request, f"{said}, {left}" if result.skipped else said)
        return super().succeed(result)


class TakeOff(ActionView):
    """Take a turn off the roster again."""

    permission = DUTY
    model = Duty
    title = gettext_lazy("Take off duty")
    service = services.take_off_duty
    success_message = gettext_lazy("The turn was taken off the roster.")
    danger = True

    def get_queryset(self) -> QuerySet[Duty]:
        rows: QuerySet[Duty] = super().get_queryset().select_related("user", "site")
        return rows

    @property
    def consequence(self) -> str:
        """Whose turn it is, and what becomes of it."""
        duty: Duty = self.object
        told = f"{duty.user} · {duty.site} · {roster.span_in_words(duty.starts_at, duty.ends_at)}"
        return _("%(turn)s. It ends now.") % {"turn": told} if duty.starts_at < now() < duty.ends_at else told

    def success_url(self, result: Any) -> str:
        duty: Duty = self.object
        day = duty.starts_at.astimezone(local_zone()).date()
        return f"{reverse('clocks:duty')}?site={duty.site.code}&week={roster.monday_of(day).isoformat()}"
