"""Reads of the organisation: reach, responsible people, who may do what."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from axes.helpers import get_cool_off, get_failure_limit
from axes.models import AccessAttempt
from django.db.models import Q, QuerySet, Subquery

from huiyin.base.kit.fetching import Lookup
from huiyin.base.kit.moment import day_of_rights, now, today
from huiyin.base.kit.scope import Actor, Scope, current

from .models import (
    ApiToken,
    Appointment,
    OrgUnit,
    Post,
    RecoveryCode,
    SavedView,
    SecondFactor,
    Site,
    Stamp,
    User,
)

_cache: dict[tuple[int, date], tuple[int, Scope]] = {}
_CACHE_SIZE = 5000
_holders: dict[tuple[int, str, int, date], int | None] = {}
_able: dict[tuple[int, str, int, date], frozenset[int]] = {}
_systems: dict[tuple[int, date], frozenset[int]] = {}
_sites: dict[tuple[str, int], Site] = {}


def forget() -> None:
    """Empty what is kept in memory; for tests, whose databases start over."""
    _cache.clear()
    _holders.clear()
    _able.clear()
    _systems.clear()
    _sites.clear()


def stamp() -> int:
    """The number of the last change to units, posts or appointments."""
    return Stamp.objects.values_list("number", flat=True).filter(pk=1).first() or 0


def standing(on: date | None = None) -> QuerySet[Appointment]:
    """Appointments in force on a local day (that of the present rights when none is given)."""
    day = on or day_of_rights()
    return Appointment.objects.filter(Q(ends_on=None) | Q(ends_on__gte=day), starts_on__lte=day)


def scope_of(user: User, *, via: str = "desk", number: int | None = None) -> Scope:
    """What `user` may do where, from today's appointments; kept in memory until something changes.

    `number` is the current `stamp`, where the caller has already read it.
    """
    key = (user.pk, day_of_rights())
    number = stamp() if number is None else number
    kept = _cache.get(key)
    if kept is None or kept[0] != number:
        kept = (number, _compute(user, number))
        if len(_cache) > _CACHE_SIZE:
            _cache.clear()
        _cache[key] = kept
    scope = kept[1]
    if scope.actor.via == via and scope.actor.label == str(user):
        return scope
    return replace(scope, actor=Actor(user.pk, str(user), via))


def _compute(user: User, number: int) -> Scope:
    actor = Actor(user.pk, str(user), "desk")
    if not user.is_active:
        return Scope(actor, stamp=number)
    grants: dict[str, set[int]] = defaultdict(set)
    sites: set[int] = set()
    company: set[str] = set()
    for appointment in standing().filter(user=user).select_related("post", "unit"):
        reached = set(sites_under(appointment.unit).values_list("pk", flat=True))
        sites |= reached
        for permission in appointment.post.permissions:
            grants[permission] |= reached
            if appointment.unit.parent_id is None:
                company.add(permission)
    held = {code: frozenset(ids) for code, ids in grants.items()}
    return Scope(actor, held, frozenset(sites), frozenset(company), stamp=number)


def sites_under(unit: OrgUnit) -> QuerySet[Site]:
    """The sites in the subtree of a unit; for a team, the site it belongs to."""
    if unit.kind == OrgUnit.Kind.TEAM:
        above = [int(part) for part in unit.path.split("/") if part]
        return Site.objects.filter(unit_id__in=above)
    return Site.objects.filter(unit__path__startswith=unit.path)


def sites_in_reach(permission: str | None = None) -> QuerySet[Site]:
    """The sites of the current scope (where `permission` is held, if one is named)."""
    scope = current()
    if scope.everywhere:
        return Site.objects.all()
    return Site.objects.filter(pk__in=scope.ids(permission))


def site_coded(code: str) -> Site | None:
    """The site of that code in reach, with its unit; kept in memory until the organisation changes."""
    scope = current()
    number = scope.stamp if scope.stamp >= 0 else stamp()
    site = _sites.get((code, number))
    if site is None:
        site = Site.objects.select_related("unit").filter(code=code).first()
        if site is None:
            return None
        if len(_sites) > _CACHE_SIZE:
            _sites.clear()
        _sites[code, number] = site
    return site if scope.everywhere or site.pk in scope.sites else None


def units_of_site(site: Site) -> list[int]:
    """Ids of all units that matter at a site: those above it, itself, and its teams."""
    above = [int(part) for part in site.unit.path.split("/") if part]
    below = OrgUnit.objects.filter(path__startswith=site.unit.path).values_list("pk", flat=True)
    return sorted({*above, *below})


def systems() -> frozenset[int]:
    """Ids of the accounts that are connected systems, not people: all their posts of today are such.

    They may do what their posts permit, but nobody can ask them to see to something. Kept in memory
    until the organisation changes.
    """
    key = (_number(), day_of_rights())
    if key not in _systems:
        held: dict[int, bool] = {}
        for user, level in standing().values_list("user", "post__level"):
            held[user] = held.get(user, True) and level == Post.Level.SYSTEM
        if len(_systems) > _CACHE_SIZE:
            _systems.clear()
        _systems[key] = frozenset(user for user, only in held.items() if only)
    return _systems[key]


def _number() -> int:
    """The `stamp`, as the scope has read it where it did."""
    number = current().stamp
    return number if number >= 0 else stamp()


def who_can(permission: str, site: Site) -> QuerySet[User]:
    """Active people (no connected systems) who hold `permission` at the site today, by name."""
    return _holding(permission, standing().filter(unit__in=units_of_site(site)))


def _holding(permission: str, appointments: QuerySet[Appointment]) -> QuerySet[User]:
    posts: dict[int, set[str]] = defaultdict(set)
    held = set()
    for one in appointments.select_related("post"):
        posts[one.user_id].add(one.post.level)
        if permission in one.post.permissions:
            held.add(one.user_id)
    people = [user for user in held if posts[user] != {Post.Level.SYSTEM}]
    return User.objects.filter(pk__in=people, is_active=True).order_by("name", "pk")


def may_act_at(user_id: int, site: Site, permission: str) -> bool:
    """Whether somebody who holds a permission at a site today can be asked to use it: a person, no system."""
    scope = current()
    if not scope.everywhere and scope.actor.user_id == user_id:
        return scope.holds(permission, site.pk) and user_id not in systems()
    key = (site.pk, permission, _number(), day_of_rights())
    if key not in _able:
        if len(_able) > _CACHE_SIZE:
            _able.clear()
        _able[key] = frozenset(who_can(permission, site).values_list("pk", flat=True))
    return user_id in _able[key]


def default_holder(permission: str, site: Site) -> int | None:
    """The first person (by name) who holds a permission at a site today; None when nobody does."""
    key = (site.pk, permission, _number(), day_of_rights())
    if key not in _holders:
        if len(_holders) > _CACHE_SIZE:
            _holders.clear()
        # People of the site before those above it: a general manager does not answer for a dripping tap.
        near = _holding(permission, standing().filter(unit__path__startswith=site.unit.path))
        people = near if near.exists() else who_can(permission, site)
        _holders[key] = people.values_list("pk", flat=True).first()
    return _holders[key]


def staff_of(sites: Iterable[Site], *, systems: bool = False) -> QuerySet[User]:
    """Active people with an appointment today that reaches one of the sites; one query for all of the sites.

    With `systems` also the accounts of connected systems.
    """
    own = {site.unit_id: site.unit.path for site in sites}
    above = {int(part) for path in own.values() for part in path.split("/") if part}
    at = Q(unit__in=above) | Q(unit__parent__in=own)
    if not systems:
        at &= ~Q(post__level=Post.Level.SYSTEM)
    return User.objects.filter(pk__in=standing().filter(at).values("user"), is_active=True).order_by(
        "name", "pk"
    )


def teams_at(sites: QuerySet[Site]) -> QuerySet[OrgUnit]:
    """The teams of several sites, by name."""
    teams = OrgUnit.objects.filter(kind=OrgUnit.Kind.TEAM, parent__site__in=sites.order_by(), closed_on=None)
    return teams.order_by("name", "pk")


def teams_of(site: Site) -> QuerySet[OrgUnit]:
    """The teams of a site, by name."""
    return OrgUnit.objects.filter(
        kind=OrgUnit.Kind.TEAM, path__startswith=site.unit.path, closed_on=None
    ).order_by("name")


def holders(post_code: str, site: Site) -> QuerySet[User]:
    """Active people who hold a post at the site today."""
    units = units_of_site(site)
    return User.objects.filter(
        pk__in=standing().filter(unit__in=units, post__code=post_code).values("user"), is_active=True
    ).order_by("name", "pk")


def actor_of(user: Any, via: str = "desk") -> Actor:
    """The actor a signed-in user stands for."""
    return Actor(user.pk, str(user), via)


def digest_of(key: str) -> str:
    """What is stored of an interface key."""
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()


_TOKEN = ("pk", "name", "hint", "last_used_on", "expires_on", "user_id")
_USER = ("username", "name", "is_active", "language")
_keys = Lookup(
    lambda digest: (
        ApiToken.objects.filter(digest=digest, revoked_at=None, user__is_active=True)
        .order_by()
        .values_list(
            *_TOKEN,
            *(f"user__{name}" for name in _USER),
            Subquery(Stamp.objects.filter(pk=1).values("number")),
        )
    )
)


def token_for(key: str) -> ApiToken | None:
    """The valid interface key, with its user and the present `stamp` as `number`; None otherwise.

    Asked with every request of the programming interface, so it is one statement, written once.
    """
    for found in _keys(digest_of(key)):
        *values, number = found
        own = dict(zip(_TOKEN, values, strict=False))
        if own["expires_on"] is not None and own["expires_on"] < today():
            return None
        token = ApiToken(**own, digest=digest_of(key))
        token.user = User(pk=own["user_id"], **dict(zip(_USER, values[len(_TOKEN) :], strict=True)))
        token.number = number or 0  # type: ignore[attr-defined]
        return token
    return None


def units_in_reach(permission: str) -> QuerySet[OrgUnit]:
    """The units somebody may see or change: all with a company-wide right, else those of their sites."""
    scope = current()
    if scope.everywhere or permission in scope.company:
        return OrgUnit.objects.all()
    paths = Site.objects.filter(pk__in=scope.ids(permission)).values_list("unit__path", flat=True)
    reached = Q(pk__in=[])
    for path in paths:
        reached |= Q(path__startswith=path)
    return OrgUnit.objects.filter(reached)


def appointments_in_reach(permission: str) -> QuerySet[Appointment]:
    """The appointments at the units of one's reach, past ones too."""
    return Appointment.objects.filter(unit__in=units_in_reach(permission)).select_related(
        "post", "unit", "user"
    )


