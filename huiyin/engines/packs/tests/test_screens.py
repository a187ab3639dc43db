"""The pages of the rules in force: read only, with clause, source, file and line, layers and versions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import reverse

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.models import User
from huiyin.engines.packs.models import PackEntry, PackVersion
from huiyin.engines.packs.services import load
from tests.people import BY, People, company

from .conftest import WritePack

As = Callable[[User], Client]
PHRASES = (
    "- {code: hello, moment: greeting, text: {zh: 您好, en: Good day}, clause: '3.1', source: [001-018]}"
)
OTHER = "- {code: hello, moment: greeting, text: {zh: 早上好, en: Good morning}, clause: '7.2', source: [001-019]}"
LIMITS = """
- {code: answer-any, name: {zh: 一般答复, en: Any answer}, clock: answer, limit: {value: 30, unit: minutes}, warn: {before: {value: 10, unit: minutes}}, clause: '9.4', source: [001-329]}
"""
EMERGENCY = """
- {code: answer-emergency, name: {zh: 紧急, en: Emergency answer}, clock: answer, when: {kind: [emergency], severity: [major]}, limit: {value: 5, unit: minutes}, clause: '1.1', source: [001-018]}
"""


@pytest.fixture
def people(db: None) -> People:
    return company()


@pytest.fixture
def as_user() -> As:
    def client(user: User) -> Client:
        made = Client()
        made.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        made.cookies["django_language"] = "en"
        return made

    return client


@pytest.fixture
def loaded(people: People, write_pack: WritePack) -> Iterator[People]:
    """A base pack, an industry pack that overrides a phrase, and a pack of alice's site."""
    with use(system_scope("test")):
        head = "{code: own, name: {zh: 本项目, en: Own}, layer: site, site: here, version: '1'}"
        word = "- {code: gate, name: {zh: 岗亭, en: gatehouse}, clause: own}"
        folders = [
            write_pack("trial", phrases=PHRASES, limits=LIMITS),
            write_pack("trade", layer="industry", requires="trial", phrases=OTHER, limits=EMERGENCY),
            write_pack("own", {"pack.yaml": head}, glossary=word),
        ]
        load(folders, by=BY)
    yield people


def test_packs_are_listed_with_layer_and_version(loaded: People, as_user: As) -> None:
    text = as_user(loaded.alice).get(reverse("packs:packs")).content.decode()
    for word in ("trial", "trade", "Industry", "in force"):
        assert word in text


def test_every_entry_tells_clause_source_file_line_and_what_it_overrides(loaded: People, as_user: As) -> None:
    page = as_user(loaded.alice).get(reverse("packs:entries"), {"section": "phrases"})
    text = page.content.decode()
    for word in ("7.2", "001-019", "trade/phrases.yaml:1", "instead of trial"):
        assert word in text
    assert "Good day" not in text


@pytest.mark.parametrize("asked, number", [
    ({"q": "001-329"}, 1), ({"q": "早上好"}, 1), ({"q": "MORNING"}, 1), ({"q": "answer-"}, 2), ({"pack": "trial"}, 1), ({"q": "nothing"}, 0),
])  # fmt: skip
def test_entries_are_searched_by_words_codes_and_requirements(
    loaded: People, as_user: As, asked: dict[str, str], number: int
) -> None:
    assert as_user(loaded.alice).get(reverse("packs:entries"), asked).context["total"] == number


def test_an_entry_shows_its_layers_and_whether_it_counts(loaded: People, as_user: As) -> None:
    with use(system_scope("test")):
        upper = PackEntry.objects.get(code="hello", version__code="trade")
        lower = PackEntry.objects.get(code="hello", version__code="trial")
    client = as_user(loaded.alice)
    assert client.get(reverse("packs:entry", args=[upper.pk])).context["in_force"]
    page = client.get(reverse("packs:entry", args=[lower.pk]))
    assert "overridden" in page.content.decode()
    assert [one.pk for one in page.context["layers"]] == [upper.pk, lower.pk]


def test_limits_are_a_decision_table_in_words(loaded: People, as_user: As) -> None:
    page = as_user(loaded.alice).get(reverse("packs:limits"))
    ((_name, lines),) = page.context["groups"]
    assert [line.item.code for line, _pk in lines] == ["answer-emergency", "answer-any"]
    assert lines[0][0].cells[1:4] == ("Emergency", "", "Major")
    assert lines[1][0].cells[-3:] == ("30 minutes", "10 minutes before", "")
    assert "9.4" in page.content.decode()


def test_phrases_and_glossary_are_found(loaded: People, as_user: As) -> None:
    client = as_user(loaded.alice)
    assert "Good morning" in client.get(reverse("packs:words")).content.decode()
    assert "Good morning" not in client.get(reverse("packs:words"), {"q": "gatehouse"}).content.decode()


