"""Every approval and every authority of the packs that come with the product works as it is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Post, User
from huiyin.base.org.selectors import scope_of
from huiyin.base.org.services import add_user, appoint
from huiyin.engines.approvals.chains import authority_of, rule_for
from huiyin.engines.approvals.models import Approval, Signature, Signer, State
from huiyin.engines.approvals.services import agree, note_consent, submit
from huiyin.engines.approvals.services import refuse as refuse_it
from huiyin.engines.clocks.models import Clock
from huiyin.engines.clocks.selectors import of
from huiyin.engines.packs.registry import Item
from huiyin.engines.packs.selectors import entries
from huiyin.work.cases.extending import EXTENSION, ask_for_time
from huiyin.work.cases.models import Category
from huiyin.work.cases.raising import INSTRUCTION, Level, report_upwards
from huiyin.work.cases.services import register

from .conftest import LONG_AGO, Estate
from .facts import beyond, within

CLERK = "front-desk"
DAY_LONG = "repair.plumbing.leak"
"""A category of repairs to be finished within twenty-four hours."""


@dataclass(frozen=True)
class Staffed:
    """The estate with somebody in every post of the packs."""

    estate: Estate
    people: dict[str, User]
    posts: dict[str, Post]

    def ask(self, post: str, kind: str, facts: dict[str, Any]) -> Approval:
        """Let the holder of a post ask for something."""
        with use(scope_of(self.people[post])) as scope:
            return submit(self.estate.site, kind=kind, title=kind, facts=facts, by=scope.actor)

    def report_upwards(self, applicant: str, facts: dict[str, Any]) -> Approval:
        """Let the holder of a post report a case upwards, to the level of the facts."""
        with use(scope_of(self.people[applicant])) as scope:
            case = register(self.estate.site, kind="complaint", channel="phone", title="请示", by=scope.actor)
            return report_upwards(case, text="请指示", level=facts.get("level", Level.LEAD), by=scope.actor)

    def ask_for_time(self, item: Item) -> tuple[Approval, Clock]:
        """Ask for more time for a limit of a case that the rule fits: its kind, its limit, the cause, how long."""
        when = item.value.when
        matter = when.matter[0] if when.matter else "service"
        category = DAY_LONG if "limit_hours" in when.numbers else ""
        kind = "finish" if category else "answer"
        longer = timedelta(hours=30)
        if when.duration is not None:
            longer = when.duration.over.natural + timedelta(
                days=7 if when.duration.over.unit == "working_days" else 1
            )
        with use(scope_of(self.people[CLERK])) as scope:
            row = Category.objects.filter(code=category).first() if category else None
            case = register(
                self.estate.site, kind=matter, channel="phone", title=item.code, category=row, by=scope.actor
            )
            clock = next(one for one in of(case) if one.kind == kind)
            approval = ask_for_time(
                case,
                kind=kind,
                until=clock.started_at + longer,
                reason="来不及",
                cause=when.cause[0] if when.cause else "work",
                by=scope.actor,
            )
        return approval, clock

    def got_time(self, item: Item, before: Clock, approval: Approval) -> list[str]:
        """What is wrong with the limit after it was extended."""
        with use(system_scope("test")):
            clock = Clock.objects.get(pk=before.pk)
            until = datetime.fromisoformat(Approval.objects.get(pk=approval.pk).request["until"])
        if (clock.due_at, clock.original_due_at) == (until, before.original_due_at):
            return []
        return [f"{item.code}: due {clock.due_at} instead of {until}, originally {clock.original_due_at}"]

    def now(self, approval: Approval) -> Approval:
        """The approval as it stands."""
        with use(system_scope("test")):
            return Approval.objects.get(pk=approval.pk)

    def turn(self, approval: Approval) -> list[User]:
        """Who may sign it now."""
        with use(system_scope("test")):
            return [
                one.user
                for one in Signer.objects.filter(approval=approval).select_related("user").order_by("pk")
            ]

    def sign(self, approval: Approval) -> list[str]:
        """Let everybody sign in their turn until it is decided; the posts that signed, in order."""
        for _n in range(20):
            row = self.now(approval)
            if not row.is_pending:
                break
            users = self.turn(approval)
            with use(scope_of(users[0] if users else self.people[CLERK])) as scope:
                if users:
                    agree(row, by=scope.actor)
                else:
                    note_consent(
                        row, agreed=True, person="业主", channel="phone", said_at=now(), by=scope.actor
                    )
        with use(system_scope("test")):
            rows = Signature.objects.filter(approval=approval).order_by("pk")
            return [row.post or "customer" for row in rows]


@pytest.fixture
def staffed(estate: Estate) -> Staffed:
    people = {}
    with use(system_scope("test")) as scope:
        posts = {post.code: post for post in Post.objects.select_related("reports_to")}
        for item in entries("posts"):
            user = add_user(
                None, username=item.code, name=item.value.name.zh, password="hui-yin-2026", by=scope.actor
            )
            unit = estate.company if item.value.level == "company" else estate.site.unit
            appoint(unit, user=user, post=posts[item.code], starts_on=LONG_AGO, by=scope.actor)
            people[item.code] = user
    return Staffed(estate, people, posts)


def _expected(staffed: Staffed, item: Item, applicant: str) -> list[set[str]]:
    """The posts of each step, worked out from the entry and the line of superiors."""
    steps = []
    for step in item.value.steps:
        if step.role == "customer":
            steps.append({"customer"})
        elif step.role == "lead":
            above = staffed.posts[applicant].reports_to
            steps.append({above.code if above else applicant})
        elif step.role in ("head", "director"):
            line, post = [], staffed.posts[applicant]
            while post is not None and post.level == "site":
                line.append(post.code)
                post = staffed.posts[post.reports_to.code] if post.reports_to else None
            steps.append({line[-1] if step.role == "director" or len(line) < 2 else line[-2]})
        else:
            steps.append(set(step.post))
    return steps


def _proposer(item: Item, proposals: list[Item], facts: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Who may ask for it: the desk, or where only some may propose it one of those, with facts they may use."""
    mine = [one for one in proposals if item.value.kind in one.value.kind]
    if not mine:
        return CLERK, facts
    named = {code for step in item.value.steps for code in step.post or ()}
    best = next((one for one in mine if one.value.post not in named), mine[0])
    return best.value.post, {**within(best.value.when), **facts}


