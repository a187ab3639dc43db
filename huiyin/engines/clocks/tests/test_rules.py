"""Rules in packs: what is wrong with one is said with line and mend; what it says is said in words."""

from typing import Any

import pytest
from django.utils import translation

from huiyin.engines.clocks.pack import LimitEntry
from huiyin.engines.clocks.rules import table_for
from huiyin.engines.clocks.words import limit_in_words
from huiyin.engines.packs.models import PackVersion
from huiyin.engines.packs.problems import PackErrors
from huiyin.engines.packs.selectors import entries, why

from .conftest import LoadRules, rule

RULE = """\
- code: a
  name: {zh: 规则}
  clock: answer
  when: {kind: [repair]}
  limit: {value: 2, unit: hours}
  warn: {before: {value: 30, unit: minutes}}
  source: [001-090]
"""


def changed(old: str, new: str) -> str:
    assert old in RULE
    return RULE.replace(old, new)


MISTAKES: dict[str, tuple[str, int, str, str]] = {
    "an unknown unit": (changed("unit: hours", "unit: houres"), 5, "“limit.unit” 'houres' is not known", "hours"),
    "no unit": (changed(", unit: hours", ""), 5, "“limit.unit” is missing", "known are"),
    "a value that is no number": (changed("value: 2,", "value: two,"), 5, "“limit.value” 'two' is not a number", ""),
    "a key limits do not have": (changed("unit: hours}", "unit: hours, size: 3}"), 5, "“limit.size” is not a key", ""),
    "no limit": (changed("  limit: {value: 2, unit: hours}\n", ""), 1, "“limit” is missing", "Add it"),
    "a limit that is a number": (changed("{value: 2, unit: hours}", "2"), 5, "“limit", "must be a text"),
    "a limit that never ends": (changed("value: 2, unit: hours", "value: 11, unit: years"), 5, "ten years", "shorter"),
    "a limit in working time": (changed("unit: hours", "unit: working_hours"), 5, "no work calendar", "standard calendar"),
    "a limit moved to working days": (
        changed("unit: hours", "unit: days, shift: later"), 5, "no work calendar", "standard calendar",
    ),
    "a limit of nothing": (changed("value: 2,", "value: 0,"), 5, "“limit.value” 0 is not more than nothing", ""),
    "a limit of less than nothing": (changed("value: 2,", "value: -3,"), 5, "-3 is not more than nothing", ""),
    "a limit before the start": (changed("{value: 2, unit: hours}", "2 weeks before"), 5, "-2 is not more", ""),
    "an agreed limit of nothing": (
        changed("{value: 2, unit: hours}", "{at_most: {value: 0, unit: days}}"), 5, "0 is not more than nothing", "",
    ),
    "a step of a ladder after no time": (
        RULE + "  ladder:\n    - {after: {value: 0, unit: hours}, to: [lead]}\n", 9, "amount of time", "",
    ),
    "special care that does not exist": (
        changed("kind: [repair]", "care: [vpi]"), 4, "no care “vpi”", "Known are",
    ),
    "a warning before the start": (changed("value: 30,", "value: 120,"), 6, "before the clock starts", "shorter"),
    "a warning that is no amount of time": (changed("{value: 30, unit: minutes}", "{day: 1}"), 6, "amount of time", ""),
    "a warning after the end": (changed("value: 30,", "value: -30,"), 6, "amount of time", ""),
    "a condition that does not exist": (changed("kind:", "kindd:"), 4, "“when.kindd” is not known", "“kind”"),
    "a condition that is no list": (changed("[repair]", "repair"), 4, "“when.kind” cannot be", "Write a list"),
    "a condition with an empty list": (changed("[repair]", "[]"), 4, "“when.kind” cannot be", "at least 1"),
    "a value that no fact has": (changed("[repair]", "[repair, repairs]"), 4, "no kind “repairs”", "“repair”"),
    "a channel that does not exist": (changed("kind: [repair]", "channel: [fax]"), 4, "no channel “fax”", "Known"),
    "a clock that nobody starts": (changed("clock: answer", "clock: arrive"), 3, "“starts_on” is missing", "verbs"),
    "an event that does not exist": (
        RULE + "  starts_on: [matters.opend]\n", 8, "no event “matters.opend”", "“matters.opened”",
    ),
    "a rule after one that fits everything": (
        changed("when: {kind: [repair]}", "when: {}") + changed("code: a", "code: b"), 11, "never reached: a", "before",
    ),
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_a_rule_is_named_with_its_line_and_mend(name: str, load_rules: LoadRules) -> None:
    text, line, message, mend = MISTAKES[name]
    with pytest.raises(PackErrors) as caught:
        load_rules(text)
    found = [one for one in caught.value.problems if (one.file, one.line) == ("base/limits.yaml", line)]
    assert any(message in one.message and mend in one.message + one.mend for one in found), str(caught.value)
    assert not PackVersion.objects.exists()


@pytest.mark.django_db
def test_a_rule_says_why(load_rules: LoadRules) -> None:
    load_rules(rule("a"))
    answer = why("limits", "a")
    assert answer is not None
    assert (answer.name, answer.clause, answer.source) == ("Rule a", "第 a 条", ("001-090",))
    assert isinstance(entries("limits")[0].value, LimitEntry)


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"value": 1, "unit": "minutes"}, "1 minute"),
        ({"value": 30, "unit": "minutes"}, "30 minutes"),
        ({"value": 1.5, "unit": "hours"}, "1.5 hours"),
        ({"value": -2, "unit": "weeks"}, "2 weeks before"),
        ({"value": 3, "unit": "working_days", "end_of_day": True}, "3 working days, until closing time"),
        ("7 days, shift later", "7 days, on a rest day the working day after"),
        ({"day": 0, "at": "17:00"}, "on the same day, 17:00"),
        ({"day": 0, "working": True}, "on the first working day"),
        ({"day": 1, "working": True}, "1 working day later"),
        ("by wed 15:00", "by Wednesday, 15:00"),
        ("by day 25, shift earlier", "by day 25 of the month, on a rest day the working day before"),
        ("by day 10 of next month", "by day 10 of the month, in the next period"),
        ({"before_month_end": 2}, "by 2 days before the end of the month"),
        ({"quarter_month": 1, "quarter_day": 10}, "by day 10 of month 1 of the quarter"),
        ("by 11-20, exclusive", "by 11-20 of the year, that day excluded"),
        ({"at_most": {"value": 7, "unit": "days"}}, "as agreed, at most 7 days"),
    ],
)
def test_a_limit_is_said_in_words(limit: Any, words: str) -> None:
    with translation.override("en"):
        assert limit_in_words(limit) == words


