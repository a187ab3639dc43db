"""Approvals to sign, asked for and dealt with; one approval; its sheet; one's deputies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from huiyin.base.kit.moment import now
from huiyin.base.kit.related import relate
from huiyin.base.kit.scope import current
from huiyin.base.kit.service import Refused
from huiyin.base.kit.views import ActionView, DetailView, Gate, ListView, PageView
from huiyin.base.org.models import User
from huiyin.base.trail.selectors import history
from huiyin.engines.files.receiving import Received, receive

from . import forms, services, tables
from .filters import ApprovalFilter
from .models import Approval, Delegation
from .papers import file_events, with_files
from .running import root_of
from .selectors import (
    VIEW,
    asked_by,
    delegations_of,
    handled_by,
    open_step,
    right_of,
    visible,
    waiting_for,
    with_chain,
)
from .words import facts_of, kind_choices, kind_label, request_choices, rule_name, told

DECIDE, DELEGATE = "approvals.decide", "approvals.delegate"
HISTORY_SHOWN = 200
BOXES = {
    "waiting": gettext_lazy("Waiting for my signature"),
    "mine": gettext_lazy("Asked for by me"),
    "handled": gettext_lazy("Signed by me"),
    "all": gettext_lazy("All"),
}


@dataclass(frozen=True)
class Box:
    """One view of the list."""

    label: Any
    url: str
    active: bool


class ApprovalList(ListView):
    """What waits for one's signature; what one asked for; what one has signed; all."""

    permission = VIEW
    model = Approval
    title = gettext_lazy("Approvals")
    table = tables.APPROVALS
    filterset_class = ApprovalFilter
    template_name = "approvals/list.html"
    search_hint = gettext_lazy("Number, subject, applicant")
    empty_hint = gettext_lazy("Approvals appear here as soon as somebody asks for one.")
    new_url_name = "approvals:new"
    new_permission = VIEW
    new_label = gettext_lazy("New request")

    @property
    def box(self) -> str:
        """Which view is asked for."""
        asked = self.request.GET.get("box", "")
        return asked if asked in BOXES else "waiting"

    def get_queryset(self) -> QuerySet[Approval]:
        user = self.actor.user_id or 0
        rows: QuerySet[Approval] = super().get_queryset()
        if self.box == "all":
            return visible(rows, user)
        chosen = {"waiting": waiting_for, "mine": asked_by, "handled": handled_by}[self.box](user)
        return rows.filter(pk__in=chosen.order_by().values("pk"))

    def narrow(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        found = Q(code__icontains=text) | Q(title__icontains=text) | Q(applicant__name__icontains=text)
        return queryset.filter(found)

    def prepare(self, rows: list[Any]) -> list[Any]:
        relate(rows, {"applicant": ("name", "username"), "site": ("name",)})
        return with_chain(rows)

    def context(self, **extra: Any) -> dict[str, Any]:
        here = reverse("approvals:list")
        boxes = [
            Box(label, here if name == "waiting" else f"{here}?box={name}", name == self.box)
            for name, label in BOXES.items()
        ]
        return super().context(boxes=boxes, **extra)


@dataclass(frozen=True)
class Command:
    """What can be done with an approval."""

    name: str
    label: Any
    icon: str
    key: str = ""
    danger: bool = False


SIGNING = (
    Command("agree", pgettext_lazy("signature", "Agree"), "check", "a"),
    Command("return", pgettext_lazy("signature", "Return"), "arrow-back-up", "r"),
    Command("refuse", pgettext_lazy("signature", "Refuse"), "circle-x", danger=True),
    Command("add-signer", gettext_lazy("Add a signer"), "user-plus"),
)
CONSENT = Command("consent", gettext_lazy("Record the customer's word"), "message", "a")
WITHDRAW = Command("withdraw", pgettext_lazy("approval", "Withdraw"), "ban", danger=True)


def commands_of(approval: Approval) -> list[dict[str, Any]]:
    """The commands one may give now; those of signers with the reason when it is not one's turn."""
    if not approval.is_pending:
        return []
    scope = current()
    user, site = scope.actor.user_id, approval.site_id
    step = open_step(approval)
    may_decide = scope.holds(DECIDE, site)
    mine = user == approval.applicant_id
    found: list[tuple[Command, str]] = []
    if step is not None and step.is_customers:
        if mine or may_decide:
            found.append((CONSENT, ""))
    elif may_decide and not mine:
        right = right_of(user, approval, step)
        reason = "" if right is not None else _("This is not waiting for your signature.")
        found += [(one, reason) for one in SIGNING]
    if mine:
        found.append((WITHDRAW, ""))
    return [
        {
            "label": one.label,
            "url": reverse(f"approvals:{one.name}", args=[approval.code]),
            "icon": one.icon,
            "key": one.key,
            "danger": one.danger,
            "primary": one.name in ("agree", "consent"),
            "reason": reason,
        }
        for one, reason in found
    ]


class OfApproval(Gate):
    """A page of one approval; discreet ones exist only for those who take part."""

    permission = VIEW
    model = Approval
    lookup = "code"

    def get_queryset(self) -> QuerySet[Approval]:
        rows = visible(super().get_queryset(), self.actor.user_id)
        return rows.select_related("applicant", "site__unit", "previous")


class ApprovalPage(OfApproval, DetailView):
    """One approval: what is asked for, who has signed, who must sign, why they, what happened."""

    template_name = "approvals/approval.html"

    def get_title(self) -> str:
        return str(self.object.title)

    def context(self, **extra: Any) -> dict[str, Any]:
        approval: Approval = with_files(with_chain([extra["object"]])[0])
        events = history_of(approval)
        return super().context(
            approval=approval,
            commands=commands_of(approval),
            facts=facts_of(approval),
            kind=kind_label(approval),
            rule=rule_name(approval),
            entries=told(events),
            **extra,
        )


def history_of(approval: Approval) -> list[Any]:
    """The events of an approval, the newest first."""
    root: Any = approval
    if approval.root_type != Approval._meta.label_lower:
        root = root_of(approval)
    events = history(root).filter(subject_type=Approval._meta.label_lower, subject_id=approval.pk)
    newest = [*events.order_by("-id")[:HISTORY_SHOWN], *file_events(approval).order_by("-id")[:HISTORY_SHOWN]]
    return sorted(newest, key=lambda one: one.pk, reverse=True)[:HISTORY_SHOWN]


class Sheet(OfApproval):
    """An approval on paper, A4: what was asked for, and every signature with its opinion."""

    template_name = "approvals/print.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        approval = with_files(with_chain([self.get_object()])[0])
        context = self.context(
            approval=approval,
            facts=facts_of(approval),
            kind=kind_label(approval),
            rule=rule_name(approval),
            printed_at=now(),
        )
        return self.page(context)

    def get_title(self) -> str:
        return _("Approval sheet")


def received(files: list[Any]) -> list[Received]:
    """Take files in before any transaction begins. Refused when one is not accepted, by its name."""
    taken = []
    for file in files:
        try:
            taken.append(receive(file))
        except Refused as refusal:
            told = {"name": file.name, "problem": refusal.message}
            raise Refused(refusal.code, _("%(name)s: %(problem)s"), params=told, field="attached") from None
    return taken


class ApprovalAction(OfApproval, ActionView):
    """An action on an approval."""

    def run(self, form: Any) -> Any:
        data = dict(form.cleaned_data)
        if "attached" in data:
            data["files"] = received(data.pop("attached"))
        return type(self).service(self.subject(), **data, by=self.actor)

    @property
    def about(self) -> str:
        """Which approval it is, as the dialog's small line."""
        return str(self.object)


class Agree(ApprovalAction):
    """Sign in agreement."""

    permission = DECIDE
    title = pgettext_lazy("signature", "Agree")
    form_class = forms.AgreeForm
    service = services.agree
    success_message = gettext_lazy("Signed.")

    @property
    def consequence(self) -> str:
        """What it leads to."""
        approval = self.object
        right = right_of(self.actor.user_id, approval, open_step(approval))
        if right is None or right.delegation is None:
            return str(approval)
        delegator = User.objects.get(pk=right.entitled)
        return _("You sign for %(who)s: %(what)s") % {"who": delegator, "what": approval}


class Return(ApprovalAction):
    """Send it back to be corrected."""

    permission = DECIDE
    title = pgettext_lazy("signature", "Return")
    form_class = forms.ReasonForm
    service = services.send_back
    success_message = gettext_lazy("Returned to the applicant.")
    consequence = gettext_lazy("The applicant can correct it and ask again; the chain then begins anew.")


class Refuse(ApprovalAction):
    """Refuse it."""

    permission = DECIDE
    title = pgettext_lazy("signature", "Refuse")
    form_class = forms.ReasonForm
    service = services.refuse
    success_message = gettext_lazy("Refused.")
    danger = True
    consequence = gettext_lazy("What was asked for does not happen.")


class AddSigner(ApprovalAction):
    """Let one more person sign."""

    permission = DECIDE
    title = gettext_lazy("Add a signer")
    form_class = forms.AddSignerForm
    service = services.add_signer
    success_message = gettext_lazy("The signer was added.")

    def form_kwargs(self) -> dict[str, Any]:
        return {"approval": self.object, "user_id": self.actor.user_id}


class Consent(ApprovalAction):
    """Record the customer's word."""

    permission = VIEW
    title = gettext_lazy("Record the customer's word")
    form_class = forms.ConsentForm
    service = services.note_consent
    success_message = gettext_lazy("The customer's word was recorded.")

    def form_kwargs(self) -> dict[str, Any]:
        return {"initial": {"said_at": now().replace(second=0, microsecond=0), "agreed": "yes"}}


class Withdraw(ApprovalAction):
    """Take one's own request back."""

    permission = VIEW
    title = gettext_lazy("Withdraw the request")
    form_class = forms.WithdrawForm
    service = services.withdraw
    success_message = gettext_lazy("Withdrawn.")
    danger = True
    consequence = gettext_lazy("Nobody is asked to sign any more; you can ask again later.")


class Ask(ActionView):
    """Ask for something whose signed sheet is what counts."""

    permission = VIEW
    title = gettext_lazy("New request")
    submit_label = gettext_lazy("Submit")
    form_class = forms.RequestForm
    service = services.ask
    success_message = gettext_lazy("Submitted.")

    def run(self, form: Any) -> Any:
        data = dict(form.cleaned_data)
        data["files"] = received(data.pop("attached"))
        return services.ask(data.pop("site"), **data, by=self.actor)

    @property
    def consequence(self) -> str:
        """What it leads to, or why nothing can be asked for."""
        if not request_choices():
            return _("The rules of your organisation name nothing that is asked for this way.")
        return _("It goes to the signers that the rules of your organisation name, one after the other.")


class Delegations(PageView):
    """Who signs for me, and for whom I sign."""

    permission = DELEGATE
    title = gettext_lazy("Deputies for signatures")
    template_name = "approvals/delegations.html"

    def context(self, **extra: Any) -> dict[str, Any]:
        user, at = self.actor.user_id or 0, now()
        names = dict(kind_choices())
        rows: list[Any] = list(delegations_of(user)[:100])
        for one in rows:
            one.mine = one.delegator_id == user
            one.kind_names = [names.get(code, code) for code in one.kinds]
            one.standing = standing(one, at)
        return super().context(
            given=[one for one in rows if one.mine], received=[one for one in rows if not one.mine], **extra
        )


def standing(one: Delegation, at: Any) -> tuple[str, str]:
    """Whether a delegation is in force, in a word and its tone."""
    if one.ended_early_at is not None and one.ended_early_at <= at:
        return _("ended early"), "neutral"
    if one.ends_at <= at:
        return pgettext("delegation", "over"), "neutral"
    if one.starts_at > at:
        return pgettext("delegation", "to come"), "waiting"
    return pgettext("delegation", "in force"), "good"


class OwnDelegation(ActionView):
    """An action on one's own delegations."""

    permission = DELEGATE

    def success_url(self, result: Any) -> str:
        return reverse("approvals:delegations")


class Delegate(OwnDelegation):
    """Let a deputy sign for oneself."""

    title = gettext_lazy("Hand over my signature")
    form_class = forms.DelegateForm
    service = services.delegate
    success_message = gettext_lazy("Your deputy signs for you in this time.")
    consequence = gettext_lazy("Every signature shows both names. You can go on signing yourself.")

    def subject(self) -> Any:
        return self.request.user

    def form_kwargs(self) -> dict[str, Any]:
        return {"user": self.request.user}


class EndDelegation(OwnDelegation):
    """End it early."""

    model = Delegation
    title = gettext_lazy("End the delegation")
    service = services.end_delegation
    success_message = gettext_lazy("Ended.")
    consequence = gettext_lazy("The deputy can no longer sign for you; what was signed stays.")

    def get_queryset(self) -> QuerySet[Delegation]:
        return Delegation.objects.filter(delegator=self.actor.user_id)
