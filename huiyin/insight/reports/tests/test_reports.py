"""Reports write themselves, are frozen when issued, and say what changed since."""

from __future__ import annotations

import io
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections
from django.test import Client
from openpyxl import load_workbook

from huiyin.base.kit.figures import INDICATORS
from huiyin.base.kit.moment import moved_to
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.org.selectors import scope_of
from huiyin.base.trail.models import Block, Event
from huiyin.base.trail.sealing import seal_settled
from huiyin.engines.messages.selectors import notices_for
from huiyin.engines.packs.problems import PackErrors
from huiyin.engines.packs.services import load
from huiyin.insight.reports import services
from huiyin.insight.reports.contents import contents, moved_since
from huiyin.insight.reports.jobs import draft_due
from huiyin.insight.reports.models import Report, ReportRecord
from huiyin.insight.reports.selectors import contents_of, definition, entry_of, frozen, records_of
from huiyin.insight.reports.verify import CHECKS
from huiyin.work.cases import joining
from huiyin.work.cases import services as cases
from huiyin.work.cases.models import Case
from huiyin.work.cases.tests.conftest import Centre, centre

from .conftest import PRESENT, office, write_pack

__all__ = ["centre", "office"]
FEBRUARY = date(2026, 2, 10)


def drafted(office: Centre, code: str = "monthly", day: date = FEBRUARY) -> Report:
    with use(scope_of(office.alice)) as scope:
        return services.draft(office.site, code=code, day=day, by=scope.actor)


def issued(office: Centre, code: str = "monthly", day: date = FEBRUARY) -> Report:
    report = drafted(office, code, day)
    with use(scope_of(office.alice)) as scope:
        return services.issue(report, by=scope.actor)


def test_reports_draft_themselves_when_their_time_has_come_and_tell_the_manager(office: Centre) -> None:
    def firsts(code: str) -> list[int]:
        with use(system_scope("test")):
            rows = Report.objects.filter(site=office.site, code=code).order_by("first")
            return [first.day for first in rows.values_list("first", flat=True)]

    assert draft_due() == 6
    assert draft_due() == 0
    with use(system_scope("test")):
        rows = Report.objects.filter(site=office.site).order_by("code")
        assert [(one.code, one.first, one.last, one.state) for one in rows] == [
            ("daily", date(2026, 3, 17), date(2026, 3, 17), "draft"),
            ("monthly", date(2026, 2, 1), date(2026, 2, 28), "draft"),
            ("weekly", date(2026, 3, 9), date(2026, 3, 15), "draft"),
        ]
        weekly = rows.get(code="weekly")
        assert (weekly.due_on, weekly.is_late) == (date(2026, 3, 17), True)
        assert Report.objects.filter(site=office.other).count() == 3
    with use(scope_of(office.alice)):
        told = [one.title for one in notices_for(office.alice.pk)]
    assert len(told) == 3
    assert "云河苑 · 客服月报 2026-02" in told
    with moved_to(PRESENT.replace(hour=22)):  # six in the morning in Shanghai: it is not yet seven
        draft_due()
        assert firsts("daily") == [17]
    with moved_to(PRESENT + timedelta(days=4)):  # nobody worked for days: what was missed is made up
        draft_due()
        assert firsts("daily") == [17, 18, 19, 20, 21]
        assert firsts("weekly") == [9]


@pytest.mark.django_db(transaction=True)
def test_two_workers_draft_each_report_once(office: Centre) -> None:
    failed: list[Exception] = []

    def work() -> None:
        try:
            with moved_to(PRESENT):
                draft_due()
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
    with use(system_scope("test")):
        assert Report.objects.count() == 6  # three reports at two sites
        assert Event.objects.filter(verb=services.DRAFTED).count() == 6


def test_every_number_in_a_report_opens_exactly_its_records(office: Centre) -> None:
    client = Client()
    client.force_login(office.alice)
    with use(scope_of(office.alice)) as scope:
        incident = joining.open_incident(office.site, title="全楼停水", by=scope.actor)
        joining.attach(
            Case.objects.filter(state__in=("assigned", "working"))[0], incident=incident, by=scope.actor
        )
    for report in (drafted(office, day=PRESENT.date()), issued(office)):
        with use(scope_of(office.alice)):
            found = contents_of(report)
            for part, ids in found.sets.items():
                assert set(records_of(report, part).values_list("pk", flat=True)) == set(ids), part
        figures = {row["code"]: row for row in found.parts["figures"]}
        assert set(figures) == set(INDICATORS)
        for code, row in figures.items():
            for part, size in (("num", row["count"]), ("den", row["total"])):
                if size is not None:
                    page = client.get(f"/reports/{report.pk}/records/figures.{code}.{part}/")
                    assert len(page.context["rows"]) == size, (code, part)
        assert sum(row["count"] for row in found.parts["categories"]) == figures["received"]["count"]
        assert sum(row["received"] for row in found.parts["people"]) == figures["received"]["count"]
        assert sum(row["late"] for row in found.parts["people"]) == figures["late"]["count"]
        assert client.get(f"/reports/{report.pk}/records/no.such/").context["rows"] == []


