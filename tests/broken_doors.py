# ruff: noqa: ARG002
"""Pages broken on purpose, each in one way, beside the real ones: the sweeps must find every one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.views.generic import View

from huiyin.base.kit.scope import SIGNED_IN, Actor, current, system_scope, use
from huiyin.base.kit.views import ActionView, DetailView, Gate, PageView
from huiyin.config import urls
from huiyin.records.places.models import Place
from huiyin.records.places.services import add_place, close_place


class Open(View):
    """Asks nobody who they are."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("come in")


class NoRight(Gate):
    """Forgot to name a right."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("come in")


class AnyRight(PageView):
    """Asks only that one is signed in, and shows a row."""

    permission = SIGNED_IN
    model = Place

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return HttpResponse(self.get_object().name)


class PastReach(DetailView):
    """Finds the row in a way that knows no reach."""

    permission = "places.view"
    model = Place

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        with use(system_scope("past reach")):
            return HttpResponse(Place.objects.get(pk=kwargs["pk"]).name)


class ListPastReach(PageView):
    """Lists what everybody has."""

    permission = "places.view"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        with use(system_scope("past reach")):
            return HttpResponse(", ".join(Place.objects.values_list("name", flat=True)))


class CountPastReach(PageView):
    """Counts what everybody has."""

    permission = "places.view"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        with use(system_scope("past reach")):
            return JsonResponse({"places": Place.objects.count()})


class WritePastReach(PageView):
    """Writes wherever one says."""

    permission = "places.edit"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return HttpResponse("where?")

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        with use(system_scope("past reach")):
            site = Place.objects.select_related("site").get(site__code=request.POST["site"], code="1").site
            add_place(site, kind="building", name="x", code="x", by=Actor(None, "x"))
        return HttpResponse("done")


class WrongPair(ActionView):
    """Shows the form to those who may look, for a command that needs more."""

    permission = "places.view"
    model = Place
    form_class = forms.Form
    service = close_place


class NoCommand(ActionView):
    """Calls nothing."""

    permission = "places.view"
    form_class = forms.Form

    def run(self, form: Any) -> Any:
        return None


class RowByRow(PageView):
    """Asks for the site of every place by itself."""

    permission = "places.view"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return HttpResponse(", ".join(place.site.name for place in Place.objects.order_by("pk")))


class Fragile(PageView):
    """Believes that what stands behind the question mark is what it expects."""

    permission = "places.view"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return HttpResponse(str(int(request.GET.get("page", "1")) + len(current().ids("places.view")) // 0))


class Unknown(PageView):
    """Has a keyword that nobody can fill."""

    permission = "places.view"


class Crooked(PageView):
    """Not found is not what it says when nothing is there."""

    permission = "places.view"
    model = Place

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return HttpResponse(str(self.get_queryset().filter(pk=kwargs["pk"]).first()))


app_name = "broken"
broken = [
    path("open/", Open.as_view(), name="open"),
    path("no-right/", NoRight.as_view(), name="no-right"),
    path("any-right/<int:pk>/", AnyRight.as_view(), name="any-right"),
    path("past-reach/<int:pk>/", PastReach.as_view(), name="past-reach"),
    path("list/", ListPastReach.as_view(), name="list"),
    path("count/", CountPastReach.as_view(), name="count"),
    path("write/", WritePastReach.as_view(), name="write"),
    path("wrong-pair/<int:pk>/", WrongPair.as_view(), name="wrong-pair"),
    path("no-command/", NoCommand.as_view(), name="no-command"),
    path("row-by-row/", RowByRow.as_view(), name="row-by-row"),
    path("fragile/", Fragile.as_view(), name="fragile"),
    path("unknown/<slug:colour>/", Unknown.as_view(), name="unknown"),
    path("crooked/<int:pk>/", Crooked.as_view(), name="crooked"),
]
urlpatterns = [path("broken/", include((broken, app_name))), *urls.urlpatterns]
