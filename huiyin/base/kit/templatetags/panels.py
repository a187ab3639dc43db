"""What other apps have to show on a record's page: `{% load panels %}{% panels object %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.db.models import Model
from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from huiyin.base.kit.panels import panels_of

register = template.Library()


@register.simple_tag(takes_context=True)
def panels(context: Any, row: Model, slot: str = "main", only: str = "", without: str = "") -> SafeString:
    """The panels of a row in one column of its page."""
    request = context["request"]
    parts = []
    for panel in panels_of(row, slot=slot, only=only, without=without):
        drawn = panel.draw(request, row)
        if drawn is not None:
            name, values = drawn
            html = render_to_string(name, {"object": row, **values}, request=request)
            parts.append((mark_safe(html),))
    return format_html_join("\n", "{}", parts)
