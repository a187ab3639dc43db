"""Asking for an approval, signing it, and what follows.

Every command on an approval first locks its row, so that of two at once one comes after the other and looks
again. `running.py` carries a chain from step to step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.inserting import next_id
from huiyin.base.kit.moment import local_zone, now
from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused, service
from huiyin.base.kit.words import words
from huiyin.base.org.models import Site, User
from huiyin.base.org.selectors import who_can
from huiyin.base.trail.registry import describe
from huiyin.base.trail.services import record
from huiyin.engines.files.receiving import Received
from huiyin.engines.numbering.services import take

from . import running
from .chains import DECIDE, authority_of, copy_of, draft, people_for, rule_for, signed_by
from .conditions import UNITS
from .models import Approval, Delegation, Signature, State, Step
from .papers import attach_all
from .registry import kind_of
from .running import (
    AGREED,
    DELEGATED,
    DELEGATION_ENDED,
    LAPSED,
    REFUSED,
    RETURNED,
    SIGNER_ADDED,
    SUBMITTED,
    WITHDRAWN,
)
from .selectors import Right, beyond, open_step, returned_before, right_of

MOST_STEPS = 30
LONGEST = timedelta(days=366)


@service
def submit(
    subject: Any,
    *,
    kind: str,
    title: str,
    reason: str = "",
    facts: Mapping[str, Any] | None = None,
    request: Mapping[str, Any] | None = None,
    root: models.Model | None = None,
    about: str = "",
    about_label: str = "",
    files: Sequence[Received] = (),
    by: Actor,
) -> Approval:
    """Ask for an approval about a row of a site; its chain is drawn up now and stays with it.

    `facts` decide the chain (`amount` in fen, `minutes`, `working_days`, `category` …), `request` is what the
    effect will need, both JSON; `files` were taken in by `files.receiving`. An applicant whose own authority
    suffices needs no signature of staff. Refused when no rule of the packs fits, when nobody could sign a
    step, when the same is being asked for already, or when only others may propose it.
    """
    site = Site.objects.select_related("unit").get(pk=subject.site_id)
    if by.user_id is None:
        raise Refused("nobody-asks", _("An approval is asked for by a person."))
    known = dict(facts or {})
    item = rule_for(kind, known, site.pk)
    if item is None or (kind_of(kind) is None and not item.value.request):
        raise Refused("no-rule", _("The rules of your organisation say nothing about who approves this."))
    proposing = authority_of(by.user_id, kind, known, site, right="propose")
    deciding = authority_of(by.user_id, kind, known, site)
    if proposing.code and not proposing and not deciding:
        raise beyond(proposing)
    approval = _new(subject, site, item, by)
    approval.title = words(title, 120, "title", required=True)
    approval.reason = words(reason, 2000, "reason")
    approval.facts, approval.request = known, dict(request or {})
    approval.about, approval.about_label = about[:200], about_label[:160]
    if root is not None:
        approval.root_type, approval.root_id = describe(root), root.pk
    steps = draft(approval.rule, approval, site)
    if deciding:
        told = {"code": "authority", "who": by.label, "clause": deciding.clause or deciding.name}
        approval.remarks.append(told)
        steps = [one for one in steps if one.is_customers]
    _check_chain(steps, approval, site)
    _write(approval, steps)
    record(approval, SUBMITTED, by=by, root=running.root_of(approval), title=approval.title, kind=kind)
    attach_all(approval, files, by)
    running.go_on(approval, by)
    return approval


@service(needs="approvals.view")
def ask(
    site: Site,
    *,
    kind: str,
    title: str,
    reason: str,
    amount: Decimal | None = None,
    days: int | None = None,
    hours: Decimal | None = None,
    files: Sequence[Received] = (),
    by: Actor,
) -> Approval:
    """Ask for something that no part of the system carries out (a loan slip, a plan): the signed sheet counts.

    `amount` in yuan, `days` natural days, `hours` besides (begun minutes count).
    Refused for kinds that are asked for elsewhere, and as `submit`.
    """
    facts: dict[str, Any] = {}
    if amount is not None:
        facts.update(amount=int(amount * 100), currency="CNY")
    if days is not None or hours is not None:
        facts["minutes"] = (days or 0) * 24 * 60 + math.ceil((hours or 0) * 60)
    item = rule_for(kind, facts, site.pk)
    if item is None or not item.value.request:
        raise Refused(
            "no-rule", _("The rules of your organisation say nothing about who approves this."), field="kind"
        )
    approval: Approval = submit(site, kind=kind, title=title, reason=reason, facts=facts, files=files, by=by)
    return approval


def _new(subject: Any, site: Site, item: Any, by: Actor) -> Approval:
    at, rule = now(), copy_of(item)
    day = at.astimezone(local_zone()).strftime("%y%m%d")
    number = take(site, series="approval", period=day, by=by)
    validity = rule["validity"]
    own = next_id(Approval)
    # A request that is about nothing else is about itself.
    itself = subject._meta.model is Site
    subject_type = Approval._meta.label_lower if itself else describe(subject)
    subject_id = own if itself else subject.pk
    kind = item.value.kind
    return Approval(
        pk=own,
        site=site,
        code=f"SP-{site.code.upper()}-{day}-{number:04d}",
        kind=kind,
        subject_type=subject_type,
        subject_id=subject_id,
        root_type=subject_type,
        root_id=subject_id,
        rule_code=item.code,
        rule=rule,
        discreet=item.value.discreet,
        applicant_id=by.user_id or 0,
        submitted_at=at,
        lapses_at=at + validity["value"] * UNITS[validity["unit"]] if validity else None,
        previous=returned_before(subject_type, subject_id, kind),
    )


def _check_chain(steps: list[Step], approval: Approval, site: Site) -> None:
    """Refused when nobody could sign a step: better now than half way."""
    for step in steps:
        if step.is_customers or step.optional:
            continue
        if not people_for(step, approval, site).people:
            message = _("Nobody can sign as %(post)s, nor anybody above: appoint somebody first.")
            raise Refused("nobody-signs", message, params={"post": step.name})


def _write(approval: Approval, steps: list[Step]) -> None:
    try:
        with transaction.atomic():
            approval.save(force_insert=True)
            Step.objects.bulk_create(steps)
    except IntegrityError as error:
        if "one_pending" in str(error) or "subject" in str(error):
            raise Refused("already-pending", _("This is being asked for already.")) from error
        raise


def _locked(approval: Approval) -> Approval:
    row: Approval = Approval.objects.select_for_update(of=("self",)).get(pk=approval.pk)
    return row


def _repeated(approval: Approval, decision: str, by: Actor) -> bool:
    """Whether somebody has signed in just this way already: then once is enough."""
    if by.user_id is None:
        return False
    return bool(Signature.objects.filter(approval=approval, user=by.user_id, decision=decision).exists())


def _must_sign(approval: Approval, by: Actor) -> tuple[Step, Right]:
    """The open step and the right to sign it. Refused when it is not (or no longer) for this person."""
    if not approval.is_pending:
        raise Refused("not-now", _("This approval has ended: %(state)s."), params={"state": _state(approval)})
    if approval.lapses_at is not None and approval.lapses_at <= now():
        raise Refused(
            "not-now", _("This approval has ended: %(state)s."), params={"state": State.LAPSED.label}
        )
    if by.user_id == approval.applicant_id:
        raise Refused("own-request", _("Nobody signs their own request."))
    step = open_step(approval)
    if step is not None and not step.is_customers:
        running.look(step, approval)
    right = right_of(by.user_id, approval, step)
    if step is None or right is None:
        raise Refused("not-yours", _("This is not waiting for your signature."))
    return step, right


def _state(approval: Approval) -> Any:
    return State(approval.state).label


def _sign(approval: Approval, step: Step, right: Right, decision: str, opinion: str, by: Actor) -> Signature:
    signature = Signature(
        site_id=approval.site_id,
        approval=approval,
        step=step,
        user_id=by.user_id,
        on_behalf_of_id=right.entitled if right.delegation is not None else None,
        delegation=right.delegation,
        post=right.post,
        post_name=right.post_name,
        decision=decision,
        opinion=opinion,
        at=now(),
    )
    signature.save(force_insert=True)
    return signature


def _told(signature: Signature, step: Step) -> dict[str, Any]:
    """What an event says of a signature."""
    return {
        "opinion": signature.opinion,
        "step": step.position,
        "name": step.name,
        "on_behalf_of": str(signature.on_behalf_of) if signature.on_behalf_of else "",
    }


@service(needs="approvals.decide")
def agree(approval: Approval, *, opinion: str = "", files: Sequence[Received] = (), by: Actor) -> Approval:
    """Sign the open step in agreement; with the last signature the effect happens.

    Who has the authority to decide this alone cuts the chain: later signatures of staff are not needed.
    Signing again in the same way changes nothing. Refused when it is not this person's turn, or over.
    """
    said = words(opinion, 1000, "opinion")
    row = _locked(approval)
    if _repeated(row, Signature.Decision.AGREE, by):
        return row
    step, right = _must_sign(row, by)
    signature = _sign(row, step, right, Signature.Decision.AGREE, said, by)
    attach_all(signature, files, by)
    record(row, AGREED, by=by, root=running.root_of(row), **_told(signature, step))
    running.signed(row, step, right, by)
    return row


@service(needs="approvals.decide")
def send_back(approval: Approval, *, reason: str, files: Sequence[Received] = (), by: Actor) -> Approval:
    """Return it to the applicant to be corrected, with the reason; asking again begins a new chain."""
    return _end(approval, Signature.Decision.RETURN, "return", RETURNED, reason, files, by)


@service(needs="approvals.decide")
def refuse(approval: Approval, *, reason: str, files: Sequence[Received] = (), by: Actor) -> Approval:
    """Refuse it, with the reason. Refused when it is not this person's turn, or over."""
    return _end(approval, Signature.Decision.REFUSE, "refuse", REFUSED, reason, files, by)


