"""The section `limits`: which promise is made to whom, for how long, and from which event on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from huiyin.base.trail.registry import VERBS
from huiyin.engines.packs.problems import near
from huiyin.engines.packs.registry import Checking, Code, Entry, Item, Section, Words, declare, section

from . import pack_calendars as pack_calendars
from .calendar import WorkCalendar
from .entries import WEEKDAYS
from .ladder import SIDES, SPECIAL, Rung, in_order
from .limits import Agreed, BadLimit, Limit, Within
from .models import Clock
from .registry import possible
from .rules import HEARD, STARTS, rule_of
from .timing import always, needs_calendar

Value = Annotated[str, Field(min_length=1, max_length=80)]
Wanted = Annotated[list[Value], Field(min_length=1, max_length=200)]
Verb = Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z_]+$")]
Verbs = Annotated[list[Verb], Field(min_length=1, max_length=50)]
ClockKind = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,39}$")]


def _limit(value: Any) -> Any:
    limit = Limit.parse(value)
    limit = limit.at_most if isinstance(limit, Agreed) else limit
    if isinstance(limit, Within) and limit.value <= 0:
        raise BadLimit("value", gettext_noop("%(value)s is not more than nothing"), value=repr(limit.value))
    return value


def _amount(value: Any) -> Any:
    limit = Limit.parse(value)
    if not isinstance(limit, Within) or limit.value <= 0:
        raise BadLimit("", gettext_noop("must be an amount of time, like {value: 30, unit: minutes}"))
    return value


class When(BaseModel):
    """Conditions: all must hold; of a list one value is enough; categories fit by their beginning.

    `care` are the flags of the section `care_flags` (VIP, living alone …) that the customer's file carries on
    the day on which the clock starts; a matter without a customer has none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Wanted | None = None
    category: Wanted | None = None
    severity: Wanted | None = None
    place_kind: Wanted | None = None
    channel: Wanted | None = None
    care: Wanted | None = None


class Warn(BaseModel):
    """How long before the due moment the responsible person is warned."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    before: Annotated[Any, AfterValidator(_amount)]

    @property
    def within(self) -> Within:
        """The amount of time."""
        limit = Limit.parse(self.before)
        assert isinstance(limit, Within)
        return limit


class RungEntry(BaseModel):
    """One step of the ladder: after so long since the start (`begun`), `before` or `after` the due moment.

    `to` names posts, or `responsible` (whoever must keep the limit), `lead` (the post above theirs),
    `on_duty` (who is on duty at the site). `hours` is the calendar whose hours it waits for.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    begun: Annotated[Any, AfterValidator(_amount)] = None
    before: Annotated[Any, AfterValidator(_amount)] = None
    after: Annotated[Any, AfterValidator(_amount)] = None
    to: Wanted
    hours: Code | None = None

    @model_validator(mode="after")
    def _one_side(self) -> RungEntry:
        if sum(getattr(self, side) is not None for side in SIDES) != 1:
            raise ValueError(_("A step has exactly one of begun, before, after"))
        return self


class LimitEntry(Entry):
    """A rule: the first one of a clock that fits a subject sets its limit.

    Working time is counted in the `calendar` named, else in that of the holders of `post`, else in the
    standard one of the site. `starts_on`, `stops_on`, `cancels_on`, `pauses_on` and `resumes_on` are event
    verbs; for the clocks `answer` and `assign` of cases they are known. `pause` says whether a wait lets the
    clock rest: only when the customer agreed to it (`agreed`), `always` or `never`. `ladder` are the steps by
    which others are told, in their order.
    """

    name: Words
    clock: ClockKind
    when: When = When()
    limit: Annotated[Any, AfterValidator(_limit)]
    warn: Warn | None = None
    calendar: Code | None = None
    post: Code | None = None
    starts_on: Verbs | None = None
    stops_on: Verbs | None = None
    cancels_on: Verbs | None = None
    pauses_on: Verbs | None = None
    resumes_on: Verbs | None = None
    pause: Literal["never", "agreed", "always"] = "agreed"
    ladder: Annotated[list[RungEntry], Field(max_length=20)] = []


_LISTED = {
    "category": "categories",
    "channel": "channels",
    "place_kind": "place_kinds",
    "care": "care_flags",
}
_SAMPLE = datetime(2026, 1, 1, tzinfo=UTC)
_DAY = [["09:00", "17:00"]]
_WEEK = WorkCalendar.from_dict({"weekly": dict.fromkeys(WEEKDAYS[:5], _DAY)})
"""What limits in working time are tried with: any ordinary week will do."""


def check_limits(items: Sequence[Item], checking: Checking) -> None:
    """Rules name what exists, can be reached, and end within ten years; other clocks name their events."""
    catch_all: dict[tuple[str, str], Item] = {}
    for item in sorted(items, key=lambda item: -item.place):
        entry: LimitEntry = item.value
        _check_when(item, entry.when, checking)
        _check_events(item, entry, checking)
        _check_time(item, entry, checking)
        for verb in sorted(rule_of(item).starts_on):
            before = catch_all.get((entry.clock, verb))
            if before is not None:
                message = _("The rule is never reached: %(code)s before it fits everything (%(verb)s).")
                mend = _("Put it before that rule, or give that one conditions.")
                checking.problem(item, message % {"code": before.code, "verb": verb}, mend, "when")
            elif not any(wanted is not None for _key, wanted in entry.when):
                catch_all[entry.clock, verb] = item