def test_every_approval_is_signed_by_its_posts_in_their_order(staffed: Staffed) -> None:
    """Asked for with facts that just fit, it takes the signatures named, one after the other, and no fewer.

    With facts just beyond its conditions it is another rule's, or nobody's.
    """
    with use(system_scope("test")):
        rules = list(entries("approvals", staffed.estate.site))
        proposals = [
            one for one in entries("authorities", staffed.estate.site) if one.value.right == "propose"
        ]
    wrong = []
    for item in rules:
        facts = within(item.value.when)
        applicant, facts = _proposer(item, proposals, facts)
        clock: Clock | None = None
        if item.value.kind == EXTENSION:
            approval, clock = staffed.ask_for_time(item)
        elif item.value.kind == INSTRUCTION:
            approval = staffed.report_upwards(applicant, facts)
        else:
            approval = staffed.ask(applicant, item.value.kind, facts)
        if approval.rule_code != item.code or not approval.is_pending:
            wrong.append(f"{item.code}: {approval.rule_code} {approval.state}")
            continue
        signed = staffed.sign(approval)
        steps = [step - {applicant} for step in _expected(staffed, item, applicant)]
        joint = [one.sign == "all" for one in item.value.steps]
        wanted, left = [pair for pair in zip(steps, joint, strict=True) if pair[0]], list(signed)
        for step, everybody in wanted:
            size = len(step) if everybody else 1
            if not set(left[:size]) or not (set(left[:size]) == step if everybody else left[0] in step):
                wrong.append(f"{item.code} asked by {applicant}: {signed}, expected {wanted}")
                break
            left = left[size:]
        else:
            if left or staffed.now(approval).state != State.APPROVED:
                wrong.append(f"{item.code}: {signed}, expected {wanted}; {staffed.now(approval).state}")
        if clock is not None:
            wrong += staffed.got_time(item, clock, approval)
        with use(system_scope("test")):
            for other in beyond(item.value.when):
                found = rule_for(item.value.kind, other, staffed.estate.site.pk)
                if found is not None and found.code == item.code:
                    wrong.append(f"{item.code}: still fits {other}")
    assert len(rules) > 50
    assert not wrong, "\n".join(wrong)


