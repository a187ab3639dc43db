"""Targets of packs: which one counts, and that a figure is held against it exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from huiyin.base.kit.figures import INDICATORS, Figure, last_days, measure
from huiyin.base.kit.scope import Scope, system_scope, use
from huiyin.base.org.selectors import scope_of
from huiyin.engines.packs.drafts import draft, files_of
from huiyin.engines.packs.problems import PackErrors
from huiyin.engines.packs.registry import Item
from huiyin.engines.packs.services import load
from huiyin.insight.indicators.pack import TargetEntry
from huiyin.insight.indicators.targets import Target, target_of, targets, targets_of
from huiyin.work.cases import joining, services
from huiyin.work.cases.tests.conftest import Centre, centre

__all__ = ["centre"]


def shipped() -> list[Item]:
    """The targets of the packs that come with the product."""
    found = []
    for folder in sorted((Path(settings.ROOT) / "packs").iterdir()):
        if (folder / "targets.yaml").is_file():
            read = draft(folder, files_of(folder)[0])
            assert read.pack is not None, read.problems
            found += [item for item in read.pack.items if item.section == "targets"]
    return found


def _case(centre: Centre, kind: str, *, answered: bool, closed: bool) -> None:
    with use(scope_of(centre.alice)) as scope:
        case = services.register(centre.site, kind=kind, channel="phone", title="有事相求", by=scope.actor)
        if answered or closed:
            case = services.answer(case, text="已办妥", by=scope.actor)
        if closed:
            services.close(case, by=scope.actor)


MAKE: dict[str, Callable[[Centre, bool], None]] = {
    "help-settled": lambda centre, good: _case(centre, "help", answered=good, closed=good),
    "complaints-answered": lambda centre, good: _case(centre, "complaint", answered=good, closed=False),
}
"""How a record is made that an indicator counts as kept, or as missed."""


def _fits(reached: Fraction, comparison: str, wanted: Fraction) -> bool:
    """The comparison once more, over whole fractions."""
    return {
        ">=": reached >= wanted,
        "<=": reached <= wanted,
        ">": reached > wanted,
        "<": reached < wanted,
    }[comparison]


@pytest.mark.parametrize("item", shipped(), ids=lambda item: item.code)
def test_every_target_is_compared_with_its_indicator(centre: Centre, item: Item) -> None:
    """Records are made one by one through the services; after each the target is met exactly when it should."""
    target = Target(item)
    seen = set()
    for good, missed in ((2, 0), (1, 1)):
        for _n in range(good):
            MAKE[target.entry.indicator](centre, True)
        for _n in range(missed):
            MAKE[target.entry.indicator](centre, False)
        with use(scope_of(centre.alice)):
            figure = measure(INDICATORS[target.entry.indicator], last_days(centre.site, 1))
        assert figure.total is not None
        assert (figure.count, figure.total) == ((2, 2) if not missed else (3, 4))
        reached = Fraction(100 * figure.count, figure.total)
        met = target.met(figure)
        assert met is _fits(reached, target.entry.comparison, Fraction(target.entry.figure))
        seen.add(met)
    assert seen == {True, False}, "the records made do not tell apart what meets it and what does not"


def test_what_was_merged_away_or_entered_by_mistake_is_not_counted(centre: Centre) -> None:
    with use(scope_of(centre.alice)) as scope:
        by = scope.actor
        first, second, third = (
            services.register(centre.site, kind="complaint", channel="phone", title=f"吵 {n}", by=by)
            for n in range(3)
        )
        joining.merge(second, into=first, by=by)
        services.answer(first, text="已制止", by=by)
        services.decline(third, reason="不属本中心", explanation="请找居委会", by=by)
        figure = measure(INDICATORS["complaints-answered"], last_days(centre.site, 1))
    assert (figure.count, figure.total) == (2, 2)


def _entry(**values: object) -> Target:
    data = {
        "code": "t",
        "name": {"zh": "目标"},
        "indicator": "closed",
        "comparison": ">=",
        "figure": 98,
        "period": "month",
        "source": ["001-532"],
        **values,
    }
    item = shipped()[0]
    return Target(replace(item, code="t", value=TargetEntry.model_validate(data)))


@pytest.mark.parametrize(
    ("comparison", "figure", "count", "total", "met"),
    [
        (">=", 98, 98, 100, True),
        (">=", 98, 979, 1000, False),
        (">=", "97.96", 9795, 10000, False),  # 98.0 as shown, and still short
        ("<", 2, 2, 100, False),
        ("<", 2, 199, 10000, True),
        ("<=", 5, 5, 100, True),
        (">", 0, 0, 3, False),
        (">=", 100, 0, 0, None),
    ],
)
def test_a_figure_is_compared_exactly_and_not_as_rounded(
    comparison: str, figure: object, count: int, total: int, met: bool | None
) -> None:
    target = _entry(comparison=comparison, figure=figure)
    assert target.met(Figure(INDICATORS["closed"], count, total)) is met


def test_the_gap_and_the_words_say_how_far_and_what() -> None:
    target = _entry(figure="97.50")
    assert target.words == "≥ 97.5 %"
    assert target.gap(Figure(INDICATORS["closed"], 9, 10)) == Decimal("-7.5")
    assert target.gap(Figure(INDICATORS["closed"], 0, 0)) is None
    many = _entry(indicator="received", unit="count", figure=1000, comparison="<")
    assert many.words == "< 1000"
    assert many.gap(Figure(INDICATORS["received"], 990, None)) == -10
    assert many.met(Figure(INDICATORS["received"], 990, None)) is True


PACK = """code: {code}
name: {{zh: 试用}}
layer: {layer}
requires: [{requires}]
version: "1"
{more}"""
TARGET = (
    "- {{code: {code}, name: {{zh: 目标}}, indicator: {indicator}, comparison: '>=', figure: {figure}, "
    "period: {period}, clause: 一, source: [001-532]{more}}}\n"
)


@pytest.fixture
def by() -> Iterator[Scope]:
    with use(system_scope("test")) as scope, translation.override("en"):
        yield scope


def _load(tmp_path: Path, scope: Scope, code: str, *lines: str, layer: str = "base", more: str = "") -> None:
    folder = tmp_path / code
    folder.mkdir(exist_ok=True)
    head = PACK.format(code=code, layer=layer, requires="", more=more)
    (folder / "pack.yaml").write_text(head, encoding="utf-8")
    (folder / "targets.yaml").write_text("".join(lines), encoding="utf-8")
    load([folder], by=scope.actor)


def _line(
    code: str, indicator: str = "closed", figure: object = 98, period: str = "month", more: str = ""
) -> str:
    return TARGET.format(code=code, indicator=indicator, figure=figure, period=period, more=more)


def test_the_newest_target_that_is_valid_counts_and_a_site_may_have_its_own(
    centre: Centre, by: Scope, tmp_path: Path
) -> None:
    _load(
        tmp_path,
        by,
        "goals",
        _line("old", figure=90),
        _line("new", figure=95.5, more=", valid_from: 2026-07-01"),
        _line("year", figure=98, period="year"),
        layer="industry",
    )
    _load(
        tmp_path,
        by,
        "own",
        _line("new", figure=99, more=", valid_from: 2026-07-01"),
        layer="site",
        more="site: zhengtai\n",
    )

    def figure(site: object, on: date, period: str = "month") -> Decimal | None:
        found = target_of("closed", site, period=period, on=on)  # type: ignore[arg-type]
        return found.entry.figure if found is not None else None

    assert figure(centre.site, date(2026, 6, 30)) == 90
    assert figure(centre.site, date(2026, 7, 1)) == Decimal("95.5")
    assert figure(centre.other, date(2026, 7, 1)) == 99
    assert figure(centre.site, date(2026, 7, 1), "year") == 98
    assert figure(centre.site, date(2026, 7, 1), "week") is None
    assert [one.item.code for one in targets(centre.site, on=date(2026, 7, 1))] == ["new", "year"]
    assert [one.item.code for one in targets_of("received", centre.site)] == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (_line("a", indicator="clsoed"), "There is no indicator clsoed"),
        (_line("a", indicator="received"), "not measured in this unit"),
        (_line("a", more=", unit: count"), "not measured in this unit"),
        (_line("a", figure=101), "at most 100"),
        (_line("a", more=", level: post"), "names the post"),
        (_line("a", more=", level: post, post: nobody"), "There is no post nobody"),
        (_line("a") + _line("b"), "a sets a target for the same indicator"),
        (_line("a", more=", valid_from: 2026-02-30"), "valid_from"),
        (_line("a", figure=-1), "figure"),
        (_line("a", period="fortnight"), "period"),
    ],
)
def test_a_mistake_is_told_with_its_line(db: None, by: Scope, tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(PackErrors) as caught:
        _load(tmp_path, by, "wrong", line)
    told = [str(problem) for problem in caught.value.problems]
    assert any(said in one for one in told), told
    assert all(one.startswith("wrong/targets.yaml:") for one in told)
    assert targets(None) == []
