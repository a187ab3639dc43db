"""Every figure equals the number of records it opens, and nobody counts what is not theirs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from huiyin.base.kit.figures import BREAKDOWNS, INDICATORS, last_days, measure
from huiyin.base.kit.moment import moved_to, now
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.selectors import scope_of
from huiyin.base.org.services import appoint, save_post
from huiyin.engines.clocks import selectors as clocks
from huiyin.engines.clocks import services as clock_services
from huiyin.engines.clocks.jobs import tick
from huiyin.work.cases import services
from huiyin.work.cases.models import Category
from huiyin.work.cases.tests.conftest import EVERYTHING, LONG_AGO, Centre, centre

__all__ = ["centre"]


@pytest.fixture
def busy(centre: Centre) -> Iterator[Centre]:
    """A centre with ten days of work at both sites: in time, late, waiting, declined, reopened."""
    with use(system_scope("test")) as scope:
        post = save_post(
            None,
            code="lead",
            name="经理",
            level="site",
            permissions=[*EVERYTHING, "insight.view"],
            by=scope.actor,
        )
        for site, user in ((centre.site, centre.alice), (centre.other, centre.carol)):
            appoint(site.unit, user=user, post=post, starts_on=LONG_AGO, by=scope.actor)
    start = now() - timedelta(days=9)
    leak = Category.objects.all
    for n in range(20):
        at = start + timedelta(hours=9 * n)
        user, site = (centre.carol, centre.other) if n % 5 == 4 else (centre.alice, centre.site)
        with moved_to(at), use(scope_of(user)) as scope:
            by = scope.actor
            category = leak().filter(code="repair.leak").first() if n % 2 else None
            case = services.register(
                site, kind="repair", channel="phone", title=f"漏水 {n}", category=category, by=by
            )
        with moved_to(at + timedelta(minutes=5 if n % 3 else 300)), use(scope_of(user)) as scope:
            if n % 7 == 6:
                services.decline(case, reason="范围外", explanation="请联系电力公司", by=scope.actor)
            elif n % 4:
                services.answer(case, text="已处理", by=scope.actor)
            if n % 4 == 1 and case.state == "answered":
                services.close(case, by=scope.actor)
            if n % 8 == 3 and case.state == "answered":
                services.reopen(case, reason="又漏", by=scope.actor)
    with use(system_scope("test")):
        tick()
    yield centre


def test_every_figure_equals_the_records_it_opens(busy: Centre) -> None:
    client = Client()
    client.force_login(busy.alice)
    with use(scope_of(busy.alice)):
        period = last_days(busy.site, 30)
        figures = {code: measure(one, period) for code, one in INDICATORS.items()}
        parts = {code: one.parts(period) for code, one in BREAKDOWNS.items()}
    assert figures["received"].count == 16
    assert figures["answered-in-time"].ratio is not None
    assert 0 < figures["late"].count < figures["open"].count
    for code, figure in figures.items():
        for part, size in (("num", figure.count), ("den", figure.total)):
            if size is not None:
                page = client.get(f"/insight/yunhe/{code}/{part}/?days=30")
                assert len(page.context["rows"]) == size, (code, part)
    for code, pieces in parts.items():
        for piece in pieces:
            page = client.get(f"/insight/yunhe/{code}/{piece.key}/?days=30")
            assert len(page.context["rows"]) == piece.count, (code, piece.key)


def test_the_parts_of_a_breakdown_add_up_to_the_whole(busy: Centre) -> None:
    with use(scope_of(busy.alice)):
        period = last_days(busy.site, 30)
        count = {code: measure(INDICATORS[code], period).count for code in ("received", "open", "late")}
        whole = {code: sum(part.count for part in one.parts(period)) for code, one in BREAKDOWNS.items()}
        late = sum(part.late or 0 for part in BREAKDOWNS["by-person"].parts(period))
    assert whole == {
        "open-by-age": count["open"],
        "by-category": count["received"],
        "by-person": count["open"],
    }
    assert late == count["late"]


def test_more_time_keeps_the_limit_in_force_but_not_the_one_first_promised(centre: Centre) -> None:
    begun = now() - timedelta(days=3)
    with moved_to(begun), use(scope_of(centre.alice)) as scope:
        made = [
            services.register(centre.site, kind="repair", channel="phone", title=f"漏水 {n}", by=scope.actor)
            for n in range(3)
        ]
        first = {case.pk: clocks.of(case).get(kind="answer").due_at for case in made}
    slow, quick, open_still = made
    for case in (slow, open_still):
        with moved_to(begun + timedelta(minutes=1)), use(system_scope("test")) as scope:
            until = first[case.pk] + timedelta(days=5)
            clock_services.extend(case, kind="answer", until=until, reason="等配件", by=scope.actor)
    for case, at in ((quick, begun + timedelta(minutes=2)), (slow, first[slow.pk] + timedelta(minutes=1))):
        with moved_to(at), use(scope_of(centre.alice)) as scope:
            services.answer(case, text="已处理", by=scope.actor)

    with use(scope_of(centre.alice)):
        figures = {
            code: measure(INDICATORS[code], last_days(centre.site, 30))
            for code in ("answered-in-time", "answered-as-promised")
        }
    assert [(one.count, one.total) for one in figures.values()] == [(2, 2), (1, 3)]


def test_a_ratio_without_records_is_not_applicable(centre: Centre) -> None:
    with use(scope_of(centre.alice)):
        figure = measure(INDICATORS["answered-in-time"], last_days(centre.site, 7))
    assert (figure.count, figure.total, figure.ratio, figure.applicable) == (0, 0, None, False)


def test_another_site_is_not_there_and_without_the_right_nothing_opens(busy: Centre) -> None:
    client = Client()
    client.force_login(busy.alice)
    assert client.get("/insight/zhengtai/").status_code == 404
    assert client.get("/insight/zhengtai/received/num/").status_code == 404
    assert client.get("/insight/yunhe/no-such-figure/num/").status_code == 404
    assert "正泰大厦" not in client.get("/insight/").content.decode()
    client.force_login(busy.bob)
    for address in ("/insight/", "/insight/yunhe/", "/insight/yunhe/received/num/"):
        assert client.get(address).status_code == 403


@pytest.mark.parametrize("days", ["", "7", "0", "-1", "999999999999", "١٢", "x", "30'--"])
def test_a_strange_period_falls_back_to_a_known_one(busy: Centre, days: str) -> None:
    client = Client()
    client.force_login(busy.alice)
    page = client.get("/insight/yunhe/", {"days": days})
    assert page.status_code == 200
    assert page.context["days"] in (7, 30)


def test_moments_are_cut_at_local_midnight(centre: Centre) -> None:
    at = datetime(2026, 5, 3, 16, 30, tzinfo=UTC)  # 00:30 on the fourth in Shanghai
    with moved_to(at), use(scope_of(centre.alice)) as scope:
        services.register(centre.site, kind="repair", channel="phone", title="夜里漏水", by=scope.actor)
        assert measure(INDICATORS["received"], last_days(centre.site, 1)).count == 1
    with moved_to(at - timedelta(hours=1)), use(scope_of(centre.alice)):
        assert measure(INDICATORS["received"], last_days(centre.site, 1)).count == 0
