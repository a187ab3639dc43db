"""What can be done with a case: taking it in, working on it, answering, ending, reopening.

Merging and incidents stand in `joining.py`, which is written on the effects of this module.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from huiyin.base.kit.inserting import gathered, insert, next_id
from huiyin.base.kit.moment import local_zone, now
from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused, service
from huiyin.base.kit.words import words
from huiyin.base.org.models import OrgUnit, Site, User
from huiyin.base.org.selectors import may_act_at, teams_of
from huiyin.base.trail.registry import verb
from huiyin.base.trail.services import record
from huiyin.engines.approvals.registry import register_effect
from huiyin.engines.clocks.services import hand_over
from huiyin.engines.files.registry import register_owner
from huiyin.engines.numbering.services import take
from huiyin.engines.search.services import index
from huiyin.records.customers.models import Customer
from huiyin.records.places.models import Place

from .extending import EXTENSION, asked, give_time
from .models import Case, Category, Channel, Contact, Kind, Severity, State
from .raising import INSTRUCTION, decided, reported
from .selectors import default_responsible, search_document
from .states import FLOW

register_owner(Case, permission_view="cases.view")
register_effect(EXTENSION, give_time, label=_("More time for a limit"), describe=asked)
register_effect(INSTRUCTION, decided, label=_("Report upwards"), describe=reported)

REGISTERED = verb("cases.registered", _("Registered"))
CHANGED = verb("cases.changed", _("Changed"))
ASSIGNED = verb("cases.assigned", _("Assigned"))
BEGUN = verb("cases.begun", _("Work begun"))
WAITING = verb("cases.waiting", _("Waiting"))
RESUMED = verb("cases.resumed", _("Waiting ended"))
ANSWERED = verb("cases.answered", _("Answered"))
ANSWERED_TOGETHER = verb("cases.answered_together", _("Answered together with another case"))
CLOSED = verb("cases.closed", _("Closed"))
DECLINED = verb("cases.declined", _("Declined"))
CANCELLED = verb("cases.cancelled", _("Cancelled"))
REOPENED = verb("cases.reopened", _("Reopened"))
CONTACTED = verb("cases.contacted", pgettext_lazy("event", "Contact"))

FUTURE_TOLERANCE = timedelta(minutes=5)
"""How far a client's clock may run ahead before its time of receipt is refused."""
OLDEST = datetime(1990, 1, 1, tzinfo=local_zone())
TRACKED = (
    "state",
    "kind",
    "title",
    "description",
    "category_id",
    "severity",
    "place_id",
    "location",
    "customer_id",
    "contact_name",
    "contact_phone",
    "responsible_id",
    "team_id",
    "incident_id",
    "merged_into_id",
    "answer",
)
"""The columns whose every value is in the trail: replaying it must give the row."""


def _facts(case: Case, **columns: Any) -> dict[str, Any]:
    """The new values of columns as an event keeps them."""
    return {"set": {name: getattr(case, name) for name in (columns or TRACKED)}}


def _at_site(row: Any, site_id: int, field: str) -> None:
    """Refused when a named row belongs to another site."""
    if row is not None and row.site_id is not None and row.site_id != site_id:
        raise Refused("other-site", _("This does not belong to the site."), field=field)


def _checked_moment(received_at: datetime | None) -> tuple[datetime, datetime]:
    present = now()
    if received_at is None:
        return present, present
    if received_at > present + FUTURE_TOLERANCE:
        raise Refused("in-future", _("The time of receipt lies in the future."), field="received_at")
    if received_at < OLDEST:
        raise Refused("too-old", _("The time of receipt cannot be right."), field="received_at")
    return min(received_at, present), present


def _code(site: Site, at: datetime, by: Actor) -> str:
    day = at.astimezone(local_zone()).strftime("%y%m%d")
    number = take(site, series="case", period=day, by=by)
    return f"{site.code.upper()}-{day}-{number:04d}"


