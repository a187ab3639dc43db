"""Actions on many cases of a list: first what it will do, then what it did and what it could not do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from huiyin.base.kit.service import Refused
from huiyin.base.kit.views import ActionView
from huiyin.base.org.models import Site

from . import joining, services
from .forms import AssignForm, AttachForm
from .models import Case
from .selectors import with_names
from .states import LIVE

MOST = 200
"""How many cases one bulk action takes."""


@dataclass(frozen=True)
class Failure:
    """A case that was left as it was, and why."""

    case: Case
    reason: str


class Bulk(ActionView):
    """An action on the cases named in the address (`?ids=1&ids=2`), one transaction each."""

    template_name = "cases/bulk.html"
    cases: list[Case]
    passed: list[Failure]
    site: Site | None

    def setup_subject(self) -> None:
        """Find the cases; those it cannot be done to are told apart beforehand."""
        ids = [int(one) for one in self.request.GET.getlist("ids") if one.isdecimal() and len(one) < 19][
            :MOST
        ]
        rows = Case.objects.allowed(self.permission).filter(pk__in=ids)
        found = list(with_names(rows).select_related("site__unit").order_by("-received_at", "-pk"))
        self.site = found[0].site if found and len({case.site_id for case in found}) == 1 else None
        self.cases = [case for case in found if case.state in LIVE]
        self.passed = [
            Failure(case, _("It no longer waits for an answer.")) for case in found if case.state not in LIVE
        ]

    def get_form(self, data: Any = None, files: Any = None) -> Any:
        if self.site is None or not self.cases:
            return django_forms.Form(data)
        return self.form_class(data, files, **self.form_kwargs())

    def form_kwargs(self) -> dict[str, Any]:
        return {"site": self.site}

    def context(self, **extra: Any) -> dict[str, Any]:
        return super().context(
            cases=self.cases,
            passed=self.passed,
            site=self.site,
            empty=not self.cases and not self.passed,
            **extra,
        )

    def get_title(self) -> str:
        words = ngettext("%(what)s: %(n)s case", "%(what)s: %(n)s cases", len(self.cases))
        return words % {"what": self.title, "n": len(self.cases)}

    def get_submit_label(self) -> str:
        return str(self.title)

    def act(self, case: Case, data: dict[str, Any]) -> None:
        """Do it to one case."""
        raise NotImplementedError

    def run(self, form: Any) -> list[Failure]:
        if self.site is None or not self.cases:
            raise Refused("nothing", gettext_lazy("Choose open cases of one site."))
        failures = []
        for case in self.cases:
            try:
                self.act(case, form.cleaned_data)
            except Refused as refusal:
                failures.append(Failure(case, refusal.message))
        return failures

    def succeed(self, result: list[Failure]) -> HttpResponseBase:
        done = len(self.cases) - len(result)
        words = ngettext("%(n)s case done.", "%(n)s cases done.", done) % {"n": done}
        if not result:
            messages.success(self.request, words)
            return super().succeed(result)
        context = self.context(form=None, object=None, done=words, failures=result)
        return self.page(context, partial=self._part())

    def success_url(self, result: Any) -> str:
        return _back(self.request)


def _back(request: HttpRequest) -> str:
    """The list the action was called from, with its filters."""
    here = reverse("cases:list")
    htmx = getattr(request, "htmx", None)
    path = htmx.current_url_abs_path if htmx else None
    return path if path and path.split("?")[0] == here else here


class BulkAssign(Bulk):
    """Make one person or team answer for many cases."""

    permission = "cases.assign"
    title = gettext_lazy("Assign")
    form_class = AssignForm

    def act(self, case: Case, data: dict[str, Any]) -> None:
        services.assign(case, **data, by=self.actor)


class BulkAttach(Bulk):
    """Put many cases under an incident."""

    permission = "cases.register"
    title = gettext_lazy("Put under an incident")
    form_class = AttachForm

    def act(self, case: Case, data: dict[str, Any]) -> None:
        joining.attach(case, **data, by=self.actor)
