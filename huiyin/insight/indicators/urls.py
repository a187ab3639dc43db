"""Addresses of this app."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit import nav

from . import views

app_name = "indicators"
urlpatterns = [
    path("", views.Across.as_view(), name="across"),
    path("<slug:code>/", views.OfSite.as_view(), name="site"),
    path("<slug:code>/<slug:figure>/", views.OfFigure.as_view(), name="figure"),
    path("<slug:code>/<slug:figure>/<str:part>/", views.Records.as_view(), name="records"),
]

nav.add(nav.Entry("insight", _("Figures"), "indicators:across", "insight.view", "chart-bar", "insight", 10))
