"""Forms of administering the organisation."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit import permissions

from .models import CODE, OrgUnit, Post, User

AREA_NAMES = {
    "cases": _("Cases"),
    "customers": _("Customers"),
    "places": _("Places"),
    "org": _("Organisation"),
    "packs": _("Packs"),
    "insight": _("Figures"),
    "files": _("Files"),
    "approvals": _("Approvals"),
    "clocks": _("Limits"),
    "reports": _("Reports"),
    "trail": _("Trail"),
    "api": _("Programming interface"),
}


def grouped(codes: Iterable[str] | None = None) -> list[tuple[Any, list[tuple[str, Any]]]]:
    """The declared rights (or those of `codes`) with their words, under the names of their areas."""
    wanted = None if codes is None else set(codes)
    areas: dict[str, list[tuple[str, Any]]] = {}
    for permission in permissions.every():
        if wanted is None or permission.code in wanted:
            area = permission.code.split(".")[0]
            areas.setdefault(area, []).append((permission.code, permission.label))
    order = [*AREA_NAMES, *sorted(set(areas) - set(AREA_NAMES))]
    return [(AREA_NAMES.get(area, area), areas[area]) for area in order if area in areas]


class UnitForm(forms.Form):
    """A new unit under another."""

    kind = forms.ChoiceField(label=_("Kind"))
    name = forms.CharField(label=_("Name"), max_length=80)
    code = forms.CharField(
        label=_("Code"),
        max_length=31,
        validators=[CODE],
        help_text=_("Small letters, digits and hyphens; part of addresses and numbers, never changes."),
    )
    address = forms.CharField(label=_("Address"), max_length=200, required=False, help_text=_("Of a site."))
    phone = forms.CharField(label=_("Phone"), max_length=30, required=False, help_text=_("Of a site."))

    def __init__(self, *args: Any, kinds: list[OrgUnit.Kind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = [(one.value, one.label) for one in kinds]
        if OrgUnit.Kind.SITE not in kinds:
            del self.fields["address"], self.fields["phone"]


class ChangeUnitForm(forms.Form):
    """A unit's name and, of a site, address and telephone; its last day."""

    name = forms.CharField(label=_("Name"), max_length=80)
    address = forms.CharField(label=_("Address"), max_length=200, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=30, required=False)
    closed_on = forms.DateField(
        label=_("Closed on"), required=False, help_text=_("From this day on the unit is no longer used.")
    )

    def __init__(self, *args: Any, is_site: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_site:
            del self.fields["address"], self.fields["phone"]


class PersonChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A person by name and login name: names alone are often shared."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj} · {obj.username}"


class AppointForm(forms.Form):
    """A post for a person at a unit; whichever of the three the page knows already is left out."""

    user = PersonChoice(label=_("Person"), queryset=User.objects.none())
    unit = forms.ModelChoiceField(label=_("Unit"), queryset=OrgUnit.objects.none())
    post = forms.ModelChoiceField(label=_("Post"), queryset=Post.objects.none())
    starts_on = forms.DateField(label=_("From"), required=False, help_text=_("Today, when left empty."))
    ends_on = forms.DateField(label=_("Until"), required=False, help_text=_("Without end, when left empty."))

    def __init__(
        self, *args: Any, people: QuerySet[User] | None, units: QuerySet[OrgUnit] | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._offer("user", people)
        self._offer("unit", units)
        self._offer("post", Post.objects.filter(retired=False))

    def _offer(self, name: str, rows: Any) -> None:
        if rows is None:
            del self.fields[name]
        else:
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows


class RelieveForm(forms.Form):
    """The last day of an appointment."""

    ends_on = forms.DateField(label=_("Last day"), required=False, help_text=_("Today, when left empty."))


class PersonForm(forms.Form):
    """A person's data."""

    name = forms.CharField(label=_("Full name"), max_length=60)
    phone = forms.CharField(label=_("Phone"), max_length=30, required=False)
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)


def fresh_password() -> str:
    """A password to hand to somebody: twelve signs, none that look alike."""
    return "".join(
        secrets.choice("23456789abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ") for _n in range(12)
    )


class NewPersonForm(PersonForm):
    """A new person with a login name and a first password."""

    username = forms.CharField(label=_("Login name"), max_length=60)
    password = forms.CharField(
        label=_("First password"),
        strip=False,
        max_length=200,
        initial=fresh_password,
        help_text=_("Hand it over in person; it is not shown again."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ("name", "username", "password", "phone", "email")


class NewPasswordForm(forms.Form):
    """A new password for somebody who forgot theirs."""

    password = forms.CharField(
        label=_("New password"),
        strip=False,
        max_length=200,
        initial=fresh_password,
        help_text=_("Hand it over in person; it is not shown again. The person is signed out everywhere."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class PostForm(forms.Form):
    """A post with its rights."""

    name = forms.CharField(label=_("Name"), max_length=60)
    code = forms.CharField(label=_("Code"), max_length=40, validators=[CODE])
    level = forms.ChoiceField(label=_("Level"), choices=Post.Level.choices)
    reports_to = forms.ModelChoiceField(label=_("Reports to"), queryset=Post.objects.none(), required=False)
    deputy = forms.ModelChoiceField(label=_("Deputy"), queryset=Post.objects.none(), required=False)
    permissions = forms.MultipleChoiceField(
        label=_("Rights"), required=False, widget=forms.CheckboxSelectMultiple
    )
    description = forms.CharField(label=_("Duties"), required=False, max_length=5000, widget=forms.Textarea)
    clause = forms.CharField(label=_("Clause"), max_length=200, required=False)
    retired = forms.BooleanField(label=_("No longer used"), required=False)

    def __init__(self, *args: Any, post: Post | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Post.objects.exclude(pk=post.pk) if post is not None else Post.objects.all()
        for name in ("reports_to", "deputy"):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = others
        rights = self.fields["permissions"]
        assert isinstance(rights, forms.MultipleChoiceField)
        rights.choices = grouped()
        if post is not None:
            del self.fields["code"]
