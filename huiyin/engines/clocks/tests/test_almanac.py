"""Calendars as people read them: a year, opening hours, a counted limit; what a notice would change."""

import json
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client

from huiyin.base.kit.moment import moved_to
from huiyin.base.kit.scope import Scope
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Post, Site, User
from huiyin.base.org.services import add_unit, appoint, save_post
from huiyin.engines.clocks import almanac
from huiyin.engines.clocks.entries import WEEKDAYS
from huiyin.engines.clocks.jobs import recount
from huiyin.engines.clocks.models import Clock, SpecialDay
from huiyin.engines.clocks.selectors import why
from huiyin.engines.clocks.timing import at_hand, standard_of
from huiyin.engines.clocks.words import week_in_words

from .conftest import LoadRules, rule
from .test_calendars import EVERY_DAY, FOLLOWS, THREE_DAYS, at, calendar, holidays, notice
from .test_clocks import opened

pytestmark = pytest.mark.django_db

NIGHT = '{mon: [["20:00","08:00"]], sun: [["09:00","12:00"],["13:00","18:00"]]}'
TODAY = at("2027-09-29 10:00")
OFFICIAL = [(f"2027-10-0{day}", True) for day in range(1, 8)] + [("2027-10-09", False)]


@pytest.fixture
def october(site: Site, scope: Scope, load_rules: LoadRules) -> LoadRules:
    """The office's calendar is the standard one; October's holiday is forecast from the 1st to the 3rd."""
    load_rules(
        rule("a", limit=THREE_DAYS),
        calendars=calendar(more=FOLLOWS) + calendar("night", "  sites: [yunhe]\n", NIGHT),
        holidays=holidays(),
    )
    return load_rules


def shown(site: Site, code: str = "office") -> almanac.Laid:
    return almanac.laid(next(one for one in at_hand(site.pk) if one.code == code))


