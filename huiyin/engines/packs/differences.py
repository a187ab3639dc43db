"""What a draft or a version changes, field by field and in words, and whom and what it touches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from huiyin.base.org.models import Site
from huiyin.base.org.selectors import sites_in_reach

from .editing import Prepared
from .fields import REFERS, name_of, offered
from .merging import Pack, merge
from .models import DraftEntry, PackEntry
from .registry import Item, Touched, section, show_of, touched_by
from .selectors import entries
from .words import NUMBERED, key_words, value_words

Flat = dict[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One value that differs: its name, and what it was and will be."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry that a draft changes at its layer.

    `kind` is added, changed, removed (nothing of it is left) or returned (that of an earlier layer counts
    again). `rows` tell it as people read the section, `exact` value by value. `overrides` is the pack whose
    entry it replaces.
    """

    change: DraftEntry
    kind: str
    label: Any
    name: str
    rows: tuple[Row, ...]
    exact: tuple[Row, ...]
    touched: tuple[Touched, ...]
    overrides: str
    stale: bool


def differences(ready: Prepared, site: Site | None) -> list[Difference]:
    """What the changes of a draft make of the rules in force at its site, or for the company."""
    code = site.code if site is not None else ""
    house = [one for one in ready.house if not one.site or one.site == code]
    before = _by_key(merge(house, code))
    after = before
    below = _by_key(merge([one for one in house if one.code != ready.base.code], code))
    if ready.pack is not None:
        after = _by_key(merge([*(one for one in house if one.code != ready.pack.code), ready.pack], code))
    site_id = site.pk if site is not None else None
    names = {one.section for one in ready.changes}
    touched = {
        name: touched_by(name, [one.code for one in ready.changes if one.section == name], site_id)
        for name in names
    }
    stale = {one.pk for one in ready.stale}
    told = []
    for change in ready.changes:
        key = (change.section, change.code)
        old, new = before.get(key), after.get(key)
        known = section(change.section)
        under = below.get(key)
        told.append(
            Difference(
                change,
                _kind(old, new, change),
                known.label if known is not None else change.section,
                name_of(new or old, change.code),
                tuple(_in_words(old, new, site_id)),
                tuple(compared(values_of(old, site_id), values_of(new, site_id))),
                tuple(touched[change.section].get(change.code, ())),
                under.pack if under is not None else "",
                change.pk in stale,
            )
        )
    return told


def concerned(site: Site | None, packs: Sequence[Pack], keys: set[tuple[str, str]]) -> tuple[int, list[str]]:
    """How many sites changes concern, and the names of those that have their own entry instead."""
    if site is not None:
        return 1, []
    own = {
        pack.site for pack in packs if pack.site and keys & {(item.section, item.code) for item in pack.items}
    }
    sites = sites_in_reach()
    return sites.count(), list(sites.filter(code__in=own).values_list("name", flat=True))


def compared(before: Mapping[str, str], after: Mapping[str, str]) -> Iterable[Row]:
    """The values that differ, by name, in the order in which they stand."""
    for path in dict.fromkeys([*before, *after]):
        old, new = before.get(path, ""), after.get(path, "")
        if old != new:
            yield Row(key_words(path), old, new)


class Telling:
    """Tells the values of an entry of a section in words, with the names of what they refer to at a site."""

    def __init__(self, section: str, site_id: int | None) -> None:
        self.section = section
        self.entries = partial(entries, site=site_id)
        self.known: dict[str, dict[str, str]] = {}

    def flat(self, value: Any, path: str = "") -> Iterable[tuple[str, str]]:
        """Data as lines of path and text; words in the language of the moment stand for all their languages."""
        if isinstance(value, dict) and "zh" in value:
            yield path, str(said(value))
        elif isinstance(value, dict):
            for name, one in value.items():
                if name not in ("source", "clause", "note", "code") or path:
                    yield from self.flat(one, f"{path}.{name}" if path else name)
        elif isinstance(value, list) and all(not isinstance(one, dict | list) for one in value):
            yield path, ", ".join(self.text(path, one) for one in value)
        elif isinstance(value, list):
            for number, one in enumerate(value, 1):
                yield from self.flat(one, f"{path} {number}")
        else:
            yield path, self.text(path, value)

    def text(self, path: str, value: Any) -> str:
        """One value; a code with the name of what it stands for, so that no two are told alike."""
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        code = str(value)
        words = value_words(path.rpartition(".")[2], code)
        refers = REFERS.get((self.section, NUMBERED.sub("", path)))
        if words != code or refers is None:
            return words
        if refers not in self.known:
            self.known[refers] = dict(offered(refers, self.entries))
        name = self.known[refers].get(code)
        return f"{name} · {code}" if name else code


def said(value: Any) -> Any:
    """Words of a pack in the language of the moment."""
    if not isinstance(value, dict):
        return value
    language = get_language() or ""
    if language.startswith("en"):
        return value.get("en") or value.get("zh")
    return value.get("zh-hant") or value.get("zh") if language == "zh-hant" else value.get("zh")


def _by_key(merged: Mapping[str, Sequence[Item]]) -> dict[tuple[str, str], Item]:
    return {(item.section, item.code): item for items in merged.values() for item in items}


def _kind(old: Item | None, new: Item | None, change: DraftEntry) -> str:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    return "returned" if change.data is None else "changed"


def _in_words(old: Item | None, new: Item | None, site_id: int | None) -> Iterable[Row]:
    """The values that differ as the section shows itself to people; nothing where it does not say how."""
    item = new or old
    show = show_of(item.section) if item is not None else None
    if show is None:
        return []
    return compared(*(_cells(show, one, site_id) for one in (old, new)))


def _cells(show: Any, item: Item | None, site_id: int | None) -> Flat:
    if item is None:
        return {}
    sheet = show([item], site_id)
    cells = [line.cells for _name, lines in sheet.groups for line in lines]
    return dict(zip(sheet.columns, cells[0], strict=True)) if cells else {}


def values_of(entry: Item | PackEntry | None, site_id: int | None) -> Flat:
    """Every value of an entry by its path; words language by language, so that none goes unseen."""
    if entry is None:
        return {}
    found: Flat = {}
    _into(found, Telling(entry.section, site_id), entry.data, "")
    if entry.parent:
        found["parent"] = entry.parent
    return found


def _into(found: Flat, telling: Telling, value: Any, path: str) -> None:
    if isinstance(value, dict):
        for name, one in value.items():
            inner = path if name == "zh" and path else f"{path}.{name}" if path else name
            if inner != "code":
                _into(found, telling, one, inner)
    elif isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        for number, one in enumerate(value, 1):
            _into(found, telling, one, f"{path} {number}")
    else:
        found.update(telling.flat(value, path))
