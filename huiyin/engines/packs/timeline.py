"""Which packs are in force when: those of now, and the versions that are to come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from .merging import Pack, in_order
from .writing import Head, Raw, digest, patched, raw


@dataclass(frozen=True, slots=True)
class Timeline:
    """The packs in force now, and the scheduled ones in the order in which they come into force."""

    active: tuple[Pack, ...] = ()
    scheduled: tuple[Pack, ...] = ()

    def stages(self) -> Iterator[tuple[datetime | None, tuple[Pack, ...]]]:
        """All packs together from each moment on at which they change; the first since ever."""
        packs = {pack.code: pack for pack in self.active}
        yield None, tuple(packs.values())
        for pack in self.scheduled:
            packs[pack.code] = pack
            yield pack.valid_from, tuple(packs.values())

    def at(self, moment: datetime | None = None) -> tuple[Pack, ...]:
        """All packs in force at a moment, as far as it is known now; without one, those in force now."""
        found: tuple[Pack, ...] = self.active
        for since, packs in self.stages():
            if since is None or (moment is not None and since <= moment):
                found = packs
        return found

    def pack(self, code: str, moment: datetime | None = None) -> Pack | None:
        """The pack of that code in force at a moment (now, without one)."""
        return next((pack for pack in self.at(moment) if pack.code == code), None)

    def own(self, layer: str, site: str = "", moment: datetime | None = None) -> Pack | None:
        """The pack of a layer that counts most: of the company, or of one site."""
        found = [pack for pack in in_order(self.at(moment)) if pack.layer == layer and pack.site == site]
        return found[-1] if found else None

    def without(self, version_id: int | None) -> Timeline:
        """The same, with one of the scheduled versions withdrawn."""
        return replace(self, scheduled=tuple(one for one in self.scheduled if one.version_id != version_id))

    def with_pack(self, pack: Pack, moment: datetime | None = None) -> Timeline:
        """The same, with a new version of a pack in force from a moment on (at once, without one).

        What it changes is carried into the later scheduled versions of the pack too, but for the entries that
        those change themselves. A version that was changed so has no `version_id` any more.
        """
        before = self.pack(pack.code, moment)
        changes = difference(before, pack)
        old = {one.key: one for one in map(raw, before.items)} if before is not None else {}
        later = []
        for one in self.scheduled:
            after = one.valid_from is not None and (moment is None or one.valid_from > moment)
            later.append(_carried(one, changes, old, pack) if after and one.code == pack.code else one)
        if moment is None:
            active = {one.code: one for one in self.active} | {pack.code: pack}
            return Timeline(tuple(active.values()), tuple(later))
        placed = [*later, replace(pack, valid_from=moment, version_id=None)]
        placed.sort(key=_since)  # a stable order: of two for the same moment the one written last counts
        return Timeline(self.active, tuple(placed))


def _since(pack: Pack) -> datetime:
    assert pack.valid_from is not None
    return pack.valid_from


def head_of(pack: Pack) -> Head:
    """What stands in the pack.yaml of a pack."""
    return Head(pack.code, pack.name, pack.layer, pack.version, pack.requires, pack.site)


def difference(before: Pack | None, after: Pack) -> dict[tuple[str, str], Raw | None]:
    """The entries that differ between two versions as they are afterwards; None for those that went."""
    old = {one.key: one for one in map(raw, before.items)} if before is not None else {}
    new = {one.key: one for one in map(raw, after.items)}
    changed: dict[tuple[str, str], Raw | None] = {k: v for k, v in new.items() if old.get(k) != v}
    return changed | dict.fromkeys(old.keys() - new.keys())


def _carried(
    later: Pack,
    changes: Mapping[tuple[str, str], Raw | None],
    old: Mapping[tuple[str, str], Raw],
    pack: Pack,
) -> Pack:
    """A scheduled version with the changes of an earlier one, but for what it changes itself."""
    held = {one.key: one for one in map(raw, later.items)}
    taken = {
        key: new for key, new in changes.items() if held.get(key) == old.get(key) and held.get(key) != new
    }
    if not taken:
        return later
    fresh = {(item.section, item.code): item for item in later.items}
    fresh |= {key: item for item in pack.items if (key := (item.section, item.code)) in taken}
    entries = patched(map(raw, later.items), taken)
    items = tuple(fresh[one.key] for one in entries)
    return replace(
        later, items=items, digest=digest(head_of(later), entries), files_digest="", version_id=None
    )
