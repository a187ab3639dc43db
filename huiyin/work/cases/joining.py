"""Cases that belong together: duplicates merged into one, many cases under one incident.

Written on `services.tell` and the flow: a merged case keeps its own clock and is answered with the
case it was merged into; separating it again puts it back where it stood.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.moment import local_zone, now
from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused, service
from huiyin.base.kit.words import words
from huiyin.base.org.models import Site
from huiyin.base.trail.registry import verb
from huiyin.base.trail.selectors import history
from huiyin.base.trail.services import record
from huiyin.engines.clocks.services import hand_over
from huiyin.engines.numbering.services import take
from huiyin.records.places.models import Place

from .models import Case, Channel, Incident, State
from .services import advance, tell
from .states import LIVE

MERGED = verb("cases.merged", _("Merged"))
UNMERGED = verb("cases.unmerged", _("Separated again"))
INCIDENT_OPENED = verb("cases.incident_opened", _("Incident opened"))
INCIDENT_CHANGED = verb("cases.incident_changed", _("Incident changed"))
INCIDENT_ENDED = verb("cases.incident_ended", _("Incident ended"))
ATTACHED = verb("cases.attached", _("Put under an incident"))
DETACHED = verb("cases.detached", _("Taken out of an incident"))


@service(needs="cases.merge")
def merge(case: Case, *, into: Case, note: str = "", by: Actor) -> Case:
    """Let `case` live on in `into` as a duplicate; its caller gets the same answer.

    Refused across sites, into itself, into an ended case, or when `case` has duplicates of its own.
    """
    if into.pk == case.pk:
        raise Refused("itself", _("A case cannot be merged into itself."), field="into")
    if into.site_id != case.site_id:
        raise Refused("other-site", _("This does not belong to the site."), field="into")
    # The target row guards the rule: two merges in opposite directions must not both succeed.
    held = Case.objects.filter(pk=into.pk, state__in=LIVE, merged_into=None).update(version=F("version") + 1)
    if not held:
        raise Refused("target-ended", _("The other case is no longer being worked on."), field="into")
    if Case.objects.filter(merged_into=case).exists():
        raise Refused("has-duplicates", _("This case has duplicates of its own; merge the other way round."))
    before = {
        "state": case.state,
        "waiting_reason": case.waiting_reason,
        "waiting_until": case.waiting_until.isoformat() if case.waiting_until else None,
        "responsible_id": case.responsible_id,
    }
    said = {"note": words(note, 500, "note"), "into": into.code, "before": before}
    advance(case, "merge", MERGED, by=by, said=said, merged_into_id=into.pk, ended_at=now())
    hand_over(case, owner=into.responsible_id, by=by)
    return case


@service(needs="cases.merge")
def unmerge(case: Case, *, note: str = "", by: Actor) -> Case:
    """Separate a merged case again, back to the state it stood in.

    Refused when the case it was merged into has been answered meanwhile: reopen instead.
    """
    into = case.merged_into
    if case.state != State.MERGED or into is None:
        raise Refused("not-merged", _("This case is not merged."))
    if case.answered_at is not None:
        raise Refused(
            "already-answered", _("It was answered together with the other case; register a new one.")
        )
    merged = history(case).filter(verb=MERGED).last()
    before: dict[str, Any] = merged.data["before"]
    until = datetime.fromisoformat(before["waiting_until"]) if before["waiting_until"] else None
    changed = Case.objects.filter(pk=case.pk, state=State.MERGED, answered_at=None).update(
        state=before["state"],
        merged_into=None,
        ended_at=None,
        waiting_reason=before["waiting_reason"],
        waiting_until=until,
        version=F("version") + 1,
    )
    if not changed:
        raise Refused("changed-meanwhile", _("Somebody else has just changed this. Please look again."))
    case.refresh_from_db()
    record(
        case,
        UNMERGED,
        by=by,
        note=words(note, 500, "note"),
        source=into.code,
        set={"state": case.state, "merged_into_id": None},
    )
    hand_over(case, owner=case.responsible_id, by=by)
    return case


@service(needs="cases.incident")
def open_incident(
    site: Site,
    *,
    title: str,
    place: Place | None = None,
    script: str = "",
    expected_at: datetime | None = None,
    cases: Iterable[Case] = (),
    by: Actor,
) -> Incident:
    """Open an incident with the words for callers, and put cases under it at once."""
    if place is not None and place.site_id != site.pk:
        raise Refused("other-site", _("This does not belong to the site."), field="place")
    present = now()
    day = present.astimezone(local_zone()).strftime("%y%m%d")
    number = take(site, series="incident", period=day, by=by)
    incident = Incident(
        site=site,
        code=f"{site.code.upper()}-I{day}-{number:02d}",
        title=words(title, 120, "title", required=True),
        place=place,
        script=words(script, 5000, "script"),
        expected_at=expected_at,
        opened_at=present,
        opened_by_id=by.user_id,
    )
    incident.save(force_insert=True)
    record(incident, INCIDENT_OPENED, by=by, code=incident.code, title=incident.title)
    for case in cases:
        attach(case, incident=incident, by=by)
    return incident


@service(needs="cases.incident")
def change_incident(
    incident: Incident, *, title: str, script: str = "", expected_at: datetime | None = None, by: Actor
) -> Incident:
    """Change the words for callers or the expected end. Refused once the incident has ended."""
    _going_on(incident)
    old = {"title": incident.title, "script": incident.script, "expected_at": str(incident.expected_at or "")}
    incident.title = words(title, 120, "title", required=True)
    incident.script = words(script, 5000, "script")
    incident.expected_at = expected_at
    incident.save(update_fields=["title", "script", "expected_at"])
    new = {"title": incident.title, "script": incident.script, "expected_at": str(expected_at or "")}
    record(incident, INCIDENT_CHANGED, by=by, old=old, new=new)
    return incident


def _going_on(incident: Incident) -> None:
    # Locks the incident row, so that nothing is attached while it is being answered.
    if not Incident.objects.filter(pk=incident.pk, ended_at=None).update(title=F("title")):
        raise Refused("incident-ended", _("The incident has ended."))


@service(needs="cases.register")
def attach(case: Case, *, incident: Incident, by: Actor) -> Case:
    """Put a case under an incident, so that it is answered with it. Refused for ended ones."""
    if incident.site_id != case.site_id:
        raise Refused("other-site", _("This does not belong to the site."), field="incident")
    _going_on(incident)
    changed = Case.objects.filter(pk=case.pk, state__in=LIVE).update(
        incident=incident, version=F("version") + 1
    )
    if not changed:
        raise Refused("not-now", _("Only a case that waits for its answer can be put under an incident."))
    case.refresh_from_db()
    record(case, ATTACHED, by=by, incident=incident.code, set={"incident_id": incident.pk})
    return case


@service(needs="cases.incident")
def attach_many(incident: Incident, *, cases: Iterable[Case], by: Actor) -> Incident:
    """Put several cases under an incident; all of them or, when one is refused, none."""
    for case in cases:
        attach(case, incident=incident, by=by)
    return incident


@service(needs="cases.incident")
def detach(case: Case, *, by: Actor) -> Case:
    """Take a case out of its incident again."""
    if case.incident is None:
        raise Refused("no-incident", _("The case is under no incident."))
    code = case.incident.code
    Case.objects.filter(pk=case.pk).update(incident=None, version=F("version") + 1)
    case.refresh_from_db()
    record(case, DETACHED, by=by, incident=code, set={"incident_id": None})
    return case


@service(needs="cases.incident")
def answer_incident(
    incident: Incident, *, text: str, channel: str = Channel.MESSAGE, by: Actor
) -> tuple[Incident, int]:
    """Answer every case under the incident with the same words and end it; (incident, how many).

    Refused when it has ended already: the answer is given once.
    """
    told = words(text, 10_000, "text", required=True)
    present = now()
    ended = Incident.objects.filter(pk=incident.pk, ended_at=None).update(ended_at=present, answer=told)
    if not ended:
        raise Refused("incident-ended", _("The incident has ended."))
    incident.refresh_from_db()
    count = 0
    for case in Case.objects.filter(incident=incident, state__in=LIVE).order_by("pk"):
        tell(case, text=told, channel=channel, source=incident.code, by=by)
        count += 1
    record(incident, INCIDENT_ENDED, by=by, text=told, answered=count)
    return incident, count
