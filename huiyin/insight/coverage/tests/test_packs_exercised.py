"""Every entry of the packs that come with the product does what it says, section by section."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from huiyin.base.kit.moment import moved_to
from huiyin.base.kit.scope import current, system_scope, use
from huiyin.base.org.models import Post
from huiyin.base.org.selectors import scope_of
from huiyin.base.org.services import add_user, appoint
from huiyin.engines.clocks.models import Clock
from huiyin.engines.clocks.rules import table_for
from huiyin.engines.packs.registry import LAYERS, Item
from huiyin.engines.packs.selectors import entries
from huiyin.records.customers.services import add_customer, set_care
from huiyin.records.places.services import add_place
from huiyin.work.cases import services
from huiyin.work.cases.models import Case, Category
from huiyin.work.cases.selectors import offered_categories, suggest_categories

from .conftest import LONG_AGO, Estate

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEDNESDAY = datetime(2026, 4, 1, 10, 20, tzinfo=SHANGHAI)
"""The last day but two before the weekend of the Qingming festival."""
REST = {date(2026, 4, 4), date(2026, 4, 5), date(2026, 4, 6)}
HOURS = ((9, 12), (13, 18))
KINDS = (
    "consultation",
    "repair",
    "complaint",
    "suggestion",
    "help",
    "service",
    "praise",
    "emergency",
    "application",
)
Facts = dict[str, str]


def _wins(rules: Iterable[Item], facts: Facts, kind: str, verb: str) -> str:
    """The code of the first rule of a clock that fits: the decision table read once more, plainly."""
    for item in rules:
        value = item.value
        if value.clock != kind or verb not in (value.starts_on or STARTS[kind]):
            continue
        fits = True
        for key, wanted in value.when:
            if wanted is None:
                continue
            fact = facts.get(key, "")
            if key == "care":
                fits &= any(one in wanted for one in fact.split())
            elif key == "category":
                fits &= any(fact == one or fact.startswith(one + ".") for one in wanted)
            else:
                fits &= fact in wanted
        if fits:
            return item.code
    return ""


ADDRESSED = {"building": "3", "unit": "4-2", "room": "5-1-301"}
STARTS = {"answer": ["cases.registered"], "assign": ["cases.registered"], "close": ["cases.answered"]}


def _subjects(item: Item, tree: dict[str, Item]) -> Iterator[Facts]:
    """Cases for which the rule might be the first that fits, from the plain to the special."""
    when = item.value.when
    kinds = when.kind or KINDS
    wanted = when.category or [""]
    codes = [code for code in tree if any(code == one or code.startswith(one + ".") for one in wanted)]
    if not when.category:
        codes = ["", *tree]
    for code, severity, place, channel, care in product(
        codes,
        when.severity or ["normal"],
        when.place_kind or [""],
        when.channel or ["phone"],
        when.care or [""],
    ):
        kind = tree[code].value.kind if code else ""
        for one in [kind] if kind else kinds:
            if one in kinds:
                yield {
                    "kind": one,
                    "category": code,
                    "severity": severity,
                    "place_kind": place,
                    "channel": channel,
                    "care": care,
                }


def _works(day: date) -> bool:
    return day.weekday() < 5 and day not in REST


def _due(start: datetime, limit: Any) -> datetime:
    """The due moment counted by hand: by days of the calendar, and minute by minute through working hours."""
    if "at_most" in limit:
        return _due(start, limit["at_most"])
    assert set(limit) == {"value", "unit"}, limit
    steps = {"minutes": 60, "hours": 3600, "days": 86400}
    if limit["unit"] in steps:
        return start + timedelta(seconds=limit["value"] * steps[limit["unit"]])
    at, left = start, limit["value"]
    if limit["unit"] == "working_days":
        while left:
            at += timedelta(days=1)
            left -= _works(at.date())
        return at
    assert limit["unit"] == "working_hours"
    left *= 60
    while left:
        left -= _works(at.date()) and any(first <= at.hour < last for first, last in HOURS)
        at += timedelta(minutes=1)
    return at


def _drive(case: Case, verb: str) -> None:
    """Bring a case to the event that starts a clock."""
    by = current().actor
    if verb == "cases.answered":
        services.answer(case, text="已办妥", by=by)
    elif verb != "cases.registered":
        raise AssertionError(f"nobody taught this test to bring about {verb}")


NET = {"answer-default", "assign-default"}
"""Rules under all others, for kinds of cases that no rule names; today every kind has one."""


@pytest.mark.parametrize(
    "estate",
    [["base"], ["base", "property"], ["base", "property", "other-answers"]],
    ids="+".join,
    indirect=True,
)
def test_every_limit_starts_its_clock_with_its_due_time(estate: Estate) -> None:
    """For every rule of the last pack a case is found that it is the first to fit; the case gets that clock.

    The clock starts with the receipt and is due when counted by hand. Common rules are tried without the
    industry's, which go before them; those of the answers not chosen where a site chooses them.
    """
    with use(system_scope("test")):
        rules = sorted(entries("limits", estate.site), key=lambda one: -LAYERS.index(one.layer))
        tree = {one.code: one for one in entries("categories", estate.site)}
        rows = {row.code: row for row in Category.objects.filter(site=None)}
    wrong = []
    tried = 0
    for item in rules:
        if item.pack != estate.packs[-1] and not (estate.other_answers and item.value.variant):
            continue
        tried += 1
        kind = item.value.clock
        verb = (item.value.starts_on or STARTS[kind])[0]
        if item.code in NET:
            assert table_for(estate.site.pk).rule(kind, {"kind": "unheard-of"}).code == item.code  # type: ignore[union-attr]
            continue
        found = (one for one in _subjects(item, tree) if _wins(rules, one, kind, verb) == item.code)
        facts = next(found, None)
        if facts is None:
            wrong.append(f"{item.code}: no case gets it")
        else:
            wrong += _try_limit(estate, item, verb, facts, rows)
    assert tried > (2 if estate.other_answers else 15)
    assert not wrong, "\n".join(wrong)


def _try_limit(estate: Estate, item: Item, verb: str, facts: Facts, rows: dict[str, Category]) -> list[str]:
    """Make the case through the services and look at the clock it got; what is wrong with it."""
    with moved_to(WEDNESDAY), use(system_scope("test")) as scope:
        customer = None
        if facts["care"]:
            customer = add_customer(estate.site, name="业主", kind="person", by=scope.actor)
            set_care(customer, code=facts["care"], by=scope.actor)
    with moved_to(WEDNESDAY), use(scope_of(estate.alice)) as scope:
        case = services.register(
            estate.site,
            kind=facts["kind"],
            channel=facts["channel"],
            title=item.code,
            category=rows.get(facts["category"]),
            severity=facts["severity"],
            customer=customer,
            by=scope.actor,
        )
        _drive(case, verb)
        clocks = Clock.objects.filter(subject_type="cases.case", subject_id=case.pk, kind=item.value.clock)
        found = [(one.rule_code, one.run, one.started_at, one.original_due_at) for one in clocks]
    due = _due(WEDNESDAY, item.value.limit).astimezone(UTC)
    if found == [(item.code, 1, WEDNESDAY.astimezone(UTC), due)]:
        return []
    return [f"{item.code} {facts}: {found}, expected {due}"]


def test_every_category_is_offered_found_by_its_words_and_gives_its_promise(estate: Estate) -> None:
    """A category of the packs can be chosen, its words lead to it, a case of it is of its kind and has its clocks."""
    with use(scope_of(estate.alice)) as scope:
        items = entries("categories", estate.site)
        offered = {one.code: one for one in offered_categories(estate.site)}
        phrases = {one.code for one in entries("phrases", estate.site)}
        every = list(offered.values())
        wrong = [item.code for item in items if item.code not in offered]
        for item in items:
            row = offered[item.code]
            if (row.kind, row.paid, row.phrase) != (item.value.kind, item.value.paid, item.value.phrase):
                wrong.append(f"{item.code}: stored otherwise")
            if item.value.phrase and item.value.phrase not in phrases:
                wrong.append(f"{item.code}: no phrase")
            for word in item.value.keywords:
                if row not in suggest_categories(word, every):
                    wrong.append(f"{item.code}: {word} does not lead to it")
            case = services.register(
                estate.site, kind=row.kind, channel="counter", title=row.name, category=row, by=scope.actor
            )
            kinds = set(
                Clock.objects.filter(subject_type="cases.case", subject_id=case.pk).values_list(
                    "kind", flat=True
                )
            )
            if not {"answer", "assign"} <= kinds:
                wrong.append(f"{item.code}: {kinds}")
    assert len(items) > 150
    assert not wrong, "\n".join(wrong)


def test_every_post_can_be_held_and_gives_exactly_its_rights(estate: Estate) -> None:
    """Somebody appointed to a post may do there what the pack says, and nothing else, and nothing elsewhere."""
    with use(system_scope("test")) as scope:
        by = scope.actor
        items = entries("posts")
        posts = {post.code: post for post in Post.objects.select_related("reports_to", "deputy")}
        for number, item in enumerate(items):
            value, post = item.value, posts[item.code]
            user = add_user(None, username=f"p{number}", name=value.name.zh, password="hui-yin-2026", by=by)
            unit = estate.company if value.level == "company" else estate.site.unit
            appoint(unit, user=user, post=post, starts_on=LONG_AGO, by=by)
            held = scope_of(user)
            assert set(held.grants) | held.company == set(value.permissions), item.code
            for code in value.permissions:
                assert held.holds(code, estate.site.pk), (item.code, code)
                assert held.holds(code, estate.other.pk) is (value.level == "company"), (item.code, code)
            assert (post.reports_to.code if post.reports_to else None) == value.reports_to
            assert (post.deputy.code if post.deputy else None) == value.deputy
            assert post.description == (value.description.zh if value.description else "")


def test_every_post_of_a_site_takes_in_a_complaint(estate: Estate) -> None:
    """Whoever a customer turns to writes the complaint down; it has somebody who answers for it, and its limits."""
    with use(system_scope("test")) as scope:
        by = scope.actor
        posts = {post.code: post for post in Post.objects.all()}
        codes = [item.code for item in entries("posts") if item.value.level == "site"]
        people = []
        for number, code in enumerate(codes):
            user = add_user(None, username=f"s{number}", name=code, password="hui-yin-2026", by=by)
            appoint(estate.site.unit, user=user, post=posts[code], starts_on=LONG_AGO, by=by)
            people.append(user)
    for code, user in zip(codes, people, strict=True):
        with use(scope_of(user)) as scope:
            case = services.register(
                estate.site, kind="complaint", channel="counter", title=code, by=scope.actor
            )
            assert case.responsible_id is not None, code
            running = Clock.objects.filter(subject_type="cases.case", subject_id=case.pk, state="running")
            assert {"answer", "assign"} <= set(running.values_list("kind", flat=True)), code
    assert len(codes) > 25


def test_every_phrase_stands_under_its_moment(estate: Estate) -> None:
    """Whoever sees the rules reads every phrase, under the moment at which it is said."""
    client = Client()
    client.force_login(estate.alice)
    shown = client.get("/packs/words/").context["phrases"]
    said = {(item.code, str(item.value.text)) for items in shown.values() for item in items}
    with use(scope_of(estate.alice)):
        assert said == {(item.code, str(item.value.text)) for item in entries("phrases")}
    for name, items in shown.items():
        assert len({item.value.moment for item in items}) == 1, name
    page = client.get("/packs/words/").content.decode()
    assert all(text in page for _code, text in said if "【" not in text and "“" not in text)


def test_every_care_flag_is_set_and_shown(estate: Estate) -> None:
    """Each kind of special care can be noted on a file and stands beside the name there and in the register."""
    client = Client()
    client.force_login(estate.alice)
    with use(scope_of(estate.alice)) as scope:
        flags = entries("care_flags", estate.site)
        for number, item in enumerate(flags):
            customer = add_customer(estate.site, name=f"关照{number}", kind="person", by=scope.actor)
            set_care(customer, code=item.code, by=scope.actor)
    page = client.get("/customers/care/").content.decode()
    for number, item in enumerate(flags):
        assert f"关照{number}" in page, item.code
        assert str(item.value.name) in page, item.code


def test_every_kind_of_place_is_put_where_it_belongs(estate: Estate) -> None:
    """A place of each kind is made, under one of the kinds it may lie in."""
    with use(scope_of(estate.alice)) as scope:
        kinds = {item.code: item.value for item in entries("place_kinds", estate.site)}
        made: dict[str, Any] = {}

        def make(code: str, above: frozenset[str]) -> Any:
            if code not in made:
                parent = next((one for one in kinds[code].within if one not in above and one != code), None)
                made[code] = add_place(
                    estate.site,
                    kind=code,
                    name=f"{code}1",
                    address=ADDRESSED.get(code, ""),
                    parent=make(parent, above | {code}) if parent and code not in ADDRESSED else None,
                    by=scope.actor,
                )
            return made[code]

        for code in kinds:
            assert make(code, frozenset()).kind == code


@pytest.mark.parametrize("section", ["channels"])
def test_every_channel_takes_a_case(estate: Estate, section: str) -> None:
    """A case can come by every channel of the packs, and stands in the register of contacts with it."""
    with use(scope_of(estate.alice)) as scope:
        for item in entries(section, estate.site):
            case = services.register(
                estate.site, kind="consultation", channel=item.code, title=item.code, by=scope.actor
            )
            assert case.contacts.get().channel == item.code
