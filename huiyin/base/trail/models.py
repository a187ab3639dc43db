"""What happened, what still has to be done about it, and what proves that it stays as it was."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from huiyin.base.kit.models import SharedModel


class Event(SharedModel):
    """One thing that happened. Never changed, never deleted.

    `at` is the moment in UTC. `subject` is the row it happened to; `root` the case (or other
    matter) under whose history it is read. `data` holds what was said and old and new values.
    """

    at = models.DateTimeField()
    verb = models.CharField(max_length=60)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    actor_label = models.CharField(max_length=120)
    via = models.CharField(max_length=12)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    root_type = models.CharField(max_length=60)
    root_id = models.BigIntegerField()
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["root_type", "root_id", "id"], name="trail_event_root"),
            models.Index(fields=["verb", "at"], name="trail_event_verb"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type}:{self.subject_id}"


class Delivery(models.Model):
    """One reaction's duty to one event: open until `done_at`, tried again at `next_try_at`."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="deliveries")
    reaction = models.CharField(max_length=120)
    done_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    error = models.TextField(default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "reaction"], name="trail_delivery_once")]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(done_at=None), name="trail_delivery_open"),
        ]

    def __str__(self) -> str:
        return f"{self.reaction} for event {self.event_id}"


class Block(models.Model):
    """A stretch of the trail that has been sealed: its events' digests, chained to the block before.

    Covers all events with ids above the last one of the block before, up to `last_id`. `leaves` holds for each
    of them id and digest. Never changed, never deleted.
    """

    number = models.BigIntegerField(primary_key=True)
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField(unique=True)
    count = models.PositiveIntegerField()
    sealed_at = models.DateTimeField()
    leaves = models.BinaryField()
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    seal = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"block {self.number}: events {self.first_id} to {self.last_id}"
