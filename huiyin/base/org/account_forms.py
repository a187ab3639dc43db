"""Forms of signing in and of one's own account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _

from .models import Site, User


class SignInForm(AuthenticationForm):
    """Login name and password; what is wrong is never said in detail."""

    error_messages = {
        "invalid_login": _("The login name or the password is wrong."),
        "inactive": _("The login name or the password is wrong."),
    }


class CodeForm(forms.Form):
    """The second step: a one-time code, or a recovery code."""

    code = forms.CharField(
        label=_("One-time code"),
        max_length=20,
        help_text=_("The six digits of your authenticator app, or one of your recovery codes."),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
        ),
    )


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """One's own name, telephone and language."""

    class Meta:
        model = User
        fields = ("name", "phone", "language")
        labels = {"name": _("Full name")}


class PasswordForm(forms.Form):
    """The present password and the new one, twice."""

    old = forms.CharField(
        label=_("Present password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    password = forms.CharField(
        label=_("New password"),
        strip=False,
        max_length=200,
        help_text=_("At least eight characters, not only digits, not your name."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("New password again"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("password") and data.get("again") and data["password"] != data.pop("again"):
            self.add_error("again", _("The two new passwords differ."))
        return data


class ConfirmForm(forms.Form):
    """One's password, for what must not be done on a computer left alone."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class FactorForm(ConfirmForm):
    """The first code of the app just set up; the secret travels sealed."""

    sealed = forms.CharField(widget=forms.HiddenInput, max_length=300)
    code = forms.CharField(
        label=_("Code shown by the app"),
        max_length=10,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
    field_order = ("code", "password")


class TokenForm(forms.Form):
    """A name for an interface key and its last day."""

    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("What the key is for."))
    expires_on = forms.DateField(label=_("Valid until"), required=False)


class ViewForm(forms.Form):
    """A name for a saved view, and who else sees it."""

    path = forms.CharField(widget=forms.HiddenInput, max_length=100)
    query = forms.CharField(widget=forms.HiddenInput, max_length=1000)
    name = forms.CharField(label=_("Name"), max_length=40)
    share = forms.ChoiceField(label=_("Who sees it"), required=False, widget=forms.RadioSelect)

    def __init__(self, *args: Any, sites: list[Site], everybody: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: list[tuple[str, Any]] = [("", _("Only me"))]
        choices += [(site.code, site.name) for site in sites]
        choices += [("*", _("Everybody"))] if everybody else []
        share = self.fields["share"]
        assert isinstance(share, forms.ChoiceField)
        share.choices = choices
        if len(choices) == 1:
            share.widget = forms.HiddenInput()
