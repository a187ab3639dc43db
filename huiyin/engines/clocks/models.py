"""Clocks: promises with a due time, and the calendars they are counted in."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.models import ScopedModel
from huiyin.base.kit.moment import local_zone
from huiyin.engines.packs.registry import Words


class SpecialDay(models.Model):
    """A date on which the week's hours do not hold, in a named list of them (`cn`: the State Council's).

    `work` is a make-up working day (with the hours of the weekday `like`, or those a calendar gives such
    days), otherwise nobody works. `year` is the notice it stands in, `source` where that was published.
    """

    class Status(models.TextChoices):
        FORECAST = "forecast", _("Forecast")
        OFFICIAL = "official", _("Official")
        LOCAL = "local", _("Own decision")

    list = models.CharField(max_length=40)
    date = models.DateField()
    year = models.PositiveSmallIntegerField()
    work = models.BooleanField(default=False)
    name = models.CharField(max_length=60)
    like = models.CharField(max_length=3, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices)
    source = models.CharField(max_length=300, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["list", "date"]
        constraints = [models.UniqueConstraint(fields=["list", "date"], name="clocks_special_day_once")]

    def __str__(self) -> str:
        return f"{self.list} {self.date}"


class CalendarVersion(models.Model):
    """One state of a calendar that clocks were counted in: its weekly hours and special days. Never changed.

    `data` holds `timezone`, `weekly`, the `lists` of special days it follows, its `own` days, and all `days`
    as they stood (see `calendars`). `superseded_by` is what took its place when a list was corrected.
    """

    code = models.CharField(max_length=80)
    number = models.PositiveIntegerField()
    name = models.JSONField(default=dict)
    data = models.JSONField()
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    superseded_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["code", "id"]
        constraints = [models.UniqueConstraint(fields=["code", "digest"], name="clocks_calendar_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.number}"

    @property
    def title(self) -> str:
        """The name of the calendar in the language of the moment."""
        return str(Words.model_validate(self.name)) if self.name else self.code


class Clock(ScopedModel):
    """One promise about one subject: what is limited (`kind`), since when, until when, under which rule.

    All moments are UTC. `run` counts the starts of a kind on one subject: what is reopened gets a new
    run and the old one stays as it was. `rule` is a copy of the pack entry it started under.
    `original_due_at` is what was promised at the start and never changes; `due_at` is the limit in force, with
    all extensions and pauses (a pause that goes on counts up to the moment it is to end). `wake_at` is the
    next moment the ticker must look (a warning, the breach, a step of the ladder, the end of a pause), empty
    when there is none; `rung` counts the steps of the ladder taken, `rung_at` is when the next one is due.
    `breached_at` is when it was found too late for the limit in force. When the clock stops both verdicts are
    frozen, `kept` or `late`: `verdict` against the limit in force, `original_verdict` against the original
    one. A cancelled clock has them only if it was late already. `root` is the matter under whose history its
    events are read, `owner` whoever must keep the promise now. `calendar` is the version the limit in force
    is counted in, `original_calendar` the one at the start; none is round the clock in the organisation's
    time zone.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        STOPPED = "stopped", _("Stopped")
        CANCELLED = "cancelled", _("Cancelled")

    class Verdict(models.TextChoices):
        KEPT = "kept", _("In time")
        LATE = "late", _("Too late")

    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    root_type = models.CharField(max_length=60)
    root_id = models.BigIntegerField()
    kind = models.CharField(max_length=40)
    run = models.PositiveSmallIntegerField(default=1)
    rule_code = models.CharField(max_length=80)
    rule = models.JSONField()
    started_at = models.DateTimeField()
    original_due_at = models.DateTimeField()
    due_at = models.DateTimeField()
    warn_at = models.DateTimeField(null=True)
    wake_at = models.DateTimeField(null=True)
    rung = models.PositiveSmallIntegerField(default=0, db_default=0)
    rung_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    stopped_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=4, choices=Verdict.choices, null=True)
    original_verdict = models.CharField(max_length=4, choices=Verdict.choices, null=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    calendar = models.ForeignKey(
        CalendarVersion, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    original_calendar = models.ForeignKey(
        CalendarVersion, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "kind", "run"], name="clocks_clock_run"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("running", "paused"), stopped_at=None)
                & Q(verdict=None, original_verdict=None)
                | Q(state="stopped", stopped_at__isnull=False, wake_at=None)
                & Q(verdict__isnull=False, original_verdict__isnull=False)
                | Q(state="cancelled", stopped_at__isnull=False, wake_at=None)
                & (Q(verdict=None) | Q(verdict="late"))
                & (Q(original_verdict=None) | Q(original_verdict="late")),
                name="clocks_clock_state",
            ),
        ]
        # The conditions name no state, so that SQLite, which does not look into parameters, uses them too.
        indexes = [
            models.Index(fields=["wake_at"], condition=Q(wake_at__isnull=False), name="clocks_clock_wake"),
            models.Index(fields=["owner", "due_at"], condition=Q(stopped_at=None), name="clocks_clock_owner"),
            models.Index(fields=["site", "due_at"], condition=Q(stopped_at=None), name="clocks_clock_site"),
            models.Index(
                fields=["site", "due_at"],
                condition=Q(breached_at__isnull=False),
                name="clocks_clock_breached",
            ),
            models.Index(fields=["due_at", "id"], condition=Q(stopped_at=None), name="clocks_clock_due"),
            models.Index(
                fields=["calendar"],
                condition=Q(stopped_at=None, calendar__isnull=False),
                name="clocks_clock_calendar",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_type}:{self.subject_id} #{self.run}"

    @property
    def is_running(self) -> bool:
        """Whether the promise is still to be kept, also while it is paused."""
        return self.stopped_at is None

    @property
    def root(self) -> tuple[str, int]:
        """Type and id of the matter under whose history its events are read."""
        return self.root_type, self.root_id


class Extension(ScopedModel):
    """More time for one clock: from which due moment to which, why, and who said so. Never changed.

    Moments are UTC. The person is kept by name too, as in the trail: it may be an office or a system.
    """

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="extensions")
    at = models.DateTimeField()
    due_before = models.DateTimeField()
    until = models.DateTimeField()
    reason = models.TextField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    user_label = models.CharField(max_length=120)

    class Meta:
        ordering = ["clock_id", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__gt=F("due_before")) & Q(until__gt=F("at")), name="clocks_extension_later"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clock_id} → {self.until:%Y-%m-%d %H:%M}"


