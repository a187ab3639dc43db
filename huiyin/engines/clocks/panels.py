"""What clocks have to show on others' pages: who is on duty now, and calendars of the packs in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from huiyin.base.kit.moment import now
from huiyin.base.kit.panels import panel
from huiyin.base.kit.scope import SIGNED_IN
from huiyin.base.org.models import User
from huiyin.engines.packs.models import PackEntry
from huiyin.engines.packs.registry import Item, Line, Sheet, shows
from huiyin.engines.packs.selectors import entries

from .models import SpecialDay
from .roster import on_duty_now, span_in_words
from .timing import at_hand
from .words import week_in_words

SHOWN = 6


@panel(User, "duty", order=90, permission=SIGNED_IN, slot="desk")
def on_duty(request: HttpRequest, user: User) -> tuple[str, dict[str, Any]] | None:
    """Who is on duty now at the sites one reaches, and one's own next turn; nothing where there is no roster."""
    turns = on_duty_now(user.pk, SHOWN)
    if not turns:
        return None
    at = now()
    lines = [
        (one, span_in_words(one.starts_at, one.ends_at), one.starts_at <= at, one.user_id == user.pk)
        for one in turns
    ]
    return "clocks/panel_desk.html", {"lines": lines, "several": len({one.site_id for one in turns}) > 1}


@panel(PackEntry, "calendar", order=10, permission="packs.view", slot="entry")
def calendar_link(request: HttpRequest, entry: PackEntry) -> tuple[str, dict[str, Any]] | None:
    """The way from an entry to the year of its calendar, or to the list of public holidays."""
    if entry.section == "holidays":
        return "clocks/panel_entry.html", {"url": reverse("clocks:holidays"), "is_list": True}
    if entry.section != "calendars" or all(one.code != entry.code for one in at_hand(entry.site_id)):
        return None
    query = f"?site={entry.version.site.code}" if entry.version.site is not None else ""
    return "clocks/panel_entry.html", {"url": reverse("clocks:calendar", args=[entry.code]) + query}


@shows("calendars")
def calendars_in_words(items: Sequence[Item], site_id: int | None) -> Sheet:
    """Calendars with their hours, whose they are, and the days that are otherwise."""
    posts = {item.code: str(item.value.name) for item in entries("posts", site_id)}
    lines = []
    for item in items:
        value = item.value
        hours = {day: periods for day, periods in value.weekly if periods}
        cells = (
            str(value.name),
            "\n".join(week_in_words(hours)),
            _("yes") if value.standard else "",
            _(", ").join(posts.get(code, code) for code in value.posts),
            _(", ").join(value.sites),
            _(", ").join(value.holidays),
            _days(value.days),
            value.timezone or "",
        )
        lines.append(Line(cells, item))
    columns = (
        _("Name"), _("Working hours"), _("the standard one"), _("Posts"), _("Only at sites"),
        _("Follows the list"), _("Single days"), _("Time zone"),
    )  # fmt: skip
    return Sheet(columns, (("", tuple(lines)),))


@shows("holidays")
def holidays_in_words(items: Sequence[Item], site_id: int | None) -> Sheet:
    """Notices of public holidays with their days."""
    lines = []
    for item in items:
        value = item.value
        status = str(SpecialDay.Status(value.status).label)
        cells = (str(value.name), value.list, str(value.year), status, value.paper, _days(value.days))
        lines.append(Line(cells, item))
    columns = (_("Name"), _("List"), _("Year"), _("Status"), _("Announced in"), _("Single days"))
    return Sheet(columns, (("", tuple(lines)),))


def _days(days: Iterable[Any]) -> str:
    """Single days of a pack in words, one a line."""
    lines = []
    for one in days:
        dates = one.since if one.to in (None, one.since) else f"{one.since} – {one.to}"
        what = _("at work") if one.work else _("off work")
        lines.append(f"{dates} {one.name} · {what}")
    return "\n".join(lines)
