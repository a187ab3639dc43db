"""Addresses of this app."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit import nav

from . import views, views_actions, views_bulk, views_incident, views_intake

app_name = "cases"
urlpatterns = [
    path("", views.CaseList.as_view(), name="list"),
    path("new/", views_intake.TakeIn.as_view(), name="new"),
    path("new/caller/", views_intake.CallerPart.as_view(), name="new-caller"),
    path("new/matter/", views_intake.MatterPart.as_view(), name="new-matter"),
    path("bulk/assign/", views_bulk.BulkAssign.as_view(), name="bulk-assign"),
    path("bulk/attach/", views_bulk.BulkAttach.as_view(), name="bulk-attach"),
    path("contacts/", views.ContactList.as_view(), name="contacts"),
    path("incidents/", views_incident.IncidentList.as_view(), name="incidents"),
    path("incidents/new/", views_incident.OpenIncident.as_view(), name="incident-new"),
    path("incidents/<slug:code>/", views_incident.IncidentPage.as_view(), name="incident"),
    path("incidents/<slug:code>/change/", views_incident.ChangeIncident.as_view(), name="incident-change"),
    path("incidents/<slug:code>/cases/", views_incident.PickCases.as_view(), name="incident-cases"),
    path("incidents/<slug:code>/answer/", views_incident.AnswerIncident.as_view(), name="incident-answer"),
    path("<slug:code>/", views.CasePage.as_view(), name="case"),
    path("<slug:code>/print/", views.Sheet.as_view(), name="print"),
    path("<slug:code>/why/<int:pk>/", views.Why.as_view(), name="why"),
    path("<slug:code>/assign/", views_actions.Assign.as_view(), name="assign"),
    path("<slug:code>/begin/", views_actions.Begin.as_view(), name="begin"),
    path("<slug:code>/wait/", views_actions.Wait.as_view(), name="wait"),
    path("<slug:code>/more-time/", views_actions.MoreTime.as_view(), name="more-time"),
    path("<slug:code>/report-upwards/", views_actions.ReportUpwards.as_view(), name="report-upwards"),
    path("<slug:code>/resume/", views_actions.Resume.as_view(), name="resume"),
    path("<slug:code>/answer/", views_actions.Answer.as_view(), name="answer"),
    path("<slug:code>/close/", views_actions.Close.as_view(), name="close"),
    path("<slug:code>/decline/", views_actions.Decline.as_view(), name="decline"),
    path("<slug:code>/cancel/", views_actions.Cancel.as_view(), name="cancel"),
    path("<slug:code>/reopen/", views_actions.Reopen.as_view(), name="reopen"),
    path("<slug:code>/change/", views_actions.Change.as_view(), name="change"),
    path("<slug:code>/contact/", views_actions.LogContact.as_view(), name="contact"),
    path("<slug:code>/merge/", views_actions.Merge.as_view(), name="merge"),
    path("<slug:code>/unmerge/", views_actions.Unmerge.as_view(), name="unmerge"),
    path("<slug:code>/attach/", views_actions.Attach.as_view(), name="attach"),
    path("<slug:code>/detach/", views_actions.Detach.as_view(), name="detach"),
]

nav.add(
    nav.Entry("cases", _("Cases"), "cases:list", "cases.view", "clipboard-list", "work", 20),
    nav.Entry("cases-incidents", _("Incidents"), "cases:incidents", "cases.view", "stack-2", "work", 30),
    nav.Entry(
        "cases-contacts", _("Contacts register"), "cases:contacts", "cases.view", "phone-incoming", "work", 40
    ),
)
