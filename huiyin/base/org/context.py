"""What the shell shows on every page: the areas, the sites reached, the saved views, looks and language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from huiyin.base.kit import nav
from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import current_or_none

from .models import SavedView, Site, User
from .selectors import sites_in_reach, views_for

AREAS = {
    "work": gettext_lazy("Work"),
    "records": gettext_lazy("Records"),
    "insight": gettext_lazy("Insight"),
    "admin": gettext_lazy("Administration"),
}
THEMES = (
    ("light", pgettext_lazy("appearance", "Light"), "sun"),
    ("dark", pgettext_lazy("appearance", "Dark"), "moon"),
    ("auto", pgettext_lazy("appearance", "Auto"), "device-mobile"),
)
LANGUAGE_NAMES = (("zh-hans", "简"), ("zh-hant", "繁"), ("en", "EN"))
ADDRESSES = {"search_url": "/search/", "suggest_url": "/search/suggest/", "new_case_url": "/cases/new/"}
"""Where the shell's search box and its button lead: to apps above this one, therefore by address."""
BOTTOM = 3
"""Entries beside "New" and "More" in the bar of a phone."""


@dataclass(frozen=True, slots=True)
class ShellEntry:
    """One place one can go to."""

    code: str
    label: Any
    url: str
    icon: str
    active: bool


@dataclass(frozen=True, slots=True)
class ShellArea:
    """A heading of the side bar and the places under it."""

    code: str
    label: Any
    entries: list[ShellEntry]


@dataclass(frozen=True, slots=True)
class ShellView:
    """A saved view as the list shows it."""

    pk: int
    name: str
    url: str
    shared: bool
    mine: bool
    active: bool


def shell(request: HttpRequest) -> dict[str, Any]:
    """The shell's context. No query for a stranger; lists that are not shown are not read."""
    theme = request.COOKIES.get("theme", "auto")
    language = get_language() or "zh-hans"
    context: dict[str, Any] = {
        "theme": theme if theme in ("light", "dark") else "auto",
        "themes": THEMES,
        "language": language,
        "languages": LANGUAGE_NAMES,
        "server_now": now().isoformat(),
        "shell_words": words(),
    }
    user = getattr(request, "user", None)
    scope = current_or_none()
    if scope is None or not isinstance(user, User) or not user.is_authenticated:
        return context
    areas = _areas(request.path)
    return {
        **context,
        **ADDRESSES,
        "nav": areas,
        "nav_bottom": [entry for area in areas for entry in area.entries][:BOTTOM],
        "may_register": scope.holds("cases.register"),
        "sites": SimpleLazyObject(lambda: _sites()),
        "saved_views": SimpleLazyObject(lambda: _views(request, user)),
    }


def _areas(path: str) -> list[ShellArea]:
    found = nav.for_current()
    here = max(
        (url for _area, entries in found for _entry, url in entries if path == url or _within(path, url)),
        key=len,
        default="",
    )
    return [
        ShellArea(
            code,
            AREAS.get(code, code),
            [ShellEntry(entry.code, entry.label, url, entry.icon, url == here) for entry, url in entries],
        )
        for code, entries in found
    ]


def _within(path: str, url: str) -> bool:
    return url != "/" and path.startswith(url if url.endswith("/") else f"{url}/")


def _sites() -> list[Site]:
    return list(sites_in_reach())


def _views(request: HttpRequest, user: User) -> list[ShellView]:
    here = _plain(request.GET)
    return [_shown(view, user, here) for view in views_for(user, request.path)]


def _shown(view: SavedView, user: User, here: list[tuple[str, str]]) -> ShellView:
    return ShellView(
        pk=view.pk,
        name=view.name,
        url=f"{view.path}?{view.query}",
        shared=view.is_shared,
        mine=view.user_id == user.pk,
        active=_plain(QueryDict(view.query)) == here,
    )


def _plain(params: QueryDict) -> list[tuple[str, str]]:
    """Address parameters in a form in which two views can be compared."""
    return sorted(
        (name, value)
        for name, values in params.lists()
        for value in values
        if value and name not in ("after", "export", "part")
    )


def words() -> dict[str, str]:
    """The words the script needs, in the language of the moment."""
    return {
        "days": _("%(days)s d"),
        "daysHours": _("%(days)s d %(hours)s h"),
        "hours": _("%(hours)s h"),
        "hoursMinutes": _("%(hours)s h %(minutes)s min"),
        "minutes": _("%(minutes)s min"),
        "left": _("%(span)s left"),
        "overdue": _("%(span)s overdue"),
        "chosen": _("%(n)s chosen"),
        "close": _("Close"),
        "nothing": _("Nothing found"),
        "leave": _("What you typed has not been saved. Leave anyway?"),
        "restored": _("What you had typed was restored."),
        "offline": _("No connection. What you typed is kept; please try again."),
        "broken": _("That did not work. What you typed is kept; please try again in a moment."),
        "forbidden": _("You may not do this."),
        "gone": _("This no longer exists, or lies outside your reach."),
        "copied": _("Copied"),
        "remove": _("Remove"),
    }
