"""Customers and what they hold from the rows of sheets that people already have.

A row comes typed, as the layouts of the import engine give it. What cannot be is refused with `field`
naming the column of the sheet; nothing of such a row is recorded. A second time everything is there
already. Rows are tried against what is recorded and against each other in memory and then written
together, so that thousands of households take seconds.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.moment import today
from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused, service
from huiyin.base.org.models import Site
from huiyin.engines.imports.registry import Preset, declare
from huiyin.records.places.importing import (
    Journal,
    Outcome,
    PlaceBook,
    Row,
    Session,
    only,
    outcome,
    plan_room,
    put_space,
    taken,
    told_by_column,
)
from huiyin.records.places.models import Asset, Place
from huiyin.records.places.numbers import plate_of
from huiyin.records.places.services import fill_asset, put_asset

from . import sealing
from .contacts import name_key, phone_kind, phone_of
from .drafts import (
    Drafts,
    draft_contact,
    draft_customer,
    draft_holding,
    draft_identity,
    filled_by,
    read_paper,
    refuse_beside,
)
from .holdings import put_holding
from .models import ContactPoint, Customer, Holding, IdentityNumber
from .papers import paper_of
from .selectors import OWNERS, root_of, standing
from .services import change_by_paper, put_drafts, reindex, reindex_all

R = Holding.Role
CARD = IdentityNumber.Kind.RESIDENT_ID
MEMBERS = 12
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


def _names(row: Row) -> list[str]:
    """The people in the cell of the owner's name."""
    return [name.strip() for name in _SEVERAL.split(row.get("owner_name") or "") if name.strip()]


def _number(row: Row) -> str:
    """The owner's number in a row; `0` is none."""
    number = str(row.get("owner_number") or "").strip()
    return "" if number == "0" else number


def _member_codes(number: str) -> list[str]:
    return [f"{number}/{position}" for position in range(2, MEMBERS + 2)]


