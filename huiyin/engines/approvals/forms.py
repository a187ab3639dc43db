"""Forms of the commands on approvals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from huiyin.base.kit.moment import now
from huiyin.base.org.models import Site, User
from huiyin.base.org.selectors import sites_in_reach, staff_of, who_can
from huiyin.engines.files.forms import FilesField, ManyFiles
from huiyin.engines.files.signatures import ACCEPT

from .chains import DECIDE
from .models import Approval
from .selectors import VIEW
from .words import CHANNELS, kind_choices, request_choices

FEW_LINES = {"rows": 3}


def files_field(help_text: Any = "") -> FilesField:
    """Files that come along, e.g. a quotation or a photograph."""
    return FilesField(
        label=gettext_lazy("Files"),
        required=False,
        widget=ManyFiles(attrs={"accept": ACCEPT}),
        help_text=help_text,
    )


class AgreeForm(forms.Form):
    """One's opinion, if there is one."""

    opinion = forms.CharField(
        label=gettext_lazy("Opinion"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs=FEW_LINES),
    )
    attached = files_field()


class ReasonForm(forms.Form):
    """The reason, which must be given."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=1000, widget=forms.Textarea(attrs=FEW_LINES)
    )
    attached = files_field()


class WithdrawForm(forms.Form):
    """The reason, if one wants to give it."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), required=False, max_length=500, widget=forms.Textarea(attrs=FEW_LINES)
    )


class AddSignerForm(forms.Form):
    """Who else signs, before or after oneself."""

    user = forms.ModelChoiceField(label=gettext_lazy("Person"), queryset=User.objects.none())
    when = forms.ChoiceField(
        label=gettext_lazy("Signs"),
        choices=[("before", gettext_lazy("before me")), ("after", gettext_lazy("after me"))],
        widget=forms.RadioSelect,
        initial="before",
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, approval: Approval, user_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        able = who_can(DECIDE, approval.site).exclude(pk__in=[user_id, approval.applicant_id])
        field: Any = self.fields["user"]
        field.queryset = able


class ConsentForm(forms.Form):
    """What the customer said: who, when, on which channel."""

    agreed = forms.TypedChoiceField(
        label=gettext_lazy("The customer"),
        choices=[("yes", gettext_lazy("agrees")), ("no", gettext_lazy("does not agree"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    person = forms.CharField(label=gettext_lazy("Said by"), max_length=60)
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), choices=CHANNELS)
    said_at = forms.DateTimeField(label=gettext_lazy("Said at"))
    words_said = forms.CharField(
        label=gettext_lazy("In their words"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs=FEW_LINES),
    )
    attached = files_field(gettext_lazy("e.g. a photograph of the signed slip, or the message"))


class SiteChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A site of one's reach."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class RequestForm(forms.Form):
    """A request whose signed sheet is what counts."""

    site = SiteChoice(label=gettext_lazy("Site"), queryset=Site.objects.none(), empty_label=None)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=())
    title = forms.CharField(label=gettext_lazy("Subject"), max_length=120)
    reason = forms.CharField(
        label=gettext_lazy("Reason and details"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5})
    )
    amount = forms.DecimalField(
        label=gettext_lazy("Amount (yuan)"), required=False, min_value=0, max_digits=12, decimal_places=2
    )
    days = forms.IntegerField(label=gettext_lazy("Days"), required=False, min_value=1, max_value=3660)
    hours = forms.DecimalField(
        label=gettext_lazy("Hours"),
        required=False,
        min_value=0,
        max_value=1000,
        max_digits=6,
        decimal_places=2,
    )
    attached = files_field(gettext_lazy("e.g. a quotation or a photograph"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites: Any = self.fields["site"]
        sites.queryset = sites_in_reach(VIEW)
        chosen: Any = self.fields["kind"]
        chosen.choices = request_choices()


class DelegateForm(forms.Form):
    """Who signs for oneself, from when until when, what."""

    deputy = forms.ModelChoiceField(label=gettext_lazy("Deputy"), queryset=User.objects.none())
    starts_at = forms.DateTimeField(label=pgettext_lazy("period", "From"))
    ends_at = forms.DateTimeField(label=pgettext_lazy("period", "Until"))
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Only these kinds"),
        required=False,
        choices=(),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Without a choice: all kinds."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), required=False, max_length=200)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        begin = now().replace(minute=0, second=0, microsecond=0)
        kwargs.setdefault("initial", {"starts_at": begin, "ends_at": begin + timedelta(days=7)})
        super().__init__(*args, **kwargs)
        people: Any = self.fields["deputy"]
        people.queryset = staff_of(sites_in_reach(DECIDE).select_related("unit")).exclude(pk=user.pk)
        people.empty_label = _("Choose …")
        kinds: Any = self.fields["kinds"]
        kinds.choices = kind_choices()
