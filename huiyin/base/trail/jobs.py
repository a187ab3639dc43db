"""Periodic work of the trail: carrying out what is owed, and sealing what has settled."""

from huiyin.base.kit.jobs import periodic
from huiyin.base.kit.moment import now
from huiyin.base.kit.once import forget_old
from huiyin.base.kit.scope import Actor, system_scope, use

from .models import Delivery
from .sealing import seal_settled
from .services import MAX_TRIES, deliver


@periodic(every=2)
def relay(limit: int = 200) -> int:
    """Carry out the reactions that are owed and due, oldest first; returns how many were done.

    Each delivery has its own transaction, so a worker killed in the middle loses nothing.
    """
    done = 0
    with use(system_scope("relay")):
        due = Delivery.objects.filter(done_at=None, next_try_at__lte=now(), tries__lt=MAX_TRIES)
        for delivery in due.select_related("event").order_by("next_try_at", "pk")[:limit]:
            done += deliver(delivery, by=Actor(None, "relay", "worker"))
    return done


@periodic(every=3600)
def forget_keys() -> int:
    """Forget the keys of commands done long ago; returns how many."""
    return forget_old()


@periodic(every=60)
def seal_events() -> int:
    """Seal what has settled in the trail; returns how many full blocks there were."""
    return seal_settled()