def _end(
    approval: Approval,
    decision: str,
    move: str,
    event: str,
    reason: str,
    files: Sequence[Received],
    by: Actor,
) -> Approval:
    said = words(reason, 1000, "reason", required=True)
    row = _locked(approval)
    if _repeated(row, decision, by):
        return row
    step, right = _must_sign(row, by)
    signature = _sign(row, step, right, decision, said, by)
    attach_all(signature, files, by)
    running.end(row, move, outcome=said, step=step)
    record(row, event, by=by, root=running.root_of(row), reason=said, **_told(signature, step))
    return row


@service(needs="approvals.view")
def withdraw(approval: Approval, *, reason: str = "", by: Actor) -> Approval:
    """Take one's own request back while it is being signed. Refused for others, and when it is over."""
    said = words(reason, 500, "reason")
    row = _locked(approval)
    if by.user_id != row.applicant_id:
        raise Refused("not-yours", _("Only who asked for it can withdraw it."))
    if row.state == State.WITHDRAWN:
        return row
    running.end(row, "withdraw", outcome=said)
    record(row, WITHDRAWN, by=by, root=running.root_of(row), reason=said)
    return row


@service(needs="approvals.decide")
def add_signer(
    approval: Approval, *, user: User, when: str = "before", note: str = "", by: Actor
) -> Approval:
    """Let one more person sign before oneself or after oneself (加签), for those whose turn it is.

    Refused for the applicant, for people who have signed or may not sign at the site, for a chain grown
    too long, and when it is not this person's turn.
    """
    if when not in ("before", "after"):
        raise Refused("unknown", _("Unknown value: %(value)s"), params={"value": when[:40]}, field="when")
    said = words(note, 500, "note")
    row = _locked(approval)
    step, right = _must_sign(row, by)
    if user.pk in (row.applicant_id, right.entitled, by.user_id) or user.pk in signed_by(row):
        message = _("This person cannot be asked: they ask for it, sign now or have signed.")
        raise Refused("signs-already", message, field="user")
    if (
        not who_can(DECIDE, Site.objects.select_related("unit").get(pk=row.site_id))
        .filter(pk=user.pk)
        .exists()
    ):
        raise Refused("cannot-sign", _("This person may not sign approvals here."), field="user")
    steps = Step.objects.filter(approval=row)
    if steps.count() >= MOST_STEPS:
        raise Refused("too-many-steps", _("The chain is long enough."))
    position = step.position + (when == "after")
    steps.filter(position__gte=position).update(position=models.F("position") + 1)
    if when == "before":
        running.close(step, Step.State.WAITING)
    added = Step(
        site_id=row.site_id,
        approval=row,
        position=position,
        name=str(user)[:160],
        who={"user": user.pk},
        added_by_id=by.user_id,
        remarks=[{"code": "note", "text": said}] if said else [],
    )
    added.save(force_insert=True)
    record(row, SIGNER_ADDED, by=by, root=running.root_of(row), name=str(user), when=when, note=said)
    if when == "before":
        running.go_on(row, by)
    return row


