"""Taking a case in: the panel, what it fills in while somebody types, and what its buttons do."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huiyin.base.kit.once import once
from huiyin.base.kit.scope import current
from huiyin.base.kit.service import Refused
from huiyin.base.kit.views import ActionView, Gate
from huiyin.base.org.models import Site
from huiyin.base.org.selectors import sites_in_reach
from huiyin.engines.files.services import attach as attach_file

from . import joining, services
from .callers import note_look
from .intake import Intake, IntakeForm, read, subject_and_rest
from .models import Case, Channel, Contact, Incident, Severity
from .selectors import readable

REGISTER = "cases.register"
PREFILLED = ("who", "text", "kind", "channel", "site", "location")
"""What the address may bring along, e.g. `?who=13800138000` from the telephone system."""


def register_sites() -> list[Site]:
    """The sites where one may take cases in."""
    return list(sites_in_reach(REGISTER).select_related("unit").order_by("code"))


class Part(Gate):
    """What the panel fills in while somebody types; nothing is written but who was looked up."""

    permission = REGISTER
    template_name = "cases/intake.html"
    part = ""

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        sites = register_sites()
        if not sites:
            raise PermissionDenied(self.permission)
        intake = read(request.POST, sites)
        response = self.page(self.context(intake=intake), partial=self.part)
        self.follow(intake, response)
        return response

    def follow(self, intake: Intake, response: HttpResponse) -> None:
        """What else comes of it."""


class CallerPart(Part):
    """The household card; that it was opened is noted."""

    part = "caller"

    def follow(self, intake: Intake, response: HttpResponse) -> None:
        if intake.card is not None:
            note_look(intake.card, "", self.actor)
        response["HX-Trigger-After-Settle"] = "hy-intake-caller"


class MatterPart(Part):
    """Categories, promise, phrase, cases that look alike."""

    part = "matter"


class TakeIn(ActionView):
    """The intake panel."""

    permission = REGISTER
    title = gettext_lazy("New case")
    submit_label = gettext_lazy("Register")
    template_name = "cases/intake.html"
    form_class = IntakeForm
    intake: Intake
    key: str = ""

    def setup_subject(self) -> None:
        sites = register_sites()
        if not sites:
            raise PermissionDenied(self.permission)
        data: QueryDict = self.request.POST
        if self.request.method != "POST":
            data = QueryDict(mutable=True)
            data.update({name: self.request.GET[name] for name in PREFILLED if name in self.request.GET})
        self.intake = read(data, sites)

    def get_form(self, data: Any = None, files: Any = None) -> IntakeForm:
        intake = self.intake
        initial = {name: self.request.GET[name] for name in PREFILLED if name in self.request.GET}
        initial |= {"contact_name": intake.contact_name, "contact_phone": intake.contact_phone}
        return IntakeForm(
            data, files, initial=initial, intake=intake,
            may_attach=current().holds("files.upload", intake.site.pk),
        )  # fmt: skip

    def context(self, **extra: Any) -> dict[str, Any]:
        site = self.intake.site.pk
        held = current().holds
        return super().context(
            intake=self.intake,
            may_dispatch=held("cases.assign", site),
            may_settle=held("cases.answer", site) and held("cases.close", site),
            **extra,
        )

    def run(self, form: IntakeForm) -> dict[str, Any]:
        """Do what the button says, once however often the form is sent."""
        sent = self.request.POST
        asked = [[name, sent.getlist(name)] for name in sorted(sent) if name != "csrfmiddlewaretoken"]
        asked += [[file.name, file.size] for file in form.cleaned_data.get("attached") or []]
        try:
            answer, again = once(
                f"user:{self.actor.user_id}",
                f"intake:{form.cleaned_data['key']}",
                asked,
                lambda: self.act(form),
            )
        except Refused as refusal:
            if refusal.code != "key-reused":
                raise
            raise Refused(
                "already-registered",
                gettext_lazy("This form was already registered. Open a new one for another case."),
            ) from refusal
        if not again and answer.get("said"):
            messages.success(self.request, answer["said"])
        return dict(answer)

    def act(self, form: IntakeForm) -> dict[str, Any]:
        """One transaction: register (or append), and what goes with it."""
        data = form.cleaned_data
        if data["do"].startswith("append-"):
            return self.append(data)
        case = self.register(data)
        for file in data.get("attached") or []:
            attach_file(case, file=file, by=self.actor)
        self.put_under_incident(case)
        said = _("Registered as %(code)s.") % {"code": case.code}
        url = case.get_absolute_url()
        if data["do"] == "dispatch":
            url = self.dispatch_case(case, data) or url
        elif data["do"] == "print":
            url = f"{reverse('cases:print', args=[case.code])}?now=1"
        elif data["do"] == "settle":
            services.answer(case, text=data["answer"], channel=self.channel(data), by=self.actor)
            services.close(case, by=self.actor)
            said = _("%(code)s was registered, answered and closed.") % {"code": case.code}
        return {"code": case.code, "url": url, "said": said}

    def channel(self, data: dict[str, Any]) -> str:
        """The channel that was chosen; the telephone otherwise."""
        return str(data.get("channel") or Channel.PHONE)

    def register(self, data: dict[str, Any]) -> Case:
        """Register what was typed."""
        intake = self.intake
        title, description = subject_and_rest(data["text"])
        person, team = data.get("to") or (None, None)
        if data["do"] == "dispatch" and (person or team):
            person, team = None, None
        return services.register(
            intake.site,
            kind=data["kind"],
            channel=self.channel(data),
            title=title,
            description=description,
            category=intake.category,
            severity=data.get("severity") or Severity.NORMAL,
            place=intake.place,
            location=data.get("location") or intake.caller.spot,
            customer=intake.customer,
            contact_name=intake.contact_name,
            contact_phone=intake.contact_phone,
            received_at=data.get("received_at"),
            responsible=person,
            team=team,
            by=self.actor,
        )

    def dispatch_case(self, case: Case, data: dict[str, Any]) -> str:
        """Assign it to whom was chosen; the address where to choose when nobody was."""
        person, team = data.get("to") or (None, None)
        if person is None and team is None:
            return reverse("cases:assign", args=[case.code])
        services.assign(case, responsible=person, team=team, by=self.actor)
        return ""

    def put_under_incident(self, case: Case) -> None:
        """Put the case under the incident that was ticked."""
        code = self.intake.incident
        if not code:
            return
        incident = Incident.objects.filter(code=code, site=case.site_id).first()
        if incident is None:
            raise Refused("unknown", gettext_lazy("There is no such incident."))
        joining.attach(case, incident=incident, by=self.actor)

    def append(self, data: dict[str, Any]) -> dict[str, Any]:
        """Note the call at a case that is there already."""
        code = readable(data["do"].removeprefix("append-"), 40)
        case = Case.objects.allowed(REGISTER).filter(code=code).first()
        if case is None:
            raise Refused("unknown", gettext_lazy("There is no such case."))
        services.log_contact(
            case,
            direction=Contact.Direction.IN,
            channel=self.channel(data),
            text=data["text"][:5000],
            name=self.intake.contact_name,
            phone=self.intake.contact_phone,
            by=self.actor,
        )
        said = _("The call was noted at %(code)s.") % {"code": case.code}
        return {"code": case.code, "url": case.get_absolute_url(), "said": said}

    def success_url(self, result: Any) -> str:
        return str(result["url"])
