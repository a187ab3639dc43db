"""Customers and what belongs to them as they are about to be written: well-formed, not contradictory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.moment import now, today
from huiyin.base.kit.rows import well_formed
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Site
from huiyin.records.places.models import Asset, Place

from . import sealing
from .contacts import contact_of, name_key
from .files import refuse_merged
from .models import ContactPoint, Customer, Holding, IdentityNumber
from .papers import MAX_NUMBER, Paper, paper_of
from .selectors import OWNERS, greatest_share

FIELDS = ("kind", "name", "gender", "birthday", "tier", "language", "tags", "profile", "note")
"""The columns of a customer that people write."""
MAX_TAGS = 30
MAX_PROFILE = 60


@dataclass
class Drafts:
    """What is to be written together: customers first, then what belongs to them."""

    customers: list[Customer] = field(default_factory=list)
    contacts: list[ContactPoint] = field(default_factory=list)
    identities: list[tuple[IdentityNumber, list[str]]] = field(default_factory=list)
    """With the columns of the customer that the paper filled in."""
    holdings: list[Holding] = field(default_factory=list)


def draft_customer(site: Site, *, name: str, kind: str = "person", code: str = "", **fields: Any) -> Customer:
    """A file, not written yet; without a code it gets its number when it is written.

    Refused when a value is not possible.
    """
    unknown = sorted(set(fields) - set(FIELDS))
    if unknown:
        raise TypeError(f"a customer has no field {', '.join(unknown)}")
    customer = Customer(site=site, kind=kind, name=" ".join(name.split()), code=code.strip(), **fields)
    customer.name_key = name_key(customer.name)
    check_lists(fields)
    well_formed(customer, exclude=() if customer.code else ("code",))
    return customer


def check_lists(fields: Mapping[str, Any]) -> None:
    """Refused when tags are no list of short words, or the profile no short texts by name."""
    tags, profile = fields.get("tags", []), fields.get("profile", {})
    if not isinstance(tags, list) or len(tags) > MAX_TAGS or not all(_word(tag, 40) for tag in tags):
        raise Refused("invalid", _("Tags are short words, at most 30."), field="tags")
    texts = profile.items() if isinstance(profile, dict) else [("", "")]
    if len(texts) > MAX_PROFILE or not all(
        _word(name, 60) and isinstance(text, str) and len(text) <= 500 for name, text in texts
    ):
        raise Refused("invalid", _("A profile has short texts by name."), field="profile")


def _word(value: Any, limit: int) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= limit


def check_period(since: date | None, until: date | None, field: str) -> None:
    """Refused when an end lies before its start."""
    if since is not None and until is not None and until < since:
        raise Refused("period", _("The end lies before the start."), field=field)


def draft_contact(
    customer: Customer,
    *,
    kind: str,
    value: str,
    label: str = "",
    is_primary: bool = False,
    valid_from: date | None = None,
    valid_to: date | None = None,
    others: Iterable[ContactPoint] = (),
) -> ContactPoint:
    """A contact beside the customer's `others`, not written yet; the first of its kind is the first choice.

    Refused when it cannot be such a number, or the customer has it already in that time.
    """
    refuse_merged(customer)
    check_period(valid_from, valid_to, "valid_to")
    normalised, tail4 = contact_of(kind, value)
    same_kind = [one for one in others if one.kind == kind]
    if any(one.normalised == normalised and _meet(one, valid_from, valid_to) for one in same_kind):
        raise Refused("contact-exists", _("The customer has this number already."), field="value")
    contact = ContactPoint(
        site_id=customer.site_id,
        customer=customer,
        kind=kind,
        value=value.strip(),
        normalised=normalised,
        tail4=tail4,
        label=label.strip(),
        is_primary=is_primary or not any(one.is_primary for one in same_kind),
        valid_from=valid_from,
        valid_to=valid_to,
    )
    well_formed(contact)
    return contact


def _meet(contact: ContactPoint, start: date | None, end: date | None) -> bool:
    """Whether a contact is valid on some day of a period."""
    begins = contact.valid_from is None or end is None or contact.valid_from <= end
    return begins and (contact.valid_to is None or start is None or contact.valid_to >= start)


def read_paper(kind: str, number: str, *, unverified: bool = False, remark: str = "") -> Paper:
    """An identity number as read. Refused when it is wrong, unless kept expressly and with a remark."""
    if kind not in IdentityNumber.Kind.values:
        raise Refused("unknown-kind", _("This is no known kind of paper."), field="kind")
    paper = paper_of(kind, number)
    if len(paper.number) < 2 or len(paper.number) > MAX_NUMBER:
        raise Refused("identity", _("The number has too few or too many characters."), field="number")
    if paper.wrong is not None and not (unverified and remark.strip()):
        raise Refused("identity", paper.wrong, field="number")
    return paper


def draft_identity(customer: Customer, *, kind: str, paper: Paper, remark: str = "") -> IdentityNumber:
    """An identity number, sealed, not written yet."""
    refuse_merged(customer)
    identity = IdentityNumber(
        site_id=customer.site_id,
        customer=customer,
        kind=kind,
        sealed=sealing.seal(kind, paper.number),
        key_id=sealing.key_id(),
        blind=sealing.blind(kind, paper.same_as),
        masked=paper.masked,
        verified=paper.wrong is None,
        remark=remark.strip(),
    )
    well_formed(identity)
    return identity


def filled_by(paper: Paper, customer: Customer) -> dict[str, Any]:
    """What a verified paper tells of the customer that was not known: birthday, gender."""
    told = {"birthday": paper.birthday, "gender": paper.gender} if paper.wrong is None else {}
    return {name: value for name, value in told.items() if value and not getattr(customer, name)}


def draft_holding(
    customer: Customer,
    *,
    role: str,
    place: Place | None = None,
    asset: Asset | None = None,
    share: Decimal | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
    remark: str = "",
) -> Holding:
    """A holding, not written yet. Refused when it is not possible in itself (see `refuse_beside`)."""
    refuse_merged(customer)
    holding = Holding(
        site_id=customer.site_id,
        customer=customer,
        role=role,
        place=place,
        asset=asset,
        share=share,
        starts_on=starts_on or today(),
        ends_on=ends_on,
        remark=remark.strip(),
        known_at=now(),
    )
    holding.end_known_at = holding.known_at if ends_on is not None else None
    check_holding(holding)
    return holding


def check_holding(holding: Holding) -> None:
    """Refused when a holding is not possible in itself."""
    thing = holding.place or holding.asset
    if (holding.place is None) == (holding.asset is None) or thing is None:
        raise Refused("no-thing", _("A holding is of one place or of one thing."), field="place")
    if thing.site_id != holding.site_id:
        raise Refused("wrong-site", _("This belongs to another site."), field="place")
    well_formed(holding)
    check_period(holding.starts_on, holding.ends_on, "ends_on")
    if holding.share is not None and (not 0 < holding.share <= 100 or holding.role not in OWNERS):
        message = _("A share is more than 0 and at most 100 percent, of an owner.")
        raise Refused("share", message, field="share")


def refuse_beside(holding: Holding, standing: Iterable[Holding]) -> None:
    """Refused when a holding contradicts those that stand to the same place or thing.

    What stood beside the entry that a correction replaces (two files merged into one may hold the same
    twice) may go on standing beside it.
    """
    meeting = [one for one in standing if overlap(one, holding.starts_on, holding.ends_on)]
    same = [one for one in meeting if one.customer == holding.customer and one.role == holding.role]
    wrong = holding.corrects
    if wrong is not None and wrong.role == holding.role:
        same = [one for one in same if not overlap(one, wrong.starts_on, wrong.ends_on)]
    if same:
        message = _("The customer stands in this role already in that time.")
        raise Refused("holds-already", message, field="role")
    total = greatest_share([*meeting, holding])
    if total > 100:
        message = _("The owners' shares would exceed 100 percent: %(total)s.")
        raise Refused("shares", message, params={"total": f"{total.normalize():f}"}, field="share")


def overlap(holding: Holding, start: date, end: date | None) -> bool:
    """Whether a holding is in force on some day of a period."""
    return (end is None or holding.starts_on <= end) and (holding.ends_on is None or holding.ends_on >= start)
