"""What is filled in: a time to count, a notice of public holidays, a turn of duty."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from huiyin.base.kit.moment import local_zone, now
from huiyin.base.org.models import Site, User
from huiyin.base.org.selectors import staff_of

from .almanac import lists_known
from .timing import YEARS

LARGEST_NOTICE = 200_000
"""Bytes of a file with one year's public holidays; real ones have about 4,000."""
UNITS = [
    ("working_hours", pgettext_lazy("unit", "working hours")),
    ("working_days", pgettext_lazy("unit", "working days")),
    ("working_minutes", pgettext_lazy("unit", "working minutes")),
]


class CountForm(forms.Form):
    """From when, and how much working time."""

    since = forms.DateTimeField(label=pgettext_lazy("counting", "Counted from"))
    amount = forms.IntegerField(label=gettext_lazy("How long"), min_value=1, max_value=100_000)
    unit = forms.ChoiceField(label=gettext_lazy("Unit"), choices=UNITS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        begin = now().astimezone(local_zone()).replace(second=0, microsecond=0)
        kwargs.setdefault("initial", {"since": begin, "amount": 3, "unit": "working_days"})
        super().__init__(*args, **kwargs)

    def clean_since(self) -> datetime:
        since: datetime = self.cleaned_data["since"]
        if since.year not in YEARS:
            raise forms.ValidationError(_("Choose a day between 1990 and 2190."))
        return since


def read_json(file: UploadedFile[Any]) -> Any:
    """What a JSON file holds. Refused (ValidationError) when it is too large or no JSON."""
    if file.size is None or file.size > LARGEST_NOTICE:
        raise forms.ValidationError(_("The file is too large for the public holidays of one year."))
    return parsed(file.read())


def parsed(content: bytes | str) -> Any:
    """What a JSON text holds. Refused (ValidationError) when it is none."""
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        return json.loads(text)
    except (ValueError, RecursionError):
        raise forms.ValidationError(
            _("This is no JSON file; choose the file of a year as it was published.")
        ) from None


class NoticeForm(forms.Form):
    """One year's notice of public holidays, as a file."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("One year in the form of the holiday-cn files (JSON), e.g. 2027.json."),
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
    )
    list_code = forms.ChoiceField(label=gettext_lazy("List"), choices=())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lists: Any = self.fields["list_code"]
        lists.choices = [(one, one) for one in lists_known()]
        lists.initial = "cn"

    def clean_file(self) -> Any:
        """The content of the file."""
        return read_json(self.cleaned_data["file"])


class ConfirmForm(forms.Form):
    """The same notice again, with what was shown of its effect."""

    content = forms.CharField(widget=forms.HiddenInput, max_length=LARGEST_NOTICE)
    list_code = forms.CharField(widget=forms.HiddenInput, max_length=40)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def clean_content(self) -> Any:
        """The content of the file."""
        return parsed(self.cleaned_data["content"])

    def clean_list_code(self) -> str:
        code: str = self.cleaned_data["list_code"]
        if code not in lists_known():
            raise forms.ValidationError(_("There is no list “%(name)s”.") % {"name": code})
        return code


class TurnForm(forms.Form):
    """Who is on duty from when until when."""

    user = forms.ModelChoiceField(label=gettext_lazy("Person"), queryset=User.objects.none())
    starts_at = forms.DateTimeField(label=pgettext_lazy("period", "From"))
    ends_at = forms.DateTimeField(label=pgettext_lazy("period", "Until"))

    def __init__(self, *args: Any, site: Site, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["user"]
        people.queryset = staff_of([site])
        people.empty_label = _("Choose …")
