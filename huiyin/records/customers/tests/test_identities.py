"""Identity numbers: checked, sealed, found again, masked, revealed on record."""

import json
import logging
import re
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from huiyin.base.kit.moment import now
from huiyin.base.kit.service import Refused
from huiyin.base.org import totp
from huiyin.base.org.models import SecondFactor, User
from huiyin.base.org.services import pass_second_factor
from huiyin.base.trail.models import Event
from huiyin.records.customers import sealing, selectors, services
from huiyin.records.customers.models import Customer, IdentityNumber
from huiyin.records.customers.papers import paper_of
from tests.people import BY, People

CARD = "110101199003078670"


@pytest.fixture
def one(everywhere: People) -> Customer:
    return services.add_customer(everywhere.here, name="张三", by=BY)


def test_a_number_is_stored_sealed_and_shown_masked(one: Customer) -> None:
    paper = services.add_identity(one, kind="resident_id", number=" 110101 19900307 8670", by=BY)
    assert (paper.masked, str(paper), paper.verified) == ("110101********8670", "110101********8670", True)
    assert one.birthday == date(1990, 3, 7) and one.gender == "male"
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM customers_identitynumber")
        assert CARD not in str(cursor.fetchall())
        cursor.execute("SELECT data FROM trail_event")
        assert CARD not in str(cursor.fetchall())


def test_revealing_needs_a_reason_and_is_on_record(one: Customer, caplog: pytest.LogCaptureFixture) -> None:
    paper = services.add_identity(one, kind="resident_id", number=CARD, by=BY)
    with caplog.at_level(logging.DEBUG), pytest.raises(Refused, match="required"):
        services.reveal(paper, reason=" ", by=BY)
    with caplog.at_level(logging.DEBUG, logger="huiyin"):
        assert services.reveal(paper, reason="title certificate", by=BY) == CARD
    event = Event.objects.get(verb="customers.revealed")
    assert (event.root_id, event.data["reason"]) == (one.pk, "title certificate")
    assert CARD not in json.dumps(event.data)
    assert CARD not in "".join(r.getMessage() for r in caplog.records if r.name.startswith("huiyin"))


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("resident_id", "440308199901101513"),
        ("resident_id", "44030819990110"),
        ("resident_id", "990101199003078670"),
        ("resident_id", "110101209003078670"),
        ("resident_id", ""),
        ("uscc", "123"),
        ("passport", "E 12"),
        ("other", "x"),
        ("driving_licence", "12345"),
    ],
)
def test_a_wrong_number_is_refused_with_the_reason(one: Customer, kind: str, number: str) -> None:
    with pytest.raises(Refused) as refusal:
        services.add_identity(one, kind=kind, number=number, by=BY)
    assert refusal.value.message and refusal.value.field in ("number", "kind")
    assert not IdentityNumber.objects.exists()


def test_a_wrong_number_is_kept_only_on_express_wish_with_a_remark(one: Customer) -> None:
    wrong = "440308199901101513"
    with pytest.raises(Refused):
        services.add_identity(one, kind="resident_id", number=wrong, unverified=True, by=BY)
    paper = services.add_identity(
        one, kind="resident_id", number=wrong, unverified=True, remark="as printed on the old card", by=BY
    )
    assert not paper.verified and one.birthday is None
    assert selectors.with_identity(wrong) == [one]


def test_the_same_number_is_kept_once_and_found_at_other_customers(one: Customer, everywhere: People) -> None:
    first = services.add_identity(one, kind="resident_id", number=CARD, by=BY)
    assert services.add_identity(one, kind="resident_id", number=CARD, by=BY) == first
    other = services.add_customer(everywhere.here, name="张 三", by=BY)
    services.add_identity(other, kind="resident_id", number=CARD, by=BY)
    services.add_contact(other, kind="mobile", value="13800138000", by=BY)
    found = selectors.duplicates_of(name="张三", phone="138 0013 8000", identity=CARD)
    assert [(d.customer, d.reasons) for d in found] == [
        (other, ("identity", "phone", "name")),
        (one, ("identity", "name")),
    ]
    assert [d.customer for d in selectors.duplicates_of(identity=CARD, besides=one)] == [other]
    assert selectors.duplicates_of(identity="110101199003078", name="", phone="") == []
    assert selectors.duplicates_of() == []


