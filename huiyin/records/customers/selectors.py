"""Reads of customers: the card at the desk, the household, the file, duplicates, gaps and age."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from huiyin.base.kit.moment import local_zone, now, today
from huiyin.base.org.models import Site
from huiyin.engines.search.documents import Document
from huiyin.records.places.models import Asset, Place

from . import sealing
from .contacts import digits_of, name_key, phone_of
from .models import ContactPoint, Customer, Holding, IdentityNumber
from .papers import paper_of

VIEW = "customers.view"
R = Holding.Role
OWNERS = (R.OWNER, R.CO_OWNER)
LIVING = (R.TENANT, R.FAMILY, R.TEMPORARY)
ROLE_ORDER = {role: number for number, role in enumerate(R.values)}
CARD_LIMIT = 20


def standing(day: date | None = None, *, known: datetime | None = None) -> Q:
    """The condition that a holding is in force on a local day (today when none is given).

    With `known` it answers as somebody would have who asked at that moment: what was entered,
    ended or corrected later does not count yet.
    """
    day = day or today()
    begun = Q(starts_on__lte=day)
    if known is None:
        return begun & Q(voided_at=None) & (Q(ends_on=None) | Q(ends_on__gte=day))
    believed = Q(known_at__lte=known) & (Q(voided_at=None) | Q(voided_at__gt=known))
    return begun & believed & (Q(ends_on=None) | Q(ends_on__gte=day) | Q(end_known_at__gt=known))


def valid(day: date | None = None) -> Q:
    """The condition that a contact is valid on a local day (today when none is given)."""
    day = day or today()
    return (Q(valid_from=None) | Q(valid_from__lte=day)) & (Q(valid_to=None) | Q(valid_to__gte=day))


def is_valid(contact: ContactPoint, day: date | None = None) -> bool:
    """Whether a contact is valid on a local day (today when none is given)."""
    day = day or today()
    return (contact.valid_from is None or contact.valid_from <= day) and (
        contact.valid_to is None or contact.valid_to >= day
    )


def greatest_share(holdings: Iterable[Holding]) -> Decimal:
    """The largest sum of owners' shares on any one day, in percent."""
    steps: dict[date, Decimal] = defaultdict(Decimal)
    for holding in holdings:
        if holding.share is not None and holding.role in OWNERS:
            steps[holding.starts_on] += holding.share
            if holding.ends_on is not None and holding.ends_on < date.max:
                steps[holding.ends_on + timedelta(days=1)] -= holding.share
    total = most = Decimal(0)
    for day in sorted(steps):
        total += steps[day]
        most = max(most, total)
    return most


def root_of(customer: Customer) -> Customer:
    """The file that counts: the customer, or the one it was merged into in the end."""
    while customer.merged_into is not None:
        customer = customer.merged_into
    return customer


def family_of(customer: Customer) -> list[Customer]:
    """The customer and all files merged into it, directly or through another one."""
    return _families([customer])[customer.pk]


def _families(customers: Sequence[Customer]) -> dict[int, list[Customer]]:
    """For each customer itself and what was merged into it; one query per level of merging."""
    families = {one.pk: [one] for one in customers}
    head = {one.pk: one.pk for one in customers}
    layer = set(head)
    while layer:
        merged = list(Customer.objects.filter(merged_into__in=layer).order_by("pk"))
        layer = {one.pk for one in merged if one.pk not in head}
        for one in merged:
            head[one.pk] = head[one.merged_into_id]
            families[head[one.pk]].append(one)
    return families


@dataclass(frozen=True)
class Care:
    """One special-care flag in force: its code in the packs, since when (ISO day or empty), why."""

    code: str
    since: str
    until: str
    remark: str


def care_of(family: Iterable[Customer], day: date | None = None) -> list[Care]:
    """The special care in force on a local day, each code once, from a file and what was merged into it."""
    on = (day or today()).isoformat()
    found: dict[str, Care] = {}
    for customer in family:
        for one in customer.care:
            flag = Care(one["code"], one.get("since", ""), one.get("until", ""), one.get("remark", ""))
            if (not flag.since or flag.since <= on) and (not flag.until or flag.until >= on):
                found.setdefault(flag.code, flag)
    return list(found.values())


