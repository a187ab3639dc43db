"""Making one file of two, and two of one again."""

from datetime import date
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huiyin.base.kit.service import Refused
from huiyin.base.trail.selectors import history
from huiyin.engines.search.selectors import find as search
from huiyin.records.customers import selectors, services
from huiyin.records.customers.models import ContactPoint, Customer, Holding, IdentityNumber
from huiyin.records.customers.verify import CHECKS
from huiyin.records.places.services import add_place
from tests.people import BY, People

COLUMNS = {
    Customer: ("pk", "name", "merged_into_id", "care", "tags", "code", "has_care"),
    ContactPoint: ("pk", "customer_id", "value", "is_primary", "valid_from", "valid_to", "label"),
    IdentityNumber: ("pk", "customer_id", "blind", "masked", "verified"),
    Holding: ("pk", "customer_id", "place_id", "role", "share", "starts_on", "ends_on", "voided_at"),
}


def everything() -> dict[str, list[Any]]:
    return {
        model.__name__: list(model.objects.order_by("pk").values_list(*columns))
        for model, columns in COLUMNS.items()
    }


def household_of_duplicates(people: People, number: int) -> list[Customer]:
    room = add_place(people.here, kind="room", address="3-2-501", by=BY)
    made = []
    for at in range(number):
        one = services.add_customer(people.here, name=f"张{at}", by=BY)
        services.add_contact(one, kind="mobile", value=f"1380013800{at}", by=BY)
        services.add_contact(one, kind="mobile", value="13900139000", by=BY)
        services.add_identity(one, kind="passport", number=f"E1234567{at % 2}", by=BY)
        services.start_holding(one, role="tenant", place=room, starts_on=date(2026, 1, 1 + at), by=BY)
        services.set_care(one, code=f"care-{at}", by=BY)
        made.append(one)
    return made


def test_everything_goes_to_the_file_that_stays_and_the_other_points_there(everywhere: People) -> None:
    keep, gone = household_of_duplicates(everywhere, 2)
    services.merge(keep, other=gone, reason="same person", by=BY)
    gone.refresh_from_db()
    assert gone.merged_into == keep
    assert (
        not gone.contactpoints.exists() and not gone.holdings.exists() and not gone.identitynumbers.exists()
    )
    assert (keep.contactpoints.count(), keep.holdings.count()) == (4, 2)
    assert selectors.family_of(keep) == [keep, gone]
    assert selectors.root_of(gone) == keep
    file = selectors.file_of_customer(gone)
    assert (file.customer, file.merged) == (keep, [gone])
    assert [flag.code for flag in file.care] == ["care-0", "care-1"]
    assert [card.person.customer for card in selectors.card_for_phone("13800138001")] == [keep]
    assert [e.subject_id for e in search("张1", kinds=["customers.customer"])] == [keep.pk]
    assert [d.customer for d in selectors.duplicates_of(name="张1")] == []
    for one in (keep, gone):
        assert history(one).last().verb == "customers.merged"


def test_undoing_a_merge_is_its_exact_inverse(everywhere: People) -> None:
    for keep, gone in [(0, 1), (1, 0)]:
        with transaction.atomic():
            made = household_of_duplicates(everywhere, 2)
            before = everything()
            services.merge(made[keep], other=made[gone], by=BY)
            assert everything() != before
            services.unmerge(made[gone], by=BY)
            assert everything() == before
            transaction.set_rollback(True)


def test_a_merged_file_takes_no_more_entries(everywhere: People) -> None:
    keep, gone = household_of_duplicates(everywhere, 2)
    services.merge(keep, other=gone, by=BY)
    for command in (
        lambda: services.change_customer(gone, note="x", by=BY),
        lambda: services.add_contact(gone, kind="mobile", value="13700137000", by=BY),
        lambda: services.add_identity(gone, kind="other", number="AB123", by=BY),
        lambda: services.start_holding(
            gone, role="owner", place=keep.holdings.get(starts_on=date(2026, 1, 1)).place, by=BY
        ),
        lambda: services.set_care(gone, code="x", by=BY),
        lambda: services.merge(gone, other=keep, by=BY),
        lambda: services.merge(keep, other=gone, by=BY),
    ):
        gone.refresh_from_db()
        with pytest.raises(Refused, match="merged"):
            command()


