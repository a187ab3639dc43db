"""Places: the tree, addresses, occupancy."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from huiyin.base.kit.moment import today
from huiyin.base.kit.scope import OutOfReach, use
from huiyin.base.kit.service import Refused
from huiyin.base.trail.models import Event
from huiyin.base.trail.selectors import history
from huiyin.engines.search.selectors import find as search
from huiyin.records.places import selectors, services
from huiyin.records.places.models import Place
from tests.people import BY, People


def room(people: People, address: str = "3-2-501", **fields: Any) -> Place:
    return services.add_place(people.here, kind="room", address=address, by=BY, **fields)


def above(place: Place) -> Place:
    assert place.parent is not None
    return place.parent


def test_a_room_brings_its_building_and_entrance_with_it(everywhere: People) -> None:
    place = room(everywhere, building_area=Decimal("94.56"), use="residential")
    assert [one.name for one in selectors.ancestors(place)] == ["3栋", "3栋2单元"]
    assert (place.name, place.code, place.key) == ("3栋2单元501", "3-2-501", "3|2|501")
    assert place.path == f"/{place.parent.parent_id}/{place.parent_id}/"
    other = room(everywhere, "3栋2单元502室")
    assert other.parent == place.parent
    assert Place.objects.count() == 4


@pytest.mark.parametrize(
    "text",
    [
        "3-2-501",
        "三栋二单元501",
        "3栋2单元501室",
        "３－２－５０１",
        "3#2单元501",
        " 3-2-501 ",
        "3-501",
        "三栋501",
    ],
)
def test_a_room_is_found_however_people_say_it(everywhere: People, text: str) -> None:
    place = room(everywhere)
    room(everywhere, "3-1-502")
    assert selectors.find(everywhere.here, text) == place


def test_a_room_said_without_entrance_is_found_only_where_one_can_be_meant(everywhere: People) -> None:
    first, second = room(everywhere, "3-1-501"), room(everywhere, "3-2-501")
    assert selectors.find(everywhere.here, "3-501") is None
    assert selectors.matches("3-501") == [first, second]


def test_shops_without_entrance_keep_zero_in_their_code(everywhere: People) -> None:
    shop = room(everywhere, "3-0-101")
    assert (shop.code, shop.name, shop.unit) == ("3-0-101", "3栋101", "")
    assert selectors.find(everywhere.here, "3-101") == shop
    assert selectors.find(everywhere.here, "3-0-101") == shop


def test_buildings_with_letters_entrances_and_other_places_are_found(everywhere: People) -> None:
    tower = services.add_place(everywhere.here, kind="building", address="A座", by=BY)
    entrance = services.add_place(everywhere.here, kind="unit", address="3-2", by=BY)
    lot = services.add_place(everywhere.here, kind="parking_lot", name="地下停车场", code="P1", by=BY)
    space = services.add_place(
        everywhere.here, kind="parking", name="B1-023", parent=lot, floor="B1", code="023", by=BY
    )
    pump = services.add_place(everywhere.here, kind="equipment_room", name="水泵房", parent=tower, by=BY)
    assert tower.name == "A座"
    assert selectors.find(everywhere.here, "A座") == tower
    assert selectors.find(everywhere.here, "3栋2单元") == entrance
    assert selectors.find(everywhere.here, "3-2") == entrance
    assert selectors.find(everywhere.here, "B1-023车位") == space
    assert selectors.find(everywhere.here, "水泵房") == pump
    assert (pump.building, list(selectors.children(tower))) == ("A", [pump])


def test_rooms_stand_in_natural_order(everywhere: People) -> None:
    for address in ("10-1-101", "2-1-1001", "2-1-201", "2-2-101"):
        room(everywhere, address)
    buildings = list(selectors.children(everywhere.here))
    assert [one.code for one in buildings] == ["2", "10"]
    assert [one.code for one in selectors.households_under(buildings[0])] == [
        "2-1-201",
        "2-1-1001",
        "2-2-101",
    ]
    assert selectors.counts(everywhere.here) == {"building": 2, "unit": 3, "room": 4}
    assert selectors.counts(buildings[1]) == {"unit": 1, "room": 1}


def test_the_same_address_cannot_be_added_twice(everywhere: People) -> None:
    room(everywhere)
    with pytest.raises(Refused, match="exists") as refusal:
        room(everywhere, "三栋二单元501")
    assert refusal.value.field == "address"
    services.add_place(everywhere.there, kind="room", address="3-2-501", by=BY)


@pytest.mark.parametrize("address", ["", "501", "hello", "3-2", "2021-05-06-07", "13800000000"])
def test_what_is_no_address_of_a_room_is_refused(everywhere: People, address: str) -> None:
    with pytest.raises(Refused) as refusal:
        room(everywhere, address)
    assert (refusal.value.code, refusal.value.field) == ("no-address", "address")
    assert not Place.objects.exists()


def test_impossible_values_are_refused_with_their_field(everywhere: People) -> None:
    wrong: dict[str, Any] = {
        "building_area": Decimal("-1"),
        "use": "castle",
        "inner_area": Decimal("1.234"),
    }
    for field, value in wrong.items():
        with pytest.raises(Refused) as refusal:
            room(everywhere, **{field: value})
        assert refusal.value.code == "invalid"
    assert not Place.objects.exists()


def test_a_place_stands_only_where_its_kind_belongs(everywhere: People) -> None:
    place = room(everywhere)
    with pytest.raises(Refused, match="wrong-level"):
        services.add_place(everywhere.here, kind="building", address="9", parent=place, by=BY)
    with pytest.raises(Refused, match="wrong-level"):
        services.add_place(everywhere.here, kind="floor", name="5", by=BY)
    with pytest.raises(Refused, match="wrong-level"):
        services.add_place(everywhere.there, kind="public_area", name="Hall", parent=place.parent, by=BY)


def test_a_change_is_kept_with_old_and_new_values(everywhere: People) -> None:
    place = room(everywhere, building_area=Decimal("94.56"))
    services.change_place(place, building_area=Decimal("108.00"), reason="survey 2026-11", by=BY)
    services.change_place(place, building_area=Decimal("108.00"), by=BY)
    events = [event for event in history(place) if event.verb == "places.changed"]
    assert [event.data for event in events] == [
        {"old": {"building_area": "94.56"}, "new": {"building_area": "108.00"}, "reason": "survey 2026-11"}
    ]


def test_of_two_people_changing_a_place_the_slower_one_is_told(everywhere: People) -> None:
    place = room(everywhere)
    stale = Place.objects.get(pk=place.pk)
    services.change_place(place, remark="one", by=BY)
    with pytest.raises(Refused, match="changed-meanwhile"):
        services.change_place(stale, remark="two", by=BY)
    with pytest.raises(Refused, match="changed-meanwhile"):
        services.change_place(place, remark="three", version=1, by=BY)
    assert Place.objects.get(pk=place.pk).remark == "one"


def test_an_area_moved_carries_everything_under_it(everywhere: People) -> None:
    zone = services.add_place(everywhere.here, kind="zone", name="一期", by=BY)
    place = room(everywhere)
    building = selectors.ancestors(place)[0]
    services.move_place(building, parent=zone, by=BY)
    place.refresh_from_db()
    assert [one.name for one in selectors.ancestors(place)] == ["一期", "3栋", "3栋2单元"]
    assert list(selectors.households_under(zone)) == [place]
    with pytest.raises(Refused, match=r"wrong-level|circle"):
        services.move_place(zone, parent=building, by=BY)
    with pytest.raises(Refused, match="address-decides"):
        services.move_place(place, parent=zone, by=BY)
    services.move_place(building, parent=None, by=BY)
    place.refresh_from_db()
    assert place.path == f"/{building.pk}/{place.parent_id}/"


def test_a_room_with_another_address_moves_under_another_entrance(everywhere: People) -> None:
    place = room(everywhere)
    services.readdress(place, address="4-1-502", by=BY)
    assert (place.name, place.key, place.parent.code) == ("4栋1单元502", "4|1|502", "4-1")
    assert selectors.find(everywhere.here, "三栋二单元501") is None
    other = room(everywhere, "5-1-101")
    with pytest.raises(Refused):
        services.readdress(other, address="4-1-502", by=BY)
    other.refresh_from_db()
    assert other.key == "5|1|101"


def test_occupancy_keeps_its_dated_history(everywhere: People) -> None:
    place = room(everywhere, occupancy="unsold")
    day = today()
    services.set_occupancy(place, occupancy="vacant", on=day - timedelta(days=30), by=BY)
    services.set_occupancy(place, occupancy="self_used", on=day - timedelta(days=2), remark="moved in", by=BY)
    services.set_occupancy(place, occupancy="self_used", by=BY)
    assert [(one.old, one.new) for one in selectors.occupancy_history(place)] == [
        ("unsold", "vacant"),
        ("vacant", "self_used"),
    ]
    with pytest.raises(Refused, match="day-to-come"):
        services.set_occupancy(place, occupancy="let", on=day + timedelta(days=1), by=BY)
    with pytest.raises(Refused, match="no-occupancy"):
        services.set_occupancy(above(place), occupancy="let", by=BY)
    with pytest.raises(Refused, match="invalid"):
        services.set_occupancy(place, occupancy="haunted", by=BY)


def test_occupancy_figures_add_up(everywhere: People) -> None:
    states = ["vacant", "unsold", "self_used", "let", ""]
    for number, state in enumerate(states):
        room(everywhere, f"3-1-{number + 1}01", occupancy=state, building_area=Decimal("100.00"))
    room(everywhere, "10-1-101", occupancy="let")
    rows = selectors.occupancy(everywhere.here)
    assert [(row.building, row.total, row.empty, row.known) for row in rows] == [
        ("3", 5, 2, 4),
        ("10", 1, 0, 1),
    ]
    assert (rows[0].vacancy, rows[0].area, rows[0].empty_area) == (Decimal("0.5"), Decimal(500), Decimal(200))
    total = selectors.total_of(rows)
    assert (total.total, total.vacancy) == (6, Decimal("0.4"))
    building = selectors.find(everywhere.here, "10栋")
    assert building is not None
    assert [row.building for row in selectors.occupancy(place=building)] == ["10"]


def test_a_place_in_use_below_cannot_be_closed(everywhere: People) -> None:
    place = room(everywhere)
    with pytest.raises(Refused, match="still-used"):
        services.close_place(above(place), by=BY)
    services.close_place(place, reason="demolished", by=BY)
    services.close_place(above(place), by=BY)
    assert place.closed_on == today()
    with pytest.raises(Refused, match="parent-closed"):
        services.reopen_place(place, by=BY)
    with pytest.raises(Refused, match="parent-closed"):
        room(everywhere, "3-2-502")
    services.reopen_place(above(place), by=BY)
    services.reopen_place(place, by=BY)
    assert Place.objects.get(pk=place.pk).closed_on is None


def test_the_search_box_finds_a_place(everywhere: People) -> None:
    place = room(everywhere)
    services.add_place(everywhere.here, kind="equipment_room", name="消防泵房", by=BY)
    assert place.pk in [one.subject_id for one in search("3栋2单元501", kinds=["places.place"])]
    assert [one.title for one in search("xfbf", kinds=["places.place"])] == ["消防泵房"]


def test_places_are_written_only_by_those_who_may_and_where_they_may(people: People) -> None:
    with use(people.scope(people.alice)):
        place = services.add_place(people.here, kind="room", address="3-2-501", by=people.actor(people.alice))
        with pytest.raises(PermissionDenied):
            services.add_place(people.there, kind="room", address="3-2-501", by=people.actor(people.alice))
    commands = [
        lambda by: services.add_place(people.here, kind="room", address="9-1-101", by=by),
        lambda by: services.change_place(place, remark="x", by=by),
        lambda by: services.readdress(place, address="9-1-102", by=by),
        lambda by: services.move_place(above(above(place)), parent=None, by=by),
        lambda by: services.set_occupancy(place, occupancy="let", by=by),
        lambda by: services.close_place(place, by=by),
        lambda by: services.reopen_place(place, by=by),
        lambda by: services.add_asset(people.here, kind="lift", name="L1", by=by),
    ]
    for user in (people.bob, people.carol):
        with use(people.scope(user)):
            for command in commands:
                with pytest.raises((PermissionDenied, OutOfReach)):
                    command(people.actor(user))
    with use(people.scope(people.carol)):
        assert not Place.objects.exists()
        assert selectors.matches("3-2-501") == []
        assert selectors.occupancy() == []
        assert not Event.objects.filter(verb="places.added").exists()
    with use(people.scope(people.bob)):
        assert selectors.find(people.here, "3-2-501") == place


def test_finding_children_and_figures_take_few_queries(
    everywhere: People, django_assert_max_num_queries
) -> None:
    place = room(everywhere)
    building = selectors.ancestors(place)[0]
    with django_assert_max_num_queries(1):
        assert selectors.find(everywhere.here, "三栋二单元501") == place
    with django_assert_max_num_queries(1):
        selectors.ancestors(place)
    with django_assert_max_num_queries(1):
        list(selectors.households_under(building))
    with django_assert_max_num_queries(1):
        selectors.occupancy(everywhere.here)


def test_a_hand_over_day_is_kept_as_a_day(everywhere: People) -> None:
    place = room(everywhere, handed_over_on=date(2024, 5, 1))
    assert Place.objects.get(pk=place.pk).handed_over_on == date(2024, 5, 1)
