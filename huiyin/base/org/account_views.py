"""Signing in and out, and one's own account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import segno
from axes.handlers.proxy import AxesProxyHandler
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, View

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import SIGNED_IN, current, current_or_none, use
from huiyin.base.kit.service import Refused
from huiyin.base.kit.views import ActionView, PageView

from . import account_forms, selectors, services, totp
from .backends import client_address, count_failure, locked_out
from .models import ApiToken, SavedView, Site, User

PENDING = "second_step"
PENDING_TIME = timedelta(minutes=5)
"""How long after the password the second step may be taken."""


def own_address(request: HttpRequest, wanted: str, default: str = "/") -> str:
    """The address to go on to, if it is one of ours."""
    secure = request.is_secure()
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, secure) else default


@method_decorator(never_cache, name="dispatch")
class SignIn(LoginView):
    """Login name and password; leads to the second step where one is set up."""

    template_name = "account/sign_in.html"
    authentication_form = account_forms.SignInForm
    redirect_authenticated_user = True
    extra_context = {"title": gettext_lazy("Sign in")}

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        if selectors.factor_of(user) is None:
            return enter(self.request, user, self.get_success_url())
        self.request.session.cycle_key()
        self.request.session[PENDING] = {
            "user": user.pk,
            "at": now().timestamp(),
            "next": self.get_success_url(),
            "backend": user.backend,
        }
        return HttpResponseRedirect(reverse("account:second-step"))


def enter(request: HttpRequest, user: User, url: str) -> HttpResponse:
    """Begin the session, note it, and lead on."""
    login(request, user, backend=getattr(user, "backend", None))
    with use(selectors.scope_of(user)) as scope:
        services.signed_in(user, address=client_address(request) or "", by=scope.actor)
    return HttpResponseRedirect(own_address(request, url))


@method_decorator(never_cache, name="dispatch")
class SecondStep(FormView):  # type: ignore[type-arg]
    """The one-time code after the password."""

    template_name = "account/second_step.html"
    form_class = account_forms.CodeForm
    extra_context = {"title": gettext_lazy("Second step")}
    user: User
    pending: dict[str, Any]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        pending = request.session.get(PENDING)
        user: User | None = None
        if pending and now().timestamp() - pending["at"] < PENDING_TIME.total_seconds():
            user = User.objects.filter(pk=pending["user"], is_active=True).first()
        if pending is None or user is None:
            request.session.pop(PENDING, None)
            return HttpResponseRedirect(settings.LOGIN_URL)
        self.user, self.pending = user, pending
        if not AxesProxyHandler.is_allowed(request, {"username": user.username}):
            return locked_out(request)
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: account_forms.CodeForm) -> HttpResponse:
        try:
            with use(selectors.scope_of(self.user)) as scope:
                services.pass_second_factor(self.user, code=form.cleaned_data["code"], by=scope.actor)
        except Refused as refusal:
            count_failure(self.request, self.user.username)
            form.add_error("code", refusal.message)
            return self.form_invalid(form)
        url = self.pending["next"]
        self.user.backend = self.pending["backend"]
        return enter(self.request, self.user, url)

    def form_invalid(self, form: account_forms.CodeForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


class SignOut(LogoutView):
    """Ends the session (by POST only)."""

    next_page = settings.LOGIN_URL

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        response = super().post(request, *args, **kwargs)
        # The next person at this computer must not come back to the pages by the Back button.
        response["Clear-Site-Data"] = '"cache"'
        return response


class Language(View):
    """Choose the screen language, for the person signed in and for this browser."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        language = request.POST.get("language", "")
        response = HttpResponseRedirect(own_address(request, request.POST.get("next", "")))
        if language not in dict(settings.LANGUAGES):
            return response
        user, scope = request.user, current_or_none()
        if isinstance(user, User) and scope is not None:
            services.change_profile(user, name=user.name, phone=user.phone, language=language, by=scope.actor)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 86400, samesite="Lax", httponly=True
        )
        return response


class Profile(PageView):
    """One's own account: who one is, what one may do where, how one signs in."""

    permission = SIGNED_IN
    title = gettext_lazy("Profile and security")
    template_name = "account/profile.html"

    def context(self, **extra: Any) -> dict[str, Any]:
        user = self.request.user
        assert isinstance(user, User)
        appointments = selectors.standing().filter(user=user).select_related("post", "unit")
        return super().context(
            appointments=appointments,
            factor=selectors.factor_of(user),
            codes_left=selectors.recovery_codes_left(user),
            tokens=user.tokens.all(),
            **extra,
        )


class OwnAction(ActionView):
    """An action on one's own account."""

    permission = SIGNED_IN

    def subject(self) -> User:
        user = self.request.user
        assert isinstance(user, User)
        return user

    def success_url(self, result: Any) -> str:
        return reverse("account:profile")


class ChangeProfile(OwnAction):
    """Name, telephone, language."""

    title = gettext_lazy("Change profile")
    submit_label = gettext_lazy("Save")
    form_class = account_forms.ProfileForm
    service = services.change_profile
    success_message = gettext_lazy("Saved.")

    def form_kwargs(self) -> dict[str, Any]:
        # A copy: the form writes what was typed into its instance, also when it is refused.
        return {"instance": User.objects.get(pk=self.subject().pk)}


class ChangePassword(OwnAction):
    """A new password; other sessions end."""

    title = gettext_lazy("Change password")
    form_class = account_forms.PasswordForm
    success_message = gettext_lazy("The password was changed. You were signed out everywhere else.")

    def run(self, form: Any) -> Any:
        user = services.change_password(
            self.subject(),
            old=form.cleaned_data["old"],
            password=form.cleaned_data["password"],
            by=self.actor,
        )
        update_session_auth_hash(self.request, user)
        return user