class Book:
    """The customers of a site that rows name, with what belongs to them: recorded or about to be."""

    def __init__(self, site: Site, by: Actor) -> None:
        self.site = site
        self.by = by
        self.journal = Journal()
        self.places = PlaceBook(site, by, self.journal)
        self.drafts = Drafts()
        self._by_pk: dict[int, Customer] = {}
        self._by_code: dict[str, Customer] = {}
        self._by_phone: dict[tuple[str, str], Customer] = {}
        self._by_paper: dict[tuple[str, str], Customer] = {}
        self._phones: set[tuple[int, str]] = set()
        self._papers: set[tuple[int, str]] = set()
        self._contacts_of: dict[int, list[ContactPoint]] = defaultdict(list)
        self._at: dict[int, list[Holding]] = defaultdict(list)
        self._rooms_of: dict[int, list[Place]] = defaultdict(list)
        self._changed: dict[int, Customer] = {}
        self._blinded: dict[str, list[str]] = {}
        self._filled: list[tuple[Customer, dict[str, Any]]] = []

    def look(self, rows: Sequence[Row]) -> None:
        """Read what is recorded of the people and places in the rows: seven queries at most."""
        self._look_up_codes(rows)
        self._look_up_numbers(rows)
        places = {place.pk: place for place in [*self.places.look(rows), *self._look_up_rooms(rows)]}
        held = Holding.objects.filter(place__in=list(places), voided_at=None).select_related("customer")
        for holding in held.order_by("pk"):
            holding.customer = self._own(holding.customer)
            self._at[id(places[holding.place_id])].append(holding)

    def _look_up_codes(self, rows: Sequence[Row]) -> None:
        numbers = {number for row in rows if (number := _number(row))}
        codes = numbers.union(*map(_member_codes, numbers))
        found = Customer.objects.filter(site_id=self.site.pk, code__in=codes).select_related("merged_into")
        for one in found:
            self._by_code.setdefault(one.code, self._own(one))

    def _look_up_rooms(self, rows: Sequence[Row]) -> list[Place]:
        """The rooms of the owners to whose households the rows add people."""
        added = {_number(row) for row in rows if row.get("kind") not in (None, "owner") and "name" in row}
        owners = [root_of(self._by_code[number]).pk for number in added if number in self._by_code]
        if not owners:
            return []
        held = Holding.objects.filter(standing(), customer__in=owners, role__in=OWNERS)
        pairs = list(held.filter(place__kind=Place.Kind.ROOM).values_list("customer_id", "place_id"))
        rooms = Place.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
        found = {room.pk: room for room in rooms.filter(pk__in={place for _customer, place in pairs})}
        for customer, place in pairs:
            self._rooms_of[customer].append(found[place])
        return list(found.values())

    def _look_up_numbers(self, rows: Sequence[Row]) -> None:
        numbers = {number for row in rows if (number := phone_of(row.get("phone") or ""))}
        contacts = ContactPoint.objects.filter(site_id=self.site.pk, normalised__in=numbers)
        for contact in contacts.select_related("customer").order_by("pk"):
            customer = self._own(contact.customer)
            self._by_phone.setdefault((customer.name_key, contact.normalised), customer)
            self._phones.add((id(customer), contact.normalised))
        blinds = {blind for row in rows for blind in self._blinds(row)}
        papers = IdentityNumber.objects.filter(site_id=self.site.pk, blind__in=blinds)
        for paper in papers.select_related("customer").order_by("pk"):
            customer = self._own(paper.customer)
            self._by_paper.setdefault((customer.name_key, paper.blind), customer)
            self._papers.add((id(customer), paper.blind))

    def _blinds(self, row: Row) -> list[str]:
        """What the identity number in a row is found by."""
        number = row.get("identity_number")
        if not number:
            return []
        if number not in self._blinded:
            self._blinded[number] = sealing.blinds(CARD, paper_of(CARD, number).same_as)
        return self._blinded[number]

    def _own(self, customer: Customer) -> Customer:
        """The one instance that stands for a row."""
        return self._by_pk.setdefault(customer.pk, customer)

    def coded(self, code: str) -> Customer | None:
        """The file with that number."""
        return self._by_code.get(code)

    def head(self, customer: Customer) -> Customer:
        """The file that counts: it, or the one it was merged into."""
        return self._own(root_of(customer)) if customer.merged_into_id is not None else customer

    def known(self, row: Row, name: str, place: Place) -> Customer | None:
        """The file of a person: one of the household with this name, or one with name and number alike."""
        key = name_key(name)
        for holding in self.at(place):
            if holding.customer.name_key == key:
                return holding.customer
        for blind in self._blinds(row):
            if found := self._by_paper.get((key, blind)):
                return found
        return self._by_phone.get((key, phone_of(row.get("phone") or "")))

    def at(self, place: Place) -> list[Holding]:
        """The holdings that stand to a place today."""
        day = today()
        return [
            one
            for one in self._at[id(place)]
            if one.starts_on <= day and (one.ends_on is None or one.ends_on >= day)
        ]

    def rooms_of(self, owner: Customer) -> list[Place]:
        """The rooms that somebody owns today, recorded before this portion of rows."""
        return self._rooms_of.get(owner.pk or 0, [])

    def person(self, row: Row, name: str, known: Customer | None, code: str = "", role: str = "") -> Customer:
        """The customer that a row tells of, with number and papers."""
        if known is None:
            aged = (row.get("age") or 0) > 1
            profile = {"age": str(row["age"]), "age_on": today().isoformat()} if aged else {}
            if role:
                profile["household_role"] = role
            gender = row.get("sex") or ""
            known = draft_customer(self.site, name=name, code=code, gender=gender, profile=profile)
            self._draft(self.drafts.customers, known, known)
            if code:
                self._remember(self._by_code, code, known)
        customer = self.head(known)
        self._add_phone(customer, row.get("phone"))
        self._add_card(customer, row)
        return customer

    def _draft(self, drafted: list[Any], row: Any, customer: Customer) -> None:
        drafted.append(row)
        self.journal.note(drafted.pop)
        if id(customer) not in self._changed:
            self._changed[id(customer)] = customer
            self.journal.note(lambda: self._changed.pop(id(customer)))

    def _remember(self, index: dict[Any, Customer], key: Any, customer: Customer) -> None:
        if key not in index:
            index[key] = customer
            self.journal.note(lambda: index.pop(key))

    def _add_phone(self, customer: Customer, phone: str | None) -> None:
        if not phone:
            return
        number = phone_of(phone)
        if (id(customer), number) in self._phones:
            return
        drafted = self._contacts_of[id(customer)]
        recorded = [] if customer.pk is None else ContactPoint.objects.filter(customer=customer)
        others = [*recorded, *drafted]
        contact = draft_contact(customer, kind=phone_kind(phone), value=phone, others=others)
        self._draft(self.drafts.contacts, contact, customer)
        drafted.append(contact)
        self.journal.note(drafted.pop)
        self._remember(self._by_phone, (customer.name_key, number), customer)
        self._phones.add((id(customer), number))
        self.journal.note(lambda: self._phones.discard((id(customer), number)))

    def _add_card(self, customer: Customer, row: Row) -> None:
        blinds = self._blinds(row)
        if not blinds or any((id(customer), blind) in self._papers for blind in blinds):
            return
        paper = read_paper(CARD, row["identity_number"])
        identity = draft_identity(customer, kind=CARD, paper=paper)
        filled = filled_by(paper, customer)
        self._draft(self.drafts.identities, (identity, sorted(filled)), customer)
        if customer.pk is None:
            for name, value in filled.items():
                setattr(customer, name, value)
            self.journal.note(
                lambda: [setattr(customer, name, None if name == "birthday" else "") for name in filled]
            )
        elif filled:
            self._filled.append((customer, filled))
            self.journal.note(self._filled.pop)
        self._remember(self._by_paper, (customer.name_key, blinds[0]), customer)
        self._papers.add((id(customer), blinds[0]))
        self.journal.note(lambda: self._papers.discard((id(customer), blinds[0])))

    def tie(self, customer: Customer, place: Place, role: str) -> None:
        """Let a customer stand in a role to a place, unless they do or once did.

        That somebody stood in it and no longer does is known here better than in the sheet.
        """
        roles = OWNERS if role in OWNERS else (role,)
        there = self._at[id(place)]
        if any(one.customer is customer and one.role in roles for one in there):
            return
        holding = draft_holding(customer, role=role, place=place)
        refuse_beside(holding, there)
        there.append(holding)
        self.journal.note(there.pop)
        self._draft(self.drafts.holdings, holding, customer)

    def write(self) -> None:
        """Record everything that was drafted, and let the search know."""
        new = {id(customer) for customer in self.drafts.customers}
        self.places.write()
        for customer, filled in self._filled:
            change_by_paper(customer, filled=filled, by=self.by)
        put_drafts(self.site, drafts=self.drafts, by=self.by)
        reindex_all(
            self.site, customers=[(one, key in new) for key, one in self._changed.items()], by=self.by
        )


