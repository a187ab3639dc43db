"""Packs as they were loaded: versions, and the entries of each."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.models import SharedModel

from .registry import Words


class PackVersion(SharedModel):
    """One state of a pack; at most one of a pack is active.

    It is in force from `valid_from` (UTC) until `valid_until` (empty: until further notice). A `scheduled` one
    waits for its `valid_from` and may be withdrawn before. `digest` tells whether two versions say the same;
    `files_digest` whether a folder is the very same that was loaded (empty for what was made on screen).
    `restores` is the earlier version whose contents it brings back. Only packs of the site layer have a site;
    all others are valid for the whole organisation. Its contents never change.
    """

    class Layer(models.TextChoices):
        BASE = "base", _("Every service centre")
        INDUSTRY = "industry", _("Industry")
        COMPANY = "company", _("Company")
        SITE = "site", _("Site")

    code = models.CharField(max_length=40, verbose_name=_("Code"))
    layer = models.CharField(max_length=8, choices=Layer.choices, verbose_name=_("Layer"))
    version = models.CharField(max_length=40, verbose_name=_("Version"))
    digest = models.CharField(max_length=64)
    name = models.JSONField(default=dict)
    requires = models.JSONField(default=list)
    active = models.BooleanField(default=True, verbose_name=_("In force"))
    scheduled = models.BooleanField(default=False, verbose_name=_("Scheduled"))
    valid_from = models.DateTimeField(verbose_name=_("Valid from"))
    valid_until = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True, verbose_name=_("Reason"))
    files_digest = models.CharField(max_length=64, blank=True)
    restores = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    loaded_at = models.DateTimeField(verbose_name=_("Loaded"))
    loaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["code", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["code"], condition=Q(active=True), name="packs_one_active_version"
            ),
            models.CheckConstraint(
                condition=Q(active=False) | Q(scheduled=False), name="packs_active_or_scheduled"
            ),
        ]
        indexes = [
            models.Index(fields=["valid_from"], condition=Q(scheduled=True), name="packs_version_due"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.version}"

    @property
    def title(self) -> str:
        """The name of the pack in the language of the moment."""
        return str(Words.model_validate(self.name))

    @property
    def on_screen(self) -> bool:
        """Whether it was made on screen, not loaded from files."""
        return not self.files_digest

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("packs:version", args=[self.pk])


class PackEntry(SharedModel):
    """One entry of a pack version: its data, the requirement ids and the clause behind it, file and line."""

    version = models.ForeignKey(PackVersion, on_delete=models.CASCADE, related_name="entries", db_index=False)
    section = models.CharField(max_length=40)
    code = models.CharField(max_length=80)
    parent = models.CharField(max_length=80, blank=True)
    position = models.PositiveIntegerField()
    data = models.JSONField()
    source = models.JSONField(default=list)
    clause = models.CharField(max_length=200, blank=True)
    file = models.CharField(max_length=200)
    line = models.PositiveIntegerField()

    class Meta:
        ordering = ["version", "position"]
        constraints = [
            models.UniqueConstraint(fields=["version", "section", "code"], name="packs_entry_once"),
        ]

    def __str__(self) -> str:
        return f"{self.section}/{self.code}"


class PackDraft(SharedModel):
    """The changes being prepared for the pack of a site, or (without a site) of the company.

    There is at most one of each (`layer`: the code of the site, empty for the company); it goes when it is
    activated or discarded. `revision` grows with every
    change, so that nobody activates what they have not seen.
    """

    layer = models.CharField(max_length=40, unique=True)
    revision = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    def __str__(self) -> str:
        return str(self.site) if self.site is not None else str(_("The whole organisation"))


class DraftEntry(SharedModel):
    """One entry as it shall be in the pack of its draft; without `data` it shall go from there.

    `before` is what the pack held (`[data, parent]`, or nothing) when the change was written: if it holds
    something else by now, somebody else changed it and the change must be looked at again.
    """

    draft = models.ForeignKey(PackDraft, on_delete=models.CASCADE, related_name="changes", db_index=False)
    section = models.CharField(max_length=40)
    code = models.CharField(max_length=80)
    parent = models.CharField(max_length=80, blank=True)
    data = models.JSONField(null=True)
    before = models.JSONField(null=True)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["section", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["draft", "section", "code"], name="packs_draft_entry_once"),
        ]

    def __str__(self) -> str:
        return f"{self.section}/{self.code}"


class PackStamp(models.Model):
    """One row with a number that is another one after every load, so that processes know what is stale."""

    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)
