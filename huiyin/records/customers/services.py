"""Writing customers: their data, how to reach them, who they are on paper, and duplicates made one.

What they hold is written in `holdings`, duplicates are made one in `merging`; both are offered here as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.moment import now, today
from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused, service
from huiyin.base.org.models import Site
from huiyin.base.trail.models import Event
from huiyin.base.trail.registry import describe, verb
from huiyin.base.trail.services import record
from huiyin.engines.numbering.services import take
from huiyin.engines.packs.selectors import entries
from huiyin.records.places.models import Place

from . import sealing
from .contacts import contact_of, name_key
from .entries import change, insert, plain, well_formed
from .files import refuse_merged, reindexed, touch
from .holdings import NewOwner, correct_holding, end_holding, hand_over, put_holding, start_holding
from .merging import merge, unmerge
from .models import ContactPoint, Customer, IdentityNumber
from .papers import MAX_NUMBER, paper_of

ADDED = verb("customers.added", _("Customer added"))
CHANGED = verb("customers.changed", _("Customer changed"))
CHECKED = verb("customers.checked", _("Data checked with the customer"))
CARE_SET = verb("customers.care_set", _("Special care noted"))
CARE_ENDED = verb("customers.care_ended", _("Special care ended"))
CONSENTED = verb("customers.consented", _("Consent given"))
CONSENT_WITHDRAWN = verb("customers.consent_withdrawn", _("Consent withdrawn"))
CONTACT_ADDED = verb("customers.contact_added", _("Contact added"))
CONTACT_CHANGED = verb("customers.contact_changed", _("Contact changed"))
CONTACT_ENDED = verb("customers.contact_ended", _("Contact no longer valid"))
IDENTITY_ADDED = verb("customers.identity_added", _("Identity number added"))
IDENTITY_REMOVED = verb("customers.identity_removed", _("Identity number removed"))
REVEALED = verb("customers.revealed", _("Identity number revealed"))
LOOKED_UP = verb("customers.looked_up", _("File looked up"))

__all__ = [
    "NewOwner",
    "add_contact",
    "add_customer",
    "add_identity",
    "change_contact",
    "change_customer",
    "check_data",
    "correct_holding",
    "end_care",
    "end_contact",
    "end_holding",
    "give_consent",
    "hand_over",
    "look_up",
    "merge",
    "put_contact",
    "put_customer",
    "put_holding",
    "put_identity",
    "reindex",
    "remove_identity",
    "reseal",
    "reveal",
    "set_care",
    "start_holding",
    "unmerge",
    "withdraw_consent",
]

FIELDS = (
    "kind",
    "name",
    "gender",
    "birthday",
    "tier",
    "language",
    "tags",
    "profile",
    "note",
)
MAX_TAGS = 30
MAX_PROFILE = 60
LOOK_UP_AGAIN = timedelta(hours=1)
"""How long one person's looking at a file counts as one look."""


@service(needs="customers.edit")
def add_customer(
    site: Site, *, name: str, kind: str = "person", code: str = "", by: Actor, **fields: Any
) -> Customer:
    """Open a file for a person or a company; `fields` are columns of FIELDS.

    The file number is the next of the site unless a `code` is given. Refused when that is taken or
    a value is not possible. Look with `duplicates_of` before.
    """
    return put_customer(site, name=name, kind=kind, code=code, by=by, **fields)


@service
def put_customer(
    site: Site,
    *,
    name: str,
    kind: str = "person",
    code: str = "",
    index_now: bool = True,
    by: Actor,
    **fields: Any,
) -> Customer:
    """Open a file, as `add_customer` does: an effect for imports and for apps above.

    Without `index_now` the caller lets the search know itself (`reindex`).
    """
    unknown = sorted(set(fields) - set(FIELDS))
    if unknown:
        raise TypeError(f"a customer has no field {', '.join(unknown)}")
    customer = Customer(site_id=site.pk, kind=kind, name=" ".join(name.split()), code=code.strip(), **fields)
    customer.name_key = name_key(customer.name)
    customer.code = customer.code or f"C{take(site, series='customer', by=by):06d}"
    _listed(fields)
    well_formed(customer, exclude=("site", "merged_into"))
    insert(customer)
    new = {
        name: plain(getattr(customer, name))
        for name in FIELDS
        if getattr(customer, name) not in (None, "", [], {})
    }
    record(customer, ADDED, by=by, code=customer.code, new=new)
    if index_now:
        reindexed(customer, by, new=True)
    return customer


