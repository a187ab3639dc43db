"""Reading packs: the entries in force, and why something is as it is.

Entries are kept in memory, merged. Whether they are stale is asked at most once in `FRESH_SECONDS` per
process, with one query of one row: a reading costs no query in between, and every process follows a new
load within that time; the process that loaded follows at once. A transaction that loads packs sees its own.
Scheduled versions are read with the others and count from their very moment on, in every process alike.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection
from django.db.models import Q
from pydantic import ValidationError

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import current, system_scope, use
from huiyin.base.org.models import Site

from .merging import Merged, Pack, merge
from .models import PackDraft, PackEntry, PackStamp, PackVersion
from .registry import Item, SwitchedOff, Words, section
from .timeline import Timeline

EDIT = "packs.edit"

log = logging.getLogger(__name__)

FRESH_SECONDS = 1.5


@dataclass(slots=True)
class _Stage:
    """All packs in force from a moment on (since ever, without one); what is merged of them per site."""

    since: datetime | None
    packs: tuple[Pack, ...]
    sites: dict[int, str]
    merged: dict[int | None, Merged] = field(default_factory=dict)

    def entries(self, site_id: int | None) -> Merged:
        code = self.sites.get(site_id, "") if site_id is not None else ""
        key = site_id if code else None
        found = self.merged.get(key)
        if found is None:
            found = merge(self.packs, code)
            if key is not None:
                # What a site's own packs do not touch stays the very same tuple as for everybody.
                common = self.entries(None)
                for name in [name for name, own in found.items() if common.get(name) == own]:
                    found = {**found, name: common[name]}
            self.merged[key] = found
        return found


@dataclass(slots=True)
class _Snapshot:
    """What is in force and what is to come under one stamp, by the moments at which it changes."""

    number: int
    line: Timeline
    stages: tuple[_Stage, ...]

    def entries(self, site_id: int | None) -> Merged:
        """What is in force at this moment: a scheduled version counts from its second on, whoever asks."""
        stage = self.stages[0]
        if len(self.stages) > 1:
            moment = now()
            for later in self.stages[1:]:
                if later.since is not None and later.since <= moment:
                    stage = later
        return stage.entries(site_id)


@dataclass(frozen=True, slots=True)
class Why:
    """What stands behind an entry: the words of the handbook and where they were written down."""

    name: str
    clause: str
    source: tuple[str, ...]
    note: str
    pack: str
    layer: str
    version: str
    file: str
    line: int


class _Memory:
    """The snapshot every thread of the process shares, and when it was last known to be current."""

    def __init__(self) -> None:
        self.snapshot: _Snapshot | None = None
        self.checked = float("-inf")
        self.lock = threading.Lock()
        self.own = threading.local()


_memory = _Memory()


def stamp() -> int:
    """The number of the last load; another number means other packs."""
    return PackStamp.objects.values_list("number", flat=True).filter(pk=1).first() or 0


def entries(name: str, site: Site | int | None = None) -> tuple[Item, ...]:
    """The entries of a section in force for the whole organisation, or at a site; earlier layers first.

    The same tuple as long as nothing changed, so that what is computed from it can be kept with it.
    """
    site_id = site.pk if isinstance(site, Site) else site
    return _current().entries(site_id).get(name, ())


def entry(name: str, code: str, site: Site | int | None = None) -> Item | None:
    """The entry in force with that code, or None."""
    return next((item for item in entries(name, site) if item.code == code), None)


def why(name: str, code: str, site: Site | int | None = None) -> Why | None:
    """What stands behind the entry in force with that code, in the language of the moment."""
    item = entry(name, code, site)
    if item is None:
        return None
    value = item.value
    return Why(
        name=str(value.name or item.code),
        clause=value.clause,
        source=tuple(value.source),
        note=str(value.note or ""),
        pack=item.pack,
        layer=item.layer,
        version=item.version,
        file=item.file,
        line=item.line,
    )


def active_packs() -> tuple[Pack, ...]:
    """The packs in force with their entries, read from the database."""
    return timeline().active


def timeline() -> Timeline:
    """The packs in force and the scheduled versions, with their entries, read from the database."""
    return _read(0).line


def pack_of(version: PackVersion) -> Pack:
    """A version with its entries, as far as today's schemas can read them."""
    rows = PackEntry.objects.filter(version=version).order_by("position")
    return _pack(version, [item for row in rows if (item := _item(row, version)) is not None])


