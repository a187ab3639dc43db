"""Customers and what they hold from the rows of sheets that people already have.

A row comes typed, as the layouts of the import engine give it. Every function records one row in
one transaction and says whether anything was new; a second time everything is there already. What
cannot be is refused with `field` naming the column of the sheet.
"""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.moment import today
from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused, service
from huiyin.base.org.models import Site
from huiyin.engines.imports.registry import Preset, declare
from huiyin.records.places.importing import (
    Outcome,
    Row,
    outcome,
    put_room,
    put_space,
    told_by_column,
)
from huiyin.records.places.models import Asset, Place
from huiyin.records.places.numbers import plate_of
from huiyin.records.places.services import fill_asset, put_asset

from . import sealing
from .contacts import name_key, phone_kind, phone_of
from .holdings import OWNERS, put_holding
from .models import ContactPoint, Customer, Holding, IdentityNumber
from .papers import paper_of
from .selectors import root_of, standing
from .services import put_contact, put_customer, put_identity, reindex

R = Holding.Role
MEMBERS = 20
"""So many people of one household are told apart by their place in the sheet."""
_SEVERAL = re.compile("[,，、;；/]+")
_ROLES = {"owner": R.OWNER, "family": R.FAMILY, "tenant": R.TENANT, "temporary": R.TEMPORARY}
_COLUMNS = {
    "value": "phone",
    "number": "identity_number",
    "gender": "sex",
    "name": "name",
    "code": "owner_number",
}


class _Changed:
    """The customers of whom a row told something new, and whether they are new themselves."""

    def __init__(self, site: Site, by: Actor) -> None:
        self.site = site
        self.by = by
        self.customers: dict[int, tuple[Customer, bool]] = {}

    def __bool__(self) -> bool:
        return bool(self.customers)

    def add(self, customer: Customer, *, new: bool = False) -> None:
        """Note a customer."""
        self.customers[customer.pk] = (customer, new or self.customers.get(customer.pk, (None, False))[1])

    def let_search_know(self) -> None:
        """Renew what can be found of them, once."""
        for customer, new in self.customers.values():
            reindex(customer, new=new, by=self.by)


@service(needs="customers.import")
def import_owner(site: Site, row: Row, *, by: Actor) -> Outcome:
    """A person of a household: `owner_number`, `name`, `kind`, `sex`, `age`, `phone`, `identity_number`.

    An owner gets the number as the number of the file. For family, tenants and temporary residents it
    names the owner, to whose places they are tied, now or when those are imported. Refused when the
    number belongs to another name, or an owner with it is not there yet.
    """
    number = str(row.get("owner_number") or "").strip()
    if not number:
        raise Refused("required", _("This cell must not be empty."), field="owner_number")
    role = _ROLES[row.get("kind") or "owner"]
    owner = Customer.objects.filter(site_id=site.pk, code=number).select_related("merged_into").first()
    changed = _Changed(site, by)
    with told_by_column(_COLUMNS, "name"):
        if role != R.OWNER:
            if owner is None:
                raise Refused("no-owner", _("There is no owner with this number yet."), field="owner_number")
            _member(row, root_of(owner), number, role, changed)
        elif owner is not None and owner.name_key != name_key(row["name"]):
            message = _("This number belongs to %(name)s already.")
            raise Refused("number-taken", message, params={"name": owner.name}, field="owner_number")
        else:
            _person(row, row["name"], owner, number, changed)
    changed.let_search_know()
    return outcome(bool(changed))


def _member(row: Row, owner: Customer, number: str, role: str, changed: _Changed) -> None:
    """One more person of an owner's household, tied to the owner's rooms."""
    members = list(_members(changed.site, number))
    same = next((one for one in members if one.name_key == name_key(row["name"])), None)
    taken = {one.code for one in members}
    code = same.code if same else next((one for one in _member_codes(number) if one not in taken), "")
    if not code:
        raise Refused("too-many", _("Too many people in one household."), field="owner_number")
    person = _person(row, row["name"], same, code, changed, role=role)
    held = Holding.objects.filter(standing(), customer=owner, role__in=OWNERS, place__kind=Place.Kind.ROOM)
    for holding in held.select_related("place"):
        _tie(person, holding.place, role, changed)


def _member_codes(number: str) -> list[str]:
    return [f"{number}/{position}" for position in range(2, MEMBERS + 2)]


def _members(site: Site, number: str) -> Any:
    """The people of the household of the owner with that number, besides the owner."""
    return Customer.objects.filter(site_id=site.pk, code__in=_member_codes(number)).order_by("pk")


