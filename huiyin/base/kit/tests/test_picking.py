"""Picking one row of many, pairs of name and text, and what apps show on pages below them."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.db.models import QuerySet
from django.utils import translation

from huiyin.base.kit import panels
from huiyin.base.kit.pairs import PairsField
from huiyin.base.kit.panels import Mark, mark, marks_of, panel, panels_of
from huiyin.base.kit.picker import Candidate, PickerField, row_of
from huiyin.base.kit.scope import system_scope, use
from tests.people import People, company

NAMES = {"1": "Wang Wu", "2": "Wang Liu", "3": "Li Si"}


def find(text: str) -> list[Candidate]:
    return [Candidate(value, name) for value, name in NAMES.items() if text in name]


class Form(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["who"] = PickerField(find=find, fetch=NAMES.get, url="/pick/")


@pytest.fixture(autouse=True)
def _english() -> Any:
    with translation.override("en"):
        yield


@pytest.fixture
def place() -> Any:
    """A table of an app above, which the kit may not know by name."""
    return apps.get_model("places", "Place")


@pytest.fixture
def _registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panels, "_panels", {})
    monkeypatch.setattr(panels, "_markers", {})


def test_what_fits_one_row_only_picks_it() -> None:
    form = Form({"who_q": "Si"})
    assert form.is_valid()
    assert form.cleaned_data["who"] == "Li Si"


def test_what_fits_several_offers_them_and_keeps_what_was_typed() -> None:
    form = Form({"who_q": "Wang"})
    assert not form.is_valid()
    page = form.as_p()
    assert 'value="Wang"' in page
    assert "Wang Wu" in page
    assert "Wang Liu" in page
    assert "Li Si" not in page


def test_the_one_picked_counts_not_the_words() -> None:
    form = Form({"who": "2", "who_q": "Wang"})
    assert form.is_valid()
    assert form.cleaned_data["who"] == "Wang Liu"


@pytest.mark.parametrize("data", [{}, {"who_q": "Zhao"}, {"who": "9"}, {"who": "9", "who_q": "Wang"}])
def test_nothing_nobody_and_somebody_out_of_reach_are_refused(data: dict[str, str]) -> None:
    form = Form(data)
    assert not form.is_valid()
    assert form.errors["who"]


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["", "x", "1e3", "²", "-1", "9" * 30])
def test_an_id_that_is_none_finds_no_row(value: str) -> None:
    rows: QuerySet[Any] = apps.get_model("org", "Site").objects.all()
    assert row_of(rows, value) is None


def test_pairs_are_read_line_by_line_with_either_colon() -> None:
    field = PairsField()
    assert field.clean("Material: steel\n\nLoad：1 t") == {"Material": "steel", "Load": "1 t"}
    assert field.prepare_value({"a": "b", "c": "d"}) == "a: b\nc: d"


@pytest.mark.parametrize(
    "text", ["no colon", ": text", "name:", "a: b\na: c", f"a: {'x' * 501}", "a: b\n" * 41]
)
def test_what_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(forms.ValidationError):
        PairsField().clean(text)


@pytest.mark.django_db
@pytest.mark.usefixtures("_registry")
def test_panels_stand_in_their_order_for_those_who_may_see_them(place: Any) -> None:
    people: People = company(["places.view"])
    panel(place, "late", order=20, permission="places.view")(lambda request, row: None)
    panel(place, "early", order=10, permission="places.view")(lambda request, row: None)
    panel(place, "secret", permission="customers.view")(lambda request, row: None)
    panel(place, "beside", permission="places.view", slot="side")(lambda request, row: None)
    here, there = place(site=people.here), place(site=people.there)
    with use(people.scope(people.alice)):
        assert [one.name for one in panels_of(here)] == ["early", "late"]
        assert [one.name for one in panels_of(here, without="early")] == ["late"]
        assert [one.name for one in panels_of(here, only="late")] == ["late"]
        assert [one.name for one in panels_of(here, slot="side")] == ["beside"]
        assert panels_of(there) == []
    with use(people.scope(people.bob)):
        assert panels_of(here) == []
    assert panels_of(here) == []


@pytest.mark.django_db
@pytest.mark.usefixtures("_registry")
def test_marks_are_gathered_from_everybody_who_has_some(place: Any) -> None:
    people: People = company(["places.view"])
    mark(place, "a", permission="places.view")(lambda ids: {ids[0]: Mark("one", "heart")})
    mark(place, "b", permission="places.view")(lambda ids: {ids[0]: Mark("two", "flag")})
    with use(system_scope("test")):
        assert [one.text for one in marks_of(place, people.here.pk, [7, 8])[7]] == ["one", "two"]
        assert marks_of(place, people.here.pk, []) == {}
    with use(people.scope(people.bob)):
        assert marks_of(place, people.here.pk, [7]) == {}


def test_a_panel_that_asks_for_an_unknown_right_is_a_mistake(place: Any) -> None:
    with pytest.raises(ValueError, match="unknown permission"):
        panel(place, "x", permission="places.wiew")
