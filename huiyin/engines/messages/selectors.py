"""Reading notices."""

from django.db.models import QuerySet

from .models import Notice


def notices_for(user_id: int) -> QuerySet[Notice]:
    """A person's notices in reach, newest first."""
    return Notice.objects.filter(user_id=user_id).order_by("-at", "-pk")


def unread_count(user_id: int, *, limit: int = 100) -> int:
    """How many notices a person has not read, counted up to `limit`."""
    return Notice.objects.filter(user_id=user_id, read_at=None)[:limit].count()