@dataclass
class Person:
    """One customer with what the desk needs: roles, contacts, special care.

    `holdings` are those in question (of the household shown, or all in force); `contacts` the
    valid ones, first choice first.
    """

    customer: Customer
    holdings: list[Holding] = field(default_factory=list)
    contacts: list[ContactPoint] = field(default_factory=list)
    care: list[Care] = field(default_factory=list)

    @property
    def phone(self) -> str:
        """The number to call first; empty when there is none."""
        numbers = (
            one.value
            for one in self.contacts
            if one.kind in (ContactPoint.Kind.MOBILE, ContactPoint.Kind.PHONE)
        )
        return next(numbers, "")

    @property
    def roles(self) -> list[str]:
        """The roles in words, each once, owners first."""
        ordered = sorted(self.holdings, key=lambda one: ROLE_ORDER[one.role])
        return list(dict.fromkeys(str(one.get_role_display()) for one in ordered))

    @property
    def places(self) -> list[Place]:
        """The places of the holdings, each once."""
        return list({one.place_id: one.place for one in self.holdings if one.place is not None}.values())

    @property
    def assets(self) -> list[Asset]:
        """The things of the holdings, each once."""
        return list({one.asset_id: one.asset for one in self.holdings if one.asset is not None}.values())


def _people(
    holdings: Iterable[Holding], customers: Iterable[Customer] = (), day: date | None = None
) -> list[Person]:
    """Persons with contacts and care of the holdings' customers (and others), two more queries."""
    people = {one.pk: Person(one) for one in customers}
    for holding in holdings:
        person = people.setdefault(holding.customer_id, Person(holding.customer))
        person.holdings.append(holding)
    contacts = ContactPoint.objects.filter(valid(day), customer__in=list(people))
    for contact in contacts.order_by("-is_primary", "kind", "pk"):
        people[contact.customer_id].contacts.append(contact)
    for pk, family in _families([person.customer for person in people.values()]).items():
        people[pk].care = care_of(family, day)
    return list(people.values())


def people_of(customers: Sequence[Customer]) -> dict[int, Person]:
    """Customers with what they hold today, their valid contacts and their care, by id; four queries."""
    rows = Holding.objects.allowed(VIEW).filter(standing(), customer__in=[one.pk for one in customers])
    holdings = rows.select_related("customer", "place", "asset").order_by("pk")
    return {person.customer.pk: person for person in _people(holdings, customers)}


@dataclass
class Card:
    """What opens when somebody calls: who it is, the units, the special care.

    `current` is False when the number belonged to this customer in the past only.
    """

    person: Person
    contact: ContactPoint
    current: bool


def card_for_phone(text: str, *, limit: int = CARD_LIMIT) -> list[Card]:
    """The household cards for a telephone number or its last four or more digits, in any spelling.

    Whom the number belongs to now come first, the newest first; those who had it before follow.
    Four queries, however many are found. Empty when the text has fewer than four digits.
    """
    digits = digits_of(text)
    if len(digits) < 4:
        return []
    contacts = ContactPoint.objects.allowed(VIEW).filter(tail4=digits[-4:], customer__merged_into=None)
    kinds = (ContactPoint.Kind.MOBILE, ContactPoint.Kind.PHONE)
    matching = contacts.filter(kind__in=kinds, normalised__endswith=digits).select_related("customer")
    found = sorted(matching[: 20 * limit], key=_newest)
    cards: dict[int, tuple[ContactPoint, bool]] = {}
    for contact in found:
        cards.setdefault(contact.customer_id, (contact, is_valid(contact)))
    chosen = dict(list(cards.items())[:limit])
    holdings = Holding.objects.filter(standing(), customer__in=list(chosen)).select_related(
        "customer", "place", "asset"
    )
    customers = [contact.customer for contact, _ in chosen.values()]
    people = {person.customer.pk: person for person in _people(holdings, customers)}
    return [Card(people[pk], contact, current) for pk, (contact, current) in chosen.items()]


def _newest(contact: ContactPoint) -> tuple[bool, int, int]:
    begun = (contact.valid_from or contact.created_at.astimezone(local_zone()).date()).toordinal()
    ended = contact.valid_to.toordinal() if contact.valid_to is not None else begun
    return not is_valid(contact), -(begun if is_valid(contact) else ended), -contact.pk


@dataclass
class Household:
    """Who stands to one place on one local day, owners first."""

    place: Place
    on: date
    people: list[Person]

    def in_roles(self, *roles: str) -> list[Person]:
        """The persons who stand in one of the roles."""
        return [person for person in self.people if any(one.role in roles for one in person.holdings)]


