"""Addresses of this app: the desk, the search, the notices and the trail."""

from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit import nav
from huiyin.base.kit.scope import SIGNED_IN

from . import views, views_trail

desk = [
    path("", views.Desk.as_view(), name="home"),
    path("search/", views.Search.as_view(), name="search"),
    path("search/suggest/", views.Suggest.as_view(), name="suggest"),
    path("trail/", views_trail.Trail.as_view(), name="trail"),
]
notices = [
    path("", views.Inbox.as_view(), name="inbox"),
    path("read/", views.ReadAll.as_view(), name="read"),
    path("<int:pk>/", views.OpenNotice.as_view(), name="open"),
]
urlpatterns = [path("notices/", include((notices, "messages"))), path("", include((desk, "desk")))]

nav.add(
    nav.Entry("desk", _("My desk"), "desk:home", SIGNED_IN, "layout-dashboard", "work", 10),
    nav.Entry("trail", _("Trail"), "desk:trail", "trail.view", "history", "admin", 80),
)
