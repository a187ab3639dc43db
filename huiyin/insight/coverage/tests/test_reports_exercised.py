"""Every report of the packs that come with the product drafts itself, with its parts, for the posts it names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from huiyin.base.kit.moment import moved_to
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.spans import span_of
from huiyin.base.org.models import Post
from huiyin.base.org.selectors import scope_of
from huiyin.base.org.services import appoint
from huiyin.engines.messages.selectors import notices_for
from huiyin.engines.packs.selectors import entries
from huiyin.insight.reports import services
from huiyin.insight.reports.jobs import draft_due
from huiyin.insight.reports.models import Report
from huiyin.insight.reports.selectors import contents_of
from huiyin.work.cases import services as cases
from huiyin.work.cases.models import Kind

from .conftest import LONG_AGO, Estate

NEW_YEAR = datetime(2026, 12, 31, 23, 10, tzinfo=UTC)
"""Ten past seven on the first of January 2027 in Shanghai: a day, a month, a quarter and a year have just ended."""
MONDAY = datetime(2027, 1, 3, 23, 10, tzinfo=UTC)


def test_every_report_of_the_packs_drafts_itself_with_its_parts_and_tells_its_posts(estate: Estate) -> None:
    """Its period over and its hour come, each stands as a draft with every part it names; its figures are right.

    Of each kind of case two were received, one was settled; one is late. Who has to issue it is told, and on the
    day after its last day it is late.
    """
    with use(system_scope("test")) as scope:
        items = {item.code: item.value for item in entries("reports", estate.site)}
        posts = {code for value in items.values() for code in value.to}
        for code in posts:
            post = Post.objects.get(code=code)
            appoint(estate.site.unit, user=estate.alice, post=post, starts_on=LONG_AGO, by=scope.actor)
    with moved_to(NEW_YEAR - timedelta(days=1)), use(scope_of(estate.alice)) as scope:
        for kind in Kind.values:
            first = cases.register(estate.site, kind=kind, channel="phone", title=f"{kind}1", by=scope.actor)
            cases.answer(first, text="已办妥", by=scope.actor)
            cases.close(first, by=scope.actor)
            cases.register(estate.site, kind=kind, channel="phone", title=f"{kind}2", by=scope.actor)
    for moment in (NEW_YEAR, MONDAY):
        with moved_to(moment):
            draft_due()
    assert len(items) >= 5
    with moved_to(MONDAY), use(scope_of(estate.alice)) as scope:
        told = [one.title for one in notices_for(estate.alice.pk)]
        for code, value in items.items():
            drafts = Report.objects.filter(site=estate.site, code=code, last__gte="2026-12-30")
            report = next(
                one for one in drafts if one.first.isoformat() <= "2026-12-31" <= one.last.isoformat()
            )
            assert report.period == span_of(estate.site, value.period, report.last), code
            assert any(str(value.name) in one for one in told), code
            parts = contents_of(report).parts
            assert set(parts) == set(value.parts), code
            if "kinds" in parts:
                counted = {
                    row["key"]: (row["received"], row["settled"], row["open"]) for row in parts["kinds"]
                }
                assert counted == dict.fromkeys(Kind.values, (2, 1, 1)), code
            if "open" in parts:
                assert [row["title"] for row in parts["open"]["rows"]] == [f"{kind}2" for kind in Kind.values]
                assert all("alice · " in row["responsible"] for row in parts["open"]["rows"])
            assert all("·" in row["responsible"] for row in parts.get("late", {}).get("rows", []))
            assert report.due_on == value.due_on(report.last), code
            services.issue(report, by=scope.actor)