def household(place: Place, on: date | None = None, *, known: datetime | None = None) -> Household:
    """The household of a place on a local day (today when none is given), as known at a moment (now)."""
    day = on or today()
    rows = Holding.objects.allowed(VIEW).filter(standing(day, known=known), place=place)
    people = _people(rows.select_related("customer", "place"), day=day)
    people.sort(
        key=lambda one: (min(ROLE_ORDER[h.role] for h in one.holdings), one.customer.name, one.customer.pk)
    )
    return Household(place, day, people)


def owners_on(place: Place, day: date | None = None) -> list[tuple[Customer, Decimal | None]]:
    """The owners of a place on a local day with their shares in percent (None: not known)."""
    rows = Holding.objects.allowed(VIEW).filter(standing(day), place=place, role__in=OWNERS)
    return [(one.customer, one.share) for one in rows.select_related("customer").order_by("-share", "pk")]


def who_lives(place: Place, day: date | None = None) -> list[Customer]:
    """Who lives in a place on a local day: tenants, family and temporary residents, and the owners
    where nobody rents it."""
    rows = Holding.objects.allowed(VIEW).filter(standing(day), place=place, role__in=(*LIVING, *OWNERS))
    holdings = list(rows.select_related("customer").order_by("pk"))
    let = any(one.role == R.TENANT for one in holdings)
    living = [one.customer for one in holdings if one.role in LIVING or not let]
    return list({one.pk: one for one in living}.values())


@dataclass(frozen=True)
class Duplicate:
    """A customer who may be the same, with the reasons: identity, phone, name (strongest first)."""

    customer: Customer
    reasons: tuple[str, ...]


REASONS = ("identity", "phone", "name")


def duplicates_of(
    *,
    name: str = "",
    phone: str = "",
    identity: str = "",
    site: Site | None = None,
    besides: Customer | None = None,
    limit: int = 20,
) -> list[Duplicate]:
    """Files in reach that may belong to the same customer, the strongest reasons first.

    Same identity number (of any kind), same telephone number valid today, or same name. Four
    queries at most; `besides` leaves one file out.
    """
    reasons: dict[int, set[str]] = defaultdict(set)
    here = {} if site is None else {"site": site}
    if identity.strip():
        blinds = [
            blind
            for kind in IdentityNumber.Kind.values
            for blind in sealing.blinds(kind, paper_of(kind, identity).same_as)
        ]
        same = IdentityNumber.objects.allowed(VIEW).filter(blind__in=blinds, **here)
        for pk in same.values_list("customer_id", flat=True)[: 5 * limit]:
            reasons[pk].add("identity")
    if telephone := phone_of(phone):
        numbers = ContactPoint.objects.allowed(VIEW).filter(valid(), normalised=telephone, **here)
        for pk in numbers.values_list("customer_id", flat=True)[: 5 * limit]:
            reasons[pk].add("phone")
    if key := name_key(name):
        named = Customer.objects.allowed(VIEW).filter(name_key=key, **here)
        for pk in named.values_list("pk", flat=True)[: 5 * limit]:
            reasons[pk].add("name")
    if besides is not None:
        reasons.pop(besides.pk, None)
    found = Customer.objects.filter(pk__in=list(reasons), merged_into=None)
    duplicates = [
        Duplicate(one, tuple(reason for reason in REASONS if reason in reasons[one.pk])) for one in found
    ]
    duplicates.sort(key=lambda one: (tuple(REASONS.index(reason) for reason in one.reasons), one.customer.pk))
    return duplicates[:limit]


@dataclass
class CustomerFile:
    """Everything the records know of one customer: one household, one file.

    `merged` are the duplicates in it; `current` and `past` holdings; `missing` what is not
    recorded (codes of `FIELDS_WANTED`); `days_old` how long nobody changed or checked the data.
    """

    customer: Customer
    merged: list[Customer]
    contacts: list[ContactPoint]
    identities: list[IdentityNumber]
    current: list[Holding]
    past: list[Holding]
    care: list[Care]
    missing: list[str]
    days_old: int


def file_of_customer(customer: Customer) -> CustomerFile:
    """The file of a customer, in five queries; of the file it went into when it was merged."""
    customer = root_of(customer)
    family = family_of(customer)
    contacts = list(
        ContactPoint.objects.allowed(VIEW).filter(customer=customer).order_by("-is_primary", "kind", "pk")
    )
    identities = list(IdentityNumber.objects.allowed(VIEW).filter(customer=customer))
    rows = (
        Holding.objects.allowed(VIEW)
        .filter(customer=customer, voided_at=None)
        .select_related("place", "asset")
    )
    holdings = list(rows.order_by("-starts_on", "-pk"))
    day = today()
    current = [one for one in holdings if one.ends_on is None or one.ends_on >= day]
    return CustomerFile(
        customer=customer,
        merged=family[1:],
        contacts=contacts,
        identities=identities,
        current=current,
        past=[one for one in holdings if one not in current],
        care=care_of(family),
        missing=missing_fields(customer, contacts, identities, current),
        days_old=days_old(customer),
    )


