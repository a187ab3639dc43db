"""The rules in force, to read: packs and their versions, every entry with its clause, limits, words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huiyin.base.kit.moment import today
from huiyin.base.kit.scope import current
from huiyin.base.kit.views import DetailView, PageView
from huiyin.base.org.models import Site
from huiyin.base.org.pages import OfSites
from huiyin.base.org.selectors import sites_in_reach

from .differences import Row, Telling, compared, said, values_of
from .exporting import folder_of, merged_folder
from .models import PackEntry, PackVersion
from .registry import LAYERS, Item, Line, Section, Sheet, section, sections, show_of, trial_of
from .selectors import EDIT, draft_of, entries, may_edit, pack_of
from .words import key_words, moment
from .writing import zipped

VIEW = "packs.view"
SHOWN = 200
VERSIONS_SHOWN = 60
WORDS = ("phrases", "glossary")


class OfPacks(OfSites, PageView):
    """A page about the rules in force for everybody, or at one site (`?site=`)."""

    permission = VIEW

    @property
    def site(self) -> Site | None:
        """The site asked for; none: what holds for everybody."""
        return self.asked

    def context(self, **extra: Any) -> dict[str, Any]:
        own = PackVersion.objects.filter(active=True, site__isnull=False).values_list("site_id", flat=True)
        with_own = set(own)
        choices = [one for one in self.sites if one.pk in with_own or one == self.site]
        return super().context(
            site=self.site, site_choices=choices, tab=self.tab, may_change=current().holds(EDIT), **extra
        )

    tab = ""


@dataclass(frozen=True)
class Chapter:
    """A section with how much of it is in force."""

    section: Section
    count: int
    readable: bool


class Packs(OfPacks):
    """Which packs are in force, what they hold, and what was loaded when."""

    title = gettext_lazy("Rules in force")
    template_name = "packs/packs.html"
    tab = "packs"

    def context(self, **extra: Any) -> dict[str, Any]:
        rows = PackVersion.objects.select_related("loaded_by", "site").annotate(size=Count("entries"))
        active = sorted(rows.filter(active=True), key=lambda one: (LAYERS.index(one.layer), one.code))
        chapters = [
            Chapter(one, len(entries(one.name, self.site)), show_of(one.name) is not None)
            for one in sections()
        ]
        return super().context(
            active=active,
            chapters=[one for one in chapters if one.count],
            scheduled=list(rows.filter(scheduled=True).order_by("valid_from", "pk")),
            versions=list(rows.order_by("-loaded_at", "-pk")[:VERSIONS_SHOWN]),
            draft=draft_of(self.site) if may_edit(self.site.pk if self.site is not None else None) else None,
            **extra,
        )


@dataclass
class Shown:
    """An entry in force as the list shows it; `overridden` are the packs whose entry it replaces."""

    item: Item
    pk: int | None = None
    overridden: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What it is called, else its first words."""
        value = self.item.value
        return str(getattr(value, "name", None) or getattr(value, "text", None) or self.item.code)

    @property
    def section_label(self) -> Any:
        """The section in words."""
        known = section(self.item.section)
        return known.label if known is not None else self.item.section


class Entries(OfPacks):
    """Every entry in force, to be searched: clause, requirement ids, file and line, which layer overrides."""

    title = gettext_lazy("Entries")
    template_name = "packs/entries.html"
    tab = "entries"

    def context(self, **extra: Any) -> dict[str, Any]:
        asked = self.request.GET.get("section", "")
        chosen = section(asked) if asked else None
        if asked and chosen is None:
            raise Http404
        text = self.request.GET.get("q", "").strip()[:100]
        pack = self.request.GET.get("pack", "")[:40]
        names = [chosen.name] if chosen is not None else [one.name for one in sections()]
        items = [item for name in names for item in entries(name, self.site)]
        if pack:
            items = [item for item in items if item.pack == pack]
        if text:
            items = [item for item in items if mentions(item, text)]
        return super().context(
            rows=prepared(items[:SHOWN]),
            total=len(items),
            limit=SHOWN,
            text=text,
            pack=pack,
            chosen=chosen,
            chapters=[Chapter(one, len(entries(one.name, self.site)), False) for one in sections()],
            packs=sorted({item.pack for one in sections() for item in entries(one.name, self.site)}),
            **extra,
        )


