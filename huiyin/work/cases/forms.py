"""Forms of the commands on cases and incidents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from huiyin.base.kit.moment import local_zone, now
from huiyin.base.org.models import OrgUnit, Site, User
from huiyin.base.org.selectors import teams_of, who_can
from huiyin.engines.clocks.models import Clock
from huiyin.records.places.models import Place
from huiyin.records.places.selectors import matches

from .extending import Cause
from .models import Case, Category, Channel, Contact, Incident, Kind, Severity
from .raising import Level
from .selectors import offered_categories, open_incidents, open_load
from .timeline import clock_name

TOLD = [
    Channel.PHONE,
    Channel.COUNTER,
    Channel.MESSAGE,
    Channel.WECHAT,
    Channel.APP,
    Channel.EMAIL,
    Channel.LETTER,
]
"""The ways in which a customer is told an answer, the usual first."""


class QuickSelect(forms.Select):
    """A select written in one go: the usual one asks a template for each of hundreds of categories."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:  # noqa: ARG002
        """The select with its options; no renderer is asked."""
        chosen = {str(one) for one in self.format_value(value)}
        parts: list[Any] = []
        for key, label in self.choices:
            if isinstance(label, list | tuple):
                parts.append(format_html('<optgroup label="{}">{}</optgroup>', key, _options(label, chosen)))
            else:
                parts.append(_options([(key, label)], chosen))
        given = flatatt(self.build_attrs(self.attrs, {"name": name, **(attrs or {})}))
        return format_html("<select{}>{}</select>", given, mark_safe("".join(parts)))


def _options(choices: Iterable[tuple[Any, Any]], chosen: set[str]) -> SafeString:
    return mark_safe(
        "".join(
            f'<option value="{escape("" if key is None else key)}"'
            f"{' selected' if str('' if key is None else key) in chosen else ''}>{escape(label)}</option>"
            for key, label in choices
        )
    )


def told_channels() -> list[tuple[str, str]]:
    """Choices of how the customer was told."""
    return [(one.value, str(one.label)) for one in TOLD]


class CategorySelect(forms.ModelChoiceField):
    """A category of the site, with the branch it stands under."""

    def __init__(self, site: Site | None, **kwargs: Any) -> None:
        self.rows = offered_categories(site)
        kwargs.setdefault("label", gettext_lazy("Category"))
        kwargs.setdefault("widget", QuickSelect)
        super().__init__(Category.objects.filter(pk__in=[one.pk for one in self.rows]), **kwargs)
        self.choices = category_choices(self.rows)


def category_choices(rows: Iterable[Category], empty: str = "") -> list[tuple[Any, str]]:
    """The tree as a flat list of choices: each with the names above it."""
    by_pk = {one.pk: one for one in rows}

    def name(category: Category) -> str:
        above = by_pk.get(category.parent_id or 0)
        return f"{name(above)} / {category.name}" if above is not None else category.name

    return [("", empty or "—"), *((one.pk, name(one)) for one in by_pk.values())]


class PersonOrTeam(forms.ChoiceField):
    """One of the people who can work at a site, with what they have open, or one of its teams."""

    def __init__(self, site: Site, **kwargs: Any) -> None:
        self.people = {f"u{one.pk}": one for one in who_can("cases.answer", site)}
        self.teams = {f"t{one.pk}": one for one in teams_of(site)}
        load = open_load(site)
        people = [
            (key, _("%(name)s · %(n)s open") % {"name": one.name, "n": load.get(one.pk, 0)})
            for key, one in self.people.items()
        ]
        teams = [(key, one.name) for key, one in self.teams.items()]
        empty = kwargs.pop("empty", "—")
        choices: list[Any] = [("", empty)]
        if people:
            choices.append((_("People"), people))
        if teams:
            choices.append((_("Teams"), teams))
        kwargs.setdefault("label", gettext_lazy("Responsible"))
        kwargs.setdefault("widget", QuickSelect)
        super().__init__(choices=choices, **kwargs)

    def clean(self, value: Any) -> Any:
        """The person and the team, one of which is None; both when nobody was named."""
        key = super().clean(value)
        person: User | None = self.people.get(key)
        team: OrgUnit | None = self.teams.get(key)
        return person, team