@service(needs="cases.register")
def register(
    site: Site,
    *,
    kind: str,
    channel: str,
    title: str,
    description: str = "",
    category: Category | None = None,
    severity: str = Severity.NORMAL,
    place: Place | None = None,
    location: str = "",
    customer: Customer | None = None,
    contact_name: str = "",
    contact_phone: str = "",
    received_at: datetime | None = None,
    responsible: User | None = None,
    team: OrgUnit | None = None,
    external_key: str = "",
    by: Actor,
) -> Case:
    """Take in a case with its first contact; its clocks start at the time of receipt.

    Whoever takes it in answers for it first (首问负责) if they may work on cases, else the site's default; somebody
    else is told at once. Refused when a choice is unknown, something belongs to another site, the time of receipt
    is impossible, or nobody can be responsible.
    """
    _known(kind=(kind, Kind), channel=(channel, Channel), severity=(severity, Severity))
    for row, field in ((category, "category"), (place, "place"), (customer, "customer")):
        _at_site(row, site.pk, field)
    received, present = _checked_moment(received_at)
    person, group = _who_answers(site, responsible, team, by)
    case = Case(
        site=site,
        kind=kind,
        channel=channel,
        severity=severity,
        title=words(title, 120, "title", required=True),
        description=words(description, 20_000, "description"),
        category=category,
        place=place,
        location=words(location, 120, "location"),
        customer=customer,
        contact_name=words(contact_name, 60, "contact_name"),
        contact_phone=words(contact_phone, 40, "contact_phone"),
        state=State.REGISTERED,
        responsible_id=person,
        team=group,
        first_responsible_id=by.user_id,
        received_at=received,
        registered_at=present,
        external_key=words(external_key, 80, "external_key"),
    )
    case.pk = next_id(Case)
    with gathered():
        insert(_first_contact(case, by))
        record(case, REGISTERED, by=by, channel=channel, **_facts(case), **_handed(person, by))
    # From here on everybody who takes a number of this site waits for the commit: as little as possible.
    case.code = _code(site, present, by)
    _insert(case, by)
    return case


def _handed(person: int | None, by: Actor) -> dict[str, Any]:
    """What the event says when somebody else is to answer: they are told, but not of every case of an import."""
    return {"handed": True} if person != by.user_id and by.via != "import" else {}


def _known(**choices: tuple[str, Any]) -> None:
    """Refused when a value is none of its choices."""
    for field, (value, kinds) in choices.items():
        try:
            kinds(value)
        except ValueError as error:
            params = {"value": str(value)[:40]}
            raise Refused("unknown", _("Unknown value: %(value)s"), params=params, field=field) from error


def _insert(case: Case, by: Actor) -> None:
    """Write the case and what it is found by. Refused when the client's own number was used before."""
    try:
        with gathered():
            insert(case)
            index(case, search_document(case), new=True, by=by)
    except IntegrityError as error:
        if case.external_key and "external" in str(error):
            message = _("A case with this number of yours exists already.")
            raise Refused("already-registered", message, field="external_key") from error
        raise


def _first_contact(case: Case, by: Actor) -> Contact:
    return Contact(
        site_id=case.site_id,
        case=case,
        customer_id=case.customer_id,
        place_id=case.place_id,
        direction=Contact.Direction.IN,
        channel=case.channel,
        at=case.received_at,
        name=case.contact_name,
        phone=case.contact_phone,
        text=case.title,
        user_id=by.user_id,
    )


def _who_answers(
    site: Site, responsible: User | None, team: OrgUnit | None, by: Actor
) -> tuple[int | None, OrgUnit | None]:
    """The responsible person's id, or the team; the first-responsible rule when neither is named."""
    if responsible is not None:
        if not may_act_at(responsible.pk, site, "cases.answer"):
            raise Refused(
                "cannot-work-here", _("This person cannot work on cases here."), field="responsible"
            )
        return responsible.pk, team
    if team is not None:
        if not teams_of(site).filter(pk=team.pk).exists():
            raise Refused("other-site", _("This does not belong to the site."), field="team")
        return None, team
    if by.user_id is not None and may_act_at(by.user_id, site, "cases.answer"):
        return by.user_id, None
    person = default_responsible(site)
    if person is None:
        raise Refused("nobody-responsible", _("Nobody at this site can take cases: appoint somebody first."))
    return person, None


@service
def advance(
    case: Case, move: str, event: str, *, by: Actor, said: dict[str, Any] | None = None, **changes: Any
) -> Case:
    """Make a move with its changes, tell the trail. The one way a state changes."""
    changes["version"] = F("version") + 1
    version = case.version + 1
    FLOW.go(case, move, **changes)
    case.version = version
    tracked = {name: getattr(case, name) for name in ("state", *changes) if name in TRACKED}
    record(case, event, by=by, **(said or {}), set=tracked)
    return case


