"""What a signature does: step by step, and nothing before the last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from huiyin.base.kit.moment import moved_to, now, today
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Appointment
from huiyin.base.org.services import relieve
from huiyin.base.trail.models import Event
from huiyin.engines.approvals import jobs, services
from huiyin.engines.approvals.models import Approval, Signature, Step
from huiyin.engines.approvals.selectors import (
    approvals_for,
    asked_by,
    handled_by,
    may_decide,
    require_authority,
    visible,
    waiting_for,
    with_chain,
)
from huiyin.engines.approvals.words import remark, signer_words
from huiyin.engines.messages.models import Notice
from huiyin.engines.numbering.models import Counter

from .conftest import House, hold

AMOUNT = {"amount": 5_000_00}


def refused(house: House, name: str, command: object, approval: Approval, **given: object) -> str:
    with pytest.raises(Refused) as refusal:
        house.does(name, command, approval, **given)  # type: ignore[arg-type]
    return refusal.value.code


def test_nothing_happens_before_the_last_signature(house: House) -> None:
    approval = house.ask(facts=AMOUNT)

    values = []
    for name in ("head", "director", "gm"):
        values.append((house.value(approval), house.row(approval).state))
        house.agree(name, approval, opinion=f"{name}同意")

    assert values == [(0, "pending")] * 3
    assert (house.value(approval), house.row(approval).state) == (1, "approved")
    assert house.chain(approval) == ["agreed"] * 3
    with use(system_scope("test")):
        verbs = list(
            Event.objects.filter(verb__startswith="approvals.").order_by("pk").values_list("verb", flat=True)
        )
    assert verbs == [
        "approvals.submitted",
        *("approvals.agreed", "approvals.passed") * 2,
        "approvals.agreed",
        "approvals.effective",
    ]
    assert house.sound() == {}


def test_the_first_rule_that_fits_gives_the_chain_and_stays_with_the_approval(house: House) -> None:
    small, big = house.ask(facts={"amount": 499_99}), house.ask(facts={"amount": 500_00})

    assert (small.rule_code, big.rule_code) == ("small", "any")
    assert small.rule["clause"] == "五百以下"
    assert house.chain(small) == ["open"]
    assert house.chain(big) == ["open", "waiting", "waiting"]


def test_without_a_rule_nothing_is_asked_for(house: House) -> None:
    with pytest.raises(Refused) as refusal:
        house.ask(kind="trial.unknown")

    assert refusal.value.code == "no-rule"


def test_only_those_whose_turn_it_is_sign(house: House) -> None:
    approval = house.ask(facts=AMOUNT)

    assert refused(house, "director", services.agree, approval) == "not-yours"
    with pytest.raises(PermissionDenied):
        house.agree("clerk", approval)
    with pytest.raises(PermissionDenied):
        house.agree("carol", approval)
    assert house.chain(approval) == ["open", "waiting", "waiting"]


def test_nobody_signs_their_own_request_the_next_level_does(house: House) -> None:
    with use(system_scope("test")) as scope:
        relieve(
            Appointment.objects.get(user=house.head2), ends_on=today() - timedelta(days=1), by=scope.actor
        )
    approval = house.ask("head", facts=AMOUNT)

    assert refused(house, "head", services.agree, approval) == "own-request"
    house.agree("director", approval)

    with use(system_scope("test")):
        first = with_chain([house.row(approval)])[0].chain[0]
    assert [remark(one) for one in first.remarks] == ["The applicant is 客服经理; 主任 signs instead."]
    # The director has signed at the first step; that covers their own.
    assert house.chain(approval) == ["agreed", "skipped", "open"]
    house.agree("gm", approval)
    assert house.row(approval).state == "approved"
    assert house.sound() == {}


def test_a_colleague_in_the_same_post_signs_for_an_applicant_who_holds_it(house: House) -> None:
    approval = house.ask("head", facts=AMOUNT)

    house.agree("head2", approval)

    assert house.chain(approval) == ["agreed", "open", "waiting"]


def test_a_vacant_post_passes_to_the_next_level_and_says_so(house: House) -> None:
    with use(system_scope("test")) as scope:
        for name in ("head", "head2"):
            relieve(
                Appointment.objects.get(user=house.people[name]),
                ends_on=today() - timedelta(days=1),
                by=scope.actor,
            )
    approval = house.ask(facts=AMOUNT)

    with use(system_scope("test")):
        step = with_chain([approval])[0].chain[0]
    assert [one.user.username for one in step.may_sign] == ["director"]
    assert [remark(one) for one in step.remarks] == ["客服经理 is vacant; 主任 signs instead."]


def test_a_post_that_falls_vacant_while_it_is_asked_passes_up_too(house: House) -> None:
    approval = house.ask(facts=AMOUNT)
    with use(system_scope("test")) as scope:
        for name in ("head", "head2"):
            relieve(
                Appointment.objects.get(user=house.people[name]),
                ends_on=today() - timedelta(days=1),
                by=scope.actor,
            )

    assert jobs.follow_the_organisation() == 1
    assert jobs.follow_the_organisation() == 0

    with use(house.scope("director")):
        assert list(waiting_for(house.director.pk)) == [approval]
    with use(system_scope("test")):
        assert Notice.objects.filter(user=house.director, kind="approvals.asked").count() == 1
    house.agree("director", approval)
    assert house.sound() == {}


def test_a_joint_step_takes_everybodys_signature(house: House) -> None:
    approval = house.ask(facts={"category": "contract.lift"})

    for name in ("head", "boss"):
        house.agree(name, approval)
        assert house.chain(approval) == ["open", "waiting"]
    house.agree("head2", approval)

    assert house.chain(approval) == ["agreed", "open"]
    assert house.sound() == {}


def test_who_may_decide_alone_cuts_the_chain(house: House) -> None:
    approval = house.ask(facts={"amount": 3000_00})
    house.agree("head", approval)
    house.agree("director", approval)

    assert house.row(approval).state == "approved"
    assert house.chain(approval) == ["agreed", "agreed", "skipped"]
    with use(system_scope("test")):
        last = with_chain([approval])[0].chain[2]
    assert [remark(one) for one in last.remarks] == ["director may decide this alone: 三千元以下主任决定"]
    assert house.sound() == {}


def test_an_applicant_with_the_authority_needs_nobody(house: House) -> None:
    approval = house.ask("director", facts={"amount": 3000_00})

    assert approval.state == "approved"
    assert house.value(approval) == 1
    assert [remark(one) for one in approval.remarks] == ["director may decide this alone: 三千元以下主任决定"]
    assert house.sound() == {}


def test_one_fen_beyond_an_authority_the_chain_is_whole_again(house: House) -> None:
    approval = house.ask("director", facts={"amount": 3000_01})

    assert approval.state == "pending"


def test_authority_is_asked_for_with_the_clause(house: House) -> None:
    with use(system_scope("test")):
        assert may_decide(house.director, "trial.raise", {"amount": 3000_00}, house.site)
        beyond = may_decide(house.director, "trial.raise", {"amount": 3000_01}, house.site)
        assert (bool(beyond), beyond.clause) == (False, "三千元以下主任决定")
        assert not may_decide(house.carol, "trial.raise", {"amount": 1}, house.site)
        assert not may_decide(house.director, "trial.raise", {"amount": 1, "currency": "USD"}, house.site)
        with pytest.raises(Refused, match="三千元以下主任决定"):
            require_authority(house.director, "trial.raise", {"amount": 3000_01}, house.site)


def test_a_right_to_propose_ends_where_its_clause_says(house: House) -> None:
    assert house.ask("director", kind="staff.pay", facts={"amount": 200_00}).state == "pending"
    for name, fen in (("director", 200_01), ("lead", 1_00)):
        with pytest.raises(Refused, match="二百元以内建议权"):
            house.ask(name, kind="staff.pay", facts={"amount": fen})


def test_the_customers_word_is_recorded_with_its_evidence(house: House) -> None:
    approval = house.ask(facts={"category": "home"})
    heard = {"agreed": True, "person": "张三", "channel": "phone", "said_at": now()}
    assert refused(house, "clerk", services.note_consent, approval, **heard) == "not-now"
    house.agree("head", approval)

    assert refused(house, "lead", services.agree, approval) == "not-yours"
    late = {**heard, "said_at": now() + timedelta(hours=1)}
    assert refused(house, "clerk", services.note_consent, approval, **late) == "in-future"
    house.does("clerk", services.note_consent, approval, **heard, words_said="可以")

    assert house.row(approval).state == "approved"
    with use(system_scope("test")):
        said = Signature.objects.get(user=None)
    assert (said.evidence["channel"], said.noted_by, said.opinion) == ("phone", house.clerk, "可以")
    assert signer_words(said) == "张三 (customer), noted by clerk"
    assert house.sound() == {}


def test_a_customer_who_says_no_ends_it(house: House) -> None:
    approval = house.ask(facts={"category": "home"})
    house.agree("head", approval)
    house.does(
        "head",
        services.note_consent,
        approval,
        agreed=False,
        person="张三",
        channel="phone",
        said_at=now(),
        words_said="不行",
    )

    assert (house.row(approval).state, house.row(approval).outcome) == ("refused", "不行")
    assert house.value(approval) == 0
    assert house.sound() == {}


@pytest.mark.parametrize(
    ("command", "state", "step"),
    [(services.send_back, "returned", "returned"), (services.refuse, "refused", "refused")],
)
def test_returning_and_refusing_end_it_with_the_reason(
    house: House, command: object, state: str, step: str
) -> None:
    approval = house.ask(facts=AMOUNT)
    house.agree("head", approval)
    assert refused(house, "director", command, approval, reason="  ") == "missing"

    house.does("director", command, approval, reason="缺合同")  # type: ignore[arg-type]

    row = house.row(approval)
    assert (row.state, row.outcome, house.value(approval)) == (state, "缺合同", 0)
    assert house.chain(approval) == ["agreed", step, "dropped"]
    assert refused(house, "gm", services.agree, approval) == "not-now"
    house.does("director", command, approval, reason="缺合同")  # type: ignore[arg-type]
    assert house.sound() == {}


def test_what_was_returned_is_asked_for_again_with_a_new_chain(house: House) -> None:
    thing = house.thing()
    first = house.ask(thing=thing, facts=AMOUNT)
    with pytest.raises(Refused) as refusal:
        house.ask(thing=thing, facts=AMOUNT)
    assert refusal.value.code == "already-pending"
    house.does("head", services.send_back, first, reason="写清楚")

    again = house.ask(thing=thing, facts=AMOUNT)

    assert again.previous == first
    assert house.chain(again) == ["open", "waiting", "waiting"]
    with use(system_scope("test")):
        assert list(approvals_for(thing)) == [again, first]


def test_only_the_applicant_withdraws_and_only_while_it_is_pending(house: House) -> None:
    approval = house.ask(facts=AMOUNT)
    assert refused(house, "lead", services.withdraw, approval) == "not-yours"

    house.does("clerk", services.withdraw, approval, reason="不用了")
    house.does("clerk", services.withdraw, approval)

    assert house.row(approval).state == "withdrawn"
    assert house.chain(approval) == ["dropped"] * 3
    assert refused(house, "head", services.agree, approval) == "not-now"
    done = house.ask(facts={"amount": 1_00})
    house.agree("lead", done)
    assert refused(house, "clerk", services.withdraw, done) == "not-now"
    assert house.sound() == {}


def test_signing_again_changes_nothing(house: House) -> None:
    approval = house.ask(facts=AMOUNT)

    house.agree("head", approval)
    house.agree("head", approval)

    assert house.chain(approval) == ["agreed", "open", "waiting"]
    with use(system_scope("test")):
        assert Signature.objects.count() == 1


def test_when_the_effect_refuses_the_approval_says_so_and_nothing_is_half_done(house: House) -> None:
    thing = house.thing()
    approval = house.ask(thing=thing, facts={"amount": 1_00})
    with use(system_scope("test")):
        Counter.objects.filter(pk=thing.pk).update(value=7)

    house.agree("lead", approval)

    row = house.row(approval)
    assert (row.state, row.outcome, house.value(approval)) == ("void", "It was raised meanwhile.", 7)
    with use(system_scope("test")):
        assert Event.objects.filter(verb="approvals.effective").count() == 0
        assert Event.objects.get(verb="approvals.void").data["why"] == "raised-already"
    assert house.sound() == {}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_signer_is_added_before_or_after_oneself(house: House, when: str) -> None:
    approval = house.ask(facts=AMOUNT)
    assert refused(house, "head", services.add_signer, approval, user=house.clerk) == "signs-already"
    assert refused(house, "head", services.add_signer, approval, user=house.carol) == "cannot-sign"

    house.does("head", services.add_signer, approval, user=house.boss, when=when, note="请工程看一下")

    order = ["boss", "head"] if when == "before" else ["head", "boss"]
    assert refused(house, order[1], services.agree, approval) == "not-yours"
    for name in (*order, "director", "gm"):
        house.agree(name, approval)
    assert house.row(approval).state == "approved"
    assert house.sound() == {}


def test_an_added_signer_who_leaves_is_passed_over(house: House) -> None:
    approval = house.ask(facts=AMOUNT)
    house.does("head", services.add_signer, approval, user=house.boss, when="after")
    with use(system_scope("test")) as scope:
        relieve(Appointment.objects.get(user=house.boss), ends_on=today() - timedelta(days=1), by=scope.actor)

    house.agree("head", approval)

    assert house.chain(approval) == ["agreed", "skipped", "open", "waiting"]
    assert house.sound() == {}


def hand_over(house: House, start: datetime, end: datetime, kinds: list[str] | None = None) -> None:
    with use(house.scope("head")) as scope:
        services.delegate(
            house.head, deputy=house.boss, starts_at=start, ends_at=end, kinds=kinds, by=scope.actor
        )


def test_a_deputy_signs_for_somebody_and_it_shows(house: House) -> None:
    hand_over(house, now() - timedelta(minutes=1), now() + timedelta(days=3))
    approval = house.ask(facts=AMOUNT)
    with use(house.scope("boss")):
        assert list(waiting_for(house.boss.pk)) == [approval]

    house.agree("boss", approval, opinion="代签")

    with use(system_scope("test")):
        signature = Signature.objects.get()
        assert signer_words(signature) == "boss for head"
        assert signature.post == "head"
        assert Event.objects.get(verb="approvals.agreed").data["on_behalf_of"] == "head"
    assert house.sound() == {}


def test_a_deputy_signs_only_in_the_period_and_for_the_kinds_named(house: House) -> None:
    at = now()
    hand_over(house, at + timedelta(days=1), at + timedelta(days=2))
    hand_over(house, at, at + timedelta(days=4), ["memo.loan"])
    approval = house.ask(facts=AMOUNT)

    assert refused(house, "boss", services.agree, approval) == "not-yours"
    with moved_to(at + timedelta(days=2, seconds=1)):
        assert refused(house, "boss", services.agree, approval) == "not-yours"
    with moved_to(at + timedelta(days=1, seconds=1)):
        house.agree("boss", approval)
    assert house.sound() == {}


def test_a_delegation_ends_early_and_what_was_signed_stays(house: House) -> None:
    hand_over(house, now() - timedelta(minutes=1), now() + timedelta(days=3))
    approval, other = house.ask(facts=AMOUNT), house.ask(facts=AMOUNT)
    house.agree("boss", approval)
    with use(system_scope("test")):
        given = Signature.objects.get().delegation
    assert given is not None
    with use(house.scope("boss")) as scope, pytest.raises(Refused):
        services.end_delegation(given, by=scope.actor)
    with use(house.scope("head")) as scope:
        services.end_delegation(given, by=scope.actor)
        services.end_delegation(given, by=scope.actor)

    assert refused(house, "boss", services.agree, other) == "not-yours"
    assert house.sound() == {}


def test_a_deputy_never_signs_their_own_request_for_somebody(house: House) -> None:
    hand_over(house, now() - timedelta(minutes=1), now() + timedelta(days=3))
    approval = house.ask("boss", facts=AMOUNT)

    assert refused(house, "boss", services.agree, approval) == "own-request"


def test_a_signature_is_handed_over_only_to_people_who_may_sign(house: House) -> None:
    at = now()
    with use(house.scope("head")) as scope:
        for deputy, ends in (
            (house.clerk, at + timedelta(days=1)),
            (house.carol, at + timedelta(days=1)),
            (house.head, at + timedelta(days=1)),
            (house.boss, at - timedelta(days=1)),
            (house.boss, at + timedelta(days=400)),
        ):
            with pytest.raises(Refused):
                services.delegate(house.head, deputy=deputy, starts_at=at, ends_at=ends, by=scope.actor)
        with pytest.raises(Refused):
            services.delegate(
                house.boss, deputy=house.head, starts_at=at, ends_at=at + timedelta(days=1), by=scope.actor
            )
    with use(house.scope("clerk")) as scope, pytest.raises(PermissionDenied):
        services.delegate(
            house.clerk, deputy=house.boss, starts_at=at, ends_at=at + timedelta(days=1), by=scope.actor
        )


def test_what_is_not_signed_in_time_lapses(house: House) -> None:
    approval = house.ask(facts=AMOUNT)
    assert jobs.end_lapsed() == 0

    with moved_to(now() + timedelta(days=3, seconds=1)):
        assert refused(house, "head", services.agree, approval) == "not-now"
        assert jobs.end_lapsed() == 1
        assert jobs.end_lapsed() == 0
    assert house.row(approval).state == "lapsed"
    assert house.sound() == {}


def test_everybody_finds_what_concerns_them(house: House) -> None:
    approval = house.ask(facts=AMOUNT)
    house.agree("head", approval)

    with use(house.scope("director")):
        assert list(waiting_for(house.director.pk)) == [approval]
    with use(house.scope("head")):
        assert list(waiting_for(house.head.pk)) == []
        assert list(handled_by(house.head.pk)) == [approval]
    with use(house.scope("head2")):
        assert list(waiting_for(house.head2.pk)) == []
    with use(house.scope("clerk")):
        assert list(asked_by(house.clerk.pk)) == [approval]
    with use(house.scope("carol")):
        assert list(Approval.objects.all()) == []


def test_a_discreet_request_is_seen_by_those_who_take_part(house: House) -> None:
    with use(house.scope("lead")) as scope:
        memo = services.submit(
            house.site, kind="memo.loan", title="借款", facts={"amount": 100_00}, by=scope.actor
        )

    seen = {}
    for name in ("lead", "director", "head", "clerk"):
        with use(house.scope(name)):
            seen[name] = visible(Approval.objects.all(), house.people[name].pk).filter(pk=memo.pk).exists()
    assert seen == {"lead": True, "director": True, "head": False, "clerk": False}
    assert (memo.subject_type, memo.subject_id) == ("approvals.approval", memo.pk)


def test_signers_and_the_applicant_are_told(house: House, django_capture_on_commit_callbacks: object) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        approval = house.ask(facts={"amount": 1_00})
    with use(system_scope("test")):
        told = list(Notice.objects.values_list("user__username", "kind"))
    assert told == [("lead", "approvals.asked")]

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        house.agree("lead", approval)
    with use(system_scope("test")):
        assert ("clerk", "approvals.effective") in Notice.objects.values_list("user__username", "kind")


def test_the_second_post_of_one_person_needs_no_second_signature(house: House) -> None:
    with use(system_scope("test")) as scope:
        hold(house.site.unit, house.director, "head", scope.actor)
        for name in ("head", "head2"):
            relieve(
                Appointment.objects.get(user=house.people[name]),
                ends_on=today() - timedelta(days=1),
                by=scope.actor,
            )
    approval = house.ask(facts=AMOUNT)

    house.agree("director", approval)

    assert house.chain(approval) == ["agreed", "skipped", "open"]
    assert house.sound() == {}


def test_steps_are_read_with_their_people_in_a_fixed_number_of_queries(
    house: House, django_assert_num_queries: object
) -> None:
    rows = [house.ask(facts=AMOUNT) for _ in range(4)]
    with use(system_scope("test")), django_assert_num_queries(3):  # type: ignore[operator]
        shown = with_chain(Approval(pk=row.pk) for row in rows)
    assert [len(one.chain) for one in shown] == [3] * 4
    assert shown[0].chain[0].mode == Step.Mode.ANY
    assert datetime(2026, 1, 1, tzinfo=UTC) < shown[0].chain[0].opened_at
