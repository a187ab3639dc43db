"""Approvals in the programming interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router
from pydantic import BaseModel

from huiyin.base.kit.api import answers, carried_out, keyset, must_hold, reached, reply
from huiyin.base.kit.scope import current
from huiyin.base.kit.tables import Order

from . import services
from .models import Approval
from .schemas import AgreeIn, ApprovalOut, ApprovalPage, Filters, ReasonIn, WithdrawIn, approval_out
from .selectors import VIEW, asked_by, handled_by, visible, waiting_for, with_chain

router = Router(tags=["approvals"])
NEWEST = Order("submitted", _("Submitted"), "submitted_at")
DECIDE = "approvals.decide"


@router.get("/approvals", response=answers(200, ApprovalPage), summary="List approvals, the newest first")
def index(request: HttpRequest, filters: Query[Filters]) -> HttpResponse:
    """Those of sites where one may see them; discreet ones only where one takes part."""
    must_hold(VIEW)
    user = current().actor.user_id or 0
    rows = Approval.objects.allowed(VIEW)
    if filters.box == "all":
        rows = visible(rows, user)
    else:
        chosen = {"waiting": waiting_for, "mine": asked_by, "handled": handled_by}[filters.box](user)
        rows = rows.filter(pk__in=chosen.order_by().values("pk"))
    same = {"state": filters.state, "kind": filters.kind}
    rows = rows.filter(**{name: value for name, value in same.items() if value is not None})
    page = keyset(rows.select_related("site", "applicant"), NEWEST, after=filters.after, limit=filters.limit)
    return reply({"items": [approval_out(one) for one in with_chain(page.rows)], "next": page.next})


def approval_named(code: str, permission: str) -> Approval:
    """The approval of that code. Refused: 404 out of reach or discreet, 403 without the right at its site."""
    rows = visible(Approval.objects.filter(code=code), current().actor.user_id)
    approval: Approval = reached(rows.select_related("site", "applicant").first(), permission)
    return approval


@router.get("/approvals/{code}", response=answers(200, ApprovalOut), summary="One approval")
def detail(request: HttpRequest, code: str) -> HttpResponse:
    """With its chain and every signature."""
    must_hold(VIEW)
    return reply(approval_out(with_chain([approval_named(code, VIEW)])[0]))


def acted(
    request: HttpRequest, code: str, permission: str, data: BaseModel, command: Callable[..., Any]
) -> HttpResponse:
    """Run a command with what was sent on an approval, once per key, and answer with the approval."""
    must_hold(permission)
    approval = approval_named(code, permission)

    def run() -> dict[str, Any]:
        command(approval, **data.model_dump(), by=current().actor)
        return approval_out(with_chain([approval_named(code, permission)])[0])

    return carried_out(request, data, run)


@router.post("/approvals/{code}/agree", response=answers(200, ApprovalOut), summary="Sign in agreement")
def agree(request: HttpRequest, code: str, data: AgreeIn) -> HttpResponse:
    """With the last signature the effect happens."""
    return acted(request, code, DECIDE, data, services.agree)


@router.post(
    "/approvals/{code}/return", response=answers(200, ApprovalOut), summary="Return to the applicant"
)
def send_back(request: HttpRequest, code: str, data: ReasonIn) -> HttpResponse:
    """To be corrected and asked for again."""
    return acted(request, code, DECIDE, data, services.send_back)


@router.post("/approvals/{code}/refuse", response=answers(200, ApprovalOut), summary="Refuse")
def refuse(request: HttpRequest, code: str, data: ReasonIn) -> HttpResponse:
    """What was asked for does not happen."""
    return acted(request, code, DECIDE, data, services.refuse)


@router.post(
    "/approvals/{code}/withdraw", response=answers(200, ApprovalOut), summary="Withdraw one's request"
)
def withdraw(request: HttpRequest, code: str, data: WithdrawIn) -> HttpResponse:
    """While it is being signed."""
    return acted(request, code, VIEW, data, services.withdraw)
