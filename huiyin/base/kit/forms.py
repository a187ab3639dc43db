"""Forms in the look of the shell: any plain Django form comes out right without a word in it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting

CSS: dict[type[forms.Widget], str] = {
    forms.CheckboxInput: "form-check-input",
    forms.CheckboxSelectMultiple: "form-check-input",
    forms.RadioSelect: "form-check-input",
    forms.Select: "form-select",
}
NATIVE: dict[type[forms.Widget], tuple[str, str]] = {
    forms.DateInput: ("date", "%Y-%m-%d"),
    forms.DateTimeInput: ("datetime-local", "%Y-%m-%dT%H:%M"),
    forms.TimeInput: ("time", "%H:%M"),
}
"""The browser's own pickers take and give these forms of a day and a time, whatever the language."""


def css_of(widget: forms.Widget) -> str:
    """The class a widget of this kind wears."""
    return next((css for kind, css in CSS.items() if isinstance(widget, kind)), "form-control")


class Field(BoundField):
    """A field with the classes, pickers and marks of the shell."""

    def build_widget_attrs(self, attrs: Any, widget: Any = None) -> dict[str, Any]:
        widget = widget or self.field.widget
        for part in getattr(widget, "widgets", [widget]):
            _go_native(part)
        built: dict[str, Any] = super().build_widget_attrs(attrs, widget)
        if widget.is_hidden:
            return built
        own = built.get("class") or widget.attrs.get("class", "")
        mark = "is-invalid" if self.errors else ""
        built["class"] = " ".join(part for part in (css_of(widget), own, mark) if part)
        if isinstance(widget, forms.Textarea) and widget.attrs.get("rows") in (None, "10"):
            built.setdefault("rows", 4)
        return built

    @property
    def kind(self) -> str:
        """How the field's template lays it out: check, options, file or line."""
        widget = self.field.widget
        if isinstance(widget, forms.FileInput):
            return "file"
        if isinstance(widget, forms.CheckboxInput):
            return "check"
        return "options" if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple) else "line"


def _go_native(widget: Any) -> None:
    """Let the browser's own day and time picker be used."""
    for kind, (input_type, form) in NATIVE.items():
        if isinstance(widget, kind) and "type" not in widget.attrs:
            picker: Any = widget
            picker.input_type, picker.format = input_type, form


class Renderer(TemplatesSetting):
    """Renders forms, fields and errors with the kit's own templates."""

    form_template_name = "kit/form/form.html"
    field_template_name = "kit/form/field.html"
    bound_field_class = Field
