"""Rows of sheets that people already have become places, people, vehicles and meters."""

import os
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huiyin.base.kit.scope import Actor, use
from huiyin.base.kit.service import Refused
from huiyin.base.trail.models import Event
from huiyin.engines.imports.layouts import LAYOUTS
from huiyin.engines.imports.sheets import open_table
from huiyin.engines.search.models import Entry
from huiyin.engines.search.selectors import find as search
from huiyin.records.customers import selectors, services
from huiyin.records.customers.importing import (
    Households,
    import_car,
    import_household,
    import_owner,
    import_room_of_owner,
    take_households,
)
from huiyin.records.customers.models import ContactPoint, Customer, Holding, IdentityNumber
from huiyin.records.customers.verify import CHECKS
from huiyin.records.places.importing import import_building, import_meter, import_parking, import_room
from huiyin.records.places.models import Asset, Place
from huiyin.records.places.selectors import find
from huiyin.records.places.verify import CHECKS as PLACE_CHECKS
from tests.people import BY, People

Importer = Callable[..., str]
OWNER = {
    "owner_number": "1",
    "name": "李示例",
    "kind": "owner",
    "sex": "male",
    "age": 28,
    "phone": "13800000001",
}
ROOM = {
    "building": "1",
    "unit": "1",
    "room": "1011",
    "floor": 1,
    "built_area": Decimal("94.56"),
    "kind": "residence",
}
HOUSEHOLD = {
    **ROOM,
    "state": "occupied",
    "floors": 33,
    "has_lift": True,
    "owner_name": "李示例",
    "owner_kind": "owner",
    "sex": "male",
    "phone": "13800000001",
    "identity_number": "110101199003078670",
}


def sheet(
    people: People, path: Path, layout: str, importer: Importer
) -> tuple[Counter[str], list[tuple[int, str, str]]]:
    """Import a sheet row by row; counts of outcomes, and the refusals with row and column."""
    table = open_table(path, filename=path.name, expected=LAYOUTS[layout].columns)
    counts: Counter[str] = Counter()
    refused = []
    for row in table.rows():
        assert row.ok, row.errors
        try:
            counts[importer(people.here, row.values, by=BY)] += 1
        except Refused as refusal:
            assert refusal.field in row.values, (refusal.field, row.values)
            counts["rejected"] += 1
            refused.append((row.number, refusal.field or "", refusal.code))
    return counts, refused


@pytest.fixture
def templates() -> Path:
    beside = Path(__file__).resolve().parents[5] / "shared"
    folder = Path(os.environ.get("HUIYIN_SHARED", beside)) / "data" / "property_import_templates"
    if not folder.is_dir():
        pytest.skip(f"no real input at {folder}")
    return folder


@pytest.mark.parametrize("name", ["hc.xlsx", "wy.xlsx", "hc20200610.xlsx"])
def test_workbooks_of_another_product_come_in_whole_and_a_second_time_change_nothing(
    everywhere: People, templates: Path, name: str
) -> None:
    path = templates / name
    steps: list[tuple[str, Importer]] = [
        ("hc-buildings", import_building),
        ("hc-owners", import_owner),
        ("hc-rooms", import_room_of_owner),
        ("hc-parking", import_car),
    ]
    counts = {layout: sheet(everywhere, path, layout, importer) for layout, importer in steps}
    owners = counts["hc-owners"][0]["created"]
    assert counts["hc-buildings"][0] == {"created": 26} and owners == 5
    rooms, refused = counts["hc-rooms"]
    assert rooms == {"created": 5, "rejected": 3}
    assert {(field, code) for _, field, code in refused} == {("owner_number", "no-owner")}
    assert counts["hc-parking"][0] == {"created": 1}
    assert Place.objects.filter(kind="room").count() == 5
    room = find(everywhere.here, "1-1-1011")
    assert room is not None and room.building_area == Decimal("94.56")
    assert [customer.name for customer, _ in selectors.owners_on(room)] == ["李示例"]
    events = Event.objects.count()
    again = {layout: sheet(everywhere, path, layout, importer) for layout, importer in steps}
    for layout, (before, refusals) in counts.items():
        assert again[layout] == (
            Counter({"unchanged": before["created"]}) + Counter({"rejected": before["rejected"]}),
            refusals,
        )
    assert Event.objects.count() == events
    assert all(check() == 0 for check in (*CHECKS.values(), *PLACE_CHECKS.values()))


