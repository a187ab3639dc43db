"""Writing several things of a file in one step: what the counter enters in one form."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused, service
from huiyin.base.org.models import Site
from huiyin.records.places.models import Asset, Place

from .contacts import phone_kind, phone_of
from .holdings import WITH_THE_OWNER, NewOwner, hand_over, put_holding
from .models import Customer, Holding
from .services import put_contact, put_customer, put_identity, reindex


@dataclass(frozen=True, slots=True)
class NewFile:
    """Somebody who has no file yet: name, and telephone number where it is known."""

    name: str
    phone: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.phone}".strip()


Who = Customer | NewFile


@service(needs="customers.edit")
def open_file(
    site: Site,
    *,
    name: str,
    kind: str = Customer.Kind.PERSON,
    gender: str = "",
    phone: str = "",
    identity_kind: str = "",
    identity: str = "",
    place: Place | None = None,
    role: str = "",
    starts_on: date | None = None,
    by: Actor,
) -> Customer:
    """Open a file with a telephone number, an identity number and a role to a place, all in one step.

    What is left empty is left out. Refused as the single commands are, and when a place is given
    without a role.
    """
    if place is not None and not role:
        raise Refused("no-role", _("Please say in what role."), field="role")
    customer = put_customer(site, name=name, kind=kind, gender=gender, index_now=False, by=by)
    if phone.strip():
        _reached_by(customer, phone, by)
    if identity.strip():
        put_identity(customer, kind=identity_kind, number=identity, by=by)
    if place is not None:
        put_holding(customer, role=role, place=place, starts_on=starts_on, index_now=False, by=by)
    reindex(customer, new=True, by=by)
    return customer


def _reached_by(customer: Customer, phone: str, by: Actor) -> None:
    number = phone_of(phone)
    if not number:
        message = _("“%(text)s” is not a telephone number.")
        raise Refused("phone", message, params={"text": phone}, field="phone")
    put_contact(customer, kind=phone_kind(number), value=phone, index_now=False, by=by)


def _file_of(site: Site, who: Who, by: Actor) -> Customer:
    """The file of somebody, opened where there is none yet."""
    if isinstance(who, Customer):
        return who
    customer = put_customer(site, name=who.name, index_now=False, by=by)
    if who.phone:
        _reached_by(customer, who.phone, by)
    reindex(customer, new=True, by=by)
    return customer


@service(needs="customers.edit")
def add_person(
    thing: Place | Asset,
    *,
    person: Who,
    role: str,
    share: Decimal | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
    remark: str = "",
    by: Actor,
) -> Holding:
    """Say that somebody stands in a role to a place or thing, opening a file where there is none yet.

    Refused as `start_holding` is.
    """
    place, asset = (thing, None) if isinstance(thing, Place) else (None, thing)
    return put_holding(
        _file_of(thing.site, person, by),
        role=role,
        place=place,
        asset=asset,
        share=share,
        starts_on=starts_on,
        ends_on=ends_on,
        remark=remark,
        by=by,
    )


@service(needs="customers.edit")
def hand_over_to(
    place: Place,
    *,
    owners: Sequence[tuple[Who, Decimal | None]],
    on: date | None = None,
    ending: Collection[str] = WITH_THE_OWNER,
    reason: str = "",
    by: Actor,
) -> list[Holding]:
    """Hand a place over as `hand_over` does, opening files for new owners who have none yet."""
    named = [NewOwner(_file_of(place.site, who, by), share) for who, share in owners]
    return hand_over(place, owners=named, on=on, ending=ending, reason=reason, by=by)
