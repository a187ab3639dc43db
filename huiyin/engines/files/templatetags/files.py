"""Files on any page: `{% load files %}{% attachments case %}`."""

from __future__ import annotations

from typing import Any

from django import template

from huiyin.base.kit.models import ScopedModel
from huiyin.engines.files.panels import panel

register = template.Library()


@register.inclusion_tag("files/part_attachments.html")
def attachments(owner: ScopedModel) -> dict[str, Any]:
    """The files of a record, and for those who may, the place to add to them."""
    return panel(owner)
