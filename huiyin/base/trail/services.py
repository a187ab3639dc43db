"""Writing history, and carrying out what follows from it."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models, transaction
from django.db.models.functions import Cast, JSONObject

from huiyin.base.kit.ids import OneOf
from huiyin.base.kit.inserting import insert, write_held
from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import Actor, system_scope, use
from huiyin.base.kit.service import service
from huiyin.base.kit.statements import run

from .models import Delivery, Event
from .registry import LISTENERS, REACTIONS, VERBS, Reaction, describe, reaction

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
    insert(event)
    for listener in LISTENERS:
        listener(event, subject)
    owed = [one for one in REACTIONS.get(verb, ()) if one.answers(data)]
    if owed:
        write_held()  # a delivery names the event's id
        deliveries = Delivery.objects.bulk_create(
            [Delivery(event=event, reaction=one.name, next_try_at=event.at) for one in owed]
        )
        at_once = [d for d, one in zip(deliveries, owed, strict=True) if not one.later]
        if at_once:
            transaction.on_commit(partial(_deliver_all, at_once), robust=True)
    return event


@service
def record_each(
    rows: models.QuerySet[Any], verb: str, *, by: Actor, root: tuple[str, str] | None = None, **data: Any
) -> int:
    """Write one event of a verb for each row of a queryset, in one statement however many there are.

    For periodic work over many rows. `root` names the two columns that hold type and id of the root; without
    it every row is its own. `data` are values or expressions over the rows. Unlike `record`, listeners do not
    hear these events, and all reactions are left to the worker: thousands of them must not hold up whoever
    writes. The queryset must still find the same rows afterwards, so name them by their keys. Returns how
    many events were written. Refused (ValueError) when the verb was never declared.
    """
    if verb not in VERBS:
        raise ValueError(f"unknown event verb {verb}")
    write_held()
    at, subject_type = now(), rows.model._meta.label_lower
    written = _insert_from(
        Event,
        rows,
        at=at,
        verb=verb,
        site_id=models.F("site_id"),
        actor_id=by.user_id,
        actor_label=by.label[:120],
        via=by.via,
        subject_type=subject_type,
        subject_id=models.F("pk"),
        root_type=models.F(root[0]) if root else subject_type,
        root_id=models.F(root[1]) if root else models.F("pk"),
        data=JSONObject(**{key: _expression(value) for key, value in data.items()}),
    )
    events = Event.objects.filter(OneOf("pk", written))
    for known in REACTIONS.get(verb, ()) if written else ():
        _insert_from(
            Delivery,
            events.filter(_answered(known)),
            event_id=models.F("pk"),
            reaction=known.name,
            next_try_at=at,
            tries=0,
            error="",
            done_at=None,
        )
    return len(written)


def _answered(known: Reaction) -> models.Q:
    """The events that a reaction answers to, as `Reaction.answers` says of one."""
    found = models.Q()
    if known.of is not None:
        found &= models.Q(data__subject_type=known.of)
    if known.given is not None:
        found &= models.Q(data__has_key=known.given)
    return found


def _expression(value: Any) -> Any:
    """A value of the data; a plain text is said to be one, which PostgreSQL cannot know by itself."""
    if hasattr(value, "resolve_expression"):
        return value
    return Cast(models.Value(value), models.TextField()) if isinstance(value, str) else models.Value(value)


def _insert_from(model: type[models.Model], rows: models.QuerySet[Any], **values: Any) -> list[int]:
    """INSERT … SELECT: a row of `model` for each of `rows`, with the columns given; returns their ids."""
    by_column = {field.attname: field for field in model._meta.concrete_fields}
    fields = [by_column[name] for name in values]
    expressions = {
        f"new_{number}": value
        if hasattr(value, "resolve_expression")
        else models.Value(value, output_field=field)
        for number, (field, value) in enumerate(zip(fields, values.values(), strict=True))
    }
    query = rows.order_by().annotate(**expressions).values_list(*expressions).query
    try:
        select, params = query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return []
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    insert_into = f"INSERT INTO {quote(model._meta.db_table)} ({columns})"
    return [pk for (pk,) in run(f"{insert_into} {select} RETURNING id", params)]


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
