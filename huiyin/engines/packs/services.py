"""Loading packs: all of them or, when one has a mistake, nothing. Versions that come into force, and go."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import Actor, current, system_scope, use
from huiyin.base.kit.service import Refused, service
from huiyin.base.org.models import Site
from huiyin.base.trail.registry import verb
from huiyin.base.trail.services import record

from . import selectors
from .drafts import Draft, draft, files_of, fingerprint
from .merging import Pack, in_order, merge
from .models import PackEntry, PackStamp, PackVersion
from .planning import FARTHEST, check_moment, disagreements, overwritten, renamed, together
from .problems import PackErrors
from .registry import Applying, section, sections
from .timeline import Timeline, difference, head_of
from .writing import digest, raw

LOADED = verb("packs.loaded", gettext_lazy("Pack loaded"))
CHANGED = verb("packs.changed", gettext_lazy("Rules changed"))
RESTORED = verb("packs.restored", gettext_lazy("Earlier rules restored"))
SCHEDULED = verb("packs.scheduled", gettext_lazy("New rules scheduled"))
STARTED = verb("packs.started", gettext_lazy("Scheduled rules came into force"))
WITHDRAWN = verb("packs.withdrawn", gettext_lazy("Scheduled rules withdrawn"))

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
    version_id: int | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of all packs of one load."""

    outcomes: tuple[Outcome, ...] = field(default=())

    @property
    def changed_anything(self) -> bool:
        """Whether any pack got a new version."""
        return any(outcome.changed_anything for outcome in self.outcomes)


@dataclass(frozen=True, slots=True)
class Plan:
    """Packs that were read and checked: what they are, and how everything stands with them.

    They come into force at `at` (UTC; at once, without one). `seen` is the stamp under which they were
    checked; `restores` the id of the earlier version whose contents they bring back.
    """

    packs: tuple[Pack, ...]
    line: Timeline
    seen: int
    at: datetime | None = None
    reason: str = ""
    restores: int | None = None


def load(
    folders: Iterable[Path],
    *,
    by: Actor,
    check: bool = False,
    at: datetime | None = None,
    reason: str = "",
    replace_own: bool = False,
) -> Loaded:
    """Read pack folders and put them in force, with what else is in force already.

    A pack whose files are in force already is left alone; when all are, nothing is written. With `check`
    everything is read and held together and nothing is written. With `at` (UTC, in the future) they are
    scheduled. A pack of a company or site that was changed on screen stays as it is while its files do; when
    they changed too, `replace_own` says that the files win. Refused (`PackErrors`, with every mistake at
    once) when one of them has a mistake or they contradict each other or the packs in force; (Refused) when
    others keep loading packs at the same time; (PermissionDenied) without the right to change packs.
    """
    current().require("packs.edit", None)
    check_moment(at)
    paths = list(folders)
    for _try in range(TRIES):
        settle(None, by=by)
        seen = selectors.stamp()
        line = selectors.timeline()
        read = [(path, *files_of(path)) for path in paths]
        same = all(
            not problems and fingerprint(files) in _known_files(line, path.name)
            for path, files, problems in read
        )
        known = {pack.code: pack for pack in line.active}
        if same and not check:
            held = [known.get(path.name) or line.pack(path.name, now() + FARTHEST) for path in paths]
            return Loaded(tuple(_outcome(pack, pack, False) for pack in held if pack is not None))
        drafts = []
        for path, files, problems in read:
            one = draft(path, files)
            one.problems[:0] = problems
            if not replace_own:
                one.problems += overwritten(one.pack, known.get(path.name))
            drafts.append(one)
        after = together(drafts, line, at)
        fresh = tuple(one.pack for one in drafts if one.pack is not None)
        if check:
            return Loaded(tuple(_outcome(pack, known.get(pack.code), False) for pack in fresh))
        outcome = activate(None, plan=Plan(fresh, after, seen, at, reason), by=by)
        if outcome is not None:
            return outcome
    raise Refused("changed-meanwhile", _("Somebody else is loading packs. Please try again."))


def _known_files(line: Timeline, code: str) -> set[str]:
    """Digests of files of a pack that are in force, are to come, or were the last before changes on screen."""
    held = [pack for pack in (*line.active, *line.scheduled) if pack.code == code]
    known = {pack.files_digest for pack in held}
    if len(held) > 1 or (held and not held[0].files_digest):
        last = PackVersion.objects.filter(code=code).exclude(files_digest="").order_by("-pk").first()
        known.add(last.files_digest if last is not None else "")
    return known - {""}