def test_the_pack_of_a_site_is_shown_to_its_people_only(loaded: People, as_user: As) -> None:
    with use(system_scope("test")):
        own = PackVersion.objects.get(code="own")
        entry = PackEntry.objects.get(version=own)
    client = as_user(loaded.alice)
    assert "gatehouse" in client.get(reverse("packs:words"), {"site": "here"}).content.decode()
    assert client.get(reverse("packs:version", args=[own.pk])).status_code == 200
    neighbour = as_user(loaded.carol)
    assert neighbour.get(reverse("packs:words"), {"site": "here"}).status_code == 404
    assert neighbour.get(reverse("packs:version", args=[own.pk])).status_code == 404
    assert neighbour.get(reverse("packs:entry", args=[entry.pk])).status_code == 404
    assert "own" not in [one.code for one in neighbour.get(reverse("packs:packs")).context["active"]]


def test_a_version_tells_what_changed(loaded: People, as_user: As, write_pack: WritePack) -> None:
    with use(system_scope("test")):
        new = (
            PHRASES.replace("Good day", "Hello")
            + "\n- {code: bye, moment: closing, text: {zh: 再见}, clause: '3.9', source: [001-018]}"
        )
        load([write_pack("trial", phrases=new)], by=BY)
        version = PackVersion.objects.get(code="trial", active=True)
    page = as_user(loaded.alice).get(reverse("packs:version", args=[version.pk]))
    assert [one.entry.code for one in page.context["changed"]] == ["hello"]
    assert [one.code for one in page.context["added"]] == ["bye"]
    assert [one.code for one in page.context["removed"]] == ["answer-any"]


def test_without_the_right_nothing_is_shown(loaded: People, as_user: As) -> None:
    for name in ("packs", "entries", "limits", "words"):
        assert as_user(loaded.bob).get(reverse(f"packs:{name}")).status_code == 403
    assert as_user(loaded.alice).get(reverse("packs:entries"), {"section": "no-such"}).status_code == 404


def test_the_table_answers_which_rule_fits_until_when_and_why_not_the_others(
    loaded: People, as_user: As
) -> None:
    client = as_user(loaded.alice)
    asked = {"kind": "repair", "severity": "normal", "start": "2026-03-02T09:00"}
    page = client.get(reverse("packs:limits"), asked)
    text = page.content.decode()
    (answer,) = page.context["trial"].answers
    assert answer.item.code == "answer-any"
    assert [f"{at:%H:%M}" for name, at in answer.follows if name in ("Due", "Warning")] == ["01:30", "01:20"]
    assert [(item.code, why) for item, why in answer.passed] == [
        ("answer-emergency", "Kind: it is Repair, the rule is for Emergency")
    ]
    assert (
        text.count("table-active") == 1
        and 'id="fits-answer-any"' in text
        and 'id="fits-answer-emergency"' not in text
    )
    page = client.get(reverse("packs:limits"), {"kind": "emergency", "severity": "normal"})
    (answer,) = page.context["trial"].answers
    assert answer.passed[0][1] == "Severity: it is Normal, the rule is for Major"
    page = client.get(reverse("packs:limits"), {"kind": "emergency", "severity": "major", "site": "here"})
    assert [one.item.code for one in page.context["trial"].answers] == ["answer-emergency"]


@pytest.mark.parametrize(
    "start", ["0001-01-01T00:00", "1900-01-01T00:00", "2200-12-31T23:59", "9999-12-31T23:59"]
)
def test_a_start_that_no_calendar_reaches_is_said_at_its_field(
    loaded: People, as_user: As, start: str
) -> None:
    page = as_user(loaded.alice).get(reverse("packs:limits"), {"kind": "repair", "start": start})
    assert page.status_code == 200
    assert page.context["trial"].form.errors["start"] == ["Choose a day between 1990 and 2190."]
    assert page.context["trial"].answers == ()


def test_where_no_rule_fits_the_table_says_so(people: People, as_user: As, write_pack: WritePack) -> None:
    with use(system_scope("test")):
        load([write_pack("trade", layer="industry", limits=EMERGENCY)], by=BY)
    page = as_user(people.alice).get(reverse("packs:limits"), {"severity": "normal"})
    (answer,) = page.context["trial"].answers
    assert (answer.item, answer.passed[0][1]) == (None, "Kind: not given; the rule is for Emergency")
    assert "No rule fits" in page.content.decode()


@pytest.mark.parametrize(
    "asked",
    [{"kind": "no-such"}, {"start": "soon"}, {"care": "vip"}, {"category": "no.such"}, {"kind": ["a", "b"]}],
)
def test_a_question_that_cannot_be_read_is_refused_politely(
    loaded: People, as_user: As, asked: dict[str, str]
) -> None:
    page = as_user(loaded.alice).get(reverse("packs:limits"), asked)
    assert page.status_code == 200
    assert not page.context["trial"].answers or "care" in asked
