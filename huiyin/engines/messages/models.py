"""What members of staff have been told."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from huiyin.base.kit.models import ScopedModel
from huiyin.base.kit.moment import now


class Notice(ScopedModel):
    """One thing a member of staff should know. `kind` is the event verb behind it, `about` its page.

    `data` fills the words of the verb (code, title, due moment …). Read once `read_at` stands.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=60)
    about = models.CharField(max_length=200)
    title = models.CharField(max_length=160)
    data = models.JSONField(default=dict)
    at = models.DateTimeField(default=now)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["user", "-at"], name="messages_notice_user"),
            models.Index(fields=["user"], condition=Q(read_at=None), name="messages_notice_unread"),
        ]

    def __str__(self) -> str:
        return self.title
