"""What is filled in about reports."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from huiyin.base.kit.moment import today
from huiyin.base.org.models import Site
from huiyin.base.org.selectors import sites_in_reach

from .selectors import definitions


class DraftForm(forms.Form):
    """Which report of which site over which period."""

    site = forms.ModelChoiceField(queryset=Site.objects.none(), label=_("Site"), empty_label=None)
    code = forms.ChoiceField(label=pgettext_lazy("report", "Report"))
    day = forms.DateField(
        label=_("A day in the period"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = sites_in_reach("reports.issue").order_by("code")
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]
        known = {one.code: str(one.name) for site in sites for one in definitions(site)}
        self.fields["code"].choices = list(known.items())  # type: ignore[attr-defined]
        self.fields["day"].initial = today()


class CommentaryForm(forms.Form):
    """The words of the manager."""

    commentary = forms.CharField(
        label=_("Commentary"), widget=forms.Textarea(attrs={"rows": 12}), required=False, max_length=20_000
    )


class ReasonForm(forms.Form):
    """Why a new edition is needed."""

    reason = forms.CharField(label=_("Why a new edition"), max_length=200)
