"""Addresses of this app."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit import nav
from huiyin.base.kit.scope import SIGNED_IN

from . import views, views_duty

app_name = "clocks"
urlpatterns = [
    path("calendars/", views.Calendars.as_view(), name="calendars"),
    path("calendars/<str:code>/", views.CalendarPage.as_view(), name="calendar"),
    path("holidays/", views.Holidays.as_view(), name="holidays"),
    path("holidays/import/", views.ImportHolidays.as_view(), name="import-holidays"),
    path("duty/", views_duty.Roster.as_view(), name="duty"),
    path("duty/new/", views_duty.PutOn.as_view(), name="duty-new"),
    path("duty/copy/", views_duty.Copy.as_view(), name="duty-copy"),
    path("duty/<int:pk>/take-off/", views_duty.TakeOff.as_view(), name="duty-take-off"),
]

nav.add(
    nav.Entry("duty", _("Duty roster"), "clocks:duty", SIGNED_IN, "calendar-event", "work", 60),
    nav.Entry("calendars", _("Work calendars"), "clocks:calendars", "packs.view", "calendar", "admin", 61),
)
