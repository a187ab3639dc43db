"""The own handbook of a site, clause by clause: what fulfils each, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from huiyin.base.org.models import Site
from huiyin.engines.packs.models import PackEntry, PackVersion
from huiyin.engines.packs.registry import Item, section, sections
from huiyin.engines.packs.selectors import entries

from .claims import Claims, stands
from .evidence import Evidence
from .requirements import Requirement
from .selectors import Stands, Verdict, reckon
from .words import capability_words, kind_words, post_words, speaks_chinese

STATES = {
    "kept": _("Kept"),
    "other": pgettext_lazy("requirement", "Another answer chosen"),
    "open": pgettext_lazy("requirement", "Open"),
}
TONES = {"kept": "good", "other": "neutral", "open": "warn"}


@dataclass(frozen=True)
class Row:
    """One clause: of the trade's handbooks (`requirement`), or of the organisation's own (an `item` alone)."""

    requirement: Requirement | None
    verdict: Verdict | None
    item: Item | None
    state: str
    why: str
    entry_pk: int | None = None
    evidence: Evidence | None = None

    @property
    def clause(self) -> str:
        """The words of the handbook, as near as they are known."""
        if self.item is not None and self.item.value.clause:
            return str(self.item.value.clause)
        return self.requirement.terms.strip("- ") if self.requirement is not None else ""

    @property
    def figure(self) -> str:
        """The number in the clause."""
        return self.requirement.figure.strip("- ") if self.requirement is not None else ""

    @property
    def text(self) -> str:
        """What is demanded, in English."""
        return self.requirement.text if self.requirement is not None else ""

    @property
    def chinese(self) -> str:
        """What is demanded, in Chinese: as written down, or the handbook's own words."""
        told = self.requirement.zh if self.requirement is not None else ""
        return told or self.clause.replace(";", "；")

    @property
    def headline(self) -> str:
        """What is demanded, for whoever reads the screen now."""
        if speaks_chinese():
            return self.chinese or self.text
        return self.text or self.clause

    @property
    def terms(self) -> str:
        """The handbook's own words beside the headline, where they say something else."""
        told = self.requirement is not None and self.requirement.zh and speaks_chinese()
        words = self.requirement.terms.strip("- ") if told and self.requirement is not None else self.clause
        words = words.replace(";", "；")
        return "" if words == self.headline else words

    @property
    def folded(self) -> str:
        """The demand in the other language with its figure, which is folded away."""
        if not speaks_chinese():
            return self.requirement.zh if self.requirement is not None else ""
        return " · ".join(part for part in (self.figure, self.text) if part and part != self.headline)

    @property
    def number(self) -> str:
        """The figure, which is written in English, beside an English headline."""
        return "" if speaks_chinese() else self.figure

    @property
    def origin(self) -> str:
        """The id and place of the clause."""
        one = self.requirement
        return f"{one.id} · {one.document}" if one is not None else str(self.item.pack if self.item else "")

    @property
    def kind(self) -> str:
        """The kind in words."""
        return kind_words(self.requirement.kind) if self.requirement is not None else ""

    @property
    def capability(self) -> str:
        """What it is about, in words."""
        return capability_words(self.requirement.capability) if self.requirement is not None else ""

    @property
    def post(self) -> str:
        """Whom it binds."""
        return post_words(self.requirement.post) if self.requirement is not None else ""

    @property
    def by(self) -> str:
        """What fulfils it, in words."""
        if self.item is not None:
            value = self.item.value
            return str(getattr(value, "name", None) or getattr(value, "text", None) or self.item.code)
        feature = self.verdict.feature if self.verdict is not None else None
        return str(feature.name) if feature is not None else ""

    @property
    def section_label(self) -> Any:
        """The section of the entry in words."""
        known = section(self.item.section) if self.item is not None else None
        return known.label if known is not None else ""

    @property
    def url(self) -> str:
        """Where what fulfils it can be seen."""
        if self.entry_pk is not None:
            return reverse("packs:entry", args=[self.entry_pk])
        feature = self.verdict.feature if self.verdict is not None else None
        try:
            return reverse(feature.screen) if feature is not None and feature.screen else ""
        except NoReverseMatch:
            return ""

    @property
    def test(self) -> str:
        """The test that proves it."""
        return self.verdict.test if self.verdict is not None else ""

    @property
    def state_label(self) -> Any:
        """The state in words."""
        return STATES[self.state]

    @property
    def tone(self) -> str:
        """The colour of the state."""
        return TONES[self.state]

    def mentions(self, text: str) -> bool:
        """Whether it holds a text anywhere."""
        held = (self.chinese, self.clause, self.figure, self.text, self.origin, self.post, self.by, self.why)
        return any(text in one.casefold() for one in held)


def own_requirements(everything: Sequence[Requirement]) -> list[Requirement]:
    """The clauses of the trades whose packs are in force; all of them where none is."""
    trades = set(PackVersion.objects.filter(active=True).values_list("code", flat=True))
    return [one for one in everything if one.organisation in trades] or list(everything)


def rows_of(
    site: Site | None, everything: Sequence[Requirement], claims: Claims, known: Stands = stands
) -> list[Row]:
    """Every clause that binds a site: its own and its company's first, then those of its trade."""
    items = [item for one in sections() for item in entries(one.name, site)]
    proved = {proof.section for proof in claims.proofs if known(proof.test)}
    own = [item for item in items if item.layer in ("company", "site") and item.value.clause]
    rows = [Row(None, None, item, "kept", "") for item in own if item.section in proved]
    other = _not_chosen(site)
    for verdict in reckon(own_requirements(everything), items, claims, known):
        code = verdict.requirement.id
        state, why = ("kept", "") if verdict.kept else ("open", verdict.why)
        if not verdict.kept and code in other:
            state, why = "other", other[code]
        rows.append(Row(verdict.requirement, verdict, verdict.item, state, why))
    return rows


def _not_chosen(site: Site | None) -> dict[str, str]:
    """By requirement id, the question whose other answer a site follows."""
    in_force = {
        f"{item.code}/{item.value.choice}": str(item.value.name) for item in entries("variants", site)
    }
    names = {item.code: str(item.value.name) for item in entries("variants", site)}
    found: dict[str, str] = {}
    for data in PackEntry.objects.filter(version__active=True, data__has_key="variant").values_list(
        "data", flat=True
    ):
        variant = str(data["variant"])
        if variant not in in_force:
            for code in data.get("source", ()):
                found[code] = names.get(variant.partition("/")[0], variant)
    return found


def with_pages(rows: Iterable[Row]) -> list[Row]:
    """Rows with the ids of the stored entries they name, in one query."""
    rows = list(rows)
    named = [row.item for row in rows if row.item is not None]
    stored = {
        (row["section"], row["code"], row["version_id"]): row["pk"]
        for row in PackEntry.objects.filter(
            version__active=True,
            section__in={item.section for item in named},
            code__in={item.code for item in named},
        ).values("pk", "section", "code", "version_id")
    }
    return [
        replace(row, entry_pk=stored.get((row.item.section, row.item.code, row.item.version_id)))
        if row.item is not None
        else row
        for row in rows
    ]


def with_evidence(rows: Iterable[Row], found: dict[tuple[str, str], Evidence]) -> list[Row]:
    """Rows with what their entries leave behind."""
    return [
        replace(row, evidence=found.get((row.item.section, row.item.code))) if row.item is not None else row
        for row in rows
    ]