class PlaceField(forms.CharField):
    """A place of one of the sites, typed as an address or a code; gives the place."""

    def __init__(self, sites: Sequence[Site], **kwargs: Any) -> None:
        self.sites = [site.pk for site in sites]
        kwargs.setdefault("label", gettext_lazy("Place"))
        kwargs.setdefault("help_text", gettext_lazy("An address such as 3-2-501, or a code."))
        super().__init__(max_length=120, **kwargs)

    def clean(self, value: Any) -> Place | None:
        """The one place that fits. Refused when there is none or several."""
        text = super().clean(value)
        if not text:
            return None
        found = matches(text, sites=self.sites, limit=2)
        if not found:
            raise forms.ValidationError(_("There is no such place here."), code="unknown")
        if len(found) > 1:
            raise forms.ValidationError(_("Several places fit; please say the entrance too."), code="several")
        return found[0]


class AssignForm(forms.Form):
    """Who answers for it from now on."""

    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, site: Site, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"] = PersonOrTeam(site, label=gettext_lazy("Person or team"))
        self.order_fields(["to", "note"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["responsible"], data["team"] = data.pop("to", (None, None))
        return data


class WaitForm(forms.Form):
    """What it waits for, and until when at most."""

    reason = forms.CharField(
        label=gettext_lazy("Waiting for"),
        max_length=200,
        help_text=gettext_lazy("For instance: the customer is away until Friday; a part is on order."),
    )
    until = forms.DateTimeField(label=pgettext_lazy("wait", "Until"))
    agreed = forms.BooleanField(
        label=gettext_lazy("The customer agreed to wait"),
        required=False,
        help_text=gettext_lazy(
            "Then the time does not count as lateness, where the rule of the limit allows it."
        ),
    )


class MoreTimeForm(forms.Form):
    """Which limit, until when, why, and whether the customer was asked already."""

    kind = forms.ChoiceField(label=gettext_lazy("Limit"), choices=())
    until = forms.DateTimeField(label=gettext_lazy("New limit"))
    cause = forms.ChoiceField(label=gettext_lazy("Cause"), choices=Cause.choices)
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
    customer = forms.CharField(
        label=gettext_lazy("The customer agreed (name)"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("Who agreed to it, if the customer was asked already."),
    )
    channel = forms.ChoiceField(label=gettext_lazy("Asked by"), choices=told_channels, required=False)

    def __init__(self, *args: Any, clocks: Sequence[Clock], **kwargs: Any) -> None:
        if clocks:
            later = max(clocks[0].due_at, now()) + timedelta(days=1)
            kwargs.setdefault("initial", {"until": later.replace(second=0, microsecond=0)})
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["kind"]
        chosen.choices = [(one.kind, self.limit_words(one)) for one in clocks]

    @staticmethod
    def limit_words(clock: Clock) -> str:
        """A limit and when it is due."""
        due = clock.due_at.astimezone(local_zone()).strftime("%m-%d %H:%M")
        return f"{clock_name(clock.kind)} · {due}"


class ReportForm(forms.Form):
    """How far up it goes, and what is the matter."""

    level = forms.ChoiceField(
        label=pgettext_lazy("upwards", "Report to"),
        choices=Level.choices,
        initial=Level.LEAD,
        widget=forms.RadioSelect,
    )
    text = forms.CharField(
        label=gettext_lazy("What is the matter, what was done, what is asked"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class NoteForm(forms.Form):
    """A remark, if one is needed."""

    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 3})
    )


class AnswerForm(forms.Form):
    """What the customer was told, and how."""

    text = forms.CharField(
        label=gettext_lazy("What the customer was told"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    channel = forms.ChoiceField(label=gettext_lazy("How"), choices=told_channels)


class DeclineForm(forms.Form):
    """Why it is not taken up, and what the customer was told about it."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)
    explanation = forms.CharField(
        label=gettext_lazy("What the customer was told"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    channel = forms.ChoiceField(label=gettext_lazy("How"), choices=told_channels)


class ChangeForm(forms.Form):
    """What was written down about a case."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    title = forms.CharField(label=gettext_lazy("Subject"), max_length=120)
    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Kind.choices)
    severity = forms.ChoiceField(label=gettext_lazy("Severity"), choices=Severity.choices)
    location = forms.CharField(label=gettext_lazy("Exact spot"), required=False, max_length=120)
    contact_name = forms.CharField(label=gettext_lazy("Contact"), required=False, max_length=60)
    contact_phone = forms.CharField(label=gettext_lazy("Contact phone"), required=False, max_length=40)

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"] = CategorySelect(case.site, required=False)
        self.fields["place"] = PlaceField([case.site], required=False)
        self.order_fields(
            [
                "version",
                "title",
                "description",
                "kind",
                "category",
                "severity",
                "place",
                "location",
                "contact_name",
                "contact_phone",
            ]
        )


class ContactForm(forms.Form):
    """One more touch with the customer."""

    direction = forms.ChoiceField(
        label=gettext_lazy("Direction"), choices=Contact.Direction.choices, initial=Contact.Direction.OUT
    )
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), choices=Channel.choices)
    text = forms.CharField(
        label=gettext_lazy("What was said"), max_length=5000, widget=forms.Textarea(attrs={"rows": 4})
    )
    name = forms.CharField(label=pgettext_lazy("person", "Name"), required=False, max_length=60)
    phone = forms.CharField(label=gettext_lazy("Phone"), required=False, max_length=40)


class MergeForm(forms.Form):
    """Into which case it goes: one of those that look alike, or another by its number."""

    code = forms.CharField(label=gettext_lazy("Or the number of another case"), required=False, max_length=40)
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=500)

    def __init__(self, *args: Any, case: Case, alike: Sequence[Case] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.case = case
        if alike:
            options = [(one.code, one) for one in alike]
            self.fields["alike"] = forms.ChoiceField(
                label=gettext_lazy("Cases that look alike"),
                choices=[(code, f"{code} {one.title}") for code, one in options],
                required=False,
                widget=forms.RadioSelect,
            )
        self.order_fields(["alike", "code", "note"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        code = (data.pop("code", "") or "").strip()
        chosen = data.pop("alike", "")
        wanted = code or chosen
        field = "code"
        if not wanted:
            self.add_error(field, _("Choose a case, or type its number."))
            return data
        into = Case.objects.allowed("cases.view").filter(code__iexact=wanted, site=self.case.site_id).first()
        if into is None:
            self.add_error(field, _("There is no such case at this site."))
        return {**data, "into": into}


class AttachForm(forms.Form):
    """Under which incident a case goes."""

    incident = forms.ModelChoiceField(
        Incident.objects.none(), label=gettext_lazy("Incident"), empty_label=None, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, site: Site, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["incident"]
        field.queryset = open_incidents(site)
        only = list(field.queryset[:2])
        if len(only) == 1:
            field.initial = only[0].pk


class IncidentForm(forms.Form):
    """What happened, where, what callers are told, and until when."""

    title = forms.CharField(label=pgettext_lazy("incident", "What happened"), max_length=120)
    script = forms.CharField(
        label=gettext_lazy("What to tell callers"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    expected_at = forms.DateTimeField(label=gettext_lazy("Expected to be settled"), required=False)


class OpenIncidentForm(IncidentForm):
    """A new incident."""

    def __init__(self, *args: Any, sites: Sequence[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(sites) != 1:
            choices = [(str(site.pk), site.name) for site in sites]
            self.fields["site"] = forms.ChoiceField(label=gettext_lazy("Site"), choices=choices)
        self.fields["place"] = PlaceField(
            sites,
            required=False,
            help_text=gettext_lazy("The building or area concerned, such as 3-2; may be left out."),
        )
        self.sites = {str(site.pk): site for site in sites}
        self.order_fields(["site", "title", "place", "script", "expected_at"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["site"] = (
            self.sites[data["site"]]
            if data.get("site") in self.sites
            else next(iter(self.sites.values()), None)
        )
        return data


class AnswerIncidentForm(forms.Form):
    """The one answer for everybody under an incident."""

    text = forms.CharField(
        label=gettext_lazy("What the customers are told"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    channel = forms.ChoiceField(label=gettext_lazy("How"), choices=told_channels, initial=Channel.MESSAGE)


class PickCasesForm(forms.Form):
    """Which cases are meant."""

    cases = forms.MultipleChoiceField(
        label=gettext_lazy("Cases"), required=False, widget=forms.CheckboxSelectMultiple
    )
    codes = forms.CharField(
        label=gettext_lazy("Further case numbers"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("Several with spaces between them."),
    )

    def __init__(self, *args: Any, rows: Sequence[Case], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["cases"]
        field.choices = [
            (one.code, f"{one.code} {one.title} · {one.place or one.contact_name or '—'}") for one in rows
        ]
        if not rows:
            del self.fields["cases"]