def _listed(fields: Mapping[str, Any]) -> None:
    """Refused when tags are no list of short words, or the profile no short texts by name."""
    tags, profile = fields.get("tags", []), fields.get("profile", {})
    if not isinstance(tags, list) or len(tags) > MAX_TAGS or not all(_word(tag, 40) for tag in tags):
        raise Refused("invalid", _("Tags are short words, at most 30."), field="tags")
    if (
        not isinstance(profile, dict)
        or len(profile) > MAX_PROFILE
        or not all(
            _word(name, 60) and isinstance(text, str) and len(text) <= 500 for name, text in profile.items()
        )
    ):
        raise Refused("invalid", _("A profile has short texts by name."), field="profile")


def _word(value: Any, limit: int) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= limit


def _later(since: date | None, until: date | None, field: str) -> None:
    if since is not None and until is not None and until < since:
        raise Refused("period", _("The end lies before the start."), field=field)


@service(needs="customers.edit")
def change_customer(
    customer: Customer, *, by: Actor, version: int | None = None, reason: str = "", **fields: Any
) -> Customer:
    """Change columns of FIELDS; `version` is that of the data on the writer's screen.

    Refused when somebody else was faster, a value is not possible, or the file was merged.
    """
    refuse_merged(customer)
    _listed(fields)
    if "name" in fields:
        fields["name"] = " ".join(str(fields["name"]).split())
    old, new = change(customer, fields, FIELDS, version=version)
    if new:
        if "name" in new:
            customer.name_key = name_key(customer.name)
            Customer.objects.filter(pk=customer.pk).update(name_key=customer.name_key)
        record(customer, CHANGED, by=by, old=old, new=new, reason=reason)
        reindexed(customer, by)
    return customer


@service(needs="customers.edit")
def check_data(customer: Customer, *, on: date | None = None, remark: str = "", by: Actor) -> Customer:
    """Note that the data were gone through with the customer on a local day (today when none is given).

    Refused for a day to come.
    """
    refuse_merged(customer)
    day = on or today()
    if day > today():
        raise Refused("day-to-come", _("This day is still to come."), field="on")
    old, new = change(customer, {"checked_on": day}, ("checked_on",))
    if new:
        record(customer, CHECKED, by=by, old=old, new=new, remark=remark)
    return customer


@service(needs="customers.edit")
def set_care(
    customer: Customer,
    *,
    code: str,
    since: date | None = None,
    until: date | None = None,
    remark: str = "",
    by: Actor,
) -> Customer:
    """Note a special-care flag, or change its days and remark (local days, both included).

    Refused when the code is empty or no flag of the packs in force, or the end lies before the start.
    """
    refuse_merged(customer)
    code = code.strip()
    known = {item.code for item in entries("care_flags", customer.site_id)}
    if not code or len(code) > 40 or (known and code not in known):
        raise Refused(
            "unknown-care", _("There is no special care “%(code)s”."), params={"code": code}, field="code"
        )
    _later(since, until, "until")
    flag = {
        "code": code,
        "since": since.isoformat() if since else "",
        "until": until.isoformat() if until else "",
        "remark": remark.strip()[:200],
    }
    before = next((one for one in customer.care if one["code"] == code), None)
    if before == flag:
        return customer
    care = [*(one for one in customer.care if one["code"] != code), flag]
    change(customer, {"care": care, "has_care": True}, ("care", "has_care"))
    record(customer, CARE_SET, by=by, old=before, new=flag)
    return customer


