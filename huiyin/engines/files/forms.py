"""Forms for files."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from .limits import UPLOAD_FILES
from .signatures import ACCEPT


class ManyFiles(forms.ClearableFileInput):
    """A file picker that takes several at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files of one request, in the order they came."""

    widget = ManyFiles

    def clean(self, data: Any, *_initial: Any) -> list[UploadedFile[Any]]:
        given = data if isinstance(data, list | tuple) else [data] if data else []
        if self.required and not given:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        if len(given) > UPLOAD_FILES:
            raise forms.ValidationError(
                ngettext_lazy(
                    "At most %(limit)s file at a time.", "At most %(limit)s files at a time.", UPLOAD_FILES
                ),
                code="too-many-files",
                params={"limit": UPLOAD_FILES},
            )
        return list(given)


class UploadForm(forms.Form):
    """Choose files to attach."""

    file = FilesField(label=_("Files"), widget=ManyFiles(attrs={"accept": ACCEPT}))


class RemoveForm(forms.Form):
    """Why a file is removed."""

    reason = forms.CharField(label=_("Reason"), max_length=200)
