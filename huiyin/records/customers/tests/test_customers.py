"""Customers: data, contacts, special care, consents, who may what."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from huiyin.base.kit.moment import moved_to, now, today
from huiyin.base.kit.scope import OutOfReach, use
from huiyin.base.kit.service import Refused
from huiyin.base.trail.models import Event
from huiyin.base.trail.selectors import history
from huiyin.engines.search.selectors import find as search
from huiyin.records.customers import selectors, services
from huiyin.records.customers.models import ContactPoint, Customer
from huiyin.records.places.services import add_place
from tests.people import BY, People


def customer(people: People, name: str = "张三丰", **fields: Any) -> Customer:
    return services.add_customer(people.here, name=name, by=BY, **fields)


def phone(one: Customer, value: str, **fields: Any) -> ContactPoint:
    return services.add_contact(one, kind="mobile", value=value, by=BY, **fields)


def test_files_are_numbered_per_site(everywhere: People) -> None:
    codes = [customer(everywhere, name).code for name in ("张三", "李四")]
    there = services.add_customer(everywhere.there, name="王五", by=BY)
    assert [*codes, there.code] == ["C000001", "C000002", "C000001"]
    with pytest.raises(Refused) as refusal:
        customer(everywhere, "赵六", code="C000001")
    assert refusal.value.field == "code"


def test_a_change_keeps_old_and_new_values(everywhere: People) -> None:
    one = customer(everywhere, tier="A")
    services.change_customer(one, name=" 张 三疯 ", tier="A", birthday=date(1990, 3, 7), by=BY)
    event = history(one).last()
    assert event.data["old"] == {"name": "张三丰", "birthday": None}
    assert event.data["new"] == {"name": "张 三疯", "birthday": "1990-03-07"}
    assert Customer.objects.get(pk=one.pk).name_key == "张三疯"


def test_of_two_people_changing_a_file_the_slower_one_is_told(everywhere: People) -> None:
    one = customer(everywhere)
    stale = Customer.objects.get(pk=one.pk)
    services.change_customer(one, note="first", by=BY)
    with pytest.raises(Refused, match="changed-meanwhile"):
        services.change_customer(stale, note="second", by=BY)
    with pytest.raises(Refused, match="changed-meanwhile"):
        services.change_customer(one, version=1, note="third", by=BY)
    assert Customer.objects.get(pk=one.pk).note == "first"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("gender", "x"),
        ("tags", "vip"),
        ("tags", [""]),
        ("profile", {"job": 3}),
        ("kind", "robot"),
    ],
)
def test_impossible_values_are_refused_with_their_field(everywhere: People, field: str, value: Any) -> None:
    one = customer(everywhere)
    with pytest.raises(Refused) as refusal:
        services.change_customer(one, by=BY, **{field: value})
    assert (refusal.value.code, refusal.value.field) == ("invalid", field)


@pytest.mark.parametrize(
    ("kind", "value", "normalised", "tail"),
    [
        ("mobile", "138 0013-8000", "13800138000", "8000"),
        ("mobile", "+86 13800138000", "13800138000", "8000"),
        ("mobile", "１３８００１３８０００", "13800138000", "8000"),
        ("phone", "0571-88888888转801", "057188888888", "8888"),
        ("phone", "95598", "95598", "5598"),
        ("phone", "8801", "8801", "8801"),
        ("mobile", "+852 6123 4567", "+85261234567", "4567"),
        ("email", "Zhang@Example.COM", "zhang@example.com", ""),
        ("wechat", "Zhang_San", "zhang_san", ""),
        ("address", "杭州市 文一路 1号", "杭州市 文一路 1号", ""),
    ],
)
def test_contacts_are_compared_in_one_spelling(
    everywhere: People, kind: str, value: str, normalised: str, tail: str
) -> None:
    contact = services.add_contact(customer(everywhere), kind=kind, value=value, by=BY)
    assert (contact.normalised, contact.tail4, contact.is_primary) == (normalised, tail, True)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("mobile", "12345"),
        ("mobile", "057188888888"),
        ("phone", "abc"),
        ("email", "nobody"),
        ("wechat", " "),
        ("fax", "1"),
    ],
)
def test_what_is_no_such_contact_is_refused(everywhere: People, kind: str, value: str) -> None:
    one = customer(everywhere)
    with pytest.raises(Refused) as refusal:
        services.add_contact(one, kind=kind, value=value, by=BY)
    assert refusal.value.field in ("value", "kind")
    assert not ContactPoint.objects.exists()


def test_only_one_number_is_the_first_choice(everywhere: People) -> None:
    one = customer(everywhere)
    first, second = phone(one, "13800138000"), phone(one, "13900139000", is_primary=True)
    first.refresh_from_db()
    assert (first.is_primary, second.is_primary) == (False, True)
    services.change_contact(first, is_primary=True, label="夜间", by=BY)
    second.refresh_from_db()
    assert (first.is_primary, second.is_primary) == (True, False)
    with pytest.raises(Refused, match="contact-exists"):
        phone(one, "+86 138 0013 8000")


def test_a_number_given_to_somebody_else_finds_the_new_holder_first(everywhere: People) -> None:
    day = today()
    old, new = customer(everywhere, "旧主"), customer(everywhere, "新主")
    number = phone(old, "13800138000", valid_from=day - timedelta(days=900))
    services.end_contact(number, on=day - timedelta(days=100), reason="number given up", by=BY)
    phone(new, "13800138000", valid_from=day - timedelta(days=30))
    cards = selectors.card_for_phone("13800138000")
    assert [(card.person.customer, card.current) for card in cards] == [(new, True), (old, False)]
    phone(old, "13800138000", valid_from=day)
    cards = selectors.card_for_phone("138-0013-8000")
    assert [(card.person.customer, card.current) for card in cards] == [(old, True), (new, True)]


def test_the_card_shows_people_units_and_special_care(
    everywhere: People, django_assert_max_num_queries: Any
) -> None:
    one = customer(everywhere)
    phone(one, "13800138000")
    room = add_place(everywhere.here, kind="room", address="3-2-501", by=BY)
    services.start_holding(one, role="owner", place=room, by=BY)
    services.set_care(one, code="elderly", remark="lives alone", by=BY)
    for text in ("13800138000", "8000", "138000", "38 000", "+86 138 0013 8000"):
        with django_assert_max_num_queries(4):
            cards = selectors.card_for_phone(text)
        assert [card.person.customer for card in cards] == [one]
    person = selectors.card_for_phone("8000")[0].person
    assert (person.phone, person.places, [flag.code for flag in person.care]) == (
        "13800138000",
        [room],
        ["elderly"],
    )
    for text in ("", "800", "abcd", "9999", "张三"):
        assert selectors.card_for_phone(text) == []


def test_special_care_is_in_force_in_its_days(everywhere: People) -> None:
    one = customer(everywhere)
    day = today()
    services.set_care(
        one, code="pregnant", since=day - timedelta(days=60), until=day + timedelta(days=60), by=BY
    )
    services.set_care(one, code="elderly", since=day + timedelta(days=1), by=BY)
    services.set_care(one, code="elderly", since=day + timedelta(days=1), by=BY)
    assert [flag.code for flag in selectors.care_of([one])] == ["pregnant"]
    assert [flag.code for flag in selectors.care_of([one], day + timedelta(days=61))] == ["elderly"]
    services.end_care(one, code="pregnant", on=day - timedelta(days=1), by=BY)
    assert selectors.care_register(everywhere.here) == []
    assert [c for c, _ in selectors.care_register(day=day + timedelta(days=2))] == [one]
    assert Event.objects.filter(verb="customers.care_set").count() == 2
    for wrong in ({"code": " "}, {"code": "elderly", "since": day, "until": day - timedelta(days=1)}):
        with pytest.raises(Refused):
            services.set_care(one, by=BY, **wrong)
    with pytest.raises(Refused):
        services.end_care(one, code="deaf", by=BY)


def test_consents_are_given_and_withdrawn_on_record(everywhere: People) -> None:
    one = customer(everywhere)
    services.give_consent(one, purpose="sms", remark="signed form", by=BY)
    with pytest.raises(Refused, match="consented"):
        services.give_consent(one, purpose="sms", by=BY)
    services.withdraw_consent(one, purpose="sms", by=BY)
    with pytest.raises(Refused, match="no-consent"):
        services.withdraw_consent(one, purpose="sms", by=BY)
    services.give_consent(one, purpose="sms", by=BY)
    assert [bool(consent["withdrawn_on"]) for consent in one.consents] == [True, False]


def test_missing_fields_and_old_data_are_made_visible(everywhere: People) -> None:
    with moved_to(now() - timedelta(days=400)):
        old = customer(everywhere, "老客户")
    fresh = customer(everywhere, "新客户", gender="female", birthday=date(1990, 3, 7))
    phone(fresh, "13800138000")
    assert selectors.file_of_customer(old).missing == ["phone", "identity", "gender", "birthday", "holding"]
    assert selectors.file_of_customer(old).days_old == 400
    assert selectors.file_of_customer(fresh).missing == ["identity", "holding"]
    assert list(selectors.incomplete(everywhere.here, lacking="phone")) == [old]
    figures = selectors.completeness(everywhere.here)
    assert (figures.files, figures.complete, figures.lacking["phone"], figures.lacking["identity"]) == (
        2,
        0,
        1,
        2,
    )
    assert list(selectors.stale(365)) == [old]
    services.check_data(old, by=BY)
    assert list(selectors.stale(365)) == []
    assert selectors.file_of_customer(old).days_old == 0
    company = customer(everywhere, "某公司", kind="company")
    assert "representative" in selectors.file_of_customer(company).missing


def test_the_search_box_finds_people_by_name_pinyin_phone_and_room(everywhere: People) -> None:
    one = customer(everywhere)
    phone(one, "13800138000")
    room = add_place(everywhere.here, kind="room", address="3-2-501", by=BY)
    services.start_holding(one, role="owner", place=room, by=BY)
    services.add_identity(one, kind="resident_id", number="110101199003078670", by=BY)
    for text in ("张三丰", "zsf", "zhangsan", "8000", "13800138000", "3-2-501", "3栋2单元501", "C000001"):
        assert one.pk in [e.subject_id for e in search(text, kinds=["customers.customer"])], text
    for text in ("110101199003078670", "8670"):
        assert search(text, kinds=["customers.customer"]) == []
    assert selectors.with_identity("110101199003078670") == [one]


def test_looking_at_a_file_is_on_record_once_an_hour(everywhere: People) -> None:
    one = customer(everywhere)
    services.look_up(one, by=BY)
    services.look_up(one, by=BY)
    with moved_to(now() + timedelta(hours=2)):
        services.look_up(one, by=BY)
    assert Event.objects.filter(verb="customers.looked_up", root_id=one.pk).count() == 2


def test_customers_are_read_and_written_only_by_those_who_may_and_where_they_may(people: People) -> None:
    with use(people.scope(people.alice)):
        alice = people.actor(people.alice)
        one = services.add_customer(people.here, name="张三", by=alice)
        two = services.add_customer(people.here, name="张三", by=alice)
        contact = services.add_contact(one, kind="mobile", value="13800138000", by=alice)
        paper = services.add_identity(one, kind="resident_id", number="110101199003078670", by=alice)
        room = add_place(people.here, kind="room", address="3-2-501", by=alice)
        held = services.start_holding(one, role="owner", place=room, by=alice)
        with pytest.raises(PermissionDenied):
            services.add_customer(people.there, name="王五", by=alice)
    commands = [
        lambda by: services.add_customer(people.here, name="x", by=by),
        lambda by: services.change_customer(one, note="x", by=by),
        lambda by: services.check_data(one, by=by),
        lambda by: services.set_care(one, code="elderly", by=by),
        lambda by: services.end_care(one, code="elderly", by=by),
        lambda by: services.give_consent(one, purpose="sms", by=by),
        lambda by: services.withdraw_consent(one, purpose="sms", by=by),
        lambda by: services.add_contact(one, kind="mobile", value="13900139000", by=by),
        lambda by: services.change_contact(contact, label="x", by=by),
        lambda by: services.end_contact(contact, by=by),
        lambda by: services.add_identity(one, kind="other", number="AB12", by=by),
        lambda by: services.remove_identity(paper, reason="x", by=by),
        lambda by: services.reveal(paper, reason="reason", by=by),
        lambda by: services.reseal(None, by=by),
        lambda by: services.look_up(one, by=by),
        lambda by: services.merge(one, other=two, by=by),
        lambda by: services.unmerge(two, by=by),
        lambda by: services.start_holding(two, role="tenant", place=room, by=by),
        lambda by: services.end_holding(held, by=by),
        lambda by: services.correct_holding(held, reason="x", role="tenant", by=by),
        lambda by: services.hand_over(room, owners=[services.NewOwner(two)], by=by),
    ]
    for user in (people.bob, people.carol):
        with use(people.scope(user)):
            for command in commands:
                with pytest.raises((PermissionDenied, OutOfReach)):
                    command(people.actor(user))
            assert selectors.card_for_phone("13800138000") == []
            assert selectors.household(room).people == []
            assert not selectors.owners_on(room) and not selectors.who_lives(room)
            assert (
                selectors.duplicates_of(name="张三", phone="13800138000", identity="110101199003078670") == []
            )
            assert not selectors.file_of_customer(one).contacts
            assert not selectors.stale(0).exists()
    with use(people.scope(people.carol)):
        assert not Customer.objects.exists()
        assert search("张三") == []
