"""Addresses of this app."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit import nav

from . import views, views_actions, views_registers

app_name = "customers"
urlpatterns = [
    path("", views.CustomerList.as_view(), name="list"),
    path("new/", views_actions.OpenFile.as_view(), name="new"),
    path("pick/", views.Pick.as_view(), name="pick"),
    path("pick/held/", views.PickHeld.as_view(), name="pick-held"),
    path("care/", views_registers.CareRegister.as_view(), name="care"),
    path("duplicates/", views_registers.Duplicates.as_view(), name="duplicates"),
    path("households/<int:pk>/", views.HouseholdPage.as_view(), name="household"),
    path("households/<int:pk>/print/", views.HouseholdSheet.as_view(), name="household-print"),
    path("households/<int:pk>/person/", views_actions.AddPerson.as_view(), name="household-person"),
    path("households/<int:pk>/hand-over/", views_actions.HandOver.as_view(), name="hand-over"),
    path("things/<int:pk>/person/", views_actions.AddHolder.as_view(), name="thing-person"),
    path("contacts/<int:pk>/change/", views_actions.ChangeContact.as_view(), name="contact-change"),
    path("contacts/<int:pk>/end/", views_actions.EndContact.as_view(), name="contact-end"),
    path("papers/<int:pk>/reveal/", views_actions.Reveal.as_view(), name="paper-reveal"),
    path("papers/<int:pk>/remove/", views_actions.RemoveIdentity.as_view(), name="paper-remove"),
    path("holdings/<int:pk>/end/", views_actions.EndHolding.as_view(), name="holding-end"),
    path("holdings/<int:pk>/correct/", views_actions.CorrectHolding.as_view(), name="holding-correct"),
    path("<int:pk>/", views.CustomerPage.as_view(), name="customer"),
    path("<int:pk>/print/", views.CustomerSheet.as_view(), name="customer-print"),
    path("<int:pk>/change/", views_actions.ChangeCustomer.as_view(), name="change"),
    path("<int:pk>/note/", views_actions.WriteNote.as_view(), name="note"),
    path("<int:pk>/check/", views_actions.CheckData.as_view(), name="check"),
    path("<int:pk>/contact/", views_actions.AddContact.as_view(), name="contact-add"),
    path("<int:pk>/paper/", views_actions.AddIdentity.as_view(), name="paper-add"),
    path("<int:pk>/holding/", views_actions.StartHolding.as_view(), name="holding-start"),
    path("<int:pk>/care/", views_actions.SetCare.as_view(), name="care-set"),
    path("<int:pk>/care/end/", views_actions.EndCare.as_view(), name="care-end"),
    path("<int:pk>/consent/", views_actions.GiveConsent.as_view(), name="consent-give"),
    path("<int:pk>/consent/withdraw/", views_actions.WithdrawConsent.as_view(), name="consent-withdraw"),
    path("<int:pk>/merge/", views_actions.MergeFiles.as_view(), name="merge"),
    path("<int:pk>/unmerge/", views_actions.Unmerge.as_view(), name="unmerge"),
]

nav.add(
    nav.Entry("customers", _("Customers"), "customers:list", "customers.view", "users", "records", 10),
    nav.Entry(
        "customers-care", _("Special care"), "customers:care", "customers.view", "heart", "records", 30
    ),
)