@service(needs="approvals.view")
def note_consent(
    approval: Approval,
    *,
    agreed: bool,
    person: str,
    channel: str,
    said_at: datetime,
    words_said: str = "",
    files: Sequence[Received] = (),
    by: Actor,
) -> Approval:
    """Record what the customer said about it: who, when, on which channel.

    By the applicant or somebody who may sign approvals there. Refused when the customer is not asked now,
    or the moment lies ahead.
    """
    row = _locked(approval)
    step = open_step(row)
    if by.user_id != row.applicant_id and not running.may_sign_at(row, by):
        raise Refused("not-yours", _("Who asked for it, or who signs, records the customer's word."))
    if not row.is_pending or step is None or not step.is_customers:
        raise Refused("not-now", _("The customer is not being asked now."))
    if said_at > now() + timedelta(minutes=5):
        raise Refused("in-future", _("That lies in the future."), field="said_at")
    said = words(words_said, 1000, "words_said")
    evidence = {
        "person": words(person, 60, "person", required=True),
        "channel": words(channel, 40, "channel", required=True),
        "said_at": said_at.isoformat(),
    }
    decision = Signature.Decision.AGREE if agreed else Signature.Decision.REFUSE
    signature = Signature(
        site_id=row.site_id, approval=row, step=step, noted_by_id=by.user_id, decision=decision,
        opinion=said, evidence=evidence, at=now(),
    )  # fmt: skip
    signature.save(force_insert=True)
    attach_all(signature, files, by)
    told = {"customer": True, "step": step.position, "opinion": said, **evidence}
    if agreed:
        record(row, AGREED, by=by, root=running.root_of(row), **told)
        running.signed(row, step, None, by)
        return row
    running.end(row, "refuse", outcome=said, step=step)
    record(row, REFUSED, by=by, root=running.root_of(row), reason=said, **told)
    return row


