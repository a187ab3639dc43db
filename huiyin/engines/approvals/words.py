"""Approvals in words: what is asked for, who signed for whom, why somebody else signs, what happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from huiyin.base.kit.moment import local_zone
from huiyin.base.trail.models import Event
from huiyin.base.trail.registry import label
from huiyin.engines.fields.money import rmb_capital
from huiyin.engines.packs.registry import Words
from huiyin.engines.packs.selectors import entries

from .models import Approval, Signature, State, Step
from .registry import kind_of

TONES = {
    State.PENDING: "active",
    State.APPROVED: "good",
    State.RETURNED: "warn",
    State.REFUSED: "bad",
    State.WITHDRAWN: "neutral",
    State.LAPSED: "neutral",
    State.VOID: "bad",
}
STEP_TONES = {
    Step.State.WAITING: "neutral",
    Step.State.OPEN: "active",
    Step.State.AGREED: "good",
    Step.State.SKIPPED: "neutral",
    Step.State.RETURNED: "warn",
    Step.State.REFUSED: "bad",
    Step.State.DROPPED: "neutral",
}
EVENT_TONES = {
    "approvals.submitted": ("accent", "writing-sign"),
    "approvals.agreed": ("good", "check"),
    "approvals.passed": ("neutral", "arrow-right"),
    "approvals.effective": ("good", "circle-check"),
    "approvals.void": ("bad", "alert-triangle"),
    "approvals.returned": ("warn", "arrow-back-up"),
    "approvals.refused": ("bad", "circle-x"),
    "approvals.withdrawn": ("neutral", "ban"),
    "approvals.lapsed": ("neutral", "hourglass"),
    "approvals.signer_added": ("active", "user-plus"),
    "files.attached": ("neutral", "paperclip"),
    "files.removed": ("neutral", "trash"),
}
CHANNELS = [
    ("phone", gettext_lazy("Phone call")),
    ("counter", gettext_lazy("Visit to the counter")),
    ("letter", gettext_lazy("Letter")),
    ("message", gettext_lazy("Text message")),
    ("wechat", gettext_lazy("WeChat")),
    ("email", gettext_lazy("E-mail")),
    ("site_walk", gettext_lazy("Site walk")),
]
"""The ways a customer's word can come."""


def kind_label(approval: Approval) -> str:
    """What is asked for: the words of the kind, of a free request those of its rule."""
    known = kind_of(approval.kind)
    return str(known.label) if known is not None else rule_name(approval)


def rule_name(approval: Approval) -> str:
    """The name of the rule the approval was submitted under."""
    return str(Words.model_validate(approval.rule["name"]))


def kind_choices(site_id: int | None = None) -> list[tuple[str, str]]:
    """Every kind the packs have rules for, with its words."""
    found: dict[str, str] = {}
    for item in entries("approvals", site_id):
        known = kind_of(item.value.kind)
        found.setdefault(item.value.kind, str(known.label) if known is not None else str(item.value.name))
    return sorted(found.items(), key=lambda one: one[1])


def request_choices() -> list[tuple[str, str]]:
    """The kinds that staff may ask for on screen, with their words."""
    free = {item.value.kind for item in entries("approvals") if item.value.request}
    return [one for one in kind_choices() if one[0] in free]


def step_name(step: Step) -> str:
    """Whose signature a step takes."""
    return step.name or (_("Customer") if step.is_customers else "—")


def remark(one: Mapping[str, Any]) -> str:
    """Why somebody else signs, or nobody needs to."""
    text = {
        "vacant": _("%(post)s is vacant; %(to)s signs instead."),
        "own": _("The applicant is %(post)s; %(to)s signs instead."),
        "optional": _("%(post)s is vacant; the signature is not required."),
        "covered": _("Has signed already at an earlier step."),
        "gone": _("May no longer sign here."),
        "authority": _("%(who)s may decide this alone: %(clause)s"),
        "note": "%(text)s",
    }.get(str(one.get("code")), "")
    shown = {"post": "", "to": "", "who": "", "clause": "", "text": "", **one}
    if one.get("code") in ("vacant", "own") and not one.get("to"):
        text = _("%(post)s cannot sign, and there is no higher level.")
    return text % shown if text else ""


