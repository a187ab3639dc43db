"""Holding packs together before anything is written: what would contradict, from which moment on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from huiyin.base.kit.moment import now
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Site

from .drafts import Draft
from .merging import Pack, conflicts, contradictions
from .models import PackVersion
from .problems import PackErrors, Problem
from .timeline import Timeline, head_of
from .writing import digest, raw

FARTHEST = timedelta(days=3660)
"""How far ahead a version may be scheduled."""


def check_moment(at: datetime | None) -> None:
    """Refused when a moment from which rules shall count has passed already, or is out of all reason."""
    if at is not None and at <= now():
        message = _("Rules never count backwards: choose a moment that is still to come.")
        raise Refused("past-moment", message, field="valid_from")
    if at is not None and at > now() + FARTHEST:
        raise Refused("far-moment", _("Choose a moment within ten years."), field="valid_from")


def overwritten(pack: Pack | None, old: Pack | None) -> list[Problem]:
    """That files would throw away what was changed on screen."""
    own = old is not None and not old.files_digest and old.layer in ("company", "site")
    if pack is None or old is None or not own or old.digest == pack.digest:
        return []
    message = _("The pack was changed on screen; its files would throw that away.")
    mend = _("Export it and change those files, or load with --replace.")
    return [pack.problem(message, mend, "code")]


def together(drafts: Sequence[Draft], line: Timeline, at: datetime | None = None) -> Timeline:
    """How everything would stand with the packs of some drafts from a moment on.

    Refused (`PackErrors`) with every mistake of all of them, now and whenever a scheduled version begins.
    """
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
    for pack in fresh.values():
        line = line.with_pack(pack, at)
    if all(one.pack is not None for one in drafts):
        problems += disagreements(line, broken)
    if problems:
        raise PackErrors(problems)
    return line


def disagreements(line: Timeline, broken: Mapping[str, set[str]]) -> list[Problem]:
    """What contradicts in the packs, now and whenever a scheduled version begins."""
    found: list[Problem] = []
    for _since, packs in line.stages():
        found += conflicts(packs)
        found += contradictions(packs, broken)
    return list(dict.fromkeys(found))


def renamed(pack: Pack) -> Pack:
    """A pack under the next free version number of the day, as one made on screen."""
    day = f"{now():%Y-%m-%d}"
    count = PackVersion.objects.filter(code=pack.code, version__startswith=f"{day}.").count()
    fresh = replace(pack, version=f"{day}.{count + 1}", files_digest="", version_id=None, valid_from=None)
    return replace(fresh, digest=digest(head_of(fresh), map(raw, fresh.items)))
