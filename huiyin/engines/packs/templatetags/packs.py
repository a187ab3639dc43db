"""What the pages of packs show of layers and words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from pydantic import ValidationError

from huiyin.base.kit.templatetags.kit import badge
from huiyin.engines.packs.models import PackVersion
from huiyin.engines.packs.registry import Words
from huiyin.engines.packs.words import LAYER_TONES

register = template.Library()


@register.simple_tag
def layer_badge(layer: str) -> SafeString:
    """The layer of a pack in a word."""
    return badge(dict(PackVersion.Layer.choices).get(layer, layer), LAYER_TONES.get(layer, "neutral"))


@register.simple_tag
def version_badge(version: PackVersion) -> SafeString:
    """Whether a version counts, will count, or no longer does, in a word."""
    if version.active:
        return badge(_("in force"), "good")
    if version.scheduled:
        return badge(_("scheduled"), "waiting")
    return badge(_("withdrawn"), "neutral") if version.withdrawn_at else badge(_("replaced"), "neutral")


@register.filter
def words(value: Any) -> str:
    """A text of a pack in the language of the moment."""
    if isinstance(value, str) or value is None:
        return value or ""
    try:
        return str(Words.model_validate(value))
    except ValidationError:
        return ""


@register.filter
def at(values: Sequence[Any], index: int) -> Any:
    """One of several values, by its position."""
    return values[index]
