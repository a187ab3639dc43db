"""What the pages of places show of figures and states."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from huiyin.base.kit.templatetags.kit import EMPTY
from huiyin.records.places.models import Asset, Place
from huiyin.records.places.selectors import Occupied
from huiyin.records.places.tables import occupancy_badge, state_badge

register = template.Library()


@register.simple_tag
def occupancy_of(place: Place) -> Any:
    """How a room is used, in a word."""
    return occupancy_badge(place) or EMPTY


@register.simple_tag
def state_of(asset: Asset) -> Any:
    """How a thing stands, in a word."""
    return state_badge(asset)


@register.filter
def percent(share: Decimal | None) -> SafeString | str:
    """A share (0 to 1) in percent; a dash where there is none."""
    return EMPTY if share is None else f"{share * 100:.1f}%"


@register.filter
def occupied_rate(figures: Occupied) -> Decimal | None:
    """The share of occupied rooms among those whose occupancy is recorded."""
    return None if figures.vacancy is None else 1 - figures.vacancy


@register.filter
def less(number: int, other: int) -> int:
    """The difference of two numbers."""
    return number - other


@register.filter
def area(size: Decimal | None) -> SafeString | str:
    """Square metres."""
    return EMPTY if size is None else _("%(size)s m²") % {"size": f"{size:,.2f}"}


@register.simple_tag
def share_bar(shares: Iterable[Any], total: int) -> SafeString | str:
    """A bar of how rooms are used; the figures themselves stand beside it."""
    if not total:
        return ""
    parts, at = [], 0.0
    for one in shares:
        width = 100 * one.rooms / total
        if width:
            parts.append((one.code, f"{at:.2f}", f"{width:.2f}", f"{one.label} {one.rooms}"))
        at += width
    rects = format_html_join(
        "",
        '<rect class="hy-occ-{}" x="{}" y="0" width="{}" height="10"><title>{}</title></rect>',
        parts,
    )
    words = ", ".join(words for _code, _at, _width, words in parts)
    return format_html(
        '<svg class="hy-bar-share" viewBox="0 0 100 10" preserveAspectRatio="none" role="img"'
        ' aria-label="{}">{}</svg>',
        words,
        rects,
    )


@register.filter
def occupancy_word(code: str) -> SafeString | str:
    """A state of occupancy, given by its code, in words."""
    return str(dict(Place.Occupancy.choices).get(code, code)) or EMPTY
