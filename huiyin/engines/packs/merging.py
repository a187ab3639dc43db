"""Packs laid over each other: base ← industry ← company ← site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from .problems import Problem
from .reading import Node
from .registry import LAYERS, Checking, Item, Words, section

Merged = Mapping[str, tuple[Item, ...]]


@dataclass(frozen=True, slots=True)
class Pack:
    """One pack with its entries in the order of its files; `site` is the code of the one site it is for.

    `digest` tells whether two packs say the same; `files_digest` whether they were read from the same files
    (empty when it was made on screen). `valid_from` is the moment a scheduled one comes into force.
    """

    code: str
    name: Words
    layer: str
    version: str
    digest: str
    file: str
    requires: tuple[str, ...] = ()
    site: str = ""
    items: tuple[Item, ...] = ()
    version_id: int | None = None
    node: Node | None = None
    files_digest: str = ""
    valid_from: datetime | None = None

    @property
    def rank(self) -> int:
        """The position of its layer, 0 = base."""
        return LAYERS.index(self.layer)

    def problem(self, message: str, mend: str, *path: str | int) -> Problem:
        """A mistake in the head of the pack."""
        return Problem(self.file, self.node.line_of(*path) if self.node else 1, "", message, mend)


def in_order(packs: Iterable[Pack]) -> list[Pack]:
    """Packs from the general to the particular; within a layer a pack follows those it requires."""
    by_code = {pack.code: pack for pack in sorted(packs, key=lambda pack: (pack.rank, pack.code))}
    ordered: dict[str, Pack] = {}
    for pack in by_code.values():
        for code in (*_below(pack, by_code), pack.code):
            if by_code[code].rank == pack.rank:
                ordered.setdefault(code, by_code[code])
    return list(ordered.values())


def _below(pack: Pack, by_code: Mapping[str, Pack]) -> list[str]:
    """All packs that a pack requires, directly or not, the lowest first; cycles are cut."""
    found: list[str] = []
    seen = {pack.code}
    stack = [(pack, iter(pack.requires))]
    while stack:
        above, rest = stack[-1]
        code = next(rest, None)
        if code is None:
            stack.pop()
            if stack:
                found.append(above.code)
        elif code in by_code and code not in seen:
            seen.add(code)
            stack.append((by_code[code], iter(by_code[code].requires)))
    return found


def merge(packs: Iterable[Pack], site: str = "") -> Merged:
    """The entries in force per section: for the whole organisation, or also those of one site.

    An entry overrides the whole entry of the same code in an earlier pack and takes its place in the order
    (and, if it names none, its parent); `disabled: true` takes it out. Of entries with a `variant` those of the
    answer chosen (section `variants`, in the last layer that names the question) are in force.
    """
    found: dict[str, dict[str, Item]] = {}
    for pack in in_order(packs):
        if pack.site and pack.site != site:
            continue
        for item in pack.items:
            known = found.setdefault(item.section, {})
            before = known.get(item.code)
            if item.disabled:
                known.pop(item.code, None)
            elif before is None:
                known[item.code] = replace(item, place=pack.rank)
            else:
                known[item.code] = replace(item, place=before.place, parent=item.parent or before.parent)
    chosen = {f"{code}/{item.value.choice}" for code, item in found.get("variants", {}).items()}
    return {
        name: tuple(one for one in items.values() if not one.value.variant or one.value.variant in chosen)
        for name, items in found.items()
    }


def conflicts(packs: Sequence[Pack]) -> list[Problem]:
    """What does not fit together in the heads of packs and between their layers."""
    by_code = {pack.code: pack for pack in packs}
    problems = []
    for pack in packs:
        problems += _requirements(pack, by_code)
    owners: dict[tuple[str, str, str], Pack] = {}
    for pack in in_order(packs):
        below = {*_below(pack, by_code)}
        for item in pack.items:
            before = _owner(owners, item, pack)
            if before is None and item.disabled:
                message = _("There is no entry %(code)s in an earlier pack to switch off.")
                mend = _("Correct the code or delete the entry.")
                problems.append(_of(item, message % {"code": item.code}, mend))
            elif before is not None and before.rank == pack.rank and before.code not in below:
                message = _("The entry stands in the pack %(pack)s of the same layer too.")
                mend = _("Delete one of them, or let one pack require the other.")
                problems.append(_of(item, message % {"pack": before.code}, mend))
            owners[item.section, item.code, pack.site] = pack
    return problems


def _owner(owners: Mapping[tuple[str, str, str], Pack], item: Item, pack: Pack) -> Pack | None:
    own = owners.get((item.section, item.code, pack.site))
    return own or owners.get((item.section, item.code, ""))


def _of(item: Item, message: str, mend: str) -> Problem:
    return Problem(item.file, item.line_of("code"), item.code, message, mend)


def _requirements(pack: Pack, by_code: Mapping[str, Pack]) -> list[Problem]:
    problems = []
    for position, code in enumerate(pack.requires):
        needed = by_code.get(code)
        if needed is None:
            message = _("The pack %(code)s is not loaded.") % {"code": code}
            mend = _("Load it together with this one, or delete it here.")
        elif needed.rank > pack.rank:
            message = _("The pack %(code)s belongs to a later layer.") % {"code": code}
            mend = _("Let that pack require this one instead.")
        elif pack.code == code or pack.code in _below(needed, by_code):
            message = _("The packs %(code)s and %(pack)s require each other.")
            message %= {"code": code, "pack": pack.code}
            mend = _("Delete one of the two.")
        elif needed.site and needed.site != pack.site:
            message = _("The pack %(code)s is for another site.") % {"code": code}
            mend = _("Delete it here.")
        else:
            continue
        problems.append(pack.problem(message, mend, "requires", position))
    return problems


def contradictions(packs: Sequence[Pack], broken: Mapping[str, set[str]]) -> list[Problem]:
    """What the sections' own checks find in all entries; `broken` are codes that could not be read."""
    problems = []
    for site in sorted({pack.site for pack in packs}):
        merged = merge(packs, site)
        codes = {name: {item.code for item in items} for name, items in merged.items()}
        for name, extra in broken.items():
            codes.setdefault(name, set()).update(extra)
        checking = Checking(codes, site)
        for name, items in merged.items():
            known = section(name)
            if known is None:
                continue
            if known.nested:
                _check_parents(items, checking)
            if known.check is not None:
                known.check(items, checking)
        problems += checking.problems
    return problems + _variants(packs)


