"""Changing rules: one entry at a time into a draft, the draft's differences, and its taking effect."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from huiyin.base.kit.service import Refused
from huiyin.base.kit.views import ActionView, Gate, PageView
from huiyin.base.org.models import Site
from huiyin.base.org.pages import OfSites

from . import editing, services
from .differences import concerned, differences
from .fields import name_of
from .forms import EntryForm, PublishForm, ReasonForm, WithdrawForm
from .models import DraftEntry, PackDraft, PackVersion
from .problems import PackErrors, Problem
from .reading import Unreadable, read
from .registry import Section, section, sections
from .selectors import EDIT, draft_of, entries, may_edit
from .writing import entry_text


class OfLayer(OfSites, Gate):
    """A page about what is changed for one site (`?site=`), or for the company."""

    permission = EDIT

    @cached_property
    def site(self) -> Site | None:
        """The site asked for; without one the company, or one's own site where one may not change that."""
        if self.asked is None and not may_edit(None) and self.sites:
            return self.sites[0]
        return self.asked

    @property
    def query(self) -> str:
        """What leads back to the same layer."""
        return f"?site={self.site.code}" if self.site is not None else ""

    def context(self, **extra: Any) -> dict[str, Any]:
        return super().context(
            site=self.site, query=self.query, layers=self.sites, may_company=may_edit(None), **extra
        )


class Draft(OfLayer, PageView):
    """What would change: entry by entry before and after, what it touches, and what keeps it from counting."""

    title = gettext_lazy("Prepared changes")
    template_name = "packs/draft.html"

    def context(self, **extra: Any) -> dict[str, Any]:
        own = draft_of(self.site)
        if own is None:
            return super().context(draft=None, chapters=self.chapters(), **extra)
        ready = editing.prepared(own)
        keys = {(one.section, one.code) for one in ready.changes}
        count, own_entries = concerned(self.site, ready.house, keys)
        return super().context(
            draft=own,
            chapters=self.chapters(),
            differences=differences(ready, self.site),
            problems=ready.problems,
            stale=ready.stale,
            pack=ready.base,
            coming=ready.coming,
            sites_count=count,
            sites_own=own_entries,
            may=may_edit(own.site_id),
            **extra,
        )

    def chapters(self) -> list[Section]:
        """The sections to which an entry can be added at this layer."""
        return [one for one in sections() if self.site is None or one.apply is None]


class Editor(OfLayer, ActionView):
    """The editor of one entry: its plain values in a form, the whole of it as text; into the draft."""

    template_name = "packs/edit.html"
    service = editing.write_entry
    success_message = gettext_lazy("Kept in the prepared changes. Nothing counts before you activate them.")

    def setup_subject(self) -> None:
        known = section(self.kwargs["section"])
        if known is None:
            raise Http404
        self.known = known
        self.code: str = self.kwargs.get("code", "")
        self.found = editing.editable(self.site, known.name, self.code)
        if self.code and not (self.found.item or self.found.own or self.found.change):
            raise Http404
        shown = self.found.shown
        self.entry = dict(shown.data) if shown is not None else ({"code": self.code} if self.code else {})
        self.parent = shown.parent if shown is not None else ""
        self.problems: list[Problem] = []
        self.text = entry_text(self.entry, self.parent) if self.entry else ""
        self.other = ""

    def get_title(self) -> str:
        if not self.code:
            return _("New entry: %(section)s") % {"section": self.known.label}
        return name_of(self.found.item, self.code)

    def get_form(self, data: Any = None, files: Any = None) -> Any:
        return self.made_form(data)

    def made_form(self, data: Any = None) -> EntryForm:
        """The form of the entry as it stands, filled with what was sent."""
        return EntryForm(
            data,
            known=self.known,
            entry=self.entry,
            entries=lambda name: entries(name, self.site),
            new=not self.code,
            initial={"mode": "fields", "seen": self.found.mark},
        )

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        self.setup_subject()
        form = self.made_form(request.POST)
        if form.is_valid():
            by_text = form.cleaned_data["mode"] == "text"
            self.text = form.cleaned_data["text"] if by_text else entry_text(form.as_entry(), self.parent)
            try:
                change = editing.write_entry(
                    self.site,
                    section=self.known.name,
                    code=self.code,
                    text=self.text,
                    seen=form.cleaned_data["seen"],
                    by=self.actor,
                )
            except PackErrors as refusal:
                self.problems = list(refusal.problems)
                if not by_text:
                    self.problems = form.mark(refusal.problems, _lines(self.text))
                form.add_error(None, _("Not kept yet: something in the entry is wrong."))
            except Refused as refusal:
                form.add_error(None, refusal.message)
                shown = self.found.shown
                self.other = entry_text(shown.data, shown.parent) if shown is not None else _("taken out")
            else:
                return self.succeed(change)
        elif request.POST.get("mode") == "text":
            self.text = request.POST.get("text", "")
        return self.page(self.context(form=form, object=None), status=422, partial=self._part())

    def context(self, **extra: Any) -> dict[str, Any]:
        form: EntryForm = extra["form"]
        by_text = form.is_bound and form.data.get("mode") == "text"
        item = self.found.item
        below = item is not None and self.found.own is None and self.found.change is None
        return super().context(
            **extra,
            known=self.known,
            code=self.code,
            # What was typed as text is not among the fields: those show the entry as it stands.
            fields=(self.made_form() if by_text else form).plain(),
            by_text=by_text,
            text=self.text,
            problems=self.problems,
            other=self.other,
            found=self.found,
            overrides=item if below else None,
            off=self.found.own is not None and bool(self.found.own.data.get("disabled")),
            mark=self.found.mark,
            whole=self.site is not None and self.known.apply is not None,
            cancel_url=reverse("packs:draft") + self.query,
        )

    def success_url(self, result: Any) -> str:
        return reverse("packs:draft") + self.query


