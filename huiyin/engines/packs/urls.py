"""Addresses of this app."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit import nav

from . import views, views_edit

app_name = "packs"
urlpatterns = [
    path("", views.Packs.as_view(), name="packs"),
    path("entries/", views.Entries.as_view(), name="entries"),
    path("entries/<int:pk>/", views.EntryPage.as_view(), name="entry"),
    path("versions/<int:pk>/", views.VersionPage.as_view(), name="version"),
    path("versions/<int:pk>/files/", views.Archive.as_view(), name="archive"),
    path("versions/<int:pk>/withdraw/", views_edit.Withdraw.as_view(), name="withdraw"),
    path("versions/<int:pk>/restore/", views_edit.Restore.as_view(), name="restore"),
    path("files/", views.WholeArchive.as_view(), name="whole-archive"),
    path("draft/", views_edit.Draft.as_view(), name="draft"),
    path("drafts/<int:pk>/activate/", views_edit.Publish.as_view(), name="activate"),
    path("drafts/<int:pk>/discard/", views_edit.Discard.as_view(), name="discard"),
    path("changes/<int:pk>/drop/", views_edit.Drop.as_view(), name="drop"),
    path("edit/<slug:section>/", views_edit.Editor.as_view(), name="new-entry"),
    path("edit/<slug:section>/<str:code>/take-out/", views_edit.TakeOut.as_view(), name="take-out"),
    path("edit/<slug:section>/<str:code>/switch-off/", views_edit.SwitchOff.as_view(), name="switch-off"),
    path("edit/<slug:section>/<str:code>/", views_edit.Editor.as_view(), name="edit"),
    path("limits/", views.Limits.as_view(), name="limits"),
    path("words/", views.SpokenWords.as_view(), name="words"),
]

nav.add(nav.Entry("packs", _("Rules in force"), "packs:packs", "packs.view", "book", "admin", 60))
