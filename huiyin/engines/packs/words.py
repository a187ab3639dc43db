"""Words for the codes that packs use."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

MOMENTS: dict[str, Any] = {
    "apology": _("Apology"),
    "application": _("Applications"),
    "closing": pgettext_lazy("moment", "Saying goodbye"),
    "complaint": _("Complaint"),
    "complaint-result": _("Result of a complaint"),
    "concern": _("Showing concern"),
    "consultation": _("Consultation"),
    "courtesy": _("Courtesy"),
    "decline": pgettext_lazy("moment", "Declining"),
    "delay": _("Delay"),
    "emergency": _("Emergency"),
    "enquiry": _("Asking back"),
    "explanation": _("Explaining"),
    "fees": _("Fees"),
    "follow-up": _("Follow-up"),
    "greeting": _("Greeting"),
    "help": _("Help request"),
    "hold": _("Please hold the line"),
    "home-visit": _("At the customer's home"),
    "incident": _("Incident"),
    "listening": _("Listening"),
    "notice": pgettext_lazy("moment", "Giving notice"),
    "praise": _("Praise"),
    "proposal": _("Proposing"),
    "quote": _("Quoting a price"),
    "repair-booking": _("Booking a repair"),
    "request": _("Asking a favour"),
    "response": _("Responding"),
    "service": _("Service request"),
    "suggestion": _("Suggestion"),
    "thanks": _("Thanks"),
    "transfer": _("Putting through"),
    "unknown": _("Not knowing the answer"),
    "verify": _("Checking who it is"),
    "violation": _("Breach of rules"),
    "visitor": _("Visitors"),
    "welcome": _("Welcome"),
    "wish": _("Good wishes"),
}
"""The moments of a conversation at which a phrase is said, as packs name them."""
WEEKDAYS: dict[str, Any] = {
    "mon": _("Monday"),
    "tue": _("Tuesday"),
    "wed": _("Wednesday"),
    "thu": _("Thursday"),
    "fri": _("Friday"),
    "sat": _("Saturday"),
    "sun": _("Sunday"),
}
UNITS: dict[str, Any] = {
    "minutes": _("minutes"),
    "hours": _("hours"),
    "days": _("days"),
    "weeks": _("weeks"),
    "months": _("months"),
    "years": _("years"),
    "working_minutes": _("working minutes"),
    "working_hours": _("working hours"),
    "working_days": _("working days"),
}
"""The units in which amounts of time are given."""
VALUES: dict[str, dict[str, Any]] = {
    "moment": MOMENTS,
    "kind": {**MOMENTS, "repair": _("Repair")},
    "level": {
        "site": _("At a site"),
        "company": _("Company-wide"),
        "system": _("For a connected system"),
        "post": pgettext_lazy("pack", "Of a post"),
    },
    "tone": {"info": _("for information"), "attention": _("attention"), "critical": _("critical")},
    "paid": {"free": _("free of charge"), "paid": _("to be paid"), "quote": _("by quotation")},
    "right": {
        "decide": pgettext_lazy("pack", "decide alone"),
        "propose": pgettext_lazy("pack", "propose only"),
    },
    "role": {
        "lead": pgettext_lazy("upwards", "My superior"),
        "head": pgettext_lazy("pack", "The one below the head of the site"),
        "director": pgettext_lazy("upwards", "The head of the site"),
        "customer": _("Customer"),
    },
    "sign": {"any": pgettext_lazy("pack", "one is enough"), "all": pgettext_lazy("pack", "all of them")},
    "scope": {"site": _("At a site"), "company": _("Company-wide")},
    "status": {"official": _("Official"), "forecast": _("Forecast"), "local": _("Own decision")},
    "pause": {
        "never": pgettext_lazy("pause", "never"),
        "agreed": pgettext_lazy("pause", "when the customer agreed"),
        "always": pgettext_lazy("pause", "always"),
    },
    "period": {
        "day": _("By day"),
        "week": _("By week"),
        "month": _("By month"),
        "quarter": _("By quarter"),
        "year": _("By year"),
    },
    "parts": {
        "figures": _("Key figures"),
        "kinds": pgettext_lazy("report", "By kind"),
        "open": pgettext_lazy("report", "Open"),
        "late": pgettext_lazy("report", "Overdue"),
        "categories": _("By category"),
        "incidents": _("Incidents"),
        "people": _("By person"),
    },
    "like": WEEKDAYS,
    "unit": {**UNITS, "percent": _("per cent"), "count": pgettext_lazy("pack", "a number")},
    "to": {
        "responsible": _("Responsible"),
        "lead": pgettext_lazy("pack", "Their superior"),
        "on_duty": _("On duty"),
    },
}
"""Values that can only be one of several in words, by the last step of their path."""
LAYER_TONES = {"base": "neutral", "industry": "accent", "company": "active", "site": "waiting"}


def moment(code: str) -> str:
    """A moment of a conversation in words."""
    return str(MOMENTS.get(code, code))


KEYS: dict[str, Any] = {
    "name": _("Name"),
    "text": pgettext_lazy("pack", "Text"),
    "moment": pgettext_lazy("pack", "Moment"),
    "kind": _("Kind"),
    "keywords": pgettext_lazy("pack", "Keywords"),
    "paid": pgettext_lazy("pack", "Charge"),
    "price_note": pgettext_lazy("pack", "Price"),
    "phrase": pgettext_lazy("pack", "Phrase"),
    "level": _("Level"),
    "permissions": _("Rights"),
    "reports_to": _("Reports to"),
    "deputy": _("Deputy"),
    "description": _("Duties"),
    "display.badge": pgettext_lazy("pack", "Mark"),
    "display.tone": pgettext_lazy("pack", "Weight"),
    "advice": _("What to mind"),
    "discreet": _("for staff only"),
    "within": pgettext_lazy("pack", "Lies within"),
    "holdable": pgettext_lazy("pack", "Can belong to a customer"),
    "out": pgettext_lazy("pack", "Also leads to the customer"),
    "place_kinds": _("Kinds of places"),
    "clock": pgettext_lazy("pack", "Kind of limit"),
    "limit": _("Limit"),
    "disabled": _("switched off"),
    "clause": _("Clause"),
    "source": _("Requirements"),
    "note": _("Note"),
    "parent": pgettext_lazy("pack", "Stands under"),
    "display": pgettext_lazy("pack", "Mark"),
    "limit.at_most": pgettext_lazy("pack", "Limit at the latest"),
    "warn.before": pgettext_lazy("pack", "Warn ahead"),
    "when.kind": pgettext_lazy("pack", "Kind of case"),
    "when.category": _("Category"),
    "when.severity": _("Severity"),
    "when.place_kind": _("Kinds of places"),
    "when.channel": _("Channel"),
    "when.care": _("Special care"),
    "starts_on": pgettext_lazy("pack", "Starts with the events"),
    "stops_on": pgettext_lazy("pack", "Stops with the events"),
    "cancels_on": pgettext_lazy("pack", "Ends without a verdict with the events"),
    "pauses_on": pgettext_lazy("pack", "Rests with the events"),
    "resumes_on": pgettext_lazy("pack", "Goes on with the events"),
    "pause": pgettext_lazy("pack", "Rests during a wait"),
    "calendar": _("Work calendar"),
    "warn": _("Warning"),
    "ladder": _("Escalation"),
    "ladder.begun": pgettext_lazy("pack", "After the start"),
    "ladder.before": pgettext_lazy("pack", "Before the due moment"),
    "ladder.after": pgettext_lazy("pack", "After the due moment"),
    "ladder.to": pgettext_lazy("pack", "Told to"),
    "ladder.hours": pgettext_lazy("pack", "Only in the hours of"),
    "variant": pgettext_lazy("pack", "Only with the answer"),
    "options": pgettext_lazy("pack", "Answer"),
    "options.code": _("Code"),
    "options.name": _("Name"),
    "choice": pgettext_lazy("pack", "Answer chosen"),
    "uses": _("Use"),
    "uses.code": _("Code"),
    "uses.name": _("Name"),
    "post": _("Post"),
    "right": pgettext_lazy("pack", "May"),
    "request": pgettext_lazy("pack", "May be asked for on screen"),
    "validity": pgettext_lazy("pack", "Time for the signatures"),
    "steps": pgettext_lazy("pack", "Signature"),
    "steps.name": _("Name"),
    "steps.post": _("Post"),
    "steps.role": pgettext_lazy("pack", "Who"),
    "steps.sign": pgettext_lazy("pack", "Of several"),
    "steps.scope": pgettext_lazy("pack", "Looked for"),
    "steps.optional": pgettext_lazy("pack", "Left out where nobody is"),
    "when.amount": _("Amount"),
    "when.currency": pgettext_lazy("pack", "Currency"),
    "when.duration": _("Duration"),
    "when.numbers": pgettext_lazy("pack", "Number"),
    "when.level": _("Level"),
    "when.limit": _("Limit"),
    "when.cause": _("Cause"),
    "when.matter": pgettext_lazy("pack", "Matter"),
    "weekly": pgettext_lazy("pack", "Hours"),
    "timezone": _("Time zone"),
    "holidays": _("Public holidays"),
    "standard": pgettext_lazy("pack", "Counts where no other does"),
    "posts": _("Posts"),
    "sites": _("Sites"),
    "days": _("Single days"),
    "days.name": _("Name"),
    "days.from": pgettext_lazy("pack", "From"),
    "days.to": pgettext_lazy("pack", "To"),
    "days.work": _("at work"),
    "days.like": pgettext_lazy("pack", "Hours as on"),
    "list": pgettext_lazy("pack", "List"),
    "year": _("Year"),
    "status": _("Status"),
    "paper": _("Announced in"),
    "period": _("Period"),
    "parts": pgettext_lazy("pack", "Parts"),
    "indicators": pgettext_lazy("pack", "Indicators"),
    "at": pgettext_lazy("pack", "Drafted at"),
    "to": pgettext_lazy("pack", "Told to"),
    "due_days": pgettext_lazy("pack", "To be issued within (days)"),
    "indicator": _("Indicator"),
    "comparison": pgettext_lazy("pack", "Comparison"),
    "figure": pgettext_lazy("pack", "Target"),
    "unit": _("Unit"),
    "valid_from": _("Valid from"),
}
"""What the values of entries are called, by their path."""


INNER: dict[str, Any] = {
    "at_least": pgettext_lazy("bound", "at least"),
    "over": pgettext_lazy("bound", "more than"),
    "up_to": pgettext_lazy("bound", "at most"),
    "below": pgettext_lazy("bound", "less than"),
    "limit_hours": pgettext_lazy("pack", "Hours of the limit"),
    "percent": _("per cent"),
    "times": pgettext_lazy("pack", "Times"),
    "end_of_day": pgettext_lazy("pack", "Until the end of that day"),
    "shift": pgettext_lazy("pack", "On a day off"),
    "day": pgettext_lazy("pack", "Days later"),
    "time": pgettext_lazy("pack", "Time of day"),
    "at": pgettext_lazy("pack", "Time of day"),
    "working": pgettext_lazy("pack", "Working days"),
    "weekday": pgettext_lazy("pack", "Day of the week"),
    "month_day": pgettext_lazy("pack", "Day of the month"),
    "before_month_end": pgettext_lazy("pack", "Days before the end of the month"),
    "quarter_day": pgettext_lazy("pack", "Day of the month of the quarter"),
    "quarter_month": pgettext_lazy("pack", "Month of the quarter"),
    "year_day": pgettext_lazy("pack", "Day of the year"),
    "ahead": pgettext_lazy("pack", "Periods ahead"),
    "inclusive": pgettext_lazy("pack", "With the day of the start"),
    **WEEKDAYS,
}
"""What values inside another are called, by the last step of their path."""
LANGUAGES: dict[str, Any] = {"zh": _("Chinese"), "en": _("English"), "zh-hant": _("Traditional")}
NUMBERED = re.compile(r" (\d+)")


def key_words(path: str) -> str:
    """What a value of an entry is called; its path where nobody named it.

    "steps 2.post" is called after "steps", the number, and "steps.post"; an amount of time after what it is for.
    """
    above, _dot, last = path.rpartition(".")
    bare, *numbers = NUMBERED.split(last)
    plain = NUMBERED.sub("", path)
    if plain in KEYS and " " not in above:
        return " ".join([str(KEYS[plain]), *(one for one in numbers if one)])
    if not above:
        return path
    if last == "value":
        return key_words(above)
    if last == "unit":
        return gettext("%(name)s (unit)") % {"name": key_words(above)}
    if last in LANGUAGES:
        return f"{key_words(above)} ({LANGUAGES[last]})"
    words = KEYS.get(plain) or INNER.get(bare)
    if words is None:
        return path
    return " ".join([f"{key_words(above)} · {words}", *(one for one in numbers if one)])


def value_words(key: str, code: str) -> str:
    """A value that can only be one of several in words: `key` is the last step of its path."""
    return str(VALUES.get(key, {}).get(code, code))
