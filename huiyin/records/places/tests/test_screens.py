"""The place browser, the page of a place, lists, and the commands in their dialogs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.models import User
from huiyin.base.org.services import appoint, save_post
from huiyin.records.places import services
from huiyin.records.places.models import Asset, Place
from huiyin.records.places.plan import floor_and_column, height, plan_of
from tests.people import BY, People

As = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def as_user() -> As:
    def client(user: User) -> Client:
        made = Client()
        made.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return made

    return client


@pytest.fixture
def tower(people: People) -> Place:
    """Building 3 with two entrances, three floors of two rooms, a garden, a car park and a pump."""
    with use(system_scope("test")):
        for unit in (1, 2):
            for floor in (1, 2, 3):
                for room in (1, 2):
                    services.add_place(
                        people.here,
                        kind="room",
                        address=f"3-{unit}-{floor}0{room}",
                        occupancy="vacant" if room == 2 else "self_used",
                        by=BY,
                    )
        building = Place.objects.get(site=people.here, kind="building")
        lot = services.add_place(people.here, kind="parking_lot", name="Garage", by=BY)
        services.add_place(people.here, kind="parking", name="B1-023", parent=lot, by=BY)
        services.add_place(people.here, kind="public_area", name="Garden", by=BY)
        services.add_asset(people.here, kind="equipment", name="Pump", code="P-1", place=building, by=BY)
        services.add_place(people.there, kind="room", address="9-1-901", by=BY)
        return building


def room(code: str) -> Place:
    with use(system_scope("test")):
        return Place.objects.get(code=code)


def test_the_browser_tells_occupancy_and_vacancy_of_every_building(
    people: People, tower: Place, as_user: As
) -> None:
    page = as_user(people.alice).get(reverse("places:places"))
    text = page.content.decode()
    assert page.status_code == 200
    assert reverse("places:place", args=[tower.pk]) in text
    assert "50.0%" in text
    assert page.context["total"].total == 12
    assert page.context["total"].empty == 6
    assert {kind for kind, _label, _n in page.context["others"]} == {"public_area", "parking_lot", "parking"}
    assert "There Estate" not in text


def test_an_address_in_any_spelling_leads_straight_to_the_place(
    people: People, tower: Place, as_user: As
) -> None:
    client = as_user(people.alice)
    target = reverse("places:place", args=[room("3-2-301").pk])
    for spelling in ("3-2-301", "3栋2单元301", "三栋二单元301室"):
        answer = client.get(reverse("places:places"), {"q": spelling})
        assert answer.headers["Location"] == target
    several = client.get(reverse("places:places"), {"q": "3栋301"})
    assert [one.code for one in several.context["found"]] == ["3-1-301", "3-2-301"]
    assert client.get(reverse("places:places"), {"q": "9-1-901"}).context["found"] == []


def test_a_building_is_shown_floor_by_floor(people: People, tower: Place, as_user: As) -> None:
    plan = as_user(people.alice).get(reverse("places:place", args=[tower.pk])).context["plan"]
    assert [floor.name for floor in plan.floors] == ["3", "2", "1"]
    assert [entrance.columns for entrance in plan.entrances] == [("01", "02"), ("01", "02")]
    assert plan.floors[0].entrances[1][0][0].place.code == "3-2-301"


def test_a_plan_needs_the_same_few_queries_however_many_rooms(
    people: People, tower: Place, as_user: As, django_assert_max_num_queries: Any
) -> None:
    client = as_user(people.alice)
    client.get(reverse("places:place", args=[tower.pk]))
    with django_assert_max_num_queries(24):
        client.get(reverse("places:place", args=[tower.pk]))
    with django_assert_max_num_queries(14):
        client.get(reverse("places:places"))


@pytest.mark.parametrize("number, floor, expected", [
    ("1203", "12", ("12", "03")), ("501", "", ("5", "01")), ("B102", "", ("B1", "02")), ("501A", "5", ("5", "01A")),
    ("15", "", ("", "15")), ("1801", "19", ("19", "1801")), ("商铺", "1", ("1", "商铺")),
])  # fmt: skip
def test_a_room_stands_on_the_floor_its_number_or_record_says(
    number: str, floor: str, expected: tuple[str, str]
) -> None:
    assert floor_and_column(Place(room=number, floor=floor)) == expected


def test_floors_go_from_the_roof_to_the_cellar() -> None:
    assert sorted(["2", "B1", "10", "B2", "1", "?"], key=height) == ["?", "B2", "B1", "1", "2", "10"]
    assert plan_of([], {}).floors == []


def test_who_may_not_see_places_is_refused_and_other_sites_do_not_exist(
    people: People, tower: Place, as_user: As
) -> None:
    urls = [
        reverse(f"places:{name}") for name in ("places", "list", "assets", "pick", "place-new", "asset-new")
    ]
    names = (
        "place",
        "place-add",
        "place-change",
        "place-occupancy",
        "place-move",
        "place-close",
        "place-asset",
    )
    pages = [reverse(f"places:{name}", args=[tower.pk]) for name in names]
    assert {as_user(people.bob).get(url).status_code for url in [*urls, *pages]} == {403}
    assert {as_user(people.carol).get(url).status_code for url in pages} == {404}
    assert as_user(people.alice).get(reverse("places:places"), {"site": "there"}).status_code == 404


def test_who_only_looks_sees_no_button_and_may_press_none(tower: Place, people: People, as_user: As) -> None:
    with use(system_scope("test")):
        looks = save_post(None, code="looks", name="looks", level="site", permissions=["places.view"], by=BY)
        appoint(people.here.unit, user=people.bob, post=looks, by=BY)
    page = as_user(people.bob).get(reverse("places:place", args=[tower.pk]))
    assert page.status_code == 200
    assert reverse("places:place-change", args=[tower.pk]) not in page.content.decode()
    assert as_user(people.bob).post(reverse("places:place-change", args=[tower.pk])).status_code == 403


def test_a_room_is_added_by_its_address_with_what_stands_above(
    people: People, tower: Place, as_user: As
) -> None:
    client = as_user(people.alice)
    url = f"{reverse('places:place-new')}?kind=room"
    answer = client.post(url, {"address": "5栋1单元602", "building_area": "88.5"}, headers=HTMX)
    assert answer.status_code == 204
    made = room("5-1-602")
    assert answer.headers["HX-Redirect"] == reverse("places:place", args=[made.pk])
    assert made.parent_id == room("5-1").pk
    again = client.post(url, {"address": "5-1-602"}, headers=HTMX)
    assert again.status_code == 422
    assert client.get(f"{reverse('places:place-new')}?kind=castle").status_code == 404


@pytest.mark.parametrize(
    "kind", ["building", "zone", "public_area", "parking_lot", "parking", "equipment_room", "station"]
)
def test_every_kind_of_place_can_be_added_at_a_site(people: People, as_user: As, kind: str) -> None:
    field = "address" if kind == "building" else "name"
    answer = as_user(people.alice).post(f"{reverse('places:place-new')}?kind={kind}", {field: "7"})
    assert answer.status_code == 302
    with use(system_scope("test")):
        assert Place.objects.get(site=people.here).kind == kind


def test_a_floor_and_its_room_are_added_under_a_building(people: People, tower: Place, as_user: As) -> None:
    client = as_user(people.alice)
    client.post(f"{reverse('places:place-add', args=[tower.pk])}?kind=floor", {"name": "9F", "floor": "9"})
    floor = room("9F")
    assert floor.parent_id == tower.pk
    client.post(f"{reverse('places:place-add', args=[floor.pk])}?kind=room", {"address": "3-0-901"})
    assert room("3-0-901").parent_id == floor.pk


def test_occupancy_is_set_and_its_history_told(people: People, tower: Place, as_user: As) -> None:
    home, client = room("3-1-101"), as_user(people.alice)
    url = reverse("places:place-occupancy", args=[home.pk])
    assert client.post(url, {"occupancy": "let", "on": "2026-01-01"}, headers=HTMX).status_code == 204
    page = client.get(reverse("places:place", args=[home.pk]))
    assert [(one.on, one.new) for one in page.context["occupied"]] == [("2026-01-01", "let")]
    assert client.post(url, {"occupancy": "let", "on": "2999-01-01"}, headers=HTMX).status_code == 422


def test_a_change_on_an_old_screen_is_refused_and_keeps_what_was_typed(
    people: People, tower: Place, as_user: As
) -> None:
    home, client = room("3-1-101"), as_user(people.alice)
    url = reverse("places:place-change", args=[home.pk])
    data = {"version": home.version, "name": home.name, "building_area": "91.20", "reason": "survey"}
    assert client.post(url, data, headers=HTMX).status_code == 204
    late = client.post(url, {**data, "building_area": "70"}, headers=HTMX)
    assert late.status_code == 422
    assert 'value="70"' in late.content.decode()
    assert str(room("3-1-101").building_area) == "91.20"


def test_places_are_moved_closed_and_taken_into_use_again(people: People, tower: Place, as_user: As) -> None:
    client = as_user(people.alice)
    garden = room("Garden")
    moved = client.post(reverse("places:place-move", args=[garden.pk]), {"parent_q": "3栋"}, headers=HTMX)
    assert moved.status_code == 204
    assert room("Garden").parent_id == tower.pk
    still_used = client.post(
        reverse("places:place-close", args=[tower.pk]), {"on": "2026-01-01"}, headers=HTMX
    )
    assert still_used.status_code == 422
    client.post(reverse("places:place-close", args=[garden.pk]), {"on": "2026-01-01"})
    assert room("Garden").closed_on is not None
    client.post(reverse("places:place-reopen", args=[garden.pk]), {})
    assert room("Garden").closed_on is None
    readdressed = client.post(
        reverse("places:place-readdress", args=[room("3-1-101").pk]), {"address": "3-2-109"}, headers=HTMX
    )
    assert readdressed.status_code == 204
    assert room("3-2-109").parent_id == room("3-2").pk


def test_things_are_added_changed_and_retired(people: People, tower: Place, as_user: As) -> None:
    client = as_user(people.alice)
    url = reverse("places:place-asset", args=[tower.pk])
    data = {
        "kind": "lift",
        "name": "Lift 1",
        "code": "L-1",
        "state": "in_use",
        "place": str(tower.pk),
        "details": "Load: 1 t",
    }
    assert client.post(url, {**data, "details": "nonsense"}, headers=HTMX).status_code == 422
    assert client.post(url, data, headers=HTMX).status_code == 204
    with use(system_scope("test")):
        lift = Asset.objects.get(code="L-1")
    assert lift.place_id == tower.pk
    assert lift.details == {"Load": "1 t"}
    page = client.get(reverse("places:asset", args=[lift.pk]))
    assert "1 t" in page.content.decode()
    change = {
        "version": lift.version,
        "name": "Lift one",
        "code": "L-1",
        "state": "stopped",
        "place_q": "3-1-101",
    }
    assert (
        client.post(reverse("places:asset-change", args=[lift.pk]), change, headers=HTMX).status_code == 204
    )
    client.post(reverse("places:asset-retire", args=[lift.pk]), {"on": "2026-01-01"})
    with use(system_scope("test")):
        lift.refresh_from_db()
    assert lift.state == "retired"
    assert lift.place_id == room("3-1-101").pk
    assert as_user(people.carol).get(reverse("places:asset", args=[lift.pk])).status_code == 404


def test_a_thing_needs_some_number(people: People, as_user: As) -> None:
    answer = as_user(people.alice).post(reverse("places:asset-new"), {"kind": "lift", "state": "in_use"})
    assert answer.status_code == 422


def test_lists_are_narrowed_by_address_and_exported(people: People, tower: Place, as_user: As) -> None:
    client = as_user(people.alice)
    rows = client.get(reverse("places:list"), {"q": "3-2-301"}).context["rows"]
    assert [one.code for one in rows] == ["3-2-301"]
    vacant = client.get(reverse("places:list"), {"kind": "room", "building": "3栋", "occupancy": "vacant"})
    assert len(vacant.context["rows"]) == 6
    export = client.get(reverse("places:list"), {"kind": "room", "export": "1"})
    assert export.headers["Content-Type"].endswith("spreadsheetml.sheet")
    things = client.get(reverse("places:assets"), {"kind": "equipment"}).context["rows"]
    assert [one.code for one in things] == ["P-1"]


def test_the_picker_offers_places_of_the_kinds_asked_for(people: People, tower: Place, as_user: As) -> None:
    client = as_user(people.alice)
    url = f"{reverse('places:pick')}?site=here&name=parent&kinds=building"
    assert "3栋" in client.get(url, {"parent_q": "3栋"} | {"site": "here", "name": "parent"}).content.decode()
    assert client.get(reverse("places:pick"), {"site": "there"}).status_code == 404
