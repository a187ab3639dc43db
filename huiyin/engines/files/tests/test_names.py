"""Names lead nowhere, hide nothing and fit everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiyin.engines.files.limits import NAME_LENGTH
from huiyin.engines.files.names import clean_name, extension_of, full_name


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("..\\..\\windows\\win.txt", "win.txt"),
        ("/absolute/漏水 照片.jpg", "漏水 照片.jpg"),
        ("a\0b.pdf", "ab.pdf"),
        ("gpj.\u202etxt", "gpj.txt"),
        (".htaccess", "htaccess"),
        ("...", ""),
        ("  .jpg  ", "jpg"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie_ x.txt"),
        ('q"uo<te>|s?*.txt', "q_uo_te__s__.txt"),
        ("zero\u200bwidth.txt", "zerowidth.txt"),
        ("no ending", "no ending"),
        ("half \ud800 a pair.txt", "half  a pair.txt"),
    ],
)
def test_a_name_is_cleaned(sent: str, kept: str) -> None:
    assert clean_name(sent) == kept


def test_a_very_long_name_keeps_its_ending() -> None:
    kept = clean_name("长" * 5000 + ".jpeg")

    assert len(kept) == NAME_LENGTH
    assert kept.endswith(".jpeg")


def test_a_name_without_an_ending_gets_one() -> None:
    assert full_name("photo", ("jpg", "jpeg"), fallback="file") == "photo.jpg"
    assert full_name("", ("jpg", "jpeg"), fallback="file") == "file.jpg"
    assert full_name("photo.JPEG", ("jpg", "jpeg"), fallback="file") == "photo.jpeg"


@given(st.text(max_size=400))
def test_no_name_ever_leaves_its_folder_or_the_column(sent: str) -> None:
    kept = full_name(sent, ("txt",), fallback="file")

    assert 0 < len(kept) <= NAME_LENGTH
    assert extension_of(kept) == "txt"
    assert kept not in (".", "..")
    assert not set(kept) & set('/\\\0\r\n"<>|?*:')
    assert full_name(kept, ("txt",), fallback="file") == kept