def test_every_approval_is_refused_with_its_reason(staffed: Staffed) -> None:
    """At its first step each approval can be refused; the reason stays with it and nobody is asked any more."""
    with use(system_scope("test")):
        rules = list(entries("approvals", staffed.estate.site))
        proposals = [
            one for one in entries("authorities", staffed.estate.site) if one.value.right == "propose"
        ]
    for item in rules:
        applicant, facts = _proposer(item, proposals, within(item.value.when))
        if item.value.kind == EXTENSION:
            approval, _clock = staffed.ask_for_time(item)
            if not staffed.turn(approval):
                continue  # the customer is asked first, and is no signer of ours
        else:
            approval = staffed.ask(applicant, item.value.kind, facts)
        signer = staffed.turn(approval)[0]
        with use(scope_of(signer)) as scope:
            refuse_it(staffed.now(approval), reason="手续不全", by=scope.actor)
        row = staffed.now(approval)
        assert (row.state, row.outcome) == (State.REFUSED, "手续不全"), item.code
        assert staffed.turn(approval) == []


def test_every_authority_decides_below_and_refuses_above(staffed: Staffed) -> None:
    """Up to the very bound its holder decides alone (or may propose); one fen, minute or time beyond, not."""
    with use(system_scope("test")):
        items = list(entries("authorities", staffed.estate.site))
    wrong = []
    for item in items:
        for kind in item.value.kind:
            told = (
                _decide(staffed, item, kind)
                if item.value.right == "decide"
                else _propose(staffed, item, kind)
            )
            wrong += [f"{item.code} {kind}: {one}" for one in told]
    assert len(items) > 20
    assert not wrong, "\n".join(wrong)


def _decide(staffed: Staffed, item: Item, kind: str) -> list[str]:
    """What is wrong with an authority to decide."""
    wrong, post, site = [], item.value.post, staffed.estate.site
    facts = within(item.value.when)
    own = staffed.ask(post, kind, facts)
    if staffed.now(own).state != State.APPROVED:
        wrong.append(f"the holder does not decide {facts} alone")
    asked = staffed.ask(CLERK, kind, facts)
    signed = staffed.sign(asked)
    if signed[-1:] != [post] or staffed.now(asked).state != State.APPROVED:
        wrong.append(f"asked by the desk, {signed} signed {facts}")
    for other in beyond(item.value.when):
        with use(system_scope("test")):
            if authority_of(staffed.people[post].pk, kind, other, site).code == item.code and authority_of(
                staffed.people[post].pk, kind, other, site
            ):
                wrong.append(f"it still holds for {other}")
        try:
            row = staffed.now(staffed.ask(post, kind, other))
        except Refused as refusal:
            if refusal.code != "no-rule":
                wrong.append(f"{other}: {refusal.code}")
        else:
            if row.state == State.APPROVED:
                wrong.append(f"the holder decides {other} alone")
    with use(system_scope("test")):
        if authority_of(staffed.people[CLERK].pk, kind, facts, site):
            wrong.append("the desk has it too")
    return wrong


def _propose(staffed: Staffed, item: Item, kind: str) -> list[str]:
    """What is wrong with a right to propose."""
    wrong, post = [], item.value.post
    facts = within(item.value.when)
    approval = staffed.ask(post, kind, facts)
    if not approval.is_pending:
        wrong.append(f"a proposal of {facts} decides")
    signed = staffed.sign(approval)
    if post in signed or not signed:
        wrong.append(f"signed by {signed}")
    for who, other in [(post, one) for one in beyond(item.value.when)] + [(CLERK, facts)]:
        try:
            staffed.ask(who, kind, other)
        except Refused:
            continue
        wrong.append(f"{who} may propose {other}")
    return wrong
