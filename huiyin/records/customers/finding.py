"""Finding customers by whatever somebody has at hand, and files that may belong to the same person."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from huiyin.base.org.models import Site
from huiyin.engines.search.selectors import narrow
from huiyin.records.places.models import Asset, Place
from huiyin.records.places.numbers import plate_of
from huiyin.records.places.selectors import matches

from .contacts import digits_of, phone_of
from .models import ContactPoint, Customer, Holding, IdentityNumber
from .selectors import VIEW, standing, valid, with_identity

PHONES = (ContactPoint.Kind.MOBILE, ContactPoint.Kind.PHONE)
MIN_TAIL = 4
AT_MOST = 500
"""Customers that one exact way of looking may find; more means that too little was typed."""
_IDENTITY = re.compile(r"[0-9A-Z]{5,20}|[0-9]{17}X")


def files_found(customers: QuerySet[Customer], text: str) -> QuerySet[Customer]:
    """The customers of a list that a text names.

    In this order, the first that finds anything: an identity number in full, a telephone number or
    its last four or more digits, a plate, an address (3-2-501), else words: name, pinyin, initials,
    file number.
    """
    for look in (_by_identity, _by_phone, _by_plate, _by_place):
        ids = look(text)
        if ids:
            return customers.filter(pk__in=ids)
    return narrow(customers, text)


def _by_identity(text: str) -> list[int]:
    number = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    if not _IDENTITY.fullmatch(number) or not any(sign.isdigit() for sign in number):
        return []
    return [one.pk for one in with_identity(number)]


def _by_phone(text: str) -> list[int]:
    digits = digits_of(text)
    if len(digits) < MIN_TAIL or ("-" in text and len(digits) < 7):
        return []
    rows = ContactPoint.objects.allowed(VIEW).filter(tail4=digits[-MIN_TAIL:], kind__in=PHONES)
    rows = rows.filter(normalised__endswith=digits)
    return list(rows.values_list("customer_id", flat=True)[:AT_MOST])


def _by_plate(text: str) -> list[int]:
    plate = plate_of(text)
    if len(plate) < 5 or len(plate) > 12:
        return []
    rows = Holding.objects.allowed(VIEW).filter(standing(), asset__plate=plate)
    return list(rows.values_list("customer_id", flat=True)[:AT_MOST])


def _by_place(text: str) -> list[int]:
    places = matches(text, limit=20)
    rows = Holding.objects.allowed(VIEW).filter(standing(), place__in=[one.pk for one in places])
    return list(rows.values_list("customer_id", flat=True)[:AT_MOST]) if places else []


def customers_named(site: Site, text: str, *, limit: int = 8) -> list[Customer]:
    """The customers of a site that a text names, at most so many, by name."""
    rows = Customer.objects.allowed(VIEW).filter(site=site, merged_into=None)
    return list(files_found(rows, text).order_by("name", "pk")[:limit])


def homes_of(customers: Iterable[Customer]) -> dict[int, str]:
    """Where customers stand to something today, in words, by their ids; one query."""
    found: dict[int, list[str]] = defaultdict(list)
    rows = Holding.objects.allowed(VIEW).filter(standing(), customer__in=[one.pk for one in customers])
    for holding in rows.select_related("place", "asset").order_by("pk"):
        thing: Place | Asset | None = holding.place or holding.asset
        if thing is not None and thing.name not in found[holding.customer_id]:
            found[holding.customer_id].append(thing.name)
    return {pk: " · ".join(names[:3]) for pk, names in found.items()}


@dataclass(frozen=True)
class Suspects:
    """Files that may belong to the same customer, and why (codes of `words.REASONS`)."""

    customers: tuple[Customer, ...]
    reasons: tuple[str, ...]


def suspects(site: Site, *, limit: int = 100) -> list[Suspects]:
    """Files of a site that look like the same customer, the surest first.

    The same identity number; the same name with the same telephone number valid today; the same name
    at the same place. Never a name alone, never a number alone: people share both. Four queries,
    each a pass over one index of the site.
    """
    reasons: dict[frozenset[int], set[str]] = defaultdict(set)
    for reason, groups in (
        (("identity",), _same_identity(site, limit)),
        (("phone", "name"), _same_name_and_phone(site, limit)),
        (("place", "name"), _same_name_and_place(site, limit)),
    ):
        for ids in groups:
            reasons[ids].update(reason)
    wanted = {pk for ids in reasons for pk in ids}
    known = {one.pk: one for one in Customer.objects.allowed(VIEW).filter(pk__in=wanted, merged_into=None)}
    found = []
    for ids, why in reasons.items():
        members = tuple(known[pk] for pk in sorted(ids) if pk in known)
        if len(members) > 1 and len({one.kind for one in members}) == 1:
            found.append(Suspects(members, tuple(code for code in ORDER if code in why)))
    found.sort(key=lambda one: (ORDER.index(one.reasons[0]), -len(one.reasons), one.customers[0].name))
    return found[:limit]


ORDER = ("identity", "phone", "place", "name")


def _same_identity(site: Site, limit: int) -> list[frozenset[int]]:
    rows = IdentityNumber.objects.allowed(VIEW).filter(site=site)
    return _groups(rows, ("blind",), limit)


def _same_name_and_phone(site: Site, limit: int) -> list[frozenset[int]]:
    rows = ContactPoint.objects.allowed(VIEW).filter(
        valid(), site=site, kind__in=PHONES, customer__merged_into=None
    )
    return _groups(rows, ("normalised", "customer__name_key"), limit)


def _same_name_and_place(site: Site, limit: int) -> list[frozenset[int]]:
    rows = Holding.objects.allowed(VIEW).filter(
        site=site, voided_at=None, place__isnull=False, customer__merged_into=None
    )
    return _groups(rows, ("place", "customer__name_key"), limit)


def _groups(rows: QuerySet[Any], columns: tuple[str, ...], limit: int) -> list[frozenset[int]]:
    """The ids of customers who share the values of columns, where more than one does."""
    shared = rows.order_by().values(*columns).annotate(n=Count("customer", distinct=True)).filter(n__gt=1)
    keys = [tuple(row[name] for name in columns) for row in shared[:limit]]
    if not keys:
        return []
    found: dict[tuple[Any, ...], set[int]] = defaultdict(set)
    members = rows.filter(**{f"{columns[0]}__in": [key[0] for key in keys]})
    wanted = set(keys)
    for *values, pk in members.order_by().values_list(*columns, "customer_id"):
        if tuple(values) in wanted:
            found[tuple(values)].add(pk)
    return [frozenset(ids) for ids in found.values()]


@dataclass(frozen=True)
class Typed:
    """A name and a telephone number in one line of typing: `Wang Wu 138 0000 1111`."""

    name: str
    phone: str


def read_person(text: str) -> Typed:
    """The name and the telephone number in what somebody typed; either may be empty."""
    words = unicodedata.normalize("NFKC", text).split()
    for count in range(1, min(4, len(words)) + 1):
        tail = " ".join(words[-count:])
        if len(digits_of(tail)) >= 7 and phone_of(tail):
            return Typed(" ".join(words[:-count]), tail)
    return Typed(" ".join(words), "")
