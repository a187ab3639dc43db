"""The list page, seen through the list of people: order, paging, columns, export, saved views, queries."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from huiyin.base.kit.moment import today
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.org import services
from huiyin.base.org.models import Appointment, Post, SavedView, User, pinyin_of
from tests.people import BY, People

As = Callable[[User], Client]
URL = "/org/people/"


@pytest.fixture
def crowd(cast: People) -> People:
    """Another 130 people at the first site; many share a name, so that the order needs its tie-breaker."""
    post = Post.objects.get(code="member")
    names = [f"张{'三四五'[number % 3]}" for number in range(130)]
    people = [
        User(username=f"u{number:03d}", name=name, pinyin=pinyin_of(name), password="!")
        for number, name in enumerate(names)
    ]
    User.objects.bulk_create(people)
    Appointment.objects.bulk_create(
        Appointment(user=person, post=post, unit=cast.here.unit, starts_on=today()) for person in people
    )
    return cast


def next_link(text: str) -> str | None:
    found = re.search(r'hx-get="([^"]+)"[^>]*hx-target="closest tr"', text)
    return found[1].replace("&amp;", "&") if found else None


def test_pages_follow_one_another_without_gap_or_double(crowd: People, as_user: As) -> None:
    client = as_user(crowd.dana)
    seen: list[int] = []
    address: str | None = ""
    pages = 0
    while address is not None:
        page = client.get(URL + address, headers={"HX-Request": "true"} if pages else {})
        text = page.content.decode()
        assert ("<html" in text) is (pages == 0)
        seen += [int(pk) for pk in re.findall(r'data-href="/org/people/(\d+)/"', text)]
        address = next_link(text)
        pages += 1
    assert pages == 3
    assert len(seen) == len(set(seen)) == User.objects.count()
    assert seen == list(User.objects.order_by("pinyin", "pk").values_list("pk", flat=True))


def test_the_next_page_keeps_filter_order_and_columns(crowd: People, as_user: As) -> None:
    page = as_user(crowd.dana).get(URL, {"q": "zhang", "order": "username", "columns": ["name", "username"]})
    link = next_link(page.content.decode()) or ""
    assert "q=zhang" in link
    assert "order=username" in link
    assert "columns=name&columns=username" in link
    second = as_user(crowd.dana).get(URL + link)
    assert [column.name for column in second.context["columns"]] == ["name", "username"]
    assert second.context["rows"][0].username == "u050"


def test_a_cursor_that_is_none_of_ours_begins_at_the_beginning(crowd: People, as_user: As) -> None:
    client = as_user(crowd.dana)
    for after in ("x", "e30", "W10", "WzEsMl0", "%00", "9" * 500):
        page = client.get(f"{URL}?after={after}")
        assert page.status_code == 200
        assert len(page.context["rows"]) == 50


def test_the_spreadsheet_holds_all_rows_found_in_the_columns_shown(crowd: People, as_user: As) -> None:
    response = as_user(crowd.dana).get(URL, {"q": "zhangsan", "columns": ["name", "username"], "export": "1"})
    assert response["Content-Type"].endswith("spreadsheetml.sheet")
    sheet = openpyxl.load_workbook(BytesIO(response.getvalue())).active
    rows = list(sheet.iter_rows(values_only=True))
    assert len(rows[0]) == 2
    assert len(rows) - 1 == User.objects.filter(name="张三").count()
    assert {row[0] for row in rows[1:]} == {"张三"}


def test_without_the_right_the_list_is_not_taken_away(crowd: People, as_user: As) -> None:
    with use(system_scope("test")):
        look = services.save_post(
            None, code="look", name="look", level="site", permissions=["org.view"], by=BY
        )
        services.appoint(crowd.here.unit, user=crowd.erin, post=look, by=BY)
    client = as_user(crowd.erin)
    assert "export=1" not in client.get(URL).content.decode()
    assert client.get(URL, {"export": "1"}).status_code == 403


def test_an_empty_list_says_what_to_do_next(cast: People, as_user: As) -> None:
    text = as_user(cast.dana).get(URL, {"q": "nobody at all"}).content.decode()
    assert "hy-empty" in text
    assert f'href="{URL}"' in text


def test_a_list_costs_no_more_queries_when_it_is_longer(
    crowd: People, as_user: As, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = as_user(crowd.dana)
    client.get(URL)
    # session, user, stamp; rows, posts held; two filters; saved views; sites
    with django_assert_max_num_queries(10):
        client.get(URL)


def test_the_shell_costs_few_queries_for_somebody_signed_in_and_none_for_a_stranger(
    cast: People, as_user: As, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        Client().get("/login/")
    client = as_user(cast.alice)
    client.get("/profile/password/")
    with django_assert_num_queries(3 + 2):  # session, user, stamp; the sites of the side bar, unread notices
        client.get("/profile/password/")


# ---- saved views


def test_a_view_is_saved_shown_and_deleted(cast: People, as_user: As) -> None:
    client = as_user(cast.alice)
    page = client.get(URL, {"q": "bob", "order": "username"}).content.decode()
    new = re.search(r'href="(/views/new/[^"]+)"', page)
    assert new is not None
    form = client.get(new[1].replace("&amp;", "&")).context["form"]
    data = {"path": form["path"].value(), "query": form["query"].value(), "name": "Bobs"}
    assert client.post("/views/new/", data)["Location"] == f"{URL}?q=bob&order=username"
    shown = client.get(URL, {"order": "username", "q": "bob"})
    assert [(view.name, view.active) for view in shown.context["saved_views"]] == [("Bobs", True)]
    assert [view.active for view in client.get(URL).context["saved_views"]] == [False]
    with use(cast.scope(cast.alice)):
        view = SavedView.objects.get()
    url = reverse("account:view-delete", args=[view.pk])
    assert as_user(cast.bob).post(url).status_code == 404
    assert client.post(url)["Location"] == URL
    with use(cast.scope(cast.alice)):
        assert not SavedView.objects.exists()


def test_a_view_is_shared_with_a_site_by_those_who_administer_it(cast: People, as_user: As) -> None:
    data = {"path": URL, "query": "q=x", "name": "All of us"}
    assert as_user(cast.alice).post("/views/new/", {**data, "share": "here"}).status_code == 302
    assert as_user(cast.alice).post("/views/new/", {**data, "share": "there"}).status_code == 422
    assert as_user(cast.alice).post("/views/new/", {**data, "share": "*"}).status_code == 422
    assert as_user(cast.dana).post("/views/new/", {**data, "name": "House", "share": "*"}).status_code == 302

    def names(user: User) -> list[str]:
        return [view.name for view in as_user(user).get(URL).context["saved_views"]]

    assert names(cast.alice) == ["All of us", "House"]
    assert names(cast.carol) == ["House"]
    assert names(cast.dana) == ["All of us", "House"]


def test_saving_again_under_the_same_name_replaces(cast: People) -> None:
    with use(cast.scope(cast.alice)):
        by = cast.actor(cast.alice)
        services.save_view(cast.alice, path=URL, name="Mine", query="q=1", by=by)
        services.save_view(cast.alice, path=URL, name="Mine", query="q=2", by=by)
        assert SavedView.objects.get().query == "q=2"


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example", "org/people/"])
def test_a_view_of_another_house_is_refused(cast: People, path: str) -> None:
    with use(cast.scope(cast.alice)), pytest.raises(Refused, match="foreign-address"):
        services.save_view(cast.alice, path=path, name="x", query="", by=cast.actor(cast.alice))
