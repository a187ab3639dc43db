"""What a change of the limits touches: clocks that run keep the rule they started under."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Count
from django.utils.translation import ngettext

from huiyin.base.kit.scope import system_scope, use
from huiyin.engines.packs.registry import Touched, touches

from .models import Clock


@touches("limits")
def running_clocks(codes: Collection[str], site_id: int | None) -> dict[str, Touched]:
    """How many clocks run under each rule now, at a site or everywhere; a figure only, no rows."""
    with use(system_scope("packs")):
        clocks = Clock.objects.filter(rule_code__in=codes, stopped_at=None)
        if site_id is not None:
            clocks = clocks.filter(site_id=site_id)
        counts = dict(clocks.order_by().values_list("rule_code").annotate(Count("pk")))
    return {code: Touched(n, _words(n)) for code, n in counts.items()}


def _words(number: int) -> str:
    text = ngettext("%(n)s running clock keeps its rule.", "%(n)s running clocks keep their rule.", number)
    return text % {"n": number}
