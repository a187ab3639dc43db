"""Holdings: who stood to a place, when it was so and when it was known."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huiyin.base.kit.moment import moved_to, now, today
from huiyin.base.kit.service import Refused
from huiyin.base.trail.models import Event
from huiyin.records.customers import selectors, services
from huiyin.records.customers.models import Customer, Holding
from huiyin.records.customers.services import NewOwner
from huiyin.records.customers.verify import CHECKS
from huiyin.records.places.models import Place
from huiyin.records.places.services import add_asset, add_place
from tests.people import BY, People


@pytest.fixture
def room(everywhere: People) -> Place:
    return add_place(everywhere.here, kind="room", address="3-2-501", by=BY)


def person(people: People, name: str) -> Customer:
    return services.add_customer(people.here, name=name, by=BY)


def test_shares_above_a_hundred_percent_on_one_day_are_refused(everywhere: People, room: Place) -> None:
    one, two, three = (person(everywhere, name) for name in ("甲", "乙", "丙"))
    day = date(2026, 1, 1)
    services.start_holding(one, role="co_owner", place=room, share=Decimal(60), starts_on=day, by=BY)
    services.start_holding(
        two, role="co_owner", place=room, share=Decimal(40), starts_on=day, ends_on=date(2026, 6, 30), by=BY
    )
    with pytest.raises(Refused) as refusal:
        services.start_holding(
            three, role="co_owner", place=room, share=Decimal("0.0001"), starts_on=date(2026, 6, 30), by=BY
        )
    assert (refusal.value.code, refusal.value.field) == ("shares", "share")
    services.start_holding(
        three, role="co_owner", place=room, share=Decimal(40), starts_on=date(2026, 7, 1), by=BY
    )
    assert [c for c, _ in selectors.owners_on(room, date(2026, 6, 30))] == [one, two]
    assert [c for c, _ in selectors.owners_on(room, date(2026, 7, 1))] == [one, three]


def test_impossible_holdings_are_refused(everywhere: People, room: Place) -> None:
    one = person(everywhere, "甲")
    elsewhere = add_place(everywhere.there, kind="room", address="3-2-501", by=BY)
    lift = add_asset(everywhere.here, kind="lift", code="L1", by=BY)
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("no-thing", {"role": "owner"}),
        ("no-thing", {"role": "owner", "place": room, "asset": lift}),
        ("wrong-site", {"role": "owner", "place": elsewhere}),
        (
            "period",
            {"role": "owner", "place": room, "starts_on": today(), "ends_on": today() - timedelta(days=1)},
        ),
        ("share", {"role": "tenant", "place": room, "share": Decimal(50)}),
        ("share", {"role": "owner", "place": room, "share": Decimal(0)}),
        ("share", {"role": "owner", "place": room, "share": Decimal(101)}),
        ("invalid", {"role": "king", "place": room}),
    ]
    for code, fields in wrong:
        with pytest.raises(Refused) as refusal:
            services.start_holding(one, by=BY, **fields)
        assert refusal.value.code == code, fields
    services.start_holding(one, role="owner", place=room, starts_on=date(2026, 1, 1), by=BY)
    with pytest.raises(Refused, match="holds-already"):
        services.start_holding(one, role="owner", place=room, starts_on=date(2025, 1, 1), by=BY)
    services.start_holding(
        one, role="owner", place=room, starts_on=date(2025, 1, 1), ends_on=date(2025, 12, 31), by=BY
    )
    services.start_holding(one, role="emergency_contact", place=room, by=BY)


def test_a_hand_over_ends_the_old_owners_and_starts_the_new_in_one_step(
    everywhere: People, room: Place
) -> None:
    old, wife, tenant, new, son = (person(everywhere, name) for name in ("旧", "妻", "租", "新", "子"))
    services.start_holding(old, role="owner", place=room, starts_on=date(2020, 1, 1), by=BY)
    services.start_holding(wife, role="family", place=room, starts_on=date(2020, 1, 1), by=BY)
    lease: dict[str, Any] = {"starts_on": date(2025, 1, 1), "ends_on": date(2027, 12, 31)}
    services.start_holding(tenant, role="tenant", place=room, by=BY, **lease)
    started = services.hand_over(
        room,
        owners=[NewOwner(new, Decimal(70)), NewOwner(son, Decimal(30))],
        on=date(2026, 3, 1),
        reason="sale",
        by=BY,
    )
    assert [one.role for one in started] == ["co_owner", "co_owner"]
    assert selectors.owners_on(room, date(2026, 2, 28)) == [(old, None)]
    assert selectors.owners_on(room, date(2026, 3, 1)) == [(new, Decimal(70)), (son, Decimal(30))]
    assert {p.customer for p in selectors.household(room, date(2026, 3, 1)).people} == {tenant, new, son}
    assert selectors.who_lives(room, date(2026, 3, 1)) == [tenant]
    assert selectors.who_lives(room, date(2024, 1, 1)) == [old, wife]
    assert selectors.who_lives(room, date(2019, 1, 1)) == []
    event = Event.objects.get(verb="customers.handed_over")
    assert (event.root_id, event.data["owners"], event.data["on"]) == (room.pk, ["新", "子"], "2026-03-01")
    with pytest.raises(Refused, match="later-owner"):
        services.hand_over(room, owners=[NewOwner(old)], on=date(2026, 3, 1), by=BY)
    with pytest.raises(Refused, match="owners"):
        services.hand_over(room, owners=[], by=BY)
    with pytest.raises(Refused, match="owners"):
        services.hand_over(room, owners=[NewOwner(old), NewOwner(old)], by=BY)


def test_a_refused_hand_over_leaves_everything_as_it_was(everywhere: People, room: Place) -> None:
    old, new, third = (person(everywhere, name) for name in ("旧", "新", "三"))
    services.start_holding(old, role="owner", place=room, starts_on=date(2020, 1, 1), by=BY)
    with pytest.raises(Refused, match="shares"):
        services.hand_over(room, owners=[NewOwner(new, Decimal(70)), NewOwner(third, Decimal(40))], by=BY)
    assert selectors.owners_on(room) == [(old, None)]
    assert Holding.objects.get().ends_on is None
    assert not Event.objects.filter(verb="customers.holding_ended").exists()


def test_an_owner_may_stay_with_another_share(everywhere: People, room: Place) -> None:
    one, two = person(everywhere, "甲"), person(everywhere, "乙")
    services.start_holding(
        one, role="owner", place=room, share=Decimal(100), starts_on=date(2020, 1, 1), by=BY
    )
    services.hand_over(
        room, owners=[NewOwner(one, Decimal(50)), NewOwner(two, Decimal(50))], on=date(2026, 1, 1), by=BY
    )
    assert dict(selectors.owners_on(room, date(2025, 12, 31))) == {one: Decimal(100)}
    assert dict(selectors.owners_on(room, date(2026, 1, 1))) == {one: Decimal(50), two: Decimal(50)}


def test_the_household_is_known_as_it_was_known_then(everywhere: People, room: Place) -> None:
    one, two = person(everywhere, "甲"), person(everywhere, "乙")

    def at(month: int) -> datetime:
        return datetime(2026, month, 1, 4, tzinfo=UTC)

    with moved_to(at(1)):
        first = services.start_holding(one, role="owner", place=room, starts_on=date(2020, 1, 1), by=BY)
    with moved_to(at(3)):
        services.end_holding(first, on=date(2025, 12, 31), reason="sold, told late", by=BY)
        second = services.start_holding(two, role="owner", place=room, starts_on=date(2026, 1, 1), by=BY)
    with moved_to(at(5)):
        services.correct_holding(second, starts_on=date(2026, 2, 1), reason="deed shows February", by=BY)

    def owners(day: date, known: datetime | None = None) -> list[Customer]:
        return [p.customer for p in selectors.household(room, day, known=known).people]

    assert owners(date(2026, 1, 15), at(2)) == [one]
    assert owners(date(2026, 1, 15), at(4)) == [two]
    assert owners(date(2026, 1, 15)) == []
    assert owners(date(2026, 2, 15)) == [two]
    assert owners(date(2026, 2, 15), at(1) - timedelta(hours=1)) == []


def test_a_correction_keeps_the_wrong_entry_with_its_reason(everywhere: People, room: Place) -> None:
    one = person(everywhere, "甲")
    wrong = services.start_holding(one, role="tenant", place=room, starts_on=date(2026, 1, 1), by=BY)
    with pytest.raises(Refused, match="required"):
        services.correct_holding(wrong, role="owner", reason="", by=BY)
    right = services.correct_holding(wrong, role="owner", share=Decimal(100), reason="mistyped", by=BY)
    assert (right.corrects, right.role) == (wrong, "owner")
    assert services.correct_holding(right, role="owner", reason="same", by=BY) == right
    with pytest.raises(Refused, match="voided"):
        services.correct_holding(wrong, role="family", reason="again", by=BY)
    event = Event.objects.get(verb="customers.holding_corrected")
    assert (event.data["old"]["role"], event.data["new"]["role"], event.data["reason"]) == (
        "tenant",
        "owner",
        "mistyped",
    )
    ended = services.end_holding(right, on=date(2026, 6, 30), by=BY)
    later = services.end_holding(ended, on=date(2026, 9, 30), reason="stayed longer", by=BY)
    assert (later.ends_on, later.corrects) == (date(2026, 9, 30), ended)
    with pytest.raises(Refused, match="period"):
        services.end_holding(later, on=date(2025, 1, 1), reason="x", by=BY)


def test_the_file_of_a_household_is_one_page_in_few_queries(
    everywhere: People, room: Place, django_assert_max_num_queries: Any
) -> None:
    old, one, driver = (person(everywhere, name) for name in ("旧", "甲", "司机"))
    services.start_holding(old, role="owner", place=room, starts_on=date(2020, 1, 1), by=BY)
    services.hand_over(room, owners=[NewOwner(one)], on=date(2025, 1, 1), by=BY)
    services.start_holding(driver, role="agent", place=room, by=BY)
    for number in range(5):
        services.add_contact(one, kind="mobile", value=f"1380013800{number}", by=BY)
    car = add_asset(everywhere.here, kind="vehicle", plate="浙A12345", by=BY)
    meter = add_asset(everywhere.here, kind="meter", code="W1", place=room, by=BY)
    services.start_holding(one, role="owner", asset=car, by=BY)
    with django_assert_max_num_queries(7):
        file = selectors.file_of(room)
    assert [p.customer for p in file.household.people] == [one, driver]
    assert [h.customer for h in file.past] == [old]
    assert (file.assets, [h.asset for h in file.vehicles]) == ([meter], [car])
    assert file.missing == ["building_area", "use", "occupancy", "emergency_contact"]
    with django_assert_max_num_queries(5):
        own = selectors.file_of_customer(one)
    assert {h.place_id or h.asset_id for h in own.current} == {room.pk, car.pk}
    assert own.past == []


OWNERSHIPS = st.lists(
    st.tuples(
        st.integers(0, 3), st.sampled_from(["owner", "co_owner", "tenant"]), st.integers(0, 12),
        st.one_of(st.none(), st.integers(0, 12)), st.one_of(st.none(), st.integers(1, 110)),
    ),
    max_size=8,
)  # fmt: skip


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(OWNERSHIPS)
def test_whatever_is_entered_no_day_has_more_than_a_hundred_percent(
    everywhere: People, room: Place, entered: list[tuple[int, str, int, int | None, int | None]]
) -> None:
    base = date(2026, 1, 1)
    with transaction.atomic():
        people = [person(everywhere, f"人{number}") for number in range(4)]
        for who, role, start, length, share in entered:
            period: dict[str, Any] = {"starts_on": base + timedelta(days=start)}
            if length is not None:
                period["ends_on"] = period["starts_on"] + timedelta(days=length)
            try:
                services.start_holding(
                    people[who],
                    role=role,
                    place=room,
                    share=Decimal(share) if share else None,
                    by=BY,
                    **period,
                )
            except Refused as refusal:
                assert refusal.code in ("share", "shares", "holds-already")
        for day in (base + timedelta(days=number) for number in range(-1, 26, 3)):
            owners = selectors.owners_on(room, day)
            assert sum(share or 0 for _, share in owners) <= 100
            assert len({customer for customer, _ in owners}) <= 4
        assert all(check() == 0 for check in CHECKS.values())
        transaction.set_rollback(True)


def test_the_checks_find_what_was_broken_behind_the_services(everywhere: People, room: Place) -> None:
    one, two = person(everywhere, "甲"), person(everywhere, "乙")
    services.add_contact(one, kind="mobile", value="13800138000", by=BY)
    services.add_identity(one, kind="resident_id", number="110101199003078670", by=BY)
    for who, share in ((one, 60), (two, 40)):
        services.start_holding(who, role="co_owner", place=room, share=Decimal(share), by=BY)
    assert {name: check() for name, check in CHECKS.items()} == dict.fromkeys(CHECKS, 0)
    Holding.objects.filter(customer=two).update(share=Decimal(41))
    one.contactpoints.update(tail4="0001")
    one.identitynumbers.update(blind="0" * 64)
    Customer.objects.filter(pk=one.pk).update(name_key="x", merged_into=two)
    broken = {name for name, check in CHECKS.items() if check()}
    assert broken == {
        "shares",
        "contacts",
        "identities",
        "names",
        "merged",
    }
    assert now() > datetime(2020, 1, 1, tzinfo=UTC)
