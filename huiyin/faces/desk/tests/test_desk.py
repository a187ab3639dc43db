"""The desk, the search, the notices and the trail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, RequestFactory

from huiyin.base.kit.moment import moved_to, now
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.selectors import scope_of
from huiyin.engines.messages.models import Notice
from huiyin.faces.desk.context import bell
from huiyin.work.cases.joining import open_incident
from huiyin.work.cases.services import assign
from huiyin.work.cases.tests.screens import PHONE, Counter


def page(client: Client, url: str, status: int = 200, **headers: Any) -> str:
    response = client.get(url, headers=headers)
    assert response.status_code == status, url
    return str(response.content.decode())


def test_the_desk_shows_what_is_due_from_me_by_the_time_left(counter: Counter) -> None:
    slow, urgent = counter.case("普通的事"), counter.case("紧急的事", kind="emergency")
    theirs = counter.case("别人的事", responsible=counter.centre.alice)
    shown = page(counter.client(), "/")
    assert theirs.code not in shown
    assert shown.index(urgent.code) > -1 and urgent.code in shown and slow.code in shown
    assert page(counter.client(counter.centre.carol), "/").count("YUNHE-") == 0


def test_a_lead_sees_the_site_and_what_nobody_took_and_what_is_late(counter: Counter) -> None:
    theirs = counter.case("别人的事", responsible=counter.centre.alice)
    teams = counter.case("班组的事", team=counter.centre.team)
    with use(scope_of(counter.fay)) as scope:
        assign(theirs, responsible=counter.centre.alice, by=scope.actor)
    client = counter.client()
    assert theirs.code in page(client, "/?tab=sites") and teams.code in page(client, "/?tab=sites")
    untaken = page(client, "/?tab=untaken")
    assert teams.code in untaken and theirs.code not in untaken
    assert theirs.code not in page(client, "/?tab=late")
    with moved_to(now() + timedelta(hours=3)):
        assert theirs.code in page(client, "/?tab=late")
    assert theirs.code not in page(counter.client(counter.centre.carol), "/?tab=sites")


def test_who_leads_nobody_sees_only_their_own(counter: Counter) -> None:
    case = counter.case()
    for tab in ("sites", "untaken", "late", "nonsense"):
        shown = page(counter.client(counter.centre.bob), f"/?tab={tab}")
        assert case.code not in shown and 'href="/?tab=late"' not in shown


def test_a_refresh_gets_the_list_alone(counter: Counter) -> None:
    case = counter.case()
    shown = page(counter.client(), "/", **{"HX-Request": "true"})
    assert case.code in shown and "<html" not in shown


@pytest.mark.parametrize("typed", ["漏水", "zsf", PHONE, "8000", "张三丰"])
def test_the_search_finds_by_words_initials_and_numbers(counter: Counter, typed: str) -> None:
    case = counter.case(
        place=counter.home, customer=counter.owner, contact_name="张三丰", contact_phone=PHONE
    )
    for url in ("/search/", "/search/suggest/"):
        assert case.code in page(counter.client(), f"{url}?q={typed}")


@pytest.mark.parametrize("typed", ["", " ", "%", "'\"<script>", "x" * 500, "\x00", "（）", "﷽"])
def test_odd_searches_find_nothing_and_break_nothing(counter: Counter, typed: str) -> None:
    client = counter.client()
    for url in ("/search/", "/search/suggest/", "/cases/", "/cases/contacts/", "/cases/incidents/"):
        response = client.get(url, {"q": typed})
        assert response.status_code == 200 and b"<script>'" not in response.content


def test_a_number_leads_straight_to_its_case_and_its_incident(counter: Counter) -> None:
    case = counter.case()
    with use(scope_of(counter.fay)) as scope:
        incident = open_incident(counter.centre.site, title="停水", by=scope.actor)
    client = counter.client()
    assert client.get("/search/", {"q": f" {case.code.lower()} "})["Location"] == case.get_absolute_url()
    assert client.get("/search/", {"q": incident.code})["Location"] == incident.get_absolute_url()
    assert client.get("/search/", {"q": "三栋二单元501"}).status_code == 302


def test_the_search_keeps_to_ones_reach_and_rights(counter: Counter) -> None:
    case = counter.case("漏水", place=counter.home, contact_name="张三丰", contact_phone=PHONE)
    carol, bob = counter.client(counter.centre.carol), counter.client(counter.centre.bob)
    for typed in ("漏水", PHONE, "zsf", "3-2-501"):
        assert "张三丰" not in page(carol, f"/search/?q={typed}") and case.code not in page(
            carol, f"/search/?q={typed}"
        )
    assert page(carol, f"/search/?q={case.code}").count(case.get_absolute_url()) == 0
    # bob sees cases, but neither customers nor places.
    groups = page(bob, "/search/?q=zsf")
    assert case.code in groups and f"customer={counter.owner.pk}" not in groups


def test_who_is_given_a_case_is_told_and_can_read_it(counter: Counter) -> None:
    case = counter.case()
    with use(system_scope("test")):
        Notice(
            site=counter.centre.site, user=counter.centre.alice, kind="cases.assigned", title=f"{case.code} 厨房漏水",
            about=case.get_absolute_url(), data={"kind": "answer", "due_at": now().isoformat()},
        ).save()  # fmt: skip
        notice = Notice.objects.get(user=counter.centre.alice)
    alice = counter.client(counter.centre.alice)
    assert case.code in page(alice, "/notices/")
    page(counter.client(), f"/notices/{notice.pk}/", 404)
    assert alice.get(f"/notices/{notice.pk}/")["Location"] == case.get_absolute_url()
    assert case.code not in page(alice, "/notices/?unread=1") and case.code in page(alice, "/notices/")


def test_all_notices_can_be_read_at_once_and_only_ones_own(counter: Counter) -> None:
    with use(system_scope("test")):
        for user in (counter.fay, counter.centre.alice):
            Notice(
                site=counter.centre.site, user=user, kind="cases.assigned", title="t", about="/cases/"
            ).save()
    assert counter.client().post("/notices/read/").status_code == 302
    with use(system_scope("test")):
        assert Notice.objects.get(user=counter.fay).read_at is not None
        assert Notice.objects.get(user=counter.centre.alice).read_at is None


def test_a_notice_never_leads_to_another_machine(counter: Counter) -> None:
    with use(system_scope("test")):
        notice = Notice(
            site=counter.centre.site, user=counter.fay, kind="x", title="t", about="//evil.example/"
        )
        notice.save()
    page(counter.client(), f"/notices/{notice.pk}/", 404)


def test_the_trail_tells_who_did_what(counter: Counter) -> None:
    case = counter.case()
    client = counter.client()
    shown = page(client, "/trail/")
    assert case.code in shown and "费前台" in shown
    assert case.code in page(client, f"/trail/?verb=cases.registered&actor={counter.fay.pk}")
    assert case.code not in page(client, "/trail/?verb=cases.closed")
    assert case.code not in page(client, "/trail/?day=2001-01-01")
    page(counter.client(counter.centre.bob), "/trail/", 403)


def test_the_trail_of_the_organisation_is_not_for_a_site(counter: Counter) -> None:
    shown = page(counter.client(), "/trail/?verb=org.user_added")
    assert "data-hy-rows" not in shown


def test_the_bell_counts_what_is_unread(counter: Counter) -> None:
    with use(system_scope("test")):
        Notice(site=counter.centre.site, user=counter.fay, kind="x", title="t", about="/").save()
    with use(scope_of(counter.fay)):
        assert bell(RequestFactory().get("/"))["unread"] == 1
    assert bell(RequestFactory().get("/")) == {}
