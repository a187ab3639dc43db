"""Plain forms come out in the look of the shell, with labels, help and errors tied to their fields."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django import forms
from django.utils import timezone, translation


class Sample(forms.Form):
    name = forms.CharField(help_text="As in the register.")
    day = forms.DateField(required=False)
    at = forms.DateTimeField(required=False)
    clock = forms.TimeField(required=False)
    kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")])
    sure = forms.BooleanField(required=False)
    ways = forms.MultipleChoiceField(
        choices=[("Group one", [("x", "X")]), ("Group two", [("y", "Y")])],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    text = forms.CharField(widget=forms.Textarea, required=False)
    secret = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self) -> None:
        raise forms.ValidationError("Nothing fits.")


def tag(html: str, name: str) -> str:
    found = re.search(rf"<(?:input|select|textarea)[^>]*name=\"{name}\"[^>]*>", html)
    assert found is not None
    return found[0]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_days_and_times_use_the_browsers_own_pickers_in_every_language(language: str) -> None:
    at = datetime(2026, 11, 21, 6, 5, tzinfo=UTC)
    with translation.override(language), timezone.override("Asia/Shanghai"):
        html = str(Sample(initial={"day": at.date(), "at": at, "clock": at.time()}))
    assert 'type="date"' in tag(html, "day")
    assert 'value="2026-11-21"' in tag(html, "day")
    assert 'type="datetime-local"' in tag(html, "at")
    assert 'value="2026-11-21T14:05"' in tag(html, "at")
    assert 'type="time"' in tag(html, "clock")
    assert 'value="06:05"' in tag(html, "clock")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_what_the_pickers_send_is_understood(language: str) -> None:
    data = {"name": "x", "kind": "a", "day": "2026-11-21", "at": "2026-11-21T14:05", "clock": "14:05"}
    with translation.override(language):
        form = Sample(data)
        assert set(form.errors) == {"__all__"}


def test_fields_wear_the_classes_of_the_shell() -> None:
    html = str(Sample())
    assert 'class="form-control"' in tag(html, "name")
    assert 'class="form-select"' in tag(html, "kind")
    assert 'class="form-check-input"' in tag(html, "sure")
    assert 'rows="4"' in tag(html, "text")
    assert "class" not in tag(html, "secret")
    assert html.count("hy-option-head") == 2


def test_errors_and_help_are_tied_to_their_field() -> None:
    html = str(Sample({"kind": "zzz"}))
    name = tag(html, "name")
    assert 'aria-invalid="true"' in name
    assert "is-invalid" in name
    described = re.search(r'aria-describedby="([^"]+)"', name)
    assert described is not None
    for identity in described[1].split():
        assert f'id="{identity}"' in html
    assert "is-invalid" in tag(html, "kind")
    alert = html.split('role="alert"')[1]
    assert "Nothing fits." in alert


def test_what_was_typed_is_kept_and_harmless() -> None:
    html = str(Sample({"name": '"><script>alert(1)</script>', "kind": ""}))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_every_label_names_a_field_that_is_there() -> None:
    html = str(Sample())
    for identity in re.findall(r'<label[^>]* for="([^"]+)"', html):
        assert f'id="{identity}"' in html


class Sending(forms.Form):
    one = forms.FileField(label="Spreadsheet", widget=forms.FileInput)


def test_a_file_picker_speaks_the_language_of_the_page() -> None:
    with translation.override("en"):
        html = str(Sending())
    picker = html[html.index('<label class="hy-file">') : html.index("</label>")]
    assert 'type="file"' in picker and "required" in tag(html, "one")
    assert "Choose a file" in picker and "No file chosen" in picker
    assert "Spreadsheet" in picker
