"""What stands in a report: the figures of a period and, for each of them, the records that were counted."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from huiyin.base.kit.figures import INDICATORS, Indicator, Period
from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import current
from huiyin.base.kit.spans import before
from huiyin.base.org.models import User
from huiyin.base.org.selectors import standing, units_of_site
from huiyin.engines.clocks.models import Clock
from huiyin.insight.indicators.held import Held, held
from huiyin.work.cases.models import Case, Incident, Kind
from huiyin.work.cases.timeline import clock_name

from .definitions import ReportEntry

CASES = "cases.view"
TOP = 10
"""How many categories are named."""
MOST_LATE = 200
"""How many late ones are listed; the records behind are all there."""

Ids = dict[str, list[int]]
Row = dict[str, Any]


@dataclass
class Contents:
    """The parts of a report as plain data, and the ids of the cases behind each figure."""

    parts: dict[str, Any] = field(default_factory=dict)
    sets: Ids = field(default_factory=dict)
    posts: dict[int, str] | None = field(default=None, compare=False, repr=False)

    def digest(self) -> str:
        """The SHA-256 of everything, for telling whether it is still the same."""
        told = json.dumps([self.parts, self.sets], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(told.encode("ascii")).hexdigest()

    def keep(self, key: str, ids: list[int]) -> int:
        """Note the records behind a figure; returns how many."""
        self.sets[key] = sorted(ids)
        return len(ids)


def contents(entry: ReportEntry, period: Period) -> Contents:
    """Measure everything a report has to say, as the current scope may see it."""
    found = Contents()
    for part in entry.parts:
        found.parts[part] = WRITERS[part](entry, period, found)
    return found


def cases_of(period: Period) -> QuerySet[Case]:
    """Cases received in the period, without those entered by mistake."""
    return INDICATORS["received"].records(period, "num").select_related(None)


def _ids(rows: QuerySet[Any]) -> list[int]:
    return list(rows.order_by().values_list("pk", flat=True))


def _figures(entry: ReportEntry, period: Period, found: Contents) -> list[Row]:
    chosen = [INDICATORS[code] for code in entry.indicators if code in INDICATORS] or list(
        INDICATORS.values()
    )
    return [
        _figure(held(one, entry.period, period), period, found)
        for one in chosen
        if current().holds(one.permission, period.site.pk)
    ]


def _figure(one: Held, period: Period, found: Contents) -> Row:
    figure, earlier = one.compared.figure, one.compared.before
    indicator: Indicator = figure.indicator
    key = f"figures.{indicator.code}"
    row: Row = {
        "code": indicator.code,
        "label": str(indicator.label),
        "meaning": str(indicator.meaning),
        "present": indicator.present,
        **_value(found.keep(f"{key}.num", _ids(indicator.records(period, "num"))), None),
        "before": None if earlier is None else _value(earlier.count, earlier.total),
        "change": None if one.compared.change is None else str(one.compared.change),
        "tone": one.compared.tone,
        "target": one.target.words if one.target else "",
        "target_span": one.target.entry.period if one.target else "",
        "clause": one.target.entry.clause if one.target else "",
        "met": one.met,
        "gap": None if one.gap is None else str(one.gap),
    }
    if indicator.denominator is not None:
        row |= _value(row["count"], found.keep(f"{key}.den", _ids(indicator.records(period, "den"))))
    return row


def _value(count: int, total: int | None) -> Row:
    """A value as it is kept; the share is none where there was nothing to divide by."""
    return {"count": count, "total": total, "ratio": f"{count * 100 / total:.1f}" if total else None}


def _kinds(_entry: ReportEntry, period: Period, found: Contents) -> list[Row]:
    """Of each kind of case: how many were received in the period, and how many of these are settled or still open."""
    sets: dict[str, dict[str, list[int]]] = {}
    rows = cases_of(period).order_by().values_list("pk", "kind", "state", "ended_at")
    for pk, kind, state, ended_at in rows:
        one = sets.setdefault(kind, {"received": [], "settled": [], "open": []})
        one["received"].append(pk)
        if ended_at is None:
            one["open"].append(pk)
        elif state in ("closed", "declined"):
            one["settled"].append(pk)
    return [
        {
            "key": kind,
            "label": str(label),
            **{part: found.keep(f"kinds.{kind}.{part}", ids) for part, ids in sets[kind].items()},
        }
        for kind, label in Kind.choices
        if kind in sets
    ]


def _open(_entry: ReportEntry, period: Period, found: Contents) -> Row:
    """What is still to be done at the site, the oldest first, and whose it is."""
    cases = INDICATORS["open"].records(period, "num")
    count = found.keep("open", _ids(cases))
    oldest = list(cases.select_related("responsible", "team").order_by("received_at", "pk")[:MOST_LATE])
    whose = _posts(period, found)
    return {
        "rows": [
            {
                "case": one.code,
                "title": one.title,
                "kind": str(one.get_kind_display()),
                "received_at": one.received_at.isoformat(),
                "state": str(one.get_state_display()),
                "responsible": _whose(one, whose),
            }
            for one in oldest
        ],
        "cases": count,
    }


def _posts(period: Period, found: Contents) -> dict[int, str]:
    """The posts held at the site by person, read once for all parts."""
    if found.posts is None:
        posts: dict[int, list[str]] = {}
        held_at = standing().filter(unit__in=units_of_site(period.site)).order_by("post__code")
        for user, post in held_at.values_list("user", "post__name"):
            posts.setdefault(user, []).append(post)
        found.posts = {user: ", ".join(dict.fromkeys(names)) for user, names in posts.items()}
    return found.posts


def _whose(case: Case, posts: dict[int, str]) -> str:
    """Who answers for a case: the person with their post, or the team."""
    if case.responsible is None:
        return str(case.team or "")
    post = posts.get(case.responsible.pk, "")
    return f"{case.responsible} · {post}" if post else str(case.responsible)


def _late(_entry: ReportEntry, period: Period, found: Contents) -> Row:
    """Limits of cases that ran out in the period, and whose they are."""
    clocks = Clock.objects.allowed(CASES).filter(
        site=period.site,
        subject_type="cases.case",
        breached_at__isnull=False,
        due_at__gte=period.start,
        due_at__lt=period.end,
    )
    missed = list(clocks.order_by("due_at", "id").values_list("subject_id", "kind", "due_at", "stopped_at"))
    cases_late = found.keep("late", list({row[0] for row in missed}))
    rows = missed[:MOST_LATE]
    cases = {
        case.pk: case
        for case in Case.objects.filter(pk__in={row[0] for row in rows}).select_related("responsible", "team")
    }
    whose = _posts(period, found)
    told = []
    for case_id, kind, due_at, stopped_at in rows:
        case = cases.get(case_id)
        if case is not None:
            told.append(
                {
                    "case": case.code,
                    "title": case.title,
                    "limit": clock_name(kind),
                    "due_at": due_at.isoformat(),
                    "stopped_at": stopped_at.isoformat() if stopped_at else None,
                    "late_s": int(((stopped_at or now()) - due_at).total_seconds()),
                    "responsible": _whose(case, whose),
                }
            )
    return {"rows": told, "count": len(missed), "cases": cases_late}


def _categories(entry: ReportEntry, period: Period, found: Contents) -> list[Row]:
    """The most frequent categories of the cases received, beside the period before."""
    ids: dict[tuple[str, str], list[int]] = {}
    for pk, code, name in cases_of(period).order_by().values_list("pk", "category__code", "category__name"):
        ids.setdefault((code or "-", name or _("Without category")), []).append(pk)
    earlier = Counter(
        code or "-"
        for code in cases_of(before(entry.period, period)).order_by().values_list("category__code", flat=True)
    )
    total = sum(map(len, ids.values()))
    top = sorted(ids.items(), key=lambda one: (-len(one[1]), one[0]))[:TOP]
    return [
        {
            "key": code,
            "label": name,
            **_value(found.keep(f"categories.{code}", rows), total),
            "before": earlier[code],
        }
        for (code, name), rows in top
    ]


def _incidents(_entry: ReportEntry, period: Period, found: Contents) -> list[Row]:
    """Incidents that were open in the period, with the cases under them."""
    rows = Incident.objects.allowed(CASES).filter(
        Q(ended_at=None) | Q(ended_at__gte=period.start), site=period.site, opened_at__lt=period.end
    )
    told = []
    for incident in rows.order_by("opened_at", "id"):
        under = Case.objects.allowed(CASES).filter(incident=incident)
        told.append(
            {
                "code": incident.code,
                "title": incident.title,
                "opened_at": incident.opened_at.isoformat(),
                "ended_at": incident.ended_at.isoformat() if incident.ended_at else None,
                "count": found.keep(f"incidents.{incident.code}", _ids(under)),
            }
        )
    return told


def _people(_entry: ReportEntry, period: Period, found: Contents) -> list[Row]:
    """Who answers for what: cases received, answered in time, still open and late, by person with their posts."""
    counted = {
        "received": _by_person(cases_of(period)),
        "decided": _by_person(INDICATORS["answered-in-time"].records(period, "den")),
        "in_time": _by_person(INDICATORS["answered-in-time"].records(period, "num")),
        "open": _by_person(INDICATORS["open"].records(period, "num")),
        "late": _by_person(INDICATORS["late"].records(period, "num")),
    }
    people = {person for sets in counted.values() for person in sets}
    known = {person for person in people if person is not None}
    names = dict(User.objects.filter(pk__in=known).values_list("pk", "name"))
    posts = _posts(period, found)
    rows = []
    for person in people:
        key = f"people.{person or '-'}"
        sizes = {part: found.keep(f"{key}.{part}", sets.get(person, [])) for part, sets in counted.items()}
        share = _value(sizes["in_time"], sizes["decided"])["ratio"]
        label = names.get(person or 0) or _("Team, not yet taken")
        rows.append(
            {
                "key": str(person or "-"),
                "label": label,
                "post": posts.get(person or 0, ""),
                **sizes,
                "ratio": share,
            }
        )
    return sorted(rows, key=lambda one: (-one["received"], -one["open"], one["key"]))


def _by_person(rows: QuerySet[Any]) -> dict[int | None, list[int]]:
    found: dict[int | None, list[int]] = {}
    for pk, person in rows.select_related(None).order_by().values_list("pk", "responsible"):
        found.setdefault(person, []).append(pk)
    return found


WRITERS: dict[str, Callable[[ReportEntry, Period, Contents], Any]] = {
    "figures": _figures,
    "kinds": _kinds,
    "open": _open,
    "late": _late,
    "categories": _categories,
    "incidents": _incidents,
    "people": _people,
}
"""How each part is measured."""
NEEDS = {
    "kinds": CASES,
    "open": CASES,
    "late": CASES,
    "categories": CASES,
    "incidents": CASES,
    "people": CASES,
}
"""What a reader needs to see a part, besides the right to see reports; of figures, see each indicator."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A figure of an issued report that would be another one today, and how many records came or went."""

    label: str
    then: str
    now: str
    records: int


def moved_since(issued: Contents, entry: ReportEntry, period: Period) -> tuple[int, list[Moved]]:
    """How many records changed their place since a report was issued, and the figures that differ.

    Figures of the moment of issue (open now, late now) are left out: they were true then.
    """
    fresh = contents(entry.model_copy(update={"parts": ["figures"]}), period)
    then = {row["code"]: row for row in issued.parts.get("figures", [])}
    moved, touched = [], set[int]()
    for row in fresh.parts["figures"]:
        old = then.get(row["code"])
        if old is None or row["present"]:
            continue
        changed: set[int] = set()
        for part in ("num", "den"):
            key = f"figures.{row['code']}.{part}"
            changed |= set(issued.sets.get(key, ())) ^ set(fresh.sets.get(key, ()))
        touched |= changed
        if changed:
            moved.append(Moved(row["label"], shown(old), shown(row), len(changed)))
    return len(touched), moved


def shown(row: Row) -> str:
    """A figure as people read it."""
    if row["total"] is None:
        return str(row["count"])
    if row["ratio"] is None:
        return _("n/a")
    return f"{row['ratio']}% ({row['count']} / {row['total']})"
