"""Addresses of this app."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit import nav

from . import views

app_name = "coverage"
urlpatterns = [
    path("", views.Handbook.as_view(), name="handbook"),
    path("<slug:site>/<slug:section>/<str:code>/<slug:part>/", views.Records.as_view(), name="records"),
]

nav.add(
    nav.Entry(
        "coverage",
        _("How the handbook is kept"),
        "coverage:handbook",
        "insight.view",
        "clipboard-check",
        "insight",
        40,
    )
)