class Confirmed(OwnAction):
    """An action that asks for the password once more: the computer may have been left alone."""

    form_class = account_forms.ConfirmForm

    def check_password(self, form: Any) -> None:
        """Refused when the password typed is not one's own."""
        if not self.subject().check_password(form.cleaned_data["password"]):
            raise Refused("wrong-password", gettext_lazy("The present password is wrong."), field="password")

    def run(self, form: Any) -> Any:
        self.check_password(form)
        return type(self).service(self.subject(), by=self.actor)


class ShowsOnce(OwnAction):
    """Ends by showing what is shown this once, instead of going back."""

    def succeed(self, result: Any) -> HttpResponseBase:
        return self._once("account/codes.html", codes=result)

    def _once(self, template: str, **shown: Any) -> HttpResponse:
        name = f"{template}#{self._part()}" if self._part() else template
        response = render(self.request, name, self.context(**shown))
        response["Cache-Control"] = "no-store"
        return response


class SetUpFactor(Confirmed, ShowsOnce):
    """Scan, type the first code, keep the recovery codes."""

    title = gettext_lazy("Set up the second factor")
    submit_label = gettext_lazy("Turn on")
    template_name = "account/factor.html"
    form_class = account_forms.FactorForm

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if selectors.factor_of(self.subject()) is not None:
            return HttpResponseRedirect(reverse("account:profile"))
        return super().get(request, **kwargs)

    def form_kwargs(self) -> dict[str, Any]:
        return {} if self.request.method == "POST" else {"initial": {"sealed": totp.seal(totp.new_secret())}}

    def context(self, **extra: Any) -> dict[str, Any]:
        form = extra.get("form")
        secret = totp.unseal(form["sealed"].value() or "") if form is not None else None
        if secret is not None:
            uri = totp.address(secret, self.subject().username, _("Huiyin"))
            extra["qr"] = segno.make(uri, error="m").svg_data_uri(scale=5, border=2, light="#fff")
            extra["secret"] = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
        return super().context(**extra)

    def run(self, form: Any) -> list[str]:
        secret = totp.unseal(form.cleaned_data["sealed"])
        if secret is None:
            raise Refused("stale", gettext_lazy("This page is too old. Please begin again."))
        self.check_password(form)
        return services.set_second_factor(
            self.subject(), secret=secret, code=form.cleaned_data["code"], by=self.actor
        )


class RenewCodes(Confirmed, ShowsOnce):
    """New recovery codes; the old ones stop working."""

    title = gettext_lazy("New recovery codes")
    consequence = gettext_lazy("The old recovery codes stop working.")
    service = services.renew_recovery_codes


class DropFactor(Confirmed):
    """Sign in with the password alone again."""

    title = gettext_lazy("Turn off the second factor")
    consequence = gettext_lazy("From now on the password alone is enough to sign in as you.")
    danger = True
    service = services.drop_second_factor
    success_message = gettext_lazy("The second factor is turned off.")


class NewToken(ShowsOnce):
    """A key for the programming interface, shown once."""

    title = gettext_lazy("New interface key")
    submit_label = gettext_lazy("Make the key")
    form_class = account_forms.TokenForm
    service = services.issue_token

    def succeed(self, result: Any) -> HttpResponseBase:
        return self._once("account/key.html", key=result)


class RevokeToken(OwnAction):
    """Make one of one's own keys useless."""

    title = gettext_lazy("Revoke the interface key")
    consequence = gettext_lazy("Programs that use this key stop working at once. This cannot be undone.")
    danger = True
    form_class = forms.Form
    service = services.revoke_token
    success_message = gettext_lazy("The key was revoked.")

    def setup_subject(self) -> None:
        self.object = get_object_or_404(
            ApiToken, pk=self.kwargs["pk"], user=self.request.user, revoked_at=None
        )

    def run(self, form: Any) -> Any:
        return services.revoke_token(self.object, by=self.actor)


class SaveView(OwnAction):
    """Keep the list's filters under a name."""

    title = gettext_lazy("Save view")
    submit_label = gettext_lazy("Save")
    form_class = account_forms.ViewForm

    def form_kwargs(self) -> dict[str, Any]:
        scope = current()
        params = self.request.GET
        return {
            "initial": {"path": params.get("path", ""), "query": params.get("query", "")},
            "sites": list(selectors.sites_in_reach("org.edit")[:50]),
            "everybody": scope.everywhere or "org.edit" in scope.company,
        }

    def run(self, form: Any) -> SavedView:
        data = form.cleaned_data
        share = data["share"]
        return services.save_view(
            self.subject(),
            path=data["path"],
            query=data["query"],
            name=data["name"],
            is_shared=bool(share),
            site=Site.objects.get(code=share) if share not in ("", "*") else None,
            by=self.actor,
        )

    def success_url(self, result: SavedView) -> str:
        return f"{result.path}?{result.query}"


class DeleteView(OwnAction):
    """Forget one of one's own saved views."""

    title = gettext_lazy("Delete view")
    danger = True
    form_class = forms.Form

    def setup_subject(self) -> None:
        self.object = get_object_or_404(SavedView, pk=self.kwargs["pk"], user=self.request.user)

    def run(self, form: Any) -> str:
        path: str = self.object.path
        services.delete_view(self.object, by=self.actor)
        messages.success(self.request, _("The view was deleted."))
        return path

    def success_url(self, result: str) -> str:
        return own_address(self.request, result)