@service(needs="customers.edit")
def end_care(
    customer: Customer, *, code: str, on: date | None = None, reason: str = "", by: Actor
) -> Customer:
    """End a special-care flag with a local day (today when none is given); it stays on the file.

    Refused when the flag is not there, or the day lies before its start.
    """
    refuse_merged(customer)
    day = (on or today()).isoformat()
    before = next((one for one in customer.care if one["code"] == code), None)
    if before is None:
        raise Refused(
            "unknown-care", _("There is no special care “%(code)s”."), params={"code": code}, field="code"
        )
    if before["since"] and day < before["since"]:
        raise Refused("period", _("The end lies before the start."), field="on")
    care = [{**one, "until": day} if one["code"] == code else one for one in customer.care]
    change(customer, {"care": care}, ("care",))
    record(customer, CARE_ENDED, by=by, old=before, new={**before, "until": day}, reason=reason)
    return customer


@service(needs="customers.edit")
def give_consent(
    customer: Customer, *, purpose: str, on: date | None = None, remark: str = "", by: Actor
) -> Customer:
    """Note that the customer agreed to a purpose on a local day (today when none is given).

    Refused when the purpose is empty or such a consent stands already.
    """
    refuse_merged(customer)
    purpose = purpose.strip()[:60]
    if not purpose:
        raise Refused("required", _("Please say to what."), field="purpose")
    if any(one["purpose"] == purpose and not one["withdrawn_on"] for one in customer.consents):
        raise Refused("consented", _("This consent stands already."), field="purpose")
    given = {
        "purpose": purpose,
        "given_on": (on or today()).isoformat(),
        "withdrawn_on": "",
        "remark": remark.strip()[:200],
    }
    change(customer, {"consents": [*customer.consents, given]}, ("consents",))
    record(customer, CONSENTED, by=by, new=given)
    return customer


@service(needs="customers.edit")
def withdraw_consent(customer: Customer, *, purpose: str, on: date | None = None, by: Actor) -> Customer:
    """Note that the customer takes a consent back. Refused when none stands for the purpose."""
    refuse_merged(customer)
    day = (on or today()).isoformat()
    standing = [one for one in customer.consents if one["purpose"] == purpose and not one["withdrawn_on"]]
    if not standing:
        raise Refused("no-consent", _("There is no such consent."), field="purpose")
    consents = [{**one, "withdrawn_on": day} if one in standing else one for one in customer.consents]
    change(customer, {"consents": consents}, ("consents",))
    record(customer, CONSENT_WITHDRAWN, by=by, old=standing[0], new={"withdrawn_on": day})
    return customer


@service(needs="customers.edit")
def add_contact(
    customer: Customer,
    *,
    kind: str,
    value: str,
    label: str = "",
    is_primary: bool = False,
    valid_from: date | None = None,
    valid_to: date | None = None,
    by: Actor,
) -> ContactPoint:
    """Add a number or address under which the customer is reached (local days, both included).

    The first one of its kind becomes the first choice. Refused when it cannot be such a number, or
    the customer has it already in that time.
    """
    return put_contact(
        customer,
        kind=kind,
        value=value,
        label=label,
        is_primary=is_primary,
        valid_from=valid_from,
        valid_to=valid_to,
        by=by,
    )


@service
def put_contact(
    customer: Customer,
    *,
    kind: str,
    value: str,
    label: str = "",
    is_primary: bool = False,
    valid_from: date | None = None,
    valid_to: date | None = None,
    index_now: bool = True,
    by: Actor,
) -> ContactPoint:
    """Add a contact, as `add_contact` does: an effect for imports and apps above.

    Without `index_now` the caller lets the search know itself (`reindex`).
    """
    refuse_merged(customer)
    _later(valid_from, valid_to, "valid_to")
    normalised, tail4 = contact_of(kind, value)
    others = [one for one in ContactPoint.objects.filter(customer=customer) if one.kind == kind]
    if any(one.normalised == normalised and _meet(one, valid_from, valid_to) for one in others):
        raise Refused("contact-exists", _("The customer has this number already."), field="value")
    first = not any(one.is_primary for one in others)
    contact = ContactPoint(
        site_id=customer.site_id,
        customer=customer,
        kind=kind,
        value=value.strip(),
        normalised=normalised,
        tail4=tail4,
        label=label.strip(),
        is_primary=is_primary or first,
        valid_from=valid_from,
        valid_to=valid_to,
    )
    well_formed(contact, exclude=("site", "customer"))
    if is_primary and not first:
        ContactPoint.objects.filter(customer=customer, kind=kind).update(is_primary=False)
    insert(contact)
    record(contact, CONTACT_ADDED, by=by, root=customer, new={"kind": kind, "value": contact.value})
    if index_now:
        touch(customer)
        reindexed(customer, by)
    return contact