def mentions(item: Item, text: str) -> bool:
    """Whether an entry holds a text anywhere: code, words, clause, requirement ids."""
    wanted = text.casefold()
    return wanted in item.code.casefold() or any(wanted in said for said in _texts(item.data))


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value.casefold()
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def prepared(items: Sequence[Item]) -> list[Shown]:
    """Entries with the id of their row and the packs they override, in one query."""
    rows = PackEntry.objects.filter(
        version__active=True, section__in={one.section for one in items}, code__in={one.code for one in items}
    ).select_related("version")
    stored: dict[tuple[str, str], list[PackEntry]] = {}
    for row in rows:
        stored.setdefault((row.section, row.code), []).append(row)
    shown = []
    for item in items:
        one = Shown(item)
        for row in stored.get((item.section, item.code), []):
            if row.version_id == item.version_id:
                one.pk = row.pk
            elif LAYERS.index(row.version.layer) <= LAYERS.index(item.layer):
                one.overridden.append(row.version.code)
        shown.append(one)
    return shown


class EntryPage(DetailView):
    """One entry of one version: its data, why it is so, the layers, how it was in other versions."""

    permission = VIEW
    model = PackEntry
    template_name = "packs/entry.html"

    def get_queryset(self) -> QuerySet[PackEntry]:
        rows: QuerySet[PackEntry] = super().get_queryset().select_related("version__site")
        return rows

    def get_title(self) -> str:
        entry: PackEntry = self.object
        return str(said(entry.data.get("name")) or entry.code)

    def context(self, **extra: Any) -> dict[str, Any]:
        entry: PackEntry = extra["object"]
        same = PackEntry.objects.filter(section=entry.section, code=entry.code).select_related(
            "version__site"
        )
        others = sorted(same, key=lambda one: (-LAYERS.index(one.version.layer), -one.version_id))
        known = section(entry.section)
        in_force = next(
            (one for one in entries(entry.section, entry.site_id) if one.code == entry.code), None
        )
        counts = in_force is not None and in_force.version_id == entry.version_id
        return super().context(
            label=known.label if known is not None else entry.section,
            said=self.told(in_force) if counts and in_force is not None else [],
            lines=[]
            if counts and show_of(entry.section)
            else [(key_words(p), t) for p, t in Telling(entry.section, entry.site_id).flat(entry.data)],
            layers=[one for one in others if one.version.active],
            earlier=[one for one in others if not one.version.active],
            in_force=counts,
            editors=editors(entry) if entry.version.active else [],
            **extra,
        )

    def told(self, item: Item) -> list[tuple[str, str]]:
        """An entry as its section shows it to people."""
        show = show_of(item.section)
        if show is None:
            return []
        sheet = show([item], self.object.site_id)
        cells = [line.cells for _name, lines in sheet.groups for line in lines]
        return [(column, cell) for column, cell in zip(sheet.columns, cells[0], strict=True) if cell]


class VersionPage(DetailView):
    """One version of a pack: what it holds, and how it differs from the one before."""

    permission = VIEW
    model = PackVersion
    template_name = "packs/version.html"

    def get_queryset(self) -> QuerySet[PackVersion]:
        rows: QuerySet[PackVersion] = super().get_queryset().select_related("loaded_by", "site", "restores")
        return rows

    def context(self, **extra: Any) -> dict[str, Any]:
        version: PackVersion = extra["object"]
        earlier = PackVersion.objects.filter(code=version.code, pk__lt=version.pk)
        before = earlier.filter(withdrawn_at=None).order_by("-valid_from", "-pk").first()
        at = version.site_id
        now_held, held = contents(version), contents(before) if before is not None else {}
        changed = [
            key
            for key in now_held
            if key in held
            and (now_held[key].data, now_held[key].parent) != (held[key].data, held[key].parent)
        ]
        counted: dict[str, int] = {}
        for name, _code in now_held:
            counted[name] = counted.get(name, 0) + 1
        return super().context(
            before=before,
            may=may_edit(version.site_id),
            restorable=not version.active and not version.scheduled,
            counted=[(known.label, n) for name, n in sorted(counted.items()) if (known := section(name))],
            added=[now_held[key] for key in now_held if key not in held][:SHOWN] if before else [],
            changed=[
                Changed(
                    now_held[key], tuple(compared(values_of(held[key], at), values_of(now_held[key], at)))
                )
                for key in changed[:SHOWN]
            ],
            removed=[held[key] for key in held if key not in now_held][:SHOWN],
            **extra,
        )


