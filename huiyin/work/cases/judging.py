"""Which limit fits? A matter is described, and the decision table answers it, line by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huiyin.base.kit.moment import local_zone, now
from huiyin.base.kit.templatetags.kit import span_words
from huiyin.base.org.models import Site
from huiyin.base.trail.registry import label
from huiyin.engines.approvals.registry import kinds as approval_kinds
from huiyin.engines.clocks.registry import possible
from huiyin.engines.clocks.rules import Judged, Rule, table_for
from huiyin.engines.clocks.timing import YEARS
from huiyin.engines.clocks.words import limit_in_words, reason_in_words
from huiyin.engines.packs.registry import Answer, Item, Trial, tries
from huiyin.engines.packs.selectors import entries

from .forms import QuickSelect, category_choices
from .models import Channel, Kind, Severity
from .selectors import offered_categories
from .timeline import clock_name

NAMED = 4
"""How many of the values that a line asks for are named where it does not fit."""
STRETCHES = 14
"""How many stretches of counted and uncounted time are told."""
Names = Mapping[str, Mapping[str, str]]


def names_of(section: str, site_id: int | None) -> dict[str, str]:
    """What the entries of a section are called, by code."""
    return {item.code: str(item.value.name) for item in entries(section, site_id)}


def fact_names(site_id: int | None) -> dict[str, dict[str, str]]:
    """The values of each fact that limits ask for, in words."""
    return {
        "kind": {code: str(words) for code, words in Kind.choices},
        "category": names_of("categories", site_id),
        "severity": {code: str(words) for code, words in Severity.choices},
        "place_kind": names_of("place_kinds", site_id),
        "channel": names_of("channels", site_id) or {code: str(words) for code, words in Channel.choices},
        "care": names_of("care_flags", site_id),
    }


class MatterForm(forms.Form):
    """A matter, as far as limits ask for it. Nothing is required: what is left out is not given."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), required=False)
    category = forms.ChoiceField(label=gettext_lazy("Category"), required=False, widget=QuickSelect)
    severity = forms.ChoiceField(
        label=gettext_lazy("Severity"), choices=Severity.choices, required=False, initial=Severity.NORMAL
    )
    place_kind = forms.ChoiceField(label=gettext_lazy("Kind of place"), required=False)
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), required=False)
    start = forms.DateTimeField(
        label=gettext_lazy("Begins"),
        required=False,
        widget=forms.DateTimeInput(),
        help_text=gettext_lazy("Empty: now."),
    )
    care = forms.MultipleChoiceField(
        label=gettext_lazy("Special care of the customer"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, site: Site | None, names: Names, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tree = offered_categories(site)
        codes = {one.pk: one.code for one in self.tree}
        others = [
            (one.code, str(one.label))
            for one in approval_kinds()
            if one.code in (possible("kind") or ()) and one.code not in names["kind"]
        ]
        choices: dict[str, list[Any]] = {
            "kind": [("", _("By category")), *names["kind"].items()],
            "category": [
                (codes.get(key, ""), words) for key, words in category_choices(self.tree, _("Not given"))
            ],
            "place_kind": [("", _("Not given")), *names["place_kind"].items()],
            "channel": [("", _("Not given")), *names["channel"].items()],
            "care": list(names["care"].items()),
        }
        if others:
            choices["kind"].append((_("Approvals"), others))
        for name, offered in choices.items():
            field: Any = self.fields[name]
            field.choices = offered
        if not names["care"]:
            del self.fields["care"]

    def clean_start(self) -> datetime | None:
        """The moment; calendars reach no further than these years."""
        start: datetime | None = self.cleaned_data["start"]
        if start is not None and start.year not in YEARS:
            raise forms.ValidationError(_("Choose a day between 1990 and 2190."))
        return start

    def facts(self) -> dict[str, Any]:
        """What was described; a category tells the kind where none is given."""
        given = self.cleaned_data
        category = next((one for one in self.tree if one.code == given.get("category")), None)
        return {
            "kind": given.get("kind") or (category.kind if category is not None else ""),
            "category": category.code if category is not None else "",
            "severity": given.get("severity") or Severity.NORMAL,
            "place_kind": given.get("place_kind", ""),
            "channel": given.get("channel", ""),
            "care": tuple(given.get("care", ())),
        }


@tries("limits")
def try_limits(asked: Mapping[str, Any], site: Site | None) -> Trial:
    """Which limit of each clock a described matter gets, until when, and why none of those before it."""
    site_id = site.pk if site is not None else None
    names = fact_names(site_id)
    if not any(name in asked for name in MatterForm.base_fields):
        return Trial(MatterForm(site=site, names=names))
    form = MatterForm(asked, site=site, names=names)
    if not form.is_valid():
        return Trial(form)
    facts = form.facts()
    start = form.cleaned_data.get("start") or now()
    items = {item.code: item for item in entries("limits", site_id)}
    words = FactWords(
        site_id, {name: str(field.label) for name, field in MatterForm.base_fields.items()}, names
    )
    told = [(words.labels[key], words.said(key, value)) for key, value in facts.items() if value]
    answers: list[Answer] = []
    for kind, lines in table_for(site_id).judge(facts).items():
        answers += _answers(clock_name(kind), lines, items, facts, words, start)
    return Trial(form, tuple(answers), (*told, (words.labels["start"], start)))


@dataclass(frozen=True, slots=True)
class FactWords:
    """How facts are said at a site: what each is called, and its values."""

    site_id: int | None
    labels: Mapping[str, str]
    names: Names

    def said(self, key: str, value: str | Sequence[str]) -> str:
        """A value of a fact, or several."""
        codes = [value] if isinstance(value, str) else list(value)
        shown = " / ".join(self.names[key].get(code, code) for code in codes[:NAMED])
        return f"{shown} …" if len(codes) > NAMED else shown

    def unfit(self, key: str, wanted: Sequence[str], fact: str | Sequence[str]) -> str:
        """Why a condition does not hold."""
        said = {"name": self.labels[key], "wanted": self.said(key, wanted)}
        if not fact:
            return _("%(name)s: not given; the rule is for %(wanted)s") % said
        return _("%(name)s: it is %(fact)s, the rule is for %(wanted)s") % {
            **said,
            "fact": self.said(key, fact),
        }


def _answers(
    group: str,
    lines: Sequence[Judged],
    items: Mapping[str, Item],
    facts: Mapping[str, Any],
    words: FactWords,
    start: datetime,
) -> list[Answer]:
    """The lines of one clock that count, with those before each that do not fit; one without, if none does."""
    found: list[Answer] = []
    passed: list[tuple[Item, str]] = []
    for line in lines:
        item = items[line.rule.code]
        if line.failing is not None:
            wanted = dict(line.rule.when)[line.failing]
            passed.append((item, words.unfit(line.failing, wanted, facts[line.failing])))
        elif line.counts_on:
            events = _(", ").join(label(verb) for verb in line.counts_on)
            follows, counted = reckoned(line.rule, start, words.site_id)
            when = _("runs from: %(events)s") % {"events": events}
            found.append(Answer(group, item, when, follows, counted, tuple(passed)))
    return found or [Answer(group, passed=tuple(passed))]


def reckoned(
    rule: Rule, start: datetime, site_id: int | None
) -> tuple[tuple[tuple[str, Any], ...], tuple[str, ...]]:
    """The limit of a rule, its due moment and warning when it starts then; how the time is counted, in words."""
    limit = (_("Limit"), limit_in_words(rule.copy["limit"]))
    found = rule.reckoned(start, site_id)
    if found is None:
        return (limit, (_("Due"), _("not within ten years"))), ()
    follows: list[tuple[str, Any]] = [limit, (_("Due"), found.due)]
    if found.warned is not None:
        follows.append((_("Warning"), found.warned))
    return tuple(follows), stretches(found.intervals)


def stretches(intervals: Sequence[Any]) -> tuple[str, ...]:
    """Counted and uncounted time in words, line by line."""
    lines = []
    for one in intervals[:STRETCHES]:
        since, until = (at.astimezone(local_zone()) for at in (one.start, one.end))
        end = f"{until:%H:%M}" if until.date() == since.date() else f"{until:%m-%d %H:%M}"
        reason = f"{reason_in_words(one.reason)} {one.note}".strip()
        length = span_words(timedelta(seconds=one.seconds)) if one.counted else _("not counted")
        lines.append(f"{since:%m-%d %H:%M} – {end} {length} · {reason}")
    if len(intervals) > STRETCHES:
        lines.append("…")
    return tuple(lines)
