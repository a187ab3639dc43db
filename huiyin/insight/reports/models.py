"""Reports and the records behind their figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.figures import Period
from huiyin.base.kit.models import ScopedModel
from huiyin.base.kit.moment import now, start_of
from huiyin.base.kit.spans import name_of


class Report(ScopedModel):
    """One edition of a report of a site over local days from `first` to `last`, both included.

    `definition` is a copy of the pack entry it was drafted under. Once issued, `content` holds the figures as they
    were, `digest` the SHA-256 of these and of all record ids, and `block` and `block_hash` the newest block of the
    trail at that moment; none of it ever changes.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ISSUED = "issued", _("Issued")

    code = models.CharField(max_length=80)
    span = models.CharField(max_length=8)
    first = models.DateField()
    last = models.DateField()
    edition = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=6, choices=State.choices, default=State.DRAFT)
    definition = models.JSONField()
    commentary = models.TextField(blank=True, verbose_name=_("Commentary"))
    reason = models.CharField(max_length=200, blank=True, verbose_name=_("Why a new edition"))
    drafted_at = models.DateTimeField(default=now)
    due_on = models.DateField(null=True, blank=True)
    issued_at = models.DateTimeField(null=True, blank=True)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    content = models.JSONField(null=True)
    digest = models.CharField(max_length=64, blank=True)
    block = models.BigIntegerField(null=True)
    block_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-first", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "code", "first", "edition"], name="reports_report_edition"
            ),
            models.UniqueConstraint(
                fields=["site", "code", "first"], condition=Q(state="draft"), name="reports_report_one_draft"
            ),
            models.CheckConstraint(
                condition=Q(state="draft", issued_at=None, content=None)
                | Q(state="issued", issued_at__isnull=False, content__isnull=False),
                name="reports_report_state",
            ),
        ]
        indexes = [
            models.Index(fields=["-first", "-id"], name="reports_report_newest"),
            models.Index(fields=["site", "-first", "-id"], name="reports_report_site"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.period_name}"

    def get_absolute_url(self) -> str:
        return reverse("reports:report", args=[self.pk])

    @property
    def name(self) -> str:
        """What the report is called, in Chinese as the pack says."""
        words: dict[str, Any] = self.definition["name"]
        return str(words["zh"])

    @property
    def period(self) -> Period:
        """The days it is about."""
        return Period(self.site, self.first, self.last)

    @property
    def period_name(self) -> str:
        """The period in short: 2026-10."""
        return name_of(self.span, self.period)

    @property
    def is_issued(self) -> bool:
        """Whether it is frozen."""
        return self.state == self.State.ISSUED

    @property
    def is_late(self) -> bool:
        """Whether it was issued, or is still not, after the day it was due on."""
        if self.due_on is None:
            return False
        return (self.issued_at or now()) >= start_of(self.due_on + timedelta(days=1))


class ReportRecord(ScopedModel):
    """One record that was counted in one figure of an issued report; `part` names the figure."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="+", db_index=False)
    part = models.CharField(max_length=120)
    record_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["report", "part", "record_id"], name="reports_record_once")
        ]

    def __str__(self) -> str:
        return f"{self.part}:{self.record_id}"