def test_only_two_files_of_one_kind_and_site_are_merged(everywhere: People) -> None:
    one, two = household_of_duplicates(everywhere, 2)
    company = services.add_customer(everywhere.here, name="某公司", kind="company", by=BY)
    there = services.add_customer(everywhere.there, name="张0", by=BY)
    for other, code in ((one, "not-two"), (company, "kinds"), (there, "not-two")):
        with pytest.raises(Refused, match=code):
            services.merge(one, other=other, by=BY)
    services.add_identity(one, kind="resident_id", number="110101199003078670", by=BY)
    services.add_identity(two, kind="resident_id", number="430302199312194239", by=BY)
    with pytest.raises(Refused, match="two-people"):
        services.merge(one, other=two, by=BY)
    with pytest.raises(Refused, match="not-merged"):
        services.unmerge(two, by=BY)


def test_what_was_corrected_after_merging_goes_back_as_well(everywhere: People) -> None:
    keep, gone = household_of_duplicates(everywhere, 2)
    services.merge(keep, other=gone, by=BY)
    theirs = keep.holdings.get(starts_on=date(2026, 1, 2))
    right = services.correct_holding(theirs, starts_on=date(2026, 1, 5), reason="lease", by=BY)
    again = services.correct_holding(right, starts_on=date(2026, 1, 6), reason="lease", by=BY)
    added = services.add_contact(keep, kind="mobile", value="13700137000", by=BY)
    services.unmerge(gone, reason="two brothers", by=BY)
    again.refresh_from_db()
    added.refresh_from_db()
    assert (again.customer, added.customer) == (gone, keep)
    assert [e.subject_id for e in search("张1", kinds=["customers.customer"])] == [gone.pk]


def test_merging_is_undone_from_the_outside_in(everywhere: People) -> None:
    a, b, c = household_of_duplicates(everywhere, 3)
    services.merge(b, other=c, by=BY)
    services.merge(a, other=b, by=BY)
    assert selectors.family_of(a) == [a, b, c]
    assert [flag.code for flag in selectors.file_of_customer(c).care] == ["care-0", "care-1", "care-2"]
    with pytest.raises(Refused, match="merged-on"):
        services.unmerge(c, by=BY)
    b.refresh_from_db()
    services.unmerge(b, by=BY)
    assert selectors.family_of(b) == [b, c]
    c.refresh_from_db()
    services.unmerge(c, by=BY)
    assert [one.contactpoints.count() for one in (a, b, c)] == [2, 2, 2]


STEPS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), min_size=1, max_size=8)


@pytest.fixture
def four(everywhere: People) -> list[Customer]:
    return household_of_duplicates(everywhere, 4)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_merging_and_undoing_in_any_order_ends_where_it_began(
    four: list[Customer], steps: list[tuple[int, int, bool]]
) -> None:
    with transaction.atomic():
        before = everything()
        for keep, other, undo in steps:
            one, two = (Customer.objects.get(pk=four[at].pk) for at in (keep, other))
            snapshot = everything()
            try:
                if undo:
                    services.unmerge(two, by=BY)
                else:
                    services.merge(one, other=two, by=BY)
                    two.refresh_from_db()
                    assert two.merged_into == one
            except Refused:
                assert everything() == snapshot
        assert all(check() == 0 for check in CHECKS.values())
        while merged := list(
            Customer.objects.filter(merged_into__isnull=False, merged_into__merged_into=None)
        ):
            for one in merged:
                services.unmerge(one, by=BY)
        assert everything() == before
        transaction.set_rollback(True)
