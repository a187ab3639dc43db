"""Packs as they were loaded: versions, and the entries of each."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.models import SharedModel

from .registry import Words


class PackVersion(SharedModel):
    """One state of a pack as it was loaded; at most one of a pack is active.

    `digest` tells whether a folder is the same. Only packs of the site layer have a site; all others are
    valid for the whole organisation. Nothing of it changes later but `active`.
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
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.version}"

    @property
    def title(self) -> str:
        """The name of the pack in the language of the moment."""
        return str(Words.model_validate(self.name))


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


class PackStamp(models.Model):
    """One row with a number that is another one after every load, so that processes know what is stale."""

    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)
