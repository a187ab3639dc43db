"""Drafting, writing, issuing and renewing reports."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.figures import Period
from huiyin.base.kit.moment import now, today
from huiyin.base.kit.scope import Actor, current
from huiyin.base.kit.service import Refused, service
from huiyin.base.kit.spans import span_of
from huiyin.base.kit.words import words
from huiyin.base.org.models import Site
from huiyin.base.org.selectors import holders
from huiyin.base.trail.registry import verb
from huiyin.base.trail.selectors import head
from huiyin.base.trail.services import record
from huiyin.engines.messages.services import notify

from .contents import CASES, contents
from .definitions import ReportEntry
from .models import Report, ReportRecord
from .selectors import definition, entry_of

DRAFTED = verb("reports.drafted", _("Report drafted"))
WRITTEN = verb("reports.written", _("Commentary written"))
ISSUED = verb("reports.issued", _("Report issued"))
REISSUED = verb("reports.superseded", _("New edition begun"))


@service
def prepare(site: Site, *, entry: ReportEntry, period: Period, by: Actor) -> Report | None:
    """Draft the first edition of a report and tell the posts it is for; None when it is there already."""
    if Report.objects.filter(site=site, code=entry.code, first=period.first).exists():
        return None
    report = Report(
        site=site,
        code=entry.code,
        span=entry.period,
        first=period.first,
        last=period.last,
        definition=entry.model_dump(mode="json"),
        drafted_at=now(),
        due_on=entry.due_on(period.last),
    )
    try:
        with transaction.atomic():
            report.save(force_insert=True)
    except IntegrityError:
        return None  # somebody else was faster
    record(report, DRAFTED, by=by, code=entry.code, first=period.first.isoformat())
    told = {user.pk for post in entry.to for user in holders(post, site)}
    notify(
        site.pk, users=told, kind=DRAFTED, title=f"{site} · {report}", about=report.get_absolute_url(), by=by
    )
    return report


@service(needs="reports.issue")
def draft(site: Site, *, code: str, day: date, by: Actor) -> Report:
    """Draft the report of the period that a local day lies in.

    Refused when no pack demands such a report, the period has not begun, or the report is there already.
    """
    entry = definition(site, code)
    if entry is None:
        raise Refused("no-such-report", _("No report of this kind is set up for the site."), field="code")
    period = span_of(site, entry.period, day)
    if period.first > today():
        raise Refused("not-begun", _("This period has not begun yet."), field="day")
    report = prepare(site, entry=entry, period=period, by=by)
    if report is None:
        raise Refused("report-exists", _("This report is there already."), field="day")
    return report


@service(needs="reports.issue")
def write(report: Report, *, commentary: str, by: Actor) -> Report:
    """Write the commentary of a draft. Refused when the report is issued."""
    text = words(commentary, 20_000, "commentary")
    if not Report.objects.filter(pk=report.pk, state=Report.State.DRAFT).update(commentary=text):
        raise _frozen()
    record(report, WRITTEN, by=by, old=report.commentary, new=text)
    report.commentary = text
    return report


@service(needs="reports.issue")
def issue(report: Report, *, by: Actor) -> Report:
    """Freeze a draft: its figures, the records behind each of them and the newest hash of the trail.

    Refused when it is issued already, or its period is not over yet.
    """
    current().require(CASES, report.site_id)
    if report.last >= today():
        raise Refused("not-over", _("The period is not over yet."))
    kept = contents(entry_of(report), report.period)
    newest = head()
    changed = Report.objects.filter(pk=report.pk, state=Report.State.DRAFT).update(
        state=Report.State.ISSUED,
        issued_at=now(),
        issued_by=by.user_id,
        content={"parts": kept.parts, "empty": sorted(key for key, ids in kept.sets.items() if not ids)},
        digest=kept.digest(),
        block=newest.number if newest else None,
        block_hash=newest.hash if newest else "",
    )
    if not changed:  # of two at once only one freezes it
        raise _frozen()
    ReportRecord.objects.bulk_create(
        [
            ReportRecord(site_id=report.site_id, report=report, part=part, record_id=pk)
            for part, ids in kept.sets.items()
            for pk in ids
        ],
        batch_size=2000,
    )
    report.refresh_from_db()
    record(report, ISSUED, by=by, digest=report.digest, edition=report.edition, commentary=report.commentary)
    return report


@service(needs="reports.issue")
def reissue(report: Report, *, reason: str, by: Actor) -> Report:
    """Begin the next edition of an issued report, with its commentary. The issued one stays as it is.

    Refused without a reason, for a draft, and while a later edition is being written.
    """
    why = words(reason, 200, "reason", required=True)
    if not report.is_issued:
        raise Refused("not-issued", _("This report is still a draft."))
    newest = Report.objects.filter(site=report.site_id, code=report.code, first=report.first)
    last: Any = newest.order_by("-edition").first()
    if not last.is_issued:
        raise Refused("draft-exists", _("A new edition is being written already."))
    again = Report(
        site_id=report.site_id,
        code=report.code,
        span=report.span,
        first=report.first,
        last=report.last,
        edition=last.edition + 1,
        definition=report.definition,
        commentary=last.commentary,
        reason=why,
        drafted_at=now(),
        due_on=report.due_on,
    )
    try:
        with transaction.atomic():
            again.save(force_insert=True)
    except IntegrityError:
        raise Refused("draft-exists", _("A new edition is being written already.")) from None
    record(again, REISSUED, by=by, reason=why, edition=again.edition)
    return again


def _frozen() -> Refused:
    return Refused("report-issued", _("The report is issued; nothing in it can be changed any more."))