@service
def lapse(approval: Approval, *, by: Actor) -> bool:
    """End an approval whose time for signatures is over; whether it was."""
    row = _locked(approval)
    if not row.is_pending or row.lapses_at is None or row.lapses_at > now():
        return False
    running.end(row, "lapse")
    record(row, LAPSED, by=by, root=running.root_of(row))
    return True


@service
def delegate(
    delegator: User,
    *,
    deputy: User,
    starts_at: datetime,
    ends_at: datetime,
    kinds: list[str] | None = None,
    reason: str = "",
    by: Actor,
) -> Delegation:
    """Let a deputy sign for oneself from a moment until another (at most a year), for some kinds or for all.

    Needs "approvals.delegate" anywhere. Refused for others than oneself, for an end that is past or before the
    start, and for a deputy who may not sign approvals at any of one's sites.
    """
    running.require_anywhere("approvals.delegate")
    if by.user_id != delegator.pk:
        raise Refused("not-yours", _("One can only hand over one's own signature."))
    if not starts_at < ends_at <= starts_at + LONGEST or ends_at <= now():
        raise Refused("bad-period", _("Choose an end after the start, within a year."), field="ends_at")
    if deputy.pk == delegator.pk or not running.share_a_site(delegator, deputy):
        message = _("This person may not sign approvals at any of your sites.")
        raise Refused("cannot-sign", message, field="deputy")
    made = Delegation(
        delegator=delegator,
        deputy=deputy,
        starts_at=starts_at,
        ends_at=ends_at,
        kinds=sorted(set(kinds or [])),
        reason=words(reason, 200, "reason"),
        made_at=now(),
    )
    made.save(force_insert=True)
    told: dict[str, Any] = {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
    record(made, DELEGATED, by=by, name=str(deputy), kinds=made.kinds, reason=made.reason, **told)
    return made


@service
def end_delegation(delegation: Delegation, *, by: Actor) -> Delegation:
    """End a delegation early; what the deputy signed stays. Needs "approvals.delegate" anywhere.

    Refused for others than who gave it. Ending it again changes nothing.
    """
    running.require_anywhere("approvals.delegate")
    if by.user_id != delegation.delegator_id:
        raise Refused("not-yours", _("One can only hand over one's own signature."))
    at = now()
    if Delegation.objects.filter(pk=delegation.pk, ended_early_at=None, ends_at__gt=at).update(
        ended_early_at=at
    ):
        record(delegation, DELEGATION_ENDED, by=by, name=str(delegation.deputy))
    delegation.refresh_from_db()
    return delegation
