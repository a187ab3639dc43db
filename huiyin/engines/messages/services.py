"""Telling members of staff."""

from collections.abc import Iterable
from typing import Any

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import service

from .models import Notice


@service
def notify(
    site_id: int, *, users: Iterable[int | None], kind: str, title: str, about: str, by: Actor, **data: Any
) -> int:
    """Tell people (ids; None is passed over) about something at a site; returns how many were told.

    `kind` is an event verb, `about` the address of the page it concerns.
    """
    notices = [
        Notice(site_id=site_id, user_id=user, kind=kind, title=title[:160], about=about, data=data, at=now())
        for user in sorted({user for user in users if user is not None and user != by.user_id})
    ]
    Notice.objects.bulk_create(notices)
    return len(notices)


@service
def mark_read(user_id: int, *, pks: Iterable[int] | None = None, by: Actor) -> int:
    """Mark a person's own notices as read (all of them when none are named); returns how many."""
    rows = Notice.objects.filter(user_id=by.user_id, read_at=None)
    if pks is not None:
        rows = rows.filter(pk__in=list(pks))
    return rows.update(read_at=now())
