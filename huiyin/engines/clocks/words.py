"""Limits in the words of the screen's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from .entries import WEEKDAYS
from .ladder import LEAD, ON_DUTY, RESPONSIBLE, SIDES
from .limits import Limit


def limit_in_words(data: Mapping[str, Any] | str) -> str:
    """What a limit of the pack says, e.g. “2 hours” or “by day 25 of the month, 17:00”."""
    return _told(Limit.parse(data).describe())


def _told(told: Mapping[str, Any]) -> str:
    kind = told["kind"]
    if kind == "agreed":
        return _("as agreed, at most %(limit)s") % {"limit": _told(told["at_most"])}
    text = _amount(told["value"], told["unit"]) if kind == "within" else _day(kind, told)
    parts = [text]
    if told.get("at"):
        parts.append(str(told["at"]))
    if told.get("end_of_day"):
        parts.append(_("until closing time"))
    if told.get("shift") == "earlier":
        parts.append(_("on a rest day the working day before"))
    elif told.get("shift") == "later":
        parts.append(_("on a rest day the working day after"))
    if told.get("inclusive") is False:
        parts.append(_("that day excluded"))
    return _(", ").join(parts)


def _amount(value: float, unit: str) -> str:
    size = abs(value)
    number = int(size) if size == int(size) else 2
    texts = {
        "seconds": ngettext("%(n)s second", "%(n)s seconds", number),
        "minutes": ngettext("%(n)s minute", "%(n)s minutes", number),
        "hours": ngettext("%(n)s hour", "%(n)s hours", number),
        "days": ngettext("%(n)s day", "%(n)s days", number),
        "weeks": ngettext("%(n)s week", "%(n)s weeks", number),
        "months": ngettext("%(n)s month", "%(n)s months", number),
        "years": ngettext("%(n)s year", "%(n)s years", number),
        "working_seconds": ngettext("%(n)s working second", "%(n)s working seconds", number),
        "working_minutes": ngettext("%(n)s working minute", "%(n)s working minutes", number),
        "working_hours": ngettext("%(n)s working hour", "%(n)s working hours", number),
        "working_days": ngettext("%(n)s working day", "%(n)s working days", number),
    }
    text = texts[unit] % {"n": f"{size:g}"}
    return _("%(time)s before") % {"time": text} if value < 0 else text


def _day(kind: str, told: Mapping[str, Any]) -> str:
    if kind == "on_day":
        if told["day"] == 0:
            return _("on the first working day") if told["working"] else _("on the same day")
        text = _amount(told["day"], "working_days" if told["working"] else "days")
        return _("%(time)s later") % {"time": text}
    if kind == "by_weekday":
        text = _("by %(day)s") % {"day": weekday_words()[told["weekday"]]}
    elif kind == "by_month_day":
        text = _("by day %(day)s of the month") % {"day": told["month_day"]}
    elif kind == "before_month_end":
        days = _amount(told["before_month_end"], "working_days" if told["working"] else "days")
        text = _("by %(time)s before the end of the month") % {"time": days}
    elif kind == "by_quarter_day":
        shown = {"day": told["quarter_day"], "month": told["quarter_month"]}
        text = _("by day %(day)s of month %(month)s of the quarter") % shown
    else:
        text = _("by %(day)s of the year") % {"day": told["year_day"]}
    return _("%(time)s, in the next period") % {"time": text} if (told.get("ahead") or 0) > 0 else text


_SHORT_DAYS = (
    pgettext_lazy("hours", "Monday"),
    pgettext_lazy("hours", "Tuesday"),
    pgettext_lazy("hours", "Wednesday"),
    pgettext_lazy("hours", "Thursday"),
    pgettext_lazy("hours", "Friday"),
    pgettext_lazy("hours", "Saturday"),
    pgettext_lazy("hours", "Sunday"),
)


def weekday_words() -> dict[str, str]:
    """The days of the week by their short names in packs."""
    names = (
        _("Monday"),
        _("Tuesday"),
        _("Wednesday"),
        _("Thursday"),
        _("Friday"),
        _("Saturday"),
        _("Sunday"),
    )
    return dict(zip(WEEKDAYS, names, strict=True))


def week_in_words(weekly: Mapping[str, Any]) -> list[str]:
    """The hours of a week, days with the same hours together: “Monday to Friday 09:00–12:00, 13:00–18:00”."""
    names = dict(zip(WEEKDAYS, _SHORT_DAYS, strict=True))
    groups: list[tuple[str, list[str]]] = []
    for day in WEEKDAYS:
        hours = _(", ").join(_period(*period) for period in weekly.get(day) or ())
        if groups and groups[-1][0] == hours:
            groups[-1][1].append(day)
        else:
            groups.append((hours, [day]))
    lines = []
    for hours, days in groups:
        if len(days) == len(WEEKDAYS):
            shown = _("Every day")
        elif len(days) == 1:
            shown = str(names[days[0]])
        else:
            shown = _("%(first)s to %(last)s") % {"first": names[days[0]], "last": names[days[-1]]}
        lines.append(f"{shown} {hours}" if hours else _("%(days)s: rest") % {"days": shown})
    return lines


def _period(begin: str, end: str) -> str:
    if (begin, end) == ("00:00", "24:00"):
        return _("round the clock")
    return (
        f"{begin}–{end}"
        if begin < end
        else _("%(since)s–%(time)s the next day") % {"since": begin, "time": end}
    )


def reason_in_words(reason: str) -> str:
    """Why a stretch of time counts or does not (see `calendar.Interval`)."""
    return {
        "running": _("counted"),
        "working": _("working time"),
        "make_up_day": _("make-up working day"),
        "paused": _("paused"),
        "before_opening": _("before opening"),
        "break": _("break"),
        "after_closing": _("after closing time"),
        "rest_day": _("rest day"),
        "holiday": _("public holiday"),
    }.get(reason, reason)


def step_in_words(side: str, data: Mapping[str, Any]) -> str:
    """When a step of a ladder is taken, e.g. “1 hour after the limit”."""
    time = limit_in_words(data)
    if side == "begun":
        return _("%(time)s after the start") % {"time": time}
    if side == "before":
        return _("%(time)s before the limit") % {"time": time}
    return _("%(time)s after the limit") % {"time": time}


def receiver_words() -> dict[str, str]:
    """Those a step of a ladder may tell besides posts."""
    return {
        RESPONSIBLE: _("whoever is responsible"),
        LEAD: _("their superior"),
        ON_DUTY: _("who is on duty"),
    }


def rung_in_words(rung: Any, receivers: Mapping[str, str]) -> str:
    """A step of a ladder as a pack writes it: when, and whom it tells."""
    side = next(one for one in SIDES if getattr(rung, one) is not None)
    told = _(", ").join(receivers.get(one, one) for one in rung.to)
    return f"{step_in_words(side, getattr(rung, side))}: {told}"
