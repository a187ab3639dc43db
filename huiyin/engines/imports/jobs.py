"""Taking handed-in files in, one after the other."""

from datetime import timedelta

from django.db.models import Q

from huiyin.base.kit.jobs import periodic
from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import Actor

from .models import ImportRun
from .taking import carry_out

LEASE = timedelta(minutes=15)
"""After so long without an end another worker begins the file anew."""


@periodic(every=1)
def take_in_files() -> int:
    """Take in the file that has waited longest; returns 1 when there was one."""
    waiting = Q(state=ImportRun.State.WAITING)
    left = Q(state=ImportRun.State.RUNNING, started_at__lt=now() - LEASE)
    started = ImportRun.objects.filter(waiting | left).order_by("pk").first()
    if started is None:
        return 0
    claim = {"pk": started.pk, "state": started.state, "started_at": started.started_at}
    if ImportRun.objects.filter(**claim).update(state=ImportRun.State.RUNNING, started_at=now()):
        started.refresh_from_db()
        by = Actor(started.user_id, str(started.user or "import"), "import")
        carry_out(started, by=by)
    return 1