@service(needs="cases.answer")
def change(case: Case, *, version: int | None = None, by: Actor, **values: Any) -> Case:
    """Correct what was written down (subject, description, category, severity, place, contact …).

    `version` is the one that was read; refused when somebody changed the case meanwhile, when it
    has ended, or when something belongs to another site.
    """
    if not case.is_open:
        raise Refused("ended", _("The case has ended; reopen it to change it."))
    limits = {"title": 120, "description": 20_000, "location": 120, "contact_name": 60, "contact_phone": 40}
    choices: dict[str, Any] = {"kind": Kind, "severity": Severity}
    rows = ("category", "place", "customer")
    new: dict[str, Any] = {}
    for name, value in values.items():
        if name in limits:
            new[name] = words(value, limits[name], name, required=name == "title")
        elif name in choices:
            if value not in choices[name].values:
                raise Refused(
                    "unknown", _("Unknown value: %(value)s"), params={"value": str(value)[:40]}, field=name
                )
            new[name] = value
        elif name in rows:
            _at_site(value, case.site_id, name)
            new[f"{name}_id"] = value.pk if value is not None else None
        else:
            raise TypeError(f"a case has no {name} to change")
    old = {name: getattr(case, name) for name in new}
    new = {name: value for name, value in new.items() if value != old[name]}
    if not new:
        return case
    seen = version if version is not None else case.version
    changed = Case.objects.filter(pk=case.pk, version=seen, ended_at=None).update(version=seen + 1, **new)
    if not changed:
        raise Refused("changed-meanwhile", _("Somebody else has just changed this. Please look again."))
    case.refresh_from_db()
    record(case, CHANGED, by=by, old={name: old[name] for name in new}, set=new)
    index(case, search_document(case), by=by)
    return case


@service(needs="cases.assign")
def assign(
    case: Case, *, responsible: User | None = None, team: OrgUnit | None = None, note: str = "", by: Actor
) -> Case:
    """Make a person (or a team) answer for the case. Refused when they cannot work at the site."""
    if responsible is None and team is None:
        raise Refused("missing", _("Choose a person or a team."), field="responsible")
    person, group = _who_answers(case.site, responsible, team, by)
    said = {
        "note": words(note, 500, "note"),
        "old": {"responsible_id": case.responsible_id, "team_id": case.team_id},
    }
    team_id = group.pk if group is not None else None
    advance(
        case, "assign", ASSIGNED, by=by, said=said, responsible_id=person, team_id=team_id, **_not_waiting()
    )
    hand_over(case, owner=person, by=by)
    return case


def _not_waiting() -> dict[str, Any]:
    return {"waiting_until": None, "waiting_reason": ""}


@service(needs="cases.answer")
def begin(case: Case, *, by: Actor) -> Case:
    """Start working on it; whoever begins a team's case answers for it from now on."""
    changes: dict[str, Any] = {}
    if case.responsible_id is None:
        if by.user_id is None or not may_act_at(by.user_id, case.site, "cases.answer"):
            raise Refused("nobody-responsible", _("Assign the case to a person first."))
        changes["responsible_id"] = by.user_id
    advance(case, "begin", BEGUN, by=by, **changes)
    if changes:
        hand_over(case, owner=case.responsible_id, by=by)
    return case


@service(needs="cases.wait")
def wait(case: Case, *, reason: str, until: datetime, agreed: bool = False, by: Actor) -> Case:
    """Let it wait for the customer, for parts or for others until a moment, with the reason.

    `agreed`: the customer agreed to that, so the time does not count where the rules of the limit say so.
    Refused when the moment lies in the past or more than a year ahead.
    """
    if not now() < until <= now() + timedelta(days=366):
        raise Refused("bad-moment", _("Choose a moment within the next year."), field="until")
    why = words(reason, 200, "reason", required=True)
    said = {"reason": why, "until": until.isoformat(), "agreed": agreed}
    return advance(case, "wait", WAITING, by=by, said=said, waiting_until=until, waiting_reason=why)


@service(needs="cases.wait")
def resume(case: Case, *, note: str = "", by: Actor) -> Case:
    """Go on after waiting."""
    return advance(case, "resume", RESUMED, by=by, said={"note": words(note, 500, "note")}, **_not_waiting())


@service(needs="cases.answer")
def answer(case: Case, *, text: str, channel: str = Channel.PHONE, by: Actor) -> Case:
    """Record what the customer was told; stops the answer clock. Merged cases are answered with it."""
    return tell(case, text=text, channel=channel, by=by)


