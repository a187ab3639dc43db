"""Writing history, and carrying out what follows from it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import models, transaction

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import Actor, system_scope, use
from huiyin.base.kit.service import service

from .models import Delivery, Event
from .registry import LISTENERS, REACTIONS, VERBS, describe, reaction

log = logging.getLogger(__name__)

MAX_TRIES = 20
BACK_OFF = (5, 15, 60, 300, 900, 3600)
"""Seconds until the next try of a failed reaction; the last value repeats."""


@service
def record(
    subject: models.Model, verb: str, *, by: Actor, root: models.Model | None = None, **data: Any
) -> Event:
    """Write one event, let the listeners hear it, and owe it to every reaction.

    Call it inside a service; `data` must be JSON. Refused (ValueError) when the verb was never
    declared: an event nobody can read is a mistake in the code.
    """
    if verb not in VERBS:
        raise ValueError(f"unknown event verb {verb}")
    root = root if root is not None else subject
    event = Event(
        at=now(),
        verb=verb,
        site_id=getattr(subject, "site_id", None),
        actor_id=by.user_id,
        actor_label=by.label[:120],
        via=by.via,
        subject_type=describe(subject),
        subject_id=subject.pk,
        root_type=describe(root),
        root_id=root.pk,
        data=data,
    )
    event.save(force_insert=True)
    for listener in LISTENERS:
        listener(event, subject)
    owed = REACTIONS.get(verb, ())
    if owed:
        deliveries = Delivery.objects.bulk_create(
            [Delivery(event=event, reaction=one.name, next_try_at=event.at) for one in owed]
        )
        at_once = [d for d, one in zip(deliveries, owed, strict=True) if not one.later]
        if at_once:
            transaction.on_commit(partial(_deliver_all, at_once), robust=True)
    return event


@dataclass(frozen=True, slots=True)
class Happening:
    """One of many events of a verb: the row it happened to, its data (JSON), and its root (type and id).

    Without a root the row is its own.
    """

    subject: models.Model
    data: Mapping[str, Any] = field(default_factory=dict)
    root: tuple[str, int] | None = None


@service
def record_many(happenings: Sequence[Happening], verb: str, *, by: Actor) -> list[Event]:
    """Write many events of one verb at the present moment with few statements; listeners hear each.

    For periodic work over many rows. Unlike `record`, all reactions are left to the worker: thousands of
    them must not hold up whoever writes. Refused (ValueError) when the verb was never declared.
    """
    if verb not in VERBS:
        raise ValueError(f"unknown event verb {verb}")
    at = now()
    events: list[Event] = []
    for one in happenings:
        subject_type, subject_id = describe(one.subject), one.subject.pk
        root_type, root_id = one.root or (subject_type, subject_id)
        events.append(
            Event(
                at=at,
                verb=verb,
                site_id=getattr(one.subject, "site_id", None),
                actor_id=by.user_id,
                actor_label=by.label[:120],
                via=by.via,
                subject_type=subject_type,
                subject_id=subject_id,
                root_type=root_type,
                root_id=root_id,
                data=dict(one.data),
            )
        )
    events = Event.objects.bulk_create(events, batch_size=1000)
    for listener in LISTENERS:
        for event, one in zip(events, happenings, strict=True):
            listener(event, one.subject)
    owed = REACTIONS.get(verb, ())
    if owed:
        Delivery.objects.bulk_create(
            [
                Delivery(event=event, reaction=known.name, next_try_at=at)
                for event in events
                for known in owed
            ],
            batch_size=1000,
        )
    return events


def _deliver_all(deliveries: list[Delivery]) -> None:
    for delivery in deliveries:
        deliver(delivery, by=Actor(None, "relay", "worker"))


@service
def deliver(delivery: Delivery, *, by: Actor) -> bool:
    """Run one reaction and mark it done in the same transaction; True when it is done.

    A failing reaction leaves nothing behind but its error and the time of its next try; one that
    another process already did is left alone.
    """
    known = reaction(delivery.reaction)
    open_row = Delivery.objects.filter(pk=delivery.pk, done_at=None)
    if known is None:
        open_row.update(tries=MAX_TRIES, error="the reaction no longer exists", done_at=now())
        return False
    try:
        with transaction.atomic(), use(system_scope(f"reaction {known.name}")):
            if open_row.update(done_at=now()):
                known.func(delivery.event)
        return True
    except Exception as error:
        log.exception("reaction %s failed for event %s", delivery.reaction, delivery.event_id)
        wait = BACK_OFF[min(delivery.tries, len(BACK_OFF) - 1)]
        open_row.update(
            tries=delivery.tries + 1, error=repr(error)[:2000], next_try_at=now() + timedelta(seconds=wait)
        )
        return False
