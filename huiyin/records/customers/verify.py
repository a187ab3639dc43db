"""What must hold of customers on the live database; every check counts the rows that break it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from django.db.models import F, Q

from huiyin.base.kit.service import Refused

from . import sealing
from .contacts import contact_of, name_key
from .models import ContactPoint, Customer, Holding, IdentityNumber, Merge
from .papers import paper_of
from .selectors import greatest_share

SAMPLE = 500
OWNED = (ContactPoint, IdentityNumber, Holding)


def _shares() -> int:
    """Places and things whose owners together have more than 100 percent on some day."""
    rows = Holding.objects.filter(voided_at=None, share__isnull=False)
    shared = rows.order_by("place_id", "asset_id").iterator(chunk_size=2000)
    things = groupby(shared, key=lambda one: (one.place_id, one.asset_id))
    return sum(greatest_share(holdings) > 100 for _, holdings in things)


def _periods() -> int:
    """Holdings and contacts that end before they start, or whose end was known before themselves."""
    holdings = Holding.objects.filter(
        Q(ends_on__lt=F("starts_on")) | Q(end_known_at__lt=F("known_at")) | Q(voided_at__lt=F("known_at"))
    )
    contacts = ContactPoint.objects.filter(valid_to__lt=F("valid_from"))
    return int(holdings.count() + contacts.count())


def _corrections() -> int:
    """Corrections that correct nothing voided, and voided rows that nothing corrects."""
    corrected = Holding.objects.filter(corrects__isnull=False)
    loose = Holding.objects.exclude(voided_at=None).exclude(pk__in=corrected.values("corrects"))
    return int(corrected.filter(corrects__voided_at=None).count() + loose.count())


def _identities() -> int:
    """Of the newest numbers: those that do not open, or whose blind index or mask belongs to another."""
    wrong = 0
    for row in IdentityNumber.objects.order_by("-pk")[:SAMPLE]:
        try:
            number = sealing.unseal(row.kind, row.sealed, row.key_id)
        except Refused:
            wrong += 1
            continue
        paper = paper_of(row.kind, number)
        agrees = row.blind in sealing.blinds(row.kind, paper.same_as) and row.masked == paper.masked
        wrong += not agrees or row.verified != (paper.wrong is None)
    return wrong


def _merged() -> int:
    """Rows that belong to a file that was merged, and merged files without their record."""
    left = sum(model.objects.filter(customer__merged_into__isnull=False).count() for model in OWNED)
    standing = Merge.objects.filter(undone_at=None)
    gone = Customer.objects.exclude(merged_into=None)
    return int(
        left
        + gone.exclude(pk__in=standing.values("gone")).count()
        + standing.exclude(gone__merged_into=F("keep")).count()
    )


def _sites() -> int:
    """Rows of another site than their customer, place or thing."""
    wrong = sum(model.objects.exclude(site=F("customer__site")).count() for model in OWNED)
    places = Holding.objects.filter(place__isnull=False).exclude(site=F("place__site"))
    assets = Holding.objects.filter(asset__isnull=False).exclude(site=F("asset__site"))
    merged = Customer.objects.filter(merged_into__isnull=False).exclude(site=F("merged_into__site"))
    return int(wrong + places.count() + assets.count() + merged.count())


def _tails() -> int:
    """Of the newest contacts: those whose compared form or tail is not that of their value."""
    wrong = 0
    for row in ContactPoint.objects.order_by("-pk")[:SAMPLE]:
        try:
            wrong += (row.normalised, row.tail4) != contact_of(row.kind, row.value)
        except Refused:
            wrong += 1
    return wrong


def _first_choices() -> int:
    """Kinds of contact of which a customer has two first choices, beyond those a merge brought together."""
    rows = ContactPoint.objects.filter(is_primary=True, customer__merged=None)
    ordered = (
        rows.order_by("customer_id", "kind").values_list("customer_id", "kind").iterator(chunk_size=2000)
    )
    return sum(len(list(group)) > 1 for _, group in groupby(ordered))


def _names() -> int:
    """Of the newest customers: those whose name or care mark for comparison is out of date."""
    rows = Customer.objects.order_by("-pk")[:SAMPLE]
    return sum(row.name_key != name_key(row.name) or (bool(row.care) and not row.has_care) for row in rows)


CHECKS: dict[str, Callable[[], int]] = {
    "shares": _shares,
    "periods": _periods,
    "corrections": _corrections,
    "identities": _identities,
    "merged": _merged,
    "sites": _sites,
    "contacts": _tails,
    "first_choices": _first_choices,
    "names": _names,
}
"""Name of the check and what counts its violations."""
