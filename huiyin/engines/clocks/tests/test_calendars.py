"""Calendars come from packs and lists of special days; corrected days move running clocks, not verdicts."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from huiyin.base.kit.moment import moved_to
from huiyin.base.kit.scope import Scope
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Site
from huiyin.base.org.services import add_unit
from huiyin.base.trail.models import Event
from huiyin.engines.clocks import services
from huiyin.engines.clocks.jobs import recount, tick
from huiyin.engines.clocks.models import CalendarVersion, Clock, SpecialDay
from huiyin.engines.clocks.selectors import why
from huiyin.engines.clocks.services import import_holidays
from huiyin.engines.clocks.timing import calendar_for
from huiyin.engines.packs.problems import PackErrors
from huiyin.engines.packs.services import load

from .conftest import LoadRules, rule
from .test_clocks import only, opened, violations

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = '{mon: [["09:00","17:00"]], tue: [["09:00","17:00"]], wed: [["09:00","17:00"]], thu: [["09:00","17:00"]], fri: [["09:00","17:00"]]}'
EVERY_DAY = OFFICE[:-1] + ', sat: [["09:00","17:00"]], sun: [["09:00","17:00"]]}'


def calendar(code: str = "office", more: str = "  standard: true\n", weekly: str = OFFICE) -> str:
    return f"- code: {code}\n  name: {{zh: 日历{code}}}\n  weekly: {weekly}\n{more}  source: [003-068]\n"


def holidays(
    status: str = "forecast", days: str = "[{name: 国庆节, from: 2027-10-01, to: 2027-10-03}]"
) -> str:
    return (
        f"- code: cn-2027\n  name: {{zh: 二〇二七}}\n  list: cn\n  year: 2027\n  status: {status}\n"
        f"  days: {days}\n  source: [003-068]\n"
    )


def notice(*days: tuple[str, bool], year: int = 2027) -> dict[str, Any]:
    listed = [{"name": "国庆节", "date": day, "isOffDay": off} for day, off in days]
    return {"year": year, "papers": ["https://example.org/1"], "days": listed}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


THREE_DAYS = "{value: 3, unit: working_days}"
FOLLOWS = "  standard: true\n  holidays: [cn]\n"


@pytest.fixture
def october(site: Site, scope: Scope, load_rules: LoadRules) -> LoadRules:
    """Three working days, the holiday of October 2027 forecast from the 1st to the 3rd."""
    load_rules(rule("a", limit=THREE_DAYS), calendars=calendar(more=FOLLOWS), holidays=holidays())
    return load_rules


def test_a_limit_in_working_days_is_counted_in_the_standard_calendar(
    site: Site, scope: Scope, october: LoadRules
) -> None:
    clock = only(opened(site, scope, at("2027-09-29 10:00")))
    assert clock.due_at == clock.original_due_at == at("2027-10-05 10:00"), "Friday to Sunday do not count"
    version = CalendarVersion.objects.get()
    assert clock.calendar == clock.original_calendar == version
    assert (version.code, version.number, version.data["days"]["2027-10-01"]["status"]) == (
        "office",
        1,
        "forecast",
    )
    told = why(clock)
    assert told.calendar == "日历office · 1"
    assert {(one.reason, one.note) for one in told.intervals if not one.counted} >= {("holiday", "国庆节")}
    assert sum(one.seconds for one in told.intervals if one.counted) == 3 * 8 * 3600
    assert violations() == {}


def test_natural_time_needs_no_calendar(site: Site, scope: Scope, load_rules: LoadRules) -> None:
    load_rules(rule("a", limit="{value: 3, unit: days}"), calendars=calendar())
    clock = only(opened(site, scope, at("2027-09-29 10:00")))
    assert (clock.calendar, clock.due_at) == (None, at("2027-10-02 10:00"))
    assert not CalendarVersion.objects.exists()


def test_the_official_notice_moves_running_clocks_and_never_the_original_limit(
    site: Site, scope: Scope, october: LoadRules
) -> None:
    running = opened(site, scope, at("2027-09-29 10:00"))
    early = opened(site, scope, at("2027-09-20 10:00"))
    ended = opened(site, scope, at("2027-09-29 10:00"))
    with moved_to(at("2027-09-30 10:00")):
        ended.happens("answered", scope)
        off = [(f"2027-10-0{day}", True) for day in range(1, 8)]
        done = import_holidays(None, data=notice(*off, ("2027-10-09", False)), by=scope.actor)
        assert (done.added, done.changed, done.removed) == (5, 3, 0)
        assert recount() == 2
        assert recount() == 0
    clock = only(running)
    assert clock.original_due_at == at("2027-10-05 10:00")
    assert clock.due_at == clock.wake_at == at("2027-10-09 10:00"), "Saturday the 9th is a make-up day"
    assert (clock.original_calendar.number, clock.calendar.number) == (1, 2)  # type: ignore[union-attr]
    event = Event.objects.get(verb="clocks.recounted")
    assert [datetime.fromisoformat(event.data[key]) for key in ("due_before", "due_at")] == [
        at("2027-10-05 10:00"),
        at("2027-10-09 10:00"),
    ]
    assert only(early).due_at == only(early).original_due_at, "it ends before the days that changed"
    assert (only(ended).verdict, only(ended).calendar.number) == ("kept", 1)  # type: ignore[union-attr]
    assert only(opened(site, scope, at("2027-09-29 10:00"))).original_due_at == at("2027-10-09 10:00")
    with moved_to(at("2027-10-06 10:00")):
        tick()
        running.happens("answered", scope)
    clock = only(running)
    assert (clock.verdict, clock.original_verdict) == ("kept", "late")
    assert violations() == {}


def test_a_correction_taken_back_leads_back_to_the_first_version(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    load_rules(rule("a", limit=THREE_DAYS), calendars=calendar(more=FOLLOWS), holidays=holidays("official"))
    matter = opened(site, scope, at("2027-09-29 10:00"))
    first = [(f"2027-10-0{day}", True) for day in range(1, 4)]
    with moved_to(at("2027-09-30 10:00")):
        import_holidays(None, data=notice(*first), by=scope.actor)
        import_holidays(None, data=notice(*first, ("2027-10-04", True)), by=scope.actor)
        recount()
        assert only(matter).due_at == at("2027-10-06 10:00")
        import_holidays(None, data=notice(*first), by=scope.actor)
        recount()
    assert only(matter).due_at == at("2027-10-05 10:00")
    assert violations() == {}


def test_an_extension_stays_where_it_was_agreed(site: Site, scope: Scope, october: LoadRules) -> None:
    matter = opened(site, scope, at("2027-09-29 10:00"))
    with moved_to(at("2027-09-30 10:00")):
        until = at("2027-10-06 12:00")
        services.extend(matter, kind="reply", until=until, reason="x", by=scope.actor)
        import_holidays(None, data=notice(("2027-10-08", True)), by=scope.actor)
        recount()
    assert only(matter).due_at == until
    assert violations() == {}


def test_a_forecast_of_a_pack_does_not_undo_a_notice(site: Site, scope: Scope, october: LoadRules) -> None:
    import_holidays(None, data=notice(("2027-10-01", True)), by=scope.actor)
    assert list(SpecialDay.objects.values_list("date", "status")) == [(date(2027, 10, 1), "official")]
    october(
        rule("a", limit=THREE_DAYS),
        calendars=calendar(more=FOLLOWS),
        holidays=holidays(days="[{name: 国庆节, from: 2027-10-01, to: 2027-10-07}]"),
    )
    assert SpecialDay.objects.count() == 1
    october(
        rule("a", limit=THREE_DAYS),
        calendars=calendar(more=FOLLOWS),
        holidays=holidays("local", "[{name: 停业, from: 2027-10-08}]"),
    )
    import_holidays(None, data=notice(("2027-10-08", False)), by=scope.actor)
    assert SpecialDay.objects.get().name == "停业", "the organisation's own decision stays"


def test_sites_posts_and_rules_have_calendars_of_their_own(
    site: Site, scope: Scope, load_rules: LoadRules
) -> None:
    other = add_unit(site.unit.parent, kind="site", code="zhengtai", name="正泰", by=scope.actor).site
    posts = "- code: fitter\n  name: {zh: 维修工}\n  source: [003-068]\n"
    base = calendar() + calendar("daily", "  posts: [fitter]\n", EVERY_DAY)
    load_rules(rule("a"), calendars=base, posts=posts)
    load_rules(
        rule("b", limit="{value: 1, unit: working_hours}", clock="b").replace(
            "when: {}", "when: {kind: [repair]}\n  calendar: daily"
        )
        + rule("c", limit="{value: 1, unit: working_hours}", clock="c").replace(
            "when: {}", "when: {kind: [repair]}\n  post: fitter"
        ),
        "company",
        calendars=calendar("zhengtai-hours", "  standard: true\n  sites: [zhengtai]\n", EVERY_DAY),
    )
    saturday = at("2027-03-06 10:00")
    assert [calendar_for(one and one.pk).is_working(saturday) for one in (None, site, other)] == [
        False,
        False,
        True,
    ]
    assert calendar_for(site.pk, "fitter").is_working(saturday)
    assert not calendar_for(site.pk, "keeper").is_working(saturday)
    matter = opened(site, scope, saturday)
    assert {clock.kind: clock.due_at for clock in Clock.objects.filter(subject_id=matter.pk)} == {
        "reply": saturday + timedelta(hours=2),
        "b": saturday + timedelta(hours=1),
        "c": saturday + timedelta(hours=1),
    }
    load_rules(rule("d", clock="d"), "site", site.code, calendars=calendar("own", weekly=EVERY_DAY))
    assert calendar_for(site.pk).is_working(saturday), "a site's own pack goes before the company's"


def test_new_hours_concern_only_clocks_that_start_later(site: Site, scope: Scope, october: LoadRules) -> None:
    matter = opened(site, scope, at("2027-09-29 10:00"))
    october(
        rule("a", limit=THREE_DAYS), calendars=calendar(more=FOLLOWS, weekly=EVERY_DAY), holidays=holidays()
    )
    assert recount() == 0
    assert only(matter).due_at == at("2027-10-05 10:00")
    assert only(opened(site, scope, at("2027-09-29 10:00"))).due_at == at("2027-10-05 10:00") - timedelta(0)
    assert CalendarVersion.objects.count() == 2
    assert violations() == {}


@pytest.mark.parametrize(
    ("limits", "calendars", "named"),
    [
        (rule("a", limit=THREE_DAYS), "", "work calendar"),
        (rule("a", "  calendar: offfice\n"), calendar(), "offfice"),
        (rule("a", "  post: nobody\n"), calendar(), "nobody"),
        (rule("a"), calendar(more="  holidays: [us]\n"), "us"),
        (rule("a"), calendar(more="  sites: [nowhere]\n"), "nowhere"),
        (rule("a"), calendar(weekly='{mon: [["09:00","25:00"]]}'), "25:00"),
        (rule("a"), calendar(weekly='{mon: [["09:00","12:00"],["11:00","13:00"]]}'), "overlap"),
    ],
)
def test_a_pack_with_a_mistake_in_its_hours_is_refused(
    site: Site, scope: Scope, load_rules: LoadRules, limits: str, calendars: str, named: str
) -> None:
    with pytest.raises(PackErrors) as refused:
        load_rules(limits, calendars=calendars) if calendars else load_rules(limits)
    assert any(named in str(problem) for problem in refused.value.problems)


@pytest.mark.parametrize(
    "data",
    [
        [],
        {"year": 2027},
        {"year": "2027", "days": [{"name": "x", "date": "2027-01-01", "isOffDay": True}]},
        notice(("2027-13-01", True)),
        notice(("2020-01-01", True)),
        notice(("2027-10-01", True), ("2027-10-01", False)),
        {"year": 2027, "days": [None]},
        {"year": 2027, "days": []},
    ],
)
def test_a_notice_that_cannot_be_read_changes_nothing(scope: Scope, data: Any) -> None:
    with pytest.raises(Refused) as refused:
        import_holidays(None, data=data, by=scope.actor)
    assert refused.value.code == "bad-notice"
    assert not SpecialDay.objects.exists()


def test_the_command_says_what_it_did_and_names_a_bad_file(
    site: Site, scope: Scope, october: LoadRules, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with moved_to(at("2027-09-29 10:00")):
        opened(site, scope, at("2027-09-29 10:00"))
        file = tmp_path / "2027.json"
        file.write_text(json.dumps(notice(("2027-10-04", True))), encoding="utf-8")
        call_command("import_holidays", str(file))
    assert "1 days added, 0 changed, 3 removed" in capsys.readouterr().out
    assert only_due() == at("2027-10-05 10:00")
    file.write_text("{")
    with pytest.raises(CommandError):
        call_command("import_holidays", str(file))


def only_due() -> datetime:
    return Clock.objects.get().due_at


def test_the_calendar_of_the_base_pack_is_the_notices_of_the_state_council(scope: Scope) -> None:
    shared = Path(settings.ROOT).parent / "shared" / "data" / "holiday_cn"
    if not shared.exists():
        shared = Path(settings.ROOT).parents[1] / "shared" / "data" / "holiday_cn"
    if not shared.exists():
        pytest.skip("needs the shared data")
    load([Path(settings.ROOT) / "packs" / name for name in ("base", "property")], by=scope.actor)
    counted = calendar_for(None)
    for year in range(2023, 2027):
        data = json.loads((shared / f"{year}.json").read_text())
        for day in data["days"]:
            assert counted.is_working_day(date.fromisoformat(day["date"])) == (not day["isOffDay"])
        done = import_holidays(None, data=data, by=scope.actor)
        assert (done.added, done.changed, done.removed) == (0, 0, 0)
    assert set(SpecialDay.objects.filter(year=2027).values_list("status", flat=True)) == {"forecast"}
