"""More time for a limit of a case: asked for with a reason, given by whoever the handbook names."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from huiyin.base.kit.moment import local_zone, now
from huiyin.base.kit.scope import Actor, current
from huiyin.base.kit.service import Refused, service
from huiyin.base.kit.words import words
from huiyin.engines.approvals.durations import duration_facts
from huiyin.engines.approvals.models import Approval
from huiyin.engines.approvals.selectors import open_step
from huiyin.engines.approvals.services import note_consent, submit
from huiyin.engines.clocks.models import Clock
from huiyin.engines.clocks.selectors import of
from huiyin.engines.clocks.services import extend

from .models import Case
from .timeline import clock_name

EXTENSION = "cases.extension"


class Cause(models.TextChoices):
    """Why there was not time enough."""

    WORK = "work", pgettext_lazy("cause", "The work takes longer")
    PARTS = "parts", pgettext_lazy("cause", "Parts or material are missing")
    CUSTOMER = "customer", pgettext_lazy("cause", "The customer")
    OTHERS = "others", pgettext_lazy("cause", "A third party")


def running_limits(case: Case) -> list[Clock]:
    """The limits of a case that run, the nearest first."""
    return sorted((one for one in of(case) if one.is_running), key=lambda one: one.due_at)


def _running(case: Case, kind: str) -> Clock:
    clock = next((one for one in running_limits(case) if one.kind == kind), None)
    if clock is None:
        raise Refused("clock-ended", _("This limit does not run any more; more time changes nothing."))
    return clock


@service(needs="cases.answer")
def ask_for_time(
    case: Case,
    *,
    kind: str,
    until: datetime,
    reason: str,
    cause: str = Cause.WORK,
    customer: str = "",
    channel: str = "",
    said_at: datetime | None = None,
    by: Actor,
) -> Approval:
    """Ask for more time for one limit of a case; it is given when all have signed whom the packs name.

    `kind` is that of the clock, `until` the new limit. `customer` is who agreed to it (with `channel` and
    `said_at`), when somebody was asked already: where the customer's consent is demanded, it counts at once.
    Refused when the limit does not run, when the new one is past or not later, or when more time is being
    asked for already.
    """
    why = words(reason, 1000, "reason", required=True)
    if cause not in Cause.values:
        params = {"value": str(cause)[:40]}
        raise Refused("unknown", _("Unknown value: %(value)s"), params=params, field="cause")
    clock = _running(case, kind)
    if until <= now():
        raise Refused("until-passed", _("The new limit lies in the past."), field="until")
    if until <= clock.due_at:
        raise Refused("not-later", _("The new limit must be later than the present one."), field="until")
    approval: Approval = submit(
        case,
        kind=EXTENSION,
        title=f"{case.title}"[:120],
        reason=why,
        facts=_facts(case, clock, until, cause),
        request={
            "clock": clock.pk,
            "kind": kind,
            "due_at": clock.due_at.isoformat(),
            "until": until.isoformat(),
            "customer": words(customer, 60, "customer"),
        },
        root=case,
        about=case.get_absolute_url(),
        about_label=str(case),
        by=by,
    )
    step = open_step(approval)
    waits = step is not None and step.is_customers
    if customer and waits and current().holds("approvals.view", case.site_id):
        note_consent(
            approval,
            agreed=True,
            person=customer,
            channel=channel or "phone",
            said_at=said_at or now(),
            by=by,
        )
        approval.refresh_from_db()
    return approval


def _facts(case: Case, clock: Clock, until: datetime, cause: str) -> dict[str, Any]:
    """What decides who must sign: the time from the start of the limit in all, the limit, cause and matter."""
    hours = (clock.original_due_at - clock.started_at).total_seconds() / 3600
    return {
        **duration_facts(case.site_id, clock.started_at, until),
        "limit": clock.kind,
        "limit_hours": round(hours, 2),
        "cause": cause,
        "matter": case.kind,
        "category": case.category.code if case.category else "",
        "severity": case.severity,
    }


@service
def give_time(approval: Approval, *, by: Actor) -> None:
    """The effect: the clock that was asked for gets its time, if it is still the one that runs."""
    case: Case = Case.objects.get(pk=approval.subject_id)
    clock = _running(case, approval.request["kind"])
    if clock.pk != approval.request["clock"]:
        raise Refused("clock-ended", _("This limit does not run any more; more time changes nothing."))
    until = parse_datetime(approval.request["until"])
    assert until is not None
    extend(case, kind=clock.kind, until=until, reason=approval.reason, by=by)


def asked(approval: Approval) -> list[tuple[Any, Any]]:
    """What is asked for, for whoever signs."""
    request, facts = approval.request, approval.facts
    pairs = [
        (_("Limit"), clock_name(request["kind"])),
        (_("Present limit"), _local(request["due_at"])),
        (_("New limit"), _local(request["until"])),
        (_("Working days in all"), facts.get("working_days", "")),
        (_("Cause"), dict(Cause.choices).get(facts.get("cause", ""), "")),
    ]
    if request.get("customer"):
        pairs.append((_("The customer agreed"), request["customer"]))
    return pairs


def _local(text: str) -> str:
    at = parse_datetime(text)
    return at.astimezone(local_zone()).strftime("%Y-%m-%d %H:%M") if at is not None else ""
