"""Changing rules on screen: changes are collected in a draft and take effect together, now or later."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused, service
from huiyin.base.org.models import OrgUnit, Site
from huiyin.base.trail.registry import verb
from huiyin.base.trail.services import record

from . import selectors
from .drafts import Draft, draft, entry_draft, not_for_a_site
from .merging import Pack, conflicts, contradictions, merge
from .models import DraftEntry, PackDraft, PackVersion
from .planning import check_moment, renamed, together
from .problems import PackErrors, Problem
from .registry import Item, Words, section
from .services import Plan, activate, settle, withdraw
from .timeline import Timeline, difference, head_of
from .writing import Raw, digest, entry_text, files, patched, raw

DISCARDED = verb("packs.draft_discarded", gettext_lazy("Prepared rules discarded"))

COMPANY_PACK = "company"
Key = tuple[str, str]


def own_pack(line: Timeline, site: Site | None, moment: datetime | None = None) -> Pack:
    """The pack that holds the rules of a site, or of the company, at a moment; an empty one if there is none."""
    layer, code = ("site", site.code) if site is not None else ("company", "")
    found = line.own(layer, code, moment)
    if found is not None:
        return found
    root = OrgUnit.objects.filter(parent=None).first()
    owner = site.name if site is not None else (root.name if root is not None else COMPANY_PACK)
    name = "site-" + re.sub(r"[^a-z0-9]+", "-", code.lower()) if code else COMPANY_PACK
    return Pack(name[:40], Words(zh=owner), layer, "0", "", f"{name[:40]}/pack.yaml", site=code)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A pack as it is and as its draft would make it, with what is wrong with that.

    `line` is how everything would stand then, `house` the packs as they stand without it, `coming` the scheduled
    versions of the pack. `stale` are the changes of entries that somebody else has changed since; `problems` what keeps the draft
    from taking effect.
    """

    base: Pack
    pack: Pack | None
    line: Timeline
    house: tuple[Pack, ...]
    coming: tuple[Pack, ...]
    changes: tuple[DraftEntry, ...]
    stale: tuple[DraftEntry, ...]
    problems: tuple[Problem, ...]


def prepared(own: PackDraft, moment: datetime | None = None) -> Prepared:
    """What a draft would do from a moment on (at once, without one)."""
    line = selectors.timeline()
    base = own_pack(line, own.site, moment)
    changes = tuple(own.changes.select_related("changed_by").order_by("section", "pk"))
    held = {one.key: one for one in map(raw, base.items)}
    stale = tuple(one for one in changes if one.before != _kept(held.get((one.section, one.code))))
    entries = patched(map(raw, base.items), {(one.section, one.code): _raw(one) for one in changes})
    fresh = replace(renamed(base), digest="")
    read = draft(Path(base.code), files(head_of(fresh), entries))
    made = replace(read.pack, files_digest="") if read.pack is not None else None
    problems: Sequence[Problem] = ()
    after = line
    try:
        after = together([Draft(made, read.problems, read.broken)], line, moment)
    except PackErrors as error:
        problems = error.problems
    coming = tuple(one for one in line.scheduled if one.code == base.code)
    return Prepared(base, made, after, line.at(moment), coming, changes, stale, tuple(problems))


@dataclass(frozen=True, slots=True)
class Editable:
    """An entry as its editor finds it.

    `own` is what the pack of the layer holds, `change` what the draft would make of it, `item` the entry in
    force there; `mark` tells the next state of all that from this one.
    """

    own: Raw | None
    change: DraftEntry | None
    item: Item | None
    mark: str

    @property
    def shown(self) -> Raw | None:
        """What is offered for editing: the change, else the entry in force, else the own one (switched off)."""
        if self.change is not None and self.change.data is not None:
            return _raw(self.change)
        if self.item is not None and self.change is None:
            return raw(self.item)
        return self.own if self.change is None else (raw(self.item) if self.item is not None else None)


def editable(site: Site | None, name: str, code: str) -> Editable:
    """An entry of a section, by its code, as it can be changed for a site or for the company."""
    line = selectors.timeline()
    base = own_pack(line, site)
    own = next((one for one in map(raw, base.items) if one.key == (name, code)), None)
    change = DraftEntry.objects.filter(
        draft__layer=site.code if site is not None else "", section=name, code=code
    ).select_related("changed_by").first()  # fmt: skip
    layers = [pack for pack in line.active if site is not None or not pack.site]
    found = merge(layers, site.code if site is not None else "").get(name, ())
    item = next((one for one in found if one.code == code), None)
    state = [
        _kept(own),
        [change.data, change.parent] if change is not None else None,
        _kept(raw(item)) if item is not None else None,
    ]
    text = json.dumps(state, sort_keys=True, ensure_ascii=False)
    return Editable(own, change, item, hashlib.sha256(text.encode()).hexdigest()[:16])


