"""Reporting upwards: what is beyond one's power goes to a superior, whose word comes back to the case."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from huiyin.base.kit.moment import moved_to, now
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Post, User
from huiyin.base.org.selectors import forget, scope_of
from huiyin.base.org.services import add_unit, add_user, appoint
from huiyin.base.trail.jobs import relay
from huiyin.base.trail.models import Event
from huiyin.engines.approvals.models import Approval
from huiyin.engines.approvals.selectors import waiting_for
from huiyin.engines.approvals.services import agree, refuse
from huiyin.engines.clocks.jobs import tick
from huiyin.engines.messages.models import Notice
from huiyin.engines.packs import selectors as packs
from huiyin.engines.packs.services import load
from huiyin.work.cases import services
from huiyin.work.cases.models import Case
from huiyin.work.cases.raising import papers_of, report_upwards

from .conftest import LONG_AGO

ROOT = Path(__file__).resolve().parents[4]
AT_THE_SITE = (
    "front-desk", "repair-desk", "hall-assistant", "cleaning-inspector", "cs-deputy-supervisor", "cs-supervisor",
    "cs-deputy-manager", "cs-manager", "special-services-supervisor", "environment-supervisor",
    "engineering-supervisor", "site-director",
)  # fmt: skip


@pytest.fixture
def people(db: None) -> dict[str, User]:
    """A site under the property rules with somebody in each of these posts, a general manager, and a neighbour."""
    packs.forget()
    forget()
    with use(system_scope("test")) as scope:
        by = scope.actor
        load([ROOT / "packs" / code for code in ("base", "property")], by=by)
        company = add_unit(None, kind="company", code="hq", name="总部", by=by)
        sites = {
            name: add_unit(company, kind="site", code=name, name=name, by=by)
            for name in ("yunhe", "zhengtai")
        }
        made = {}
        for code in (*AT_THE_SITE, "general-manager"):
            made[code] = add_user(None, username=code, name=code, by=by)
            unit = company if code == "general-manager" else sites["yunhe"]
            appoint(unit, user=made[code], post=Post.objects.get(code=code), starts_on=LONG_AGO, by=by)
        made["carol"] = add_user(None, username="carol", name="carol", by=by)
        appoint(
            sites["zhengtai"],
            user=made["carol"],
            post=Post.objects.get(code="front-desk"),
            starts_on=LONG_AGO,
            by=by,
        )
    return made


def a_case(people: dict[str, User], kind: str = "complaint", **given: object) -> Case:
    user = people["front-desk"]
    with use(scope_of(user)) as scope:
        site = user.appointments.get().unit.site
        case: Case = services.register(
            site, kind=kind, channel="phone", title="楼上漏水扯皮", by=scope.actor, **given
        )
    return case


def reports(people: dict[str, User], who: str, case: Case, level: str = "lead") -> Approval:
    with use(scope_of(people[who])) as scope:
        found: Approval = report_upwards(case, text="双方各执一词，请指示", level=level, by=scope.actor)
    return found


def asked(people: dict[str, User]) -> list[str]:
    """Who has something to decide."""
    found = []
    for name, user in people.items():
        with use(scope_of(user)):
            if waiting_for(user.pk):
                found.append(name)
    return found


@pytest.mark.parametrize(
    ("who", "level", "superior", "kind"),
    [
        ("front-desk", "lead", "cs-supervisor", "complaint"),
        ("front-desk", "director", "site-director", "complaint"),
        ("front-desk", "company", "general-manager", "complaint"),
        ("repair-desk", "lead", "engineering-supervisor", "repair"),
        ("cleaning-inspector", "lead", "environment-supervisor", "complaint"),
        ("hall-assistant", "lead", "special-services-supervisor", "emergency"),
        ("cs-deputy-supervisor", "lead", "cs-supervisor", "complaint"),
        ("cs-deputy-manager", "lead", "cs-manager", "complaint"),
        ("environment-supervisor", "lead", "cs-deputy-manager", "complaint"),
        ("cs-manager", "company", "general-manager", "complaint"),
        ("site-director", "company", "general-manager", "emergency"),
        ("front-desk", "director", "site-director", "suggestion"),
    ],
)
def test_a_report_goes_to_its_level_and_the_decision_comes_back_with_its_times(
    people: dict[str, User], who: str, level: str, superior: str, kind: str
) -> None:
    case = a_case(people, kind)
    start = now()
    with moved_to(start + timedelta(minutes=1)):
        approval = reports(people, who, case, level)
    assert asked(people) == [superior]
    with moved_to(start + timedelta(minutes=20)), use(scope_of(people[superior])) as scope:
        agree(approval, opinion="由工程部当场查漏，费用先由物业垫付", by=scope.actor)
    with use(scope_of(people[who])):
        _longer, told = papers_of(case)
        assert [(one.approval.state, one.word) for one in told] == [
            ("approved", "由工程部当场查漏，费用先由物业垫付")
        ]
        events = {one.verb: one for one in Event.objects.filter(root_type="cases.case", root_id=case.pk)}
        assert events["approvals.submitted"].at == start + timedelta(minutes=1)
        assert events["approvals.agreed"].at == start + timedelta(minutes=20)
        assert events["approvals.agreed"].actor_id == people[superior].pk


def test_an_empty_level_passes_it_on_upwards(people: dict[str, User]) -> None:
    with use(system_scope("test")) as scope:
        from_today = people["cs-supervisor"].appointments.get()
        from_today.ends_on = LONG_AGO + timedelta(days=1)
        from_today.save()
        forget()
        assert scope.actor
    reports(people, "front-desk", a_case(people))
    assert asked(people) == ["cs-deputy-manager"]


def test_a_refusal_tells_why_and_whoever_answers_for_the_case_hears_a_decision(
    people: dict[str, User], django_capture_on_commit_callbacks: object
) -> None:
    case = a_case(people, "suggestion")
    first = reports(people, "cs-supervisor", case, "director")
    with use(scope_of(people["site-director"])) as scope:
        refuse(first, reason="本年度预算已定，明年考虑", by=scope.actor)
    second = reports(people, "cs-supervisor", case, "director")
    with use(scope_of(people["site-director"])) as scope:
        agree(second, opinion="同意，列入改进计划", by=scope.actor)
    with use(system_scope("worker")):
        while relay():
            pass
        told = Notice.objects.filter(user=people["front-desk"], about=case.get_absolute_url())
        assert "approvals.effective" in set(told.values_list("kind", flat=True))
    with use(scope_of(people["front-desk"])):
        words = [one.word for one in papers_of(case)[1]]
    assert words == ["同意，列入改进计划", "本年度预算已定，明年考虑"]


def test_what_makes_no_sense_is_refused_and_nobody_elsewhere_reports(people: dict[str, User]) -> None:
    case = a_case(people)
    with use(scope_of(people["front-desk"])) as scope:
        by = scope.actor
        with pytest.raises(Refused, match="missing"):
            report_upwards(case, text="  ", by=by)
        with pytest.raises(Refused, match="unknown"):
            report_upwards(case, text="请指示", level="heaven", by=by)
        report_upwards(case, text="请指示", by=by)
        with pytest.raises(Refused):
            report_upwards(case, text="再请指示", by=by)
        other = services.register(case.site, kind="help", channel="phone", title="误登", by=by)
        gone = services.cancel(other, reason="误登", by=by)
        with pytest.raises(Refused, match="not-itself"):
            report_upwards(gone, text="请指示", by=by)
    with use(scope_of(people["carol"])) as scope, pytest.raises(PermissionDenied):
        report_upwards(case, text="请指示", by=scope.actor)


def test_it_is_reported_and_read_on_the_page_of_the_case(people: dict[str, User]) -> None:
    case = a_case(people)
    client = Client()
    client.force_login(people["front-desk"])
    address = f"{case.get_absolute_url()}report-upwards/"
    assert client.get(address).status_code == 200
    assert client.post(address, {"level": "director", "text": ""}).status_code == 422
    sent = client.post(address, {"level": "director", "text": "业主要求见主任"})
    assert sent["Location"] == case.get_absolute_url()
    page = client.get(case.get_absolute_url())
    assert [one["approval"].state for one in page.context["reports"]] == ["pending"]
    assert "业主要求见主任" in page.content.decode()
    client.force_login(people["carol"])
    assert client.get(address).status_code == 404


def test_a_major_complaint_reaches_manager_and_director_within_a_minute_and_goes_to_the_company(
    people: dict[str, User],
) -> None:
    case = a_case(people, severity="major")
    usual = a_case(people)
    with use(system_scope("worker")), moved_to(now() + timedelta(seconds=70)):
        while tick().total:
            pass
        while relay():
            pass
        told = Notice.objects.filter(about=case.get_absolute_url(), kind="clocks.escalated")
        assert {one.user.username for one in told} == {"cs-manager", "site-director"}
        assert not Notice.objects.filter(about=usual.get_absolute_url(), kind="clocks.escalated")
    reports(people, "cs-manager", case, "company")
    assert asked(people) == ["general-manager"]