@service
def tell(case: Case, *, text: str, channel: str, source: str = "", by: Actor) -> Case:
    """The answer itself, for one case and those merged into it. Used by `answer` and by incidents."""
    told = words(text, 10_000, "text", required=True)
    if channel not in Channel.values:
        raise Refused(
            "unknown", _("Unknown value: %(value)s"), params={"value": str(channel)[:40]}, field="channel"
        )
    said = {"text": told, "channel": channel, "source": source}
    at = now()
    advance(case, "answer", ANSWERED, by=by, said=said, answer=told, answered_at=at, **_not_waiting())
    _outgoing(case, channel, told, by)
    for merged in Case.objects.filter(merged_into=case):
        Case.objects.filter(pk=merged.pk).update(answer=told, answered_at=at, version=F("version") + 1)
        record(
            merged,
            ANSWERED_TOGETHER,
            by=by,
            text=told,
            channel=channel,
            source=case.code,
            set={"answer": told},
        )
        _outgoing(merged, channel, told, by)
    return case


def _outgoing(case: Case, channel: str, text: str, by: Actor) -> Contact:
    contact = Contact(
        site_id=case.site_id,
        case=case,
        customer_id=case.customer_id,
        place_id=case.place_id,
        direction=Contact.Direction.OUT,
        channel=channel,
        at=now(),
        name=case.contact_name,
        phone=case.contact_phone,
        text=text,
        user_id=by.user_id,
    )
    contact.save(force_insert=True)
    return contact


@service(needs="cases.close")
def close(case: Case, *, note: str = "", by: Actor) -> Case:
    """End an answered case. Refused without a recorded answer to the customer."""
    return advance(case, "close", CLOSED, by=by, said={"note": words(note, 500, "note")}, ended_at=now())


@service(needs="cases.decline")
def decline(case: Case, *, reason: str, explanation: str, channel: str = Channel.PHONE, by: Actor) -> Case:
    """End a case that is not taken up, with the reason and what the customer was told about it."""
    told = words(explanation, 10_000, "explanation", required=True)
    said = {"reason": words(reason, 200, "reason", required=True), "explanation": told, "channel": channel}
    at = now()
    advance(
        case,
        "decline",
        DECLINED,
        by=by,
        said=said,
        answer=told,
        answered_at=at,
        ended_at=at,
        **_not_waiting(),
    )
    _outgoing(case, channel if channel in Channel.values else Channel.PHONE, told, by)
    return case


@service(needs="cases.decline")
def cancel(case: Case, *, reason: str, by: Actor) -> Case:
    """End a case entered by mistake or withdrawn by the customer, with the reason."""
    said = {"reason": words(reason, 200, "reason", required=True)}
    return advance(case, "cancel", CANCELLED, by=by, said=said, ended_at=now())


@service(needs="cases.reopen")
def reopen(case: Case, *, reason: str, by: Actor) -> Case:
    """Take an ended or answered case up again: new clocks start, the old verdicts stay."""
    said = {"reason": words(reason, 500, "reason", required=True), "old": {"answer": case.answer}}
    changes: dict[str, Any] = {}
    if case.responsible_id is None and case.team_id is None:
        changes["responsible_id"] = default_responsible(case.site)
    advance(
        case,
        "reopen",
        REOPENED,
        by=by,
        said=said,
        ended_at=None,
        answered_at=None,
        answer="",
        reopened=case.reopened + 1,
        **changes,
    )
    return case


@service(needs="cases.register")
def log_contact(
    case: Case, *, direction: str, channel: str, text: str, name: str = "", phone: str = "", by: Actor
) -> Contact:
    """Note one more touch with the customer about the case."""
    if direction not in Contact.Direction.values or channel not in Channel.values:
        raise Refused(
            "unknown", _("Unknown value: %(value)s"), params={"value": f"{direction}/{channel}"[:40]}
        )
    contact = Contact(
        site_id=case.site_id,
        case=case,
        customer_id=case.customer_id,
        place_id=case.place_id,
        direction=direction,
        channel=channel,
        at=now(),
        text=words(text, 5000, "text", required=True),
        name=words(name, 60, "name") or case.contact_name,
        phone=words(phone, 40, "phone") or case.contact_phone,
        user_id=by.user_id,
    )
    contact.save(force_insert=True)
    record(
        case,
        CONTACTED,
        by=by,
        direction=direction,
        channel=channel,
        name=contact.name,
        text=contact.text,
    )
    return contact
