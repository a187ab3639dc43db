"""Over random work: every figure, trend and slice of every indicator opens exactly the records it counts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from django.test import Client

from huiyin.base.kit.figures import INDICATORS, measure
from huiyin.base.kit.moment import moved_to
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.spans import SPANS, before, last_spans, name_of, span_of
from huiyin.base.org.selectors import scope_of
from huiyin.base.org.services import appoint, save_post
from huiyin.engines.clocks.jobs import tick
from huiyin.insight.indicators.cuts import slices
from huiyin.insight.indicators.held import held
from huiyin.insight.indicators.selectors import trend
from huiyin.work.cases import services
from huiyin.work.cases.models import Category
from huiyin.work.cases.tests.conftest import EVERYTHING, LONG_AGO, Centre, centre

__all__ = ["centre"]
PRESENT = datetime(2026, 3, 18, 9, tzinfo=UTC)


def random_work(centre: Centre, random: Random, count: int) -> None:
    """So many cases over three months at the first site: all kinds, answered early, late or never."""
    with use(system_scope("test")):
        leak = Category.objects.get(code="repair.leak")
    people = [centre.alice, centre.erin]
    for n in range(count):
        at = PRESENT - timedelta(minutes=random.randrange(60 * 24 * 90))
        user = random.choice(people)
        with moved_to(at), use(scope_of(user)) as scope:
            kind = random.choice(["repair", "complaint", "help", "consultation"])
            category = leak if kind == "repair" and random.random() < 0.6 else None
            case = services.register(
                centre.site, kind=kind, channel="phone", title=f"事项 {n}", category=category, by=scope.actor
            )
        with (
            moved_to(min(PRESENT, at + timedelta(minutes=random.choice([3, 15, 90, 400])))),
            use(scope_of(user)) as scope,
        ):
            fate = random.random()
            if fate < 0.15:
                services.decline(case, reason="范围外", explanation="请联系供电公司", by=scope.actor)
            elif fate < 0.8:
                services.answer(case, text="已处理", by=scope.actor)
                if fate < 0.5:
                    services.close(case, by=scope.actor)
                elif fate < 0.6:
                    services.reopen(case, reason="又坏了", by=scope.actor)
    with use(system_scope("test")), moved_to(PRESENT):
        tick()


@pytest.fixture(params=[1, 2, 3])
def random_centre(centre: Centre, request: pytest.FixtureRequest) -> Iterator[Centre]:
    with use(system_scope("test")) as scope:
        rights = [*EVERYTHING, "insight.view"]
        lead = save_post(None, code="lead", name="经理", level="site", permissions=rights, by=scope.actor)
        desk = save_post(None, code="desk", name="前台", level="site", permissions=[], by=scope.actor)
        appoint(centre.site.unit, user=centre.alice, post=lead, starts_on=LONG_AGO, by=scope.actor)
        appoint(centre.site.unit, user=centre.erin, post=desk, starts_on=LONG_AGO, by=scope.actor)
    random_work(centre, Random(request.param), 45)
    with moved_to(PRESENT):
        yield centre


def test_every_figure_of_every_period_and_slice_opens_exactly_its_records(random_centre: Centre) -> None:
    client = Client()
    client.force_login(random_centre.alice)
    site, opened = random_centre.site, 0
    with use(scope_of(random_centre.alice)):
        for code, indicator in INDICATORS.items():
            span = "month"
            period = span_of(site, span, PRESENT.date())
            where = f"/insight/yunhe/{code}"
            figure = measure(indicator, period)
            asked = [("", figure)]
            for cut, parts in slices(indicator, period).items():
                asked += [(f"&cut={cut}&key={one.key}", one.figure) for one in parts]
                if cut != "post":
                    assert sum(one.figure.count for one in parts) == figure.count, (code, cut)
            for query, one in asked:
                for part, size in (("num", one.count), ("den", one.total)):
                    if size is not None:
                        page = client.get(f"{where}/{part}/?span={span}&day=2026-03-18{query}")
                        assert len(page.context["rows"]) == size, (code, part, query)
                        opened += size
            assert client.get(f"{where}/?span={span}").context["held"].compared.figure == figure
    assert opened > 100


def test_a_trend_is_the_figures_of_twelve_periods_that_touch_each_other(random_centre: Centre) -> None:
    site = random_centre.site
    with use(scope_of(random_centre.alice)):
        for span in SPANS:
            points = trend(INDICATORS["received"], site, span, PRESENT.date())
            assert len(points) == 12
            for earlier, later in itertools.pairwise(points):
                assert earlier.period.last + timedelta(days=1) == later.period.first
        months = trend(INDICATORS["received"], site, "month", PRESENT.date())
        assert sum(point.value for point in months) == 45
        shares = trend(INDICATORS["complaints-answered"], site, "month", PRESENT.date())
        assert shares[0].figure.total == 0
        assert shares[0].value is None  # nothing to divide by is not nought per cent
        beside = held(INDICATORS["received"], "month", months[-1].period)
        assert beside.compared.before == months[-2].figure
        assert beside.compared.change == months[-1].value - months[-2].value
        assert (beside.target, beside.met, beside.gap) == (None, None, None)


@pytest.mark.parametrize(
    ("span", "day", "first", "last", "name"),
    [
        ("day", date(2026, 2, 28), date(2026, 2, 28), date(2026, 2, 28), "2026-02-28"),
        ("week", date(2027, 1, 1), date(2026, 12, 28), date(2027, 1, 3), "2026-W53"),
        ("month", date(2024, 2, 29), date(2024, 2, 1), date(2024, 2, 29), "2024-02"),
        ("month", date(2026, 12, 31), date(2026, 12, 1), date(2026, 12, 31), "2026-12"),
        ("quarter", date(2026, 5, 5), date(2026, 4, 1), date(2026, 6, 30), "2026-Q2"),
        ("year", date(2026, 5, 5), date(2026, 1, 1), date(2026, 12, 31), "2026"),
    ],
)
def test_periods_follow_the_calendar(span: str, day: date, first: date, last: date, name: str) -> None:
    period = span_of(None, span, day)
    assert (period.first, period.last, name_of(span, period)) == (first, last, name)
    assert before(span, period).last == first - timedelta(days=1)
    assert last_spans(None, span, day, 3)[-1] == period


@pytest.mark.parametrize(
    "query", ["span=no&day=x", "span=week&day=9999-12-31", "span=year&day=0001-01-01", "day="]
)
def test_a_strange_period_falls_back(random_centre: Centre, query: str) -> None:
    client = Client()
    client.force_login(random_centre.alice)
    assert client.get(f"/insight/yunhe/received/?{query}").status_code == 200
    assert client.get(f"/insight/yunhe/received/num/?{query}").status_code == 200
    assert client.get("/insight/yunhe/received/num/?span=month&cut=person&key=٣").context["rows"] == []
    assert client.get("/insight/yunhe/by-age/").status_code == 404