def test_what_was_issued_never_changes_and_the_page_says_what_did(office: Centre) -> None:
    report = issued(office)
    client = Client()
    client.force_login(office.alice)
    with use(scope_of(office.alice)) as scope:
        before = frozen(report)
        assert before.digest() == report.digest
        assert moved_since(before, entry_of(report), report.period) == (0, [])
        page = client.get(report.get_absolute_url())
        assert page.context["changed"] == 0
        in_february = Case.objects.filter(pk__in=before.sets["figures.received.num"])
        case = in_february.filter(state__in=("registered", "assigned", "working")).first() or in_february[0]
        if case.answered_at is None:
            cases.answer(case, text="已处理", by=scope.actor)
        if case.is_open:
            cases.close(Case.objects.get(pk=case.pk), by=scope.actor)
        with moved_to(PRESENT - timedelta(days=30)):  # somebody enters what was forgotten
            late = cases.register(
                office.site, kind="complaint", channel="phone", title="补登", by=scope.actor
            )
        page = client.get(report.get_absolute_url())
        assert page.context["changed"] >= 1
        moved = {one.label: one for one in page.context["moved"]}
        label = str(INDICATORS["received"].label)
        old = len(before.sets["figures.received.num"])
        assert (moved[label].then, moved[label].now, moved[label].records) == (str(old), str(old + 1), 1)
        assert late.pk not in before.sets["figures.received.num"]
        report.refresh_from_db()
        assert frozen(report) == before
        assert {name: check() for name, check in CHECKS.items()} == {"issued_stand": 0, "blocks_stand": 0}
    rows = page.context["parts"]["figures"]
    assert next(row for row in rows if row["code"] == "received")["count"] == old


def test_a_new_edition_leaves_the_issued_one_as_it_is(office: Centre) -> None:
    report = issued(office)
    with use(scope_of(office.alice)) as scope:
        by = scope.actor
        again = services.reissue(report, reason="补登一件投诉", by=by)
        with pytest.raises(Refused, match="draft-exists"):
            services.reissue(report, reason="再来", by=by)
        with pytest.raises(Refused, match="not-issued"):
            services.reissue(again, reason="再来", by=by)
        services.write(again, commentary="更正后", by=by)
        services.issue(again, by=by)
        report.refresh_from_db()
        again.refresh_from_db()
        assert (report.edition, report.commentary, again.edition, again.commentary) == (1, "", 2, "更正后")
        with pytest.raises(Refused, match="missing"):
            services.reissue(again, reason="  ", by=by)
        assert services.reissue(report, reason="第三版", by=by).edition == 3


def test_commands_refuse_what_makes_no_sense(office: Centre) -> None:
    report = issued(office)
    with use(scope_of(office.alice)) as scope:
        by = scope.actor
        with pytest.raises(Refused, match="report-issued"):
            services.write(report, commentary="x", by=by)
        with pytest.raises(Refused, match="report-issued"):
            services.issue(report, by=by)
        with pytest.raises(Refused, match="report-exists"):
            services.draft(office.site, code="monthly", day=FEBRUARY, by=by)
        with pytest.raises(Refused, match="no-such-report"):
            services.draft(office.site, code="yearly", day=FEBRUARY, by=by)
        with pytest.raises(Refused, match="not-begun"):
            services.draft(office.site, code="daily", day=PRESENT.date() + timedelta(days=1), by=by)
        running = services.draft(office.site, code="weekly", day=PRESENT.date(), by=by)
        with pytest.raises(Refused, match="not-over"):
            services.issue(running, by=by)
    for user in (office.bob, office.carol):
        with use(scope_of(user)) as scope, pytest.raises(PermissionDenied):
            services.write(running, commentary="x", by=scope.actor)


