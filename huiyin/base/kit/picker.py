"""A field to pick one row of many by typing: candidates come while one types, and also without script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

Find = Callable[[str], Sequence["Candidate"]]
"""The candidates for what was typed, the likeliest first, at most a handful."""
Fetch = Callable[[str], Any]
"""The row behind a candidate's value; None when there is no such row in reach."""
SHOWN = 8


def row_of(rows: QuerySet[Any], value: str) -> Any:
    """The row of a set with this id, written as text; None for any other text."""
    return (
        rows.filter(pk=int(value)).first()
        if value.isascii() and value.isdigit() and len(value) < 19
        else None
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """One row to pick: the value sent, its words, and what tells it from others of that name."""

    value: str
    label: str
    hint: str = ""


class PickerWidget(forms.Widget):
    """A search box, and under it the candidates as radio buttons.

    `url` answers `?name=…&NAME_q=…` with the candidates (`kit/picker.html#candidates`).
    """

    template_name = "kit/picker.html"

    def __init__(self, *, url: str = "", placeholder: Any = "") -> None:
        super().__init__()
        self.url = url
        self.placeholder = placeholder
        self.candidates: Sequence[Candidate] = ()
        self.chosen = ""
        self.typed = ""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> tuple[str, str]:
        return (data.get(name) or "").strip(), (data.get(f"{name}_q") or "").strip()[:100]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and f"{name}_q" not in data

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        return id_

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, None, attrs)
        chosen, typed = value if isinstance(value, tuple) else (str(value or ""), "")
        context["picker"] = {
            "name": name,
            "url": self.url,
            "placeholder": self.placeholder,
            "typed": typed,
            "chosen": chosen or self.chosen,
            "candidates": self.candidates,
        }
        return context


class PickerField(forms.Field):
    """One row, picked from candidates; what was typed is enough where it fits exactly one.

    Refused when nothing fits, or when several do and none was picked (they are then offered).
    """

    default_error_messages = {
        "required": _("Please choose one."),
        "nothing": _("Nothing found for “%(text)s”."),
        "several": _("Several fit: please choose one."),
        "gone": _("This can no longer be chosen; please choose again."),
    }
    widget: PickerWidget

    def __init__(
        self,
        *,
        find: Find,
        fetch: Fetch,
        url: str = "",
        placeholder: Any = "",
        offered: Sequence[Candidate] = (),
        chosen: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(widget=PickerWidget(url=url, placeholder=placeholder), **kwargs)
        self.find, self.fetch = find, fetch
        self.offer(offered, chosen)

    def offer(self, candidates: Sequence[Candidate], chosen: str = "") -> None:
        """Show candidates before anything was typed."""
        self.widget.candidates, self.widget.chosen = candidates, chosen

    def clean(self, value: Any) -> Any:
        chosen, typed = value if isinstance(value, tuple) else (str(value or ""), "")
        if not chosen and not typed:
            if self.required:
                raise forms.ValidationError(self.error_messages["required"], code="required")
            return None
        if chosen:
            row = self.fetch(chosen)
            if row is None:
                raise forms.ValidationError(self.error_messages["gone"], code="gone")
            self._keep(chosen, typed)
            return row
        found = list(self.find(typed))
        if not found:
            raise forms.ValidationError(
                self.error_messages["nothing"], code="nothing", params={"text": typed}
            )
        if len(found) > 1:
            self.widget.candidates = found[:SHOWN]
            raise forms.ValidationError(self.error_messages["several"], code="several")
        self.widget.candidates, self.widget.chosen = found, found[0].value
        return self.fetch(found[0].value)

    def _keep(self, chosen: str, typed: str) -> None:
        """Show the one picked again, should another field of the form be refused."""
        if all(one.value != chosen for one in self.widget.candidates):
            found = [one for one in self.find(typed) if one.value == chosen] if typed else []
            self.widget.candidates = found or [Candidate(chosen, str(self.fetch(chosen)))]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data and any(data))
