"""What a month of work leaves on paper: reports issued, more time asked for and given, the duty roster."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, time, timedelta

from django.core.exceptions import PermissionDenied

from huiyin.base.kit.moment import local_zone, moved_to, now, today
from huiyin.base.kit.scope import use
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Site, User
from huiyin.base.org.selectors import scope_of
from huiyin.engines.approvals.models import Approval
from huiyin.engines.approvals.selectors import waiting_for
from huiyin.engines.approvals.services import agree
from huiyin.engines.clocks.models import Clock, Duty
from huiyin.engines.clocks.services import put_on_duty
from huiyin.insight.reports import services as reports
from huiyin.work.cases.extending import ask_for_time
from huiyin.work.cases.models import Case

from .world import data_of

REPORTS = (("daily", 1), ("daily", 2), ("daily", 3), ("weekly", 7))
"""Which reports are issued, and how many days before today their period lies."""
READY = time(8, 40)
OPENS, CLOSES = time(8, 30), time(18)
"""Between these the counter is open; outside of them, and on week-ends, somebody is on duty."""
SATURDAY = 5
ON_DUTY = ("engineer", "supervisor", "security", "manager", "director")
ASKED = 3
"""How many limits of a site more time is asked for; the last request still waits."""


def write(sites: Sequence[Site]) -> int:
    """Reports, requests and the duty roster of every site; how many papers and turns there are."""
    return sum(_reports(site) + _extensions(site) + _roster(site) for site in sites)


def _reports(site: Site) -> int:
    manager = User.objects.get(username=f"manager.{site.code}")
    commentaries = data_of("papers")["commentaries"]
    done = 0
    for number, (code, ago) in enumerate(REPORTS):
        day = today() - timedelta(days=ago)
        monday = today() - timedelta(days=today().weekday())
        written = monday if code == "weekly" else day + timedelta(days=1)
        at = datetime.combine(written, READY, local_zone())
        if at > now():
            continue
        with moved_to(at), use(scope_of(manager)) as scope, suppress(Refused):
            report = reports.draft(site, code=code, day=day, by=scope.actor)
            report = reports.write(report, commentary=commentaries[number], by=scope.actor)
            reports.issue(report, by=scope.actor)
            done += 1
    return done


def _roster(site: Site) -> int:
    """Who is on duty when the counter is closed, this week and the next; the manager wrote it on Monday."""
    manager = User.objects.get(username=f"manager.{site.code}")
    people = [User.objects.get(username=f"{name}.{site.code}") for name in ON_DUTY]
    monday = today() - timedelta(days=today().weekday())
    written = min(now(), datetime.combine(monday, READY, local_zone()))
    with moved_to(written), use(scope_of(manager)) as scope:
        for number in range(14):
            day = monday + timedelta(days=number)
            turns = [(CLOSES, 1, OPENS)]
            if day.weekday() >= SATURDAY:
                turns.insert(0, (OPENS, 0, CLOSES))
            for turn, (begins, nights, ends) in enumerate(turns):
                put_on_duty(
                    site,
                    user=people[(number + turn) % len(people)],
                    starts_at=datetime.combine(day, begins, local_zone()),
                    ends_at=datetime.combine(day + timedelta(days=nights), ends, local_zone()),
                    by=scope.actor,
                )
    return Duty.objects.filter(site=site).count()


def _extensions(site: Site) -> int:
    """Workers ask for more time for jobs that wait for a part; all but the last request are signed."""
    clocks = Clock.objects.filter(
        site=site, kind="finish", subject_type=Case._meta.label_lower, stopped_at=None, due_at__gt=now()
    )
    reasons = data_of("papers")["reasons"]
    asked: list[Approval] = []
    for clock in clocks.exclude(owner=None).order_by("due_at")[: 4 * ASKED]:
        if len(asked) == ASKED:
            break
        case = Case.objects.get(pk=clock.subject_id)
        until = clock.due_at + timedelta(days=4)
        with use(scope_of(User.objects.get(pk=clock.owner_id))) as scope, suppress(Refused, PermissionDenied):
            reason = reasons[len(asked) % len(reasons)]
            asked.append(ask_for_time(case, kind="finish", until=until, reason=reason, by=scope.actor))
    for approval in asked[:-1]:
        _signed(approval)
    return len(asked)


def _signed(approval: Approval) -> None:
    """Everybody who is asked in turn agrees."""
    for _turn in range(5):
        signer = next(
            (
                one
                for one in User.objects.filter(is_active=True)
                if waiting_for(one.pk).filter(pk=approval.pk)
            ),
            None,
        )
        if signer is None:
            return
        with use(scope_of(signer)) as scope, suppress(Refused, PermissionDenied):
            agree(Approval.objects.get(pk=approval.pk), opinion=data_of("papers")["opinion"], by=scope.actor)