class Owners(Session):
    """A sheet of the people of households (see `take_owners`)."""

    def __init__(self, site: Site, *, by: Actor) -> None:
        super().__init__(site, permission="customers.import", plan=_plan_owner, book=Book(site, by))


class RoomsOfOwners(Session):
    """A sheet of rooms with their owners (see `take_rooms_of_owners`)."""

    def __init__(self, site: Site, *, by: Actor) -> None:
        super().__init__(site, permission="customers.import", plan=_plan_room_of_owner, book=Book(site, by))


class Households(Session):
    """A sheet of rooms with one of their people on each line (see `take_households`)."""

    def __init__(self, site: Site, *, by: Actor) -> None:
        super().__init__(site, permission="customers.import", plan=_plan_household, book=Book(site, by))


@service(needs="customers.import")
def take_owners(site: Site, rows: Sequence[Row], *, by: Actor) -> list[Outcome | Refused]:
    """People of households, a portion of rows: `owner_number`, `name`, `kind`, `sex`, `age`, `phone`,
    `identity_number`.

    An owner gets the number as the number of the file. For family, tenants and temporary residents it
    names the owner, to whose rooms they are tied, now or when those are imported. Refused when the
    number belongs to another name, or an owner with it is not there yet.
    """
    return taken(Owners(site, by=by), rows)


