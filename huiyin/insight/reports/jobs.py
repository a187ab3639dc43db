"""Drafting reports when their time has come."""

from __future__ import annotations

from huiyin.base.kit.jobs import periodic
from huiyin.base.kit.moment import now, today
from huiyin.base.kit.scope import Actor, system_scope, use
from huiyin.base.org.models import Site

from .models import Report
from .selectors import definitions, last_ended
from .services import prepare

CLERK = Actor(None, "reports", "worker")


@periodic(every=120)
def draft_due() -> int:
    """Draft the reports of the periods that are over and whose time has come; returns how many.

    Each in its own transaction; of two workers one finds that the other was faster.
    """
    done = 0
    with use(system_scope("reports")):
        for site in Site.objects.select_related("unit").filter(unit__closed_on=None).order_by("pk"):
            there = None
            for entry in definitions(site):
                period = last_ended(entry, site, today())
                if now() < entry.drafted_from(period.last):
                    continue
                if there is None:
                    rows = Report.objects.filter(site=site, edition=1).order_by("-first")[:200]
                    there = set(rows.values_list("code", "first"))
                if (entry.code, period.first) not in there:
                    done += prepare(site, entry=entry, period=period, by=CLERK) is not None
    return done
