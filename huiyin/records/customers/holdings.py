"""Writing what customers hold: who stands to which place or thing in what role, from when to when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.moment import now, today
from huiyin.base.kit.rows import insert, plain
from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused, service
from huiyin.base.trail.registry import verb
from huiyin.base.trail.services import record
from huiyin.records.places.models import Asset, Place
from huiyin.records.places.services import fill_place

from .drafts import check_holding, draft_holding, refuse_beside
from .files import reindexed
from .models import Customer, Holding
from .selectors import OWNERS

STARTED = verb("customers.holding_started", _("Holding started"))
ENDED = verb("customers.holding_ended", _("Holding ended"))
CORRECTED = verb("customers.holding_corrected", _("Holding corrected"))
HANDED_OVER = verb("customers.handed_over", _("Handed over to new owners"))

R = Holding.Role
WITH_THE_OWNER = (R.FAMILY, R.AGENT, R.REPRESENTATIVE, R.EMERGENCY_CONTACT, R.TEMPORARY)
"""Roles that end when the owner goes; tenants stay, a sale does not break a lease."""
RECORDED = ("role", "share", "starts_on", "ends_on", "remark")


@dataclass(frozen=True, slots=True)
class NewOwner:
    """One of the owners after a hand-over; `share` in percent, None where it is not known."""

    customer: Customer
    share: Decimal | None = None


@service(needs="customers.edit")
def start_holding(
    customer: Customer,
    *,
    role: str,
    place: Place | None = None,
    asset: Asset | None = None,
    share: Decimal | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
    remark: str = "",
    by: Actor,
) -> Holding:
    """Say that a customer stands in a role to a place or thing from a day on (local days, both
    included; from today when none is given). `share` is an owner's part in percent.

    Refused when the file was merged, the place is of another site, the customer stands in the same
    role to it on one of the days, or the owners' shares would exceed 100 % on one of them.
    """
    return put_holding(
        customer,
        role=role,
        place=place,
        asset=asset,
        share=share,
        starts_on=starts_on,
        ends_on=ends_on,
        remark=remark,
        by=by,
    )


@service
def put_holding(
    customer: Customer,
    *,
    role: str,
    place: Place | None = None,
    asset: Asset | None = None,
    share: Decimal | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
    remark: str = "",
    index_now: bool = True,
    by: Actor,
) -> Holding:
    """Start a holding, as `start_holding` does: an effect for imports and apps above.

    Without `index_now` the caller lets the search know itself (`reindex`).
    """
    holding = draft_holding(
        customer,
        role=role,
        place=place,
        asset=asset,
        share=share,
        starts_on=starts_on,
        ends_on=ends_on,
        remark=remark,
    )
    refuse_beside(holding, _lock(_of(holding)))
    insert(holding)
    record_started(holding, by=by)
    if index_now:
        reindexed(customer, by)
    return holding


@service
def record_started(holding: Holding, *, by: Actor) -> None:
    """Tell the trail of a new holding: an effect for `put_drafts`."""
    record(holding, STARTED, by=by, root=holding.customer, **_thing(holding), new=_values(holding))


def _lock(thing: Place | Asset) -> list[Holding]:
    """The holdings of a place or thing; whoever else wants to write some waits for the commit."""
    type(thing).objects.select_for_update(of=("self",), no_key=True).get(pk=thing.pk)
    column = "place" if isinstance(thing, Place) else "asset"
    rows = Holding.objects.filter(**{column: thing}, voided_at=None)
    return list(rows.select_related("customer", column).order_by("pk"))


def _thing(holding: Holding) -> dict[str, Any]:
    """What a holding is of, as the trail tells it."""
    thing = holding.place or holding.asset
    return {"place": holding.place_id, "asset": holding.asset_id, "name": thing.name if thing else ""}


def _values(holding: Holding) -> dict[str, Any]:
    return {
        name: plain(getattr(holding, name)) for name in RECORDED if getattr(holding, name) not in (None, "")
    }


def _standing(holding: Holding) -> None:
    if holding.voided_at is not None:
        raise Refused("voided", _("This entry was corrected; please use the new one."))


@service(needs="customers.edit")
def end_holding(holding: Holding, *, on: date | None = None, reason: str = "", by: Actor) -> Holding:
    """Say that a holding ends with a local day (today when none is given), that day included.

    An end that was known already is corrected. Refused when the day lies before the start.
    """
    day = on or today()
    if holding.ends_on is not None:
        return correct_holding(holding, ends_on=day, reason=reason, by=by)
    _standing(holding)
    _lock(_of(holding))
    _end(holding, day, reason, by)
    reindexed(holding.customer, by)
    return holding


def _of(holding: Holding) -> Place | Asset:
    thing = holding.place or holding.asset
    assert thing is not None  # one of the two, by constraint
    return thing


def _end(holding: Holding, day: date, reason: str, by: Actor) -> None:
    if day < holding.starts_on:
        raise Refused("period", _("The end lies before the start."), field="on")
    rows = Holding.objects.filter(pk=holding.pk, ends_on=None, voided_at=None)
    holding.ends_on, holding.end_known_at = day, now()
    if not rows.update(ends_on=holding.ends_on, end_known_at=holding.end_known_at):
        raise Refused("changed-meanwhile", _("Somebody else has just changed this. Please look again."))
    new = {"ends_on": day.isoformat()}
    record(
        holding,
        ENDED,
        by=by,
        root=holding.customer,
        **_thing(holding),
        role=holding.role,
        new=new,
        reason=reason,
    )


@service(needs="customers.edit")
def correct_holding(holding: Holding, *, reason: str, by: Actor, **fields: Any) -> Holding:
    """Replace an entry that was wrong by a right one; `fields` are columns of RECORDED.

    The wrong one stays, marked with the moment at which it was found out. Refused without a reason,
    when it was corrected before, or the right one contradicts what else is recorded.
    """
    unknown = sorted(set(fields) - set(RECORDED))
    if unknown:
        raise TypeError(f"a holding has no changeable field {', '.join(unknown)}")
    if not reason.strip():
        raise Refused("required", _("Please give a reason."), field="reason")
    _standing(holding)
    _lock(_of(holding))
    values = {name: getattr(holding, name) for name in RECORDED} | fields
    if all(values[name] == getattr(holding, name) for name in RECORDED):
        return holding
    moment = now()
    if not Holding.objects.filter(pk=holding.pk, voided_at=None).update(voided_at=moment):
        raise Refused("changed-meanwhile", _("Somebody else has just changed this. Please look again."))
    right = Holding(
        site_id=holding.site_id,
        customer=holding.customer,
        place=holding.place,
        asset=holding.asset,
        known_at=moment,
        end_known_at=moment if values["ends_on"] else None,
        corrects=holding,
        **values,
    )
    check_holding(right)
    refuse_beside(right, _lock(_of(right)))
    insert(right)
    holding.voided_at = moment
    record(
        right,
        CORRECTED,
        by=by,
        root=holding.customer,
        **_thing(right),
        old=_values(holding),
        new=_values(right),
        corrects=holding.pk,
        reason=reason,
    )
    reindexed(right.customer, by)
    return right


@service(needs="customers.edit")
def hand_over(
    place: Place,
    *,
    owners: Sequence[NewOwner],
    on: date | None = None,
    ending: Collection[str] = WITH_THE_OWNER,
    reason: str = "",
    by: Actor,
) -> list[Holding]:
    """End the owners of a place with the day before `on` (local; today when none is given) and start
    the new ones with that day, in one step; roles in `ending` end with them. The first time a place is
    handed over, the day is recorded with the place, unless one is known.

    Refused without a new owner, when one is named twice, was merged or is of another site, when the
    shares exceed 100 %, or when somebody already stands in one of these roles from that day or later.
    """
    day = on or today()
    if not owners or len({owner.customer.pk for owner in owners}) != len(owners):
        raise Refused("owners", _("Name each new owner once."), field="owners")
    roles = {*OWNERS, *ending}
    leaving = [
        one for one in _lock(place) if one.role in roles and (one.ends_on is None or one.ends_on >= day)
    ]
    if any(one.starts_on >= day for one in leaving):
        raise Refused(
            "later-owner", _("Somebody took the place over on that day or later already."), field="on"
        )
    first = not Holding.objects.filter(place=place, role__in=OWNERS, voided_at=None).exists()
    if first and place.handed_over_on is None:
        fill_place(place, handed_over_on=day, by=by)
    for old in leaving:
        _leave(old, day - timedelta(days=1), reason, by)
        reindexed(old.customer, by)
    role = R.OWNER if len(owners) == 1 else R.CO_OWNER
    started = [
        put_holding(owner.customer, role=role, place=place, share=owner.share, starts_on=day, by=by)
        for owner in owners
    ]
    record(
        place,
        HANDED_OVER,
        by=by,
        on=day.isoformat(),
        ended=[one.pk for one in leaving],
        started=[one.pk for one in started],
        owners=[owner.customer.name for owner in owners],
        reason=reason,
    )
    return started


def _leave(holding: Holding, day: date, reason: str, by: Actor) -> None:
    """End a holding, also one whose later end was known already."""
    if holding.ends_on is None:
        _end(holding, day, reason, by)
    else:
        correct_holding(holding, ends_on=day, reason=reason or str(_("Handed over to new owners")), by=by)