def _person(
    row: Row, name: str, known: Customer | None, code: str, changed: _Changed, *, role: str = ""
) -> Customer:
    """The customer that a row tells of, with number and papers."""
    new = known is None
    if known is None:
        profile = {"age": str(row["age"]), "age_on": today().isoformat()} if (row.get("age") or 0) > 1 else {}
        if role:
            profile["household_role"] = role
        sex = row.get("sex") or ""
        known = put_customer(
            changed.site, name=name, code=code, gender=sex, profile=profile, index_now=False, by=changed.by
        )
        changed.add(known, new=True)
    customer = root_of(known)
    if _phone(customer, row.get("phone"), new, changed.by):
        changed.add(customer)
    if _identity(customer, row.get("identity_number"), new, changed.by):
        changed.add(customer)
    return customer


def _phone(customer: Customer, phone: str | None, new: bool, by: Actor) -> bool:
    """Add a number unless the customer has or had it; whether it was new."""
    if not phone:
        return False
    number = phone_of(phone)
    if number and not new and ContactPoint.objects.filter(customer=customer, normalised=number).exists():
        return False
    put_contact(customer, kind=phone_kind(phone), value=phone, index_now=False, by=by)
    return True


def _identity(customer: Customer, number: str | None, new: bool, by: Actor) -> bool:
    """Add an identity card unless the customer has it; whether it was new."""
    if not number:
        return False
    if not new and IdentityNumber.objects.filter(customer=customer, blind__in=_blinds(number)).exists():
        return False
    put_identity(customer, kind=IdentityNumber.Kind.RESIDENT_ID, number=number, by=by)
    return True


def _blinds(number: str) -> list[str]:
    kind = IdentityNumber.Kind.RESIDENT_ID
    return sealing.blinds(kind, paper_of(kind, number).same_as)


def _tie(customer: Customer, place: Place, role: str, changed: _Changed, **period: Any) -> None:
    """Let a customer stand in a role to a place, unless they do.

    That somebody once stood in it and no longer does is known here better than in the sheet, unless it
    tells of another lease.
    """
    roles = OWNERS if role in OWNERS else (role,)
    told = Holding.objects.filter(customer=customer, place=place, role__in=roles, voided_at=None)
    if role not in OWNERS and period.get("starts_on") is not None:
        told = told.filter(starts_on=period["starts_on"])
    if not told.exists():
        put_holding(customer, role=role, place=place, index_now=False, by=changed.by, **period)
        changed.add(customer)


@service(needs="customers.import")
def import_room_of_owner(site: Site, row: Row, *, by: Actor) -> Outcome:
    """A room (see the places' `import_room`) and its owner by `owner_number`, with the owner's household.

    Refused at `owner_number` when there is no such owner or the room has another one; then nothing of
    the row is recorded.
    """
    place, new = put_room(site, row, by)
    number = str(row.get("owner_number") or "").strip()
    changed = _Changed(site, by)
    if number and number != "0":
        owner = _owner(site, number)
        others = Holding.objects.filter(standing(), place=place, role__in=OWNERS).exclude(customer=owner)
        if not new and others.exists():
            raise Refused("differs", _("This room belongs to somebody else."), field="owner_number")
        with told_by_column({}, "owner_number"):
            _tie(owner, place, R.OWNER, changed)
            for member in _members(site, number):
                _tie(root_of(member), place, member.profile.get("household_role", R.FAMILY), changed)
    changed.let_search_know()
    return outcome(new or bool(changed))


def _owner(site: Site, number: str) -> Customer:
    owner = Customer.objects.filter(site_id=site.pk, code=number).select_related("merged_into").first()
    if owner is None:
        raise Refused("no-owner", _("There is no owner with this number yet."), field="owner_number")
    return root_of(owner)


