"""The tags of the kit: times, clocks, addresses, cells."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation
from django.utils.html import strip_tags

from huiyin.base.kit.moment import moved_to
from huiyin.base.kit.scope import Actor, Scope, use
from huiyin.base.kit.templatetags import kit

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _here_and_now() -> Any:
    with moved_to(NOW), translation.override("en"):
        yield


def render(source: str, **values: Any) -> str:
    return Template("{% load kit %}" + source).render(Context(values))


def test_moments_stand_on_the_local_clock_with_the_year_only_where_it_differs() -> None:
    assert strip_tags(kit.local_time(NOW)) == "11-21 14:00"
    assert strip_tags(kit.local_time(datetime(2025, 12, 31, 16, 0, tzinfo=UTC))) == "01-01 00:00"
    assert strip_tags(kit.local_time(datetime(2025, 12, 31, 15, 59, tzinfo=UTC))) == "2025-12-31 23:59"
    assert strip_tags(kit.local_time(date(2026, 11, 21))) == "2026-11-21"
    assert strip_tags(kit.local_time(None)) == "—"


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=12), "12 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=2, minutes=5), "2 h 5 min"),
        (timedelta(days=3, hours=4), "3 d 4 h"),
        (timedelta(days=12, hours=4), "12 d"),
        (-timedelta(minutes=61), "1 h 1 min"),
    ],
)
def test_lengths_of_time_are_told_in_two_units_at_most(span: timedelta, text: str) -> None:
    assert kit.span_words(span) == text


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (10, "just now"),
        (60, "1 minute ago"),
        (7200, "2 hours ago"),
        (86400 * 3, "3 days ago"),
        (-3600, "in 1 h"),
    ],
)
def test_how_long_ago(passed: int, text: str) -> None:
    assert strip_tags(kit.ago(NOW - timedelta(seconds=passed))) == text


@pytest.mark.parametrize(
    ("minutes", "arguments", "level", "text"),
    [
        (180, {}, "ok", "3 h left"),
        (59, {}, "soon", "59 min left"),
        (180, {"warn_at": NOW}, "soon", "3 h left"),
        (30, {"warn_at": NOW + timedelta(minutes=1)}, "ok", "30 min left"),
        (0, {}, "late", "0 min overdue"),
        (-95, {}, "late", "1 h 35 min overdue"),
        (-95, {"paused": True}, "paused", "paused"),
        (10, {"stopped_at": NOW}, "kept", "in time"),
        (-10, {"stopped_at": NOW}, "missed", "10 min late"),
        (0, {"stopped_at": NOW}, "kept", "in time"),
    ],
)
def test_a_clock_says_what_is_left(minutes: int, arguments: dict[str, Any], level: str, text: str) -> None:
    html = str(kit.clock(NOW + timedelta(minutes=minutes), **arguments))
    assert f"hy-clock-{level}" in html
    assert strip_tags(html) == text
    running = not arguments.get("paused") and "stopped_at" not in arguments
    assert ("data-due" in html) is running


def test_an_address_keeps_its_parameters_but_those_changed() -> None:
    request = RequestFactory().get("/x/?q=a%20b&unit=1&unit=2&after=zzz")
    text = render("{% query after=None order='name' %}", request=request)
    assert QueryDict(text.replace("&amp;", "&")[1:]).lists()
    assert text == "?q=a+b&amp;unit=1&amp;unit=2&amp;order=name"


def test_cells_show_nothing_as_a_dash_and_never_raw_markup() -> None:
    assert strip_tags(str(kit.cell(None))) == "—"
    assert strip_tags(str(kit.cell(""))) == "—"
    assert kit.cell(0) == 0
    assert "yes" in str(kit.cell(True))
    assert render("{{ value|cell }}", value="<b>x</b>") == "&lt;b&gt;x&lt;/b&gt;"
    assert "&lt;b&gt;" in str(kit.badge("<b>", "good"))
    assert "hy-neutral" in str(kit.badge("x", "no such tone"))


@pytest.mark.parametrize(
    ("name", "mark"), [("张三丰", "三丰"), ("李四", "李四"), ("Ada Love Lace", "AL"), ("", "?")]
)
def test_the_mark_of_a_person(name: str, mark: str) -> None:
    assert strip_tags(str(kit.avatar(name))) == mark


def test_a_right_is_asked_for_at_the_rows_site() -> None:
    class Row:
        site_id = 7

    scope = Scope(Actor(1, "a"), {"x.do": frozenset({7})}, frozenset({7, 8}))
    other = Row()
    other.site_id = 8
    source = "{% if 'x.do'|allowed:row %}yes{% else %}no{% endif %}"
    with use(scope):
        assert render(source, row=Row()) == "yes"
        assert render(source, row=other) == "no"
        assert kit.allowed("x.do") is True
    assert kit.allowed("x.do") is False


def test_an_icon_is_silent_for_a_screen_reader() -> None:
    assert 'aria-hidden="true"' in str(kit.icon("phone"))
    assert "vendor/icons.svg#phone" in str(kit.icon("phone"))
