"""The rules in force as a decision table: which clock starts with which event, under which limit."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from huiyin.base.kit.scope import system_scope, use
from huiyin.engines.packs.models import PackEntry
from huiyin.engines.packs.registry import Item
from huiyin.engines.packs.selectors import entries

from .calendar import Interval, NeverDue
from .limits import Limit, Within
from .registry import Facts
from .timing import Counted, always, counted_in, counts_working_time, needs_calendar

STARTS = {
    "answer": ("cases.registered", "cases.reopened"),
    "assign": ("cases.registered",),
    "close": ("cases.answered",),
}
STOPS = {
    "answer": ("cases.answered", "cases.answered_together", "cases.declined", "cases.closed"),
    "assign": (
        "cases.assigned",
        "cases.answered",
        "cases.answered_together",
        "cases.declined",
        "cases.closed",
    ),
    "close": ("cases.closed",),
}
CANCELS = {
    "answer": ("cases.cancelled",),
    "assign": ("cases.cancelled",),
    "close": ("cases.reopened", "cases.cancelled"),
}
PAUSES = {"answer": ("cases.waiting",)}
RESUMES = {"answer": ("cases.resumed", "cases.assigned", "cases.begun")}
"""Events of cases that start, stop and cancel clocks, let them rest and go on, where a rule does not name its own.

A merged case keeps its clocks: its caller was promised an answer too, and gets it with the other case.
"""


HEARD = ("stops_on", "cancels_on", "pauses_on", "resumes_on")
"""The keys of a rule that name events which do something to a clock that runs."""


@dataclass(frozen=True, slots=True)
class Reckoned:
    """When a limit is due and warned of (UTC), and the stretches of time counted in its calendar, if it has one."""

    due: datetime
    warned: datetime | None
    intervals: tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table. `copy` is what a clock keeps of it."""

    code: str
    kind: str
    when: tuple[tuple[str, tuple[str, ...]], ...]
    limit: Limit
    warn: Within | None
    starts_on: frozenset[str]
    copy: Mapping[str, Any]
    calendar: str | None = None
    post: str | None = None

    def fits(self, facts: Facts) -> bool:
        """Whether every condition holds; a rule without conditions fits everything."""
        return all(_holds(key, wanted, facts.get(key)) for key, wanted in self.when)

    def failing(self, facts: Facts) -> str | None:
        """The first condition that does not hold, by its key; none: the rule fits."""
        return next((key for key, wanted in self.when if not _holds(key, wanted, facts.get(key))), None)

    def counted_in(self, site_id: int | None) -> Counted:
        """The calendar its limit is counted in at a site; none where working hours do not matter to it."""
        if not needs_calendar(self.limit, self.warn):
            return Counted(always())
        return counted_in(site_id, self.post, code=self.calendar)

    def times(self, start: datetime, site_id: int | None) -> tuple[datetime, datetime | None]:
        """The due moment, and the moment of the warning, of a clock that starts then (UTC)."""
        calendar = self.counted_in(site_id).calendar
        due = self.limit.due(start, calendar)
        if self.warn is None:
            return due, None
        warn = replace(self.warn, value=-self.warn.value).due(due, calendar)
        return due, warn if start < warn < due else None

    def reckoned(self, start: datetime, site_id: int | None) -> Reckoned | None:
        """What comes of it when a clock starts then; none when that never ends (not within ten years)."""
        counted = self.counted_in(site_id)
        try:
            due, warned = self.times(start, site_id)
        except NeverDue:
            return None
        if counted.version_id is None:
            return Reckoned(due, warned, ())
        natural = not counts_working_time(self.limit)
        return Reckoned(due, warned, counted.calendar.explain(start, due, (), natural))


def _holds(key: str, wanted: tuple[str, ...], fact: Any) -> bool:
    fact = fact() if callable(fact) else fact
    if not fact:
        return False
    facts = (fact,) if isinstance(fact, str) else tuple(fact)
    if key != "category":
        return any(one in wanted for one in facts)
    return any(one == prefix or one.startswith(f"{prefix}.") for one in facts for prefix in wanted)


