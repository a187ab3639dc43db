"""Every text on screen has its Chinese, and the catalogues are those of the source."""

from __future__ import annotations

from django.utils import translation

from huiyin.base.kit import translating


def test_every_message_has_simplified_chinese_and_the_files_are_current() -> None:
    catalog = translating.merged()
    assert translating.missing(catalog) == []
    for file, content in translating.files(catalog).items():
        assert file.exists() and file.read_bytes() == content, f"{file} is out of date"


def test_a_missing_message_and_a_lost_placeholder_are_found() -> None:
    catalog = translating.merged()
    catalog.add(
        "A text nobody translated %(n)s", "", locations=[("somewhere.py", 1)], flags={"python-format"}
    )
    catalog.add(
        "Another one %(name)s", "没有占位符", locations=[("elsewhere.py", 1)], flags={"python-format"}
    )
    found = translating.missing(catalog)
    assert len(found) == 2
    assert "somewhere.py" in found[0] + found[1]


def test_traditional_chinese_is_made_from_the_simplified() -> None:
    with translation.override("zh-hans"):
        simplified = translation.gettext("New case")
    with translation.override("zh-hant"):
        traditional = translation.gettext("Assign")
    assert (simplified, traditional) == ("受理登记", "派單")
