"""Which steps a case can take, who may take them, and what forbids them."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from huiyin.base.kit.service import Refused
from huiyin.engines.flow.machine import Flow, Move

from .models import Case, State

LIVE = (State.REGISTERED, State.ASSIGNED, State.WORKING, State.WAITING)
"""The states in which the customer still waits for the answer."""


def was_answered(case: Case) -> None:
    """Nothing closes without a recorded answer to the customer."""
    if not case.answer.strip() or case.answered_at is None:
        raise Refused("no-answer", _("First record what the customer was told."), field="answer")


def is_not_under_a_merge(case: Case) -> None:
    """A merged case lives on in the one it was merged into."""
    if case.merged_into_id is not None:
        raise Refused("merged", _("This case was merged; go on in the other one."))


FLOW = Flow(
    (
        Move("assign", LIVE, State.ASSIGNED, "cases.assign", _("Assign")),
        Move("begin", (State.REGISTERED, State.ASSIGNED), State.WORKING, "cases.answer", _("Begin work")),
        Move("wait", LIVE, State.WAITING, "cases.wait", _("Let wait")),
        Move("resume", (State.WAITING,), State.WORKING, "cases.wait", _("Go on")),
        Move("answer", LIVE, State.ANSWERED, "cases.answer", _("Answer")),
        Move(
            "close",
            (State.ANSWERED,),
            State.CLOSED,
            "cases.close",
            pgettext_lazy("case", "Close"),
            (was_answered,),
        ),
        Move("decline", LIVE, State.DECLINED, "cases.decline", _("Decline")),
        Move("cancel", (State.REGISTERED, State.ASSIGNED), State.CANCELLED, "cases.decline", _("Cancel")),
        Move(
            "reopen",
            (State.ANSWERED, State.CLOSED, State.DECLINED, State.CANCELLED),
            State.WORKING,
            "cases.reopen",
            _("Reopen"),
            (is_not_under_a_merge,),
        ),
        Move("merge", LIVE, State.MERGED, "cases.merge", _("Merge")),
    )
)