@service(needs="packs.edit")
def activate(subject: Site | None, *, plan: Plan, by: Actor) -> Loaded | None:
    """Put packs in force that were read and checked, for the whole organisation or (packs of one site) there.

    Writes only those that differ, then lets the sections carry out what they declare; when they are for
    later that happens then. Nothing, and None, when the stamp is no longer the one seen before reading.
    Refused (PermissionDenied) without the further right that a changed section asks for.
    """
    PackStamp.objects.get_or_create(pk=1)
    if not PackStamp.objects.filter(pk=1, number=plan.seen).update(number=_number()):
        return None
    line = selectors.timeline()
    outcomes = []
    touched: set[str] = set()
    for pack in in_order(plan.packs):
        old = line.pack(pack.code, plan.at)
        if old is not None and old.digest == pack.digest:
            outcomes.append(_outcome(pack, old, False))
            if old.files_digest != pack.files_digest:
                _same_said(old, pack)
                touched |= {item.section for item in pack.items}
            continue
        changed = {name for name, _code in difference(old, pack)}
        _require_more(changed)
        version = _store(pack, _outcome(pack, old, True), plan, by)
        outcomes.append(replace(_outcome(pack, old, True), version_id=version.pk))
        touched |= {item.section for one in (pack, old) if one is not None for item in one.items}
    _carry(line, plan, by)
    selectors.keep_own()
    if plan.at is None:
        _apply(touched, by)
    return Loaded(tuple(outcomes))


@service
def settle(company: None, *, by: Actor) -> int:
    """Let every scheduled version whose moment has come be in force, before anything is built on them."""
    with use(system_scope("packs")) as scope:
        return sum(come_into_force(version, by=scope.actor) for version in selectors.due_versions())


@service
def come_into_force(version: PackVersion, *, by: Actor) -> bool:
    """Make a scheduled version the active one of its pack, once, however many try; True when this was it.

    Either everything of it is carried out or, when the process dies on the way, nothing: the next one does it.
    """
    PackStamp.objects.get_or_create(pk=1)
    PackStamp.objects.filter(pk=1).update(number=_number())
    if not PackVersion.objects.filter(pk=version.pk, scheduled=True).update(scheduled=False):
        return False
    before = PackVersion.objects.filter(code=version.code, active=True)
    old = before.values_list("pk", flat=True).first()
    before.update(active=False, valid_until=version.valid_from)
    PackVersion.objects.filter(pk=version.pk).update(active=True)
    record(version, STARTED, by=by, pack=version.code, version=version.version, reason=version.reason)
    selectors.keep_own()
    held = PackEntry.objects.filter(version__in=[version.pk, *([old] if old is not None else [])])
    _apply(set(held.order_by().values_list("section", flat=True).distinct()), by)
    return True


@service(needs="packs.edit")
def withdraw(version: PackVersion, *, reason: str, by: Actor) -> PackVersion:
    """Let a scheduled version never come into force; it stays in the history with who and why.

    Refused when it is no longer scheduled, or when another scheduled version cannot do without it.
    """
    PackStamp.objects.get_or_create(pk=1)
    PackStamp.objects.filter(pk=1).update(number=_number())
    problems = disagreements(selectors.timeline().without(version.pk), {})
    if problems:
        raise PackErrors(problems)
    waiting = PackVersion.objects.filter(pk=version.pk, scheduled=True)
    if not waiting.update(scheduled=False, withdrawn_at=now()):
        raise Refused("not-scheduled", _("This version is no longer waiting to come into force."))
    record(version, WITHDRAWN, by=by, pack=version.code, version=version.version, reason=reason)
    selectors.keep_own()
    version.refresh_from_db()
    return version