@dataclass
class PlaceFile:
    """Everything the records know of one place: its people now and before, its things, what is missing."""

    place: Place
    household: Household
    past: list[Holding]
    assets: list[Asset]
    vehicles: list[Holding]
    missing: list[str]


def file_of(place: Place) -> PlaceFile:
    """The file of a household, in seven queries: people of today, holdings of before, meters and
    devices in the place, vehicles of the people."""
    now_here = household(place)
    rows = Holding.objects.allowed(VIEW).filter(place=place, voided_at=None).exclude(standing())
    past = list(rows.select_related("customer").order_by("-starts_on", "-pk"))
    assets = list(Asset.objects.filter(place=place).exclude(state=Asset.State.RETIRED))
    customers = [person.customer.pk for person in now_here.people]
    held = Holding.objects.allowed(VIEW).filter(
        standing(), customer__in=customers, asset__kind=Asset.Kind.VEHICLE
    )
    vehicles = list(held.select_related("customer", "asset").order_by("pk"))
    return PlaceFile(place, now_here, past, assets, vehicles, missing_of_place(place, now_here))


PERSON_WANTS = ("phone", "identity", "gender", "birthday", "holding")
COMPANY_WANTS = ("phone", "identity", "representative", "holding")


def missing_fields(
    customer: Customer,
    contacts: Iterable[ContactPoint],
    identities: Iterable[IdentityNumber],
    holdings: Iterable[Holding],
) -> list[str]:
    """What a complete file would have and this one has not, by code, in a fixed order.

    The same as `incomplete` finds for many; here from rows that were read already.
    """
    kinds = (ContactPoint.Kind.MOBILE, ContactPoint.Kind.PHONE)
    has = {
        "phone": any(one.kind in kinds and is_valid(one) for one in contacts),
        "identity": any(True for _ in identities),
        "gender": bool(customer.gender),
        "birthday": customer.birthday is not None,
        "holding": any(True for _ in holdings),
        "representative": bool(customer.profile.get("representative")),
    }
    wants = PERSON_WANTS if customer.kind == Customer.Kind.PERSON else COMPANY_WANTS
    return [name for name in wants if not has[name]]


def missing_of_place(place: Place, people: Household) -> list[str]:
    """What a complete file of a room would have and this one has not, by code."""
    has = {
        "building_area": place.building_area is not None,
        "use": bool(place.use),
        "occupancy": bool(place.occupancy),
        "owner": bool(people.in_roles(*OWNERS)) or place.occupancy == Place.Occupancy.UNSOLD,
        "phone": any(person.phone for person in people.people) or place.occupancy == Place.Occupancy.UNSOLD,
        "emergency_contact": bool(people.in_roles(R.EMERGENCY_CONTACT)) or not people.people,
    }
    return [name for name, known in has.items() if not known]


def with_gaps(site: Site | None = None) -> QuerySet[Customer]:
    """The files in reach that count, each with `no_phone`, `no_identity` and `no_holding`."""
    phones = ContactPoint.objects.filter(
        valid(), customer=OuterRef("pk"), kind__in=[ContactPoint.Kind.MOBILE, ContactPoint.Kind.PHONE]
    )
    papers = IdentityNumber.objects.filter(customer=OuterRef("pk"))
    day = today()
    held = Holding.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=day), customer=OuterRef("pk"), voided_at=None
    )
    rows: QuerySet[Customer] = Customer.objects.allowed(VIEW).filter(merged_into=None)
    if site is not None:
        rows = rows.filter(site=site)
    return rows.annotate(no_phone=~Exists(phones), no_identity=~Exists(papers), no_holding=~Exists(held))


_LACKS = {
    "phone": Q(no_phone=True),
    "identity": Q(no_identity=True),
    "gender": Q(gender="", kind="person"),
    "birthday": Q(birthday=None, kind="person"),
    "holding": Q(no_holding=True),
}


def incomplete(site: Site | None = None, *, lacking: str = "") -> QuerySet[Customer]:
    """The files in reach where something (or just `lacking`, a code) is missing, the oldest data first."""
    condition = _LACKS[lacking] if lacking else Q()
    if not lacking:
        for lack in _LACKS.values():
            condition |= lack
    return with_gaps(site).filter(condition).order_by("updated_at", "pk")


