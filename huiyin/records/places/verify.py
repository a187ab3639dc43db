"""What must hold of places and things on the live database; every check counts the rows that break it."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import CharField, Count, F, Q, Value
from django.db.models.functions import Cast, Concat

from huiyin.base.kit.rows import sort_of

from .addresses import Address
from .models import Asset, Place

SAMPLE = 2000


def _paths() -> int:
    """Places whose path is not that of the place above and that place."""
    above = Concat(F("parent__path"), Cast(F("parent_id"), CharField()), Value("/"), output_field=CharField())
    below = Place.objects.filter(parent__isnull=False).annotate(above=above).exclude(path=F("above"))
    top = Place.objects.filter(parent=None).exclude(path="/")
    return int(below.count() + top.count())


def _sites() -> int:
    """Places and things of another site than the place above."""
    places = Place.objects.filter(parent__isnull=False).exclude(site=F("parent__site"))
    assets = Asset.objects.filter(place__isnull=False).exclude(site=F("place__site"))
    return int(places.count() + assets.count())


def _addresses() -> int:
    """Addresses of a site that two rooms, entrances or buildings share."""
    kinds = (Place.Kind.BUILDING, Place.Kind.UNIT, Place.Kind.ROOM)
    rows = Place.objects.filter(kind__in=kinds).order_by().values("site_id", "key")
    return int(rows.annotate(n=Count("pk")).filter(Q(n__gt=1)).count())


def _keys() -> int:
    """Of the newest rooms: those whose key, code or order is not that of their address."""
    wrong = 0
    for row in Place.objects.filter(kind=Place.Kind.ROOM).order_by("-pk")[:SAMPLE]:
        where = Address(row.building, row.unit, row.room)
        wrong += (row.key, row.code, row.sort) != (where.key, where.code, sort_of(row.code))
    return wrong


def _closed() -> int:
    """Places in use that stand under a closed one."""
    return int(Place.objects.filter(closed_on=None, parent__closed_on__isnull=False).count())


def _retired() -> int:
    """Things retired without a day, or with a day but in use."""
    retired = Q(state=Asset.State.RETIRED)
    return int(
        Asset.objects.filter(
            (retired & Q(retired_on=None)) | (~retired & Q(retired_on__isnull=False))
        ).count()
    )


CHECKS: dict[str, Callable[[], int]] = {
    "paths": _paths,
    "sites": _sites,
    "addresses": _addresses,
    "keys": _keys,
    "closed": _closed,
    "retired": _retired,
}
"""Name of the check and what counts its violations."""
