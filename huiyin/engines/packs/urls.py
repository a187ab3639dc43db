"""Addresses of this app."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit import nav

from . import views

app_name = "packs"
urlpatterns = [
    path("", views.Packs.as_view(), name="packs"),
    path("entries/", views.Entries.as_view(), name="entries"),
    path("entries/<int:pk>/", views.EntryPage.as_view(), name="entry"),
    path("versions/<int:pk>/", views.VersionPage.as_view(), name="version"),
    path("limits/", views.Limits.as_view(), name="limits"),
    path("words/", views.SpokenWords.as_view(), name="words"),
]

nav.add(nav.Entry("packs", _("Rules in force"), "packs:packs", "packs.view", "book", "admin", 60))
