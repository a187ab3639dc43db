"""The four kinds of page: a page, a list, one thing, an action on it.

A view names the permission it asks for and binds a form to a service; it holds no rule. Rows out
of reach do not exist (404); a right one does not have is refused (403).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.generic import View

from .models import ScopedQuerySet
from .permissions import known
from .scope import Actor, current, current_or_none
from .service import Refused
from .spreadsheet import spreadsheet_response
from .tables import Order, Page, Table, page_of, placed


class Gate(View):
    """What every page has: a permission, the actor, the row named in the address."""

    permission: ClassVar[str] = ""
    model: ClassVar[type[Model] | None] = None
    lookup: ClassVar[str] = "pk"
    """The column that the address names its row by; the same name stands in the address."""
    title: ClassVar[Any] = ""
    template_name: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.permission and not known(cls.permission):
            raise ValueError(f"{cls.__qualname__} asks for an unknown permission {cls.permission}")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        scope = current_or_none()
        if scope is None:
            return self.to_login(request)
        if not scope.holds(self.permission):
            raise PermissionDenied(self.permission)
        return super().dispatch(request, *args, **kwargs)

    def to_login(self, request: HttpRequest) -> HttpResponseBase:
        """Where a stranger is sent; a part of a page (the session ended meanwhile) sends its page there."""
        htmx = getattr(request, "htmx", None)
        if not htmx or htmx.boosted:
            return redirect_to_login(request.get_full_path())
        back = redirect_to_login(htmx.current_url_abs_path or "/")
        return HttpResponse(status=401, headers={"HX-Redirect": back.url})

    @property
    def actor(self) -> Actor:
        """Who is looking."""
        return current().actor

    def get_queryset(self) -> QuerySet[Any]:
        """The rows of the model where the permission is held."""
        assert self.model is not None
        queryset: QuerySet[Any] = self.model._default_manager.all()
        if isinstance(queryset, ScopedQuerySet):
            return queryset.allowed(self.permission)
        return queryset

    def get_object(self) -> Any:
        """The row named in the address; 404 when it is out of reach."""
        return get_object_or_404(self.get_queryset(), **{self.lookup: self.kwargs[self.lookup]})

    def get_title(self) -> str:
        """The page's heading."""
        return str(self.title)

    def context(self, **extra: Any) -> dict[str, Any]:
        """What the template gets; subclasses add to it."""
        return {"view": self, "title": self.get_title(), **extra}

    def page(self, context: dict[str, Any], *, status: int = 200, partial: str = "") -> HttpResponse:
        """The page, or only a named part of its template: of its own, else of the one it extends."""
        names = [self.template_name]
        if partial:
            names += [cls.template_name for cls in type(self).__mro__ if issubclass(cls, Gate)]
            names = [f"{name}#{partial}" for name in dict.fromkeys(names) if name]
        response = render(self.request, names, context, status=status)
        patch_vary_headers(response, ["HX-Request"])
        return response