def _variants(packs: Sequence[Pack]) -> list[Problem]:
    """Entries of an answer that no question offers."""
    offered = {
        f"{item.code}/{option.code}"
        for pack in packs
        for item in pack.items
        if item.section == "variants" and not item.disabled
        for option in item.value.options
    }
    message, mend = (
        _("There is no variant %(name)s."),
        _("Name a code of the section variants and its answer."),
    )
    return [
        Problem(item.file, item.line_of("variant"), item.code, message % {"name": item.value.variant}, mend)
        for pack in packs
        for item in pack.items
        if not item.disabled and item.value.variant and item.value.variant not in offered
    ]


def _check_parents(items: Sequence[Item], checking: Checking) -> None:
    parents = {item.code: item.parent for item in items}
    for item in items:
        if not item.parent:
            continue
        if item.parent not in checking.codes(item.section):
            message = _("The entry %(code)s that it stands under does not exist or is switched off.")
            mend = _("Correct the parent, or switch this one off too.")
            checking.problem(item, message % {"code": item.parent}, mend, "parent")
            continue
        above, steps = item.parent, 0
        while above and above != item.code and steps <= len(parents):
            above, steps = parents.get(above, ""), steps + 1
        if above:
            message = _("The entry stands under itself.")
            checking.problem(item, message, _("Correct the parent."), "parent")
