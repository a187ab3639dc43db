"""Loading packs: all of them or, when one has a mistake, nothing."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import Actor, current
from huiyin.base.kit.service import Refused, service
from huiyin.base.org.models import Site
from huiyin.base.trail.registry import verb
from huiyin.base.trail.services import record

from . import selectors
from .drafts import Draft, draft, files_of, fingerprint
from .merging import Pack, conflicts, contradictions, in_order, merge
from .models import PackEntry, PackStamp, PackVersion
from .problems import PackErrors
from .registry import Applying, sections

LOADED = verb("packs.loaded", gettext_lazy("Pack loaded"))

TRIES = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one pack: how many entries per section, and the codes (`section/code`) that differ."""

    code: str
    version: str
    sections: dict[str, int]
    changed_anything: bool = False
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of all packs of one load."""

    outcomes: tuple[Outcome, ...] = field(default=())

    @property
    def changed_anything(self) -> bool:
        """Whether any pack got a new version."""
        return any(outcome.changed_anything for outcome in self.outcomes)


def load(folders: Iterable[Path], *, by: Actor, check: bool = False) -> Loaded:
    """Read pack folders and put them in force, with what else is in force already.

    A pack whose files are in force already is left alone; when all are, nothing is written. With `check`
    everything is read and held together and nothing is written. Refused (`PackErrors`, with every mistake at
    once) when one of them has a mistake or they contradict each other or the packs in force; (Refused) when
    others keep loading packs at the same time; (PermissionDenied) without the right to change packs.
    """
    current().require("packs.edit", None)
    paths = list(folders)
    for _try in range(TRIES):
        seen = selectors.stamp()
        standing = selectors.active_packs()
        read = [(path, *files_of(path)) for path in paths]
        known = {pack.code: pack for pack in standing}
        same = all(
            not problems and path.name in known and known[path.name].digest == fingerprint(files)
            for path, files, problems in read
        )
        if same and not check:
            return Loaded(tuple(_outcome(known[path.name], known[path.name], False) for path in paths))
        drafts = []
        for path, files, problems in read:
            one = draft(path, files)
            one.problems[:0] = problems
            drafts.append(one)
        packs = _together(drafts, standing)
        fresh = [one.pack for one in drafts if one.pack is not None]
        if check:
            return Loaded(tuple(_outcome(pack, known.get(pack.code), False) for pack in fresh))
        outcome = activate(None, packs=fresh, house=packs, seen=seen, by=by)
        if outcome is not None:
            return outcome
    raise Refused("changed-meanwhile", _("Somebody else is loading packs. Please try again."))


def _together(drafts: Sequence[Draft], standing: Sequence[Pack]) -> list[Pack]:
    """All packs as they would be in force. Refused (`PackErrors`) with every mistake of all of them."""
    problems = [problem for one in drafts for problem in one.problems]
    fresh: dict[str, Pack] = {}
    broken: dict[str, set[str]] = {}
    for one in drafts:
        for name, codes in one.broken.items():
            broken.setdefault(name, set()).update(codes)
        if one.pack is None:
            continue
        if one.pack.code in fresh:
            message = _("The pack %(code)s is named twice.") % {"code": one.pack.code}
            problems.append(one.pack.problem(message, _("Name each folder once."), "code"))
        fresh[one.pack.code] = one.pack
        if one.pack.site and not Site.objects.filter(code=one.pack.site).exists():
            message = _("There is no site %(code)s.") % {"code": one.pack.site}
            problems.append(one.pack.problem(message, _("Correct the code of the site."), "site"))
    house = [*fresh.values(), *(pack for pack in standing if pack.code not in fresh)]
    if all(one.pack is not None for one in drafts):
        problems += conflicts(house)
        problems += contradictions(house, broken)
    if problems:
        raise PackErrors(problems)
    return house


@service(needs="packs.edit")
def activate(
    company: None, *, packs: Sequence[Pack], house: Sequence[Pack], seen: int, by: Actor
) -> Loaded | None:
    """Put packs in force that were read and checked against the `house` of all packs together.

    Writes only those that differ, then lets the sections carry out what they declare. Nothing, and None, when
    the stamp is no longer the one `seen` before reading.
    """
    PackStamp.objects.get_or_create(pk=1)
    if not PackStamp.objects.filter(pk=1, number=seen).update(number=secrets.randbits(62) + 1):
        return None
    before = {pack.code: pack for pack in selectors.active_packs()}
    outcomes = []
    touched: set[str] = set()
    for pack in in_order(packs):
        old = before.get(pack.code)
        if old is not None and old.digest == pack.digest:
            outcomes.append(_outcome(pack, old, False))
            continue
        outcome = _outcome(pack, old, True)
        _store(pack, outcome, by)
        outcomes.append(outcome)
        touched |= {item.section for one in (pack, old) if one is not None for item in one.items}
    selectors.keep_own()
    merged = merge(house)
    for known in sections():
        if known.apply is not None and known.name in touched:
            known.apply(merged.get(known.name, ()), Applying(by))
    return Loaded(tuple(outcomes))


def _store(pack: Pack, outcome: Outcome, by: Actor) -> None:
    PackVersion.objects.filter(code=pack.code, active=True).update(active=False)
    version = PackVersion(
        site=Site.objects.get(code=pack.site) if pack.site else None,
        code=pack.code,
        layer=pack.layer,
        version=pack.version,
        digest=pack.digest,
        name=pack.name.model_dump(exclude_defaults=True),
        requires=list(pack.requires),
        loaded_at=now(),
        loaded_by_id=by.user_id,
    )
    version.save()
    rows = [
        PackEntry(
            version=version,
            site_id=version.site_id,
            section=item.section,
            code=item.code,
            parent=item.parent,
            position=position,
            data=item.data,
            source=list(item.value.source),
            clause=item.value.clause,
            file=item.file,
            line=item.line,
        )
        for position, item in enumerate(pack.items)
    ]
    PackEntry.objects.bulk_create(rows, batch_size=500)
    record(
        version,
        LOADED,
        by=by,
        pack=pack.code,
        version=pack.version,
        digest=pack.digest,
        sections=outcome.sections,
        added=outcome.added,
        changed=outcome.changed,
        removed=outcome.removed,
    )


def _outcome(pack: Pack, old: Pack | None, changed_anything: bool) -> Outcome:
    new_ones, old_ones = _contents(pack), _contents(old) if old is not None else {}
    return Outcome(
        pack.code,
        pack.version,
        dict(sorted(Counter(item.section for item in pack.items).items())),
        changed_anything,
        tuple(sorted(new_ones.keys() - old_ones.keys())),
        tuple(sorted(key for key in new_ones.keys() & old_ones.keys() if new_ones[key] != old_ones[key])),
        tuple(sorted(old_ones.keys() - new_ones.keys())),
    )


def _contents(pack: Pack) -> dict[str, Any]:
    return {f"{item.section}/{item.code}": (item.data, item.parent) for item in pack.items}


@service
def renew_stamp(company: None, *, by: Actor) -> None:
    """Let every process read what it keeps of the packs afresh: something they are read with has changed."""
    PackStamp.objects.get_or_create(pk=1)
    PackStamp.objects.filter(pk=1).update(number=secrets.randbits(62) + 1)
    selectors.keep_own()
