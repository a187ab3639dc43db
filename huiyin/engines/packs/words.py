"""Words for the codes that packs use."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

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
    "limit.value": _("Limit"),
    "limit.unit": _("Limit (unit)"),
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
}
"""What the values of entries are called, by their path."""


def key_words(path: str) -> str:
    """What a value of an entry is called; its path where nobody named it."""
    return str(KEYS.get(path, path))
