from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huiyin.engines.search.pinyin import COMPOUND_SURNAMES, SURNAMES, name_tokens
from huiyin.engines.search.text import PINYIN, fts5_match


def readings(name: str) -> list[str]:
    return [token.removeprefix(PINYIN) for token in name_tokens(name).split()]


def finds(query: str, name: str) -> bool:
    return any(token.startswith(query) for token in readings(name))


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("张三丰", "zhangsanfeng"),
        ("曾国藩", "zengguofan"),
        ("单田芳", "shantianfang"),
        ("仇英", "qiuying"),
        ("解晓东", "xiexiaodong"),
        ("查良镛", "zhaliangyong"),
        ("区楚良", "ouchuliang"),
        ("朴树", "piaoshu"),
        ("任盈盈", "renyingying"),
        ("盖叫天", "gejiaotian"),
        ("缪荃孙", "miaoquansun"),
        ("乐嘉", "yuejia"),
        ("乐嘉", "lejia"),
        ("覃辉", "qinhui"),
        ("覃辉", "tanhui"),
        ("翟志刚", "zhaizhigang"),
        ("种师道", "chongshidao"),
        ("逄金波", "pangjinbo"),
        ("员力", "yunli"),
        ("华罗庚", "hualuogeng"),
        ("谌龙", "chenlong"),
        ("尉迟恭", "yuchigong"),
        ("万俟卨", "moqixie"),
        ("长孙无忌", "zhangsunwuji"),
        ("单于", "chanyu"),
        ("欧阳修", "ouyangxiu"),
        ("司马光", "simaguang"),
        ("诸葛亮", "zhugeliang"),
        ("令狐冲", "linghuchong"),
        ("澹台灭明", "tantaimieming"),
        ("乐正绫", "yuezhengling"),
        ("吕布", "lvbu"),
        ("吕布", "lubu"),
        ("吕布", "lyubu"),
        ("刘晟", "liusheng"),
        ("刘晟", "liucheng"),
        ("李行", "lixing"),
        ("李行", "lihang"),
        ("歐陽鋒", "ouyangfeng"),
        ("曾先生", "zengxiansheng"),
        ("重庆银行", "chongqingyinhang"),
        ("长沙云河物业管理有限公司", "changshayunhewuyeguanliyouxiangongsi"),
        ("长沙云河物业管理有限公司", "yunhewuye"),
        ("长沙云河物业管理有限公司", "yhwy"),
        ("ABC物业", "abcwuye"),
        ("张三1", "zhangsan1"),
        ("张三1", "zs1"),
        ("John Smith", "smith"),
    ],
)
def test_a_name_is_found_by_how_it_is_spoken(name: str, spoken: str) -> None:
    assert finds(spoken, name)


@pytest.mark.parametrize("query", ["zsf", "zhangsanfeng", "zhang", "zhangsf", "sanfeng", "sf", "feng"])
def test_a_name_is_found_by_initials_and_by_its_parts(query: str) -> None:
    assert finds(query, "张三丰")


@pytest.mark.parametrize("query", ["zss", "hang", "anfeng", "sanzhang", "zf"])
def test_a_name_is_not_found_by_other_letters(query: str) -> None:
    assert not finds(query, "张三丰")


def test_several_names_in_one_field_are_read_one_by_one() -> None:
    assert set(readings("张三、李四")) == set(readings("张三")) | set(readings("李四"))
    assert set(readings("张三/李四")) == set(readings("张三")) | set(readings("李四"))


@pytest.mark.parametrize("name", ["张 三", "张　三", " 张三 ", "张三\n"])
def test_a_name_spread_out_by_spaces_is_one_name(name: str) -> None:
    assert readings(name) == readings("张三")


def test_dots_inside_a_foreign_name_are_not_spoken() -> None:
    assert finds("abudulamaimaiti", "阿卜杜拉·买买提")


@pytest.mark.parametrize("name", ["", "  ", "。", "𠮷", "\ud800", "\x00"])
def test_what_cannot_be_spoken_gives_no_tokens(name: str) -> None:
    assert name_tokens(name) == ""


def test_an_unknown_character_does_not_hide_the_rest() -> None:
    assert finds("tian", "𠮷田")


def test_ambiguous_names_give_a_bounded_number_of_tokens() -> None:
    assert len(readings("和大长行")) <= 60
    assert len(readings("行" * 200)) < 200


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=30) | st.text(alphabet="张三单曾行长乐和 ·、(a1）𠮷", max_size=30))
def test_no_name_breaks_the_reader_and_every_token_finds_its_name(name: str) -> None:
    tokens = name_tokens(name)
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE names USING fts5(tokens, tokenize='unicode61')")
    connection.execute("INSERT INTO names VALUES (?)", (tokens,))
    for token in readings(name):
        if token[0].isalpha():
            sql = "SELECT count(*) FROM names WHERE names MATCH ?"
            assert connection.execute(sql, (fts5_match(token),)).fetchone() == (1,)
    connection.close()


def test_the_surname_tables_are_well_formed() -> None:
    assert all(len(surname) == 1 and all(map(str.isalpha, spoken)) for surname, spoken in SURNAMES.items())
    assert all(len(surname) == len(spoken) >= 2 for surname, spoken in COMPOUND_SURNAMES.items())
