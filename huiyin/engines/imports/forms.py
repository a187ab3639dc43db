"""The form a file is handed in with."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.scope import current
from huiyin.base.org.models import Site
from huiyin.base.org.selectors import sites_in_reach

from .registry import presets


class SubmitForm(forms.Form):
    """Which file, what it holds, for which site, and whether it is only tried."""

    site = forms.ModelChoiceField(queryset=Site.objects.none(), label=_("Site"), empty_label=None)
    preset = forms.ChoiceField(label=_("Kind of file"))
    file = forms.FileField(
        label=_("File"),
        help_text=_("A spreadsheet (.xlsx, .xls, .ods) or text table (.csv)."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.ods,.csv,.tsv,.txt,.gz"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = sites_in_reach()  # type: ignore[attr-defined]
        self.fields["preset"].choices = [  # type: ignore[attr-defined]
            (one.name, one.label) for one in presets().values() if current().holds(one.permission)
        ]
