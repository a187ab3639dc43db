"""Cases from registration to their end, as a program sees them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.trail.models import Event
from huiyin.base.trail.selectors import history
from huiyin.engines.clocks.models import Clock
from huiyin.work.cases.models import Case, Contact

from .conftest import REPAIR, Api, Centre


def test_a_registration_answers_with_code_state_responsible_and_clocks(centre: Centre, alice: Api) -> None:
    told = alice.post(
        "/cases",
        {
            **REPAIR,
            "category": "repair.leak",
            "place": "3栋501",
            "contact_name": "李四",
            "contact_phone": "13800138000",
        },
    )

    assert told.status == 201
    assert told.data["code"].startswith("HERE-")
    assert told.data["state"] == "registered"
    assert told.data["responsible"] == {"username": "alice", "name": "Alice"}
    assert [clock["kind"] for clock in told.data["clocks"]] == ["answer", "assign"]
    assert (told.data["category"], told.data["place"]) == ("repair.leak", "3-0-501")
    with use(system_scope("test")):
        case = Case.objects.get(code=told.data["code"])
        assert Clock.objects.filter(subject_id=case.pk).count() == 2
        assert Contact.objects.get(case=case).phone == "13800138000"
        (event,) = history(case)
        assert (event.verb, event.via, event.actor_id) == ("cases.registered", "api", centre.people.alice.pk)


def test_what_is_answered_at_registration_is_what_is_read_afterwards(alice: Api) -> None:
    created = alice.post(
        "/cases", {**REPAIR, "category": "repair.leak", "description": "昨晚开始\n已关阀"}
    ).data
    read = alice.get(f"/cases/{created['code']}").data

    assert read == created


def test_moments_are_read_in_any_zone_and_without_one_as_local_time(alice: Api) -> None:
    hour_ago = (now() - timedelta(hours=1)).replace(microsecond=0)
    for written in (
        hour_ago.isoformat(),
        hour_ago.isoformat().replace("+00:00", "Z"),
        (hour_ago + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%S+08:00"),
        (hour_ago + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S"),
    ):
        told = alice.post("/cases", {**REPAIR, "received_at": written})

        assert told.status == 201, written
        assert datetime.fromisoformat(told.data["received_at"]) == hour_ago


def test_the_first_limit_counts_from_the_receipt(alice: Api) -> None:
    received = now() - timedelta(hours=1)
    told = alice.post("/cases", {**REPAIR, "received_at": received.isoformat()}).data

    answer = next(clock for clock in told["clocks"] if clock["kind"] == "answer")
    assert datetime.fromisoformat(answer["due_at"]) == received + timedelta(hours=2)


def test_your_own_number_makes_one_case_only(alice: Api) -> None:
    first = alice.post("/cases", {**REPAIR, "external_key": "12345-7"})
    again = alice.post("/cases", {**REPAIR, "external_key": "12345-7"})

    assert (first.status, again.status) == (201, 409)
    assert (again.data["code"], again.data["field"]) == ("already-registered", "external_key")


def test_a_case_goes_its_way_to_the_end_and_back(centre: Centre, alice: Api) -> None:
    code = alice.post("/cases", REPAIR).data["code"]
    until = (now() + timedelta(days=1)).isoformat()
    steps = [
        ("assign", {"responsible": "alice", "note": "请上门"}, "assigned"),
        ("wait", {"reason": "等配件", "until": until}, "waiting"),
        ("answer", {"text": "已换管", "channel": "phone"}, "answered"),
        ("close", {}, "closed"),
        ("reopen", {"reason": "又漏了"}, "working"),
        ("decline", {"reason": "不属物业", "explanation": "请联系供水公司"}, "declined"),
    ]
    for command, body, state in steps:
        told = alice.post(f"/cases/{code}/{command}", body)

        assert (told.status, told.data["state"]) == (200, state), command
    final = alice.get(f"/cases/{code}").data
    assert final["ended_at"] is not None and final["reopened"] == 1
    with use(system_scope("test")):
        assert Event.objects.filter(root_type="cases.case", via="api").count() >= 7


def test_a_case_is_assigned_to_a_team(alice: Api) -> None:
    code = alice.post("/cases", REPAIR).data["code"]
    told = alice.post(f"/cases/{code}/assign", {"team": "here-repair"})

    assert (told.status, told.data["team"], told.data["responsible"]) == (200, "here-repair", None)


def test_closing_needs_no_body_but_an_answer(alice: Api) -> None:
    code = alice.post("/cases", REPAIR).data["code"]

    early = alice.send("POST", f"/cases/{code}/close")
    assert (early.status, early.data["code"]) == (409, "not-now")
    alice.post(f"/cases/{code}/answer", {"text": "好了"})
    assert alice.send("POST", f"/cases/{code}/close").status == 200


def test_a_step_that_is_not_possible_now_is_a_conflict(alice: Api) -> None:
    code = alice.post("/cases", REPAIR).data["code"]
    alice.post(f"/cases/{code}/answer", {"text": "好了"})
    told = alice.post(f"/cases/{code}/assign", {"responsible": "alice"})

    assert (told.status, told.data["code"]) == (409, "not-now")


def test_pages_follow_one_another_without_gap_or_double(centre: Centre, alice: Api) -> None:
    codes = {
        centre.case(title=f"第{n}件", received_at=now() - timedelta(minutes=n % 3)).code for n in range(11)
    }
    seen: list[str] = []
    after, pages = "", 0
    while True:
        page = alice.get(f"/cases?limit=4&after={after}")
        assert page.status == 200
        seen += [case["code"] for case in page.data["items"]]
        pages += 1
        if page.data["next"] is None:
            break
        after = page.data["next"]

    assert (len(seen), set(seen), pages) == (11, codes, 3)
    moments = [case["received_at"] for case in alice.get("/cases?limit=200").data["items"]]
    assert moments == sorted(moments, reverse=True)


def test_a_list_shows_the_same_as_the_case(centre: Centre, alice: Api) -> None:
    code = centre.case().code

    assert alice.get("/cases").data["items"] == [alice.get(f"/cases/{code}").data]


def test_a_list_is_narrowed(centre: Centre, alice: Api) -> None:
    created = alice.post(
        "/cases", {**REPAIR, "category": "repair.leak", "place": "3-501", "contact_phone": "13700009527"}
    ).data
    other = alice.post(
        "/cases", {"site": "here", "kind": "praise", "channel": "app", "title": "表扬保安"}
    ).data
    alice.post(f"/cases/{other['code']}/answer", {"text": "谢谢"})
    alice.post(f"/cases/{other['code']}/close")

    def found(query: str) -> list[str]:
        return [case["code"] for case in alice.get(f"/cases?{query}").data["items"]]

    both = [other["code"], created["code"]]
    for query, codes in {
        "site=here": both,
        "state=closed": both[:1],
        "kind=repair": both[1:],
        "category=repair": both[1:],
        "category=repair.leak": both[1:],
        "place=3-0-501": both[1:],
        "responsible=alice": both,
        "responsible=nobody": [],
        "open=true": both[1:],
        "open=false": both[:1],
        "q=9527": both[1:],
        "q=漏水": both[1:],
        "q=保安": both[:1],
        "q=%27%26!(": [],
        "received_from=2020-01-01T00:00:00Z": both,
        "received_to=2020-01-01T00:00:00Z": [],
    }.items():
        assert found(query) == codes, query


def test_moments_are_answered_in_utc(alice: Api) -> None:
    told = alice.post("/cases", REPAIR).data

    assert told["registered_at"].endswith("Z")
    assert abs(datetime.fromisoformat(told["registered_at"]) - datetime.now(UTC)) < timedelta(minutes=1)
