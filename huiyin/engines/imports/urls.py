"""Addresses of this app."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit import nav

from . import views

app_name = "imports"
urlpatterns = [
    path("", views.Runs.as_view(), name="runs"),
    path("new/", views.New.as_view(), name="new"),
    path("<int:pk>/", views.Run.as_view(), name="run"),
    path("<int:pk>/take-in/", views.TakeIn.as_view(), name="take-in"),
    path("<int:pk>/marked.xlsx", views.Marked.as_view(), name="marked"),
]

nav.add(nav.Entry("imports", _("Imports"), "imports:runs", "customers.import", "upload", "admin", 60))
