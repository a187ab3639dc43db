"""Words for codes: what is missing in a file, what care somebody needs, why two files may be one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from huiyin.base.org.models import Site
from huiyin.engines.packs.selectors import entries, entry

from .selectors import Care

MISSING: dict[str, Any] = {
    "phone": _("Telephone number"),
    "identity": _("Identity number"),
    "gender": _("Gender"),
    "birthday": _("Birthday"),
    "holding": _("Place or thing"),
    "representative": _("Legal representative"),
    "building_area": _("Building area"),
    "use": _("Use"),
    "occupancy": _("Occupancy"),
    "owner": _("Owner"),
    "emergency_contact": _("Emergency contact"),
}
REASONS: dict[str, Any] = {
    "identity": _("same identity number"),
    "phone": _("same telephone number"),
    "name": _("same name"),
    "place": _("same place"),
}
PROFILE: dict[str, Any] = {
    "representative": _("Legal representative"),
    "age": _("Age"),
    "age_on": _("Age given on"),
    "household_role": _("Position in the household"),
}
"""Entries of a profile that other parts of the house write, by their keys."""
TONES = {"info": "accent", "attention": "warn", "critical": "bad"}


@dataclass(frozen=True)
class CareShown:
    """A special-care flag as it is shown: its word and badge, how loud, what to mind, since when and why.

    A `discreet` one is for staff only and never printed.
    """

    code: str
    label: str
    badge: str
    tone: str
    advice: str
    since: str
    until: str
    remark: str
    discreet: bool


def missing(codes: list[str]) -> list[str]:
    """What is missing, in words."""
    return [str(MISSING.get(code, code)) for code in codes]


def care_shown(care: Care, site: Site | int) -> CareShown:
    """A flag in the words of the packs in force at a site."""
    item = entry("care_flags", care.code, site)
    if item is None:
        return CareShown(
            care.code, care.code, care.code, "warn", "", care.since, care.until, care.remark, False
        )
    value = item.value
    return CareShown(
        code=care.code,
        label=str(value.name),
        badge=value.display.badge,
        tone=TONES.get(value.display.tone, "warn"),
        advice=str(value.advice or ""),
        since=care.since,
        until=care.until,
        remark=care.remark,
        discreet=value.discreet,
    )


def care_choices(site: Site | int | None) -> list[tuple[str, str]]:
    """The flags of the packs in force, as choices."""
    return [(item.code, str(item.value.name)) for item in entries("care_flags", site)]


def profile_shown(profile: dict[str, str]) -> list[tuple[str, str]]:
    """A profile with names in words."""
    return [(str(PROFILE.get(name, name)), text) for name, text in profile.items()]
