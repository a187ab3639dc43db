from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from huiyin.engines.fields.identity import (
    MESSAGES,
    Kind,
    Verdict,
    check,
    mask_identity,
    mask_name,
    mask_phone,
)

TODAY = date(2026, 11, 21)


def test_real_vectors_are_judged_right_with_and_without_their_kind(
    shared_data: Callable[[str], Path],
) -> None:
    vectors = json.loads(shared_data("number_vectors_dev.json").read_text(encoding="utf-8"))
    numbers = [vector for vector in vectors if vector["type"] in ("cn_id", "uscc", "vin")]
    assert len(numbers) >= 12
    for vector in numbers:
        assert check(vector["value"], vector["type"], today=TODAY).valid is vector["valid"], vector
        guessed = check(vector["value"], today=TODAY)
        assert guessed.valid is vector["valid"], vector
        assert guessed.kind == vector["type"] or not vector["valid"]


@pytest.mark.parametrize(
    ("number", "kind", "reason", "form"),
    [
        ("110101199003078670", "cn_id", "", "18"),
        ("610104620927690", "cn_id", "", "15"),
        ("11010119900307867", "cn_id", "length", ""),
        ("44030819990110", "cn_id", "length", ""),
        ("440308199901101513", "cn_id", "check_digit", "18"),
        ("440308199901101512", "cn_id", "", "18"),
        ("11010119900307867A", "cn_id", "characters", "18"),
        ("1101011990X3078670", "cn_id", "characters", "18"),
        ("990101199003078670", "cn_id", "region", "18"),
        ("110101199002308670", "cn_id", "birth_date", "18"),
        ("110101199013078670", "cn_id", "birth_date", "18"),
        ("110101202703078670", "cn_id", "birth_date", "18"),
        ("110101189003078670", "cn_id", "birth_date", "18"),
        ("610104621327690", "cn_id", "birth_date", "15"),
        ("", "cn_id", "empty", ""),
        ("  ", "cn_id", "empty", ""),
        ("١" * 18, "cn_id", "characters", "18"),
        ("1.10101199003E+17", "cn_id", "length", ""),
        ("91350100M000100Y43", "uscc", "", ""),
        ("91510000779827684C", "uscc", "", ""),
        ("91350100M000100Y44", "uscc", "check_digit", ""),
        ("91350100M000100I43", "uscc", "characters", ""),
        ("9135010AM000100Y43", "uscc", "characters", ""),
        ("123", "uscc", "length", ""),
        ("1M8GDM9AXKP042788", "vin", "", ""),
        ("11111111111111111", "vin", "", ""),
        ("1HGCM82633A004353", "vin", "check_digit", ""),
        ("1HGCM82633A004352", "vin", "", ""),
        ("1M8GDM9AIKP042788", "vin", "characters", ""),
        ("1M8GDM9AXKP04278", "vin", "length", ""),
        ("京A12345", "plate", "", "standard"),
        ("湘AB12C3", "plate", "", "standard"),
        ("湘AD12345", "plate", "", "new_energy"),
        ("湘AF12345", "plate", "", "new_energy"),
        ("湘ADA1234", "plate", "", "new_energy"),
        ("湘A12345D", "plate", "", "new_energy"),
        ("湘A1234挂", "plate", "", "trailer"),
        ("湘A1234学", "plate", "", "training"),
        ("湘A1234警", "plate", "", "police"),
        ("京O1234警", "plate", "", "police"),
        ("粤Z1234港", "plate", "", "border"),
        ("沪A0023领", "plate", "", "consular"),
        ("使014578", "plate", "", "embassy"),
        ("WJ湘1234X", "plate", "", "armed_police"),
        ("VA12345", "plate", "", "military"),
        ("湘A1234O", "plate", "form", ""),
        ("湘A1234I", "plate", "form", ""),
        ("湘I12345", "plate", "form", ""),
        ("湘AL12345", "plate", "form", ""),
        ("国A12345", "plate", "form", ""),
        ("湘A123", "plate", "length", ""),
        ("湘A1234567", "plate", "form", ""),
        ("hello", "unknown", "unknown", ""),
    ],
)
def test_a_number_is_judged_with_its_reason(number: str, kind: Kind, reason: str, form: str) -> None:
    verdict = check(number, kind, today=TODAY)
    assert (verdict.valid, verdict.kind, verdict.reason, verdict.form) == (not reason, kind, reason, form)
    assert verdict.message == MESSAGES.get(reason, "")
    assert bool(verdict.message) == bool(reason)


