"""The import page: hand in a file, see what became of each row, take it in."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.scope import SIGNED_IN, current
from huiyin.base.kit.spreadsheet import XLSX
from huiyin.base.kit.views import ActionView, DetailView, ListView
from huiyin.base.org.selectors import sites_in_reach

from .forms import SubmitForm
from .marking import mark_errors
from .models import ImportRun
from .problems import CellError
from .registry import presets
from .selectors import path_of
from .services import submit, take_in
from .tables import RUNS


class MayImport:
    """Opens to those who may import anything; runs of kinds one may not import do not exist."""

    permission = SIGNED_IN

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not allowed_presets():
            raise PermissionDenied("import")
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]

    def get_queryset(self) -> Any:
        """Runs of the kinds one may import, at the sites where one may."""
        rows = super().get_queryset().select_related("site", "user")  # type: ignore[misc]
        reached = rows.none()
        for name in allowed_presets():
            reached = reached | rows.filter(preset=name, site__in=current_sites(presets()[name].permission))
        return reached


def allowed_presets() -> list[str]:
    """The kinds of files one may import somewhere."""
    return [one.name for one in presets().values() if current().holds(one.permission)]


def current_sites(permission: str) -> Any:
    """The sites where a permission is held."""
    return sites_in_reach(permission).values("pk")


class Runs(MayImport, ListView):
    """All files that were handed in."""

    model = ImportRun
    title = _("Imports")
    table = RUNS
    new_url_name = "imports:new"
    new_label = _("Hand in a file")
    new_permission = SIGNED_IN
    empty_hint = _("Hand in a spreadsheet; it is tried first and nothing is written.")


class New(MayImport, ActionView):
    """Hand in a file: it is tried first."""

    title = _("Hand in a file")
    form_class = SubmitForm
    service = submit
    submit_label = _("Try it, write nothing")

    def run(self, form: Any) -> ImportRun:
        data = form.cleaned_data
        file = data["file"]
        return submit(
            data["site"],
            preset=data["preset"],
            filename=file.name,
            content=file.read(),
            dry_run=True,
            by=self.actor,
        )


class Run(MayImport, DetailView):
    """What became of a file, row by row; refreshes itself while the worker is at it."""

    model = ImportRun
    template_name = "imports/run.html"
    parts = ("progress",)

    def context(self, **extra: Any) -> dict[str, Any]:
        preset = presets().get(self.object.preset)
        return super().context(
            run=self.object, preset=preset, busy=self.object.state in ("waiting", "running"), **extra
        )


class TakeIn(MayImport, ActionView):
    """Take in for good a file that was tried."""

    model = ImportRun
    title = _("Take it in")
    service = take_in
    consequence = _("The good rows are written; wrong rows stay out and are listed.")

    def success_url(self, result: ImportRun) -> str:
        return result.get_absolute_url()


class Marked(MayImport, DetailView):
    """The user's own file with the wrong cells marked."""

    model = ImportRun

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        one: ImportRun = self.get_object()
        path = path_of(one.digest)
        if not one.errors or not path.exists():
            raise Http404
        errors = [
            CellError(
                e["row"], e["letter"] or "A", e["column"], e["code"], e["message"], column_title=e["column"]
            )
            for e in one.errors
        ]
        content = mark_errors(path.read_bytes(), errors, title=gettext("Error"))
        response = HttpResponse(content, content_type=XLSX)
        response["Content-Disposition"] = "attachment; filename=marked.xlsx"
        return response