def due_versions() -> list[PackVersion]:
    """The scheduled versions whose moment has come, in the order in which they come into force."""
    due = PackVersion.objects.filter(scheduled=True, valid_from__lte=now())
    return list(due.select_related("site").order_by("valid_from", "pk"))


def may_edit(site_id: int | None) -> bool:
    """Whether one may change the rules of a site, or (without one) those of the company."""
    scope = current()
    held = EDIT in scope.company if site_id is None else scope.holds(EDIT, site_id)
    return scope.everywhere or held


def draft_of(site: Site | None) -> PackDraft | None:
    """The changes being prepared for a site or the company, if there are any."""
    found = PackDraft.objects.filter(layer=site.code if site is not None else "")
    draft: PackDraft | None = found.select_related("site", "opened_by").first()
    return draft


def forget() -> None:
    """Ask the database before the next reading whether the entries in memory are stale."""
    _memory.checked = float("-inf")


def keep_own() -> None:
    """Read afresh for the rest of this transaction, which has just changed packs; others see nothing yet."""
    hook = partial(_ended)
    connection.on_commit(hook)
    if not hasattr(_memory.own, "snapshots"):
        _memory.own.snapshots = []
    _memory.own.snapshots.append((hook, _read(stamp())))


def _ended() -> None:
    if not connection.in_atomic_block:
        _memory.own.snapshots.clear()
    forget()


def _own() -> _Snapshot | None:
    """What this thread's open transaction loaded last and has not rolled back; nothing once it has ended."""
    snapshots: list[tuple[partial[None], _Snapshot]] = getattr(_memory.own, "snapshots", [])
    while snapshots:
        hook, snapshot = snapshots[-1]
        if any(pending[1] is hook for pending in connection.run_on_commit):
            return snapshot
        snapshots.pop()
        forget()
    return None


def _current() -> _Snapshot:
    own = _own()
    if own is not None:
        return own
    snapshot = _memory.snapshot
    if snapshot is not None and time.monotonic() - _memory.checked < FRESH_SECONDS:
        return snapshot
    with _memory.lock:
        asked = time.monotonic()
        number = stamp()
        snapshot = _memory.snapshot
        if snapshot is None or snapshot.number != number:
            snapshot = _memory.snapshot = _read(number)
        _memory.checked = asked
    return snapshot


def _read(number: int) -> _Snapshot:
    """All packs in force or to come. The stamp was read before them: a load in between only makes it read again."""
    with use(system_scope("packs")):
        wanted = Q(active=True) | Q(scheduled=True)
        versions = list(
            PackVersion.objects.filter(wanted).select_related("site").order_by("valid_from", "pk")
        )
        rows = list(
            PackEntry.objects.filter(version__in=[version.pk for version in versions]).order_by(
                "version_id", "position"
            )
        )
    by_version: dict[int, list[Item]] = {version.pk: [] for version in versions}
    heads = {version.pk: version for version in versions}
    for row in rows:
        if row.version_id in heads:
            item = _item(row, heads[row.version_id])
            if item is not None:
                by_version[row.version_id].append(item)
    packs = {version: _pack(version, by_version[version.pk]) for version in versions}
    sites = {version.site_id: version.site.code for version in versions if version.site_id is not None}
    line = Timeline(
        tuple(pack for version, pack in packs.items() if version.active),
        tuple(pack for version, pack in packs.items() if not version.active),
    )
    return _Snapshot(number, line, tuple(_Stage(since, held, sites) for since, held in line.stages()))


def _pack(version: PackVersion, items: list[Item]) -> Pack:
    return Pack(
        version.code,
        Words.model_validate(version.name),
        version.layer,
        version.version,
        version.digest,
        f"{version.code}/pack.yaml",
        tuple(version.requires),
        version.site.code if version.site is not None else "",
        tuple(items),
        version.pk,
        files_digest=version.files_digest,
        valid_from=version.valid_from,
    )


def _item(row: PackEntry, version: PackVersion) -> Item | None:
    """A stored entry as today's schema reads it; one that it no longer can read is left out and logged."""
    known = section(row.section)
    if known is None:
        return None
    value: Any
    try:
        if row.data.get("disabled") is True:
            value = SwitchedOff.model_validate(row.data)
        else:
            value = known.entry.model_validate(row.data)
    except ValidationError:
        log.error("%s:%s: entry %s no longer fits its section; load the packs", row.file, row.line, row)
        return None
    return Item(
        row.section,
        row.code,
        value,
        version.code,
        version.layer,
        version.version,
        row.file,
        row.line,
        row.parent,
        version_id=version.pk,
    )