def test_single_sheets_come_in_as_well(everywhere: People, templates: Path) -> None:
    assert sheet(everywhere, templates / "importRoom.xlsx", "hc-assets", import_household)[0] == {
        "created": 1
    }
    assert sheet(everywhere, templates / "importRoom.xlsx", "hc-assets", import_household)[0] == {
        "unchanged": 1
    }
    counts, refused = sheet(everywhere, templates / "meterMachine.xlsx", "hc-meters", import_meter)
    # The one row of this template is shifted by a column: its room is "33".
    assert counts == {"rejected": 1} and refused[0][1:] == ("room", "no-place")


def test_a_household_on_one_line_brings_room_people_and_papers(everywhere: People) -> None:
    assert import_household(everywhere.here, HOUSEHOLD, by=BY) == "created"
    assert import_household(everywhere.here, HOUSEHOLD, by=BY) == "unchanged"
    room = find(everywhere.here, "1-1-1011")
    assert room is not None and room.parent is not None
    assert (room.use, room.occupancy, room.floor) == ("residential", "self_used", "1")
    assert (room.parent.floors, room.parent.has_lift) == (33, True)
    file = selectors.file_of(room)
    person = file.household.people[0]
    assert (person.customer.name, person.phone, person.customer.birthday) == (
        "李示例",
        "13800000001",
        date(1990, 3, 7),
    )
    wife = {
        **HOUSEHOLD,
        "owner_name": "王氏",
        "owner_kind": "family",
        "phone": "13800000002",
        "identity_number": None,
    }
    assert import_household(everywhere.here, wife, by=BY) == "created"
    assert import_household(everywhere.here, wife, by=BY) == "unchanged"
    assert [p.roles for p in selectors.household(room).people] == [
        ["Owner"],
        ["Family member"],
    ] or Customer.objects.count() == 2
    second = {**HOUSEHOLD, "room": "1012"}
    assert import_household(everywhere.here, second, by=BY) == "created"
    assert Customer.objects.count() == 2
    assert [e.title for e in search("1-1-1012", kinds=["customers.customer"])] == ["李示例"]
    assert search("13800000002", kinds=["customers.customer"])[0].subtitle == "1栋1单元1011"


def test_several_owners_in_one_cell_are_several_people(everywhere: People) -> None:
    row = {**HOUSEHOLD, "owner_name": "李示例，王示例"}
    assert import_household(everywhere.here, row, by=BY) == "created"
    assert import_household(everywhere.here, row, by=BY) == "unchanged"
    room = find(everywhere.here, "1-1-1011")
    assert room is not None
    assert {customer.name for customer, _ in selectors.owners_on(room)} == {"李示例", "王示例"}
    assert selectors.duplicates_of(phone="13800000001")[0].customer.name == "李示例"


def test_people_of_a_household_find_the_rooms_of_the_owner_in_either_order(everywhere: People) -> None:
    wife = {**OWNER, "name": "王氏", "kind": "family", "phone": "13800000002"}
    with pytest.raises(Refused) as refusal:
        import_owner(everywhere.here, wife, by=BY)
    assert refusal.value.field == "owner_number"
    assert import_owner(everywhere.here, OWNER, by=BY) == "created"
    assert import_owner(everywhere.here, wife, by=BY) == "created"
    row = {**ROOM, "owner_number": "1"}
    assert import_room_of_owner(everywhere.here, row, by=BY) == "created"
    tenant = {**OWNER, "name": "陈租", "kind": "tenant", "phone": None}
    assert import_owner(everywhere.here, tenant, by=BY) == "created"
    for again in (OWNER, wife, tenant):
        assert import_owner(everywhere.here, again, by=BY) == "unchanged"
    assert import_room_of_owner(everywhere.here, row, by=BY) == "unchanged"
    room = find(everywhere.here, "1-1-1011")
    assert room is not None
    held = {(h.customer.name, h.role) for h in Holding.objects.filter(place=room)}
    assert held == {("李示例", "owner"), ("王氏", "family"), ("陈租", "tenant")}


