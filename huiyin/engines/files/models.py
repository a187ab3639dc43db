"""What is attached to what."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.models import ScopedModel
from huiyin.base.kit.moment import now

from .signatures import BY_CONTENT_TYPE


class Attachment(ScopedModel):
    """One file of one record (its owner, by table and id), at the owner's site.

    `sha256` is the digest of the content as it is stored; `size` its bytes, `width` and `height` its
    pixels when it is an image. Once `removed_at` stands, nobody sees it any more.
    """

    owner_type = models.CharField(max_length=60)
    owner_id = models.BigIntegerField()
    name = models.CharField(max_length=120, verbose_name=_("Name"))
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(verbose_name=_("Size"))
    sha256 = models.CharField(max_length=64)
    width = models.PositiveSmallIntegerField(null=True)
    height = models.PositiveSmallIntegerField(null=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    uploaded_at = models.DateTimeField(default=now, verbose_name=_("Attached"))
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["uploaded_at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner_type", "owner_id", "sha256"],
                condition=Q(removed_at=None),
                name="files_attachment_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["sha256"], name="files_attachment_sha256"),
            models.Index(
                fields=["removed_at"], condition=Q(removed_at__isnull=False), name="files_attachment_removed"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("files:download", args=[self.pk, self.name])

    @property
    def is_image(self) -> bool:
        """Whether there is a thumbnail."""
        return self.width is not None

    @property
    def is_inline(self) -> bool:
        """Whether a browser may show it itself; everything else is saved."""
        kind = BY_CONTENT_TYPE.get(self.content_type)
        return kind is not None and kind.inline

    @property
    def family(self) -> str:
        """What it is, roughly: image, audio, video or document."""
        family = self.content_type.partition("/")[0]
        return family if family in ("image", "audio", "video") else "document"
