"""The next hour of the demo company, still happening while one watches."""

from __future__ import annotations

import os
from contextlib import suppress
from random import Random

from django.core.exceptions import PermissionDenied

from huiyin.base.kit.jobs import periodic
from huiyin.base.kit.moment import now
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Site
from huiyin.base.org.selectors import sites_in_reach

from .callers import HOURS, local
from .centre import Centre
from .history import Agenda
from .world import SITES

_centres: list[Centre] = []
_agenda = Agenda()
EVERY = 20.0
"""Seconds between two turns."""
CALLS_PER_HOUR = 16.0
"""At each site at the busiest time: more than in the month before, so that there is something to watch."""


def alive() -> bool:
    """Whether this process feeds the demo company (the launcher sets HUIYIN_DEMO)."""
    return os.environ.get("HUIYIN_DEMO", "") not in ("", "0")


@periodic(every=EVERY)
def feed() -> int:
    """Let somebody call now and then, and carry on what was begun. Nothing outside the demo."""
    if not alive():
        return 0
    if not _centres:
        random = Random(now().timestamp())
        sites: list[Site] = list(
            sites_in_reach().select_related("unit").filter(code__in=[site[0] for site in SITES])
        )
        _centres.extend(opened(sites, random, _agenda))
    turn(_centres, _agenda)
    return 0


def opened(sites: list[Site], random: Random, agenda: Agenda) -> list[Centre]:
    """The centres of the sites, with everything that was left open planned for the next hours."""
    centres = [Centre(site, random, agenda) for site in sites]
    for centre in centres:
        centre.adopt()
    return centres


def turn(centres: list[Centre], agenda: Agenda) -> None:
    """What happens in one turn: the steps that are due, and perhaps a call."""
    agenda.run_until(now())
    share = max(0.3, HOURS[local(now()).hour] / max(HOURS))
    for centre in centres:
        if centre.chance(CALLS_PER_HOUR * EVERY / 3600 * share):
            with suppress(Refused, PermissionDenied):
                centre.take_in()