def signed_in(name: str, unit: Any, scope: Scope, *permissions: str, level: str = "site") -> Client:
    save_post(None, code=name, name=name, level=level, permissions=list(permissions), by=scope.actor)
    user = User.objects.create_user(name, name=name, language="en")
    day = date(2026, 1, 1)
    appoint(unit, user=user, post=Post.objects.get(code=name), starts_on=day, by=scope.actor)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_hours_of_a_week_are_told_in_words() -> None:
    office = {day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    assert week_in_words(office) == [
        "Monday to Friday 09:00–12:00, 13:00–18:00",
        "Saturday to Sunday: rest",
    ]
    always = {day: [["00:00", "24:00"]] for day in WEEKDAYS}
    assert week_in_words(always) == ["Every day round the clock"]
    assert week_in_words({"tue": [["20:00", "08:00"]]})[1] == "Tuesday 20:00–08:00 the next day"


def test_a_year_shows_every_date_once_and_marks_special_days(site: Site, october: LoadRules) -> None:
    SpecialDay.objects.create(
        list="cn",
        date=date(2027, 10, 9),
        year=2027,
        work=True,
        name="国庆节",
        status="official",
        changed_at=TODAY,
    )
    with moved_to(TODAY):
        months = almanac.months_of(shown(site), 2027)
    cells = [cell for month in months for week in month.weeks for cell in week if cell is not None]
    assert [cell.date for cell in cells] == [date(2027, 1, 1) + timedelta(days=n) for n in range(365)]
    assert all(
        cell is None or cell.date.weekday() == n for m in months for w in m.weeks for n, cell in enumerate(w)
    )
    by_date = {cell.date: cell for cell in cells}
    first, makeup = by_date[date(2027, 10, 1)], by_date[date(2027, 10, 9)]
    assert (first.kind, first.mark, first.is_forecast, first.name) == ("holiday", "off", True, "国庆节")
    assert (makeup.kind, makeup.mark, makeup.is_forecast) == ("make_up", "on", False)
    assert (by_date[date(2027, 10, 10)].kind, by_date[date(2027, 10, 11)].kind) == ("rest", "work")
    assert [cell.date for cell in cells if cell.is_today] == [date(2027, 9, 29)]
    assert months[9].working_days == 21, "21 weekdays, one of them a holiday, and one Saturday"
    runs = [(run.name, run.days, run.work) for run in almanac.runs_of_year(shown(site), 2027)]
    assert runs == [("国庆节", 3, False), ("国庆节", 1, True)]


def test_opening_hours_are_told_for_now(site: Site, october: LoadRules) -> None:
    office, night = shown(site).calendar, shown(site, "night").calendar
    assert almanac.opening(office, at("2027-09-29 10:00")) == almanac.Opening(
        True, "working time", at("2027-09-29 17:00")
    )
    assert almanac.opening(office, at("2027-10-01 10:00")) == almanac.Opening(
        False, "public holiday · 国庆节", at("2027-10-04 09:00")
    )
    assert almanac.opening(night, at("2027-09-27 23:00")).until == at("2027-09-28 08:00")
    always = almanac.count(office, at("2027-09-29 10:00"), 2, "working_hours")
    assert (always.due_at, always.seconds) == (at("2027-09-29 12:00"), 7200)


def test_a_counted_limit_says_why_and_a_far_one_is_refused(site: Site, october: LoadRules) -> None:
    found = almanac.count(shown(site).calendar, at("2027-09-30 16:00"), 2, "working_hours")
    assert found.due_at == at("2027-10-04 10:00")
    assert [(one.counted, one.why) for one in found.stretches][:3] == [
        (True, "working time"),
        (False, "after closing time"),
        (False, "public holiday · 国庆节"),
    ]
    with pytest.raises(Refused):
        almanac.count(shown(site).calendar, at("2027-09-30 16:00"), 100_000, "working_days")


def test_a_notice_is_previewed_without_changing_anything(
    site: Site, scope: Scope, october: LoadRules
) -> None:
    opened(site, scope, TODAY)
    effect = almanac.preview(notice(*OFFICIAL), "cn")
    assert effect.counts == {"added": 5, "changed": 3, "removed": 0}
    assert (effect.calendars, effect.clocks) == (("日历office",), 1)
    assert effect.lines[0].before == "国庆节 · public holiday · Forecast"
    assert (SpecialDay.objects.count(), Clock.objects.get().due_at) == (3, at("2027-10-05 10:00"))
    assert almanac.preview(notice(*OFFICIAL), "cn").seen == effect.seen
    other = almanac.preview(notice(("2027-10-01", True)), "cn")
    assert (other.counts, other.seen != effect.seen) == ({"added": 0, "changed": 1, "removed": 2}, True)


def uploaded(client: Client, content: bytes, **given: str) -> Any:
    file = BytesIO(content)
    file.name = "2027.json"
    return client.post("/holidays/import/", {"file": file, "list_code": "cn", **given})


def test_a_notice_is_uploaded_looked_at_and_confirmed(site: Site, scope: Scope, october: LoadRules) -> None:
    client = signed_in("boss", site.unit.parent, scope, "packs.view", "packs.edit", level="company")
    with moved_to(TODAY):
        opened(site, scope, TODAY)
        shown_first = uploaded(client, json.dumps(notice(*OFFICIAL)).encode())
        assert shown_first.status_code == 200
        assert SpecialDay.objects.count() == 3, "nothing is taken over yet"
        hidden = shown_first.context["form"].initial
        stale = client.post("/holidays/import/", {**hidden, "seen": "x"})
        assert (stale.status_code, SpecialDay.objects.count()) == (422, 3)
        done = client.post("/holidays/import/", hidden)
        assert done.headers["Location"] == "/holidays/"
        assert SpecialDay.objects.filter(status="official").count() == 8
        recount()
        assert Clock.objects.get().due_at == at("2027-10-09 10:00")
        again = uploaded(client, json.dumps(notice(*OFFICIAL)).encode())
        assert again.context["effect"].lines == ()
        page = client.get("/holidays/").content.decode()
    assert "https://example.org/1" in page


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b"[]",
        b'{"year": 2027, "days": []}',
        b'{"year": 2027, "days": [{"date": "2027-02-30", "name": "x", "isOffDay": true}]}',
        b" " * 200_001,
    ],
)
def test_a_wrong_file_is_answered_politely(
    site: Site, scope: Scope, october: LoadRules, content: bytes
) -> None:
    client = signed_in("boss", site.unit.parent, scope, "packs.view", "packs.edit", level="company")
    answer = uploaded(client, content)
    assert (answer.status_code, bool(answer.context["form"].errors["file"])) == (422, True)
    for form in (
        {"seen": "x"},
        {"seen": "x", "content": "{", "list_code": "cn"},
        {"seen": "", "list_code": "us"},
    ):
        assert client.post("/holidays/import/", form).status_code == 422
    assert SpecialDay.objects.count() == 3