def people_in_reach(permission: str) -> QuerySet[User]:
    """The people somebody may see: all with a company-wide right, else those with a post in reach."""
    scope = current()
    if scope.everywhere or permission in scope.company:
        return User.objects.all()
    lasting = Appointment.objects.filter(Q(ends_on=None) | Q(ends_on__gte=today()))
    return User.objects.filter(pk__in=lasting.filter(unit__in=units_in_reach(permission)).values("user"))


def people_named(people: QuerySet[User], text: str) -> QuerySet[User]:
    """The people whose name, pinyin, initials, login name or telephone number contain a text."""
    text = text.strip()
    found = Q(name__icontains=text) | Q(username__icontains=text) | Q(phone__contains=text)
    if text.isascii():
        found |= Q(pinyin__contains=text.lower().replace(" ", ""))
    return people.filter(found)


def views_for(user: User, path: str) -> QuerySet[SavedView]:
    """The saved views of a list: one's own, and those shared with a site of one's reach or with all."""
    views: QuerySet[SavedView] = SavedView.objects.filter(Q(user=user) | Q(is_shared=True), path=path)
    return views.order_by("name", "pk")


def factor_of(user: User) -> SecondFactor | None:
    """The second factor a person signs in with, if any."""
    return SecondFactor.objects.filter(user=user).first()


def recovery_codes_left(user: User) -> int:
    """How many recovery codes still work."""
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def locked_until(user: User) -> datetime | None:
    """Until when somebody's login name is locked after failed attempts, from any address; else None."""
    cool_off = get_cool_off()
    if cool_off is None:
        return None
    attempts = AccessAttempt.objects.filter(
        username=user.username,
        failures_since_start__gte=get_failure_limit(None, None),
        attempt_time__gt=now() - cool_off,
    )
    latest: datetime | None = (
        attempts.order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    )
    return None if latest is None else latest + cool_off