def test_what_life_has_changed_since_is_not_undone_by_an_old_sheet(everywhere: People) -> None:
    import_owner(everywhere.here, OWNER, by=BY)
    import_room_of_owner(everywhere.here, {**ROOM, "owner_number": "1"}, by=BY)
    room = find(everywhere.here, "1-1-1011")
    assert room is not None
    Holding.objects.update(starts_on=date(2020, 1, 1))
    new = services.add_customer(everywhere.here, name="新主", by=BY)
    services.hand_over(room, owners=[services.NewOwner(new)], by=BY)
    with pytest.raises(Refused) as refusal:
        import_room_of_owner(everywhere.here, {**ROOM, "owner_number": "1"}, by=BY)
    assert (refusal.value.code, refusal.value.field) == ("differs", "owner_number")
    assert import_room(everywhere.here, ROOM, by=BY) == "unchanged"
    assert selectors.owners_on(room) == [(new, None)]


def test_a_merged_owner_is_still_found_by_the_old_number(everywhere: People) -> None:
    import_owner(everywhere.here, OWNER, by=BY)
    keep = services.add_customer(everywhere.here, name="李示例", by=BY)
    services.merge(keep, other=Customer.objects.get(code="1"), by=BY)
    assert import_owner(everywhere.here, OWNER, by=BY) == "unchanged"
    assert import_room_of_owner(everywhere.here, {**ROOM, "owner_number": "1"}, by=BY) == "created"
    assert Holding.objects.get().customer == keep


CAR = {
    "parking_area": "1",
    "space": "C0001",
    "kind": "underground",
    "area": Decimal("12.50"),
    "owner_number": "1",
    "plate": "浙A·12345",
    "car_brand": "BYD",
    "car_kind": "car",
    "car_colour": "白",
    "tenure": "let",
    "starts_on": date(2026, 1, 1),
    "ends_on": date(2026, 12, 31),
}


def test_a_parking_space_brings_its_holder_and_vehicle(everywhere: People) -> None:
    import_owner(everywhere.here, OWNER, by=BY)
    assert import_car(everywhere.here, CAR, by=BY) == "created"
    assert import_car(everywhere.here, CAR, by=BY) == "unchanged"
    space = find(everywhere.here, "C0001车位")
    assert space is not None and (space.kind, space.layout, space.building_area) == (
        "parking",
        "underground",
        Decimal("12.50"),
    )
    car = Asset.objects.get(plate="浙A12345")
    assert (car.place, car.maker, car.subtype) == (space, "BYD", "car")
    assert {(h.role, h.ends_on) for h in Holding.objects.all()} == {
        ("tenant", date(2026, 12, 31)),
        ("owner", None),
    }
    longer = {**CAR, "starts_on": date(2027, 1, 1), "ends_on": date(2027, 12, 31)}
    assert import_car(everywhere.here, longer, by=BY) == "created"
    assert import_parking(everywhere.here, CAR, by=BY) == "unchanged"
    sold = {**CAR, "space": "C0002", "plate": None, "tenure": "sold", "ends_on": date(2037, 1, 1)}
    assert import_car(everywhere.here, sold, by=BY) == "created"
    assert import_car(everywhere.here, sold, by=BY) == "unchanged"
    assert Holding.objects.get(place__name="C0002").ends_on is None


def test_a_meter_belongs_to_its_room(everywhere: People) -> None:
    import_room(everywhere.here, ROOM, by=BY)
    row = {
        "name": "1-1-1011 水表",
        "number": "1212",
        "kind": "水费",
        "mode": "read",
        "room": "1-1-1011",
        "maker": "3",
    }
    assert import_meter(everywhere.here, row, by=BY) == "created"
    assert import_meter(everywhere.here, row, by=BY) == "unchanged"
    meter = Asset.objects.get()
    assert meter.place == find(everywhere.here, "1-1-1011") and meter.details == {"mode": "read"}
    with pytest.raises(Refused) as refusal:
        import_meter(everywhere.here, {**row, "room": "9-9-999"}, by=BY)
    assert refusal.value.field == "room"


