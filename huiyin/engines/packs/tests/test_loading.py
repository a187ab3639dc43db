"""Loading packs, laying them over each other, and reading them."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from huiyin.base.kit.scope import Actor, Scope, system_scope, use
from huiyin.base.org.models import OrgUnit, Post, Site, Stamp
from huiyin.base.org.services import add_unit, save_post
from huiyin.base.trail.models import Event
from huiyin.engines.packs import registry, selectors
from huiyin.engines.packs.models import PackEntry, PackStamp, PackVersion
from huiyin.engines.packs.problems import PackErrors
from huiyin.engines.packs.registry import Entry, Section, Words
from huiyin.engines.packs.selectors import entries, entry, why
from huiyin.engines.packs.services import Loaded, load
from huiyin.engines.packs.verify import CHECKS

pytestmark = pytest.mark.django_db

Write = Callable[..., Path]


def phrase(code: str, text: str = "您好", more: str = "") -> str:
    return f"- code: {code}\n  moment: greeting\n  text: {{zh: {text}}}\n  source: [001-045]\n{more}"


def off(code: str) -> str:
    return f"- code: {code}\n  disabled: true\n"


def post(code: str, permissions: str = "", more: str = "") -> str:
    return (
        f"- code: {code}\n  name: {{zh: 岗位{code}}}\n  permissions: [{permissions}]\n"
        f"  source: [001-090]\n  clause: 第三条\n{more}"
    )


def texts(site: Site | None = None) -> dict[str, str]:
    return {item.code: item.value.text.zh for item in entries("phrases", site)}


def state() -> list[Any]:
    """Everything that loading could write."""
    tables = (PackVersion, PackEntry, PackStamp, Post, Stamp, Event)
    return [list(table.objects.order_by("pk").values()) for table in tables]


@pytest.fixture
def site(scope: Scope) -> Site:
    company = add_unit(None, kind="company", code="hq", name="总公司", by=scope.actor)
    unit: OrgUnit = add_unit(company, kind="site", code="yunhe", name="云河", by=scope.actor)
    return unit.site


@pytest.fixture
def nested() -> Iterator[None]:
    """A section whose entries stand under others, as categories do."""

    class Branch(Entry):
        name: Words

    registry.declare(Section("branches", Branch, "Branches", nested=True))
    yield
    del registry._sections["branches"]


def test_a_pack_becomes_a_version_with_entries_and_an_event(write_pack: Write, scope: Scope) -> None:
    folder = write_pack(
        "trial", phrases=phrase("hello", more="  clause: 一、1\n  note: 试用\n") + phrase("bye")
    )
    loaded = load([folder], by=scope.actor)
    version = PackVersion.objects.get()
    assert (version.code, version.layer, version.version, version.active, version.site) == (
        "trial", "base", "1", True, None,
    )  # fmt: skip
    hello = PackEntry.objects.get(code="hello")
    assert (hello.section, hello.file, hello.line, hello.clause, hello.source) == (
        "phrases", "trial/phrases.yaml", 1, "一、1", ["001-045"],
    )  # fmt: skip
    assert hello.data["note"] == {"zh": "试用"}
    event = Event.objects.get(verb="packs.loaded")
    assert event.data["sections"] == {"phrases": 2}
    assert event.data["added"] == ["phrases/bye", "phrases/hello"]
    assert loaded.outcomes[0].added == ("phrases/bye", "phrases/hello")


def test_loading_the_same_again_writes_nothing(write_pack: Write, scope: Scope) -> None:
    folders = [
        write_pack("one", phrases=phrase("hello"), posts=post("boss", "org.view")),
        write_pack(
            "two",
            phrases=phrase("hello", "喂"),
            posts=post("clerk", "", "  reports_to: boss\n"),
            layer="company",
        ),
    ]
    load(folders, by=scope.actor)
    before = state()
    with CaptureQueriesContext(connection) as queries:
        loaded = load(folders, by=scope.actor)
    assert not loaded.changed_anything
    assert state() == before
    assert [query["sql"] for query in queries if not query["sql"].startswith("SELECT")] == []


def test_a_changed_pack_makes_a_new_version_and_says_what_changed(write_pack: Write, scope: Scope) -> None:
    load([write_pack("trial", phrases=phrase("a") + phrase("b"))], by=scope.actor)
    loaded = load([write_pack("trial", phrases=phrase("b", "再见") + phrase("c"))], by=scope.actor)
    assert [version.active for version in PackVersion.objects.order_by("pk")] == [False, True]
    (outcome,) = loaded.outcomes
    assert (outcome.added, outcome.changed, outcome.removed) == (
        ("phrases/c",),
        ("phrases/b",),
        ("phrases/a",),
    )
    assert Event.objects.filter(verb="packs.loaded").last().data["removed"] == ["phrases/a"]
    assert texts() == {"b": "再见", "c": "您好"}
    assert PackEntry.objects.filter(version__active=False).count() == 2, "the old version stays readable"


def test_an_older_state_may_come_back(write_pack: Write, scope: Scope) -> None:
    for word in ("甲", "乙", "甲"):
        load([write_pack("trial", phrases=phrase("a", word))], by=scope.actor)
    assert PackVersion.objects.count() == 3
    assert texts() == {"a": "甲"}


def test_checking_only_writes_nothing(write_pack: Write, scope: Scope) -> None:
    loaded = load([write_pack("trial", phrases=phrase("a"))], by=scope.actor, check=True)
    assert loaded.outcomes[0].sections == {"phrases": 1}
    assert not PackVersion.objects.exists()


def test_later_layers_override_and_switch_off_in_place(write_pack: Write, scope: Scope) -> None:
    load(
        [
            write_pack("own", layer="company", phrases=phrase("b", "公司") + off("c") + phrase("z", "新")),
            write_pack("trade", layer="industry", phrases=phrase("d", "行业") + phrase("b", "行业")),
            write_pack("common", phrases=phrase("a") + phrase("b") + phrase("c")),
        ],
        by=scope.actor,
    )
    assert texts() == {"a": "您好", "b": "公司", "d": "行业", "z": "新"}
    assert list(texts()) == ["a", "b", "d", "z"]
    places = {item.code: item.place for item in entries("phrases")}
    assert places == {"a": 0, "b": 0, "d": 1, "z": 2}
    assert entry("phrases", "c") is None


def test_within_a_layer_a_pack_overrides_those_it_requires(write_pack: Write, scope: Scope) -> None:
    upper = write_pack("a-upper", phrases=phrase("a", "上"), requires="z-lower")
    lower = write_pack("z-lower", phrases=phrase("a", "下"))
    load([upper, lower], by=scope.actor)
    assert texts() == {"a": "上"}


def test_a_site_has_its_own_layer_and_others_do_not_see_it(
    write_pack: Write, scope: Scope, site: Site
) -> None:
    head = 'code: local\nname: {zh: 本站}\nlayer: site\nversion: "1"\nsite: yunhe\n'
    load([write_pack("common", phrases=phrase("a") + phrase("b"))], by=scope.actor)
    load([write_pack("local", {"pack.yaml": head}, phrases=phrase("a", "云河") + off("b"))], by=scope.actor)
    assert texts(site) == {"a": "云河"}
    assert texts() == {"a": "您好", "b": "您好"}
    assert entries("phrases", site.pk + 1) is entries("phrases")
    assert PackVersion.objects.get(code="local").site == site
    assert PackEntry.objects.get(version__code="local", code="a").site == site


def test_entries_stand_under_others(write_pack: Write, scope: Scope, nested: None) -> None:
    branches = """\
    - code: repair
      name: {zh: 报修}
      source: [001-090]
      children:
        - code: repair.water
          name: {zh: 水}
          source: [001-090]
          children:
            - code: repair.water.tap
              name: {zh: 龙头}
              source: [001-090]
    """
    own = "- code: repair.water\n  name: {zh: 给排水}\n  clause: 一\n- code: x\n  parent: repair\n  name: {zh: 其他}\n  clause: 二\n"
    load(
        [write_pack("common", branches=branches), write_pack("own", layer="company", branches=own)],
        by=scope.actor,
    )
    found = {item.code: (item.parent, item.value.name.zh) for item in entries("branches")}
    assert found == {
        "repair": ("", "报修"),
        "repair.water": ("repair", "给排水"),
        "repair.water.tap": ("repair.water", "龙头"),
        "x": ("repair", "其他"),
    }
    with pytest.raises(PackErrors) as caught:
        load([write_pack("own", layer="company", branches=off("repair.water"))], by=scope.actor)
    (only,) = caught.value.problems
    assert (only.file, only.entry) == ("common/branches.yaml", "repair.water.tap")
    assert "switched off" in only.message


def test_a_company_may_name_its_clause_instead_of_a_requirement(write_pack: Write, scope: Scope) -> None:
    own = "- code: a\n  moment: b\n  text: {zh: c}\n  clause: 手册 3.1\n"
    load([write_pack("own", layer="company", phrases=own)], by=scope.actor)
    with pytest.raises(PackErrors):
        load(
            [write_pack("trade", layer="industry", phrases=own.replace("code: a", "code: x"))], by=scope.actor
        )


def test_why_names_clause_requirements_and_file(write_pack: Write, scope: Scope) -> None:
    glossary = "- code: case\n  name: {zh: 事项, zh-hant: 事項, en: case}\n  clause: 总则\n  source: [001-097]\n  note: 一件事\n"
    load([write_pack("trial", glossary="# words\n" + glossary)], by=scope.actor)
    answer = why("glossary", "case")
    assert answer is not None
    assert (answer.name, answer.clause, answer.source, answer.note) == (
        "case",
        "总则",
        ("001-097",),
        "一件事",
    )
    assert (answer.pack, answer.layer, answer.file, answer.line) == (
        "trial",
        "base",
        "trial/glossary.yaml",
        2,
    )
    with translation.override("zh-hant"):
        assert why("glossary", "case").name == "事項"  # type: ignore[union-attr]
    with translation.override("zh-hans"):
        assert why("glossary", "case").name == "事项"  # type: ignore[union-attr]
    assert why("glossary", "nothing") is None


def test_entries_in_memory_cost_no_query(
    write_pack: Write, scope: Scope, django_assert_num_queries: Any
) -> None:
    load([write_pack("trial", phrases=phrase("a"))], by=scope.actor)
    first = entries("phrases")
    with django_assert_num_queries(0):
        assert entries("phrases") is first
        assert entries("phrases", 12345) is first
        assert entries("nothing") == ()


def test_reading_needs_no_scope(write_pack: Write) -> None:
    with use(system_scope("test")) as scope:
        load([write_pack("trial", phrases=phrase("a"))], by=scope.actor)
    selectors.forget()
    assert texts() == {"a": "您好"}


def test_what_a_rolled_back_load_brought_is_forgotten(write_pack: Write, scope: Scope) -> None:
    load([write_pack("trial", phrases=phrase("a"))], by=scope.actor)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        load([write_pack("trial", phrases=phrase("b"))], by=scope.actor)
        assert list(texts()) == ["b"]
        raise ZeroDivisionError
    assert list(texts()) == ["a"]


@pytest.mark.django_db(transaction=True)
def test_other_threads_see_a_load_when_it_is_committed_and_within_two_seconds(
    write_pack: Write, scope: Scope
) -> None:
    load([write_pack("trial", phrases=phrase("a"))], by=scope.actor)
    seen: list[list[str]] = []

    def look() -> None:
        seen.append(list(texts()))
        connections.close_all()

    def elsewhere() -> list[str]:
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        return seen[-1]

    assert elsewhere() == ["a"]
    if connection.vendor == "postgresql":  # SQLite has one writer, and this process reads while it writes
        with transaction.atomic():
            load([write_pack("trial", phrases=phrase("b"))], by=scope.actor)
            assert list(texts()) == ["b"]
            assert elsewhere() == ["a"]
        assert elsewhere() == ["b"]
    # Another process is simulated by its effect: rows change and nothing in memory is told.
    selectors.forget()
    before = list(texts())
    with transaction.atomic():
        PackEntry.objects.update(code="c")
        PackStamp.objects.update(number=12345)
    assert list(texts()) == before, "asked just now"
    time.sleep(selectors.FRESH_SECONDS)
    assert list(texts()) == ["c"]
    assert selectors.FRESH_SECONDS < 2


@pytest.mark.django_db(transaction=True)
def test_two_loading_at_once_load_once(write_pack: Write) -> None:
    folder = write_pack("trial", phrases=phrase("a"), posts=post("clerk"))
    with use(system_scope("test")) as scope:
        load([write_pack("first", phrases=phrase("x"))], by=scope.actor)
    start = threading.Barrier(3)
    results: list[Loaded | Exception] = []

    def work() -> None:
        start.wait()
        try:
            with use(system_scope("test")) as own:
                results.append(load([folder], by=own.actor))
        except Exception as error:
            results.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(result) for result in results] == [Loaded] * 3, results
    assert sum(result.changed_anything for result in results if isinstance(result, Loaded)) == 1
    with use(system_scope("test")):
        assert PackVersion.objects.filter(code="trial").count() == 1
        assert Event.objects.filter(verb="packs.loaded", data__pack="trial").count() == 1


def test_posts_of_packs_become_posts_with_their_superiors(write_pack: Write, scope: Scope) -> None:
    text = post("clerk", "org.view", "  reports_to: boss\n  deputy: boss\n") + post(
        "boss", "org.view, org.edit", "  deputy: clerk\n  level: company\n"
    )
    load([write_pack("trial", posts=text)], by=scope.actor)
    clerk, boss = Post.objects.get(code="clerk"), Post.objects.get(code="boss")
    assert (clerk.reports_to, clerk.deputy, boss.deputy, boss.reports_to) == (boss, boss, clerk, None)
    assert (boss.permissions, boss.level, boss.origin, boss.source, boss.clause) == (
        ["org.edit", "org.view"], "company", "trial", ["001-090"], "第三条",
    )  # fmt: skip


def test_a_post_that_packs_no_longer_have_retires_and_comes_back(write_pack: Write, scope: Scope) -> None:
    load([write_pack("trial", posts=post("clerk") + post("boss"))], by=scope.actor)
    load([write_pack("trial", posts=post("boss"))], by=scope.actor)
    assert Post.objects.get(code="clerk").retired
    load([write_pack("own", layer="company", posts=off("boss") + post("clerk"))], by=scope.actor)
    assert Post.objects.get(code="boss").retired
    assert not Post.objects.get(code="clerk").retired
    assert Post.objects.get(code="clerk").origin == "own"


def test_a_post_changed_on_screen_belongs_to_the_organisation(write_pack: Write, scope: Scope) -> None:
    load([write_pack("trial", posts=post("clerk", "org.view, org.edit"))], by=scope.actor)
    save_post(None, code="clerk", name="前台", level="site", permissions=["org.view"], by=scope.actor)
    load([write_pack("trial", posts=post("clerk", "org.view, org.edit") + post("boss"))], by=scope.actor)
    assert (Post.objects.get(code="clerk").name, Post.objects.get(code="clerk").permissions) == (
        "前台",
        ["org.view"],
    )
    load([write_pack("trial", posts=post("boss"))], by=scope.actor)
    assert not Post.objects.get(code="clerk").retired


def test_unchanged_posts_leave_no_event_when_others_change(write_pack: Write, scope: Scope) -> None:
    load([write_pack("trial", posts=post("clerk") + post("boss"))], by=scope.actor)
    before = Event.objects.filter(verb="org.post_saved").count()
    load([write_pack("trial", posts=post("clerk") + post("boss", "org.view"))], by=scope.actor)
    assert Event.objects.filter(verb="org.post_saved").count() == before + 1


def test_without_the_right_nothing_is_loaded(write_pack: Write) -> None:
    bob = Actor(None, "bob")
    folder = write_pack("trial", phrases=phrase("a"))
    everywhere = frozenset({1})
    for scope in (
        Scope(bob),
        Scope(bob, {"packs.edit": everywhere}, everywhere),
        Scope(bob, company=frozenset({"packs.view"})),
    ):
        with use(scope), pytest.raises(PermissionDenied):
            load([folder], by=bob)
    with use(system_scope("test")):
        assert not PackVersion.objects.exists()


def test_whoever_may_change_packs_but_not_posts_cannot_hand_out_rights(write_pack: Write) -> None:
    bob = Actor(None, "bob")
    with use(Scope(bob, company=frozenset({"packs.edit"}))):
        load([write_pack("words", phrases=phrase("a"))], by=bob)
        with pytest.raises(PermissionDenied):
            load([write_pack("trial", layer="company", posts=post("clerk", "org.edit"))], by=bob)
    with use(system_scope("test")):
        assert not PackVersion.objects.filter(code="trial").exists()
        assert not Post.objects.exists()


def test_a_failure_while_carrying_out_leaves_nothing_half_done(
    write_pack: Write, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    load([write_pack("trial", phrases=phrase("a"))], by=scope.actor)
    before = state()

    def fail(*_args: object) -> None:
        raise RuntimeError("killed")

    known = registry.section("posts")
    assert known is not None
    monkeypatch.setitem(
        registry._sections, "posts", Section("posts", known.entry, "Posts", known.check, fail)
    )
    with pytest.raises(RuntimeError):
        load([write_pack("trial", phrases=phrase("b"), posts=post("clerk"))], by=scope.actor)
    assert state() == before
    assert list(texts()) == ["a"]


def test_an_upgrade_that_changes_a_schema_reads_packs_again(
    write_pack: Write, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_pack("trial", phrases=phrase("a"))
    load([folder], by=scope.actor)

    class Other(Entry):
        moment: str
        text: Words
        loud: bool = False

    monkeypatch.setitem(registry._sections, "phrases", Section("phrases", Other, "Phrases"))
    before = PackVersion.objects.get().files_digest
    assert not load([folder], by=scope.actor).changed_anything, "they still say the same"
    assert PackVersion.objects.get().files_digest != before
    assert entries("phrases")[0].value.loud is False

    class Stricter(Entry):
        moment: str
        text: Words
        loud: bool

    monkeypatch.setitem(registry._sections, "phrases", Section("phrases", Stricter, "Phrases"))
    with pytest.raises(PackErrors, match="“loud” is missing"):
        load([folder], by=scope.actor)


def test_an_entry_that_no_longer_fits_is_left_out_and_counted(write_pack: Write, scope: Scope) -> None:
    load([write_pack("trial", phrases=phrase("a") + phrase("b"))], by=scope.actor)
    assert set({name: check() for name, check in CHECKS.items()}.values()) == {0}
    PackEntry.objects.filter(code="a").update(data={"code": "a"})
    PackStamp.objects.update(number=5)
    with transaction.atomic():
        assert CHECKS["pack_entries_fit"]() == 1


def test_the_command_loads_and_tells(write_pack: Write) -> None:
    folder = write_pack("trial", phrases=phrase("a"))
    out = StringIO()
    call_command("load_packs", str(folder), "--check", stdout=out)
    assert out.getvalue() == "trial 1: correct (phrases 1)\n"
    call_command("load_packs", str(folder), stdout=(out := StringIO()))
    assert "loaded: 1 added, 0 changed, 0 removed (phrases 1)" in out.getvalue()
    call_command("load_packs", str(folder), stdout=(out := StringIO()))
    assert out.getvalue() == "trial 1: unchanged (phrases 1)\n"


def test_the_command_reports_every_mistake_and_fails(write_pack: Write) -> None:
    folder = write_pack("trial", phrases=phrase("a").replace("moment", "momment"))
    errors = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("load_packs", str(folder), stderr=errors)
    assert caught.value.returncode == 1
    assert (
        "trial/phrases.yaml:2: [a] The key “momment” is not known here. Did you mean “moment”?"
        in errors.getvalue()
    )
    assert "trial/phrases.yaml:1: [a] “moment” is missing. Add it." in errors.getvalue()


def test_stored_data_is_plain_json(write_pack: Write, scope: Scope) -> None:
    load([write_pack("trial", posts=post("clerk"), phrases=phrase("a"))], by=scope.actor)
    for row in PackEntry.objects.all():
        assert json.loads(json.dumps(row.data)) == row.data
        assert registry.section(row.section).entry.model_validate(row.data)  # type: ignore[union-attr]


def test_the_packs_of_the_repository_are_correct_and_load_twice_unchanged() -> None:
    call_command("load_packs", stdout=StringIO())
    with use(system_scope("test")):
        before = state()
        assert PackVersion.objects.count() == len(settings.HUIYIN_PACKS)
        call_command("load_packs", stdout=(out := StringIO()))
        assert state() == before
        assert set({name: check() for name, check in CHECKS.items()}.values()) == {0}
    assert out.getvalue().count("unchanged") == 2


def test_loading_retries_when_somebody_was_faster(
    write_pack: Write, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    load([write_pack("one", phrases=phrase("a"))], by=scope.actor)
    real = selectors.stamp
    answers = iter([1])
    monkeypatch.setattr(selectors, "stamp", lambda: next(answers, None) or real())
    load([write_pack("two", layer="company", phrases=phrase("b"))], by=scope.actor)
    assert texts() == {"a": "您好", "b": "您好"}
