"""The reference of the pack sections says what the schemas say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils.translation import override

from huiyin.engines.packs.reference import reference
from huiyin.engines.packs.registry import sections

PAGE = Path(settings.ROOT) / "docs" / "how-to" / "pack-sections.md"


def test_the_reference_of_sections_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run ./run manage pack_sections"


def test_every_key_of_every_section_stands_in_the_reference() -> None:
    text = reference()
    for known in sections():
        chapter = text.split(f"\n## {known.name}\n")[1].split("\n## ")[0]
        for name, info in known.entry.model_fields.items():
            if name not in ("source", "clause", "note", "variant", "disabled"):
                assert f"| `{info.alias or name}`" in chapter, f"{known.name}.{name}"


def test_the_reference_does_not_depend_on_the_language_of_the_moment() -> None:
    here = reference()
    with override("zh-hans"):
        assert reference() == here


def test_a_reference_out_of_date_is_told_and_written_again(
    tmp_path: Path, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.ROOT = tmp_path
    with pytest.raises(SystemExit):
        call_command("pack_sections", "--check")
    assert "out of date" in capsys.readouterr().err
    call_command("pack_sections")
    call_command("pack_sections", "--check")
    assert "is current" in capsys.readouterr().out
