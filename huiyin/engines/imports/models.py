"""What has been taken in from files."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.models import ScopedModel
from huiyin.base.kit.moment import now


class ImportRun(ScopedModel):
    """One file taken in at a site, or tried without writing (`dry_run`).

    Counts are rows; `errors` lists at most `KEPT_ERRORS` wrong cells, `rejected` counts all rows.
    The file itself lies in the data folder under its digest until it is cleared away.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")

    KEPT_ERRORS = 2000

    preset = models.CharField(max_length=40, verbose_name=_("Kind of file"))
    filename = models.CharField(max_length=200, verbose_name=_("File"))
    digest = models.CharField(max_length=64)
    dry_run = models.BooleanField(default=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True)
    rows = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    errors = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    refusal = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["-started_at", "-id"]
        indexes = [models.Index(fields=["site", "-started_at", "-id"], name="imports_run_newest")]

    def __str__(self) -> str:
        return self.filename

    def get_absolute_url(self) -> str:
        return reverse("imports:run", args=[self.pk])