def _meet(contact: ContactPoint, start: date | None, end: date | None) -> bool:
    """Whether a contact is valid on some day of a period."""
    begins = contact.valid_from is None or end is None or contact.valid_from <= end
    return begins and (contact.valid_to is None or start is None or contact.valid_to >= start)


@service
def reindex(customer: Customer, *, new: bool = False, by: Actor) -> None:
    """Let the search know the customer as they are now: an effect for imports."""
    reindexed(customer, by, new=new)


@service(needs="customers.edit")
def change_contact(
    contact: ContactPoint,
    *,
    label: str | None = None,
    is_primary: bool | None = None,
    valid_from: date | None = None,
    valid_to: date | None = None,
    by: Actor,
) -> ContactPoint:
    """Change the label and period of a contact, or make it the first choice of its kind.

    None leaves a value as it is; another number is another contact. Refused when the end lies
    before the start.
    """
    customer = contact.customer
    refuse_merged(customer)
    asked: dict[str, Any] = {
        "label": label,
        "is_primary": is_primary,
        "valid_from": valid_from,
        "valid_to": valid_to,
    }
    values = {k: v for k, v in asked.items() if v is not None and v != getattr(contact, k)}
    _later(values.get("valid_from", contact.valid_from), values.get("valid_to", contact.valid_to), "valid_to")
    if not values:
        return contact
    old = {name: plain(getattr(contact, name)) for name in values}
    if is_primary:
        ContactPoint.objects.filter(customer=customer, kind=contact.kind).update(is_primary=False)
    for name, value in values.items():
        setattr(contact, name, value)
    well_formed(contact, exclude=("site", "customer"))
    contact.save(update_fields=list(values))
    touch(customer)
    new = {name: plain(value) for name, value in values.items()}
    record(contact, CONTACT_CHANGED, by=by, root=customer, value=contact.value, old=old, new=new)
    reindexed(customer, by)
    return contact


@service(needs="customers.edit")
def end_contact(
    contact: ContactPoint, *, on: date | None = None, reason: str = "", by: Actor
) -> ContactPoint:
    """Say that a contact was valid until a local day (today when none is given), e.g. a number given up.

    Refused when the day lies before its start.
    """
    refuse_merged(contact.customer)
    day = on or today()
    _later(contact.valid_from, day, "on")
    if contact.valid_to == day:
        return contact
    old, contact.valid_to, contact.is_primary = contact.valid_to, day, False
    contact.save(update_fields=["valid_to", "is_primary"])
    touch(contact.customer)
    record(
        contact,
        CONTACT_ENDED,
        by=by,
        root=contact.customer,
        value=contact.value,
        old=plain(old),
        new=plain(day),
        reason=reason,
    )
    reindexed(contact.customer, by)
    return contact


@service(needs="customers.edit")
def add_identity(
    customer: Customer, *, kind: str, number: str, unverified: bool = False, remark: str = "", by: Actor
) -> IdentityNumber:
    """Keep a number of the customer's papers, encrypted; a resident's card fills in birthday and gender.

    Refused when the number is wrong in itself (length, check digit), unless the writer expressly
    wants it kept as `unverified` and says why in `remark`. One that the customer has is returned.
    """
    return put_identity(customer, kind=kind, number=number, unverified=unverified, remark=remark, by=by)


