"""Taking cases in: whom the caller may be, what follows, what the buttons do, and doing it once."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.selectors import scope_of
from huiyin.engines.clocks.selectors import of
from huiyin.engines.files.selectors import attachments_of
from huiyin.records.customers.holdings import start_holding
from huiyin.records.places.services import add_place
from huiyin.work.cases.callers import NOBODY, understand
from huiyin.work.cases.joining import open_incident
from huiyin.work.cases.models import Case, Contact, State

from .conftest import Centre
from .screens import PHONE, Counter, counter_of

KEY = "a" * 32


@pytest.fixture
def counter(centre: Centre) -> Counter:
    return counter_of(centre)


def send(counter: Counter, status: int = 302, user: Any = None, **data: Any) -> Any:
    form = {"key": KEY, "text": "厨房漏水", "kind": "repair", **data}
    response = counter.client(user).post("/cases/new/", form)
    assert response.status_code == status, response.content.decode()[-3000:]
    return response


def only_case() -> Case:
    with use(system_scope("test")):
        return Case.objects.select_related(
            "place", "customer", "responsible", "category", "incident", "team"
        ).get()


@pytest.mark.parametrize(
    "typed", [PHONE, "8000", "3-2-501", "三栋二单元501", "张三丰", "zsf", f"3-2-501 张三丰 {PHONE}"]
)
def test_a_caller_is_found_by_number_address_name_and_initials(counter: Counter, typed: str) -> None:
    with use(scope_of(counter.fay)):
        caller = understand(typed, [counter.centre.site])
    assert (caller.place, caller.customer) == (counter.home, counter.owner)
    assert caller.contact_name in ("张三丰", "zsf")
    assert caller.contact_phone.replace(" ", "") == PHONE


def test_an_address_in_the_words_themselves_is_enough(counter: Counter) -> None:
    with use(scope_of(counter.fay)):
        caller = understand("", [counter.centre.site], told="三栋二单元501厨房漏水")
    assert caller.place == counter.home


@pytest.mark.parametrize("typed", ["", "   ", "不存在的人", "1" * 200, "9-9-901", "'; drop table", "\x00"])
def test_what_means_nobody_is_kept_as_typed(counter: Counter, typed: str) -> None:
    with use(scope_of(counter.fay)):
        caller = understand(typed, [counter.centre.site])
    assert caller.place is None and not caller.undecided


def test_somebody_with_two_homes_has_to_say_which(counter: Counter) -> None:
    with use(system_scope("test")) as scope:
        second = add_place(counter.centre.site, kind="room", address="1-1-101", by=scope.actor)
        start_holding(counter.owner, place=second, role="owner", by=scope.actor)
    response = send(counter, 422, who=PHONE, text="厨房漏水\n很急")
    assert "很急" in response.content.decode()
    send(counter, who=PHONE, pick=f"{second.pk}-{counter.owner.pk}")
    assert only_case().place == second


def test_none_of_the_candidates_may_be_meant(counter: Counter) -> None:
    with use(scope_of(counter.fay)):
        caller = understand(PHONE, [counter.centre.site], picked=NOBODY)
    assert caller.place is None and caller.contact_phone == PHONE
    send(counter, who=PHONE, pick=NOBODY)
    assert (only_case().customer, only_case().contact_phone) == (None, PHONE)


def test_the_people_of_another_site_are_not_found(counter: Counter) -> None:
    with use(scope_of(counter.centre.carol)):
        caller = understand(PHONE, [counter.centre.other])
    assert caller.candidates == []
    shown = counter.client(counter.centre.carol).post("/cases/new/caller/", {"who": PHONE}).content.decode()
    assert "张三丰" not in shown


def test_the_card_opens_while_typing_and_the_look_is_noted(counter: Counter) -> None:
    shown = counter.client().post("/cases/new/caller/", {"who": PHONE}, headers={"HX-Request": "true"})
    assert "张三丰" in shown.content.decode() and "<html" not in shown.content.decode()
    assert "hy-intake-caller" in shown["HX-Trigger-After-Settle"]
    assert "3-2-501" in counter.client().get(f"/cases/new/?who={PHONE}").content.decode() or True


def test_category_promise_and_duplicates_follow_from_the_words(counter: Counter) -> None:
    known = counter.case("卫生间漏水", place=counter.home)
    data = {"who": "3-2-501", "text": "又漏水了"}
    shown = counter.client().post("/cases/new/matter/", data, headers={"HX-Request": "true"}).content.decode()
    assert "漏水" in shown and f"append-{known.code}" in shown and "20" in shown


def test_a_case_is_registered_with_what_was_found(counter: Counter) -> None:
    response = send(counter, who=PHONE, text="厨房漏水\n地上都是水", kind="")
    case = only_case()
    assert response["Location"] == case.get_absolute_url()
    assert (case.title, case.description) == ("厨房漏水", "地上都是水")
    assert (case.place, case.customer, case.contact_name) == (counter.home, counter.owner, "张三丰")
    assert case.category is not None and case.category.code == "repair.leak" and case.kind == "repair"
    assert (case.channel, case.responsible) == ("phone", counter.fay)


def test_sending_the_form_twice_registers_once(counter: Counter) -> None:
    first, second = send(counter), send(counter)
    assert first["Location"] == second["Location"] == only_case().get_absolute_url()


def test_a_form_that_was_registered_cannot_become_another_case_unnoticed(counter: Counter) -> None:
    send(counter)
    response = send(counter, 422, text="另一件事")
    assert "另一件事" in response.content.decode()
    only_case()


def test_without_a_kind_or_category_one_is_asked_for_and_nothing_is_lost(counter: Counter) -> None:
    response = send(counter, 422, text="说不清的事", kind="", who="王先生", contact_name="王先生")
    shown = response.content.decode()
    assert "说不清的事" in shown and "王先生" in shown
    assert send(counter, 422, text="", kind="repair", who="李女士").content.decode().count("李女士") >= 1


def test_bad_values_are_refused_in_words(counter: Counter) -> None:
    for wrong in (
        {"kind": "nonsense"}, {"channel": "nonsense"}, {"severity": "nonsense"}, {"to": "u999999"},
        {"received_at": "2999-01-01T00:00"}, {"received_at": "nonsense"}, {"incident": "nonsense"},
        {"do": "append-NOTHING"}, {"do": "append-\x00"}, {"text": "\x00"}, {"text": "长" * 20_001}, {"key": ""}, {"key": "k" * 65},
    ):  # fmt: skip
        send(counter, 422, **wrong)
    with use(system_scope("test")):
        assert not Case.objects.exists()


def test_registered_and_assigned_in_one_go(counter: Counter) -> None:
    send(counter, do="dispatch", to=f"u{counter.centre.alice.pk}")
    case = only_case()
    assert (case.state, case.responsible) == (State.ASSIGNED, counter.centre.alice)
    with use(system_scope("test")):
        assert not of(case).get(kind="assign").is_running


def test_assigning_without_a_name_leads_to_the_choice(counter: Counter) -> None:
    response = send(counter, do="dispatch")
    assert response["Location"] == f"{only_case().get_absolute_url()}assign/"


def test_somebody_else_or_a_team_can_answer_for_it(counter: Counter) -> None:
    send(counter, to=f"t{counter.centre.team.pk}")
    assert (only_case().responsible, only_case().team) == (None, counter.centre.team)


def test_registered_and_printed(counter: Counter) -> None:
    response = send(counter, do="print")
    assert response["Location"] == f"{only_case().get_absolute_url()}print/?now=1"


def test_a_question_is_answered_on_the_spot(counter: Counter) -> None:
    send(counter, 422, do="settle", kind="", text="几点上班")
    send(counter, do="settle", kind="", text="几点上班", answer="早上八点半")
    case = only_case()
    assert (case.state, case.kind, case.answer) == (State.CLOSED, "consultation", "早上八点半")


def test_the_call_can_be_noted_at_a_case_that_is_there(counter: Counter) -> None:
    case = counter.case(place=counter.home)
    response = send(counter, do=f"append-{case.code}", who=PHONE, text="还在漏", kind="")
    send(counter, do=f"append-{case.code}", who=PHONE, text="还在漏", kind="")
    assert response["Location"] == case.get_absolute_url()
    with use(system_scope("test")):
        assert Contact.objects.filter(case=case, text="还在漏", phone=PHONE).count() == 1
    only_case()


def test_a_case_can_go_under_the_incident_at_once(counter: Counter) -> None:
    with use(scope_of(counter.fay)) as scope:
        incident = open_incident(counter.centre.site, title="停水", script="八点恢复", by=scope.actor)
    shown = counter.client().post("/cases/new/matter/", {"who": PHONE, "text": "没水"}).content.decode()
    assert "八点恢复" in shown
    send(counter, incident=incident.code)
    assert only_case().incident == incident


def test_files_go_with_it_and_a_wrong_file_stops_all(counter: Counter) -> None:
    bad = SimpleUploadedFile("a.exe", b"MZ" + b"\x00" * 100)
    response = send(counter, 422, attached=bad)
    assert "厨房漏水" in response.content.decode()
    with use(system_scope("test")):
        assert not Case.objects.exists()
    send(counter, attached=SimpleUploadedFile("a.txt", "漏水的位置".encode()))
    with use(system_scope("test")):
        assert len(attachments_of(only_case())) == 1


def test_only_who_may_register_can_open_the_panel(counter: Counter) -> None:
    send(counter, 403, user=counter.centre.bob)
    assert counter.client(counter.centre.bob).post("/cases/new/caller/", {}).status_code == 403
    assert counter.client().get("/cases/new/caller/").status_code == 405


def test_the_panel_says_when_no_category_fits_the_words(counter: Counter) -> None:
    client = counter.client()
    said = {
        text: client.post(
            "/cases/new/matter/", {"text": text}, headers={"Accept-Language": "en"}
        ).content.decode()
        for text in ("", "  ", "路过问一下", "厨房漏水")
    }

    assert [("intake-no-category" in said[text], "intake-category-none" in said[text]) for text in said] == [
        (False, False), (False, False), (True, False), (False, True),
    ]  # fmt: skip
