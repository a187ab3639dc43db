"""More time for a limit: asked for, signed by the level of the handbook, given."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Post, User
from huiyin.base.org.selectors import forget, scope_of
from huiyin.base.org.services import add_unit, add_user, appoint
from huiyin.engines.approvals.models import Approval, Signature
from huiyin.engines.approvals.selectors import waiting_for, with_chain
from huiyin.engines.approvals.services import agree, note_consent, refuse
from huiyin.engines.approvals.verify import CHECKS
from huiyin.engines.clocks.models import Clock
from huiyin.engines.clocks.verify import CHECKS as CLOCK_CHECKS
from huiyin.engines.packs import selectors as packs
from huiyin.engines.packs.services import load
from huiyin.work.cases import services
from huiyin.work.cases.extending import ask_for_time, running_limits
from huiyin.work.cases.models import Case
from huiyin.work.cases.raising import papers_of

from .conftest import LONG_AGO

ROOT = Path(__file__).resolve().parents[4]
HELD = ("front-desk", "cs-supervisor", "cs-manager", "site-director", "engineering-supervisor")


@pytest.fixture
def people(db: None) -> dict[str, User]:
    """A site under the property rules, with the posts that speak of more time."""
    packs.forget()
    forget()
    with use(system_scope("test")) as scope:
        by = scope.actor
        load([ROOT / "packs" / code for code in ("base", "property")], by=by)
        company = add_unit(None, kind="company", code="hq", name="总部", by=by)
        site = add_unit(company, kind="site", code="yunhe", name="云河苑", by=by)
        made = {}
        for code in HELD:
            made[code] = add_user(None, username=code, name=code, by=by)
            appoint(site, user=made[code], post=Post.objects.get(code=code), starts_on=LONG_AGO, by=by)
    return made


def a_case(people: dict[str, User], kind: str = "repair") -> Case:
    user = people["front-desk"]
    with use(scope_of(user)) as scope:
        site = user.appointments.get().unit.site
        return services.register(site, kind=kind, channel="phone", title="漏水", by=scope.actor)


def asked(people: dict[str, User], case: Case, days: float, **given: object) -> Approval:
    with use(scope_of(people["front-desk"])) as scope:
        clock = next(one for one in running_limits(case) if one.kind == "answer")
        until = clock.started_at + timedelta(days=days)
        reason = str(given.pop("reason", "缺配件"))
        return ask_for_time(case, kind="answer", until=until, reason=reason, by=scope.actor, **given)  # type: ignore[arg-type]


def signs(people: dict[str, User], who: str, approval: Approval) -> Approval:
    with use(scope_of(people[who])) as scope:
        found: Approval = agree(approval, by=scope.actor)
    return found


def answer_clock(case: Case) -> Clock:
    with use(system_scope("test")):
        return Clock.objects.get(subject_id=case.pk, subject_type="cases.case", kind="answer")


def waits_for(people: dict[str, User]) -> list[str]:
    found = []
    for name, user in people.items():
        with use(scope_of(user)):
            if waiting_for(user.pk):
                found.append(name)
    return found


def sound() -> dict[str, int]:
    with use(system_scope("test")):
        return {name: n for name, check in {**CHECKS, **CLOCK_CHECKS}.items() if (n := check())}


def test_the_clock_gets_its_time_when_the_last_has_signed(people: dict[str, User]) -> None:
    """001-117 beyond three working days the head, 001-118 beyond two weeks the director."""
    for days, signers in (
        (3, ["cs-supervisor"]),
        (3.01, ["cs-manager"]),
        (14, ["cs-manager"]),
        (14.01, ["cs-manager", "site-director"]),
    ):
        case = a_case(people)
        before = answer_clock(case)
        approval = asked(people, case, days)

        for name in signers:
            assert answer_clock(case).due_at == before.due_at
            assert waits_for(people) == [name]
            approval = signs(people, name, approval)

        after = answer_clock(case)
        assert approval.state == "approved"
        assert after.due_at == before.started_at + timedelta(days=days)
        assert after.original_due_at == before.original_due_at
    assert sound() == {}


def test_a_24_hour_job_needs_the_customers_word_and_the_head(people: dict[str, User]) -> None:
    """001-124."""
    case = a_case(people)
    with use(system_scope("test")):
        Clock.objects.filter(subject_id=case.pk, kind="answer").update(
            original_due_at=answer_clock(case).started_at + timedelta(hours=24),
            due_at=answer_clock(case).started_at + timedelta(hours=24),
        )
    approval = asked(people, case, 2)
    assert waits_for(people) == []
    with use(scope_of(people["front-desk"])) as scope:
        note_consent(approval, agreed=True, person="王女士", channel="phone", said_at=now(), by=scope.actor)
    assert waits_for(people) == ["cs-manager"]

    assert signs(people, "cs-manager", approval).state == "approved"


def test_a_customer_who_agreed_already_is_not_asked_again(people: dict[str, User]) -> None:
    case = a_case(people)
    with use(system_scope("test")):
        due = answer_clock(case).started_at + timedelta(hours=24)
        Clock.objects.filter(subject_id=case.pk, kind="answer").update(original_due_at=due, due_at=due)

    asked(people, case, 2, customer="王女士", channel="wechat")

    assert waits_for(people) == ["cs-manager"]
    with use(system_scope("test")):
        said = Signature.objects.get()
    assert (said.evidence["person"], said.evidence["channel"]) == ("王女士", "wechat")


def test_a_complaint_is_extended_by_the_manager_only(people: dict[str, User]) -> None:
    """001-334."""
    asked(people, a_case(people, "complaint"), 20)

    assert waits_for(people) == ["cs-manager"]


def test_time_lost_by_the_customer_is_recognised_by_the_head(people: dict[str, User]) -> None:
    """001-133."""
    approval = asked(people, a_case(people), 30, cause="customer")

    assert approval.rule_code == "extension-customer-cause"
    assert waits_for(people) == ["cs-manager"]


def test_a_case_answered_meanwhile_leaves_the_approval_without_effect(people: dict[str, User]) -> None:
    case = a_case(people)
    approval = asked(people, case, 3)
    with use(scope_of(people["front-desk"])) as scope:
        services.answer(Case.objects.get(pk=case.pk), text="已修好", channel="phone", by=scope.actor)

    approval = signs(people, "cs-supervisor", approval)

    assert approval.state == "void"
    clock = answer_clock(case)
    assert clock.due_at == clock.original_due_at
    assert sound() == {}


def test_what_was_refused_changes_nothing(people: dict[str, User]) -> None:
    case = a_case(people)
    approval = asked(people, case, 3)
    with use(scope_of(people["cs-supervisor"])) as scope:
        refuse(approval, reason="今天必须完成", by=scope.actor)

    assert answer_clock(case).due_at == answer_clock(case).original_due_at
    with use(system_scope("test")):
        assert [one.state for one in papers_of(case)[0]] == ["refused"]
        assert [one.state for one in with_chain(papers_of(case)[0])[0].chain] == ["refused"]


def test_more_time_must_lie_ahead_of_the_limit_and_be_asked_for_once(people: dict[str, User]) -> None:
    case = a_case(people)
    for days, code in ((-1, "until-passed"), (0.0001, "not-later")):
        with pytest.raises(Refused) as refusal:
            asked(people, case, days)
        assert refusal.value.code == code
    asked(people, case, 3)
    with pytest.raises(Refused) as refusal:
        asked(people, case, 4)
    assert refusal.value.code == "already-pending"
    for given in ({"reason": " "}, {"cause": "weather"}):
        with pytest.raises(Refused):
            asked(people, a_case(people), 3, **given)


def test_more_time_is_asked_for_by_those_who_work_on_cases(people: dict[str, User]) -> None:
    case = a_case(people)
    with use(system_scope("test")) as scope:
        plain = add_user(None, username="plain", name="plain", by=scope.actor)
    with use(scope_of(plain)) as scope, pytest.raises(PermissionDenied):
        ask_for_time(case, kind="answer", until=now(), reason="x", by=scope.actor)