def test_an_old_card_of_fifteen_digits_is_the_same_as_its_new_number(one: Customer) -> None:
    services.add_identity(one, kind="resident_id", number="610104620927690", by=BY)
    assert one.birthday == date(1962, 9, 27)
    full = paper_of("resident_id", "610104620927690").same_as
    assert len(full) == 18 and paper_of("resident_id", full).wrong is None
    assert selectors.with_identity(full) == [one]


def test_a_number_taken_away_leaves_only_its_mask(one: Customer) -> None:
    paper = services.add_identity(one, kind="resident_id", number=CARD, by=BY)
    with pytest.raises(Refused):
        services.remove_identity(paper, reason=" ", by=BY)
    services.remove_identity(paper, reason="belongs to the brother", by=BY)
    assert not IdentityNumber.objects.exists()
    assert Event.objects.get(verb="customers.identity_removed").data["masked"] == "110101********8670"


def test_keys_can_be_changed_without_losing_a_number(one: Customer, settings: Any) -> None:
    paper = services.add_identity(one, kind="resident_id", number=CARD, by=BY)
    old = settings.FIELD_KEY
    settings.FIELD_KEY = f"a-new-key,{old}"
    assert services.reveal(paper, reason="reason", by=BY) == CARD
    assert selectors.with_identity(CARD) == [one]
    assert services.add_identity(one, kind="resident_id", number=CARD, by=BY) == paper
    assert (services.reseal(None, by=BY), services.reseal(None, by=BY)) == (1, 0)
    settings.FIELD_KEY = "a-new-key"
    paper.refresh_from_db()
    assert services.reveal(paper, reason="reason", by=BY) == CARD
    assert selectors.with_identity(CARD) == [one]
    settings.FIELD_KEY = old
    with pytest.raises(Refused, match="key-missing"):
        services.reveal(paper, reason="reason", by=BY)


def test_the_command_seals_numbers_and_second_factors_again(one: Customer, settings: Any) -> None:
    paper = services.add_identity(one, kind="resident_id", number=CARD, by=BY)
    person = User.objects.create_user("factor", name="Factor")
    secret = totp.new_secret()
    SecondFactor.objects.create(user=person, secret=totp.seal(secret))
    settings.FIELD_KEY = f"a-new-key,{settings.FIELD_KEY}"

    call_command("reseal", stdout=(first := StringIO()))
    call_command("reseal", stdout=(second := StringIO()))

    settings.FIELD_KEY = "a-new-key"
    paper.refresh_from_db()
    assert services.reveal(paper, reason="reason", by=BY) == CARD
    pass_second_factor(person, code=totp.code_at(secret, totp.step_of(now())), by=BY)
    assert re.findall(r"\d+", first.getvalue() + second.getvalue()) == ["1", "1", "0", "0"]


def test_a_number_tampered_with_is_not_shown(one: Customer) -> None:
    paper = services.add_identity(one, kind="resident_id", number=CARD, by=BY)
    for sealed in (paper.sealed[:-6] + "AAAAA=", "", "no base64 at all!", paper.sealed[4:]):
        paper.sealed = sealed
        with pytest.raises(Refused, match="unreadable"):
            services.reveal(paper, reason="reason", by=BY)
    paper = IdentityNumber.objects.get()
    paper.kind = "uscc"
    with pytest.raises(Refused, match="unreadable"):
        services.reveal(paper, reason="reason", by=BY)


@given(st.text(min_size=1, max_size=60))
def test_what_is_sealed_opens_to_the_same_and_blinds_alike(number: str) -> None:
    first, second = sealing.seal("other", number), sealing.seal("other", number)
    assert (first != second and number not in first) or len(number) < 3
    assert sealing.unseal("other", first, sealing.key_id()) == number
    assert (
        sealing.blind("other", number) == sealing.blind("other", number) != sealing.blind("passport", number)
    )


def test_the_numbers_that_other_products_test_with_are_judged_alike(one: Customer) -> None:
    path = Path(__file__).resolve().parents[5] / "shared" / "data" / "number_vectors_dev.json"
    if not path.is_file():
        pytest.skip(f"no real input at {path}")
    kinds = {"cn_id": "resident_id", "uscc": "uscc"}
    vectors = [v for v in json.loads(path.read_text()) if v["type"] in kinds]
    assert len(vectors) >= 9
    for vector in vectors:
        try:
            services.add_identity(one, kind=kinds[vector["type"]], number=vector["value"], by=BY)
        except Refused:
            assert not vector["valid"], vector
        else:
            assert vector["valid"], vector