@service(needs="customers.import")
def import_owner(site: Site, row: Row, *, by: Actor) -> Outcome:
    """One person, as `take_owners`."""
    return only(take_owners(site, [row], by=by))


def _plan_owner(book: Book, row: Row) -> None:
    number = _number(row)
    if not number:
        raise Refused("required", _("This cell must not be empty."), field="owner_number")
    role = _ROLES[row.get("kind") or "owner"]
    owner = book.coded(number)
    with told_by_column(_COLUMNS, "name"):
        if role != R.OWNER:
            if owner is None:
                raise Refused("no-owner", _("There is no owner with this number yet."), field="owner_number")
            _plan_member(book, row, book.head(owner), number, role)
        elif owner is not None and owner.name_key != name_key(row["name"]):
            message = _("This number belongs to %(name)s already.")
            raise Refused("number-taken", message, params={"name": owner.name}, field="owner_number")
        else:
            book.person(row, row["name"], owner, number)


def _plan_member(book: Book, row: Row, owner: Customer, number: str, role: str) -> None:
    """One more person of an owner's household, tied to the owner's rooms."""
    members = _members(book, number)
    same = next((one for one in members if one.name_key == name_key(row["name"])), None)
    free = (code for code in _member_codes(number) if book.coded(code) is None)
    code = same.code if same else next(free, "")
    if not code:
        raise Refused("too-many", _("Too many people in one household."), field="owner_number")
    person = book.person(row, row["name"], same, code, role)
    for room in book.rooms_of(owner):
        book.tie(person, room, role)


def _members(book: Book, number: str) -> Iterable[Customer]:
    """The people of the household of the owner with that number, besides the owner."""
    return [one for code in _member_codes(number) if (one := book.coded(code)) is not None]


@service(needs="customers.import")
def take_rooms_of_owners(site: Site, rows: Sequence[Row], *, by: Actor) -> list[Outcome | Refused]:
    """Rooms (see the places' `take_rooms`) and their owners by `owner_number`, with the owners' households.

    Refused at `owner_number` when there is no such owner or the room has another one; then nothing of
    the row is recorded.
    """
    return taken(RoomsOfOwners(site, by=by), rows)


@service(needs="customers.import")
def import_room_of_owner(site: Site, row: Row, *, by: Actor) -> Outcome:
    """One room with its owner, as `take_rooms_of_owners`."""
    return only(take_rooms_of_owners(site, [row], by=by))


def _plan_room_of_owner(book: Book, row: Row) -> None:
    place = plan_room(book.places, row)
    number = _number(row)
    if not number:
        return
    named = book.coded(number)
    if named is None:
        raise Refused("no-owner", _("There is no owner with this number yet."), field="owner_number")
    owner = book.head(named)
    if any(one.role in OWNERS and one.customer is not owner for one in book.at(place)):
        raise Refused("differs", _("This room belongs to somebody else."), field="owner_number")
    with told_by_column({}, "owner_number"):
        book.tie(owner, place, R.OWNER)
        for member in _members(book, number):
            book.tie(book.head(member), place, member.profile.get("household_role", R.FAMILY))


@service(needs="customers.import")
def take_households(site: Site, rows: Sequence[Row], *, by: Actor) -> list[Outcome | Refused]:
    """Rooms with one of their people on each line, a portion of rows: the room's columns, `owner_name`,
    `owner_kind`, `sex`, `phone`, `identity_number`. Several owners may share a cell, between commas.

    Refused when an unsold room has people, or others stand before the owner.
    """
    return taken(Households(site, by=by), rows)


@service(needs="customers.import")
def import_household(site: Site, row: Row, *, by: Actor) -> Outcome:
    """One line of a room with one of its people, as `take_households`."""
    return only(take_households(site, [row], by=by))