@pytest.mark.parametrize(
    ("written", "value", "kind"),
    [
        ("110101 19900307 8670", "110101199003078670", "cn_id"),
        ("１１０１０１１９９００３０７８６７０", "110101199003078670", "cn_id"),
        (" 110101199003078670\n", "110101199003078670", "cn_id"),
        ("11010519491231002x", "11010519491231002X", "cn_id"),
        ("9135 0100 M000 100Y 43", "91350100M000100Y43", "uscc"),
        ("91350100m000100y43", "91350100M000100Y43", "uscc"),
        ("1m8gdm9axkp042788", "1M8GDM9AXKP042788", "vin"),
        ("京A·12345", "京A12345", "plate"),
        ("京a-12345", "京A12345", "plate"),
        ("京Ａ 12345", "京A12345", "plate"),
        ("湘A·D12345", "湘AD12345", "plate"),
    ],
)
def test_separators_and_spelling_do_not_matter_and_the_kind_is_guessed(
    written: str, value: str, kind: str
) -> None:
    verdict = check(written, today=TODAY)
    assert (verdict.valid, verdict.value, verdict.kind) == (True, value, kind)


def test_a_company_code_of_digits_only_is_told_from_a_person() -> None:
    digits = next(
        code
        for number in range(100_000)
        if check(code := f"911101{number:011}0", "uscc").valid and code.isdecimal()
    )
    assert check(digits, today=TODAY).kind == "uscc"
    assert check("440308199901101513", today=TODAY).kind == "cn_id"


def test_a_child_born_today_has_a_plausible_number_and_one_born_tomorrow_has_not() -> None:
    assert check("11010120261121001X", today=date(2026, 11, 20)).reason == "birth_date"
    assert check("11010120261121001X", today=TODAY).reason in ("", "check_digit")


@given(st.text(max_size=25) | st.text(alphabet="0123456789XABI京使学 ", max_size=20))
def test_no_text_breaks_the_checks(text: str) -> None:
    kinds: tuple[Kind | None, ...] = (None, "cn_id", "uscc", "vin", "plate", "unknown")
    for kind in kinds:
        verdict = check(text, kind, today=TODAY)
        assert verdict.valid == (verdict.reason == "")
    for mask in (mask_identity, mask_phone, mask_name):
        mask(text)


@given(st.integers(0, 17), st.integers(0, 9))
def test_one_mistyped_digit_is_always_noticed(place: int, digit: int) -> None:
    right = "110101199003078670"
    wrong = right[:place] + str(digit) + right[place + 1 :]
    assert check(wrong, "cn_id", today=TODAY).valid == (wrong == right)


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("110101199003078670", "110101********8670"),
        ("610104620927690", "610104*****7690"),
        ("91350100M000100Y43", "913501********0Y43"),
        ("E12345678", "E******78"),
        ("12345", "*****"),
        ("", ""),
    ],
)
def test_the_middle_of_an_identity_number_is_hidden(number: str, masked: str) -> None:
    assert mask_identity(number) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("13700009527", "137****9527"),
        ("+86 137 0000 9527", "137****9527"),
        ("0731-85551234", "0731-****1234"),
        ("0731-85551234转801", "0731-****1234-***"),
        ("12345", "12345"),
        ("13700009527/13800001111", "***********/*******1111"),
        ("王先生13700009527", "王先生*******9527"),
        ("", ""),
    ],
)
def test_the_middle_of_a_phone_number_is_hidden(number: str, masked: str) -> None:
    assert mask_phone(number) == masked


@pytest.mark.parametrize(
    ("name", "masked"),
    [("张三丰", "张**"), ("张三", "张*"), ("张", "*"), ("欧阳娜娜", "欧***"), (" 张三 ", "张*"), ("", "")],
)
def test_only_the_first_character_of_a_name_is_shown(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize("reason", MESSAGES)
def test_why_a_number_is_wrong_is_said_in_the_language_of_the_screen(reason: str) -> None:
    message = Verdict(False, "cn_id", "1", reason).message
    with translation.override("en"):
        english = str(message)
    with translation.override("zh-hans"):
        assert str(message) != english
