"""Keeping what can be found."""

from django.db import models

from huiyin.base.kit.inserting import insert
from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import service

from .documents import Document, all_tokens
from .models import Entry


@service
def index(row: models.Model, document: Document, *, new: bool = False, by: Actor) -> None:
    """Keep (or renew) what can be found of a row; `new` spares the look whether it is there."""
    kind = row._meta.label_lower
    site_id: int = row.site_id  # type: ignore[attr-defined]
    values = {
        "site_id": site_id,
        "title": document.title[:160],
        "subtitle": document.subtitle[:200],
        "at": document.at,
        "tokens": all_tokens(document, kind, site_id),
    }
    if not new and Entry.objects.filter(kind=kind, subject_id=row.pk).update(**values):
        return
    insert(Entry(kind=kind, subject_id=row.pk, **values))


@service
def forget(row: models.Model, *, by: Actor) -> None:
    """Let a row be found no longer."""
    Entry.objects.filter(kind=row._meta.label_lower, subject_id=row.pk).delete()