@dataclass(frozen=True, slots=True)
class Judged:
    """One line of the table held against facts.

    `failing` is the first condition that does not hold, by its key; none: the line fits. `counts_on` are the
    verbs with which it is the line that counts: none when it does not fit, or when lines before it take them all.
    """

    rule: Rule
    failing: str | None
    counts_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """All rules of a site, the first that fits per kind wins; `heard` are the verbs that end or pause any."""

    rules: tuple[Rule, ...]
    starts: Mapping[str, tuple[str, ...]]
    heard: frozenset[str]

    def rule(self, kind: str, facts: Facts, verb: str | None = None) -> Rule | None:
        """The first rule of a kind that fits (and starts with the verb, if one is given)."""
        for rule in self.rules:
            if rule.kind == kind and (verb is None or verb in rule.starts_on) and rule.fits(facts):
                return rule
        return None

    def judge(self, facts: Facts) -> dict[str, tuple[Judged, ...]]:
        """Every line of the table held against facts, by kind of clock and in the order in which they count."""
        found: dict[str, list[Judged]] = {}
        taken: set[tuple[str, str]] = set()
        for rule in self.rules:
            failing = rule.failing(facts)
            free = {(rule.kind, verb) for verb in rule.starts_on} - taken if failing is None else set()
            taken |= free
            verbs = tuple(sorted(verb for _kind, verb in free))
            found.setdefault(rule.kind, []).append(Judged(rule, failing, verbs))
        return {kind: tuple(lines) for kind, lines in found.items()}


_tables: dict[int | None, tuple[tuple[Item, ...], Table]] = {}
_lock = threading.Lock()


def table_for(site_id: int | None) -> Table:
    """The table of a site; kept in memory as long as its pack entries stay the same."""
    items = entries("limits", site_id)
    kept = _tables.get(site_id)
    if kept is not None and kept[0] is items:
        return kept[1]
    with _lock:
        table = _table(items)
        _tables[site_id] = (items, table)
    return table


def _table(items: tuple[Item, ...]) -> Table:
    # The particular goes before the general: a site's rules, the company's, the industry's, the common ones.
    rules = tuple(rule_of(item) for item in sorted(items, key=lambda item: -item.place))
    starts: dict[str, dict[str, None]] = {}
    for rule in rules:
        for verb in rule.starts_on:
            starts.setdefault(verb, {})[rule.kind] = None
    heard = {
        verb for kinds in (STOPS, CANCELS, PAUSES, RESUMES) for verbs in kinds.values() for verb in verbs
    }
    heard.update(_former_verbs())
    for rule in rules:
        heard.update(*(rule.copy[key] for key in HEARD))
    return Table(rules, {verb: tuple(kinds) for verb, kinds in starts.items()}, frozenset(heard))


def _former_verbs() -> set[str]:
    """Verbs of rules no longer in force: clocks that run under them must still hear those."""
    with use(system_scope("clocks")):
        rows = PackEntry.objects.filter(section="limits", version__active=False)
        named = rows.filter(data__has_any_keys=list(HEARD)).values_list("data", flat=True)
        return {verb for data in named for key in HEARD for verb in data.get(key) or ()}


def rule_of(item: Item) -> Rule:
    """The rule of a pack entry."""
    value = item.value
    kind = value.clock
    known: dict[str, Mapping[str, tuple[str, ...]]] = {
        "stops_on": STOPS,
        "cancels_on": CANCELS,
        "pauses_on": PAUSES,
        "resumes_on": RESUMES,
    }
    copy: dict[str, Any] = {
        "name": value.name.model_dump(exclude_defaults=True),
        "limit": value.limit,
        "warn": value.warn.before if value.warn is not None else None,
        "calendar": value.calendar,
        "post": value.post,
        "clause": value.clause,
        "source": value.source,
        "pack": item.pack,
        "version": item.version,
        "version_id": item.version_id,
        "pause": value.pause,
    }
    if value.ladder:
        copy["ladder"] = [one.model_dump(exclude_none=True) for one in value.ladder]
    for key in HEARD:
        named = getattr(value, key)
        copy[key] = sorted(set(named if named is not None else known[key].get(kind, ())))
    return Rule(
        item.code,
        kind,
        tuple((key, tuple(wanted)) for key, wanted in value.when if wanted is not None),
        Limit.parse(value.limit),
        value.warn.within if value.warn is not None else None,
        frozenset(value.starts_on if value.starts_on is not None else STARTS.get(kind, ())),
        copy,
        value.calendar,
        value.post,
    )