@service(needs="packs.edit")
def roll_back(version: PackVersion, *, reason: str, by: Actor) -> PackVersion:
    """Put the contents of an earlier version in force again, as a new version; the history keeps all three.

    Refused when they are in force already, when they contradict what else is in force by now (`PackErrors`),
    or when somebody changes packs at the same moment.
    """
    seen = selectors.stamp()
    line = selectors.timeline()
    old = selectors.pack_of(version)
    if len(old.items) < PackEntry.objects.filter(version=version).count():
        message = _("Some of its entries cannot be read any more; write them anew instead.")
        raise Refused("unreadable-version", message)
    standing = line.pack(version.code)
    named = replace(old, version=standing.version if standing is not None else old.version)
    if standing is not None and digest(head_of(named), map(raw, old.items)) == standing.digest:
        raise Refused("nothing-changed", _("These very rules are in force."))
    fresh = renamed(old)
    plan = Plan((fresh,), together([Draft(fresh)], line), seen, None, reason, version.pk)
    made = activate(version.site, plan=plan, by=by)
    if made is None:
        raise Refused("changed-meanwhile", _("Somebody else is loading packs. Please try again."))
    restored: PackVersion = PackVersion.objects.get(pk=made.outcomes[0].version_id)
    return restored


def _number() -> int:
    return secrets.randbits(62) + 1


def _require_more(changed: Iterable[str]) -> None:
    """Whoever changes a section that hands out rights must hold the right to do so."""
    for name in changed:
        known = section(name)
        if known is not None and known.needs:
            current().require(known.needs, None)


def _apply(touched: set[str], by: Actor) -> None:
    merged = merge(selectors.active_packs())
    for known in sections():
        if known.apply is not None and known.name in touched:
            known.apply(merged.get(known.name, ()), Applying(by))


def _carry(line: Timeline, plan: Plan, by: Actor) -> None:
    """Replace the scheduled versions into which the changes were carried."""
    kept = {pack.version_id for pack in plan.line.scheduled}
    gone = {pack.version_id: pack for pack in line.scheduled if pack.version_id not in kept}
    rows = {row.pk: row for row in PackVersion.objects.filter(pk__in=gone)}
    PackVersion.objects.filter(pk__in=gone).update(scheduled=False, withdrawn_at=now())
    fresh = {pack.code for pack in plan.packs} if plan.at is not None else set()
    carried = [pack for pack in plan.line.scheduled if pack.version_id is None]
    for pack in carried:
        if pack.code in fresh and pack.valid_from == plan.at:
            continue
        row = next(
            one for one in rows.values() if one.code == pack.code and one.valid_from == pack.valid_from
        )
        later = replace(plan, at=pack.valid_from, reason=row.reason, restores=row.restores_id)
        _store(pack, _outcome(pack, gone[row.pk], True), later, by)


def _same_said(old: Pack, pack: Pack) -> None:
    """Other files that say the same: remember them, and where each entry stands now."""
    PackVersion.objects.filter(pk=old.version_id).update(files_digest=pack.files_digest)
    places = {(item.section, item.code): item for item in pack.items}
    rows = list(PackEntry.objects.filter(version_id=old.version_id))
    for row in rows:
        item = places[row.section, row.code]
        row.file, row.line = item.file, item.line
    PackEntry.objects.bulk_update(rows, ["file", "line"], batch_size=200)


def _store(pack: Pack, outcome: Outcome, plan: Plan, by: Actor) -> PackVersion:
    moment = now()
    if plan.at is None:
        PackVersion.objects.filter(code=pack.code, active=True).update(active=False, valid_until=moment)
    version = PackVersion(
        site=Site.objects.get(code=pack.site) if pack.site else None,
        code=pack.code,
        layer=pack.layer,
        version=pack.version,
        digest=pack.digest,
        files_digest=pack.files_digest,
        name=pack.name.model_dump(exclude_defaults=True),
        requires=list(pack.requires),
        active=plan.at is None,
        scheduled=plan.at is not None,
        valid_from=plan.at or moment,
        reason=plan.reason[:500],
        restores_id=plan.restores,
        loaded_at=moment,
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
        _verb(pack, plan),
        by=by,
        pack=pack.code,
        version=pack.version,
        digest=pack.digest,
        sections=outcome.sections,
        added=outcome.added,
        changed=outcome.changed,
        removed=outcome.removed,
        reason=plan.reason,
        valid_from=version.valid_from.isoformat(),
    )
    return version


def _verb(pack: Pack, plan: Plan) -> str:
    if plan.at is not None:
        return SCHEDULED
    if plan.restores is not None:
        return RESTORED
    return LOADED if pack.files_digest else CHANGED


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
