"""Sealing: what has settled in the trail becomes the next block of the chain."""

from __future__ import annotations

import time

from django.db import IntegrityError, connection, transaction

from huiyin.base.kit.moment import now
from huiyin.base.kit.statements import run

from .chain import BEFORE_ALL, LEAF, START, hash_of, id_in, leaves_of, rows_between, seal_of
from .models import Block, Event

SIZE = 1000
"""The most events of a block."""
PATIENCE = 5.0
"""Seconds to wait for writers before a turn is given up."""
WRITERS = """
SELECT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND relation = %s::regclass
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
AND granted AND pid IS DISTINCT FROM pg_backend_pid()
"""
"""The transactions of others that have written to the trail and are not over."""


def settled(patience: float = PATIENCE) -> int:
    """The id up to which no event can appear any more; 0 when writers keep that open for too long.

    An id is given out by a statement that already holds its lock on the table, so whoever may still commit an
    id up to the newest visible one is among the writers seen right after it. Nobody is made to wait but we. On
    SQLite ids are given out in the order of the commits.
    """
    newest: int = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    if connection.vendor != "postgresql":
        return newest
    until = time.monotonic() + patience
    waited_for = _writers()
    while waited_for:
        if time.monotonic() > until:
            return 0
        time.sleep(0.05)
        waited_for &= _writers()
    return newest


def _writers() -> set[str]:
    return {row[0] for row in run(WRITERS, [Event._meta.db_table])}


def seal_next(last: int, *, size: int = SIZE) -> int:
    """Seal the next block out of the events up to an id; returns how many events it has.

    Any number may try at once: the number of a block is its key, so of two equal ones the second is not taken.
    """
    before = Block.objects.order_by("-number").defer("leaves").first()
    number, previous, after = (
        (before.number + 1, before.hash, before.last_id) if before else (1, START, BEFORE_ALL)
    )
    leaves = leaves_of(rows_between(after, last)[:size])
    if not leaves:
        return 0
    block = Block(
        number=number,
        first_id=id_in(leaves),
        last_id=id_in(leaves[-LEAF:]),
        count=len(leaves) // LEAF,
        sealed_at=now(),
        leaves=leaves,
        previous=previous,
        hash=hash_of(number, previous, leaves),
    )
    block.seal = seal_of(block)
    try:
        with transaction.atomic():
            block.save(force_insert=True)
    except IntegrityError:
        return 0  # another worker was faster
    return block.count


def seal_settled(*, blocks: int = 50, size: int = SIZE) -> int:
    """Seal what has settled, at most so many blocks; returns how many of them were full.

    What is left over makes a smaller block, so that nothing waits for a full one.
    """
    last = settled()
    full = 0
    while full < blocks and seal_next(last, size=size) == size:
        full += 1
    return full
