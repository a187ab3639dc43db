"""What cases can be measured by. Every figure is a record set of cases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.figures import Breakdown, Indicator, Part, Period, RecordSet, declare
from huiyin.base.kit.moment import now
from huiyin.engines.clocks.models import Clock

from .models import Case, Category
from .selectors import with_clocks, with_names

VIEW = "cases.view"
CASES = "huiyin.work.cases.tables.CASES"


def received(period: Period) -> QuerySet[Case]:
    """Cases received in the period, without those entered by mistake."""
    cases = with_names(Case.objects.filter(site=period.site)).exclude(state="cancelled")
    return cases.filter(received_at__gte=period.start, received_at__lt=period.end)


def _clock(kind: str, **conditions: Any) -> Exists:
    clocks = Clock.objects.filter(subject_type="cases.case", subject_id=OuterRef("pk"), kind=kind, run=1)
    return Exists(clocks.filter(**conditions))


def decided(kind: str) -> Any:
    """Cases received in the period whose first limit of a kind was kept or is late."""

    def cases(period: Period) -> QuerySet[Case]:
        return received(period).filter(
            _clock(kind, verdict__isnull=False) | _clock(kind, breached_at__isnull=False)
        )

    return cases


def kept(kind: str) -> Any:
    """Cases received in the period whose first limit of a kind was kept."""

    def cases(period: Period) -> QuerySet[Case]:
        return received(period).filter(_clock(kind, verdict="kept"))

    return cases


def promised(kind: str) -> Any:
    """Cases received in the period whose first limit of a kind, as it was at the start, was kept or has passed."""

    def cases(period: Period) -> QuerySet[Case]:
        passed = _clock(kind, original_due_at__lt=now(), state__in=("running", "paused"))
        return received(period).filter(_clock(kind, original_verdict__isnull=False) | passed)

    return cases


def kept_as_promised(kind: str) -> Any:
    """Cases received in the period whose first limit of a kind was kept without extension or pause."""

    def cases(period: Period) -> QuerySet[Case]:
        return received(period).filter(_clock(kind, original_verdict="kept"))

    return cases


def closed(period: Period) -> QuerySet[Case]:
    """Cases received in the period that have ended with an answer."""
    return received(period).filter(state__in=("closed", "declined"))


def _of_kind(kind: str, records: RecordSet) -> RecordSet:
    def cases(period: Period) -> QuerySet[Case]:
        return records(period).filter(kind=kind)

    return cases


def unmerged(period: Period) -> QuerySet[Case]:
    """Cases received in the period that are answered for themselves, not with the one they were merged into."""
    return received(period).exclude(state="merged")


def answered(period: Period) -> QuerySet[Case]:
    """Cases received in the period whose customer has been told a result, declined ones included."""
    return unmerged(period).filter(Q(answered_at__isnull=False) | Q(state="declined"))


def came_back(period: Period) -> QuerySet[Case]:
    """Cases received in the period that had to be taken up again."""
    return received(period).filter(reopened__gt=0)


def still_open(period: Period) -> QuerySet[Case]:
    """Cases of the site that are open at this moment."""
    return with_names(Case.objects.filter(site=period.site, ended_at=None))


def late(period: Period) -> QuerySet[Case]:
    """Open cases of the site with a limit that has passed."""
    overdue = Clock.objects.filter(
        subject_type="cases.case", subject_id=OuterRef("pk"), state="running", due_at__lt=now()
    )
    return still_open(period).filter(Exists(overdue))


declare(
    Indicator(
        "received", _("Cases received"), _("Cases received in the period, without those entered by mistake."),
        received, CASES, VIEW, prepare=with_clocks, source=("001-460",),
    ),
    Indicator(
        "answered-in-time", _("Answered in time"),
        _("Of the cases received in the period whose answer was due or given: those answered within the limit."),
        kept("answer"), CASES, VIEW, denominator=decided("answer"), good="up", prepare=with_clocks,
    ),
    Indicator(
        "answered-as-promised", _("Answered in the first limit"),
        _("Of the cases received in the period: those answered within the limit they started with, without extensions and pauses."),
        kept_as_promised("answer"), CASES, VIEW, denominator=promised("answer"), good="up", prepare=with_clocks,
    ),
    Indicator(
        "assigned-in-time", _("Assigned in time"),
        _("Of the cases received in the period whose assignment was due or done: those assigned within the limit."),
        kept("assign"), CASES, VIEW, denominator=decided("assign"), good="up", prepare=with_clocks,
    ),
    Indicator(
        "closed", _("Settled"), _("Of the cases received in the period: those that have ended with an answer."),
        closed, CASES, VIEW, denominator=received, good="up", prepare=with_clocks, source=("001-532",),
    ),
    Indicator(
        "came-back", _("Taken up again"), _("Of the cases received in the period: those reopened at least once."),
        came_back, CASES, VIEW, denominator=received, good="down", prepare=with_clocks,
    ),
    Indicator(
        "help-settled", _("Help requests settled"),
        _("Of the help requests received in the period: those that have ended with an answer."),
        _of_kind("help", closed), CASES, VIEW, denominator=_of_kind("help", unmerged), good="up",
        prepare=with_clocks, source=("001-532",),
    ),
    Indicator(
        "complaints-answered", _("Complaints answered"),
        _("Of the complaints received in the period: those whose customer was told a result."),
        _of_kind("complaint", answered), CASES, VIEW, denominator=_of_kind("complaint", unmerged), good="up",
        prepare=with_clocks, source=("001-169",),
    ),
    Indicator(
        "open", _("Open now"), _("Cases about which something is still to be done."),
        still_open, CASES, VIEW, present=True, prepare=with_clocks,
    ),
    Indicator(
        "late", _("Late now"), _("Open cases with a limit that has passed."),
        late, CASES, VIEW, denominator=still_open, present=True, good="down", prepare=with_clocks,
    ),
)  # fmt: skip

AGES = (("0-1", 0, 1), ("1-3", 1, 3), ("3-7", 3, 7), ("7-30", 7, 30), ("30-", 30, None))
"""Ages of open cases in days: from (included) to (not included)."""
AGE_WORDS = {
    "0-1": _("Under 1 day"),
    "1-3": _("1 to 3 days"),
    "3-7": _("3 to 7 days"),
    "7-30": _("7 to 30 days"),
    "30-": _("Over 30 days"),
}


def _aged(first: int, last: int | None) -> Q:
    present = now()
    young = Q(received_at__lte=present - timedelta(days=first)) if first else Q()
    return young & (Q(received_at__gt=present - timedelta(days=last)) if last is not None else Q())


def by_age(period: Period) -> list[Part]:
    """Open cases by how long ago they were received, in one query."""
    counts = still_open(period).aggregate(
        **{f"n{n}": Count("pk", filter=_aged(a, b)) for n, (_k, a, b) in enumerate(AGES)}
    )
    return [Part(key, str(AGE_WORDS[key]), counts[f"n{n}"]) for n, (key, _a, _b) in enumerate(AGES)]


def of_age(period: Period, key: str) -> QuerySet[Case]:
    """The open cases of one age; none for a key that does not exist."""
    for known, first, last in AGES:
        if known == key:
            return still_open(period).filter(_aged(first, last))
    return Case.objects.none()


def by_category(period: Period) -> list[Part]:
    """Cases received in the period by category, most frequent first."""
    rows = received(period).values("category__code", "category__name").annotate(n=Count("pk")).order_by("-n")
    return [
        Part(row["category__code"] or "-", row["category__name"] or str(_("Without category")), row["n"])
        for row in rows
    ]


def of_category(period: Period, key: str) -> QuerySet[Case]:
    """The cases received in the period of one category (`-`: without)."""
    if key == "-":
        return received(period).filter(category=None)
    return received(period).filter(category__in=Category.objects.filter(code=key))


def by_person(period: Period) -> list[Part]:
    """Open cases by who answers for them, with how many of them are late."""
    overdue = dict(late(period).values_list("responsible").annotate(n=Count("pk")))
    rows = (
        still_open(period).values("responsible", "responsible__name").annotate(n=Count("pk")).order_by("-n")
    )
    return [
        Part(
            str(row["responsible"] or "-"),
            row["responsible__name"] or str(_("Team, not yet taken")),
            row["n"],
            overdue.get(row["responsible"], 0),
        )
        for row in rows
    ]


def of_person(period: Period, key: str) -> QuerySet[Case]:
    """The open cases one person answers for (`-`: a team that has not taken them yet)."""
    if key == "-":
        return still_open(period).filter(responsible=None)
    return (
        still_open(period).filter(responsible=int(key))
        if key.isdecimal() and len(key) < 18
        else Case.objects.none()
    )


declare(
    Breakdown(
        "open-by-age", _("Open by age"), _("Open cases by how long ago they were received."),
        by_age, of_age, CASES, VIEW, present=True, prepare=with_clocks,
    ),
    Breakdown(
        "by-category", _("Received by category"), _("Cases received in the period by category."),
        by_category, of_category, CASES, VIEW, prepare=with_clocks,
    ),
    Breakdown(
        "by-person", _("Open by person"), _("Open cases by who answers for them, and how many are late."),
        by_person, of_person, CASES, VIEW, present=True, prepare=with_clocks,
    ),
)  # fmt: skip
