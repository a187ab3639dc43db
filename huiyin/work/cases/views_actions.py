"""The commands on one case, each a dialog bound to its service."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from huiyin.base.kit.moment import now
from huiyin.base.kit.views import ActionView
from huiyin.engines.packs.selectors import entries, entry

from . import extending, forms, joining, raising, services
from .models import Case
from .selectors import last_answers, similar

ANSWERING = ("complaint-result", "explanation", "delay", "closing")
"""The moments of a conversation whose phrases help with an answer."""
DECLINING = ("decline", "explanation", "apology")


class CaseAction(ActionView):
    """An action on a case."""

    model = Case
    lookup = "code"
    object: Case

    def get_queryset(self) -> QuerySet[Case]:
        rows: QuerySet[Case] = super().get_queryset()
        return rows.select_related(
            "site__unit", "category", "place", "customer", "responsible", "team", "incident"
        )

    def phrases(self, moments: tuple[str, ...]) -> list[tuple[str, str]]:
        """What to say at such moments: words and clause; the category's own phrase first."""
        case = self.object
        own = entry("phrases", case.category.phrase, case.site_id) if case.category else None
        found = [own] if own is not None else []
        found += [item for item in entries("phrases", case.site_id) if item.value.moment in moments]
        once = {item.code: item for item in found}
        return [(str(item.value.text), item.value.clause) for item in once.values()][:8]

    @property
    def about(self) -> str:
        """Which case it is, as the dialog's small line."""
        return str(self.object)


class Assign(CaseAction):
    """Make a person or a team answer for the case."""

    permission = "cases.assign"
    title = gettext_lazy("Assign")
    form_class = forms.AssignForm
    service = services.assign
    success_message = gettext_lazy("Assigned.")

    def form_kwargs(self) -> dict[str, Any]:
        case = self.object
        key = f"t{case.team_id}" if case.responsible_id is None and case.team_id else ""
        return {"site": case.site, "initial": {"to": key}}


class Begin(CaseAction):
    """Start working on it."""

    permission = "cases.answer"
    title = gettext_lazy("Begin work")
    service = services.begin
    success_message = gettext_lazy("Work has begun.")

    @property
    def consequence(self) -> str:
        """What it leads to."""
        if self.object.responsible_id is None:
            return _("You take the case over from the team and answer for it from now on.")
        return _("The case is marked as being worked on.")


class Wait(CaseAction):
    """Let it wait."""

    permission = "cases.wait"
    title = gettext_lazy("Let wait")
    form_class = forms.WaitForm
    service = services.wait
    success_message = gettext_lazy("The case is waiting.")

    def form_kwargs(self) -> dict[str, Any]:
        return {"initial": {"until": (now() + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)}}


class MoreTime(CaseAction):
    """Ask for more time for one of its limits."""

    permission = "cases.answer"
    title = gettext_lazy("Ask for more time")
    submit_label = gettext_lazy("Submit")
    form_class = forms.MoreTimeForm
    service = extending.ask_for_time
    success_message = gettext_lazy("The request was submitted.")
    consequence = gettext_lazy("The limit changes when all have signed whom the rules name.")

    def form_kwargs(self) -> dict[str, Any]:
        return {"clocks": extending.running_limits(self.object)}

    def success_url(self, result: Any) -> str:
        return self.object.get_absolute_url()


class ReportUpwards(CaseAction):
    """Report it to a superior, whose word comes back to the case."""

    permission = "cases.register"
    title = gettext_lazy("Report upwards")
    submit_label = pgettext_lazy("upwards", "Report")
    form_class = forms.ReportForm
    service = raising.report_upwards
    success_message = gettext_lazy("It was reported. The decision comes back to the case.")
    consequence = gettext_lazy(
        "Whoever decides at that level is told at once; an empty post passes it on upwards."
    )

    def success_url(self, result: Any) -> str:
        return self.object.get_absolute_url()


class Resume(CaseAction):
    """Go on after waiting."""

    permission = "cases.wait"
    title = gettext_lazy("Go on")
    form_class = forms.NoteForm
    service = services.resume
    success_message = gettext_lazy("The case goes on.")


class Answer(CaseAction):
    """Record what the customer was told."""

    permission = "cases.answer"
    title = gettext_lazy("Answer the customer")
    submit_label = gettext_lazy("Save the answer")
    form_class = forms.AnswerForm
    service = services.answer
    template_name = "cases/answer.html"
    success_message = gettext_lazy("The answer was recorded.")

    def form_kwargs(self) -> dict[str, Any]:
        channel = self.object.channel
        return {"initial": {"channel": channel if channel in forms.TOLD else forms.TOLD[0]}}

    def context(self, **extra: Any) -> dict[str, Any]:
        return super().context(
            phrases=self.phrases(ANSWERING), last_answers=last_answers(self.object), case=self.object, **extra
        )


