"""YAML with positions."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from huiyin.engines.packs import reading
from huiyin.engines.packs.reading import read


def plain(text: str) -> object:
    node, flaws = read(text.encode())
    assert not flaws
    assert node is not None
    return node.plain()


def test_words_that_older_yaml_takes_for_something_else_stay_text() -> None:
    text = "[no, yes, on, off, True, 12:30, 2026-11-21, 001-090, 007, 0x1f, 1e3, .5, 1_000]"
    expected = text.strip("[]").split(", ")
    assert plain(text) == expected


def test_numbers_truth_values_and_nothing_are_read() -> None:
    assert plain("[1, -2, +3, 0, 1.5, true, false, null, ~, ]") == [1, -2, 3, 0, 1.5, True, False, None, None]


def test_what_is_quoted_is_text() -> None:
    assert plain("""['1', "true", 'null', ""]""") == ["1", "true", "null", ""]


def test_keys_are_text_whatever_they_look_like() -> None:
    assert plain("{on: 1, 12: 2, null: 3, true: 4}") == {"on": 1, "12": 2, "null": 3, "true": 4}


def test_an_alias_repeats_its_anchor() -> None:
    assert plain("a: &x [1, 2]\nb: *x\n") == {"a": [1, 2], "b": [1, 2]}


def test_every_value_knows_its_line() -> None:
    node, _flaws = read(b"# note\n- code: a\n  text:\n    zh: b\n  list:\n    - c\n    - d\n- code: e\n")
    assert node is not None
    assert node.line_of(0, "text", "zh") == 4
    assert node.line_of(0, "list", 1) == 7
    assert node.line_of(1) == 8
    assert node.line_of(0, "text", "en") == 3, "what is missing is looked for where it should stand"
    assert node.line_of(0, "list", 9) == 5


def test_a_byte_order_mark_does_no_harm() -> None:
    assert plain("\ufeffa: b\n") == {"a": "b"}


@pytest.mark.parametrize("loader", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)])
def test_both_parsers_of_the_library_will_do(loader: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_LOADER", loader)
    assert plain("a: [1, 'b', {c: *d}]\n".replace("*d", "&d d")) == {"a": [1, "b", {"c": "d"}]}
    node, flaws = read(b"<<: {a: 1}\nb: !!int '2'\nb: 3\n")
    assert node is not None
    assert [(flaw.line, flaw.message.split()[0]) for flaw in flaws] == [(1, "Merge"), (2, "Tags"), (3, "The")]
    node, flaws = read(b"a: 'b\nc: d\n")
    assert node is None
    assert "not valid YAML" in flaws[0].message


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    node, flaws = read(data)
    assert node is not None or flaws
    if node is not None:
        node.plain()


@given(st.text(alphabet="ab:- \n[]{}&*!'\"#?|>,%@\\<", max_size=200))
def test_no_yaml_signs_crash_the_reader(text: str) -> None:
    node, flaws = read(text.encode())
    assert node is not None or flaws


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.text(st.characters(codec="utf-8", exclude_categories=["C"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON.filter(lambda value: value is not None))
def test_what_the_library_writes_is_read_back(value: object) -> None:
    text = yaml.safe_dump(value, allow_unicode=True)
    node, flaws = read(text.encode())
    assert not flaws, flaws
    assert node is not None
    assert node.plain() == value
