"""Changing rules on screen: collected, looked at, activated; two editors; who may; nothing lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from huiyin.base.kit.moment import moved_to, now
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import User
from huiyin.base.trail.models import Event
from huiyin.engines.packs import editing
from huiyin.engines.packs.jobs import come_into_force
from huiyin.engines.packs.models import DraftEntry, PackDraft, PackVersion
from huiyin.engines.packs.problems import PackErrors
from huiyin.engines.packs.selectors import entries, entry
from huiyin.engines.packs.services import load
from tests.people import BY, People, company

from .conftest import WritePack

As = Callable[[User], Client]
PHRASES = """\
- {code: hello, moment: greeting, text: {zh: 您好, en: Good day}, clause: '3.1', source: [001-018]}
- {code: bye, moment: closing, text: {zh: 再见, en: Goodbye}, source: [001-018]}
"""
LIMITS = """\
- code: answer-any
  name: {zh: 一般答复, en: Any answer}
  clock: answer
  limit: {value: 30, unit: minutes}
  warn: {before: {value: 10, unit: minutes}}
  clause: '9.4'
  source: [001-329]
"""
POSTS = "- {code: clerk, name: {zh: 接待员}, permissions: [org.view], source: [001-090]}\n"
HELLO = "code: hello\nmoment: greeting\ntext: {zh: 早}\nclause: '7'\n"


@pytest.fixture
def people(db: None, write_pack: WritePack) -> Iterator[People]:
    made = company()
    with use(system_scope("test")):
        load([write_pack("trial", phrases=PHRASES, limits=LIMITS, posts=POSTS)], by=BY)
    yield made


@pytest.fixture
def as_user() -> As:
    def client(user: User) -> Client:
        made = Client()
        made.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        made.cookies["django_language"] = "en"
        return made

    return client


def write(people: People, user: User, text: str, section: str = "phrases", code: str = "hello") -> DraftEntry:
    site = None if user == people.dana else (people.here if user == people.alice else people.there)
    with use(people.scope(user)):
        seen = editing.editable(site, section, code).mark
        kept: DraftEntry = editing.write_entry(
            site, section=section, code=code, text=text, seen=seen, by=people.actor(user)
        )
    return kept


def publish(people: People, user: User, **more: object) -> PackVersion:
    with use(people.scope(user)):
        own = PackDraft.objects.get(site=None if user == people.dana else people.here)
        given = {"reason": "because", "seen": own.revision, **more}
        made: PackVersion = editing.publish(own, **given, by=people.actor(user))  # type: ignore[arg-type]
    return made


def said(code: str = "hello", site: object = None) -> str:
    found = entry("phrases", code, site)  # type: ignore[arg-type]
    return found.value.text.zh if found is not None else ""


def test_changes_are_collected_and_take_effect_together(people: People) -> None:
    write(people, people.alice, HELLO)
    write(people, people.alice, "code: bye\ndisabled: true\n", code="bye")
    assert (said(site=people.here), said("bye", people.here)) == ("您好", "再见"), "nothing counts yet"
    version = publish(people, people.alice, reason="cosier")
    assert (said(site=people.here), said("bye", people.here)) == ("早", "")
    assert said() == said(site=people.there) == "您好"
    assert (version.layer, version.site, version.reason, version.loaded_by) == (
        "site", people.here, "cosier", people.alice,
    )  # fmt: skip
    with use(system_scope("test")):
        assert not PackDraft.objects.exists()
        assert Event.objects.get(verb="packs.changed").data["added"] == ["phrases/bye", "phrases/hello"]


def test_a_second_change_makes_a_second_version_of_the_same_pack(people: People) -> None:
    write(people, people.dana, HELLO)
    first = publish(people, people.dana)
    write(people, people.dana, HELLO.replace("早", "午安"))
    second = publish(people, people.dana)
    first.refresh_from_db()
    assert (first.code, second.code, first.active, second.active) == ("company", "company", False, True)
    assert first.version != second.version
    assert said() == said(site=people.here) == "午安"


def test_a_change_for_later_counts_from_its_moment(people: People) -> None:
    write(people, people.alice, HELLO)
    at = now() + timedelta(days=3)
    assert publish(people, people.alice, valid_from=at).scheduled
    assert said(site=people.here) == "您好"
    with moved_to(at):
        assert said(site=people.here) == "早"
        with use(system_scope("worker")):
            assert come_into_force() == 1
        assert said(site=people.here) == "早"
    with pytest.raises(Refused):
        write(people, people.alice, HELLO.replace("早", "晚"))
        publish(people, people.alice, valid_from=now() - timedelta(minutes=1))


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("code: hello\nmoment: greeting\n", 1, "“text” is missing"),
        ("code: hello\nmoment: greeting\ntext: {zh: a}\nclauze: x\n", 4, "“clauze” is not known"),
        (HELLO.replace("clause: '7'", "source: [001-999]"), 4, "no requirement 001-999"),
        ("code: hello\nmoment: greeting\ntext: {zh: a}\n", 1, "does not say where it comes from"),
        ("code: other\nmoment: greeting\ntext: {zh: a}\nclause: a\n", 1, "cannot be changed"),
        ("- code: hello\n", 1, "mapping"),
        ("code: hello\n\tmoment: a\n", 2, "tab"),
        ("", 1, "empty"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_nothing_is_kept(
    people: People, text: str, line: int, message: str
) -> None:
    with pytest.raises(PackErrors) as caught:
        write(people, people.alice, text)
    assert [(one.line, message in one.message, bool(one.mend)) for one in caught.value.problems] == [
        (line, True, True)
    ]
    with use(system_scope("test")):
        assert not DraftEntry.objects.exists()


def test_what_contradicts_other_entries_is_told_before_it_counts(people: People) -> None:
    limit = "code: answer-any\nname: {zh: 答复}\nclock: answer\nwhen: {channel: [pigeon]}\nlimit: {value: 1, unit: hours}\nclause: x\n"
    write(people, people.alice, limit.replace("when: {channel: [pigeon]}\n", ""), "limits", "answer-any")
    with pytest.raises(PackErrors, match="does not end within ten years"):
        write(
            people, people.alice, limit.replace("1, unit: hours", "11, unit: years"), "limits", "answer-any"
        )


def test_two_who_change_the_same_entry_are_told_and_nothing_is_lost(people: People, as_user: As) -> None:
    url = reverse("packs:edit", args=["phrases", "hello"]) + "?site=here"
    first, second = as_user(people.alice), as_user(people.dana)
    seen = [client.get(url).context["mark"] for client in (first, second)]
    answer = first.post(url, {"mode": "text", "text": HELLO, "seen": seen[0]})
    assert answer.status_code == 302
    mine = HELLO.replace("早", "晚上好")
    answer = second.post(url, {"mode": "text", "text": mine, "seen": seen[1]})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Alice has changed this entry meanwhile" in page
    assert "晚上好" in page and "早" in page, "both texts stand on the page"
    again = second.post(url, {"mode": "text", "text": mine, "seen": answer.context["mark"]})
    assert again.status_code == 302
    with use(system_scope("test")):
        assert DraftEntry.objects.get().data["text"] == {"zh": "晚上好"}


def test_the_page_of_differences_names_whom_and_what_it_touches_and_what_is_to_come(
    people: People, as_user: As
) -> None:
    write(people, people.dana, HELLO)
    publish(people, people.dana, valid_from=now() + timedelta(days=9))
    write(people, people.dana, POSTS.strip("- \n").replace("org.view", "org.edit"), "posts", "clerk")
    page = as_user(people.dana).get(reverse("packs:draft"))
    (only,) = page.context["differences"]
    (changed,) = only.exact
    assert changed.before == "See the organisation, posts and people · org.view"
    assert changed.after == "Administer the organisation, posts and people · org.edit"
    assert (only.kind, only.overrides, only.touched) == ("changed", "trial", ())
    assert page.context["sites_count"] == 2
    assert [one.scheduled for one in versions_of(page)] == [True]


def versions_of(page: object) -> list[PackVersion]:
    with use(system_scope("test")):
        coming = page.context["coming"]  # type: ignore[attr-defined]
        return list(PackVersion.objects.filter(pk__in=[one.version_id for one in coming]))


def test_nobody_activates_what_they_have_not_seen(people: People) -> None:
    write(people, people.alice, HELLO)
    with use(system_scope("test")):
        seen = PackDraft.objects.get().revision
    write(people, people.alice, "code: bye\ndisabled: true\n", code="bye")
    with pytest.raises(Refused, match="changed meanwhile"):
        publish(people, people.alice, seen=seen)
    assert said("bye", people.here) == "再见"


def test_a_change_that_was_overtaken_must_be_looked_at_again(people: People, write_pack: WritePack) -> None:
    write(people, people.dana, HELLO)
    with use(system_scope("test")):
        load([write_pack("company", layer="company", phrases=HELLO_LOADED)], by=BY)
    with pytest.raises(Refused) as caught:
        publish(people, people.dana)
    assert "hello" in caught.value.message
    write(people, people.dana, HELLO)
    publish(people, people.dana)
    assert said() == "早"


HELLO_LOADED = "- {code: hello, moment: greeting, text: {zh: 喂}, clause: '1'}"


def test_an_own_entry_is_taken_out_and_the_earlier_layer_counts_again(people: People) -> None:
    write(people, people.alice, HELLO)
    publish(people, people.alice)
    with use(people.scope(people.alice)):
        seen = editing.editable(people.here, "phrases", "hello").mark
        editing.take_out(
            people.here, section="phrases", code="hello", seen=seen, by=people.actor(people.alice)
        )
    publish(people, people.alice)
    assert said(site=people.here) == "您好"


def test_a_draft_is_discarded_and_its_changes_stay_in_the_trail(people: People) -> None:
    own = write(people, people.alice, HELLO).draft
    with use(people.scope(people.alice)):
        editing.discard(own, by=people.actor(people.alice))
    with use(system_scope("test")):
        assert not PackDraft.objects.exists()
        kept = Event.objects.get(verb="packs.draft_discarded").data["changes"]
    assert kept[0][:2] == ["phrases", "hello"]


def test_a_site_manager_changes_the_own_layer_only(people: People, as_user: As) -> None:
    with use(people.scope(people.alice)):
        for layer in (None, people.there):
            with pytest.raises(PermissionDenied):
                editing.write_entry(
                    layer, section="phrases", code="", text=HELLO, seen="", by=people.actor(people.alice)
                )
    alice = as_user(people.alice)
    assert alice.get(reverse("packs:draft"), {"site": "there"}).status_code == 404
    assert alice.get(reverse("packs:draft")).context["site"] == people.here
    with pytest.raises(PackErrors, match="whole organisation"):
        write(people, people.alice, POSTS.strip("- \n"), "posts", "clerk")
    assert as_user(people.bob).get(reverse("packs:draft")).status_code == 403


def test_the_form_changes_plain_values_and_keeps_the_others(people: People, as_user: As) -> None:
    client = as_user(people.alice)
    url = reverse("packs:edit", args=["limits", "answer-any"]) + "?site=here"
    page = client.get(url)
    fields = {one.name: one.value() for one in page.context["fields"]}
    assert (fields["f.limit.value"], fields["f.limit.unit"]) == (30, "minutes")
    assert fields["f.warn.before.value"] == 10
    assert "comes from the files of the pack trial" in page.content.decode()
    sent = {name: value for name, value in fields.items() if value is not None}
    answer = client.post(
        url, {**sent, "f.limit.value": "20", "mode": "fields", "seen": page.context["mark"]}, follow=True
    )
    (only,) = answer.context["differences"]
    assert [(row.name, row.before, row.after) for row in only.exact] == [("Limit", "30", "20")]
    assert any((row.before, row.after) == ("30 minutes", "20 minutes") for row in only.rows)
    with use(system_scope("test")):
        data = DraftEntry.objects.get().data
    assert data["limit"] == {"value": 20, "unit": "minutes"}
    assert data["warn"] == {"before": {"value": 10, "unit": "minutes"}}
    assert (data["clause"], data["source"]) == ("9.4", ["001-329"])
    wrong = client.post(
        url, {**sent, "f.limit.value": "5", "mode": "fields", "seen": client.get(url).context["mark"]}
    )
    assert wrong.status_code == 422
    assert "The warning would come before the clock starts" in wrong.content.decode()


def test_a_new_entry_is_written_and_a_code_in_use_is_refused(people: People, as_user: As) -> None:
    client = as_user(people.alice)
    url = reverse("packs:new-entry", args=["phrases"]) + "?site=here"
    sent = {
        "mode": "fields",
        "code": "rain",
        "f.moment": "courtesy",
        "f.text.zh": "下雨路滑",
        "f.clause": "1",
    }
    assert client.post(url, sent).status_code == 302
    answer = client.post(url, {**sent, "code": "hello"})
    assert answer.status_code == 422
    assert "There is an entry of this code already" in answer.content.decode()
    publish(people, people.alice)
    assert said("rain", people.here) == "下雨路滑"


def test_the_draft_is_activated_with_a_reason_and_the_version_tells_who_and_why(
    people: People, as_user: As
) -> None:
    own = write(people, people.alice, HELLO).draft
    client = as_user(people.alice)
    url = reverse("packs:activate", args=[own.pk])
    seen = client.get(url).context["form"].initial["seen"]
    assert client.post(url, {"seen": seen, "reason": ""}).status_code == 422
    page = client.post(url, {"seen": seen, "reason": "Decision 7"}, follow=True).content.decode()
    assert "Decision 7" in page and "Alice" in page and "in force" in page
    with use(system_scope("test")):
        version = PackVersion.objects.get(site=people.here)
    later = client.get(reverse("packs:packs"), {"site": "here"}).content.decode()
    assert "Decision 7" in later
    assert re.search(r"PK", client.get(reverse("packs:archive", args=[version.pk])).content.decode("latin-1"))


def test_every_entry_in_force_opens_in_its_editor(people: People, as_user: As) -> None:
    client = as_user(people.dana)
    for name in ("phrases", "limits", "posts"):
        for item in entries(name):
            page = client.get(reverse("packs:edit", args=[name, item.code]))
            assert page.status_code == 200, item
            assert f"code: {item.code}" in page.context["text"]
    assert client.get(reverse("packs:edit", args=["phrases", "nothing"])).status_code == 404
    assert client.get(reverse("packs:new-entry", args=["nothing"])).status_code == 404