@service(needs="customers.import")
def import_household(site: Site, row: Row, *, by: Actor) -> Outcome:
    """A room with one of its people on one line: the room's columns, `owner_name`, `owner_kind`, `sex`,
    `phone`, `identity_number`. Several owners may share a cell, separated by commas.

    Refused when an unsold room has people, a sold one has none, or others stand before the owner.
    """
    place, new = put_room(site, row, by)
    names = [name.strip() for name in _SEVERAL.split(row.get("owner_name") or "") if name.strip()]
    if not names:
        if row.get("phone") or row.get("identity_number"):
            raise Refused("required", _("Whose number is it? The name is missing."), field="owner_name")
        return outcome(new)
    if row.get("state") == "unsold":
        raise Refused("unsold", _("An unsold room has no owner or resident."), field="owner_name")
    role = _ROLES[row.get("owner_kind") or "owner"]
    people = list(Holding.objects.filter(standing(), place=place).select_related("customer"))
    if role != R.OWNER and not any(one.role in OWNERS for one in people):
        raise Refused(
            "no-owner", _("The owner of the room stands before everybody else."), field="owner_kind"
        )
    changed = _Changed(site, by)
    with told_by_column({**_COLUMNS, "name": "owner_name", "code": "owner_name"}, "owner_name"):
        for position, name in enumerate(names):
            told = row if position == 0 else {}
            person = _person(told, name, _known(site, told, name, people), "", changed)
            shared = R.CO_OWNER if len(names) > 1 else R.OWNER
            _tie(person, place, shared if role == R.OWNER else role, changed)
    changed.let_search_know()
    return outcome(new or bool(changed))


def _known(site: Site, row: Row, name: str, people: list[Holding]) -> Customer | None:
    """The file of a person: one of the household with this name, or one with the same name and number."""
    key = name_key(name)
    for holding in people:
        if holding.customer.name_key == key:
            return holding.customer
    same = Customer.objects.filter(site_id=site.pk, name_key=key, merged_into=None)
    if row.get("identity_number"):
        found: Customer | None = same.filter(
            identitynumbers__blind__in=_blinds(row["identity_number"])
        ).first()
        if found is not None:
            return found
    number = phone_of(row.get("phone") or "")
    return same.filter(contactpoints__normalised=number).first() if number else None


@service(needs="customers.import")
def import_car(site: Site, row: Row, *, by: Actor) -> Outcome:
    """A parking space (see the places' `import_parking`), who holds it by `owner_number` (`tenure` sold or
    let, `starts_on`, `ends_on`), and the vehicle: `plate`, `car_brand`, `car_kind`, `car_colour`.

    Refused at `owner_number` when there is no such owner, or it is missing beside a plate or tenure.
    """
    place, new = put_space(site, row, by)
    number = str(row.get("owner_number") or "").strip()
    if not number:
        if row.get("plate") or row.get("tenure"):
            raise Refused("required", _("This cell must not be empty."), field="owner_number")
        return outcome(new)
    owner = _owner(site, number)
    changed = _Changed(site, by)
    sold = row.get("tenure") != "let"
    # The template asks for a far day where a space is sold: an owner's holding has no end.
    period = {"starts_on": row.get("starts_on"), "ends_on": None if sold else row.get("ends_on")}
    with told_by_column({"role": "tenure"}, "owner_number"):
        _tie(owner, place, R.OWNER if sold else R.TENANT, changed, **period)
    if row.get("plate"):
        new = _vehicle(row, place, owner, changed) or new
    changed.let_search_know()
    return outcome(new or bool(changed))


def _vehicle(row: Row, place: Place, owner: Customer, changed: _Changed) -> bool:
    """The vehicle on a parking space, owned by the one who holds the space; whether anything was new."""
    plate = plate_of(str(row["plate"]))
    fields = {
        "place": place,
        "subtype": row.get("car_kind") or "",
        "maker": row.get("car_brand") or "",
        "colour": row.get("car_colour") or "",
    }
    columns = {"place": "space", "subtype": "car_kind", "maker": "car_brand", "colour": "car_colour"}
    cars = Asset.objects.filter(site_id=changed.site.pk, plate=plate).exclude(state=Asset.State.RETIRED)
    car, new = cars.select_related("place").first(), False
    with told_by_column({**columns, "code": "plate"}, "plate"):
        if car is None:
            car = put_asset(changed.site, kind=Asset.Kind.VEHICLE, plate=plate, by=changed.by, **fields)
            new = True
        else:
            new = fill_asset(car, by=changed.by, **fields)
    owners = list(Holding.objects.filter(standing(), asset=car, role__in=OWNERS))
    if not any(one.customer_id == owner.pk for one in owners):
        if owners:
            raise Refused("differs", _("This vehicle belongs to somebody else."), field="plate")
        with told_by_column({}, "plate"):
            started = row.get("starts_on")
            put_holding(owner, role=R.OWNER, asset=car, starts_on=started, index_now=False, by=changed.by)
        changed.add(owner)
    return new


declare(
    Preset("hc-owners", _("Owners"), "customers.import", take=import_owner),
    Preset("hc-rooms", _("Rooms with their owners"), "customers.import", take=import_room_of_owner),
    Preset("hc-assets", _("Households in one table"), "customers.import", take=import_household),
    Preset("hc-parking", _("Parking spaces and cars"), "customers.import", take=import_car),
)