class Pause(ScopedModel):
    """A time in which a clock stood still: since when, until when at most, why, whether the customer agreed.

    Open until `ended_at`, which never lies after `until`: what nobody resumes goes on by itself. Moments are
    UTC. What is paused does not count as lateness; who let it wait is kept by name too.
    """

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="pauses")
    started_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reason = models.TextField()
    agreed = models.BooleanField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    user_label = models.CharField(max_length=120)

    class Meta:
        ordering = ["clock_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["clock"], condition=Q(ended_at=None), name="clocks_pause_open"),
            models.CheckConstraint(
                condition=Q(until__gt=F("started_at"))
                & (Q(ended_at=None) | Q(ended_at__gte=F("started_at"), ended_at__lte=F("until"))),
                name="clocks_pause_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.started_at:%Y-%m-%d %H:%M} …"

    @property
    def span(self) -> tuple[datetime, datetime, str]:
        """From when to when it stands still, as far as is known, and why."""
        return self.started_at, self.ended_at or self.until, self.reason


class Duty(ScopedModel):
    """Somebody is on duty at a site from one moment to another (UTC): whom a ladder tells as `on_duty`.

    Turns of one person at one site do not overlap.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ["starts_at", "id"]
        indexes = [models.Index(fields=["site", "ends_at"], name="clocks_duty_site")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="clocks_duty_order")
        ]

    def __str__(self) -> str:
        # Without the name: the trail shows many at once.
        begin, end = (at.astimezone(local_zone()) for at in (self.starts_at, self.ends_at))
        return f"{begin:%Y-%m-%d %H:%M} – {end:%m-%d %H:%M}"
