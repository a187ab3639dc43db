"""What cells become: cleaning, numbers that are ids, damage that must not pass silently."""

from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiyin.engines.imports.columns import (
    Cell,
    Choice,
    Column,
    Columns,
    DateTime,
    ErrorValue,
    Integer,
    Money,
    Number,
    Parsed,
    Text,
    bare_title,
    clean_title,
)
from huiyin.engines.imports.problems import CellProblem, Remark, column_letter, excerpt

CODE = Text(name="a", titles=("A",), code=True, max_length=30)
LINE = Text(name="a", titles=("A",))
LONG = Text(name="a", titles=("A",), multiline=True)


def read(column: Column, raw: Cell) -> Any:
    return column.read(raw, [])


def problem(column: Column, raw: Cell) -> CellProblem:
    with pytest.raises(CellProblem) as caught:
        column.read(raw, [])
    assert "%(" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("column", "raw", "value"),
    [
        (
            LONG,
            "\n\t\t\t\t\t\n\t\t\t\t\t　　K8县丁字街\n第二行\r\n第三行\n\t\t\t\t",
            "K8县丁字街\n第二行\n第三行",
        ),
        (LINE, "第一行\n第二行", "第一行 第二行"),
        (LINE, "\ufeff\u200b 标题\xa0", "标题"),
        (LINE, "a\u200db", "a\u200db"),
        (LINE, "１２Ａ", "１２Ａ"),
        (LINE, "   \n\t", None),
        (LINE, None, None),
        (CODE, "１２Ａ－３", "12A-3"),
        (CODE, " 沪Ａ·Ｄ1234\n5 ", "沪A·D1234 5"),
        (CODE, "1\u200b2", "12"),
        (CODE, 123456.0, "123456"),
        (CODE, 1011, "1011"),
        (CODE, 0.0, "0"),
        (CODE, 18999999999.0, "18999999999"),
        (CODE, 1.5, "1.5"),
        (CODE, 999999999999999.0, "999999999999999"),
        (CODE, "1.8999999999E+10", "18999999999"),
        (CODE, "1E2", "1E2"),
        (CODE, "3E05", "3E05"),
        (CODE, True, "TRUE"),
        (LONG, "a\x00b\x07c", "abc"),
    ],
)
def test_text_is_cleaned_but_not_changed(column: Column, raw: Cell, value: object) -> None:
    assert read(column, raw) == value


def test_control_characters_go_with_a_note() -> None:
    heard: list[Remark] = []
    assert LONG.read("水\x00管\x0b爆", heard) == "水管\n爆"
    assert [(remark.code, remark.params) for remark in heard] == [("unprintable", {"count": 1})]


@pytest.mark.parametrize(
    ("column", "raw", "code"),
    [
        (CODE, 1.1010119900307867e17, "digits-lost"),
        (CODE, "1.10101E+17", "digits-lost"),
        (CODE, "1.9E+10", "digits-lost"),
        (CODE, 10**15, "digits-lost"),
        (CODE, date(2024, 3, 2), "became-date"),
        (LINE, time(3, 2), "became-date"),
        (CODE, "x" * 31, "too-long"),
        (LINE, ErrorValue("#N/A"), "formula-error"),
        (LINE, " #REF! ", "formula-error"),
        (LINE, "a\ud800b", "broken-character"),
        (Text(name="a", titles=("A",), required=True), "\n　", "required"),
        (Text(name="a", titles=("A",), required=True), "\x01", "required"),
        (CODE, float("nan"), "not-a-number"),
    ],
)
def test_damaged_text_is_an_error(column: Column, raw: Cell, code: str) -> None:
    assert problem(column, raw).code == code


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (94.56000000000001, "94.56"),
        ("1,234.50", "1234.50"),
        ("￥１２３．５元", "123.50"),
        ("¥ 1000", "1000.00"),
        ("RMB 12", "12.00"),
        ("(12.3)", "-12.30"),
        ("-5", "-5.00"),
        (".5", "0.50"),
        (0, "0.00"),
        ("1.2E+03", "1200.00"),
    ],
)
def test_amounts_are_read_as_people_write_them(raw: Cell, value: str) -> None:
    column = Money(name="a", titles=("A",))
    if raw == "1.2E+03":
        assert problem(column, raw).code == "digits-lost"
    else:
        assert str(read(column, raw)) == value


