"""What is kept of every thing so that it can be found."""

from __future__ import annotations

from typing import Any

from django.db import models

from huiyin.base.kit.models import ScopedModel


class TokensField(models.TextField):  # type: ignore[type-arg]
    """Search tokens: a `tsvector` on PostgreSQL, text mirrored into an FTS5 table on SQLite."""

    def db_type(self, connection: Any) -> str:
        return "tsvector" if connection.vendor == "postgresql" else "text"

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:  # noqa: ARG002
        return "to_tsvector('simple', %s)" if connection.vendor == "postgresql" else "%s"


class Entry(ScopedModel):
    """One findable thing. `kind` is its table (`cases.case`), `at` the moment lists order it by."""

    kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    title = models.CharField(max_length=160)
    subtitle = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    tokens = TokensField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "subject_id"], name="search_entry_once")]
        indexes = [models.Index(fields=["kind", "-at", "-id"], name="search_entry_newest")]

    def __str__(self) -> str:
        return self.title
