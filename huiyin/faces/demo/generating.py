"""Generated cases by the hundred thousand, in the shapes the services give them, for `manage generate`.

Every case is a small story: taken in, perhaps handed on, answered in time or late, closed; about four
in a hundred are still open. The same seed at the same hour makes the same rows (but for what is sealed).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from operator import itemgetter
from random import Random
from typing import Any, NamedTuple

from django.urls import reverse

from huiyin.base.kit.moment import local_zone
from huiyin.base.org.models import User
from huiyin.engines.clocks.jobs import TICKER
from huiyin.engines.clocks.limits import Within
from huiyin.engines.clocks.models import Clock
from huiyin.engines.clocks.rules import Rule, table_for
from huiyin.engines.messages.models import Notice
from huiyin.engines.search.text import document_tokens, kind_token, phone_tokens, site_token
from huiyin.work.cases.models import Case, Category, Contact, Incident
from huiyin.work.cases.services import TRACKED

from .bulk import Loader, Row, Sheet, lexemes
from .estates import COUNTERS, ENTRIES, EVENTS, Estate, Home, local_day, named, quoted, stamp, words
from .history import CHANNELS, HOURS
from .world import data_of

DAYS = 3 * 365
DAY, HOUR = 86_400, 3600
PORTION = 5000
LEAK, LEAK_EVERY = "漏水", 20
"""One case in so many is about this word."""
RECENT, OPEN_RECENT, OPEN_OLD = 0.95, 0.6, 0.0105
"""Of the newest twentieth more than half are open, of the older ones one in a hundred: four in a hundred in all."""
FOUND_AFTER = 2
"""Seconds after which the ticker finds a breach."""
DECK = 8192
WORKERS = {"repair": "repair", "emergency": "repair", "complaint": "steward", "help": "steward"}
C = "cases.case"
CASE_TOKEN = kind_token(C)

CASES = Sheet(
    Case, "id", "site_id", "code", "kind", "channel", "title", "description", "category_id", "severity", "place_id",
    "location", "customer_id", "contact_name", "contact_phone", "state", "responsible_id", "team_id",
    "first_responsible_id", "received_at", "registered_at", "waiting_until", "waiting_reason", "answer", "answered_at",
    "ended_at", "version",
)  # fmt: skip
CONTACTS = Sheet(
    Contact, "site_id", "case_id", "customer_id", "place_id", "direction", "channel", "at", "name", "phone", "text", "user_id"
)  # fmt: skip
CLOCKS = Sheet(
    Clock, "id", "site_id", "subject_type", "subject_id", "root_type", "root_id", "kind", "run", "rule_code", "rule",
    "started_at", "original_due_at", "due_at", "warn_at", "wake_at", "state", "stopped_at", "breached_at", "verdict",
    "original_verdict", "owner_id", "calendar_id", "original_calendar_id",
)  # fmt: skip
NOTICES = Sheet(Notice, "site_id", "user_id", "kind", "about", "title", "data", "at", "read_at")
UNTOUCHED = (Sheet(Incident),)


class Said(NamedTuple):
    """What somebody calls about, and what they are told."""

    title: str
    description: str
    answer: str
    kind: str
    category_id: int | None
    category: str
    severity: str
    where: str
    minutes: int
    title_tokens: str
    text_tokens: str


class Promise(NamedTuple):
    """The rule a clock starts under; seconds until due and until the warning, where they are always the same."""

    rule: Rule
    copy: str
    due: int
    warn: int | None

    def times(self, start: int, site_id: int) -> tuple[int, int | None]:
        """The due moment and that of the warning."""
        if self.due:
            return start + self.due, None if self.warn is None else start + self.warn
        due, warn = self.rule.times(datetime.fromtimestamp(start, UTC), site_id)
        return int(due.timestamp()), None if warn is None else int(warn.timestamp())


@dataclass(slots=True)
class Matter:
    """One case while it is made up: how it stands, and when which step was taken (seconds since 1970)."""

    pk: int
    estate: Estate
    said: Said
    at: int
    code: str
    channel: str
    home: Home | None
    place: tuple[int, str, str] | None
    clerk: User
    worker: User
    state: str
    took: User | None
    assigned: int = 0
    begun: int = 0
    waiting: int = 0
    answered: int = 0
    ended: int = 0
    team: bool = False
    reason: str = ""
    answer: str = ""
    steps: int = 0
    location: str = ""
    facts: dict[str, str] = field(default_factory=dict)


def moments(count: int, start: int, end: int, random: Random) -> Iterator[int]:
    """When people call, in order: as many every day, busy mornings, quiet nights; the last one just now."""
    zone = int(datetime.fromtimestamp(end, UTC).astimezone(local_zone()).utcoffset().total_seconds())  # type: ignore[union-attr]
    days = (end - start) // DAY
    hours = range(24)
    for day in range(days):
        n = count * (day + 1) // days - count * day // days
        first = end - (days - day) * DAY
        midnight = (first + zone) // DAY * DAY - zone
        found = [
            midnight + HOUR * hour + int(random.random() * HOUR) for hour in random.choices(hours, HOURS, k=n)
        ]
        # A day here begins at the hour of the end, so what lies before belongs to its next morning.
        yield from sorted(second + DAY if second < first else second for second in found)


class Casework:
    """Makes the cases of some estates up and hands them to the loader, the oldest first."""

    def __init__(self, estates: Sequence[Estate], loader: Loader, random: Random, end: int) -> None:
        self.estates, self.loader, self.random, self.end = estates, loader, random, end
        self.categories = dict(Category.objects.filter(site=None).values_list("code", "pk"))
        self.volume: dict[str, Any] = data_of("volume")
        everything = list(self._vocabulary())
        self.leaks = self._deck([one for one in everything if LEAK in one[1].title + one[1].description])
        self.others = self._deck([one for one in everything if LEAK not in one[1].title + one[1].description])
        self.channels = [name for name, weight in CHANNELS for _ in range(weight)]
        self.about = reverse("cases:case", args=["-"])
        self.clock = 0
        self.promises: dict[tuple[Any, ...], Promise | None] = {}
        self.rows: dict[Sheet, list[Row]] = {}
        self.events: list[Row] = []

    def write(self, count: int, start: int) -> None:
        """So many cases between a moment and the end."""
        for sheet in (CASES, CONTACTS, CLOCKS, ENTRIES, NOTICES):
            self.rows[sheet] = []
        for number, at in enumerate(moments(count, start, self.end, self.random)):
            self._one(number, at, count)
            if number % PORTION == PORTION - 1:
                self._hand_in()
        self._hand_in()
        for estate in self.estates:
            rows = [(estate.site.pk, "case", day, number) for day, number in estate.numbers.items()]
            self.loader.put(COUNTERS, rows)

    def _hand_in(self) -> None:
        for sheet, rows in self.rows.items():
            self.loader.put(sheet, rows)
            self.rows[sheet] = []
        # As they happened: the history of one case lies among that of the others.
        self.events.sort(key=itemgetter(0))
        self.loader.put(EVENTS, self.events)
        self.events = []

    def _vocabulary(self) -> Iterator[tuple[int, Said]]:
        """Every text anybody says, with how often."""
        for story in data_of("stories"):
            for title in story["titles"]:
                for detail in story["details"]:
                    for number, more in enumerate(self.volume["additions"]):
                        answer = story["answers"][number % len(story["answers"])]
                        yield story["weight"], self._said(story, title, detail + more, answer)

    def _said(self, story: dict[str, Any], title: str, description: str, answer: str) -> Said:
        return Said(
            title, description, answer, story["kind"], self.categories.get(story["category"]), story["category"],
            story.get("severity", "normal"), story["place"], story["minutes"], words(title), words(description),
        )  # fmt: skip

    def _deck(self, weighted: list[tuple[int, Said]]) -> list[Said]:
        weights, said = zip(*weighted, strict=True)
        return self.random.choices(said, weights, k=DECK)

    def _one(self, number: int, at: int, count: int) -> None:
        random = self.random.random
        known = number == count - 1
        special = number == count // 2
        estate = self.estates[0] if known or special else self.estates[int(random() * len(self.estates))]
        deck = self.leaks if number % LEAK_EVERY == 7 else self.others
        said = deck[int(random() * DECK)]
        if special:
            story = {"kind": "help", "category": "help.lost-property", "place": "room", "minutes": 20}
            bird = self.volume["parrot"]
            said = self._said(story, bird["title"], bird["description"], bird["answer"])
        home = None
        if known:
            home = next(one for one in estate.homes if one.phone == self.volume["known"]["phone"])
        elif said.where != "none":
            home = estate.homes[int(random() * len(estate.homes))]
        matter = self._matter(number + 1, at, estate, said, home)
        self._course(matter, at, number / count, open_for_sure=known)
        self._tell(matter)
        self._case(matter)
        self._clocks(matter)

    def _matter(self, pk: int, at: int, estate: Estate, said: Said, home: Home | None) -> Matter:
        random = self.random.random
        place = None
        if said.where == "room" and home is not None:
            place = (home.place_id, home.place_name, home.place_code)
        elif said.where in ("public", "parking"):
            place = estate.public[int(random() * len(estate.public))]
        day = f"{local_day(at):%y%m%d}"
        order = estate.numbers[day] = estate.numbers.get(day, 0) + 1
        desk = estate.people["front"] + estate.people["service"]
        clerk = desk[int(random() * len(desk))]
        workers = estate.people[WORKERS.get(said.kind, "service")]
        return Matter(
            pk, estate, said, at, f"{estate.site.code.upper()}-{day}-{order:04d}",
            self.channels[int(random() * len(self.channels))], home, place, clerk,
            workers[int(random() * len(workers))], "registered", clerk,
        )  # fmt: skip

    def _course(self, m: Matter, at: int, share: float, *, open_for_sure: bool) -> None:
        """How far it came, and when each step was taken."""
        random = self.random.random
        usual = m.said.minutes * 60
        takes = usual * (0.25 + 0.75 * random()) if random() < 0.87 else usual * (1.3 + 4.7 * random())
        answered = at + int(takes) + 30
        ended = answered + 3600 + int(random() * 39 * HOUR)
        handed_on = not (m.said.kind in ("consultation", "praise") and random() < 0.8)
        assigned = at + int(takes * (0.1 + 0.2 * random())) if handed_on else 0
        begun = at + int(takes * 0.4) if handed_on and random() < 0.3 else 0
        still_open = (
            open_for_sure or ended >= self.end or random() < (OPEN_RECENT if share > RECENT else OPEN_OLD)
        )
        if still_open:
            self._open(m, assigned, begun, answered, random() if not open_for_sure else 0)
            return
        fate = random()
        m.assigned, m.ended = assigned, ended
        if fate < 0.95:
            m.state, m.begun, m.answered, m.answer = "closed", begun, answered, m.said.answer
        elif fate < 0.98:
            number = int(random() * len(self.volume["reasons"]))
            m.state, m.answered, m.ended = "declined", answered, answered
            m.reason, m.answer = self.volume["reasons"][number], self.volume["explanations"][number]
        else:
            m.state, m.ended = "cancelled", answered
            m.reason = self.volume["withdrawn"][int(random() * len(self.volume["withdrawn"]))]

    def _open(self, m: Matter, assigned: int, begun: int, answered: int, drawn: float) -> None:
        end = self.end
        if drawn < 0.15 or not assigned or assigned >= end:
            return
        m.assigned, m.state = assigned, "assigned"
        if drawn < 0.40:
            m.team = m.said.kind == "repair" and drawn < 0.20
            return
        m.begun, m.state = min(begun or assigned + 60, end), "working"
        if drawn < 0.70:
            return
        if drawn < 0.80:
            m.waiting, m.state = min(m.begun + 600, end), "waiting"
            m.reason = self.volume["waiting"][int(drawn * 1000) % len(self.volume["waiting"])]
            return
        if answered < end:
            m.answered, m.answer, m.state = answered, m.said.answer, "answered"

    def _tell(self, m: Matter) -> None:
        """The events of its history."""
        place, home, said = m.place, m.home, m.said
        who = home if home is not None else None
        m.location = self.volume["spots"][m.pk % len(self.volume["spots"])] if said.where == "room" else ""
        data = (
            f'{{"code": "{m.code}", "channel": "{m.channel}", "set": {{"state": "registered", "kind": "{said.kind}", '
            f'"title": {quoted(said.title)}, "description": {quoted(said.description)}, "category_id": {_json(said.category_id)}, '
            f'"severity": "{said.severity}", "place_id": {place[0] if place else "null"}, "location": {quoted(m.location)}, '
            f'"customer_id": {who.customer_id if who else "null"}, "contact_name": {quoted(who.name if who else "")}, '
            f'"contact_phone": "{who.phone if who else ""}", "responsible_id": {m.clerk.pk}, "team_id": null, '
            f'"incident_id": null, "merged_into_id": null, "answer": ""}}}}'
        )
        self._event(m, m.at, "cases.registered", m.clerk, data)
        if m.assigned:
            m.took = None if m.team else m.worker
            person, team = (m.took.pk if m.took else "null"), (m.estate.team.pk if m.team else "null")
            data = (
                f'{{"note": "", "old": {{"responsible_id": {m.clerk.pk}, "team_id": null}}, '
                f'"set": {{"state": "assigned", "responsible_id": {person}, "team_id": {team}}}}}'
            )
            self._event(m, m.assigned, "cases.assigned", m.estate.people["supervisor"][0], data)
        actor = m.took or m.clerk
        if m.begun:
            self._event(m, m.begun, "cases.begun", actor, '{"set": {"state": "working"}}')
        if m.waiting:
            until = f"{stamp(self.end + 2 * DAY).replace(' ', 'T')}+00:00"
            data = f'{{"reason": {quoted(m.reason)}, "until": "{until}", "set": {{"state": "waiting"}}}}'
            self._event(m, m.waiting, "cases.waiting", actor, data)
        if m.state == "declined":
            data = (
                f'{{"reason": {quoted(m.reason)}, "explanation": {quoted(m.answer)}, "channel": "phone", '
                f'"set": {{"state": "declined", "answer": {quoted(m.answer)}}}}}'
            )
            self._event(m, m.ended, "cases.declined", actor, data)
        elif m.state == "cancelled":
            data = f'{{"reason": {quoted(m.reason)}, "set": {{"state": "cancelled"}}}}'
            self._event(m, m.ended, "cases.cancelled", actor, data)
        elif m.answered:
            data = (
                f'{{"text": {quoted(m.answer)}, "channel": "phone", "source": "", '
                f'"set": {{"state": "answered", "answer": {quoted(m.answer)}}}}}'
            )
            self._event(m, m.answered, "cases.answered", actor, data)
            if m.ended:
                supervisor = m.estate.people["supervisor"][0]
                self._event(
                    m, m.ended, "cases.closed", supervisor, '{"note": "", "set": {"state": "closed"}}'
                )

    def _event(self, m: Matter, at: int, verb: str, by: User, data: str) -> None:
        m.steps += 1
        self.events.append(
            (stamp(at), verb, m.estate.site.pk, by.pk, by.name, "desk", C, m.pk, C, m.pk, data)
        )

    def _case(self, m: Matter) -> None:
        """The row itself, its contacts, and what it is found by."""
        said, site, home, at = m.said, m.estate.site.pk, m.home, stamp(m.at)
        place, place_name, place_code = m.place or (None, "", "")
        customer, name, phone = (home.customer_id, home.name, home.phone) if home else (None, "", "")
        answered = stamp(m.answered) if m.answered else None
        waiting = m.state == "waiting"
        self.rows[CASES].append(
            (m.pk, site, m.code, said.kind, m.channel, said.title, said.description, said.category_id, said.severity,
             place, m.location, customer, name, phone, m.state, m.took.pk if m.took else None,
             m.estate.team.pk if m.team else None, m.clerk.pk, at, at,
             stamp(self.end + 2 * DAY) if waiting else None, m.reason if waiting else "", m.answer, answered,
             stamp(m.ended) if m.ended else None, m.steps)
        )  # fmt: skip
        contacts = self.rows[CONTACTS]
        contacts.append(
            (site, m.pk, customer, place, "in", m.channel, at, name, phone, said.title, m.clerk.pk)
        )
        if answered is not None:
            by = (m.took or m.clerk).pk
            contacts.append(
                (site, m.pk, customer, place, "out", "phone", answered, name, phone, m.answer, by)
            )
        tokens = " ".join(
            [said.title_tokens, document_tokens(m.code), words(place_name), words(name), said.text_tokens,
             words(m.location), words(place_code), words(name), named(name), phone_tokens(phone), CASE_TOKEN, site_token(site)]
        )  # fmt: skip
        subtitle = " · ".join([part for part in (m.code, place_name, name) if part])
        self.rows[ENTRIES].append((site, C, m.pk, said.title, subtitle, at, lexemes(tokens)))

    def _clocks(self, m: Matter) -> None:
        """The promises it was taken in with, and what became of them."""
        told = m.answered
        over = m.ended if m.state in ("declined", "cancelled") else 0
        self._clock(m, "answer", "cases.registered", m.at, told or over)
        self._clock(m, "assign", "cases.registered", m.at, m.assigned or told or over)
        if told and m.state in ("answered", "closed"):
            self._clock(m, "close", "cases.answered", told, m.ended)

    def _clock(self, m: Matter, kind: str, verb: str, start: int, stopped: int) -> None:
        promise = self._promise(m, kind, verb)
        if promise is None:
            return
        self.clock += 1
        pk, site = self.clock, m.estate.site.pk
        due, warn = promise.times(start, site)
        version = promise.rule.counted_in(site).version_id
        owner = m.took.pk if m.took else None
        late = due < (stopped or self.end - FOUND_AFTER)
        breached = min(due + FOUND_AFTER, stopped or self.end) if late else 0
        state, verdict, wake = "running", None, None
        if stopped:
            cancelled = m.state == "cancelled" and stopped == m.ended
            state = "cancelled" if cancelled else "stopped"
            verdict = "late" if late else None if cancelled else "kept"
        elif not late:
            wake = stamp(warn if warn is not None and warn > self.end else due)
        self.rows[CLOCKS].append(
            (pk, site, C, m.pk, C, m.pk, kind, 1, promise.rule.code, promise.copy, stamp(start), stamp(due), stamp(due),
             None if warn is None else stamp(warn), wake, state, stamp(stopped) if stopped else None,
             stamp(breached) if late else None, verdict, verdict, owner, version, version)
        )  # fmt: skip
        if late:
            self._late(m, promise, pk, due, breached, stopped, owner)

    def _late(
        self,
        m: Matter,
        promise: Promise,
        clock: int,
        due: int,
        breached: int,
        stopped: int,
        owner: int | None,
    ) -> None:
        """What the trail says of a limit that was not kept; who has it still before them is told."""
        site, rule = m.estate.site.pk, promise.rule
        due_at = f"{stamp(due).replace(' ', 'T')}.000000+00:00"
        data = (
            f'"kind": "{rule.kind}", "run": 1, "rule": "{rule.code}", "due_at": "{due_at}", "subject_type": "{C}", '
            f'"subject_id": {m.pk}, "owner": {_json(owner)}'
        )
        self.events.append(
            (stamp(breached), "clocks.breached", site, None, TICKER.label, TICKER.via, "clocks.clock", clock, C, m.pk,
             f"{{{data}}}")
        )  # fmt: skip
        if stopped:
            by, end = m.took or m.clerk, f"{stamp(stopped).replace(' ', 'T')}+00:00"
            self.events.append(
                (stamp(stopped), "clocks.stopped", site, by.pk, by.name, "desk", "clocks.clock", clock, C, m.pk,
                 f'{{{data}, "stopped_at": "{end}"}}')
            )  # fmt: skip
        elif owner is not None:
            told = f'{{"kind": "{rule.kind}", "due_at": "{due_at}", "rule": "{rule.code}"}}'
            read = stamp(min(breached + 1800, self.end)) if breached < self.end - 3 * DAY else None
            title = f"{m.code} {m.said.title}"
            self.rows[NOTICES].append(
                (
                    site,
                    owner,
                    "clocks.breached",
                    self.about.replace("-", m.code),
                    title,
                    told,
                    stamp(breached),
                    read,
                )
            )

    def _promise(self, m: Matter, kind: str, verb: str) -> Promise | None:
        place_kind = None if m.place is None else "room" if m.said.where == "room" else "public_area"
        key = (m.estate.site.pk, kind, m.said.kind, m.said.category, m.said.severity, place_kind, m.channel)
        if key not in self.promises:
            facts = {
                "kind": m.said.kind, "category": m.said.category if m.said.category_id else None,
                "severity": m.said.severity, "place_kind": place_kind, "channel": m.channel,
            }  # fmt: skip
            rule = table_for(m.estate.site.pk).rule(kind, facts, verb)
            self.promises[key] = None if rule is None else _promise(rule, m.estate.site.pk, self.end)
        return self.promises[key]


def _json(value: int | None) -> str:
    return "null" if value is None else str(value)


@cache
def _steady(end: int) -> bool:
    """Whether the clock of the organisation was never set forward or back in the years before a moment."""
    zone = local_zone()
    offsets = {datetime.fromtimestamp(end - day * DAY, zone).utcoffset() for day in range(0, DAYS + 366, 15)}
    return len(offsets) == 1


def _promise(rule: Rule, site_id: int, end: int) -> Promise:
    limit = rule.limit
    copy = json.dumps(dict(rule.copy), ensure_ascii=False)
    plain = isinstance(limit, Within) and limit.shift is None and not limit.end_of_day
    unit = limit.unit if isinstance(limit, Within) else ""
    if not plain or unit in ("months", "years") or unit.startswith("working") or not _steady(end):
        return Promise(rule, copy, 0, None)
    start = datetime.fromtimestamp(end - 400 * DAY, UTC)
    due, warn = rule.times(start, site_id)
    ahead = None if warn is None else int((warn - start).total_seconds())
    return Promise(rule, copy, int((due - start).total_seconds()), ahead)


assert {"state", "answer", "responsible_id", "team_id"} <= set(TRACKED)