def signer_words(signature: Signature) -> str:
    """Who signed: themself, or as deputy for somebody; a customer's word with who noted it."""
    if signature.user is None:
        person = signature.evidence.get("person", "")
        return _("%(person)s (customer), noted by %(who)s") % {"person": person, "who": signature.noted_by}
    if signature.on_behalf_of is not None:
        return _("%(deputy)s for %(delegator)s") % {
            "deputy": signature.user,
            "delegator": signature.on_behalf_of,
        }
    return str(signature.user)


def evidence_words(signature: Signature) -> str:
    """How the customer's word came."""
    if not signature.evidence:
        return ""
    channel = dict(CHANNELS).get(signature.evidence.get("channel", ""), signature.evidence.get("channel", ""))
    return f"{channel} · {moment(signature.evidence.get('said_at'))}"


def moment(text: Any) -> str:
    """A moment kept as text, on the local clock."""
    at = parse_datetime(str(text)) if text else None
    return at.astimezone(local_zone()).strftime("%Y-%m-%d %H:%M") if at is not None else ""


def yuan(fen: int) -> str:
    """An amount in fen as yuan."""
    return f"{fen // 100:,}.{fen % 100:02d}"


def facts_of(approval: Approval) -> list[tuple[str, Any]]:
    """What is asked for as pairs of words and values."""
    facts, pairs = approval.facts, []
    amount = facts.get("amount")
    if amount is not None:
        currency = facts.get("currency", "CNY")
        shown = f"{yuan(int(amount))} {currency}"
        if currency == "CNY":
            shown = f"¥ {yuan(int(amount))} ({rmb_capital(f'{int(amount) // 100}.{int(amount) % 100:02d}')})"
        pairs.append((_("Amount"), shown))
    known = kind_of(approval.kind)
    if known is not None and known.describe is not None:
        pairs += [(str(name), value) for name, value in known.describe(approval)]
    elif facts.get("minutes"):
        minutes = int(facts["minutes"])
        days, hours = -(-minutes // 1440), f"{minutes / 60:.2f}".rstrip("0").rstrip(".")
        words = ngettext("%(n)s day", "%(n)s days", days) % {"n": days}
        pairs.append((_("Duration"), words if minutes >= 1440 else _("%(n)s hours") % {"n": hours}))
    return pairs


@dataclass(frozen=True)
class Told:
    """One line of a history, as the shell's timeline takes it."""

    at: datetime
    who: str
    label: str
    text: str
    tone: str
    icon: str


def told(events: Iterable[Event]) -> list[Told]:
    """The lines of an approval's history."""
    lines = []
    for event in events:
        tone, icon = EVENT_TONES.get(event.verb, ("neutral", ""))
        who = event.actor_label if event.actor_id is not None else _("System")
        lines.append(Told(event.at, who, label(event.verb), sentence(event.data), tone, icon))
    return lines


def sentence(data: Mapping[str, Any]) -> str:
    """What an event of an approval says beyond its verb."""
    lines = []
    if data.get("on_behalf_of"):
        lines.append(_("for %(who)s") % {"who": data["on_behalf_of"]})
    if data.get("customer"):
        channel = dict(CHANNELS).get(data.get("channel", ""), data.get("channel", ""))
        said = (str(data.get("person", "")), str(channel), moment(data.get("said_at")))
        lines.append(" · ".join(part for part in said if part))
    if data.get("when"):
        where = pgettext("signer", "before") if data["when"] == "before" else pgettext("signer", "after")
        lines.append(f"{data.get('name', '')} ({where})")
    elif data.get("sha256"):
        lines.append(str(data.get("name", "")))
    elif data.get("title"):
        lines.append(str(data["title"]))
    for key in ("opinion", "reason", "note"):
        if data.get(key) and str(data[key]) not in lines:
            lines.append(str(data[key]))
    return "\n".join(dict.fromkeys(lines))
