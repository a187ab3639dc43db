"""Files on any page: `{% load files %}{% attachments case %}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template

from huiyin.base.kit.models import ScopedModel
from huiyin.engines.files.models import Attachment
from huiyin.engines.files.panels import panel

register = template.Library()


@register.inclusion_tag("files/part_attachments.html")
def attachments(owner: ScopedModel, files: Sequence[Attachment] | None = None) -> dict[str, Any]:
    """The files of a record (`files`: as the page has read them), and for those who may, the place to add to them."""
    return panel(owner, files=files)
