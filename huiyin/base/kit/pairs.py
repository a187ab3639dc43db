"""A form field for what else is known: short texts by name, one a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

COLONS = str.maketrans({"\uff1a": ":"})
"""People type the wide colon of Chinese keyboards."""


class PairsField(forms.CharField):
    """Lines such as `Material: steel`, as a mapping of names to texts.

    Refused when a line has no colon, a name is empty or stands twice, or a part is too long.
    """

    default_error_messages = {
        "line": _("Line %(number)s: please write a name, a colon and a text."),
        "twice": _("“%(name)s” stands twice."),
        "long": _("Line %(number)s is too long."),
        "many": _("At most %(limit)s lines."),
    }

    def __init__(self, *, limit: int = 40, **kwargs: Any) -> None:
        self.limit = limit
        kwargs.setdefault("widget", forms.Textarea)
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return "\n".join(f"{name}: {text}" for name, text in value.items())
        return value

    def clean(self, value: Any) -> dict[str, str]:
        found: dict[str, str] = {}
        lines = [line.strip() for line in str(super().clean(value)).splitlines() if line.strip()]
        if len(lines) > self.limit:
            raise forms.ValidationError(self.error_messages["many"], params={"limit": self.limit})
        for number, line in enumerate(lines, 1):
            name, colon, text = line.translate(COLONS).partition(":")
            name, text = name.strip(), text.strip()
            if not (name and colon and text):
                raise forms.ValidationError(self.error_messages["line"], params={"number": number})
            if len(name) > 60 or len(text) > 500:
                raise forms.ValidationError(self.error_messages["long"], params={"number": number})
            if name in found:
                raise forms.ValidationError(self.error_messages["twice"], params={"name": name})
            found[name] = text
        return found
