"""What a change of the categories touches: open cases, which stay where they are."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Count
from django.utils.translation import ngettext

from huiyin.base.kit.scope import system_scope, use
from huiyin.engines.packs.registry import Touched, touches

from .selectors import open_cases


@touches("categories")
def cases_of_categories(codes: Collection[str], site_id: int | None) -> dict[str, Touched]:
    """How many open cases each category has, at a site or everywhere; a figure only, no rows."""
    with use(system_scope("packs")):
        cases = open_cases().filter(category__code__in=codes)
        if site_id is not None:
            cases = cases.filter(site_id=site_id)
        counts = dict(cases.order_by().values_list("category__code").annotate(Count("pk")))
    return {code: Touched(n, _words(n)) for code, n in counts.items()}


def _words(number: int) -> str:
    text = ngettext(
        "%(n)s open case keeps its category and its limits.",
        "%(n)s open cases keep their category and their limits.",
        number,
    )
    return text % {"n": number}
