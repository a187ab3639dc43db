"""How an approval can end."""

from django.utils.translation import pgettext_lazy

from huiyin.engines.flow.machine import Flow, Move

from .models import State

PENDING = (State.PENDING,)

FLOW = Flow(
    (
        Move("approve", PENDING, State.APPROVED, "approvals.decide", pgettext_lazy("signature", "Agree")),
        Move("void", PENDING, State.VOID, "approvals.decide", pgettext_lazy("signature", "Agree")),
        Move("return", PENDING, State.RETURNED, "approvals.decide", pgettext_lazy("signature", "Return")),
        Move("refuse", PENDING, State.REFUSED, "approvals.decide", pgettext_lazy("signature", "Refuse")),
        Move("withdraw", PENDING, State.WITHDRAWN, "approvals.view", pgettext_lazy("approval", "Withdraw")),
        Move("lapse", PENDING, State.LAPSED, "approvals.decide", pgettext_lazy("approval", "Lapse")),
    )
)
