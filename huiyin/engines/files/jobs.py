"""Periodic work: forgetting what was removed, taking away what nobody names."""

from datetime import timedelta

from huiyin.base.kit.jobs import periodic
from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import Actor, system_scope, use

from . import store
from .limits import KEEP_REMOVED_DAYS
from .models import Attachment
from .selectors import named
from .services import purge

_EVERY = 300


@periodic(every=3600)
def forget_removed(limit: int = 500) -> int:
    """Forget attachments removed long ago, each in its own transaction; returns how many."""
    before = now() - timedelta(days=KEEP_REMOVED_DAYS)
    with use(system_scope("forget removed files")):
        due = Attachment.objects.filter(removed_at__lt=before).order_by("removed_at", "pk")[:limit]
        return sum(purge(attachment, by=Actor(None, "tidy", "worker")) for attachment in due)


@periodic(every=_EVERY)
def tidy() -> int:
    """Take away unused contents of one folder of the store, the next one each time; returns how many."""
    folder = int(now().timestamp()) // _EVERY
    with use(system_scope("tidy the file store")):
        return store.sweep(folder, named) + store.clear_workbenches()
