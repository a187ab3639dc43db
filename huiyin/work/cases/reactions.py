"""What cases do about others' events: telling the people who should know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import current
from huiyin.base.org.selectors import who_can
from huiyin.base.trail.models import Event
from huiyin.base.trail.registry import on
from huiyin.engines.approvals.models import Approval
from huiyin.engines.clocks.registry import absent, watch
from huiyin.engines.messages.services import notify

from .models import Case, Channel, Kind, Severity
from .raising import INSTRUCTION
from .selectors import facts_of
from .services import REGISTERED


def _facts(case: Case) -> dict[str, Any]:
    """What the limits of a case depend on."""
    return facts_of(case.kind, case.category, case.severity, case.place, case.channel, case.customer)


watch(
    Case,
    facts=_facts,
    responsible=lambda case: case.responsible_id,
    since=lambda case: case.received_at,
    born=(REGISTERED,),
    values={"kind": Kind.values, "severity": Severity.values, "channel": Channel.values},
)


def _case_of(event: Event) -> Case | None:
    if event.root_type != "cases.case":
        return None
    return Case.objects.select_related("site__unit", "team").filter(pk=event.root_id).first()


def _tell(event: Event, case: Case, *, leads: bool, others: Sequence[int] = ()) -> None:
    """Tell the responsible person; the leads too when asked, or when a team answers for the case.

    Who stands in for a responsible person who is away is told as well. With `others` those alone.
    """
    users: list[int | None] = [*others] if others else [case.responsible_id]
    if not others and case.responsible_id is not None:
        users += absent([case.responsible_id], case.site, now()).get(case.responsible_id, ())
    if not others and (leads or case.responsible_id is None):
        users += who_can("cases.assign", case.site).values_list("pk", flat=True)
    notify(
        case.site_id,
        users=users,
        kind=event.verb,
        title=f"{case.code} {case.title}",
        about=case.get_absolute_url(),
        by=current().actor,
        **{name: event.data[name] for name in ("due_at", "rule") if name in event.data},
        clock=event.data.get("kind", ""),
    )


@on("clocks.warned", of=Case)
def tell_before_the_limit(event: Event) -> None:
    """Warn the responsible person while there is still time."""
    case = _case_of(event)
    if case is not None:
        _tell(event, case, leads=False)


@on("clocks.breached", of=Case)
def tell_after_the_limit(event: Event) -> None:
    """Tell the responsible person and the leads of the site that a limit has passed."""
    case = _case_of(event)
    if case is not None:
        _tell(event, case, leads=True)


@on("clocks.escalated", of=Case)
def tell_the_next_level(event: Event) -> None:
    """Tell those whom the ladder of the rule names; nobody is left: the leads of the site."""
    case = _case_of(event)
    if case is not None:
        named = [int(one) for one in str(event.data.get("recipients", "")).split(",") if one]
        _tell(event, case, leads=not named, others=named)


@on("approvals.effective")
def tell_the_decision(event: Event) -> None:
    """Tell whoever answers for a case what was decided on a report upwards that somebody else had made."""
    case = _case_of(event)
    if case is None or event.data.get("kind") != INSTRUCTION:
        return
    approval = Approval.objects.filter(pk=event.subject_id).first()
    if approval is not None and case.responsible_id != approval.applicant_id:
        _tell(event, case, leads=False)


@on(REGISTERED, given="handed")
@on("cases.assigned")
def tell_the_assigned(event: Event) -> None:
    """Tell somebody that a case is theirs now, unless they took it themself."""
    case = _case_of(event)
    if case is not None and case.responsible_id != event.actor_id:
        _tell(event, case, leads=False)
