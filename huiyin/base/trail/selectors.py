"""Reading history."""

from typing import Any

from django.db import models

from .models import Event
from .registry import describe


def history(root: models.Model) -> Any:
    """All events under one matter, oldest first, cut to the reader's reach."""
    return (
        Event.objects.filter(root_type=describe(root), root_id=root.pk).select_related("actor").order_by("id")
    )