TABLE = (
    rule("vip", when="{kind: [complaint], care: [vip, elderly]}", limit="{value: 1, unit: hours}")
    + rule("water", when="{category: [repair.water]}")
    + rule("rest", "  note: 其余\n", limit="{value: 4, unit: hours}")
)
FLAGS = (
    "- {code: vip, name: {zh: 重点客户}, display: {badge: 重}, source: [001-151]}\n"
    "- {code: elderly, name: {zh: 老年人}, display: {badge: 老}, source: [001-596]}\n"
)


@pytest.mark.django_db
def test_the_table_says_of_every_line_whether_it_fits_and_what_fails_first(load_rules: LoadRules) -> None:
    load_rules(TABLE, care_flags=FLAGS)
    table = table_for(None)
    (lines,) = table.judge({"kind": "complaint", "category": "complaint", "care": ("elderly",)}).values()
    assert [(one.rule.code, one.failing, bool(one.counts_on)) for one in lines] == [
        ("vip", None, True),
        ("water", "category", False),
        ("rest", None, False),
    ]
    assert lines[0].counts_on == ("matters.opened", "matters.reopened")
    (lines,) = table.judge({"kind": "repair", "category": "repair.water"}).values()
    assert [(one.rule.code, one.failing) for one in lines] == [
        ("vip", "kind"),
        ("water", None),
        ("rest", None),
    ]
    (lines,) = table.judge({"kind": "complaint"}).values()
    assert [(one.failing, bool(one.counts_on)) for one in lines] == [
        ("care", False),
        ("category", False),
        (None, True),
    ]


@pytest.mark.django_db
def test_a_line_after_one_that_fits_counts_for_the_events_that_one_leaves(load_rules: LoadRules) -> None:
    only_opened = rule("first", when="{kind: [repair]}").replace(
        "[matters.opened, matters.reopened]", "[matters.opened]"
    )
    load_rules(only_opened + rule("second"))
    (lines,) = table_for(None).judge({"kind": "repair"}).values()
    assert [(one.rule.code, one.counts_on) for one in lines] == [
        ("first", ("matters.opened",)),
        ("second", ("matters.reopened",)),
    ]
    assert [
        table_for(None).rule("reply", {"kind": "repair"}, one).code
        for one in ("matters.opened", "matters.reopened")
    ] == [  # type: ignore[union-attr]
        "first",
        "second",
    ]


@pytest.mark.django_db
def test_a_fact_that_costs_something_is_asked_for_only_by_the_rule_that_names_it(
    load_rules: LoadRules,
) -> None:
    load_rules(TABLE, care_flags=FLAGS)
    asked = []

    def care() -> list[str]:
        asked.append(1)
        return ["vip"]

    found = table_for(None).rule("reply", {"kind": "repair", "care": care}, "matters.opened")
    assert (found and found.code, asked) == ("rest", [])
    found = table_for(None).rule("reply", {"kind": "complaint", "care": care}, "matters.opened")
    assert (found and found.code, asked) == ("vip", [1])