def _check_when(item: Item, when: When, checking: Checking) -> None:
    for key, wanted in when:
        known = possible(key)
        listed = _LISTED.get(key, "")
        if known is None and section(listed) is not None:
            known = frozenset(checking.codes(listed))
        for position, value in enumerate(wanted or ()):
            if known is not None and value not in known:
                message = _("There is no %(key)s “%(value)s”.") % {"key": key, "value": value}
                mend = near(value, known) + _("Known are: %(names)s.") % {
                    "names": ", ".join(sorted(known)[:40])
                }
                checking.problem(item, message, mend, "when", key, position)


def _check_events(item: Item, entry: LimitEntry, checking: Checking) -> None:
    for key in ("starts_on", *HEARD):
        verbs = getattr(entry, key)
        if verbs is None and key in ("starts_on", "stops_on") and entry.clock not in STARTS:
            message = _("The clock “%(clock)s” does not say when it starts or stops (“%(key)s” is missing).")
            mend = _("Add the verbs of events; only for %(clocks)s they are known.")
            shown = {"clock": entry.clock, "key": key, "clocks": ", ".join(sorted(STARTS))}
            checking.problem(item, message % shown, mend % shown, "clock")
        for position, verb in enumerate(verbs or ()):
            if verb not in VERBS:
                message = _("There is no event “%(verb)s”.") % {"verb": verb}
                checking.problem(item, message, near(verb, VERBS) + _("Correct the verb."), key, position)


def _check_time(item: Item, entry: LimitEntry, checking: Checking) -> None:
    limit = Limit.parse(entry.limit)
    warn = entry.warn.within if entry.warn is not None else None
    for key, section_name in (("calendar", "calendars"), ("post", "posts")):
        named, known = getattr(entry, key), checking.codes(section_name)
        if named is not None and named not in known:
            message = _("There is no %(key)s “%(value)s”.") % {"key": key, "value": named}
            checking.problem(item, message, near(named, known) + _("Correct the code."), key)
    if needs_calendar(limit, warn) and _working(limit, warn) and not checking.codes("calendars"):
        message = _("The limit is counted in working time, and there is no work calendar.")
        mend = _("Add a standard calendar to the section calendars, or write the limit in natural time.")
        checking.problem(item, message, mend, "limit")
    calendar = _WEEK if needs_calendar(limit, warn) else always()
    try:
        due = limit.due(_SAMPLE, calendar)
    except ValueError:
        message = _("The limit does not end within ten years.")
        checking.problem(item, message, _("Write a shorter one."), "limit")
        return
    _check_ladder(item, entry, due, checking)
    if entry.warn is not None and isinstance(limit, Within):
        warned = entry.warn.within.due(_SAMPLE, calendar)
        if warned >= due:
            message = _("The warning would come before the clock starts.")
            checking.problem(item, message, _("Write a time shorter than the limit."), "warn")


def _check_ladder(item: Item, entry: LimitEntry, due: datetime, checking: Checking) -> None:
    """Whom the steps tell exists, and the steps follow each other in time."""
    for position, step in enumerate(entry.ladder):
        for number, code in enumerate(step.to):
            if code not in SPECIAL and code not in checking.codes("posts"):
                message = _("There is no post %(code)s.") % {"code": code}
                mend = near(code, [*SPECIAL, *checking.codes("posts")]) + _("Correct the code.")
                checking.problem(item, message, mend, "ladder", position, "to", number)
        if step.hours is not None and step.hours not in checking.codes("calendars"):
            message = _("There is no %(key)s “%(value)s”.") % {"key": "calendar", "value": step.hours}
            checking.problem(item, message, _("Correct the code."), "ladder", position, "hours")
    # Tried without opening hours: those only make steps wait.
    rungs = [replace(Rung.read(step.model_dump(exclude_none=True)), hours=None) for step in entry.ladder]
    natural = [rung for rung in rungs if rung.offset is not None]
    if not in_order(natural, Clock(started_at=_SAMPLE, due_at=due)):
        message = _("The steps of the ladder do not follow each other in time.")
        checking.problem(item, message, _("Put the earlier step first."), "ladder")


def _parts(told: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield told
    for value in told.values():
        if isinstance(value, Mapping):
            yield from _parts(value)


def _working(*limits: Limit | None) -> bool:
    """Whether one of the limits names working time or working days."""
    parts = (part for one in limits if one is not None for part in _parts(one.describe()))
    return any(
        str(told.get("unit", "")).startswith("working_") or told.get("working") or told.get("shift")
        for told in parts
    )


declare(Section("limits", LimitEntry, gettext_lazy("Time limits"), check_limits))
