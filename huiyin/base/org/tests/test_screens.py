"""Administering the organisation: who sees and changes what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from huiyin.base.kit.moment import today
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org import selectors, services
from huiyin.base.org.models import Appointment, OrgUnit, Post, Site, User
from tests.people import BY, People

As = Callable[[User], Client]


@pytest.fixture
def team(cast: People) -> OrgUnit:
    with use(system_scope("test")):
        return services.add_unit(cast.here.unit, kind="team", code="here-repair", name="Repair", by=BY)


def urls_of(person: User) -> list[str]:
    actions = ["person", "person-change", "person-bar", "person-password", "person-unlock", "person-factor"]
    return [reverse(f"org:{name}", args=[person.pk]) for name in [*actions, "person-appoint"]]


def test_a_site_administrator_sees_their_own_units_and_those_above_by_name_only(
    cast: People, as_user: As, team: OrgUnit
) -> None:
    text = as_user(cast.alice).get(reverse("org:units")).content.decode()
    assert "Here Estate" in text
    assert "Repair" in text
    assert "Company" in text
    assert reverse("org:unit", args=["hq"]) not in text
    assert "There Estate" not in text


@pytest.mark.parametrize("name", ["unit", "unit-add", "unit-change", "unit-appoint"])
def test_foreign_units_do_not_exist(cast: People, as_user: As, name: str) -> None:
    for code in ("there", "hq"):
        assert as_user(cast.alice).get(reverse(f"org:{name}", args=[code])).status_code == 404
        assert as_user(cast.dana).get(reverse(f"org:{name}", args=[code])).status_code == 200


def test_foreign_people_do_not_exist(cast: People, as_user: As) -> None:
    for url in urls_of(cast.carol):
        assert as_user(cast.alice).get(url).status_code == 404
    for url in urls_of(cast.erin):
        assert as_user(cast.alice).get(url).status_code == 404


def test_people_of_ones_own_site_are_seen_but_only_the_house_changes_them(cast: People, as_user: As) -> None:
    client = as_user(cast.alice)
    page, *actions, appoint = urls_of(cast.bob)
    assert client.get(page).status_code == 200
    assert [client.get(url).status_code for url in actions] == [403] * len(actions)
    assert client.get(appoint).status_code == 200
    assert [as_user(cast.dana).get(url).status_code for url in urls_of(cast.bob)] == [200] * 7


def test_without_the_right_there_is_nothing(cast: People, as_user: As) -> None:
    client = as_user(cast.bob)
    for name in ("units", "people", "posts", "person-new", "post-new"):
        assert client.get(reverse(f"org:{name}")).status_code == 403
    assert reverse("org:units") not in client.get("/profile/").content.decode()


def test_whoever_leaves_the_site_is_foreign_from_the_next_day_on(cast: People, as_user: As) -> None:
    yesterday = today() - timedelta(days=1)
    Appointment.objects.filter(user=cast.bob).update(starts_on=date(2020, 1, 1), ends_on=today())
    assert as_user(cast.alice).get(reverse("org:person", args=[cast.bob.pk])).status_code == 200
    Appointment.objects.filter(user=cast.bob).update(ends_on=yesterday)
    assert as_user(cast.alice).get(reverse("org:person", args=[cast.bob.pk])).status_code == 404


def test_appointments_elsewhere_are_not_told(cast: People, as_user: As) -> None:
    with use(system_scope("test")):
        services.appoint(cast.there.unit, user=cast.bob, post=Post.objects.get(code="member"), by=BY)
    page = as_user(cast.alice).get(reverse("org:person", args=[cast.bob.pk]))
    assert "There Estate" not in page.content.decode()
    listed = as_user(cast.alice).get(reverse("org:people"))
    assert "There Estate" not in listed.content.decode()
    foreign = Appointment.objects.get(user=cast.bob, unit=cast.there.unit)
    assert as_user(cast.alice).post(reverse("org:relieve", args=[foreign.pk])).status_code == 404


def test_a_site_administrator_appoints_and_relieves_at_home(cast: People, as_user: As, team: OrgUnit) -> None:
    client = as_user(cast.alice)
    post = Post.objects.get(code="member")
    url = reverse("org:unit-appoint", args=["here-repair"])
    assert client.post(url, {"user": cast.bob.pk, "post": post.pk}).status_code == 302
    made = Appointment.objects.get(user=cast.bob, unit=team)
    assert made.starts_on == today()
    again = client.post(url, {"user": cast.bob.pk, "post": post.pk})
    assert again.status_code == 422
    assert client.post(reverse("org:relieve", args=[made.pk]), {"ends_on": str(today())}).status_code == 302
    made.refresh_from_db()
    assert made.ends_on == today()
    early = client.post(reverse("org:relieve", args=[made.pk]), {"ends_on": "2001-01-01"})
    assert early.status_code == 422
    foreign = client.post(url, {"user": cast.carol.pk, "post": post.pk})
    assert foreign.status_code == 422


def test_nobody_hands_out_rights_they_lack(cast: People, as_user: As) -> None:
    with use(system_scope("test")):
        few = services.save_post(None, code="few", name="few", level="site", permissions=["org.edit"], by=BY)
        services.appoint(cast.here.unit, user=cast.erin, post=few, by=BY)
    url = reverse("org:unit-appoint", args=["here"])
    response = as_user(cast.erin).post(url, {"user": cast.bob.pk, "post": Post.objects.get(code="may").pk})
    assert response.status_code == 422
    assert response.context["form"].has_error("post")


def test_who_administers_the_whole_company_decides_what_posts_may(cast: People, as_user: As) -> None:
    with use(system_scope("test")):
        few = services.save_post(
            None, code="few", name="few", level="company", permissions=["org.edit"], by=BY
        )
        services.appoint(cast.company, user=cast.erin, post=few, by=BY)
    data = {"name": "few", "level": "company", "permissions": ["org.edit", "trail.view"]}
    assert as_user(cast.erin).post(reverse("org:post-change", args=["few"]), data).status_code == 302
    assert Post.objects.get(code="few").permissions == ["org.edit", "trail.view"]


def test_units_are_added_changed_and_closed(cast: People, as_user: As) -> None:
    client = as_user(cast.dana)
    add = reverse("org:unit-add", args=["hq"])
    data = {"kind": "site", "name": "Third", "code": "third", "address": "Street 3", "phone": "0571-1"}
    assert client.post(add, data)["Location"] == reverse("org:unit", args=["third"])
    assert client.post(add, data).status_code == 422
    assert client.post(add, {**data, "code": "Not A Code"}).status_code == 422
    change = reverse("org:unit-change", args=["third"])
    body = {"name": "Third House", "address": "Street 4", "phone": "", "closed_on": "2026-12-31"}
    assert client.post(change, body).status_code == 302
    site = Site.objects.get(code="third")
    assert (site.name, site.address, site.unit.closed_on) == ("Third House", "Street 4", date(2026, 12, 31))


def test_a_person_is_added_with_a_first_password(cast: People, as_user: As) -> None:
    client = as_user(cast.dana)
    assert len(client.get(reverse("org:person-new")).context["form"]["password"].value()) == 12
    data = {"name": "张三丰", "username": "zsf", "password": "weak"}
    assert client.post(reverse("org:person-new"), data).status_code == 422
    assert client.post(reverse("org:person-new"), {**data, "password": "tai-ji-2026"}).status_code == 302
    person = User.objects.get(username="zsf")
    assert person.check_password("tai-ji-2026")
    assert client.post(reverse("org:person-new"), {**data, "password": "tai-ji-2026"}).status_code == 422


@pytest.mark.parametrize("text", ["三丰", "zhangsan", "zsf", "ZHANG SAN", "1380000"])
def test_people_are_found_by_name_pinyin_initials_and_phone(cast: People, as_user: As, text: str) -> None:
    with use(system_scope("test")):
        services.add_user(None, username="u1", name="张三丰", phone="13800001111", by=BY)
        services.add_user(None, username="u2", name="李四", phone="13900002222", by=BY)
    page = as_user(cast.dana).get(reverse("org:people"), {"q": text})
    assert [row.name for row in page.context["rows"]] == ["张三丰"]


def test_a_surname_is_found_in_each_of_its_readings(cast: People, as_user: As) -> None:
    with use(system_scope("test")):
        services.add_user(None, username="u1", name="曾小明", by=BY)
    for text in ("zengxiaoming", "zxm", "cengxiaoming"):
        page = as_user(cast.dana).get(reverse("org:people"), {"q": text})
        assert [row.name for row in page.context["rows"]] == ["曾小明"], text


def test_people_are_filtered_by_unit_post_and_state(cast: People, as_user: As) -> None:
    client = as_user(cast.dana)

    def names(**params: str | int) -> set[str]:
        page = client.get(reverse("org:people"), params)
        return {row.username for row in page.context["rows"]}

    assert names(unit=cast.here.unit.pk) == {"alice", "bob"}
    assert names(post=Post.objects.get(code="may").pk) == {"alice", "carol"}
    User.objects.filter(pk=cast.bob.pk).update(is_active=False)
    assert names(active="no") == {"bob"}
    assert "bob" not in names(active="yes")
    foreign = as_user(cast.alice).get(reverse("org:people"), {"unit": cast.there.unit.pk})
    assert foreign.status_code == 200
    assert "unit" in foreign.context["filterset"].form.errors


def test_a_post_shows_its_rights_in_words_and_who_holds_it_in_reach(cast: People, as_user: As) -> None:
    page = as_user(cast.alice).get(reverse("org:post", args=["may"]))
    assert [str(one.user) for one in page.context["holders"]] == ["Alice"]
    wide = as_user(cast.dana).get(reverse("org:post", args=["may"]))
    assert {str(one.user) for one in wide.context["holders"]} == {"Alice", "Carol"}
    labels = [str(label) for _area, rights in page.context["rights"] for _code, label in rights]
    assert all("." not in label for label in labels)


def test_what_happened_to_a_person_is_told_to_the_house_only(cast: People, as_user: As) -> None:
    url = reverse("org:person", args=[cast.bob.pk])
    assert as_user(cast.alice).get(url).context["entries"] is None
    entries = as_user(cast.dana).get(url).context["entries"]
    assert any("member" in entry["text"] and "Here Estate" in entry["text"] for entry in entries)


def test_the_selectors_cut_to_the_reach(cast: People) -> None:
    with use(cast.scope(cast.alice)):
        assert [unit.code for unit in selectors.units_in_reach("org.view")] == ["here"]
        assert {user.username for user in selectors.people_in_reach("org.view")} == {"alice", "bob"}
    with use(cast.scope(cast.bob)):
        assert not selectors.units_in_reach("org.view").exists()
        assert not selectors.people_in_reach("org.view").exists()
    with use(cast.scope(cast.dana)):
        assert selectors.people_in_reach("org.view").count() == User.objects.count()