@pytest.mark.parametrize(
    ("importer", "row", "field"),
    [
        (import_room, {**ROOM, "building": ""}, "building"),
        (import_room, {**ROOM, "room": ""}, "room"),
        (import_room, {**ROOM, "room": "x" * 40}, "room"),
        (import_room, {**ROOM, "built_area": Decimal("1.234")}, "built_area"),
        (import_room, {**ROOM, "room_layout": "x" * 50}, "room_layout"),
        (import_household, {**HOUSEHOLD, "state": "unsold"}, "owner_name"),
        (import_household, {**HOUSEHOLD, "owner_kind": "tenant"}, "owner_kind"),
        (import_household, {**HOUSEHOLD, "identity_number": "110101199003078671"}, "identity_number"),
        (import_household, {**HOUSEHOLD, "phone": "12"}, "phone"),
        (import_household, {**HOUSEHOLD, "owner_name": None}, "owner_name"),
        (import_household, {**HOUSEHOLD, "owner_name": "x" * 100}, "owner_name"),
        (import_owner, {**OWNER, "owner_number": ""}, "owner_number"),
        (import_owner, {**OWNER, "phone": "nobody"}, "phone"),
        (import_owner, {**OWNER, "identity_number": "123"}, "identity_number"),
        (import_room_of_owner, {**ROOM, "owner_number": "99"}, "owner_number"),
        (import_car, {**CAR, "owner_number": "99"}, "owner_number"),
        (import_car, {**CAR, "owner_number": None}, "owner_number"),
        (import_car, {**CAR, "space": ""}, "space"),
        (import_meter, {"number": "1", "name": "m", "room": "33"}, "room"),
    ],
)
def test_a_wrong_cell_is_named_and_nothing_of_the_row_is_kept(
    everywhere: People, importer: Importer, row: dict[str, Any], field: str
) -> None:
    before = Event.objects.count()
    with pytest.raises(Refused) as refusal:
        importer(everywhere.here, row, by=BY)
    assert refusal.value.field == field, refusal.value
    assert refusal.value.message
    assert (Place.objects.count(), Customer.objects.count(), Event.objects.count()) == (0, 0, before)


def test_recorded_values_are_not_overwritten_by_a_sheet(everywhere: People) -> None:
    import_household(everywhere.here, HOUSEHOLD, by=BY)
    for row, field in (
        ({**HOUSEHOLD, "built_area": Decimal("100.00")}, "built_area"),
        ({**HOUSEHOLD, "state": "vacant"}, "state"),
        ({**HOUSEHOLD, "floors": 18}, "floors"),
    ):
        with pytest.raises(Refused) as refusal:
            import_household(everywhere.here, row, by=BY)
        assert (refusal.value.code, refusal.value.field) == ("differs", field)
    import_owner(everywhere.here, OWNER, by=BY)
    with pytest.raises(Refused, match="number-taken"):
        import_owner(everywhere.here, {**OWNER, "name": "王五"}, by=BY)


def test_importing_is_for_those_who_may(people: People) -> None:
    rows: list[tuple[Importer, dict[str, Any]]] = [
        (import_building, ROOM),
        (import_room, ROOM),
        (import_parking, CAR),
        (import_meter, {"number": "1", "name": "m", "room": "1-1-1011"}),
        (import_owner, OWNER),
        (import_room_of_owner, ROOM),
        (import_household, HOUSEHOLD),
        (import_car, CAR),
    ]
    for user in (people.bob, people.carol):
        with use(people.scope(user)):
            for importer, row in rows:
                with pytest.raises(PermissionDenied):
                    importer(people.here, row, by=people.actor(user))
    with use(people.scope(people.alice)):
        assert (
            import_household(people.here, HOUSEHOLD, by=Actor(people.alice.pk, "Alice", "import"))
            == "created"
        )


