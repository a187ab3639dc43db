"""Which categories and which subject follow from the words typed."""

from __future__ import annotations

import pytest

from huiyin.work.cases.intake import TITLE, subject_and_rest
from huiyin.work.cases.models import Category
from huiyin.work.cases.selectors import suggest_categories

TREE = [
    Category(pk=1, code="repair", name="维修", kind="repair", keywords=[]),
    Category(pk=2, code="repair.leak", name="漏水", kind="repair", keywords=["漏水", "渗水"]),
    Category(pk=3, code="repair.roof", name="屋面渗漏", kind="repair", keywords=["屋顶漏水"]),
    Category(pk=4, code="complaint.noise", name="噪音", kind="complaint", keywords=["噪音", "吵"]),
    Category(pk=5, code="emergency.gas", name="燃气异味", kind="emergency", keywords=["煤气味", "Gas"]),
]


def codes(text: str, **narrowed: str) -> list[str]:
    return [one.code for one in suggest_categories(text, TREE, **narrowed)]  # type: ignore[arg-type]


def test_the_longest_keyword_comes_first() -> None:
    assert codes("我家屋顶漏水了") == ["repair.roof", "repair.leak"]


def test_more_words_of_a_category_come_before_fewer() -> None:
    assert codes("漏水，吵，渗水") == ["repair.leak", "complaint.noise"]


def test_the_name_of_a_category_is_a_keyword_too() -> None:
    assert codes("请安排维修") == ["repair"]


def test_width_and_case_of_letters_do_not_matter() -> None:
    assert codes("有ＧＡＳ的味道") == ["emergency.gas"]


def test_a_kind_narrows_the_suggestions() -> None:
    assert codes("漏水，很吵", kind="complaint") == ["complaint.noise"]


@pytest.mark.parametrize("text", ["", "  ", "你好", "\x00"])
def test_words_that_say_nothing_suggest_nothing(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize(
    ("text", "subject", "rest"),
    [
        ("厨房漏水", "厨房漏水", ""),
        ("厨房漏水\n地上都是水\n急", "厨房漏水", "地上都是水\n急"),
        ("  厨房漏水\r\n\r\n急 ", "厨房漏水", "急"),
        ("长" * 130, "长" * (TITLE - 1) + "…", "长" * 130),
    ],
)
def test_the_first_line_is_the_subject(text: str, subject: str, rest: str) -> None:
    assert subject_and_rest(text) == (subject, rest)
