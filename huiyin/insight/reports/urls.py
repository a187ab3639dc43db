"""Addresses of this app."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit import nav

from . import views

app_name = "reports"
urlpatterns = [
    path("", views.ReportList.as_view(), name="list"),
    path("new/", views.Draft.as_view(), name="new"),
    path("<int:pk>/", views.ReportPage.as_view(), name="report"),
    path("<int:pk>/write/", views.Write.as_view(), name="write"),
    path("<int:pk>/issue/", views.Issue.as_view(), name="issue"),
    path("<int:pk>/reissue/", views.Reissue.as_view(), name="reissue"),
    path("<int:pk>/spreadsheet/", views.Spreadsheet.as_view(), name="spreadsheet"),
    path("<int:pk>/pdf/", views.Paper.as_view(), name="pdf"),
    path("<int:pk>/records/<str:part>/", views.Records.as_view(), name="records"),
    path("evidence/<slug:code>/", views.EvidencePage.as_view(), name="evidence"),
    path("evidence/<slug:code>/pdf/", views.EvidencePaper.as_view(), name="evidence-pdf"),
]

nav.add(nav.Entry("reports", _("Reports"), "reports:list", "insight.view", "report-analytics", "insight", 20))
