"""Addresses of signing in and of one's own account."""

from django.urls import path

from . import account_views as views

app_name = "account"
urlpatterns = [
    path("login/", views.SignIn.as_view(), name="login"),
    path("login/code/", views.SecondStep.as_view(), name="second-step"),
    path("logout/", views.SignOut.as_view(), name="logout"),
    path("language/", views.Language.as_view(), name="language"),
    path("profile/", views.Profile.as_view(), name="profile"),
    path("profile/change/", views.ChangeProfile.as_view(), name="change"),
    path("profile/password/", views.ChangePassword.as_view(), name="password"),
    path("profile/second-factor/", views.SetUpFactor.as_view(), name="factor"),
    path("profile/second-factor/off/", views.DropFactor.as_view(), name="factor-off"),
    path("profile/recovery-codes/", views.RenewCodes.as_view(), name="codes"),
    path("profile/keys/new/", views.NewToken.as_view(), name="key-new"),
    path("profile/keys/<int:pk>/revoke/", views.RevokeToken.as_view(), name="key-revoke"),
    path("views/new/", views.SaveView.as_view(), name="view-new"),
    path("views/<int:pk>/delete/", views.DeleteView.as_view(), name="view-delete"),
]
