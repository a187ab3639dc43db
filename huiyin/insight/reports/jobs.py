"""Drafting reports when their time has come."""

from __future__ import annotations

from huiyin.base.kit.figures import Period
from huiyin.base.kit.jobs import periodic
from huiyin.base.kit.moment import now, today
from huiyin.base.kit.scope import Actor, system_scope, use
from huiyin.base.kit.spans import before
from huiyin.base.org.models import Site

from .definitions import ReportEntry
from .models import Report
from .selectors import definitions, last_ended
from .services import prepare

MOST = 31
"""How many missed reports of a kind are made up at once."""
CLERK = Actor(None, "reports", "worker")


@periodic(every=120)
def draft_due() -> int:
    """Draft the reports of the periods that are over and whose time has come; returns how many.

    Each in its own transaction; of two workers one finds that the other was faster.
    """
    done = 0
    with use(system_scope("reports")):
        for site in Site.objects.select_related("unit").filter(unit__closed_on=None).order_by("pk"):
            for entry in definitions(site):
                for period in _missing(entry, site):
                    done += prepare(site, entry=entry, period=period, by=CLERK) is not None
    return done


def _missing(entry: ReportEntry, site: Site) -> list[Period]:
    """The periods whose report is due to be drafted, the oldest first: the last one, and those since the newest."""
    newest = Report.objects.filter(site=site, code=entry.code, edition=1).order_by("-first")
    since = newest.values_list("first", flat=True).first()
    found: list[Period] = []
    period = last_ended(entry, site, today())
    while len(found) < MOST and (since is None or period.first > since):
        if now() >= entry.drafted_from(period.last):
            found.append(period)
        if since is None:
            break
        period = before(entry.period, period)
    return found[::-1]
