"""The place browser, the page of one place with its plan, the lists of places and things."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from huiyin.base.kit.panels import marks_of
from huiyin.base.kit.scope import current
from huiyin.base.kit.views import DetailView, Gate, ListView, PageView
from huiyin.base.org.models import Site
from huiyin.base.org.selectors import sites_in_reach
from huiyin.base.trail.selectors import history, told
from huiyin.engines.search.selectors import narrow

from . import filters, tables
from .forms import candidates, find_places
from .models import Asset, Place
from .plan import Plan, plan_of
from .selectors import (
    Occupied,
    ancestors,
    assets_under,
    counts,
    descendants,
    matches,
    occupancy,
    occupancy_history,
    total_of,
)
from .services import LIVED_IN, PARENTS

K = Place.Kind
VIEW, EDIT = "places.view", "places.edit"
BRANCHES = (K.ZONE, K.BUILDING, K.UNIT, K.PARKING_LOT)
"""What stands in the tree at the left; everything else is on the page of what it stands under."""
WITH_PLAN = (K.BUILDING, K.UNIT, K.FLOOR)
LISTED = (K.PUBLIC_AREA, K.PARKING_LOT, K.PARKING, K.EQUIPMENT_ROOM, K.STATION, K.OTHER)
TREE_LIMIT = 1500
PLAN_LIMIT = 2000
SHOWN = 60
HISTORY_SHOWN = 30


def site_asked(request: HttpRequest, permission: str = VIEW) -> Site | None:
    """The site named in the address (404 when it is out of reach), else the first one in reach."""
    sites = sites_in_reach(permission).order_by("code")
    code = request.GET.get("site", "")
    if not code:
        return sites.first()
    site = sites.filter(code=code).first()
    if site is None:
        raise Http404
    return site


@dataclass(slots=True)
class Branch:
    """A place in the tree as it is shown."""

    place: Place
    active: bool = False
    open: bool = False
    children: list[Branch] = field(default_factory=list)


def tree(site_id: int, here: Place | None = None) -> list[Branch]:
    """The tree of a site, opened along the way to a place, in one query."""
    way = [] if here is None else [*(int(part) for part in here.path.split("/") if part), here.pk]
    rows = Place.objects.filter(Q(parent=None) | Q(parent__in=way), site=site_id, kind__in=BRANCHES)
    rows = rows.filter(Q(closed_on=None) | Q(pk__in=way)).order_by("sort", "pk")[:TREE_LIMIT]
    branches = {one.pk: Branch(one, here is not None and one.pk == here.pk, one.pk in way) for one in rows}
    tops: list[Branch] = []
    for branch in branches.values():
        above = branches.get(branch.place.parent_id or 0)
        (tops if above is None else above.children).append(branch)
    return tops


@dataclass(frozen=True)
class Share:
    """One state of occupancy in figures; `code` is empty where none is recorded."""

    code: str
    label: str
    rooms: int


def shares(figures: Occupied) -> list[Share]:
    """The states of occupancy with their rooms, in a fixed order."""
    words = [*Place.Occupancy.choices, ("", _("Not recorded"))]
    return [Share(code, str(label), figures.rooms.get(code, 0)) for code, label in words]


class Browser(PageView):
    """A site at a glance: its tree, its buildings in figures, everything else by kind; search by address."""

    permission = VIEW
    title = gettext_lazy("Places")
    template_name = "places/browser.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        site = site_asked(request)
        text = request.GET.get("q", "").strip()[:100]
        if site is None:
            return self.page(self.context(site=None))
        if text:
            found = self.found(site, text)
            if len(found) == 1:
                return HttpResponseRedirect(str(found[0].get_absolute_url()))
            return self.page(self.context(site=site, found=found[:SHOWN], typed=text))
        return self.page(self.context(site=site, **self.glance(site)))

    def context(self, **extra: Any) -> dict[str, Any]:
        site = extra.get("site")
        sites = list(sites_in_reach(VIEW).order_by("code"))
        branches = tree(site.pk) if site is not None else []
        return super().context(site_choices=sites, tree=branches, kinds=addable(None), **extra)

    def found(self, site: Site, text: str) -> list[Place]:
        """The places of the site that a text names: by address or code, else by words."""
        exact = matches(text, sites=[site.pk], limit=SHOWN)
        if exact:
            return exact
        rows = narrow(Place.objects.allowed(VIEW).filter(site=site), text)
        return list(rows.order_by("sort", "pk")[:SHOWN])

    def glance(self, site: Site) -> dict[str, Any]:
        """Figures of every building, and how much there is of everything else."""
        by_number = {
            one.building: one
            for one in Place.objects.filter(site=site, kind=K.BUILDING, closed_on=None).order_by("-pk")
        }
        figures = occupancy(site)
        number = counts(site)
        words = dict(K.choices)
        return {
            "buildings": [(by_number.get(one.building), one, shares(one)) for one in figures],
            "total": total_of(figures),
            "total_shares": shares(total_of(figures)),
            "others": [(kind, words[kind], number[kind]) for kind in LISTED if number.get(kind)],
            "things": Asset.objects.filter(site=site).exclude(state=Asset.State.RETIRED).count(),
        }


def addable(parent: Place | None) -> list[tuple[str, str]]:
    """The kinds of places that may be added under a place, or at the top of a site, with their words."""
    if parent is None:
        wanted = {kind for kind in K.values if kind not in (K.UNIT, K.FLOOR)}
    else:
        wanted = {kind for kind, above in PARENTS.items() if parent.kind in above}
        if parent.kind in (K.PUBLIC_AREA, K.EQUIPMENT_ROOM, K.STATION, K.ROOM, K.PARKING):
            wanted = {K.OTHER}
    return [(kind, str(label)) for kind, label in K.choices if kind in wanted]


class PlacePage(DetailView):
    """One place: its plan or its facts, what stands in it, who has to do with it, what happened."""

    permission = VIEW
    model = Place
    template_name = "places/place.html"

    def get_queryset(self) -> QuerySet[Place]:
        rows: QuerySet[Place] = super().get_queryset().select_related("site", "parent")
        return rows

    def context(self, **extra: Any) -> dict[str, Any]:
        place: Place = extra["object"]
        plan = self.plan(place)
        figures = total_of(occupancy(place=place)) if place.kind in BRANCHES else None
        below = descendants(place).exclude(kind__in=[K.ROOM, K.UNIT] if plan else [])
        beneath = list(below.filter(closed_on=None).order_by("kind", "sort", "pk")[: PLAN_LIMIT + 1])
        spaces = [one for one in beneath if one.kind == K.PARKING]
        mine = current().holds(EDIT, place.site_id)
        events = history(place).order_by("-id")
        return super().context(
            crumbs=ancestors(place),
            tree=tree(place.site_id, place),
            plan=plan,
            figures=figures if figures is not None and figures.total else None,
            shares=shares(figures) if figures is not None else [],
            spaces=spaces,
            beneath=[one for one in beneath if one.kind != K.PARKING][:SHOWN],
            assets=list(assets_under(place).select_related("place")[:SHOWN]),
            occupied=occupancy_history(place)[::-1] if place.kind in LIVED_IN else [],
            lived_in=place.kind in LIVED_IN,
            entries=told(events[:HISTORY_SHOWN] if self.sees_lookups() else self.changes(events), Place),
            commands=commands(place) if mine else [],
            kinds=addable(place) if mine and place.closed_on is None else [],
            editable=mine,
            **extra,
        )

    def plan(self, place: Place) -> Plan | None:
        """The plan of a building or a part of it; None for everything else, and for what is too large."""
        if place.kind not in WITH_PLAN:
            return None
        rooms = list(
            descendants(place).filter(kind=K.ROOM, closed_on=None).order_by("sort", "pk")[: PLAN_LIMIT + 1]
        )
        if not rooms or len(rooms) > PLAN_LIMIT:
            return None
        return plan_of(rooms, marks_of(Place, place.site_id, [room.pk for room in rooms]))

    def sees_lookups(self) -> bool:
        """Whether the person looking may see who opened a file."""
        return current().holds("trail.view", self.object.site_id)

    def changes(self, events: Any) -> Any:
        """What was changed, without who looked."""
        return events.exclude(verb="customers.looked_up")[:HISTORY_SHOWN]


@dataclass(frozen=True)
class Command:
    """What can be done with a place."""

    label: Any
    url_name: str
    icon: str
    danger: bool = False


CHANGE = Command(gettext_lazy("Change"), "places:place-change", "edit")
OCCUPANCY = Command(gettext_lazy("Set occupancy"), "places:place-occupancy", "home")
READDRESS = Command(gettext_lazy("Change the address"), "places:place-readdress", "map-pin")
MOVE = Command(pgettext_lazy("place", "Move"), "places:place-move", "arrow-right")
CLOSE = Command(pgettext_lazy("place", "Close"), "places:place-close", "ban", danger=True)
REOPEN = Command(gettext_lazy("Take into use again"), "places:place-reopen", "rotate")


def commands(place: Place) -> list[dict[str, Any]]:
    """The commands that make sense for a place as it stands, the most usual first."""
    if place.closed_on is not None:
        wanted: Iterable[Command] = [REOPEN]
    else:
        first = [OCCUPANCY, CHANGE] if place.kind in LIVED_IN else [CHANGE]
        where = [READDRESS] if place.kind == K.ROOM else [] if place.kind == K.UNIT else [MOVE]
        wanted = [*first, *where, CLOSE]
    return [
        {
            "label": one.label,
            "url": reverse(one.url_name, args=[place.pk]),
            "icon": one.icon,
            "danger": one.danger,
        }
        for one in wanted
    ]


class PlaceList(ListView):
    """All places in reach."""

    permission = VIEW
    model = Place
    title = gettext_lazy("List of places")
    table = tables.PLACES
    filterset_class = filters.PlaceFilter
    template_name = "places/list.html"
    export_permission = VIEW
    search_hint = gettext_lazy("Address, code, name")
    empty_hint = gettext_lazy("Places appear here when they are added or imported.")

    def get_queryset(self) -> QuerySet[Place]:
        rows: QuerySet[Place] = super().get_queryset().select_related("site")
        return rows

    def narrow(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        exact = matches(text, limit=SHOWN)
        if exact:
            return queryset.filter(pk__in=[one.pk for one in exact])
        return narrow(queryset, text)


class AssetList(ListView):
    """All things in reach."""

    permission = VIEW
    model = Asset
    title = gettext_lazy("Equipment and vehicles")
    table = tables.ASSETS
    filterset_class = filters.AssetFilter
    template_name = "places/list.html"
    export_permission = VIEW
    search_hint = gettext_lazy("Name, code, plate, serial number")
    empty_hint = gettext_lazy("Lifts, pumps, meters, vehicles and devices appear here when they are added.")

    @cached_property
    def sites_to_choose(self) -> list[Site]:
        """The sites a new thing may be for, where the list is not of one site only."""
        return [] if self.request.GET.get("site") else list(sites_in_reach(EDIT).order_by("code"))

    def get_queryset(self) -> QuerySet[Asset]:
        rows: QuerySet[Asset] = super().get_queryset().select_related("site", "place")
        return rows

    def narrow(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        return narrow(queryset, text)


class AssetPage(DetailView):
    """One thing: what it is, where it stands, whose it is, what happened."""

    permission = VIEW
    model = Asset
    template_name = "places/asset.html"

    def get_queryset(self) -> QuerySet[Asset]:
        rows: QuerySet[Asset] = super().get_queryset().select_related("site", "place")
        return rows

    def context(self, **extra: Any) -> dict[str, Any]:
        asset: Asset = extra["object"]
        return super().context(
            entries=told(history(asset).order_by("-id")[:HISTORY_SHOWN], Asset),
            editable=current().holds(EDIT, asset.site_id),
            **extra,
        )


class Pick(Gate):
    """The candidates for a place that somebody is typing into a form."""

    permission = VIEW
    template_name = "kit/picker.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        site = site_asked(request)
        name = request.GET.get("name", "place")[:40]
        text = request.GET.get(f"{name}_q", "").strip()[:100]
        kinds = [kind for kind in request.GET.get("kinds", "").split(",") if kind in K.values] or None
        found = find_places(text, sites=[site.pk], kinds=kinds) if site is not None and text else []
        picker = {"name": name, "candidates": candidates(found[:8]), "nothing": bool(text) and not found}
        return self.page(self.context(picker=picker), partial="candidates")
