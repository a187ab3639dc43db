"""The next hour of the demo company, still happening while one watches."""

from __future__ import annotations

import os
from random import Random

from huiyin.base.kit.jobs import periodic
from huiyin.base.kit.moment import now
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Site
from huiyin.base.org.selectors import sites_in_reach

from .history import Agenda, Centre

_centres: list[Centre] = []
_agenda = Agenda()
EVERY = 20.0
"""Seconds between two turns; about every second turn somebody calls."""


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
            sites_in_reach().select_related("unit").filter(code__in=("yunhe", "zhengtai"))
        )
        _centres.extend(Centre(site, random, _agenda) for site in sites)
    _agenda.run_until(now())
    for centre in _centres:
        if centre.random.random() < 0.3:
            try:
                centre.take_in()
            except Refused:
                continue
    return 0