def _lines(text: str) -> Any:
    """Where each value of a text stands."""
    try:
        node, _flaws = read(text.encode())
    except Unreadable:
        node = None
    return node.line_of if node is not None else lambda *_path: 0


class OfEntry(OfLayer, ActionView):
    """One step that is done to an entry of a layer, after asking."""

    success_message = gettext_lazy("Kept in the prepared changes. Nothing counts before you activate them.")

    def setup_subject(self) -> None:
        known = section(self.kwargs["section"])
        code: str = self.kwargs["code"]
        self.found = editing.editable(self.site, known.name, code) if known is not None else None
        if self.found is None or not (self.found.item or self.found.own or self.found.change):
            raise Http404

    def success_url(self, result: Any) -> str:
        return reverse("packs:draft") + self.query


class TakeOut(OfEntry):
    """Let the entry of an earlier layer count again."""

    service = editing.take_out
    title = gettext_lazy("Take out of this layer")
    consequence = gettext_lazy("Where an earlier layer has this entry, that one counts again.")
    danger = True

    def run(self, form: Any) -> Any:
        return editing.take_out(
            self.site,
            section=self.kwargs["section"],
            code=self.kwargs["code"],
            seen=self.found.mark if self.found is not None else "",
            by=self.actor,
        )


class SwitchOff(OfEntry):
    """Switch the entry of an earlier layer off."""

    service = editing.write_entry
    title = gettext_lazy("Switch off")
    consequence = gettext_lazy("The entry of the earlier layer no longer counts here.")
    danger = True

    def run(self, form: Any) -> Any:
        code = self.kwargs["code"]
        return editing.write_entry(
            self.site,
            section=self.kwargs["section"],
            code=code,
            text=entry_text({"code": code, "disabled": True}),
            seen=self.found.mark if self.found is not None else "",
            by=self.actor,
        )


class Publish(ActionView):
    """Let the prepared changes count, at once or from a moment on."""

    permission = EDIT
    model = PackDraft
    form_class = PublishForm
    service = editing.publish
    title = gettext_lazy("Activate the changes")
    submit_label = gettext_lazy("Activate")
    success_message = gettext_lazy("Done. What runs already keeps the rules it started under.")

    @property
    def consequence(self) -> str:
        """What will happen."""
        number = self.object.changes.count()
        text = ngettext(
            "%(n)s entry changes. Running records keep the rules they started under; new ones get the new rules.",
            "%(n)s entries change. Running records keep the rules they started under; new ones get the new rules.",
            number,
        )
        return text % {"n": number}

    def form_kwargs(self) -> dict[str, Any]:
        return {"initial": {"seen": self.object.revision}}

    def run(self, form: Any) -> Any:
        try:
            return editing.publish(self.object, **form.cleaned_data, by=self.actor)
        except PackErrors as refusal:
            message = _("%(n)s mistakes keep the changes from counting; they stand on the page behind.")
            raise Refused("pack-errors", message, params={"n": len(refusal.problems)}) from None


class Discard(ActionView):
    """Throw the prepared changes away."""

    permission = EDIT
    model = PackDraft
    service = editing.discard
    title = gettext_lazy("Discard the changes")
    consequence = gettext_lazy("The prepared changes go; the rules in force stay as they are.")
    success_message = gettext_lazy("Discarded.")
    danger = True

    def success_url(self, result: Any) -> str:
        site: Site | None = self.object.site
        return reverse("packs:draft") + (f"?site={site.code}" if site is not None else "")


class Drop(ActionView):
    """Undo one prepared change."""

    permission = EDIT
    model = DraftEntry
    service = editing.drop
    title = gettext_lazy("Undo this change")
    consequence = gettext_lazy("The entry stays as it is in force.")

    def success_url(self, result: Any) -> str:
        site: Site | None = result.site
        return reverse("packs:draft") + (f"?site={site.code}" if site is not None else "")


class Withdraw(ActionView):
    """Let a scheduled version never come into force."""

    permission = EDIT
    model = PackVersion
    form_class = WithdrawForm
    service = services.withdraw
    title = gettext_lazy("Withdraw the scheduled version")
    consequence = gettext_lazy("It will not come into force; it stays readable here.")
    danger = True

    def form_kwargs(self) -> dict[str, Any]:
        return {"editable": self.object.layer in ("company", "site")}

    def run(self, form: Any) -> Any:
        keep, reason = form.cleaned_data.get("keep"), form.cleaned_data["reason"]
        step = editing.call_back if keep else services.withdraw
        return _told(lambda: step(self.object, reason=reason, by=self.actor))

    def success_url(self, result: Any) -> str:
        if not isinstance(result, PackDraft):
            return str(self.object.get_absolute_url())
        site: Site | None = result.site
        return reverse("packs:draft") + (f"?site={site.code}" if site is not None else "")


class Restore(ActionView):
    """Bring the contents of a version back as a new one."""

    permission = EDIT
    model = PackVersion
    form_class = ReasonForm
    service = services.roll_back
    title = gettext_lazy("Restore this version")
    consequence = gettext_lazy(
        "A new version with these contents counts at once; running records keep theirs."
    )

    def run(self, form: Any) -> Any:
        return _told(lambda: services.roll_back(self.object, **form.cleaned_data, by=self.actor))


def _told(step: Any) -> Any:
    """Do a step; the first mistakes of packs are said in one sentence."""
    try:
        return step()
    except PackErrors as refusal:
        raise Refused("pack-errors", " ".join(map(str, refusal.problems[:3]))) from None