def test_who_edits_the_rules_of_one_site_imports_nothing_for_all(
    site: Site, scope: Scope, october: LoadRules
) -> None:
    client = signed_in("head", site.unit, scope, "packs.view", "packs.edit")
    assert client.get("/holidays/import/").status_code == 403
    assert uploaded(client, json.dumps(notice(*OFFICIAL)).encode()).status_code == 403
    page = client.get("/holidays/").content.decode()
    assert "/holidays/import/" not in page
    assert "/packs/edit/calendars/office/?site=yunhe" in page


def test_the_pages_show_the_calendars_of_the_site_chosen(
    site: Site, scope: Scope, october: LoadRules
) -> None:
    other = add_unit(site.unit.parent, kind="site", code="zhengtai", name="正泰", by=scope.actor).site
    october(
        rule("z", when="{kind: [complaint]}"),
        "site",
        other.code,
        calendars=calendar("own-hours", "  standard: true\n", EVERY_DAY),
    )
    here = signed_in("here", site.unit, scope, "packs.view")
    both = signed_in("both", site.unit.parent, scope, "packs.view", level="company")
    with moved_to(TODAY):
        mine = here.get("/calendars/").content.decode()
        assert ["own-hours" in mine, "/calendars/office/" in mine, "/calendars/night/" in mine] == [
            False,
            True,
            True,
        ]
        assert here.get("/calendars/own-hours/").status_code == 404
        assert here.get("/calendars/?site=zhengtai").status_code == 404
        listed = both.get("/calendars/?site=zhengtai").context["rows"]
        assert [(row["shown"].item.code, row["is_standard"]) for row in listed] == [
            ("own-hours", True),
            ("office", False),
        ]
        standard = standard_of(at_hand(other.pk))
        assert standard is not None
        assert standard.code == "own-hours"
        counted = here.get("/calendars/office/?since=2027-09-30T16:00&amount=2&unit=working_hours&year=2027")
        assert counted.context["counted"].due_at == at("2027-10-04 10:00")
        assert "2027-10-04 10:00" in counted.content.decode().replace("</time>", "").replace(
            '<time datetime="2027-10-04">', ""
        )
        for query in (
            "?since=x&amount=2&unit=working_hours",
            "?amount=0",
            "?amount=99999&unit=working_days",
            "?year=0",
        ):
            assert here.get(f"/calendars/office/{query}").status_code == 200


def test_a_clock_leads_to_its_calendar_as_long_as_that_is_in_force(
    site: Site, scope: Scope, october: LoadRules
) -> None:
    opened(site, scope, datetime.fromisoformat("2027-09-29T02:00:00+00:00"))
    clock = Clock.objects.get()
    assert why(clock).calendar_code == "office"
    october(rule("a", limit=THREE_DAYS), calendars=calendar("other"), holidays=holidays())
    assert why(clock).calendar_code == ""