class PageView(Gate):
    """A page that is neither a list nor one row: a desk, a dashboard."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.page(self.context())


def searchable(typed: str, limit: int = 100) -> str:
    """What somebody typed into a search box, without characters that no database takes."""
    return "".join(c for c in typed if c.isprintable()).strip()[:limit]


class ListView(Gate):
    """A dense list with filters, orders, keyset paging, export of exactly what is shown.

    Address parameters: the filter's own, `q` (search), `order`, `columns`, `after`, `export`.
    """

    table: ClassVar[Table]
    filterset_class: ClassVar[Any] = None
    template_name = "kit/list.html"
    export_permission: ClassVar[str] = ""
    export_limit: ClassVar[int] = 100_000
    search_hint: ClassVar[Any] = ""
    empty_hint: ClassVar[Any] = ""

    def narrow(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """The rows that a search text finds; lists that can be searched say how."""
        return queryset

    def filtered(self) -> tuple[QuerySet[Any], Any]:
        """The rows asked for, and the filter that was applied."""
        queryset = self.get_queryset()
        filterset = None
        if self.filterset_class is not None:
            filterset = self.filterset_class(self.request.GET, queryset=queryset, request=self.request)
            queryset = filterset.qs
        text = searchable(self.request.GET.get("q", ""))
        if text:
            queryset = self.narrow(queryset, text)
        return queryset, filterset

    def from_here(self, queryset: QuerySet[Any]) -> tuple[QuerySet[Any], int]:
        """The rows in the order asked for and from the page asked for on, and how many of them are wanted.

        For searching, which may then look no further than needed. An export wants all: 0.
        """
        order = self.table.order(self.request.GET.get("order"))
        if self.request.GET.get("export"):
            return queryset.order_by(*order.keys()), 0
        return placed(queryset, order, self.request.GET.get("after", "")), self.table.page_size + 1

    def read_page(self, queryset: QuerySet[Any], order: Order, after: str) -> Page:
        """One page of rows behind the cursor `after`."""
        return page_of(queryset, order, after=after, size=self.table.page_size)

    def prepare(self, rows: list[Any]) -> list[Any]:
        """Load in bulk what the columns of one page need."""
        return rows

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        queryset, filterset = self.filtered()
        order = self.table.order(request.GET.get("order"))
        columns = self.table.chosen(",".join(request.GET.getlist("columns")))
        if request.GET.get("export"):
            return self.export(queryset.order_by(*order.keys()), columns)
        page = self.read_page(queryset, order, request.GET.get("after", ""))
        page = Page(self.prepare(page.rows), page.next)
        context = self.context(
            table=self.table,
            columns=columns,
            order=order,
            page=page,
            rows=page.rows,
            filterset=filterset,
            can_export=self.may_export(),
        )
        htmx = getattr(request, "htmx", None)
        return self.page(context, partial="rows" if htmx and not htmx.boosted else "")

    def may_export(self) -> bool:
        """Whether the list may be taken away as a spreadsheet."""
        return bool(self.export_permission) and current().holds(self.export_permission)

    def export(self, queryset: QuerySet[Any], columns: Any) -> HttpResponseBase:
        """A spreadsheet of the filtered rows and the shown columns, cut to where export is allowed."""
        if not self.may_export():
            raise PermissionDenied(self.export_permission)
        if isinstance(queryset, ScopedQuerySet):
            queryset = queryset.allowed(self.export_permission)
        return spreadsheet_response(
            self.get_title(), columns, self.batches(queryset), limit=self.export_limit
        )

    def batches(self, queryset: QuerySet[Any], size: int = 1000) -> Any:
        """The rows in portions, each prepared, so that memory stays bounded."""
        portion: list[Any] = []
        for row in queryset[: self.export_limit].iterator(chunk_size=size):
            portion.append(row)
            if len(portion) == size:
                yield from self.prepare(portion)
                portion = []
        yield from self.prepare(portion)


class DetailView(Gate):
    """One row's page."""

    object: Any

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.object = self.get_object()
        htmx = getattr(request, "htmx", None)
        part = request.GET.get("part", "") if htmx and not htmx.boosted else ""
        if part and part not in self.parts:
            part = ""
        return self.page(self.context(object=self.object), partial=part)

    parts: ClassVar[tuple[str, ...]] = ()
    """Named parts of the template that may be asked for alone (`?part=`)."""

    def get_title(self) -> str:
        return str(self.title or self.object)


class ActionView(Gate):
    """A form bound to a service: what is entered goes to the service, its refusal back to the form.

    With `model` the row named in the address is the service's subject; without, `subject()` says
    what is. A dialog (htmx) gets the bare form, a plain request a whole page.
    """

    form_class: ClassVar[type[forms.BaseForm]] = forms.Form
    service: ClassVar[Callable[..., Any]]
    template_name = "kit/form.html"
    submit_label: ClassVar[Any] = ""
    success_message: ClassVar[Any] = ""
    object: Any = None

    def setup_subject(self) -> None:
        """Find the row, before anything else."""
        if self.model is not None and self.lookup in self.kwargs:
            self.object = self.get_object()

    def subject(self) -> Any:
        """What the service is called on."""
        return self.object

    def get_form(self, data: Any = None, files: Any = None) -> Any:
        """The form, empty or filled."""
        return self.form_class(data, files, **self.form_kwargs())

    def form_kwargs(self) -> dict[str, Any]:
        """Further arguments of the form: initial values, choices."""
        return {}

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.setup_subject()
        return self.page(self.context(form=self.get_form(), object=self.object), partial=self._part())

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        self.setup_subject()
        form = self.get_form(request.POST, request.FILES)
        if form.is_valid():
            try:
                result = self.run(form)
            except Refused as refusal:
                known_field = refusal.field if refusal.field in form.fields else None
                form.add_error(known_field, refusal.message)
            else:
                return self.succeed(result)
        context = self.context(form=form, object=self.object)
        return self.page(context, status=422, partial=self._part())

    def _part(self) -> str:
        htmx = getattr(self.request, "htmx", None)
        return "form" if htmx and not htmx.boosted else ""

    def run(self, form: Any) -> Any:
        """Call the service."""
        return type(self).service(self.subject(), **form.cleaned_data, by=self.actor)

    def succeed(self, result: Any) -> HttpResponseBase:
        """Say so and go on; a dialog tells the page to follow."""
        if self.success_message:
            messages.success(self.request, str(self.success_message))
        url = self.success_url(result)
        if getattr(self.request, "htmx", None):
            return HttpResponse(status=204, headers={"HX-Redirect": url})
        return HttpResponseRedirect(url)

    def success_url(self, result: Any) -> str:
        """Where to go afterwards: the result's own page, else the row's."""
        for row in (result, self.object):
            if hasattr(row, "get_absolute_url"):
                return str(row.get_absolute_url())
        return self.request.path

    def get_submit_label(self) -> str:
        """The words on the button."""
        return str(self.submit_label or self.title or _("Save"))
