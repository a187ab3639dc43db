"""Kinds of requirements and what they are about, in words."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import get_language, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

KINDS: dict[str, Any] = {
    "time-limit": _("Time limit"),
    "authority": pgettext_lazy("requirement", "Authority"),
    "kpi": _("Target figure"),
    "rule": pgettext_lazy("requirement", "Rule"),
    "frequency": _("Periodic duty"),
    "process": pgettext_lazy("requirement", "Work"),
    "register": pgettext_lazy("requirement", "Register"),
    "form": pgettext_lazy("requirement", "Form"),
    "report": pgettext_lazy("requirement", "Report"),
    "conduct": pgettext_lazy("requirement", "Conduct"),
    "qualification": pgettext_lazy("requirement", "Qualification"),
    "kind": pgettext_lazy("requirement", "Kinds"),
}
CAPABILITIES: dict[str, Any] = {
    "INTAKE": pgettext_lazy("capability", "Intake"),
    "CASE": pgettext_lazy("capability", "Cases"),
    "CLOCK": pgettext_lazy("capability", "Limits and escalation"),
    "COMPLAINT": pgettext_lazy("capability", "Complaints"),
    "WORKORDER": pgettext_lazy("capability", "Work orders"),
    "FOLLOWUP": pgettext_lazy("capability", "Follow-up"),
    "SURVEY": pgettext_lazy("capability", "Surveys"),
    "APPROVAL": pgettext_lazy("capability", "Approvals"),
    "EMERGENCY": pgettext_lazy("capability", "Emergencies"),
    "ARCHIVE": pgettext_lazy("capability", "Customer files"),
    "PLACE": pgettext_lazy("capability", "Places and things"),
    "SECURITY": pgettext_lazy("capability", "Confidentiality"),
    "KNOWLEDGE": pgettext_lazy("capability", "Knowledge"),
    "REPORT": pgettext_lazy("capability", "Reports"),
    "DUTY": pgettext_lazy("capability", "Duties and meetings"),
    "INSPECT": pgettext_lazy("capability", "Patrols and checks"),
    "QA": pgettext_lazy("capability", "Quality of service"),
    "QUALITY": pgettext_lazy("capability", "Quality of buildings"),
    "CONDUCT": pgettext_lazy("capability", "Conduct"),
    "STAFF": pgettext_lazy("capability", "Staff and attendance"),
    "TRAINING": pgettext_lazy("capability", "Training"),
    "APPRAISAL": pgettext_lazy("capability", "Appraisal"),
    "PROCEDURE": pgettext_lazy("capability", "Procedures"),
    "BILLING": pgettext_lazy("capability", "Charges"),
    "EXPENSE": pgettext_lazy("capability", "Expenses"),
    "COST": pgettext_lazy("capability", "Costs"),
    "METER": pgettext_lazy("capability", "Meters"),
    "VENDOR": pgettext_lazy("capability", "Contractors"),
    "STOCK": pgettext_lazy("capability", "Stock"),
    "DOCUMENT": pgettext_lazy("capability", "Documents and seals"),
    "REGISTER": pgettext_lazy("capability", "Registers"),
    "BOOKING": pgettext_lazy("capability", "Meetings and events"),
    "NOTICE": pgettext_lazy("capability", "Notices"),
    "REMINDER": pgettext_lazy("capability", "Reminders"),
    "SALES": pgettext_lazy("capability", "Side business"),
    "LAB": pgettext_lazy("capability", "Laboratory"),
}


POST = re.compile(
    r"^[\x00-\x7f]*?\s*(?:\((?P<inside>[^()]*[\u4e00-\u9fff].*)\)|(?P<after>[\u4e00-\u9fff].*))$"
)
"""A post of a requirement: its English name, its Chinese one in brackets or after it."""


def speaks_chinese() -> bool:
    """Whether the screen is Chinese at this moment."""
    return (get_language() or "").startswith("zh")


def post_words(text: str) -> str:
    """Whom a requirement binds, in the words of the handbook for whoever reads Chinese."""
    if text == "all":
        return pgettext("post", "Everybody")
    found = POST.match(text) if speaks_chinese() else None
    return (found["inside"] or found["after"]) if found else text


def kind_words(code: str) -> str:
    """A kind of requirement in words."""
    return str(KINDS.get(code, code))


def capability_words(code: str) -> str:
    """What a requirement is about, in words."""
    return str(CAPABILITIES.get(code, code))