@pytest.mark.parametrize(
    ("column", "raw", "code"),
    [
        (Money(name="a", titles=("A",)), "12.345", "too-precise"),
        (Money(name="a", titles=("A",)), "1,23", "not-a-number"),
        (Money(name="a", titles=("A",)), "一百", "not-a-number"),
        (Money(name="a", titles=("A",)), "=1+1", "not-a-number"),
        (Money(name="a", titles=("A",)), "", ""),
        (Money(name="a", titles=("A",)), True, "not-a-number"),
        (Money(name="a", titles=("A",)), date(2024, 1, 2), "not-a-number"),
        (Money(name="a", titles=("A",)), "9" * 40, "too-great"),
        (Money(name="a", titles=("A",)), 1e20, "digits-lost"),
        (Integer(name="a", titles=("A",)), 3.5, "not-whole"),
        (Integer(name="a", titles=("A",)), 3_000_000_000, "too-great"),
        (Integer(name="a", titles=("A",), minimum=1), 0, "too-small"),
        (Number(name="a", titles=("A",)), "nan", "not-a-number"),
        (Number(name="a", titles=("A",)), "-", "not-a-number"),
        (Number(name="a", titles=("A",)), "٣", "not-a-number"),
    ],
)
def test_what_is_no_such_number_is_an_error(column: Column, raw: Cell, code: str) -> None:
    if code:
        assert problem(column, raw).code == code
    else:
        assert read(column, raw) is None


def test_units_after_a_number_are_accepted_where_declared() -> None:
    floor = Integer(name="a", titles=("A",), suffixes=("层", "㎡"))
    assert [read(floor, raw) for raw in ("3层", "３ 层", 3.0, "-1层", "12㎡")] == [3, 3, 3, -1, 12]
    assert problem(Integer(name="a", titles=("A",)), "3层").code == "not-a-number"


def test_choices_take_every_spelling_and_name_what_is_known() -> None:
    column = Choice(name="a", titles=("A",), mapping={"1001": "owner", "业主": "owner", "Ｙ": "yes"})
    assert [read(column, raw) for raw in (1001.0, "1001", " 业 主 ", "y", "Ｙ")] == ["owner"] * 3 + [
        "yes"
    ] * 2
    found = problem(column, "租客")
    assert found.code == "unknown-choice" and "1001" in str(found)


def test_words_for_no_value_are_empty_with_a_note() -> None:
    column = Text(name="a", titles=("A",), code=True, blanks=("18999999999", "无"))
    heard: list[Remark] = []
    assert column.read(18999999999.0, heard) is None
    assert column.read(" 无 ", heard) is None
    assert [remark.code for remark in heard] == ["blank-word"] * 2


def test_a_callable_may_read_values_with_rules_of_their_own() -> None:
    def phone(text: str) -> str:
        if not text.isdigit():
            raise ValueError
        return "+86" + text

    column = Parsed(name="a", titles=("A",), parse=phone, sensitive=True)
    assert read(column, "１３８ ".strip()) == "+86138"
    assert read(column, 13800000000.0) == "+8613800000000"
    assert problem(column, "secret").params == {"value": "se…"}


def test_titles_are_compared_without_marks_spaces_and_remarks() -> None:
    assert clean_title(" *手 机号（必填）：") == clean_title("手机号")
    assert bare_title("车类型（9901 家用小汽车 9902 客车 9903 货车）") == "车类型"
    assert bare_title("出租还是出售（H出租S出售）") == "出租还是出售"


def test_columns_refuse_names_that_do_not_fit_together() -> None:
    with pytest.raises(ValueError, match="two columns"):
        Columns((LINE, LONG))
    with pytest.raises(ValueError, match="no column b"):
        Columns((DateTime(name="a", titles=("A",), not_before="b"),))
    with pytest.raises(ValueError, match="no column c"):
        Columns((LINE,), order_by="c")


def test_letters_count_like_a_spreadsheet() -> None:
    assert [column_letter(index) for index in (0, 25, 26, 51, 701, 702, 16383)] == [
        "A",
        "Z",
        "AA",
        "AZ",
        "ZZ",
        "AAA",
        "XFD",
    ]


def test_excerpts_are_short_and_printable() -> None:
    assert excerpt("a\n\tb\x00\u202e" + "c" * 100) == "a b" + "c" * 36 + "…"
    assert excerpt("110101199003078670", sensitive=True) == "11…"


@given(
    st.one_of(
        st.text(max_size=40), st.floats(), st.integers(), st.booleans(), st.none(), st.dates(), st.times()
    )
)
def test_any_cell_is_read_or_refused_by_every_kind_of_column(raw: Cell) -> None:
    kinds: list[Column] = [
        CODE,
        LONG,
        Money(name="a", titles=("A",)),
        Integer(name="a", titles=("A",)),
        Choice(name="a", titles=("A",), mapping={"1": 1}),
        Parsed(name="a", titles=("A",), parse=Decimal),
    ]
    for column in kinds[:-1]:
        try:
            value = column.read(raw, [])
        except CellProblem as found:
            assert str(found)
        else:
            assert value is None or isinstance(value, str | int | Decimal)
