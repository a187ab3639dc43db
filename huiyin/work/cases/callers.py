"""Who is calling: what somebody typed (a number, an address, a name), and whom it may mean."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.core.cache import cache
from django.db.models import Q

from huiyin.base.kit.scope import Actor
from huiyin.base.org.models import Site
from huiyin.engines.packs.selectors import entry
from huiyin.engines.search.address import find_places, parse_place
from huiyin.engines.search.selectors import narrow
from huiyin.records.customers.models import ContactPoint, Customer, Holding
from huiyin.records.customers.selectors import (
    VIEW,
    Care,
    Person,
    card_for_phone,
    household,
    standing,
    valid,
)
from huiyin.records.customers.services import LOOK_UP_AGAIN, look_up
from huiyin.records.places.models import Place
from huiyin.records.places.selectors import matches

from .models import Case, Contact, Incident
from .selectors import cases_at, incidents_near, readable

SHOWN = 8
"""How many candidates are offered at most; more means that too little was typed."""
NOBODY = "none"
"""What is picked when none of the candidates is meant."""
_NUMBER = re.compile(r"\+?[\d()\s\-\u2010-\u2015]{4,24}")
_BETWEEN = re.compile(r"[\s,;\uff0c\uff1b\u3001]+")


@dataclass(frozen=True)
class Candidate:
    """One possible meaning: a place, a customer, or the customer in the place."""

    place: Place | None = None
    customer: Customer | None = None
    roles: str = ""
    phone: str = ""
    current: bool = True

    @property
    def key(self) -> str:
        """How the candidate is named in a form: the ids of place and customer."""
        return f"{self.place.pk if self.place else 0}-{self.customer.pk if self.customer else 0}"


@dataclass
class Caller:
    """What was typed, taken apart: numbers, words for a name, words for a spot, and whom it may mean.

    `chosen` is the one that was picked, or the only one there is; with several places to choose from
    nothing is chosen, and `undecided` is true.
    """

    typed: str = ""
    phone: str = ""
    name: str = ""
    spot: str = ""
    candidates: list[Candidate] = field(default_factory=list)
    chosen: Candidate | None = None
    picked: str = ""
    more: bool = False

    @property
    def undecided(self) -> bool:
        """Whether somebody has to say which of several places is meant."""
        return self.chosen is None and self.picked != NOBODY and len(self.candidates) > 1

    @property
    def place(self) -> Place | None:
        """The place that is meant."""
        return self.chosen.place if self.chosen else None

    @property
    def customer(self) -> Customer | None:
        """The customer who is meant."""
        return self.chosen.customer if self.chosen else None

    @property
    def contact_name(self) -> str:
        """Whom to ask for."""
        return self.name or (self.chosen.customer.name if self.chosen and self.chosen.customer else "")

    @property
    def contact_phone(self) -> str:
        """The number to call back."""
        if len(re.sub(r"\D", "", self.phone)) >= 7:
            return self.phone
        return self.chosen.phone if self.chosen and self.chosen.phone else self.phone


def understand(typed: str, sites: Sequence[Site], *, picked: str = "", told: str = "") -> Caller:
    """Take apart what was typed and look up whom it may mean at the sites.

    `picked` is the key of the candidate somebody chose (or `NOBODY`); `told` is a running text in
    which an address is looked for when nothing else names a place.
    """
    ids = {site.pk for site in sites}
    caller = Caller(typed=readable(typed), picked=picked)
    places = _read(caller, ids)
    if not places and not caller.phone and told:
        places = _spoken_of(readable(told, 500), ids)
    found = _with_phone(caller.phone, ids) if caller.phone else []
    if places:
        at_place = {place.pk for place in places}
        exact = [one for one in found if one.place is not None and one.place.pk in at_place]
        found = exact or _of_places(places)
    elif caller.name and not found:
        found = _with_name(caller.name, sites)
    caller.more = len(found) > SHOWN
    caller.candidates = found[:SHOWN]
    _choose(caller, only_place=len(places) == 1)
    return caller


def _read(caller: Caller, ids: set[int]) -> list[Place]:
    """Fill in number, name and spot; the places that were named."""
    text = caller.typed
    if not text:
        return []
    places = matches(text, sites=ids, limit=SHOWN)
    if _NUMBER.fullmatch(text):
        caller.phone = "" if places else text
        return places
    if places:
        return places
    names: list[str] = []
    for word in _BETWEEN.split(text):
        if _NUMBER.fullmatch(word) and parse_place(word) is None:
            caller.phone = caller.phone or word
            continue
        here = matches(word, sites=ids, limit=SHOWN)
        if here:
            places = places or here
        elif parse_place(word) is not None:
            caller.spot = word
        elif word:
            names.append(word)
    caller.name = " ".join(names)[:60]
    return places


def _spoken_of(text: str, ids: set[int]) -> list[Place]:
    """The places of the first address in a running text that exists at the sites."""
    for asked in find_places(text)[:3]:
        same = Q(key=asked.key)
        if asked.building and asked.room and not asked.unit:
            same |= Q(kind=Place.Kind.ROOM, building=asked.building, room=asked.room)
        places = list(Place.objects.filter(same, site__in=ids)[:SHOWN])
        if places:
            return places
    return []


def _with_phone(phone: str, ids: set[int]) -> list[Candidate]:
    found: list[Candidate] = []
    for card in card_for_phone(phone, limit=SHOWN):
        person = card.person
        if person.customer.site_id not in ids:
            continue
        roles = {one.place_id: str(one.get_role_display()) for one in person.holdings}
        homes: list[Place | None] = [*person.places] or [None]
        for place in homes:
            role = roles.get(place.pk, "") if place is not None else ""
            found.append(Candidate(place, person.customer, role, card.contact.value, card.current))
    present = [one for one in found if one.current]
    return present or found


def _of_places(places: Iterable[Place]) -> list[Candidate]:
    """The places themselves, and each person of them, where only one place was named."""
    rooms = list(places)
    if len(rooms) > 1:
        return [Candidate(place) for place in rooms]
    place = rooms[0]
    people = [
        Candidate(place, one.customer, " / ".join(one.roles), one.phone) for one in household(place).people
    ]
    return [Candidate(place), *people]


def _with_name(name: str, sites: Sequence[Site]) -> list[Candidate]:
    people = narrow(Customer.objects.allowed(VIEW).filter(site__in=sites, merged_into=None), name)
    customers = list(people.order_by("name", "pk")[: SHOWN + 1])
    held: dict[int, list[Holding]] = defaultdict(list)
    rows = Holding.objects.allowed(VIEW).filter(standing(), customer__in=customers, place__isnull=False)
    for holding in rows.select_related("place").order_by("pk"):
        held[holding.customer_id].append(holding)
    phones: dict[int, str] = {}
    kinds = (ContactPoint.Kind.MOBILE, ContactPoint.Kind.PHONE)
    contacts = ContactPoint.objects.allowed(VIEW).filter(valid(), customer__in=customers, kind__in=kinds)
    for contact in contacts.order_by("-is_primary", "kind", "pk"):
        phones.setdefault(contact.customer_id, contact.value)
    found: list[Candidate] = []
    for customer in customers:
        phone = phones.get(customer.pk, "")
        homes = {one.place_id: one for one in held[customer.pk]}.values()
        found += [Candidate(one.place, customer, str(one.get_role_display()), phone) for one in homes]
        if not homes:
            found.append(Candidate(None, customer, "", phone))
    return found


def _choose(caller: Caller, *, only_place: bool) -> None:
    """The candidate that was picked, else the only one; of one household its person, if there is one only."""
    if caller.picked == NOBODY:
        return
    by_key = {one.key: one for one in caller.candidates}
    if caller.picked:
        caller.chosen = by_key.get(caller.picked)
        if caller.chosen is not None:
            return
    if only_place and caller.candidates:
        people = [one for one in caller.candidates if one.customer is not None]
        caller.chosen = people[0] if len(people) == 1 else caller.candidates[0]
    elif len(caller.candidates) == 1:
        caller.chosen = caller.candidates[0]


@dataclass
class HouseholdCard:
    """What the desk sees of a household: people, care, notes, cases, last contacts, incidents near by."""

    place: Place | None
    customer: Customer | None
    people: list[Person]
    care: list[CareShown]
    notes: list[str]
    cases: list[Case]
    contacts: list[Contact]
    incidents: list[Incident]


@dataclass(frozen=True)
class CareShown:
    """A special-care flag as it is shown: its word, how loud, what to mind, whose it is."""

    label: str
    tone: str
    advice: str
    who: str
    remark: str


TONES = {"info": "accent", "attention": "warn", "critical": "bad"}


def care_shown(care: Care, site: Site, who: str) -> CareShown:
    """The words of the packs for a flag."""
    item = entry("care_flags", care.code, site)
    if item is None:
        return CareShown(care.code, "warn", "", who, care.remark)
    value = item.value
    return CareShown(
        str(value.name), TONES.get(value.display.tone, "warn"), str(value.advice or ""), who, care.remark
    )


def card_of(
    site: Site, place: Place | None, customer: Customer | None, *, cases: bool = True
) -> HouseholdCard:
    """The card of a household (or of a customer without one); people only where they may be seen.

    With `cases` also what is going on there: cases, last contacts, incidents near by.
    """
    people = household(place).people if place is not None else []
    if customer is not None and all(one.customer.pk != customer.pk for one in people):
        people = [*people, *_alone(customer)]
    care = [care_shown(one, site, person.customer.name) for person in people for one in person.care]
    notes = [person.customer.note for person in people if person.customer.note]
    known = place is not None or customer is not None
    return HouseholdCard(
        place=place,
        customer=customer,
        people=people,
        care=care,
        notes=notes,
        cases=cases_at(place) if cases and place is not None else [],
        contacts=last_contacts(place, customer) if cases and known else [],
        incidents=incidents_near(site, place) if cases else [],
    )


def note_look(card: HouseholdCard, purpose: str, by: Actor) -> None:
    """Let the trail know that somebody saw a household, once an hour each; most pages need not even ask.

    `purpose` is the number of the case it was for; empty while none is registered yet.
    """
    subject = card.customer or card.place
    if subject is None or not card.people:
        return
    seen = f"looked-{by.user_id}-{subject._meta.label_lower}-{subject.pk}"
    if cache.add(seen, True, LOOK_UP_AGAIN.seconds):
        look_up(subject, purpose=purpose, by=by)


def _alone(customer: Customer) -> list[Person]:
    """A customer who is none of the household, with contacts and roles elsewhere."""
    if not Customer.objects.allowed(VIEW).filter(pk=customer.pk).exists():
        return []
    contacts = ContactPoint.objects.allowed(VIEW).filter(valid(), customer=customer)
    return [Person(customer, contacts=list(contacts.order_by("-is_primary", "kind", "pk")))]


def last_contacts(place: Place | None, customer: Customer | None, limit: int = 3) -> list[Contact]:
    """The newest touches with a place, or with a customer where no place is known."""
    rows = (
        Contact.objects.filter(place=place)
        if place is not None
        else Contact.objects.filter(customer=customer)
    )
    return list(rows.select_related("case", "user").order_by("-at", "-pk")[:limit])
