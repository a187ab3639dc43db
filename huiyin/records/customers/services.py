"""Writing customers: their data, how to reach them, who they are on paper, and duplicates made one.

What they hold is written in `holdings`, duplicates are made one in `merging`; both are offered here as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.inserting import gathered
from huiyin.base.kit.moment import now, today
from huiyin.base.kit.rows import change, insert_all, plain, well_formed
from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused, service
from huiyin.base.org.models import Site
from huiyin.base.trail.models import Event
from huiyin.base.trail.registry import describe, verb
from huiyin.base.trail.services import record
from huiyin.engines.files.registry import register_owner
from huiyin.engines.numbering.services import take
from huiyin.engines.packs.selectors import entries
from huiyin.engines.search.services import index
from huiyin.records.places.models import Place

from . import sealing
from .contacts import name_key
from .drafts import (
    FIELDS,
    Drafts,
    check_lists,
    check_period,
    draft_contact,
    draft_customer,
    draft_identity,
    filled_by,
    read_paper,
)
from .files import refuse_merged, reindexed, touch
from .holdings import (
    NewOwner,
    correct_holding,
    end_holding,
    hand_over,
    put_holding,
    record_started,
    start_holding,
)
from .merging import merge, unmerge
from .models import ContactPoint, Customer, IdentityNumber
from .papers import paper_of
from .selectors import search_documents

for _model in (Customer, Place):
    register_owner(_model, permission_view="customers.view")  # papers of a home are papers of its people

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
    "FIELDS",
    "NewOwner",
    "add_contact",
    "add_customer",
    "add_identity",
    "change_by_paper",
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
    "put_drafts",
    "put_holding",
    "put_identity",
    "reindex",
    "reindex_all",
    "remove_identity",
    "reseal",
    "reveal",
    "set_care",
    "start_holding",
    "unmerge",
    "withdraw_consent",
]

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
    """Open a file, as `add_customer` does: an effect for apps above.

    Without `index_now` the caller lets the search know itself (`reindex`).
    """
    customer = draft_customer(site, name=name, kind=kind, code=code, **fields)
    put_drafts(site, drafts=Drafts(customers=[customer]), by=by)
    if index_now:
        reindexed(customer, by, new=True)
    return customer


@service
def put_drafts(subject: Site | Customer, *, drafts: Drafts, by: Actor) -> None:
    """Write drafted customers and what belongs to them together: an effect for imports.

    The caller lets the search know (`reindex`). Refused with the broken rule's own words when the
    database does not take them.
    """
    unnumbered = [customer for customer in drafts.customers if not customer.code]
    if unnumbered:
        first = take(unnumbered[0].site, series="customer", count=len(unnumbered), by=by)
        for number, customer in enumerate(unnumbered, first):
            customer.code = f"C{number:06d}"
    insert_all(drafts.customers)
    insert_all(drafts.contacts)
    insert_all([identity for identity, _filled in drafts.identities])
    insert_all(drafts.holdings)
    with gathered():
        for customer in drafts.customers:
            told = {name: getattr(customer, name) for name in FIELDS}
            new = {name: plain(value) for name, value in told.items() if value not in (None, "", [], {})}
            record(customer, ADDED, by=by, code=customer.code, new=new)
        for contact in drafts.contacts:
            new = {"kind": contact.kind, "value": contact.value}
            record(contact, CONTACT_ADDED, by=by, root=contact.customer, new=new)
        for identity, filled in drafts.identities:
            _record_identity(identity, filled, by)
        for holding in drafts.holdings:
            record_started(holding, by=by)


def _record_identity(identity: IdentityNumber, filled: Iterable[str], by: Actor) -> None:
    record(
        identity,
        IDENTITY_ADDED,
        by=by,
        root=identity.customer,
        kind=identity.kind,
        masked=identity.masked,
        verified=identity.verified,
        remark=identity.remark,
        filled=sorted(filled),
    )


@service(needs="customers.edit")
def change_customer(
    customer: Customer, *, by: Actor, version: int | None = None, reason: str = "", **fields: Any
) -> Customer:
    """Change columns of FIELDS; `version` is that of the data on the writer's screen.

    Refused when somebody else was faster, a value is not possible, or the file was merged.
    """
    refuse_merged(customer)
    check_lists(fields)
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
    check_period(since, until, "until")
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
    """Add a contact, as `add_contact` does: an effect for apps above.

    Without `index_now` the caller lets the search know itself (`reindex`).
    """
    others = list(ContactPoint.objects.filter(customer=customer))
    contact = draft_contact(
        customer,
        kind=kind,
        value=value,
        label=label,
        is_primary=is_primary,
        valid_from=valid_from,
        valid_to=valid_to,
        others=others,
    )
    if contact.is_primary and any(one.is_primary and one.kind == kind for one in others):
        ContactPoint.objects.filter(customer=customer, kind=kind).update(is_primary=False)
    put_drafts(customer, drafts=Drafts(contacts=[contact]), by=by)
    if index_now:
        touch(customer)
        reindexed(customer, by)
    return contact


@service
def reindex(customer: Customer, *, new: bool = False, by: Actor) -> None:
    """Let the search know the customer as they are now: an effect for imports."""
    reindexed(customer, by, new=new)


@service
def reindex_all(site: Site, *, customers: Sequence[tuple[Customer, bool]], by: Actor) -> None:
    """Let the search know many customers as they are now; True for those that are new to it."""
    documents = search_documents([customer for customer, _new in customers])
    with gathered():
        for customer, new in customers:
            index(customer, documents[customer.pk], new=new, by=by)


@service
def change_by_paper(customer: Customer, *, filled: Mapping[str, Any], by: Actor) -> None:
    """Fill in what a paper tells of a customer; the event of the paper says so: an effect for imports."""
    change(customer, filled, filled)


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
    check_period(
        values.get("valid_from", contact.valid_from), values.get("valid_to", contact.valid_to), "valid_to"
    )
    if not values:
        return contact
    old = {name: plain(getattr(contact, name)) for name in values}
    if is_primary:
        ContactPoint.objects.filter(customer=customer, kind=contact.kind).update(is_primary=False)
    for name, value in values.items():
        setattr(contact, name, value)
    well_formed(contact)
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
    check_period(contact.valid_from, day, "on")
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
    """Keep an identity number, as `add_identity` does: an effect for apps above."""
    paper = read_paper(kind, number, unverified=unverified, remark=remark)
    same = IdentityNumber.objects.filter(
        customer=customer, kind=kind, blind__in=sealing.blinds(kind, paper.same_as)
    )
    found: IdentityNumber | None = same.first()
    if found is not None:
        return found
    identity = draft_identity(customer, kind=kind, paper=paper, remark=remark)
    filled = filled_by(paper, customer)
    change(customer, filled, filled)
    put_drafts(customer, drafts=Drafts(identities=[(identity, sorted(filled))]), by=by)
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