def test_tampering_with_what_was_issued_is_found(office: Centre) -> None:
    with use(system_scope("test")):
        seal_settled()
    report = issued(office)
    assert report.block is not None
    with use(system_scope("test")):
        assert sum(check() for check in CHECKS.values()) == 0
        row = ReportRecord.objects.filter(report=report)[0]
        ReportRecord.objects.filter(pk=row.pk).update(record_id=10**9)
        assert CHECKS["issued_stand"]() == 1
        ReportRecord.objects.filter(pk=row.pk).update(record_id=row.record_id)
        content: Any = report.content
        content["parts"]["figures"][0]["count"] += 1
        Report.objects.filter(pk=report.pk).update(content=content)
        assert CHECKS["issued_stand"]() == 1
        content["parts"]["figures"][0]["count"] -= 1
        Report.objects.filter(pk=report.pk).update(content=content)
        assert CHECKS["issued_stand"]() == 0
        Block.objects.all().delete()  # the newest blocks cut off: what a report noted gives it away
        assert CHECKS["blocks_stand"]() == 1


def test_a_share_with_nothing_to_divide_by_is_not_applicable(office: Centre) -> None:
    with use(scope_of(office.alice)):
        entry = definition(office.site, "monthly")
        assert entry is not None
        report = drafted(office, day=date(2025, 1, 5))
        found = contents(entry, report.period)
    row = next(one for one in found.parts["figures"] if one["code"] == "answered-in-time")
    assert (row["count"], row["total"], row["ratio"], row["met"], row["target"]) == (
        0,
        0,
        None,
        None,
        "≥ 98 %",
    )
    client = Client()
    client.force_login(office.alice)
    page = client.get(report.get_absolute_url()).content.decode()
    assert ">0.0%<" not in page
    assert ">100.0%<" not in page


def test_the_pages_of_a_report_from_draft_to_issue(office: Centre) -> None:
    client = Client()
    client.force_login(office.alice)
    made = client.post("/reports/new/", {"site": office.site.pk, "code": "monthly", "day": "2026-02-10"})
    with use(system_scope("test")):
        report = Report.objects.get()
    assert made["Location"] == report.get_absolute_url()
    client.post(f"/reports/{report.pk}/write/", {"commentary": "二月投诉减少。"})
    assert "二月投诉减少。" in client.get(report.get_absolute_url()).content.decode()
    assert client.post(f"/reports/{report.pk}/issue/").status_code == 302
    again = client.post(f"/reports/{report.pk}/issue/")
    assert again.status_code == 422
    listed = client.get("/reports/?state=issued")
    assert [one.pk for one in listed.context["rows"]] == [report.pk]
    client.force_login(office.bob)  # sees figures, but no cases beyond those of the post "look"
    assert client.get(report.get_absolute_url()).status_code == 200
    assert client.post(f"/reports/{report.pk}/issue/").status_code == 403
    client.force_login(office.carol)
    for path in ("", "pdf/", "spreadsheet/", "records/late/"):
        assert client.get(f"/reports/{report.pk}/{path}").status_code == 404


def test_the_spreadsheet_holds_the_same_figures_as_numbers(office: Centre) -> None:
    report = issued(office)
    client = Client()
    client.force_login(office.alice)
    answer = client.get(f"/reports/{report.pk}/spreadsheet/")
    book = load_workbook(io.BytesIO(answer.content))
    assert len(book.sheetnames) == 6
    with use(scope_of(office.alice)):
        found = contents_of(report)
    sheet = book.worksheets[1]
    told = {row[0].value: (row[1].value, row[2].value) for row in sheet.iter_rows(min_row=2)}
    assert told == {row["label"]: (row["count"], row["total"]) for row in found.parts["figures"]}
    assert book.worksheets[2].max_row == 1 + len(found.parts["late"]["rows"])


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("- {code: a, name: {zh: 报}, period: month, parts: [figures], to: [nobody], clause: x}", "nobody"),
        (
            "- {code: a, name: {zh: 报}, period: month, parts: [figures], indicators: [recieved], clause: x}",
            "received",
        ),
        ("- {code: a, name: {zh: 报}, period: decade, parts: [figures], clause: x}", "period"),
        ("- {code: a, name: {zh: 报}, period: day, parts: [], clause: x}", "parts"),
        ("- {code: a, name: {zh: 报}, period: day, parts: [late, late], clause: x}", "parts"),
        ("- {code: a, name: {zh: 报}, period: day, parts: [late], at: '25:00', clause: x}", "at"),
    ],
)
def test_a_wrong_report_in_a_pack_is_told(office: Centre, tmp_path: Path, line: str, wrong: str) -> None:
    folder = write_pack(tmp_path / "papers", **{"reports.yaml": line})
    with use(system_scope("test")) as scope, pytest.raises(PackErrors) as told:
        load([tmp_path / "trial", folder], by=scope.actor)
    assert "reports.yaml:1" in str(told.value)
    assert wrong in str(told.value) or wrong == "parts"
