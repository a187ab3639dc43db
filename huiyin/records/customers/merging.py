"""Making one file of two, and two of one again."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.moment import now
from huiyin.base.kit.rows import change
from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused, service
from huiyin.base.trail.registry import verb
from huiyin.base.trail.services import record
from huiyin.engines.search.services import forget

from .files import reindexed, touch
from .models import ContactPoint, Customer, Holding, IdentityNumber, Merge

MERGED = verb("customers.merged", _("Duplicate merged"))
UNMERGED = verb("customers.unmerged", _("Merging undone"))

MOVING: tuple[type[ContactPoint | IdentityNumber | Holding], ...] = (ContactPoint, IdentityNumber, Holding)
"""What goes with a file when it is merged."""


@service(needs="customers.merge")
def merge(keep: Customer, *, other: Customer, reason: str = "", by: Actor) -> Customer:
    """Make one file of two: everything of `other` goes to `keep`, and `other` points to it.

    Nothing is deleted; `unmerge` undoes it exactly. Refused when they are of different sites or
    kinds, one of them was merged already, or both have verified identity cards that differ.
    """
    pair = _locked(keep, other)
    if keep.pk == other.pk or len(pair) != 2 or keep.site_id != other.site_id:
        raise Refused("not-two", _("Choose two different customers of the same site."), field="other")
    if any(one.merged_into_id is not None for one in pair):
        raise Refused("merged", _("One of them was merged already."), field="other")
    if keep.kind != other.kind:
        raise Refused("kinds", _("A person and a company cannot be one customer."), field="other")
    if _cards(keep) and _cards(other) and not _cards(keep) & _cards(other):
        raise Refused(
            "two-people", _("Their verified identity cards differ: these are two people."), field="other"
        )
    moved = {}
    for model in MOVING:
        rows = model.objects.filter(customer=other)
        moved[model._meta.label_lower] = list(rows.order_by("pk").values_list("pk", flat=True))
        rows.update(customer=keep)
    change(other, {"merged_into": keep}, ("merged_into",))
    touch(keep)
    Merge(site_id=keep.site_id, keep=keep, gone=other, moved=moved, reason=reason.strip()[:200]).save()
    for file in (keep, other):
        record(file, MERGED, by=by, keep=keep.pk, gone=other.pk, moved=moved, reason=reason)
    forget(other, by=by)
    reindexed(keep, by)
    return keep


def _locked(*customers: Customer) -> list[Customer]:
    """The rows as they stand now, locked in the order of their ids."""
    rows = Customer.objects.filter(pk__in={one.pk for one in customers}).order_by("pk")
    return list(rows.select_for_update(of=("self",)))


def _cards(customer: Customer) -> set[str]:
    cards = IdentityNumber.objects.filter(
        customer=customer, kind=IdentityNumber.Kind.RESIDENT_ID, verified=True
    )
    return set(cards.values_list("blind", flat=True))


@service(needs="customers.merge")
def unmerge(other: Customer, *, reason: str = "", by: Actor) -> Customer:
    """Take a merged file out again: everything that came with it goes back, corrections included.

    Refused when it was not merged, or the file it went into was itself merged since: then that has
    to be undone first.
    """
    done = Merge.objects.filter(gone=other, undone_at=None).select_related("keep").first()
    if done is None:
        raise Refused("not-merged", _("This file was not merged."))
    _locked(done.keep, other)
    if done.keep.merged_into_id is not None:
        raise Refused("merged-on", _("The file it went into was merged as well; undo that first."))
    for model in MOVING:
        ids = set(done.moved.get(model._meta.label_lower, []))
        if model is Holding:
            ids |= _corrections(ids)
        model.objects.filter(pk__in=ids, customer=done.keep).update(customer=other)
    change(other, {"merged_into": None}, ("merged_into",))
    done.undone_at = now()
    done.save(update_fields=["undone_at"])
    touch(done.keep)
    for file in (done.keep, other):
        record(file, UNMERGED, by=by, keep=done.keep_id, gone=other.pk, reason=reason)
    reindexed(done.keep, by)
    reindexed(other, by)
    return other


def _corrections(ids: Iterable[int]) -> set[int]:
    """The holdings that correct these, and those that correct them in turn."""
    found: set[int] = set()
    layer = set(ids)
    while layer:
        layer = set(Holding.objects.filter(corrects__in=layer).values_list("pk", flat=True)) - found
        found |= layer
    return found
