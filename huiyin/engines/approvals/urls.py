"""Addresses of this app."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit import nav

from . import views

app_name = "approvals"
urlpatterns = [
    path("", views.ApprovalList.as_view(), name="list"),
    path("new/", views.Ask.as_view(), name="new"),
    path("delegations/", views.Delegations.as_view(), name="delegations"),
    path("delegations/new/", views.Delegate.as_view(), name="delegate"),
    path("delegations/<int:pk>/end/", views.EndDelegation.as_view(), name="delegation-end"),
    path("<slug:code>/", views.ApprovalPage.as_view(), name="approval"),
    path("<slug:code>/print/", views.Sheet.as_view(), name="print"),
    path("<slug:code>/agree/", views.Agree.as_view(), name="agree"),
    path("<slug:code>/return/", views.Return.as_view(), name="return"),
    path("<slug:code>/refuse/", views.Refuse.as_view(), name="refuse"),
    path("<slug:code>/add-signer/", views.AddSigner.as_view(), name="add-signer"),
    path("<slug:code>/consent/", views.Consent.as_view(), name="consent"),
    path("<slug:code>/withdraw/", views.Withdraw.as_view(), name="withdraw"),
]

nav.add(
    nav.Entry("approvals", _("Approvals"), "approvals:list", "approvals.view", "writing-sign", "work", 50)
)
