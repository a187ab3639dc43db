"""The map in docs/ says what the code says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils.translation import override

from huiyin.base.kit import mapping
from huiyin.base.kit.permissions import every
from huiyin.base.trail.registry import VERBS

MAP = Path(settings.ROOT) / "docs" / "map.md"


@pytest.fixture(scope="module")
def house() -> str:
    """The map as the code says it now."""
    return mapping.house()


def test_the_map_is_current(house: str) -> None:
    assert MAP.read_text(encoding="utf-8") == house, "run ./run manage map"


def test_everything_that_was_declared_stands_on_the_map(house: str) -> None:
    assert mapping.unplaced() == []
    missing = [code for code in (*VERBS, *(one.code for one in every())) if f"| `{code}` |" not in house]
    assert missing == []


def test_the_map_does_not_depend_on_the_language_of_the_moment(house: str) -> None:
    with override("zh-hans"):
        assert mapping.house() == house


def test_a_map_out_of_date_is_told_and_drawn_again(
    tmp_path: Path, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.ROOT = tmp_path
    with pytest.raises(SystemExit):
        call_command("map", "--check")
    assert "out of date" in capsys.readouterr().err
    call_command("map")
    call_command("map", "--check")
    assert "is current" in capsys.readouterr().out
