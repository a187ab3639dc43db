"""What the programming interface reads and answers about approvals."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from huiyin.base.kit.api import Paging
from huiyin.base.org.models import User

from .models import Signature, Step
from .words import remark, step_name

BoxName = Literal["waiting", "mine", "handled", "all"]
StateName = Literal["pending", "approved", "returned", "refused", "withdrawn", "lapsed", "void"]


class Filters(Paging):
    """Which approvals."""

    box: BoxName = Field("all", description="Waiting for one's own signature, asked for, signed, or all")
    state: StateName | None = None
    kind: str | None = Field(None, max_length=60)


class AgreeIn(BaseModel):
    """A signature in agreement."""

    opinion: str = Field("", max_length=1000)


class ReasonIn(BaseModel):
    """Why it is returned or refused."""

    reason: str = Field(min_length=1, max_length=1000)


class WithdrawIn(BaseModel):
    """Why it is withdrawn."""

    reason: str = Field("", max_length=500)


class SignerOut(BaseModel):
    """A member of staff."""

    username: str
    name: str


class SignatureOut(BaseModel):
    """What one person said: who signed, for whom (if as deputy), in which post, how."""

    signed_by: SignerOut | None
    on_behalf_of: SignerOut | None
    post: str
    decision: str
    opinion: str
    at: datetime
    evidence: dict[str, Any]


class StepOut(BaseModel):
    """One step: whose signature, how it stands, why others sign, who signed and who may sign now."""

    name: str
    state: str
    mode: str
    remarks: list[str]
    signatures: list[SignatureOut]
    may_sign: list[SignerOut]


class ApprovalOut(BaseModel):
    """An approval as it stands."""

    code: str
    site: str
    kind: str
    title: str
    reason: str
    facts: dict[str, Any]
    about: str
    state: str
    outcome: str
    applicant: SignerOut
    submitted_at: datetime
    lapses_at: datetime | None
    ended_at: datetime | None
    rule: str
    clause: str
    steps: list[StepOut]


class ApprovalPage(BaseModel):
    """A page of approvals."""

    items: list[ApprovalOut]
    next: str | None


def person_out(user: User | None) -> dict[str, str] | None:
    """A member of staff as data."""
    return None if user is None else {"username": user.username, "name": user.name}


def signature_out(one: Signature) -> dict[str, Any]:
    """A signature as data."""
    return {
        "signed_by": person_out(one.user),
        "on_behalf_of": person_out(one.on_behalf_of),
        "post": one.post,
        "decision": one.decision,
        "opinion": one.opinion,
        "at": one.at,
        "evidence": one.evidence,
    }


def step_out(step: Any) -> dict[str, Any]:
    """A step, read with its chain, as data."""
    kept: Step = step
    return {
        "name": step_name(kept),
        "state": kept.state,
        "mode": kept.mode,
        "remarks": [remark(one) for one in kept.remarks],
        "signatures": [signature_out(one) for one in step.signed],
        "may_sign": [person_out(one.user) for one in step.may_sign],
    }


def approval_out(approval: Any) -> dict[str, Any]:
    """An approval, read with its chain, as data."""
    return {
        "code": approval.code,
        "site": approval.site.code,
        "kind": approval.kind,
        "title": approval.title,
        "reason": approval.reason,
        "facts": approval.facts,
        "about": approval.about,
        "state": approval.state,
        "outcome": approval.outcome,
        "applicant": person_out(approval.applicant),
        "submitted_at": approval.submitted_at,
        "lapses_at": approval.lapses_at,
        "ended_at": approval.ended_at,
        "rule": approval.rule_code,
        "clause": approval.rule["clause"],
        "steps": [step_out(one) for one in approval.chain],
    }
