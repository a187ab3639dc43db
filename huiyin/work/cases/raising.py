"""Reporting a case upwards: what is beyond one's own power goes to a superior, whose word comes back to the case.

The report is an approval: the packs name who decides at each level, deputies and vacant posts are taken care of,
agreeing (with the instruction as opinion) or refusing (with the reason) is the decision.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused, service
from huiyin.base.kit.words import words
from huiyin.engines.approvals.models import Approval, Signature
from huiyin.engines.approvals.selectors import approvals_for
from huiyin.engines.approvals.services import submit

from .extending import EXTENSION
from .models import Case, State

INSTRUCTION = "cases.instruction"
SETTLED_OTHERWISE = (State.MERGED, State.CANCELLED)


class Level(models.TextChoices):
    """How far up a report goes; the normal line may be passed over."""

    LEAD = "lead", pgettext_lazy("upwards", "My superior")
    DIRECTOR = "director", pgettext_lazy("upwards", "The head of the site")
    COMPANY = "company", pgettext_lazy("upwards", "The company")


@service(needs="cases.register")
def report_upwards(case: Case, *, text: str, level: str = Level.LEAD, by: Actor) -> Approval:
    """Report a case to a superior with what is the matter and what is asked; the decision comes back to the case.

    An ended case may be reported too, for instance when the customer remains unsatisfied. Refused without
    words, for a case merged away or entered by mistake, and while the last report is still undecided.
    """
    said = words(text, 2000, "text", required=True)
    if level not in Level.values:
        params = {"value": str(level)[:40]}
        raise Refused("unknown", _("Unknown value: %(value)s"), params=params, field="level")
    if case.state in SETTLED_OTHERWISE:
        raise Refused("not-itself", _("This case lives on in another one, or was entered by mistake."))
    approval: Approval = submit(
        case,
        kind=INSTRUCTION,
        title=f"{case.title}"[:120],
        reason=said,
        facts={
            "level": level,
            "matter": case.kind,
            "category": case.category.code if case.category else "",
            "severity": case.severity,
        },
        request={"level": level},
        root=case,
        about=case.get_absolute_url(),
        about_label=str(case),
        by=by,
    )
    return approval


@service
def decided(approval: Approval, *, by: Actor) -> None:
    """The effect: none on the case itself. The decision stands in its history, and its people are told."""


def reported(approval: Approval) -> list[tuple[Any, Any]]:
    """What is reported, for whoever decides."""
    return [(_("Reported to"), dict(Level.choices).get(approval.request.get("level", ""), ""))]


@dataclass(frozen=True, slots=True)
class Report:
    """One report upwards, with the superior's word once there is one."""

    approval: Approval
    word: str


def papers_of(case: Case) -> tuple[list[Approval], list[Report]]:
    """The requests for more time and the reports upwards of a case, the newest first, in two queries at most."""
    rows = approvals_for(case).filter(kind__in=(EXTENSION, INSTRUCTION)).select_related("applicant")
    found = list(rows)
    reports = [one for one in found if one.kind == INSTRUCTION]
    said = _words_of(reports)
    return (
        [one for one in found if one.kind == EXTENSION],
        [Report(one, said.get(one.pk, "") or one.outcome) for one in reports],
    )


def _words_of(reports: Iterable[Approval]) -> dict[int, str]:
    """The last opinion on each."""
    ids = [one.pk for one in reports]
    if not ids:
        return {}
    rows = Signature.objects.filter(approval__in=ids).exclude(opinion="").order_by("at", "pk")
    return dict(rows.values_list("approval_id", "opinion"))