LINES = st.lists(
    st.fixed_dictionaries(
        {
            "building": st.just("1"),
            "unit": st.sampled_from(["1", "0"]),
            "room": st.sampled_from(["101", "102", ""]),
            "built_area": st.sampled_from([None, Decimal("94.56"), Decimal("90.00")]),
            "state": st.sampled_from([None, "occupied", "unsold"]),
            "floors": st.sampled_from([None, 18, 33]),
            "owner_name": st.sampled_from([None, "甲", "乙", "丙，丁"]),
            "owner_kind": st.sampled_from([None, "owner", "tenant"]),
            "phone": st.sampled_from([None, "13800000001", "13800000002", "12"]),
            "identity_number": st.sampled_from([None, "110101199003078670", "110101199003078671"]),
        }
    ),
    max_size=10,
)


def content(people: People) -> tuple[Any, ...]:
    """What is recorded, without ids and file numbers."""
    return (
        sorted(
            Place.objects.values_list("code", "parent__code", "building_area", "occupancy", "floors"),
            key=repr,
        ),
        sorted(Customer.objects.values_list("name", "birthday", "gender"), key=repr),
        sorted(ContactPoint.objects.values_list("customer__name", "normalised", "is_primary"), key=repr),
        sorted(IdentityNumber.objects.values_list("customer__name", "masked"), key=repr),
        sorted(Holding.objects.values_list("customer__name", "place__code", "role"), key=repr),
        Counter(Event.objects.filter(verb__startswith="customers.").values_list("verb", flat=True)),
        sorted(Entry.objects.filter(kind="customers.customer").values_list("title", "subtitle"), key=repr),
    )


def named(results: list[Any]) -> list[Any]:
    return [(one.code, one.field) if isinstance(one, Refused) else one for one in results]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, st.integers(1, 4))
def test_a_sheet_means_the_same_tried_in_portions_or_row_by_row(
    everywhere: People, lines: list[dict[str, Any]], size: int
) -> None:
    portions = [lines[at : at + size] for at in range(0, len(lines), size)]
    with transaction.atomic():
        before = content(everywhere)
        session = Households(everywhere.here, by=BY)
        tried = [one for portion in portions for one in named(session.take(portion))]
        assert content(everywhere) == before
        session.write()
        at_the_end = content(everywhere)
        assert all(check() == 0 for check in (*CHECKS.values(), *PLACE_CHECKS.values()))
        transaction.set_rollback(True)
    with transaction.atomic():
        in_portions = [
            one for part in portions for one in named(take_households(everywhere.here, part, by=BY))
        ]
        assert (in_portions, content(everywhere)) == (tried, at_the_end)
        again = take_households(everywhere.here, lines, by=BY)
        # A row refused before may be right now, when what it missed came after it.
        assert all(
            now == "unchanged" for now, then in zip(again, tried, strict=True) if isinstance(then, str)
        )
        transaction.set_rollback(True)
    with transaction.atomic():
        singly: list[Any] = []
        for line in lines:
            try:
                singly.append(import_household(everywhere.here, line, by=BY))
            except Refused as refusal:
                singly += named([refusal])
        assert (singly, content(everywhere)) == (tried, at_the_end)
        transaction.set_rollback(True)


def test_a_portion_of_households_takes_few_queries(
    everywhere: People, django_assert_max_num_queries: Any
) -> None:
    lines = [
        {**HOUSEHOLD, "room": str(101 + at), "owner_name": f"业主{at}", "phone": f"138{at:08d}"}
        for at in range(60)
    ]
    session = Households(everywhere.here, by=BY)
    with transaction.atomic(), django_assert_max_num_queries(7):
        assert session.take(lines) == ["created"] * 60
    take_households(everywhere.here, lines, by=BY)
    with transaction.atomic(), django_assert_max_num_queries(7):
        assert Households(everywhere.here, by=BY).take(lines) == ["unchanged"] * 60
