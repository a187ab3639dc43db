"""Reads of the organisation: reach, responsible people, who may do what."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet, Subquery

from huiyin.base.kit.moment import today
from huiyin.base.kit.scope import Actor, Scope, current

from .models import ApiToken, Appointment, OrgUnit, Site, Stamp, User

_cache: dict[tuple[int, date], tuple[int, Scope]] = {}
_CACHE_SIZE = 5000


def stamp() -> int:
    """The number of the last change to units, posts or appointments."""
    return Stamp.objects.values_list("number", flat=True).filter(pk=1).first() or 0


def standing(on: date | None = None) -> QuerySet[Appointment]:
    """Appointments in force on a local day (today when none is given)."""
    day = on or today()
    return Appointment.objects.filter(Q(ends_on=None) | Q(ends_on__gte=day), starts_on__lte=day)


def scope_of(user: User, *, via: str = "desk", number: int | None = None) -> Scope:
    """What `user` may do where, from today's appointments; kept in memory until something changes.

    `number` is the current `stamp`, where the caller has already read it.
    """
    key = (user.pk, today())
    number = stamp() if number is None else number
    kept = _cache.get(key)
    if kept is None or kept[0] != number:
        kept = (number, _compute(user))
        if len(_cache) > _CACHE_SIZE:
            _cache.clear()
        _cache[key] = kept
    scope = kept[1]
    if scope.actor.via == via and scope.actor.label == str(user):
        return scope
    return Scope(Actor(user.pk, str(user), via), scope.grants, scope.sites, scope.company)


def _compute(user: User) -> Scope:
    actor = Actor(user.pk, str(user), "desk")
    if not user.is_active:
        return Scope(actor)
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
    return Scope(actor, {code: frozenset(ids) for code, ids in grants.items()}, frozenset(sites), frozenset(company))


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


def units_of_site(site: Site) -> list[int]:
    """Ids of all units that matter at a site: those above it, itself, and its teams."""
    above = [int(part) for part in site.unit.path.split("/") if part]
    below = OrgUnit.objects.filter(path__startswith=site.unit.path).values_list("pk", flat=True)
    return sorted({*above, *below})


def who_can(permission: str, site: Site) -> QuerySet[User]:
    """Active people who hold `permission` at the site today, by name."""
    units = units_of_site(site)
    held = [
        a.user_id
        for a in standing().filter(unit__in=units).select_related("post")
        if permission in a.post.permissions
    ]
    return User.objects.filter(pk__in=held, is_active=True).order_by("name", "pk")


def staff_of(sites: Iterable[Site]) -> QuerySet[User]:
    """Active people with an appointment today that reaches one of the sites."""
    units: set[int] = set()
    for site in sites:
        units.update(units_of_site(site))
    return User.objects.filter(
        pk__in=standing().filter(unit__in=units).values("user"), is_active=True
    ).order_by("name", "pk")


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
    return hashlib.sha256(key.encode()).hexdigest()


def token_for(key: str) -> ApiToken | None:
    """The valid interface key, with its user and the present `stamp` as `number`; None otherwise."""
    token = (
        ApiToken.objects.filter(digest=digest_of(key), revoked_at=None, user__is_active=True)
        .select_related("user")
        .annotate(number=Subquery(Stamp.objects.filter(pk=1).values("number")))
        .first()
    )
    if token is None or (token.expires_on is not None and token.expires_on < today()):
        return None
    return token
