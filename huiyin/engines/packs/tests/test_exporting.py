"""Packs are written back as files that load again to the same: order, clauses, sources, places in the tree."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from huiyin.base.kit.scope import Scope, system_scope, use
from huiyin.engines.packs import registry
from huiyin.engines.packs.drafts import draft
from huiyin.engines.packs.models import PackVersion
from huiyin.engines.packs.registry import Entry, Section, Words, section, sections
from huiyin.engines.packs.selectors import active_packs, entries
from huiyin.engines.packs.services import load
from huiyin.engines.packs.writing import Head, Raw, digest, entry_text, files, in_files, raw
from tests.people import company

Write = Callable[..., Path]
CODES = st.from_regex(r"[a-z][a-z0-9]{0,6}", fullmatch=True)
TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co", "Zl", "Zp"]),
    min_size=1,
    max_size=60,
)
WORDS = st.fixed_dictionaries({"zh": TEXT}, optional={"en": TEXT, "zh-hant": TEXT})
SOURCE = st.lists(st.sampled_from(["001-018", "001-045", "001-090"]), min_size=1, unique=True)


def entry_of(**values: Any) -> Any:
    """Entries with these values, a source, and maybe a clause and a note."""
    return st.fixed_dictionaries({**values, "source": SOURCE}, optional={"clause": TEXT, "note": WORDS})


SECTIONS = {
    "phrases": entry_of(moment=CODES, text=WORDS),
    "channels": entry_of(name=WORDS, out=st.booleans()),
    "care_flags": entry_of(name=WORDS, display=st.fixed_dictionaries({"badge": TEXT.map(lambda t: t[:8])})),
    "glossary": entry_of(name=WORDS),
}
SMALL = st.fixed_dictionaries(
    {}, optional={name: st.dictionaries(CODES, one, min_size=1, max_size=4) for name, one in SECTIONS.items()}
)
TREE = st.lists(st.tuples(CODES, st.integers(0, 12)), unique_by=lambda pair: pair[0], max_size=14)


class Branch(Entry):
    """An entry of a tree, with a number."""

    name: Words
    weight: float = 0.0


@pytest.fixture(scope="module")
def branches() -> Iterator[None]:
    """A section whose entries stand under others."""
    registry.declare(Section("branches", Branch, "Branches", nested=True))
    yield
    del registry._sections["branches"]


def again(head: Head, rows: list[Raw]) -> tuple[str, list[Raw]]:
    """Digest and entries of what is read from the files that are written."""
    read = draft(Path(head.code), files(head, rows))
    assert read.problems == []
    assert read.pack is not None
    return read.pack.digest, [raw(item) for item in read.pack.items]


def normal(name: str, code: str, data: dict[str, Any], parent: str = "") -> Raw:
    """An entry as its schema keeps it."""
    known = section(name)
    assert known is not None
    value = known.entry.model_validate({"code": code, **data})
    kept = value.model_dump(mode="json", exclude_defaults=True)
    return Raw(name, code, parent, {"code": code, **kept})


@given(content=SMALL, version=TEXT.map(lambda text: text[:40]), name=TEXT)
def test_any_pack_is_read_back_as_it_was(content: dict[str, Any], version: str, name: str) -> None:
    rows = in_files(normal(part, code, data) for part, held in content.items() for code, data in held.items())
    head = Head("any", Words(zh=name), "base", version, ("one", "two"))
    told, read = again(head, rows)
    assert read == rows
    assert told == digest(head, rows)


@given(
    tree=TREE,
    weights=st.lists(
        st.floats(-1e9, 1e9, allow_nan=False).map(lambda x: round(x, 6)), min_size=14, max_size=14
    ),
)
def test_any_tree_keeps_its_order_and_its_parents(branches: None, tree: Any, weights: list[float]) -> None:
    rows = []
    for position, (code, above) in enumerate(tree):
        parent = tree[above][0] if above < len(tree) and above != position else ""
        data = {"name": {"zh": code}, "source": ["001-018"], "weight": weights[position]}
        rows.append(normal("branches", code, data, parent))
    head = Head("any", Words(zh="树"), "base", "1")
    told, read = again(head, rows)
    assert read == rows
    assert told == digest(head, rows)


@pytest.mark.django_db
def test_the_packs_of_the_repository_are_exported_and_loaded_again_unchanged(
    scope: Scope, tmp_path: Path
) -> None:
    call_command("load_packs", stdout=io.StringIO())
    before = {pack.code: (pack.digest, [raw(item) for item in pack.items]) for pack in active_packs()}
    call_command("export_packs", str(tmp_path), stdout=io.StringIO())
    call_command("load_packs", *[str(tmp_path / code) for code in before], stdout=(out := io.StringIO()))
    assert out.getvalue().count("unchanged") == len(before)
    assert {pack.code: (pack.digest, [raw(item) for item in pack.items]) for pack in active_packs()} == before
    assert PackVersion.objects.count() == len(before)


@pytest.mark.django_db
def test_everything_in_force_fits_into_one_pack(scope: Scope, tmp_path: Path) -> None:
    call_command("load_packs", stdout=io.StringIO())
    held = {
        one.name: {item.code: (item.data, item.parent) for item in entries(one.name)} for one in sections()
    }
    call_command("export_packs", "--merged", str(tmp_path), stdout=io.StringIO())
    read = draft(
        tmp_path / "merged", {path.name: path.read_bytes() for path in (tmp_path / "merged").iterdir()}
    )
    assert read.problems == []
    assert read.pack is not None
    found: dict[str, Any] = {name: {} for name in held}
    for item in read.pack.items:
        found[item.section][item.code] = (item.data, item.parent)
    assert found == held


@pytest.mark.django_db
def test_one_pack_or_one_site_is_exported_and_what_is_not_there_is_said(
    write_pack: Write, scope: Scope, tmp_path: Path
) -> None:
    load([write_pack("trial", glossary="- {code: a, name: {zh: 甲}}")], by=scope.actor)
    target = tmp_path / "out"
    call_command("export_packs", "--pack", "trial", str(target), stdout=io.StringIO())
    assert sorted(path.name for path in (target / "trial").iterdir()) == ["glossary.yaml", "pack.yaml"]
    for wrong in (["--pack", "nothing"], ["--site", "nowhere"]):
        with pytest.raises(CommandError):
            call_command("export_packs", *wrong, str(target))


@pytest.mark.django_db
def test_a_download_loads_again_to_the_same(write_pack: Write, tmp_path: Path) -> None:
    people = company()
    with use(system_scope("test")) as scope:
        load([write_pack("trial", glossary="- {code: a, name: {zh: 甲}, clause: 一}")], by=scope.actor)
        version = PackVersion.objects.get()
    client = Client()
    client.force_login(people.alice, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(reverse("packs:archive", args=[version.pk]))
    assert answer["Content-Type"] == "application/zip"
    zipfile.ZipFile(io.BytesIO(answer.content)).extractall(tmp_path / "got")
    with use(system_scope("test")) as scope:
        assert not load([tmp_path / "got" / "trial"], by=scope.actor).changed_anything
    whole = client.get(reverse("packs:whole-archive"), {"site": "here"})
    assert "merged-here/glossary.yaml" in zipfile.ZipFile(io.BytesIO(whole.content)).namelist()
    assert client.get(reverse("packs:whole-archive"), {"site": "there"}).status_code == 404


def test_the_text_of_an_entry_is_written_for_reading() -> None:
    text = entry_text({"code": "a", "name": {"zh": "甲"}, "limit": {"value": 30, "unit": "minutes"}}, "above")
    assert text == "code: a\nparent: above\nname: {zh: 甲}\nlimit: {value: 30, unit: minutes}\n"
