"""On paper: PDFs with their fonts inside and text that can be read out again; the evidence of a case."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import translation
from PIL import ImageFile

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.org.selectors import scope_of
from huiyin.base.org.services import appoint, save_post
from huiyin.base.trail.models import Block, Event
from huiyin.base.trail.sealing import seal_settled
from huiyin.base.trail.selectors import history
from huiyin.engines.files.services import attach
from huiyin.insight.reports import pdf
from huiyin.insight.reports.evidence import evidence_of
from huiyin.work.cases import services as cases
from huiyin.work.cases.models import Case
from huiyin.work.cases.tests.conftest import LONG_AGO, Centre, centre
from tests.support.needs import unavailable

from .conftest import office
from .test_reports import drafted, issued

__all__ = ["centre", "office"]
ENGINES: dict[str, Any] = {
    "weasyprint": lambda html: pdf.pdf_of(html),
    "chromium": lambda html: pdf._by_browser(str(pdf._browser()), html),
}


def needs(engine: str) -> None:
    if engine == "weasyprint" and pdf._weasyprint() is None:
        unavailable("WeasyPrint")
    if engine == "chromium" and pdf._browser() is None:
        unavailable("Chromium")


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_a_pdf_has_its_fonts_inside_and_its_text_can_be_read_out(engine: str, tmp_path: Path) -> None:
    needs(engine)
    tools = shutil.which("pdffonts"), shutil.which("pdftotext")
    if None in tools:
        unavailable("poppler")
    html = """<!DOCTYPE html><html lang="zh-hans"><meta charset="utf-8"><style>body { font-family: "Noto Sans CJK SC",
        sans-serif } </style><p>二月客服月报：投诉𠮷、受理、派单、回访、台账</p></html>"""
    file = tmp_path / "a.pdf"
    file.write_bytes(ENGINES[engine](html))
    fonts = subprocess.run(
        [str(tools[0]), file], capture_output=True, text=True, check=True
    ).stdout.splitlines()[2:]
    text = subprocess.run([str(tools[1]), file, "-"], capture_output=True, text=True, check=True).stdout
    assert fonts
    assert all(line.split()[-5] == "yes" for line in fonts), fonts
    assert "二月客服月报：投诉𠮷、受理、派单、回访、台账" in "".join(text.split())


def test_a_page_for_paper_fetches_nothing() -> None:
    if pdf._weasyprint() is None:
        unavailable("WeasyPrint")
    made = pdf.pdf_of('<p>a</p><img src="file:///etc/hostname"><img src="http://127.0.0.1:9/x">')
    assert made.startswith(b"%PDF")


def test_without_anything_that_makes_pdfs_the_page_says_so(
    office: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "_weasyprint", lambda: None)
    monkeypatch.setattr(pdf, "_browser", lambda: None)
    with pytest.raises(Refused, match="no-pdf"):
        pdf.pdf_of("<p>a</p>")
    report = drafted(office)
    client = Client()
    client.force_login(office.alice)
    answer = client.get(f"/reports/{report.pk}/pdf/", follow=True)
    assert answer.redirect_chain == [(report.get_absolute_url(), 302)]
    assert [str(one) for one in answer.context["messages"]]


def test_an_issued_report_is_a_pdf_with_the_same_figures(office: Centre, tmp_path: Path) -> None:
    if pdf._weasyprint() is None and pdf._browser() is None:
        unavailable("WeasyPrint and Chromium")
    report = issued(office)
    client = Client()
    client.force_login(office.alice)
    answer = client.get(f"/reports/{report.pk}/pdf/")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    file = tmp_path / "a.pdf"
    file.write_bytes(answer.content)
    if not shutil.which("pdftotext"):
        unavailable("poppler")
    told = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True)
    assert "客服月报" in told.stdout
    assert report.digest in "".join(told.stdout.split())


def a_case(office: Centre) -> Case:
    with use(scope_of(office.alice)) as scope:
        by = scope.actor
        case = cases.register(
            office.site, kind="complaint", channel="phone", title="噪声投诉", contact_name="李女士",
            contact_phone="13800138000", by=by,
        )  # fmt: skip
        attach(case, file=ContentFile("录音文字".encode(), "录音.txt"), by=by)
        return cases.answer(case, text="已劝阻", by=by)


def test_the_evidence_tells_events_limits_contacts_files_and_blocks(office: Centre) -> None:
    case = a_case(office)
    with use(scope_of(office.alice)):
        assert evidence_of(case).unsealed == len(history(case))
    with use(system_scope("test")):
        seal_settled()
    client = Client()
    client.force_login(office.alice)
    page = client.get(f"/reports/evidence/{case.code}/")
    text = page.content.decode()
    found = page.context["evidence"]
    with use(system_scope("test")):
        events = list(history(case))
        block = Block.objects.order_by("-number")[0]
    assert [line.sealed.event.pk for line in found.lines] == [event.pk for event in events]
    assert all(line.sealed.agrees for line in found.lines)
    assert block.hash in text
    assert found.files[0].sha256 in text
    assert {one.name for one in found.limits} >= {"答复", "派单"}
    assert all(one.original for one in found.limits)
    assert "13800138000" not in text
    assert [one.phone for one in found.touches if one.phone] == ["138****8000"] * 2
    assert f"/reports/evidence/{case.code}/" in client.get(case.get_absolute_url()).content.decode()
    if pdf._weasyprint() is not None or pdf._browser() is not None:
        assert client.get(f"/reports/evidence/{case.code}/pdf/").content.startswith(b"%PDF")


def test_the_evidence_shows_an_event_that_is_not_what_was_sealed(office: Centre) -> None:
    case = a_case(office)
    with use(system_scope("test")):
        seal_settled()
        event = history(case)[1]
        Event.objects.filter(pk=event.pk).update(actor_label="somebody else")
        assert [line.sealed.event.pk for line in evidence_of(case).wrong] == [event.pk]
    client = Client()
    client.force_login(office.alice)
    with translation.override("en"):
        assert client.get(f"/reports/evidence/{case.code}/").context["evidence"].wrong


def test_the_evidence_is_for_those_who_may_see_the_case_and_the_trail(office: Centre) -> None:
    case = a_case(office)
    client = Client()
    url = f"/reports/evidence/{case.code}/"
    client.force_login(office.bob)  # sees cases, not the trail
    assert client.get(url).status_code == 403
    assert "/reports/evidence/" not in client.get(case.get_absolute_url()).content.decode()
    with use(system_scope("test")) as scope:
        auditor = save_post(
            None, code="auditor", name="审计", level="site", permissions=["trail.view"], by=scope.actor
        )
        appoint(office.site.unit, user=office.erin, post=auditor, starts_on=LONG_AGO, by=scope.actor)
        appoint(office.other.unit, user=office.bob, post=auditor, starts_on=LONG_AGO, by=scope.actor)
    assert client.get(url).status_code == 404  # the trail at one site and cases at the other make no evidence
    client.force_login(office.erin)
    assert client.get(url).status_code == 200
    client.force_login(office.carol)
    assert client.get(url).status_code == 404


def test_making_pdfs_leaves_uploads_as_strict_as_before() -> None:
    if pdf._weasyprint() is None:
        unavailable("WeasyPrint")
    pdf.pdf_of("<p>a</p>")
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
