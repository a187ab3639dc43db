"""What is written in packs is called by words of the trade, on every screen that shows or changes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.utils.translation import override

from huiyin.engines.packs.differences import Telling
from huiyin.engines.packs.fields import plain_fields
from huiyin.engines.packs.registry import Section, sections
from huiyin.engines.packs.words import key_words, value_words

LATIN = re.compile(r"[a-z]", re.IGNORECASE)
NAMES = [known.name for known in sections()]


def section_of(name: str) -> Section:
    return next(known for known in sections() if known.name == name)


def written(name: str) -> Iterator[dict[str, Any]]:
    """The entries of a section in the packs of the product, those under others too."""
    for pack in settings.HUIYIN_PACKS:
        file = Path(settings.ROOT) / "packs" / pack / f"{name}.yaml"
        left = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else []
        while left:
            entry = left.pop()
            left += entry.pop("children", [])
            yield entry


@pytest.mark.parametrize("name", NAMES)
def test_every_field_of_the_form_and_every_choice_has_chinese_words(name: str) -> None:
    with override("zh-hans"):
        fields = plain_fields(section_of(name), {})
        assert fields
        assert [one.name for one in fields if LATIN.search(key_words(one.name))] == []
        choices = [(one.path[-1], code) for one in fields for code in one.choices]
        assert [code for key, code in choices if LATIN.search(value_words(key, code))] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_value_in_the_packs_has_a_name(db: None, name: str) -> None:
    telling = Telling(name, None)
    with override("zh-hans"):
        paths = {path for entry in written(name) for path, _text in telling.flat(entry)}
        assert [path for path in sorted(paths) if LATIN.search(key_words(path))] == []


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("name", "Name"),
        ("name.en", "Name (English)"),
        ("limit.value", "Limit"),
        ("limit.unit", "Limit (unit)"),
        ("steps 2.post", "Signature 2 · Post"),
        ("ladder 1.after.unit", "Escalation 1 · After the due moment (unit)"),
        ("when.amount.up_to", "Amount · at most"),
        ("weekly.mon 2", "Hours · Monday 2"),
        ("nobody.named 3.this", "nobody.named 3.this"),
    ],
)
def test_a_value_inside_another_is_called_after_both(path: str, words: str) -> None:
    with override("en"):
        assert key_words(path) == words


def test_two_values_that_differ_are_never_told_alike(db: None) -> None:
    with override("zh-hans"):
        for known in sections():
            for one in plain_fields(known, {}):
                told = [value_words(one.path[-1], code) for code in one.choices]
                assert len(set(told)) == len(told), f"{known.name}.{one.name}"
