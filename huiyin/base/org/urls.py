"""Addresses of this app."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit import nav

from . import views

app_name = "org"
urlpatterns = [
    path("", views.UnitTree.as_view(), name="units"),
    path("units/<slug:code>/", views.UnitPage.as_view(), name="unit"),
    path("units/<slug:code>/add/", views.AddUnit.as_view(), name="unit-add"),
    path("units/<slug:code>/change/", views.ChangeUnit.as_view(), name="unit-change"),
    path("units/<slug:code>/appoint/", views.AppointAtUnit.as_view(), name="unit-appoint"),
    path("people/", views.PeopleList.as_view(), name="people"),
    path("people/new/", views.AddPerson.as_view(), name="person-new"),
    path("people/<int:pk>/", views.PersonPage.as_view(), name="person"),
    path("people/<int:pk>/change/", views.ChangePerson.as_view(), name="person-change"),
    path("people/<int:pk>/bar/", views.BarPerson.as_view(), name="person-bar"),
    path("people/<int:pk>/password/", views.ResetPassword.as_view(), name="person-password"),
    path("people/<int:pk>/unlock/", views.UnlockPerson.as_view(), name="person-unlock"),
    path("people/<int:pk>/second-factor/", views.DropPersonsFactor.as_view(), name="person-factor"),
    path("people/<int:pk>/appoint/", views.AppointPerson.as_view(), name="person-appoint"),
    path("appointments/<int:pk>/relieve/", views.Relieve.as_view(), name="relieve"),
    path("posts/", views.PostList.as_view(), name="posts"),
    path("posts/new/", views.SavePost.as_view(), name="post-new"),
    path("posts/<slug:code>/", views.PostPage.as_view(), name="post"),
    path("posts/<slug:code>/change/", views.SavePost.as_view(), name="post-change"),
]

nav.add(
    nav.Entry("org-units", _("Organisation"), "org:units", "org.view", "hierarchy-2", "admin", 10),
    nav.Entry("org-people", _("People"), "org:people", "org.view", "users", "admin", 20),
    nav.Entry("org-posts", _("Posts"), "org:posts", "org.view", "id-badge-2", "admin", 30),
)
