"""The list, the page and the commands of a case, through the browser's requests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from huiyin.base.kit.moment import moved_to, now
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.org.selectors import scope_of
from huiyin.engines.clocks.selectors import of
from huiyin.work.cases.joining import attach, open_incident
from huiyin.work.cases.models import Case, Contact, Incident, State
from huiyin.work.cases.services import answer, close, wait
from huiyin.work.cases.views_bulk import BulkAttach

from .conftest import Centre
from .screens import PHONE, Counter, counter_of, reread

HOUR = timedelta(hours=1)
ACTIONS = [
    "assign",
    "begin",
    "wait",
    "answer",
    "close",
    "decline",
    "cancel",
    "reopen",
    "change",
    "contact",
    "merge",
    "attach",
    "detach",
    "resume",
    "unmerge",
]


@pytest.fixture
def counter(centre: Centre) -> Counter:
    return counter_of(centre)


def page(client: Client, url: str, status: int = 200, **headers: Any) -> str:
    response: Any = client.get(url, headers=headers)
    assert response.status_code == status, url
    return b"".join(response.streaming_content if response.streaming else [response.content]).decode(
        errors="replace"
    )


def post(client: Client, command: str, case: Case, status: int = 302, **data: Any) -> Any:
    response = client.post(reverse(f"cases:{command}", args=[case.code]), data)
    assert response.status_code == status, response.content.decode()[-3000:]
    return response


def test_the_list_shows_cases_and_searches_them(counter: Counter) -> None:
    case = counter.case(place=counter.home, contact_name="张三丰", contact_phone=PHONE)
    other = counter.case("垃圾没有清")
    client = counter.client()
    everything = page(client, "/cases/")
    assert case.code in everything and other.code in everything
    for typed in ("漏水", "zsf", "8000", "3-2-501", case.code):
        found = page(client, f"/cases/?q={typed}")
        assert case.code in found and other.code not in found, typed


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("state=open", {"new", "waiting", "answered"}),
        ("state=mine", {"new", "waiting", "answered"}),
        ("state=late", None),
        ("state=waiting", {"waiting"}),
        ("state=answered", {"answered"}),
        ("state=ended", {"closed"}),
        ("state=today", {"new", "waiting", "answered", "closed"}),
        ("kind=complaint", set()),
        ("place=3-2-501", {"new"}),
        ("place=9-9-901", set()),
        ("state=nonsense", None),
        ("start=2999-01-01", set()),
        ("start=nonsense", None),
        ("category=0", None),
        ("after=nonsense", None),
    ],
)
def test_filters_and_built_in_views_narrow_the_list(
    counter: Counter, asked: str, wanted: set[str] | None
) -> None:
    made = {
        name: counter.case(f"题{name}", place=counter.home if name == "new" else None)
        for name in ("new", "waiting", "answered", "closed")
    }
    with use(scope_of(counter.fay)) as scope:
        by = scope.actor
        wait(made["waiting"], reason="等", until=now() + HOUR, by=by)
        answer(made["answered"], text="好", by=by)
        answer(made["closed"], text="好", by=by)
        close(made["closed"], by=by)
    if asked == "state=late":
        with moved_to(now() + HOUR * 3):
            found = page(counter.client(), f"/cases/?{asked}")
        assert made["new"].code in found and made["closed"].code not in found
        return
    found = page(counter.client(), f"/cases/?{asked}")
    if wanted is not None:
        assert {name for name, case in made.items() if case.code in found} == wanted


def test_a_list_can_be_taken_away_only_with_the_right(counter: Counter) -> None:
    case = counter.case("=1+1")
    response: Any = counter.client().get("/cases/?export=1")
    assert response.status_code == 200
    assert b"".join(response.streaming_content).startswith(b"PK")
    page(counter.client(counter.centre.bob), "/cases/?export=1", 403)
    assert case.code in page(counter.client(counter.centre.bob), "/cases/")


def test_the_list_and_the_page_ask_the_database_a_bounded_number_of_times(
    counter: Counter, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    cases = [counter.case(f"漏水 {n}", place=counter.home, customer=counter.owner) for n in range(12)]
    client = counter.client()
    page(client, "/cases/")
    with django_assert_max_num_queries(15):
        page(client, "/cases/")
    page(client, cases[0].get_absolute_url())
    with django_assert_max_num_queries(22):
        page(client, cases[0].get_absolute_url())
    with django_assert_max_num_queries(12):
        page(client, "/")


def test_a_case_out_of_reach_does_not_exist(counter: Counter) -> None:
    case = counter.case()
    carol = counter.client(counter.centre.carol)
    assert case.code not in page(carol, "/cases/")
    assert case.get_absolute_url() not in page(carol, f"/cases/?q={case.code}")
    page(carol, case.get_absolute_url(), 404)
    page(carol, f"{case.get_absolute_url()}print/", 404)
    for name in ACTIONS:
        page(carol, reverse(f"cases:{name}", args=[case.code]), 404)


def test_a_member_without_the_right_sees_the_case_and_no_commands(counter: Counter) -> None:
    case = counter.case()
    bob = counter.client(counter.centre.bob)
    shown = page(bob, case.get_absolute_url())
    assert reverse("cases:answer", args=[case.code]) not in shown
    for name in ACTIONS:
        page(bob, reverse(f"cases:{name}", args=[case.code]), 403)
    page(bob, "/cases/new/", 403)


def test_somebody_without_a_session_is_led_to_the_sign_in(counter: Counter) -> None:
    case = counter.case()
    for url in ("/", "/cases/", case.get_absolute_url(), "/cases/new/", "/search/", "/notices/", "/trail/"):
        response = Client().get(url)
        assert response.status_code == 302 and response["Location"].startswith("/login/")


def test_a_case_goes_from_assignment_to_its_end(counter: Counter) -> None:
    case = counter.case()
    client = counter.client()
    post(client, "assign", case, to=f"u{counter.centre.alice.pk}", note="请尽快")
    assert reread(case).responsible == counter.centre.alice
    post(client, "begin", case)
    post(client, "answer", case, text="师傅三点上门", channel="phone")
    shown = page(client, case.get_absolute_url())
    assert "师傅三点上门" in shown and "请尽快" in shown
    post(client, "close", case, note="")
    assert reread(case).state == State.CLOSED
    post(client, "reopen", case, reason="又漏了")
    assert reread(case).is_open


def test_a_team_can_be_given_a_case_and_a_member_takes_it(counter: Counter) -> None:
    case = counter.case()
    client = counter.client()
    post(client, "assign", case, to=f"t{counter.centre.team.pk}")
    assert reread(case).responsible is None and reread(case).team == counter.centre.team
    assert case.code in page(client, "/cases/?state=unassigned")
    post(client, "begin", case)
    assert reread(case).responsible == counter.fay


def test_a_refused_form_keeps_what_was_typed(counter: Counter) -> None:
    case = counter.case()
    client = counter.client()
    response = post(client, "decline", case, 422, reason="", explanation="很长的说明", channel="phone")
    assert "很长的说明" in response.content.decode()
    response = post(client, "close", case, 422, note="写好的备注")
    assert "写好的备注" in response.content.decode()
    assert reread(case).state == State.REGISTERED


def test_a_dialog_gets_the_bare_form_and_is_led_on(counter: Counter) -> None:
    case = counter.case()
    client = counter.client()
    url = reverse("cases:answer", args=[case.code])
    shown = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<form" in shown and "<html" not in shown
    response = client.post(url, {"text": "好的", "channel": "phone"}, headers={"HX-Request": "true"})
    assert response.status_code == 204 and response["HX-Redirect"] == case.get_absolute_url()


def test_two_who_correct_at_the_same_time_do_not_overwrite_each_other(counter: Counter) -> None:
    case = counter.case()
    client = counter.client()
    form: dict[str, Any] = {
        "version": 1,
        "title": "改过的",
        "kind": "repair",
        "severity": "major",
        "place": "3-2-501",
    }
    post(client, "change", case, **form)
    assert (reread(case).title, reread(case).place) == ("改过的", counter.home)
    response = post(client, "change", case, 422, **form | {"title": "晚来的"})
    assert "晚来的" in response.content.decode() and reread(case).title == "改过的"


def test_the_panel_says_why_a_limit_is_as_it_is(counter: Counter) -> None:
    case = counter.case("漏水")
    with use(system_scope("test")):
        clock = of(case).get(kind="answer")
    client = counter.client()
    url = reverse("cases:why", args=[case.code, clock.pk])
    assert url in page(client, case.get_absolute_url())
    shown = page(client, url)
    assert "001-329" in shown and "三十分钟" in shown and "answer-any" in shown
    page(counter.client(counter.centre.carol), url, 404)
    page(client, reverse("cases:why", args=[counter.case("别的").code, clock.pk]), 404)


def test_duplicates_are_offered_merged_and_separated(counter: Counter) -> None:
    first, second = counter.case(place=counter.home), counter.case("还是漏水", place=counter.home)
    client = counter.client()
    assert first.code in page(client, reverse("cases:merge", args=[second.code]))
    post(client, "merge", second, 422, code="YUNHE-000000-0000")
    response = post(client, "merge", second, alike=first.code)
    assert response["Location"] == first.get_absolute_url()
    assert second.code in page(client, first.get_absolute_url())
    post(client, "unmerge", second, note="不是一回事")
    assert reread(second).state == State.REGISTERED


def test_a_contact_is_logged_and_stands_in_the_register(counter: Counter) -> None:
    case = counter.case(contact_name="张三丰")
    client = counter.client()
    post(
        client,
        "contact",
        case,
        direction="out",
        channel="phone",
        text="说了明天来",
        name="张三丰",
        phone=PHONE,
    )
    assert "说了明天来" in page(client, case.get_absolute_url())
    register = page(client, "/cases/contacts/?direction=out")
    assert "说了明天来" in register and case.code in register
    assert "说了明天来" not in page(client, "/cases/contacts/?direction=in")
    assert "说了明天来" not in page(counter.client(counter.centre.carol), "/cases/contacts/")


@pytest.mark.parametrize("size", ["a4", "a5"])
def test_the_sheet_prints_in_both_sizes(counter: Counter, size: str) -> None:
    case = counter.case(place=counter.home, contact_name="张三丰", contact_phone=PHONE)
    shown = page(counter.client(), f"{case.get_absolute_url()}print/?size={size}")
    assert f"hy-sheet-{size}" in shown and PHONE in shown
    page(counter.client(), f"{case.get_absolute_url()}print/?size=a0", 404)


def test_many_cases_are_assigned_at_once_and_what_failed_is_listed(counter: Counter) -> None:
    one, two, ended = counter.case("一"), counter.case("二"), counter.case("三")
    with use(scope_of(counter.fay)) as scope:
        answer(ended, text="好", by=scope.actor)
    client = counter.client()
    url = f"/cases/bulk/assign/?ids={one.pk}&ids={two.pk}&ids={ended.pk}&ids=999999&ids=x"
    preview = page(client, url)
    assert all(case.code in preview for case in (one, two, ended))
    with use(system_scope("test")):
        Case.objects.filter(pk=two.pk).update(state=State.ANSWERED, answered_at=now(), answer="好")
    response = client.post(url, {"to": f"u{counter.centre.alice.pk}"})
    assert response.status_code == 302
    assert reread(one).responsible == counter.centre.alice and reread(two).responsible == counter.fay
    page(counter.client(counter.centre.bob), url, 403)
    assert one.code not in page(counter.client(counter.centre.carol), url)


def test_a_bulk_action_that_partly_fails_says_which_and_why(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = counter.case("一"), counter.case("二")
    with use(scope_of(counter.fay)) as scope:
        incident = open_incident(counter.centre.site, title="停水", by=scope.actor)

    def act(view: BulkAttach, case: Case, data: Any) -> None:
        # As when somebody answers the case between the preview and the click.
        if case.pk == two.pk:
            raise Refused("changed-meanwhile", "刚被别人改过")
        attach(case, **data, by=view.actor)

    monkeypatch.setattr(BulkAttach, "act", act)
    response = counter.client().post(
        f"/cases/bulk/attach/?ids={one.pk}&ids={two.pk}", {"incident": incident.pk}
    )
    assert response.status_code == 200
    shown = response.content.decode()
    assert two.code in shown and "刚被别人改过" in shown and one.code not in shown
    assert reread(one).incident == incident and reread(two).incident is None


def test_an_incident_is_opened_filled_changed_and_answered(counter: Counter) -> None:
    one, two = counter.case("停水了", place=counter.home), counter.case("没水")
    client = counter.client()
    response = client.post(
        f"/cases/incidents/new/?case={one.code}", {"title": "3栋停水", "script": "正在抢修"}
    )
    assert response.status_code == 302
    with use(system_scope("test")):
        incident = Incident.objects.get()
    url = incident.get_absolute_url()
    assert response["Location"] == url and reread(one).incident == incident
    assert two.code in page(client, f"{url}cases/")
    client.post(f"{url}cases/", {"cases": [two.code]})
    client.post(f"{url}change/", {"title": "3栋停水", "script": "八点恢复"})
    shown = page(client, url)
    assert two.code in shown and "八点恢复" in shown
    preview = page(client, f"{url}answer/")
    assert one.code in preview and two.code in preview
    client.post(f"{url}answer/", {"text": "已恢复供水", "channel": "message"})
    assert {reread(one).answer, reread(two).answer} == {"已恢复供水"}
    assert client.post(f"{url}answer/", {"text": "再说一次", "channel": "message"}).status_code == 422
    assert incident.code in page(client, "/cases/incidents/?state=ended")
    page(counter.client(counter.centre.carol), url, 404)
    page(counter.client(counter.centre.bob), f"{url}answer/", 403)


def test_a_case_number_that_does_not_exist_is_refused_in_words(counter: Counter) -> None:
    with use(scope_of(counter.fay)) as scope:
        incident = open_incident(counter.centre.site, title="停水", by=scope.actor)
    response = counter.client().post(f"{incident.get_absolute_url()}cases/", {"codes": "YUNHE-1 yunhe-2"})
    assert response.status_code == 422 and "YUNHE-1, YUNHE-2" in response.content.decode()
    with use(system_scope("test")):
        assert not Contact.objects.exists()