@dataclass(frozen=True)
class Editor:
    """Where an entry can be changed: for the company or for one site."""

    label: str
    url: str
    overrides: bool


def editors(entry: PackEntry) -> list[Editor]:
    """Where one may change an entry: at its own layer, or at a later one, which then overrides it."""
    known = section(entry.section)
    layer = entry.version.layer
    url = reverse("packs:edit", args=[entry.section, entry.code])
    found = []
    if layer != "site" and may_edit(None):
        found.append(Editor(_("for the company"), url, layer != "company"))
    if known is not None and known.apply is None:
        sites = sites_in_reach(EDIT).order_by("code")
        own = [one for one in sites if layer != "site" or one.pk == entry.site_id]
        found += [Editor(one.name, f"{url}?site={one.code}", layer != "site") for one in own]
    return found


@dataclass(frozen=True)
class Changed:
    """An entry that two versions hold differently, value by value."""

    entry: PackEntry
    rows: tuple[Row, ...]


class Archive(DetailView):
    """One version of a pack as a folder of files."""

    permission = VIEW
    model = PackVersion

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        pack = pack_of(self.get_object())
        return archive({pack.code: folder_of(pack)}, f"{pack.code}-{pack.version}")


class WholeArchive(OfPacks):
    """All entries in force for everybody or at one site, as the folder of one pack."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        code, files = merged_folder(self.site)
        return archive({code: files}, f"{code}-{today():%Y%m%d}")


def archive(folders: dict[str, dict[str, bytes]], name: str) -> HttpResponse:
    """Pack folders as a download."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-._") else "-" for c in name)
    headers = {"Content-Disposition": f'attachment; filename="{plain}.zip"'}
    return HttpResponse(zipped(folders), content_type="application/zip", headers=headers)


def _differs(one: PackEntry, other: PackEntry) -> bool:
    return (one.data, one.parent) != (other.data, other.parent)


def contents(version: PackVersion) -> dict[tuple[str, str], PackEntry]:
    """The entries of a version by section and code, in the order of its files."""
    rows = PackEntry.objects.filter(version=version).order_by("position")
    return {(one.section, one.code): one for one in rows}


class Limits(OfPacks):
    """The limits in force as a decision table in plain words."""

    title = gettext_lazy("Time limits")
    template_name = "packs/limits.html"
    tab = "limits"

    def context(self, **extra: Any) -> dict[str, Any]:
        items = entries("limits", self.site)
        show = show_of("limits")
        sheet = show(items, self.site.pk if self.site is not None else None) if show else plain(items)
        ids = {(one.item.section, one.item.code): one.pk for one in prepared(items)}
        groups = [
            (name, [(line, ids.get((line.item.section, line.item.code))) for line in lines])
            for name, lines in sheet.groups
        ]
        attempt = trial_of("limits")
        trial = attempt(self.request.GET, self.site) if attempt is not None else None
        return super().context(sheet=sheet, groups=groups, trial=trial, **extra)


def plain(items: Sequence[Item]) -> Sheet:
    """A sheet of a section of which nobody said how it is shown."""
    lines = tuple(Line((item.code, str(getattr(item.value, "name", "") or "")), item) for item in items)
    return Sheet((_("Code"), _("Name")), (("", lines),))


class SpokenWords(OfPacks):
    """Phrases by moment, and the words of the trade."""

    title = gettext_lazy("Phrases and glossary")
    template_name = "packs/words.html"
    tab = "words"

    def context(self, **extra: Any) -> dict[str, Any]:
        text = self.request.GET.get("q", "").strip()[:100]
        found = {
            name: [one for one in entries(name, self.site) if not text or mentions(one, text)]
            for name in WORDS
        }
        phrases: dict[str, list[Item]] = {}
        for item in found["phrases"]:
            phrases.setdefault(moment(item.value.moment), []).append(item)
        return super().context(phrases=phrases, glossary=found["glossary"], text=text, **extra)