@service(needs="packs.edit")
def write_entry(
    layer: Site | None, *, section: str, code: str, text: str, seen: str, by: Actor
) -> DraftEntry:
    """Put an entry, as YAML, into the draft of a site or (without one) of the company.

    With `code` it is that entry, else a new one. `seen` is the mark of what the writer had before them. Refused
    (`PackErrors`, by lines of the text) when it has a mistake; when somebody else changed the entry meanwhile;
    when the section is for the whole organisation and this is a site.
    """
    own = _locked(layer, by)
    line = selectors.timeline()
    base = own_pack(line, layer)
    item = _read(section, code, text, base, layer)
    found = editable(layer, section, item.code)
    if not code and (found.item is not None or found.own is not None or found.change is not None):
        message = _("There is an entry of this code already.")
        raise PackErrors(
            [Problem(item.file, item.line_of("code"), item.code, message, _("Change the code."))]
        )
    if code and found.mark != seen:
        raise _meanwhile(found)
    house = [one for one in line.active if one.code != base.code]
    changes = {(one.section, one.code): one for one in own.changes.exclude(data=None)}
    gone = {(one.section, one.code) for one in own.changes.filter(data=None)}
    items = [one for one in base.items if (one.section, one.code) not in changes.keys() | gone]
    items += [
        one for key, row in changes.items() if key != (section, item.code) for one in _stored(row, base)
    ]
    items = [one for one in items if (one.section, one.code) != (section, item.code)]
    packs = [*house, replace(base, items=(*items, item))]
    wrong = [one for one in (*conflicts(packs), *contradictions(packs, {})) if one.file == item.file]
    if wrong:
        raise PackErrors(wrong)
    return _keep(own, section, item.code, found.own, raw(item), by)


@service(needs="packs.edit")
def take_out(layer: Site | None, *, section: str, code: str, seen: str, by: Actor) -> DraftEntry:
    """Let the pack of a site or of the company no longer have an entry: that of an earlier layer counts again.

    Refused when it has none, or when somebody else changed it meanwhile.
    """
    own = _locked(layer, by)
    found = editable(layer, section, code)
    if found.mark != seen:
        raise _meanwhile(found)
    if found.own is None:
        raise Refused("no-entry", _("There is no entry of this layer to take out."))
    return _keep(own, section, code, found.own, None, by)


@service(needs="packs.edit")
def drop(change: DraftEntry, *, by: Actor) -> PackDraft:  # noqa: ARG001 - every command has its actor
    """Undo one change of a draft; with its last change the draft goes. Refused when that has gone already."""
    own: PackDraft = change.draft
    _held(own)
    change.delete()
    if not own.changes.exists():
        own.delete()
    return own


@service(needs="packs.edit")
def discard(own: PackDraft, *, by: Actor) -> None:
    """Throw a draft away; its changes stay readable in the trail. Refused when it has gone already."""
    _held(own)
    kept = [[one.section, one.code, one.parent, one.data] for one in own.changes.all()]
    record(own, DISCARDED, by=by, changes=kept)
    own.delete()


@service(needs="packs.edit")
def publish(
    own: PackDraft, *, reason: str, seen: int, valid_from: datetime | None = None, by: Actor
) -> PackVersion:
    """Let a draft take effect: at once, or by itself from a moment on (UTC). Running records keep their rules.

    `seen` is the revision that was looked at. Refused when the draft changed since; when somebody else changed
    an entry in force that it changes too; when it has a mistake (`PackErrors`); for a moment that has passed;
    (PermissionDenied) without the further right that a changed section asks for.
    """
    check_moment(valid_from)
    _held(own, seen)
    settle(None, by=by)
    stamp = selectors.stamp()
    ready = prepared(own, valid_from)
    if ready.stale:
        names = ", ".join(one.code for one in ready.stale)
        message = _("Changed by somebody else since you wrote it: %(names)s. Open and save it once more.")
        raise Refused("changed-meanwhile", message, params={"names": names})
    if ready.problems or ready.pack is None:
        raise PackErrors(ready.problems)
    if _same(ready.base, ready.pack):
        raise Refused("nothing-changed", _("Nothing differs from the rules in force."))
    plan = Plan((ready.pack,), ready.line, stamp, valid_from, reason)
    made = activate(own.site, plan=plan, by=by)
    if made is None:
        raise Refused("changed-meanwhile", _("Somebody else is loading packs. Please try again."))
    own.delete()
    version: PackVersion = PackVersion.objects.get(pk=made.outcomes[0].version_id)
    return version


