"""Reading runs."""

from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from .models import ImportRun


def path_of(digest: str) -> Path:
    """Where a handed-in file lies."""
    return Path(settings.FILES) / "imports" / digest


def runs() -> QuerySet[ImportRun]:
    """Runs in reach, newest first."""
    return ImportRun.objects.select_related("site", "user").order_by("-started_at", "-pk")