@dataclass(frozen=True)
class Completeness:
    """How complete the files of a site are: all, complete ones, and how many lack what (by code)."""

    files: int
    complete: int
    lacking: dict[str, int]

    @property
    def rate(self) -> Decimal | None:
        """The share of complete files, 0 to 1; None without any file."""
        return Decimal(self.complete) / self.files if self.files else None


def completeness(site: Site | None = None) -> Completeness:
    """How complete the files in reach (or of a site) are, in one query."""
    any_lack = Q()
    for lack in _LACKS.values():
        any_lack |= lack
    figures: dict[str, Any] = with_gaps(site).aggregate(
        files=Count("pk"),
        incomplete=Count("pk", filter=any_lack),
        **{f"lacks_{name}": Count("pk", filter=lack) for name, lack in _LACKS.items()},
    )
    lacking = {name: figures[f"lacks_{name}"] for name in _LACKS}
    return Completeness(figures["files"], figures["files"] - figures["incomplete"], lacking)


def days_old(customer: Customer) -> int:
    """For how many local days nobody has changed the data or checked them with the customer."""
    changed = customer.updated_at.astimezone(local_zone()).date()
    return max(0, (today() - max(changed, customer.checked_on or changed)).days)


def stale(days: int, site: Site | None = None) -> QuerySet[Customer]:
    """The files in reach that nobody has changed or checked for so many days, the oldest first."""
    before = now() - timedelta(days=days)
    rows: QuerySet[Customer] = Customer.objects.allowed(VIEW).filter(merged_into=None, updated_at__lt=before)
    rows = rows.filter(Q(checked_on=None) | Q(checked_on__lt=today() - timedelta(days=days)))
    return (rows if site is None else rows.filter(site=site)).order_by("updated_at", "pk")


def care_register(
    site: Site | None = None, *, code: str = "", day: date | None = None
) -> list[tuple[Customer, list[Care]]]:
    """The customers in reach who need special care on a local day, by name, each with what."""
    rows = Customer.objects.allowed(VIEW).filter(has_care=True)
    if site is not None:
        rows = rows.filter(site=site)
    register: dict[int, tuple[Customer, list[Care]]] = {}
    for customer in rows.select_related("merged_into").order_by("name", "pk"):
        care = [one for one in care_of([customer], day) if not code or one.code == code]
        head = root_of(customer)
        listed = register.setdefault(head.pk, (head, []))[1]
        listed += [one for one in care if one.code not in {other.code for other in listed}]
    return [(customer, care) for customer, care in register.values() if care]


def with_identity(number: str, site: Site | None = None) -> list[Customer]:
    """The customers in reach who have exactly this identity number, of any kind."""
    found = duplicates_of(identity=number, site=site)
    return [one.customer for one in found]


def search_document(customer: Customer) -> Document:
    """What the search knows of a customer: names (also of merged files), numbers, where they live.

    Identity numbers are not in it: they are found by `with_identity` only.
    """
    return search_documents([customer])[customer.pk]


def search_documents(customers: Sequence[Customer]) -> dict[int, Document]:
    """What the search knows of customers, by id: three queries for all together."""
    families = _families(customers)
    contacts: dict[int, list[ContactPoint]] = defaultdict(list)
    for contact in ContactPoint.objects.filter(valid(), customer__in=list(families)).order_by("pk"):
        contacts[contact.customer_id].append(contact)
    holdings: dict[int, list[Holding]] = defaultdict(list)
    held = Holding.objects.filter(standing(), customer__in=list(families)).select_related("place", "asset")
    for holding in held.order_by("starts_on", "pk"):
        holdings[holding.customer_id].append(holding)
    return {one.pk: _document(families[one.pk], contacts[one.pk], holdings[one.pk]) for one in customers}


def _document(
    family: list[Customer], contacts: Iterable[ContactPoint], holdings: Iterable[Holding]
) -> Document:
    customer = family[0]
    things = [thing for one in holdings if (thing := one.place or one.asset) is not None]
    kinds = (ContactPoint.Kind.MOBILE, ContactPoint.Kind.PHONE)
    return Document(
        customer.name,
        customer.updated_at,
        subtitle=" · ".join(dict.fromkeys(thing.name for thing in things)),
        text=" ".join(one.value for one in contacts if one.kind not in kinds),
        codes=[one.code for one in family] + [thing.code for thing in things],
        names=list(dict.fromkeys(one.name for one in family)),
        phones=[one.normalised for one in contacts if one.kind in kinds],
    )