@service(needs="packs.edit")
def call_back(version: PackVersion, *, reason: str, by: Actor) -> PackDraft | None:
    """Withdraw a scheduled version and put what it changes back into the draft of its layer; None if it is nothing.

    What the draft holds already stays. Refused when the draft changes one of the entries otherwise, or the pack
    is none that is changed on screen; and as `services.withdraw`.
    """
    line = selectors.timeline().without(version.pk)
    base = own_pack(line, version.site)
    if base.code != version.code:
        raise Refused(
            "no-draft", _("This pack is not changed on screen: withdraw it without keeping its changes.")
        )
    own = _locked(version.site, by)
    withdraw(version, reason=reason, by=by)
    changes = difference(line.pack(version.code, version.valid_from), selectors.pack_of(version))
    standing = {(one.section, one.code): one for one in own.changes.all()}
    clashes = [
        key for key in changes if key in standing and _kept(_raw(standing[key])) != _kept(changes[key])
    ]
    if clashes:
        names = ", ".join(code for _section, code in clashes)
        message = _(
            "The draft changes the same entries otherwise: %(names)s. Activate or undo that first, or withdraw "
            "without keeping the changes."
        )
        raise Refused("changed-otherwise", message, params={"names": names})
    held = {one.key: one for one in map(raw, base.items)}
    for (name, code), after in changes.items():
        if (name, code) not in standing:
            _keep(own, name, code, held.get((name, code)), after, by)
    if not own.changes.exists():
        own.delete()
        return None
    return own


def _same(base: Pack, pack: Pack) -> bool:
    told = head_of(pack)
    return digest(told, map(raw, base.items)) == digest(told, map(raw, pack.items))


def _read(name: str, code: str, text: str, base: Pack, layer: Site | None) -> Item:
    """The one entry of a text. Refused (`PackErrors`) with all its mistakes."""
    known = section(name)
    file = f"{name}/" + (code or _("new entry"))
    if known is not None and layer is not None and known.apply is not None:
        raise PackErrors([Problem(file, 1, code, *not_for_a_site(known))])
    read = entry_draft(name, text.encode(errors="replace"), head=head_of(base), file=file)
    if read.problems or read.pack is None:
        raise PackErrors(read.problems)
    (item,) = read.pack.items
    if code and item.code != code:
        message = _("The code of an entry cannot be changed.")
        mend = _("Write %(code)s, or make a new entry and switch this one off.") % {"code": code}
        raise PackErrors([Problem(file, item.line_of("code"), item.code, message, mend)])
    return item


def _stored(row: DraftEntry, base: Pack) -> tuple[Item, ...]:
    text = entry_text(row.data or {}, row.parent).encode()
    read = entry_draft(row.section, text, head=head_of(base), file=f"{row.section}/{row.code}")
    return read.pack.items if read.pack is not None else ()


def _locked(layer: Site | None, by: Actor) -> PackDraft:
    """The draft of a layer, made if need be; others wait until this transaction has ended."""
    code = layer.code if layer is not None else ""
    while True:
        own, _made = PackDraft.objects.get_or_create(
            layer=code, defaults={"site": layer, "opened_at": now(), "opened_by_id": by.user_id}
        )
        # Nothing is updated when somebody activated or discarded it while this one waited: then a new one begins.
        if PackDraft.objects.filter(pk=own.pk).update(revision=F("revision") + 1):
            return own


def _held(own: PackDraft, seen: int | None = None) -> None:
    """Let others wait until this transaction has ended. Refused when the draft has gone, or is not as it was seen."""
    drafts = PackDraft.objects.filter(pk=own.pk)
    wanted = drafts if seen is None else drafts.filter(revision=seen)
    if wanted.update(revision=F("revision") + 1):
        return
    if drafts.exists():
        message = _("The draft was changed meanwhile. Please look at the differences again.")
        raise Refused("changed-meanwhile", message)
    raise Refused("draft-gone", _("Somebody else has just activated or discarded these changes."))


def _keep(
    own: PackDraft, name: str, code: str, before: Raw | None, after: Raw | None, by: Actor
) -> DraftEntry:
    change, _made = DraftEntry.objects.update_or_create(
        draft=own,
        section=name,
        code=code,
        defaults={
            "site_id": own.site_id,
            "parent": after.parent if after is not None else "",
            "data": dict(after.data) if after is not None else None,
            "before": _kept(before),
            "changed_at": now(),
            "changed_by_id": by.user_id,
        },
    )
    return change


def _raw(change: DraftEntry) -> Raw | None:
    if change.data is None:
        return None
    return Raw(change.section, change.code, change.parent, change.data)


def _kept(entry: Raw | None) -> Any:
    return None if entry is None else [dict(entry.data), entry.parent]


def _meanwhile(found: Editable) -> Refused:
    change = found.change
    if change is not None and change.changed_by is not None:
        message = _(
            "%(name)s has changed this entry meanwhile. Your text is kept below; theirs stands beside it."
        )
        return Refused("changed-meanwhile", message, params={"name": str(change.changed_by)})
    message = _("This entry was changed meanwhile. Your text is kept below; the other stands beside it.")
    return Refused("changed-meanwhile", message)
