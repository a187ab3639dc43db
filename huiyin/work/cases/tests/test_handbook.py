"""What handbooks of the trade ask of a case, told as they tell it: each test is one clause carried out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from huiyin.base.kit.moment import moved_to, now
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.models import User
from huiyin.base.org.services import appoint, save_post
from huiyin.base.trail.models import Event
from huiyin.engines.files.services import attach
from huiyin.records.customers.services import add_contact, add_customer, start_holding
from huiyin.records.places.services import add_place
from huiyin.work.cases import services
from huiyin.work.cases.models import Case, Contact

from .conftest import LONG_AGO, Centre


@pytest.fixture(autouse=True)
def store_folder(tmp_path: Path, settings: Any) -> Path:
    settings.FILES = tmp_path / "files"
    return tmp_path


@pytest.fixture(autouse=True)
def reader_of_files(centre: Centre) -> None:
    """Alice may also look up households and attach files."""
    with use(system_scope("test")) as scope:
        more = save_post(
            None,
            code="files",
            name="档案",
            level="site",
            permissions=["files.upload", "customers.view", "places.view"],
            by=scope.actor,
        )
        appoint(centre.site.unit, user=centre.alice, post=more, starts_on=LONG_AGO, by=scope.actor)


def taken_in(centre: Centre, kind: str, channel: str, title: str, **given: Any) -> Case:
    with use(centre.scope(centre.alice)) as scope:
        case: Case = services.register(
            centre.site, kind=kind, channel=channel, title=title, by=scope.actor, **given
        )
    return case


def page_of(user: User, url: str) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_complaint_is_answered_in_writing_and_the_letter_stays_with_it(centre: Centre) -> None:
    """001-168: the result in writing, the letter stored with the complaint, the day it was sent."""
    case = taken_in(centre, "complaint", "counter", "电梯常停")
    sent_at = now() + timedelta(hours=2)
    with moved_to(sent_at), use(centre.scope(centre.alice)) as scope:
        attach(case, file=ContentFile(b"Dear owner, the lift was overhauled.", "复函.txt"), by=scope.actor)
        services.answer(case, text="已更换门机，复函随附", channel="letter", by=scope.actor)
        letter = Contact.objects.get(case=case, direction="out")
        assert (letter.channel, letter.at, letter.text) == ("letter", sent_at, "已更换门机，复函随附")
    page = page_of(centre.alice, case.get_absolute_url())
    assert "复函.txt" in page
    assert "已更换门机" in page


def test_both_sides_of_a_dispute_and_its_settlement_are_on_record(centre: Centre) -> None:
    """004-387: who said what, each with name and time, and what was agreed."""
    case = taken_in(centre, "complaint", "phone", "装修噪音纠纷", contact_name="甲户王先生")
    with use(centre.scope(centre.alice)) as scope:
        by = scope.actor
        for name, said in (("甲户王先生", "午休时间还在打钻"), ("乙户李女士", "工期紧，愿意避开午休")):
            services.log_contact(case, direction="in", channel="counter", text=said, name=name, by=by)
        services.answer(case, text="双方同意十二点至十四点半停工", channel="counter", by=by)
        told = list(Contact.objects.filter(case=case).order_by("pk").values_list("name", "text"))
    assert ("甲户王先生", "午休时间还在打钻") in told
    assert ("乙户李女士", "工期紧，愿意避开午休") in told
    page = page_of(centre.alice, case.get_absolute_url())
    for words in ("乙户李女士", "愿意避开午休", "十二点至十四点半停工"):
        assert words in page


def test_a_letter_is_registered_passed_on_and_answered_with_its_dates(centre: Centre) -> None:
    """001-291, 001-403, 004-480: registered, with somebody to read it, its present holder shown, answered."""
    case = taken_in(centre, "complaint", "letter", "来信：要求公开账目")
    start = now()
    with use(centre.scope(centre.alice)) as scope:
        services.assign(case, responsible=centre.erin, note="请阅处", by=scope.actor)
    client = Client()
    client.force_login(centre.alice)
    (row,) = client.get("/cases/?channel=letter").context["rows"]
    assert (row.code, row.responsible) == (case.code, centre.erin)
    with moved_to(start + timedelta(days=1)), use(centre.scope(centre.erin)) as scope:
        services.begin(Case.objects.get(pk=case.pk), by=scope.actor)
        services.answer(
            Case.objects.get(pk=case.pk), text="账目已张榜，函复", channel="letter", by=scope.actor
        )
        case.refresh_from_db()
    assert case.answered_at == start + timedelta(days=1)


def test_what_is_passed_on_notes_when_it_was_sent_and_when_it_was_taken_up(centre: Centre) -> None:
    """000-278, 001-380, 004-304, 004-483: the content goes on with a word, and the other side takes it up."""
    case = taken_in(centre, "help", "phone", "电话问供暖费，答不了", description="想知道停暖能否减免")
    start = now()
    with moved_to(start + timedelta(minutes=2)), use(centre.scope(centre.alice)) as scope:
        services.assign(case, responsible=centre.erin, note="转部门主管解答", by=scope.actor)
    with moved_to(start + timedelta(minutes=5)), use(centre.scope(centre.erin)) as scope:
        services.begin(Case.objects.get(pk=case.pk), by=scope.actor)
    with use(system_scope("test")):
        at = {one.verb: one for one in Event.objects.filter(root_type="cases.case", root_id=case.pk)}
        assert at["cases.assigned"].at == start + timedelta(minutes=2)
        assert at["cases.begun"].at == start + timedelta(minutes=5)
        assert at["cases.begun"].actor_id == centre.erin.pk
    page = page_of(centre.erin, case.get_absolute_url())
    assert "转部门主管解答" in page
    assert "停暖能否减免" in page


def test_a_need_that_staff_noticed_unasked_is_a_help_case_and_is_settled(centre: Centre) -> None:
    """004-608: entered from a walk without anybody calling, and carried to its end."""
    case = taken_in(centre, "help", "site_walk", "独居老人家中灯坏，主动更换")
    with use(centre.scope(centre.alice)) as scope:
        services.answer(case, text="已换灯并留下联系电话", channel="counter", by=scope.actor)
        services.close(case, by=scope.actor)
    client = Client()
    client.force_login(centre.alice)
    (row,) = client.get("/cases/?kind=help&channel=site_walk&group=ended").context["rows"]
    assert (row.code, row.state, row.first_responsible) == (case.code, "closed", centre.alice)


def test_the_register_of_help_holds_person_need_and_result(centre: Centre) -> None:
    """001-369: 《客户求助登记表》 is the list of help requests, with who asked, for what, and what came of it."""
    case = taken_in(centre, "help", "counter", "轮椅推不上坡", contact_name="周女士")
    taken_in(centre, "repair", "counter", "灯坏", contact_name="吴先生")
    with use(centre.scope(centre.alice)) as scope:
        services.answer(case, text="秩序员已推送到家", channel="counter", by=scope.actor)
    page = page_of(centre.alice, "/cases/?kind=help&columns=code,title,contact,answer,state,received")
    for words in ("周女士", "轮椅推不上坡", "秩序员已推送到家"):
        assert words in page
    assert "吴先生" not in page


def test_an_errand_is_ordered_carried_out_and_confirmed(centre: Centre) -> None:
    """001-314, 004-487, 004-616: from the request to its completion in one flow, with its times."""
    case = taken_in(centre, "service", "counter", "代订两张高铁票", description="周五上午，二等座")
    start = now()
    steps: list[tuple[int, Any]] = [
        (5, lambda by: services.assign(case, responsible=centre.erin, by=by)),
        (10, lambda by: services.begin(case, by=by)),
        (60, lambda by: services.answer(case, text="票已取，交给住户", channel="counter", by=by)),
        (70, lambda by: services.close(case, note="住户确认", by=by)),
    ]
    for minutes, step in steps:
        with moved_to(start + timedelta(minutes=minutes)), use(centre.scope(centre.alice)) as scope:
            step(scope.actor)
    with use(system_scope("test")):
        case.refresh_from_db()
        at = dict(Event.objects.filter(root_type="cases.case", root_id=case.pk).values_list("verb", "at"))
    assert (case.state, case.answered_at, case.ended_at) == (
        "closed", start + timedelta(minutes=60), start + timedelta(minutes=70)
    )  # fmt: skip
    assert at["cases.begun"] == start + timedelta(minutes=10)


def test_representatives_and_emergency_contacts_are_at_hand_and_every_call_to_them_is_noted(
    centre: Centre,
) -> None:
    """004-505, 004-513: found with the household at once, called, and what they said with its time."""
    with use(system_scope("test")) as scope:
        by = scope.actor
        room = add_place(centre.site, kind="room", address="3-2-501", by=by)
        for name, role, number in (
            ("云河贸易", "owner", "13800138000"),
            ("代表赵经理", "representative", "13800138001"),
            ("紧急联系人钱工", "emergency_contact", "13800138002"),
        ):
            person = add_customer(centre.site, name=name, by=by)
            add_contact(person, kind="mobile", value=number, by=by)
            start_holding(person, role=role, place=room, by=by)
    case = taken_in(centre, "emergency", "alarm", "五层跑水", place=room)
    page = page_of(centre.alice, case.get_absolute_url())
    for words in ("代表赵经理", "紧急联系人钱工", "13800138002"):
        assert words in page.replace(" ", "")
    start = now()
    with use(centre.scope(centre.alice)) as scope:
        for minutes, said in ((3, "已通知，二十分钟到"), (24, "已到场开门")):
            with moved_to(start + timedelta(minutes=minutes)):
                services.log_contact(
                    case, direction="out", channel="phone", text=said, name="紧急联系人钱工", by=scope.actor
                )
        rows = Contact.objects.filter(case=case, direction="out").order_by("at")
        assert list(rows.values_list("text", "at")) == [
            ("已通知，二十分钟到", start + timedelta(minutes=3)),
            ("已到场开门", start + timedelta(minutes=24)),
        ]
