"""Forms for changing rules: the plain values of an entry, its whole text, a draft taking effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .fields import Entries, Plain, offered, overlaid, plain_fields, value_at
from .problems import Problem
from .registry import Section
from .words import key_words, value_words

MAX_TEXT = 60_000


class EntryForm(forms.Form):
    """One entry: its plain values as fields, or (`mode` text) the whole of it as it stands in a file."""

    mode = forms.ChoiceField(choices=[("fields", ""), ("text", "")], widget=forms.HiddenInput)
    seen = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    text = forms.CharField(
        label=gettext_lazy("The whole entry"),
        max_length=MAX_TEXT,
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 18, "spellcheck": "false", "class": "hy-code"}),
    )

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        known: Section,
        entry: Mapping[str, Any],
        entries: Entries,
        new: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, files, **kwargs)
        self.entry = dict(entry)
        self.by_name: dict[str, Plain] = {}
        by_fields = data is None or data.get("mode") != "text"
        if new:
            self.fields["code"] = forms.CharField(
                label=_("Code"),
                max_length=80,
                required=by_fields,
                help_text=_("Small letters, digits, . _ -"),
            )
        for one in plain_fields(known, entry):
            name = f"f.{one.name}"
            value = value_at(entry, one.path)
            self.by_name[name] = one
            field = _field(one, value, entries)
            field.required = by_fields and one.required
            field.initial = "\n".join(value) if one.kind == "lines" and isinstance(value, list) else value
            if isinstance(value, str) and one.path[-1] == "zh":
                field.initial = value
            self.fields[name] = field

    def plain(self) -> list[Any]:
        """The bound fields of plain values, in the order of the schema."""
        names = [*(["code"] if "code" in self.fields else []), *self.by_name]
        return [self[name] for name in names]

    def as_entry(self) -> dict[str, Any]:
        """The entry as the fields make it."""
        values = [(one, self._said(name, one)) for name, one in self.by_name.items()]
        made = overlaid(self.entry, values)
        code = self.cleaned_data.get("code") or self.entry.get("code", "")
        made.pop("code", None)
        return {"code": code, **made}

    def mark(self, problems: tuple[Problem, ...], line_of: Callable[..., int]) -> list[Problem]:
        """Put mistakes at the fields whose lines they name; returns those of no field."""
        left = []
        places = {line_of(*one.path): name for name, one in reversed(self.by_name.items())}
        for problem in problems:
            name = places.get(problem.line)
            if name is not None and problem.line > 1:
                self.add_error(name, f"{problem.message} {problem.mend}")
            else:
                left.append(problem)
        return left

    def _said(self, name: str, one: Plain) -> Any:
        value = self.cleaned_data.get(name)
        if one.kind == "lines":
            return [line.strip() for line in str(value or "").replace(",", "\n").splitlines() if line.strip()]
        if isinstance(value, float) and value == int(value):
            return int(value)
        return value


def _field(one: Plain, value: Any, entries: Entries) -> forms.Field:
    words = key_words(one.name)
    if one.kind == "bool":
        return forms.BooleanField(label=words, required=False)
    if one.kind == "whole":
        return forms.IntegerField(label=words)
    if one.kind == "number":
        return forms.FloatField(label=words)
    if one.kind == "choice":
        known = _choices(one, entries)
        if value is not None and str(value) not in dict(known):
            known = [(str(value), str(value)), *known]
        return forms.ChoiceField(label=words, choices=[("", "—"), *known])
    if one.kind == "codes":
        known = _choices(one, entries)
        missing = [str(code) for code in value or () if str(code) not in dict(known)]
        return forms.MultipleChoiceField(label=words, choices=[*((code, code) for code in missing), *known])
    if one.kind == "lines":
        return forms.CharField(
            label=words,
            widget=forms.Textarea(attrs={"rows": 2}),
            max_length=MAX_TEXT,
            help_text=_("One per line"),
        )
    widget = forms.Textarea(attrs={"rows": 3}) if one.kind == "long" else forms.TextInput()
    return forms.CharField(label=words, widget=widget, max_length=MAX_TEXT)


def _choices(one: Plain, entries: Entries) -> list[tuple[str, str]]:
    if one.refers:
        return [(code, f"{words} · {code}") for code, words in offered(one.refers, entries)]
    return [(code, value_words(one.path[-1], code)) for code in one.choices]


class PublishForm(forms.Form):
    """A draft takes effect: why, and from when."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Stands in the history of the rules, e.g. the decision behind it."),
    )
    valid_from = forms.DateTimeField(
        label=gettext_lazy("Valid from"),
        required=False,
        widget=forms.DateTimeInput(),
        help_text=gettext_lazy("Empty: at once. Rules never count backwards."),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class WithdrawForm(ReasonForm):
    """A scheduled version is withdrawn: why, and whether what it changes goes on as a draft."""

    keep = forms.BooleanField(
        label=gettext_lazy("Keep its changes as prepared changes"), required=False, initial=True
    )

    def __init__(self, *args: Any, editable: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not editable:
            del self.fields["keep"]