class Close(CaseAction):
    """End an answered case."""

    permission = "cases.close"
    title = gettext_lazy("Close the case")
    form_class = forms.NoteForm
    service = services.close
    success_message = gettext_lazy("Closed.")

    @property
    def consequence(self) -> str:
        """What it leads to."""
        return _("The customer was told: %(answer)s") % {"answer": self.object.answer[:200]}


class Decline(CaseAction):
    """Do not take it up, and explain."""

    permission = "cases.decline"
    title = gettext_lazy("Decline the case")
    form_class = forms.DeclineForm
    service = services.decline
    template_name = "cases/answer.html"
    success_message = gettext_lazy("Declined.")
    danger = True

    def context(self, **extra: Any) -> dict[str, Any]:
        return super().context(phrases=self.phrases(DECLINING), case=self.object, **extra)


class Cancel(CaseAction):
    """Withdrawn by the customer, or entered by mistake."""

    permission = "cases.decline"
    title = gettext_lazy("Cancel the case")
    form_class = forms.ReasonForm
    service = services.cancel
    success_message = gettext_lazy("Cancelled.")
    danger = True

    @property
    def consequence(self) -> str:
        """What it leads to."""
        return _(
            "For cases entered by mistake or withdrawn by the customer. Its limits end; it can be reopened."
        )


class Reopen(CaseAction):
    """Take it up again."""

    permission = "cases.reopen"
    title = gettext_lazy("Reopen the case")
    form_class = forms.ReasonForm
    service = services.reopen
    success_message = gettext_lazy("Reopened.")

    @property
    def consequence(self) -> str:
        """What it leads to."""
        return _("New limits start now; what was kept or missed before stays as it is.")


class Change(CaseAction):
    """Correct what was written down."""

    permission = "cases.answer"
    title = gettext_lazy("Correct the case")
    submit_label = gettext_lazy("Save")
    form_class = forms.ChangeForm
    service = services.change
    template_name = "cases/change.html"
    success_message = gettext_lazy("Saved.")

    def form_kwargs(self) -> dict[str, Any]:
        case = self.object
        names = (
            "version",
            "title",
            "description",
            "kind",
            "severity",
            "location",
            "contact_name",
            "contact_phone",
        )
        initial = {name: getattr(case, name) for name in names}
        initial |= {"category": case.category_id, "place": case.place.code if case.place else ""}
        return {"case": case, "initial": initial}


class LogContact(CaseAction):
    """Note one more touch with the customer."""

    permission = "cases.register"
    title = gettext_lazy("Log a contact")
    form_class = forms.ContactForm
    service = services.log_contact
    success_message = gettext_lazy("The contact was noted.")

    def form_kwargs(self) -> dict[str, Any]:
        case = self.object
        return {"initial": {"channel": case.channel, "name": case.contact_name, "phone": case.contact_phone}}


class Merge(CaseAction):
    """Let it live on in another case."""

    permission = "cases.merge"
    title = gettext_lazy("Merge into another case")
    form_class = forms.MergeForm
    service = joining.merge
    success_message = gettext_lazy("Merged. The caller gets the same answer.")

    @property
    def consequence(self) -> str:
        """What it leads to."""
        return _(
            "This case ends as a duplicate of the other one and is answered with it; its own limit stays."
        )

    def form_kwargs(self) -> dict[str, Any]:
        case = self.object
        alike = similar(
            case.site, place=case.place, category=case.category, phone=case.contact_phone, exclude=case.pk
        )
        return {"case": case, "alike": alike}

    def success_url(self, result: Case) -> str:
        into = result.merged_into
        return into.get_absolute_url() if into is not None else result.get_absolute_url()


class Unmerge(CaseAction):
    """Separate it again."""

    permission = "cases.merge"
    title = gettext_lazy("Separate again")
    form_class = forms.NoteForm
    service = joining.unmerge
    success_message = gettext_lazy("Separated; it stands where it stood before.")


class Attach(CaseAction):
    """Put it under an incident."""

    permission = "cases.register"
    title = gettext_lazy("Put under an incident")
    form_class = forms.AttachForm
    service = joining.attach
    success_message = gettext_lazy("It will be answered with the incident.")

    def form_kwargs(self) -> dict[str, Any]:
        return {"site": self.object.site}


class Detach(CaseAction):
    """Take it out of its incident."""

    permission = "cases.incident"
    title = gettext_lazy("Take out of the incident")
    service = joining.detach
    success_message = gettext_lazy("Taken out.")

    @property
    def consequence(self) -> str:
        """What it leads to."""
        return _("It will no longer be answered with %(incident)s.") % {
            "incident": self.object.incident or "—"
        }
