"""The hash chain over the trail: what an event's digest is taken of, and what no longer agrees.

An event's digest covers every column of it. A block's hash covers the digests of its events and the hash
of the block before; its seal is the same under a key that is kept outside the database. So whoever can
write to the database can neither change, remove nor slip in a sealed event unseen.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from .models import Block, Event

ID, DIGEST = 8, 32
LEAF = ID + DIGEST
"""Bytes of one event in a block: its id, then its digest."""
START = "0" * 64
"""What the first block names as the hash before it."""
BEFORE_ALL = -(2**63)
"""Below every id there can be."""
COLUMNS = (
    "id",
    "at",
    "verb",
    "site_id",
    "actor_id",
    "actor_label",
    "via",
    "subject_type",
    "subject_id",
    "root_type",
    "root_id",
    "data",
)
"""All columns of an event, in the order in which they are told."""
_AT = COLUMNS.index("at")

CHANGED, REMOVED, INSERTED, BROKEN, MISSING = "changed", "removed", "inserted", "broken", "missing"
FAULTS = {
    CHANGED: _("The event is not what was sealed."),
    REMOVED: _("The event was sealed and is gone."),
    INSERTED: _("The event stands among sealed ones and was not sealed with them."),
    BROKEN: _("The block does not agree with itself, its key or the block before."),
    MISSING: _("Blocks before this one are gone."),
}
"""What can be wrong, in words."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was sealed: in which block, at which event (None: the block itself)."""

    kind: str
    block: int
    event_id: int | None = None

    def __str__(self) -> str:
        at = f"block {self.block}" if self.event_id is None else f"block {self.block}, event {self.event_id}"
        return f"{at}: {FAULTS[self.kind]}"


def told(values: Iterable[Any]) -> bytes:
    """The values of an event's columns as one line of JSON: what its digest is taken of."""
    line = list(values)
    line[_AT] = line[_AT].astimezone(UTC).isoformat(timespec="microseconds")
    return json.dumps(line, sort_keys=True, separators=(",", ":")).encode("ascii")


def digest(values: Iterable[Any]) -> bytes:
    """The SHA-256 of an event's columns."""
    return hashlib.sha256(told(values)).digest()


def digest_of(event: Event) -> str:
    """The digest of a loaded event, as people compare it."""
    return digest(getattr(event, name) for name in COLUMNS).hex()


def leaves_of(rows: Iterable[tuple[Any, ...]]) -> bytes:
    """Ids and digests of events, given as their columns in order of id."""
    return b"".join(row[0].to_bytes(ID, "big", signed=True) + digest(row) for row in rows)


def hash_of(number: int, previous: str, leaves: bytes) -> str:
    """The hash of a block."""
    return hashlib.sha256(f"{number}:{previous}:".encode() + leaves).hexdigest()


def seal_of(block: Block) -> str:
    """The seal of a block: everything it says, under the key that is kept outside the database."""
    key = settings.TRAIL_KEY.encode()
    said = f"{block.hash}:{block.first_id}:{block.last_id}:{block.count}:{block.sealed_at.astimezone(UTC).isoformat()}"
    return hmac.new(key, said.encode(), "sha256").hexdigest()


def leaves_in(block: Block) -> dict[int, bytes]:
    """The digests a block keeps, by the events' ids."""
    raw = bytes(block.leaves)
    return {id_in(raw[at : at + ID]): raw[at + ID : at + LEAF] for at in range(0, len(raw), LEAF)}


def id_in(raw: bytes) -> int:
    """The id at the start of an event's leaf."""
    return int.from_bytes(raw[:ID], "big", signed=True)


def rows_between(after: int, last: int) -> Any:
    """The columns of the events with ids above `after`, up to `last`, in order of id."""
    return Event.objects.filter(pk__gt=after, pk__lte=last).order_by("pk").values_list(*COLUMNS)


def faults() -> Iterator[Fault]:
    """Everything in the sealed part of the trail that is not as it was sealed. Needs a scope over everything."""
    previous, number, after = START, 0, BEFORE_ALL
    for block in Block.objects.order_by("number").iterator(chunk_size=20):
        if block.number != number + 1:
            yield Fault(MISSING, block.number)
        elif block.previous != previous:
            yield Fault(BROKEN, block.number)
        yield from _inside(block, after)
        previous, number, after = block.hash, block.number, block.last_id


def _inside(block: Block, after: int) -> Iterator[Fault]:
    """What does not agree within a block, and between it and its events."""
    leaves = leaves_in(block)
    ids = list(leaves)
    whole = (
        bool(ids)
        and len(block.leaves) == block.count * LEAF
        and len(ids) == block.count
        and (ids[0], ids[-1]) == (block.first_id, block.last_id)
        and ids[0] > after
        and block.hash == hash_of(block.number, block.previous, bytes(block.leaves))
        and hmac.compare_digest(block.seal, seal_of(block))
    )
    if not whole:
        yield Fault(BROKEN, block.number)
    found: dict[int, bytes | None] = dict(_digests(after, block.last_id))
    for event_id in sorted({*leaves, *found}):
        if event_id not in found:
            yield Fault(REMOVED, block.number, event_id)
        elif event_id not in leaves:
            yield Fault(INSERTED, block.number, event_id)
        elif found[event_id] != leaves[event_id]:
            yield Fault(CHANGED, block.number, event_id)


def _digests(after: int, last: int) -> Iterator[tuple[int, bytes | None]]:
    """The digests of events as they stand; None for one that cannot even be read."""
    try:
        read = [(row[0], digest(row)) for row in rows_between(after, last)]
    except (ValueError, TypeError, AttributeError):
        yield from _one_by_one(after, last)
    else:
        yield from read


def _one_by_one(after: int, last: int) -> Iterator[tuple[int, bytes | None]]:
    ids = Event.objects.filter(pk__gt=after, pk__lte=last).order_by("pk").values_list("pk", flat=True)
    for event_id in list(ids):
        try:
            yield event_id, digest(rows_between(event_id - 1, event_id)[0])
        except (ValueError, TypeError, AttributeError):
            yield event_id, None
