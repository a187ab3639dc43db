"""What is kept in reports as text, read again for showing."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template

register = template.Library()


@register.filter
def moment(text: str | None) -> datetime | None:
    """A moment kept as text."""
    return datetime.fromisoformat(text) if text else None


@register.filter
def seconds(count: int) -> timedelta:
    """A span kept as seconds."""
    return timedelta(seconds=count)