@service
def put_identity(
    customer: Customer, *, kind: str, number: str, unverified: bool = False, remark: str = "", by: Actor
) -> IdentityNumber:
    """Keep an identity number, as `add_identity` does: an effect for imports and apps above."""
    refuse_merged(customer)
    if kind not in IdentityNumber.Kind.values:
        raise Refused("unknown-kind", _("This is no known kind of paper."), field="kind")
    paper = paper_of(kind, number)
    if len(paper.number) < 2 or len(paper.number) > MAX_NUMBER:
        raise Refused("identity", _("The number has too few or too many characters."), field="number")
    if paper.wrong is not None and not (unverified and remark.strip()):
        raise Refused("identity", paper.wrong, field="number")
    same = IdentityNumber.objects.filter(
        customer=customer, kind=kind, blind__in=sealing.blinds(kind, paper.same_as)
    )
    found: IdentityNumber | None = same.first()
    if found is not None:
        return found
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
    well_formed(identity, exclude=("site", "customer"))
    insert(identity)
    filled = {"birthday": paper.birthday, "gender": paper.gender}
    filled = {name: value for name, value in filled.items() if value and not getattr(customer, name)}
    if filled and paper.wrong is None:
        change(customer, filled, filled)
    record(
        identity,
        IDENTITY_ADDED,
        by=by,
        root=customer,
        kind=kind,
        masked=identity.masked,
        verified=identity.verified,
        remark=identity.remark,
        filled=sorted(filled),
    )
    return identity


@service(needs="customers.edit")
def remove_identity(identity: IdentityNumber, *, reason: str, by: Actor) -> None:
    """Delete an identity number that is not the customer's or no longer needed; only its mask stays
    in the trail. Refused without a reason.
    """
    if not reason.strip():
        raise Refused("required", _("Please give a reason."), field="reason")
    customer = identity.customer
    record(
        identity,
        IDENTITY_REMOVED,
        by=by,
        root=customer,
        kind=identity.kind,
        masked=identity.masked,
        reason=reason,
    )
    identity.delete()


@service(needs="customers.reveal")
def reveal(identity: IdentityNumber, *, reason: str, by: Actor) -> str:
    """The full identity number. Who asked and why is on record. Refused without a reason."""
    if len(reason.strip()) < 2:
        raise Refused("required", _("Please give a reason."), field="reason")
    number = sealing.unseal(identity.kind, identity.sealed, identity.key_id)
    record(
        identity,
        REVEALED,
        by=by,
        root=identity.customer,
        kind=identity.kind,
        masked=identity.masked,
        reason=reason.strip()[:200],
    )
    return number


@service(needs="customers.reveal")
def reseal(company: None, *, limit: int = 1000, by: Actor) -> int:
    """Encrypt identity numbers under the present key that still stand under an older one.

    Returns how many; repeat until 0, then the old key may be taken out of FIELD_KEY.
    """
    old = IdentityNumber.objects.exclude(key_id=sealing.key_id()).order_by("pk")
    rows = list(old.select_for_update(of=("self",))[:limit])
    for row in rows:
        number = sealing.unseal(row.kind, row.sealed, row.key_id)
        row.sealed, row.blind = (
            sealing.seal(row.kind, number),
            sealing.blind(row.kind, paper_of(row.kind, number).same_as),
        )
        row.key_id = sealing.key_id()
    IdentityNumber.objects.bulk_update(rows, ["sealed", "blind", "key_id"], batch_size=500)
    return len(rows)


@service(needs="customers.view")
def look_up(subject: Customer | Place, *, purpose: str = "", by: Actor) -> None:
    """Note that somebody opened the file of a customer or a household, at most once an hour each."""
    seen = Event.objects.filter(
        root_type=describe(subject),
        root_id=subject.pk,
        verb=LOOKED_UP,
        actor_id=by.user_id,
        at__gt=now() - LOOK_UP_AGAIN,
    )
    if not seen.exists():
        record(subject, LOOKED_UP, by=by, purpose=purpose)
