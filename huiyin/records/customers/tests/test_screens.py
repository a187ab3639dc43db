"""The list of customers, the files of customers and households, registers, and every command in its dialog."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.models import User
from huiyin.base.org.services import appoint, save_post
from huiyin.base.trail.models import Event
from huiyin.engines.packs import selectors as packs
from huiyin.engines.packs.services import load
from huiyin.records.customers import services
from huiyin.records.customers.finding import files_found, read_person, suspects
from huiyin.records.customers.models import ContactPoint, Customer, Holding, IdentityNumber
from huiyin.records.customers.selectors import household
from huiyin.records.places.models import Place
from huiyin.records.places.services import add_asset, add_place
from tests.people import BY, People

As = Callable[[User], Client]
HTMX = {"HX-Request": "true"}
ROOT = Path(__file__).resolve().parents[4]
CARD = "11010519491231002X"


@dataclass
class Home:
    """A room, its owner with a card and a car, and a tenant."""

    room: Place
    owner: Customer
    tenant: Customer


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def as_user() -> As:
    def client(user: User) -> Client:
        made = Client(headers={"Accept-Language": "en"})
        made.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        made.cookies["django_language"] = "en"
        return made

    return client


@pytest.fixture
def home(people: People) -> Home:
    with use(system_scope("test")):
        room = add_place(people.here, kind="room", address="3-2-501", building_area="88.5", by=BY)
        owner = services.add_customer(people.here, name="张三丰", by=BY)
        services.add_contact(owner, kind="mobile", value="13800001111", by=BY)
        services.add_identity(owner, kind="resident_id", number=CARD, by=BY)
        services.start_holding(owner, role="owner", place=room, by=BY)
        car = add_asset(people.here, kind="vehicle", plate="浙A12345", by=BY)
        services.start_holding(owner, role="driver", asset=car, by=BY)
        services.set_care(owner, code="elderly", remark="knock loudly", by=BY)
        tenant = services.add_customer(people.here, name="李四", by=BY)
        services.start_holding(tenant, role="tenant", place=room, by=BY)
        stranger = services.add_customer(people.there, name="Stranger", by=BY)
        services.add_contact(stranger, kind="mobile", value="13900001111", by=BY)
    return Home(room, owner, tenant)


def names(page: Any) -> list[str]:
    return [one.name for one in page.context["rows"]]


def fresh(row: Any) -> Any:
    with use(system_scope("test")):
        return type(row).objects.get(pk=row.pk)


@pytest.mark.parametrize(
    "typed", ["张三丰", "zhangsanfeng", "zsf", "1111", "13800001111", "浙A12345", CARD, "C000001"]
)
def test_a_customer_is_found_by_whatever_is_at_hand(
    people: People, home: Home, as_user: As, typed: str
) -> None:
    assert names(as_user(people.alice).get(reverse("customers:list"), {"q": typed})) == ["张三丰"]


def test_an_address_finds_everybody_there(people: People, home: Home, as_user: As) -> None:
    page = as_user(people.alice).get(reverse("customers:list"), {"q": "3栋2单元501", "order": "name"})
    assert sorted(names(page)) == ["张三丰", "李四"]
    assert names(as_user(people.carol).get(reverse("customers:list"), {"q": "3-2-501"})) == []


@pytest.mark.parametrize("asked, expected", [
    ({"role": "tenant"}, ["李四"]), ({"care": "any"}, ["张三丰"]),
    ({"missing": "phone"}, ["李四"]), ({"missing": "any"}, ["李四"]), ({"building": "3栋"}, ["张三丰", "李四"]),
    ({"building": "4"}, []), ({"tag": "vip"}, ["李四"]), ({"tag": "VI"}, []), ({"tier": "gold"}, ["李四"]),
    ({"old": "90"}, []), ({"kind": "company"}, []), ({"site": "here"}, ["张三丰", "李四"]),
])  # fmt: skip
def test_the_list_is_filtered(
    people: People, home: Home, as_user: As, asked: dict[str, str], expected: list[str]
) -> None:
    with use(system_scope("test")):
        services.change_customer(home.tenant, tags=["vip"], tier="gold", by=BY)
    assert sorted(names(as_user(people.alice).get(reverse("customers:list"), asked))) == sorted(expected)


def test_the_list_is_exported_masked_and_only_by_those_who_may(
    people: People, home: Home, as_user: As
) -> None:
    url = reverse("customers:list")
    answer = as_user(people.alice).get(url, {"export": "1", "columns": ["name", "phone", "papers", "homes"]})
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    text = "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row)
    assert "张三丰" in text
    assert "13800001111" not in text
    assert "0000" not in text
    assert CARD[6:14] not in text
    with use(system_scope("test")):
        looks = save_post(
            None, code="looks", name="looks", level="site", permissions=["customers.view"], by=BY
        )
        appoint(people.here.unit, user=people.bob, post=looks, by=BY)
    assert as_user(people.bob).get(url).status_code == 200
    assert as_user(people.bob).get(url, {"export": "1"}).status_code == 403


def test_a_household_is_one_page(people: People, home: Home, as_user: As) -> None:
    page = as_user(people.alice).get(reverse("customers:household", args=[home.room.pk]))
    text = page.content.decode()
    for word in (
        "张三丰",
        "李四",
        "13800001111",
        "浙A12345",
        "knock loudly",
        "never checked",
    ):
        assert word in text
    assert CARD not in text
    assert "Emergency contact" in text


def test_a_household_needs_the_same_few_queries_however_many_people(
    people: People, home: Home, as_user: As, django_assert_max_num_queries: Any
) -> None:
    client = as_user(people.alice)
    url = reverse("customers:household", args=[home.room.pk])
    client.get(url)
    with django_assert_max_num_queries(25):
        client.get(url)
    with use(system_scope("test")):
        for number in range(12):
            more = services.add_customer(people.here, name=f"王{number}", by=BY)
            services.start_holding(more, role="family", place=home.room, by=BY)
    with django_assert_max_num_queries(25):
        client.get(url)
    with django_assert_max_num_queries(25):
        client.get(reverse("customers:customer", args=[home.owner.pk]))
    with django_assert_max_num_queries(14):
        client.get(reverse("customers:list"))


def test_opening_a_file_is_noted_once_an_hour(people: People, home: Home, as_user: As) -> None:
    client = as_user(people.alice)
    for _twice in range(2):
        client.get(reverse("customers:household", args=[home.room.pk]))
        client.get(reverse("customers:customer", args=[home.owner.pk]))
    with use(system_scope("test")):
        looked = Event.objects.filter(verb="customers.looked_up", actor=people.alice)
        assert sorted(one.root_type for one in looked) == ["customers.customer", "places.place"]


PAGES = ("household", "household-print", "household-person", "hand-over")
FILE = (
    "customer", "customer-print", "change", "note", "check", "contact-add", "paper-add", "holding-start", "care-set",
    "care-end", "consent-give", "consent-withdraw", "merge", "unmerge",
)  # fmt: skip


def test_without_the_right_there_is_nothing_and_other_sites_have_no_files(
    people: People, home: Home, as_user: As
) -> None:
    urls = [reverse(f"customers:{name}", args=[home.room.pk]) for name in PAGES]
    urls += [reverse(f"customers:{name}", args=[home.owner.pk]) for name in FILE]
    for name in ("list", "new", "pick", "pick-held", "care", "duplicates"):
        assert as_user(people.bob).get(reverse(f"customers:{name}")).status_code == 403
    assert {as_user(people.bob).get(url).status_code for url in urls} == {403}
    assert {as_user(people.carol).get(url).status_code for url in urls} == {404}
    assert {as_user(people.alice).get(url).status_code for url in urls} == {200}


@pytest.fixture
def flags(people: People) -> Iterator[None]:
    """The special care that the base pack knows."""
    packs.forget()
    with use(system_scope("test")):
        load([ROOT / "packs" / code for code in ("base", "property")], by=BY)
    yield
    packs.forget()


@pytest.mark.usefixtures("flags")
def test_the_list_is_filtered_by_one_kind_of_care(people: People, home: Home, as_user: As) -> None:
    client = as_user(people.alice)
    assert names(client.get(reverse("customers:list"), {"care": "elderly"})) == ["张三丰"]
    assert names(client.get(reverse("customers:list"), {"care": "sick"})) == []


@pytest.mark.usefixtures("flags")
def test_what_is_for_staff_only_is_not_printed_nor_is_a_number(
    people: People, home: Home, as_user: As
) -> None:
    with use(system_scope("test")):
        services.set_care(home.owner, code="vip", remark="chairman's friend", by=BY)
    client = as_user(people.alice)
    on_screen = client.get(reverse("customers:household", args=[home.room.pk])).content.decode()
    assert "chairman&#x27;s friend" in on_screen
    for url in (
        reverse("customers:household-print", args=[home.room.pk]),
        reverse("customers:customer-print", args=[home.owner.pk]),
    ):
        paper = client.get(url).content.decode()
        assert "knock loudly" in paper
        assert "chairman" not in paper
        assert CARD not in paper
        assert "110105" in paper  # the masked form


def test_a_number_is_revealed_for_a_reason_and_on_record(people: People, home: Home, as_user: As) -> None:
    with use(system_scope("test")):
        paper = IdentityNumber.objects.get(customer=home.owner)
    url = reverse("customers:paper-reveal", args=[paper.pk])
    client = as_user(people.alice)
    assert CARD not in client.get(url, headers=HTMX).content.decode()
    assert client.post(url, {"reason": ""}, headers=HTMX).status_code == 422
    shown = client.post(url, {"reason": "title office asks"}, headers=HTMX)
    assert CARD in shown.content.decode()
    assert shown.headers["Cache-Control"] == "no-store"
    with use(system_scope("test")):
        event = Event.objects.get(verb="customers.revealed")
    assert event.actor_id == people.alice.pk
    assert event.data["reason"] == "title office asks"
    assert CARD not in str(event.data)
    with use(system_scope("test")):
        looks = save_post(
            None, code="looks", name="looks", level="site", permissions=["customers.view"], by=BY
        )
        appoint(people.here.unit, user=people.bob, post=looks, by=BY)
    assert as_user(people.bob).get(url).status_code == 403
    assert as_user(people.bob).post(url, {"reason": "curious"}).status_code == 403
    assert as_user(people.carol).get(url).status_code == 404


def test_a_file_is_opened_with_everything_in_one_step(people: People, home: Home, as_user: As) -> None:
    client = as_user(people.alice)
    data = {"name": "王五", "kind": "person", "phone": "13700002222", "place_q": "3-2-501", "role": "family",
            "identity_kind": "resident_id", "identity": ""}  # fmt: skip
    answer = client.post(reverse("customers:new"), data, headers=HTMX)
    assert answer.status_code == 204
    with use(system_scope("test")):
        made = Customer.objects.get(name="王五")
        assert Holding.objects.get(customer=made).place_id == home.room.pk
        assert ContactPoint.objects.get(customer=made).value == "13700002222"
    assert answer.headers["HX-Redirect"] == reverse("customers:customer", args=[made.pk])


def test_who_may_have_a_file_already_is_shown_before_a_second_is_opened(
    people: People, home: Home, as_user: As
) -> None:
    client = as_user(people.alice)
    data = {"name": "张三丰", "kind": "person", "identity_kind": "resident_id"}
    warned = client.post(reverse("customers:new"), data, headers=HTMX)
    assert warned.status_code == 422
    assert home.owner.code in warned.content.decode()
    assert client.post(reverse("customers:new"), {**data, "sure": "on"}, headers=HTMX).status_code == 204
    with use(system_scope("test")):
        assert Customer.objects.filter(name="张三丰").count() == 2


@pytest.mark.parametrize("wrong", [
    {"name": ""}, {"phone": "12"}, {"identity": "110105194912310021"}, {"place_q": "3-2-501"}, {"place_q": "99-9-999"},
    {"place_q": "浙A12345", "role": "driver"},
])  # fmt: skip
def test_half_a_file_is_never_opened(people: People, home: Home, as_user: As, wrong: dict[str, str]) -> None:
    data = {"name": "王五", "kind": "person", "identity_kind": "resident_id", **wrong}
    assert as_user(people.alice).post(reverse("customers:new"), data, headers=HTMX).status_code == 422
    with use(system_scope("test")):
        assert not Customer.objects.filter(name="王五").exists()


def test_a_household_gets_a_new_person_by_name_and_phone_alone(
    people: People, home: Home, as_user: As
) -> None:
    url = reverse("customers:household-person", args=[home.room.pk])
    client = as_user(people.alice)
    data = {"person_q": "王五 137 0000 2222", "role": "family", "starts_on": "2026-01-01"}
    assert client.post(url, data, headers=HTMX).status_code == 204
    known = {"person": str(home.tenant.pk), "role": "emergency_contact", "starts_on": "2026-01-01"}
    assert client.post(url, known, headers=HTMX).status_code == 204
    with use(system_scope("test")):
        people_there = {one.customer.name: one.roles for one in household(home.room).people}
    assert people_there["王五"] == ["Family member"]
    assert people_there["李四"] == ["Tenant", "Emergency contact"]
    twice = client.post(url, known, headers=HTMX)
    assert twice.status_code == 422


def test_a_place_goes_to_new_owners_in_one_step(people: People, home: Home, as_user: As) -> None:
    url = reverse("customers:hand-over", args=[home.room.pk])
    client = as_user(people.alice)
    data = {
        "on": "2999-01-01",
        "owner_1_q": "王五 13700002222",
        "share_1": "60",
        "owner_2_q": "赵六",
        "share_2": "60",
    }
    too_much = client.post(url, data, headers=HTMX)
    assert too_much.status_code == 422
    with use(system_scope("test")):
        assert not Customer.objects.filter(name="王五").exists()
    answer = client.post(url, {**data, "share_2": "40", "reason": "sale"}, headers=HTMX)
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == reverse("customers:household", args=[home.room.pk])
    with use(system_scope("test")):
        rows = Holding.objects.filter(place=home.room, voided_at=None).select_related("customer")
        told = {(one.customer.name, one.role, str(one.starts_on), str(one.ends_on)) for one in rows}
    assert ("王五", "co_owner", "2999-01-01", "None") in told
    assert ("赵六", "co_owner", "2999-01-01", "None") in told
    assert any(name == "张三丰" and end == "2998-12-31" for name, _role, _start, end in told)
    assert any(name == "李四" and end == "None" for name, _role, _start, end in told)


def test_the_first_hand_over_is_recorded_with_the_place(people: People, home: Home, as_user: As) -> None:
    with use(system_scope("test")):
        empty = add_place(people.here, kind="room", address="3-2-601", by=BY)
    url = reverse("customers:hand-over", args=[empty.pk])
    as_user(people.alice).post(url, {"on": "2026-03-01", "owner_1": str(home.tenant.pk)})
    assert str(fresh(empty).handed_over_on) == "2026-03-01"


@pytest.mark.parametrize("name, data, field, expected", [
    ("change", {"version": 0, "name": "张三", "kind": "person", "tags": "vip、熟客", "profile": "饮食：清淡"}, "profile", {"饮食": "清淡"}),
    ("note", {"note": "prefers mornings"}, "note", "prefers mornings"),
    ("check", {"on": "2026-01-02"}, "checked_on", "2026-01-02"),
])  # fmt: skip
def test_data_are_changed_noted_and_checked(
    people: People, home: Home, as_user: As, name: str, data: dict[str, Any], field: str, expected: Any
) -> None:
    if "version" in data:
        data = {**data, "version": fresh(home.owner).version}
    answer = as_user(people.alice).post(
        reverse(f"customers:{name}", args=[home.owner.pk]), data, headers=HTMX
    )
    assert answer.status_code == 204, answer.content.decode()
    value = getattr(fresh(home.owner), field)
    assert (value if isinstance(expected, dict) else str(value)) == expected


def test_contacts_and_papers_are_added_changed_and_ended(people: People, home: Home, as_user: As) -> None:
    client = as_user(people.alice)

    def post(name: str, pk: int, **data: Any) -> int:
        return client.post(reverse(f"customers:{name}", args=[pk]), data, headers=HTMX).status_code

    assert post("contact-add", home.tenant.pk, kind="mobile", value="no number") == 422
    assert post("contact-add", home.tenant.pk, kind="mobile", value="13600003333") == 204
    with use(system_scope("test")):
        contact = ContactPoint.objects.get(customer=home.tenant)
    assert post("contact-change", contact.pk, label="office", is_primary="on") == 204
    assert post("contact-end", contact.pk, on="2026-06-01") == 204
    assert fresh(contact).label == "office"
    assert str(fresh(contact).valid_to) == "2026-06-01"
    assert post("paper-add", home.tenant.pk, kind="resident_id", number="123") == 422
    assert post("paper-add", home.tenant.pk, kind="passport", number="E12345678") == 204
    with use(system_scope("test")):
        paper = IdentityNumber.objects.get(customer=home.tenant)
    assert post("paper-remove", paper.pk, reason="") == 422
    assert post("paper-remove", paper.pk, reason="wrong person") == 204
    with use(system_scope("test")):
        assert not IdentityNumber.objects.filter(customer=home.tenant).exists()


def test_holdings_are_started_ended_and_corrected(people: People, home: Home, as_user: As) -> None:
    client = as_user(people.alice)

    def post(name: str, pk: int, **data: Any) -> int:
        return client.post(reverse(f"customers:{name}", args=[pk]), data, headers=HTMX).status_code

    assert (
        post("holding-start", home.tenant.pk, held_q="浙A12345", role="driver", starts_on="2026-01-01") == 204
    )
    with use(system_scope("test")):
        held = Holding.objects.get(customer=home.tenant, role="driver")
    assert post("holding-correct", held.pk, role="driver", starts_on="2026-02-01", reason="") == 422
    assert (
        post("holding-correct", held.pk, role="driver", starts_on="2026-02-01", reason="typing error") == 204
    )
    with use(system_scope("test")):
        right = Holding.objects.get(customer=home.tenant, role="driver", voided_at=None)
    assert str(right.starts_on) == "2026-02-01"
    assert post("holding-end", right.pk, on="2026-01-15") == 422
    assert post("holding-end", right.pk, on="2026-03-15") == 204
    assert str(fresh(right).ends_on) == "2026-03-15"


def test_care_and_consents_are_noted_and_end(people: People, home: Home, as_user: As) -> None:
    client = as_user(people.alice)

    def post(name: str, **data: Any) -> int:
        return client.post(
            reverse(f"customers:{name}", args=[home.tenant.pk]), data, headers=HTMX
        ).status_code

    assert post("care-set", code="sick", since="2026-01-01", remark="asthma") == 204
    assert [one["code"] for one in fresh(home.tenant).care] == ["sick"]
    page = client.get(reverse("customers:customer", args=[home.tenant.pk])).content.decode()
    assert "asthma" in page
    assert post("care-end", code="sick", on="2026-02-01") == 204
    assert fresh(home.tenant).care[0]["until"] == "2026-02-01"
    assert post("care-end", code="nothing", on="2026-02-01") == 422
    assert post("consent-give", purpose="text messages", on="2026-01-01") == 204
    assert post("consent-give", purpose="text messages", on="2026-01-01") == 422
    assert post("consent-withdraw", purpose="text messages", on="2026-02-01") == 204
    assert fresh(home.tenant).consents[0]["withdrawn_on"] == "2026-02-01"


def test_two_files_are_compared_merged_and_made_two_again(people: People, home: Home, as_user: As) -> None:
    with use(system_scope("test")):
        twin = services.add_customer(people.here, name="张三丰", by=BY)
        services.add_contact(twin, kind="mobile", value="13800001111", by=BY)
        assert [set(one.customers) for one in suspects(people.here)] == [{home.owner, twin}]
    client = as_user(people.alice)
    listed = client.get(reverse("customers:duplicates")).content.decode()
    assert twin.code in listed
    url = f"{reverse('customers:merge', args=[home.owner.pk])}?other={twin.pk}"
    shown = client.get(url, headers=HTMX).content.decode()
    assert home.owner.code in shown
    assert twin.code in shown
    assert client.post(url, {"other": str(twin.pk), "reason": "same phone"}, headers=HTMX).status_code == 204
    assert fresh(twin).merged_into_id == home.owner.pk
    page = client.get(reverse("customers:customer", args=[twin.pk])).content.decode()
    assert reverse("customers:customer", args=[home.owner.pk]) in page
    assert client.get(reverse("customers:customer-print", args=[twin.pk])).status_code == 200
    assert names(client.get(reverse("customers:list"), {"q": "1111"})) == ["张三丰"]
    undone = client.post(reverse("customers:unmerge", args=[twin.pk]), {"reason": ""}, headers=HTMX)
    assert undone.status_code == 204
    assert fresh(twin).merged_into_id is None


def test_files_of_two_people_are_not_merged(people: People, home: Home, as_user: As) -> None:
    url = f"{reverse('customers:merge', args=[home.owner.pk])}?other={home.tenant.pk}"
    with use(system_scope("test")):
        services.add_identity(home.tenant, kind="resident_id", number="440308199901101512", by=BY)
    refused = as_user(people.alice).post(url, {"other": str(home.tenant.pk)}, headers=HTMX)
    assert refused.status_code == 422
    assert "two people" in refused.content.decode()


def test_a_form_never_leads_out_of_the_house(people: People, home: Home, as_user: As) -> None:
    client = as_user(people.alice)
    for away in ("https://example.org/", "//example.org", "javascript:alert(1)"):
        url = f"{reverse('customers:check', args=[home.owner.pk])}?next={away}"
        answer = client.post(url, {"on": "2026-01-01"}, headers=HTMX)
        assert answer.headers["HX-Redirect"] == reverse("customers:customer", args=[home.owner.pk])
    back = reverse("customers:household", args=[home.room.pk])
    url = f"{reverse('customers:check', args=[home.owner.pk])}?next={back}"
    assert client.post(url, {"on": "2026-01-02"}, headers=HTMX).headers["HX-Redirect"] == back


def test_the_care_register_lists_who_needs_what(people: People, home: Home, as_user: As) -> None:
    client = as_user(people.alice)
    text = client.get(reverse("customers:care")).content.decode()
    assert "张三丰" in text
    assert "knock loudly" in text
    assert client.get(reverse("customers:care"), {"care": "sick"}).context["lines"] == []


def test_the_picker_offers_people_of_the_site_and_a_new_file(people: People, home: Home, as_user: As) -> None:
    client = as_user(people.alice)
    asked = {"site": "here", "name": "person", "new": "1", "person_q": "王五 13700002222"}
    text = client.get(reverse("customers:pick"), asked).content.decode()
    assert 'value="new"' in text
    assert "13700002222" in text
    found = client.get(reverse("customers:pick"), {**asked, "person_q": "张三丰"}).content.decode()
    assert f'value="{home.owner.pk}"' in found
    assert (
        "Stranger"
        not in client.get(
            reverse("customers:pick"), {**asked, "site": "there", "person_q": "Stranger"}
        ).content.decode()
    )
    held = client.get(reverse("customers:pick-held"), {"site": "here", "name": "held", "held_q": "3-2-501"})
    assert f'value="p{home.room.pk}"' in held.content.decode()


@pytest.mark.parametrize("typed, name, phone", [
    ("王五 13700002222", "王五", "13700002222"), ("王五 137 0000 2222", "王五", "137 0000 2222"), ("Wang Wu", "Wang Wu", ""),
    ("13700002222", "", "13700002222"), ("", "", ""), ("王五 12", "王五 12", ""),
])  # fmt: skip
def test_a_name_and_a_number_are_told_apart(typed: str, name: str, phone: str) -> None:
    read = read_person(typed)
    assert (read.name, read.phone) == (name, phone)


def test_a_name_or_a_number_alone_makes_nobody_suspect(people: People, home: Home) -> None:
    with use(system_scope("test")):
        services.add_customer(people.here, name="张三丰", by=BY)
        wife = services.add_customer(people.here, name="周芷若", by=BY)
        services.add_contact(wife, kind="mobile", value="13800001111", by=BY)
        assert suspects(people.here) == []
        assert files_found(Customer.objects.all(), "nobody at all").count() == 0
