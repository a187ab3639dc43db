from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from huiyin.engines.fields.money import BadAmount, rmb_capital


@pytest.mark.parametrize(
    ("amount", "capital"),
    [
        ("0", "零元整"),
        ("0.00", "零元整"),
        ("-0", "零元整"),
        ("0.01", "壹分"),
        ("0.10", "壹角整"),
        ("0.29", "贰角玖分"),
        ("0.55", "伍角伍分"),
        ("1", "壹元整"),
        ("1.01", "壹元零壹分"),
        ("1.5", "壹元伍角整"),
        ("10", "壹拾元整"),
        ("10.10", "壹拾元壹角整"),
        ("1005", "壹仟零伍元整"),
        ("1050.09", "壹仟零伍拾元零玖分"),
        ("101000", "壹拾万壹仟元整"),
        ("100100", "壹拾万零壹佰元整"),
        ("100000000", "壹亿元整"),
        ("100001000", "壹亿零壹仟元整"),
        ("110000000", "壹亿壹仟万元整"),
        ("100010000", "壹亿零壹万元整"),
        ("1000000000000", "壹万亿元整"),
        ("1000100000000", "壹万零壹亿元整"),
        ("1000010000000", "壹万亿零壹仟万元整"),
        ("1000000000001", "壹万亿零壹元整"),
        ("9999999999999999.99", "玖仟玖佰玖拾玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
        ("-12.30", "负壹拾贰元叁角整"),
        ("-0.01", "负壹分"),
        ("1,234.50", "壹仟贰佰叁拾肆元伍角整"),
        ("１２", "壹拾贰元整"),
        ("1.100", "壹元壹角整"),
        (Decimal("1E+4"), "壹万元整"),
        (Decimal("0.1") + Decimal("0.2"), "叁角整"),
        (12, "壹拾贰元整"),
    ],
)
def test_an_amount_is_written_in_capital_numerals(amount: Decimal | str | int, capital: str) -> None:
    assert rmb_capital(amount) == capital


@pytest.mark.parametrize(
    "amount",
    [
        1.5,
        0.1 + 0.2,
        1.0,
        True,
        None,
        "1.005",
        Decimal("1.005"),
        "0.001",
        "10000000000000000",
        Decimal("1E+16"),
        Decimal("1E+999999"),
        "-10000000000000000",
        "",
        " ",
        "abc",
        "1e5",
        "NaN",
        "Infinity",
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("-Infinity"),
        "1,23",
        "1 2",
        ".5",
        "5.",
        "--1",
        "٣",
        "¥5",
    ],
)
def test_what_is_no_exact_amount_is_refused(amount: object) -> None:
    with pytest.raises(BadAmount):
        rmb_capital(amount)  # type: ignore[arg-type]


def test_real_vectors_are_written_as_one_of_the_accepted_spellings(
    shared_data: Callable[[str], Path],
) -> None:
    vectors = json.loads(shared_data("number_vectors_dev.json").read_text(encoding="utf-8"))
    amounts = [vector for vector in vectors if vector["type"] == "rmb_capital"]
    assert len(amounts) >= 10
    for vector in amounts:
        assert rmb_capital(vector["amount"]) in vector["accept"]


def read_back(text: str) -> Decimal:
    """An independent reader of capital numerals."""
    sign = -1 if text.startswith("负") else 1
    yuan, _, rest = text.removeprefix("负").removesuffix("整").rpartition("元")
    total = whole(yuan) * 100
    for digit, unit in re.findall("([零壹贰叁肆伍陆柒捌玖])([角分])", rest):
        total += "零壹贰叁肆伍陆柒捌玖".index(digit) * (10 if unit == "角" else 1)
    return Decimal(sign * total) / 100


def whole(text: str) -> int:
    for unit, scale in (("亿", 10**8), ("万", 10**4), ("仟", 1000), ("佰", 100), ("拾", 10)):
        before, found, after = text.rpartition(unit)
        if found:
            return whole(before) * scale + whole(after)
    digits = text.strip("零") or "零"
    return "零壹贰叁肆伍陆柒捌玖".index(digits)


digits = st.text(alphabet="00123456789", min_size=1, max_size=18) | st.text(
    alphabet="0001", min_size=1, max_size=18
)


@given(digits, st.sampled_from([1, -1]))
def test_every_amount_can_be_read_back_and_obeys_the_rules(written: str, sign: int) -> None:
    fen = sign * int(written)
    text = rmb_capital(Decimal(fen).scaleb(-2))
    assert read_back(text) == Decimal(fen).scaleb(-2)
    assert "零零" not in text
    assert not re.search("零[万亿角]|元元|整.", text)
    assert ("零元" in text) == (fen == 0)
    assert text.endswith("整") != text.endswith("分")


@pytest.mark.parametrize("amount", [1.5, "five", "1.234", 10**17])
def test_why_an_amount_is_refused_is_said_in_the_language_of_the_screen(amount: object) -> None:
    with translation.override("zh-hans"), pytest.raises(BadAmount, match=r"[\u4e00-\u9fff]"):
        rmb_capital(amount)  # type: ignore[arg-type]
