"""What the pages of customers show of shares, care and reasons."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import template

from huiyin.base.kit.templatetags.kit import badge
from huiyin.records.customers.selectors import Care
from huiyin.records.customers.words import REASONS, CareShown, care_shown
from huiyin.records.places.models import Place

register = template.Library()


@register.simple_tag
def care_badge(care: Care, place: Place) -> Any:
    """A special-care flag in a word, in the words in force at a place's site."""
    shown = care_shown(care, place.site_id)
    return badge(shown.label, shown.tone)


@register.filter
def share_words(share: Decimal) -> str:
    """An owner's part: `33.3333%`, without idle zeros."""
    return f"{share.normalize():f}%"


@register.filter
def reason_words(codes: Iterable[str]) -> str:
    """Why two files may be one, in words."""
    return ", ".join(str(REASONS.get(code, code)) for code in codes)


@register.simple_tag
def with_nobody(care: Iterable[CareShown]) -> list[tuple[CareShown, None]]:
    """Flags for a page on which it is clear whose they are."""
    return [(one, None) for one in care]


@register.filter
def all_discreet(care: Iterable[CareShown]) -> bool:
    """Whether nothing of it may be printed."""
    return all(one.discreet for one in care)