def _plan_household(book: Book, row: Row) -> None:
    place = plan_room(book.places, row)
    names = _names(row)
    if not names:
        if row.get("phone") or row.get("identity_number"):
            raise Refused("required", _("Whose number is it? The name is missing."), field="owner_name")
        return
    if row.get("state") == "unsold":
        raise Refused("unsold", _("An unsold room has no owner or resident."), field="owner_name")
    role = _ROLES[row.get("owner_kind") or "owner"]
    if role == R.OWNER and len(names) > 1:
        role = R.CO_OWNER
    if role not in OWNERS and not any(one.role in OWNERS for one in book.at(place)):
        raise Refused(
            "no-owner", _("The owner of the room stands before everybody else."), field="owner_kind"
        )
    with told_by_column({**_COLUMNS, "name": "owner_name", "code": "owner_name"}, "owner_name"):
        for position, name in enumerate(names):
            told = row if position == 0 else {}
            book.tie(book.person(told, name, book.known(told, name, place)), place, role)


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
    sold = row.get("tenure") != "let"
    # The template asks for a far day where a space is sold: an owner's holding has no end.
    period = {"starts_on": row.get("starts_on"), "ends_on": None if sold else row.get("ends_on")}
    with told_by_column({"role": "tenure"}, "owner_number"):
        new = _hold(owner, place, R.OWNER if sold else R.TENANT, by, **period) or new
    if row.get("plate"):
        new = _vehicle(row, place, owner, by) or new
    if new:
        reindex(owner, by=by)
    return outcome(new)


def _owner(site: Site, number: str) -> Customer:
    owner = Customer.objects.filter(site_id=site.pk, code=number).select_related("merged_into").first()
    if owner is None:
        raise Refused("no-owner", _("There is no owner with this number yet."), field="owner_number")
    return root_of(owner)


def _hold(customer: Customer, place: Place, role: str, by: Actor, **period: Any) -> bool:
    """Let a customer hold a parking space, unless they do, did, or hold it under the same lease; whether
    that was new."""
    roles = OWNERS if role in OWNERS else (role,)
    told = Holding.objects.filter(customer=customer, place=place, role__in=roles, voided_at=None)
    if role not in OWNERS and period.get("starts_on") is not None:
        told = told.filter(starts_on=period["starts_on"])
    if told.exists():
        return False
    put_holding(customer, role=role, place=place, index_now=False, by=by, **period)
    return True


def _vehicle(row: Row, place: Place, owner: Customer, by: Actor) -> bool:
    """The vehicle on a parking space, owned by the one who holds the space; whether anything was new."""
    plate = plate_of(str(row["plate"]))
    fields = {
        "place": place,
        "subtype": row.get("car_kind") or "",
        "maker": row.get("car_brand") or "",
        "colour": row.get("car_colour") or "",
    }
    columns = {"place": "space", "subtype": "car_kind", "maker": "car_brand", "colour": "car_colour"}
    cars = Asset.objects.filter(site_id=place.site_id, plate=plate).exclude(state=Asset.State.RETIRED)
    car, new = cars.select_related("place").first(), False
    with told_by_column({**columns, "code": "plate"}, "plate"):
        if car is None:
            car = put_asset(place.site, kind=Asset.Kind.VEHICLE, plate=plate, by=by, **fields)
            new = True
        else:
            new = fill_asset(car, by=by, **fields)
    owners = list(Holding.objects.filter(standing(), asset=car, role__in=OWNERS))
    if not any(one.customer_id == owner.pk for one in owners):
        if owners:
            raise Refused("differs", _("This vehicle belongs to somebody else."), field="plate")
        with told_by_column({}, "plate"):
            started = row.get("starts_on")
            put_holding(owner, role=R.OWNER, asset=car, starts_on=started, index_now=False, by=by)
        new = True
    return new


declare(
    Preset("hc-owners", _("Owners"), "customers.import", open=Owners),
    Preset("hc-rooms", _("Rooms with their owners"), "customers.import", open=RoomsOfOwners),
    Preset("hc-assets", _("Households in one table"), "customers.import", open=Households),
    Preset("hc-parking", _("Parking spaces and cars"), "customers.import", take=import_car),
)
