"""What clocks have to show on others' pages: who is on duty now, and the calendar behind an entry of the packs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from huiyin.base.kit.moment import now
from huiyin.base.kit.panels import panel
from huiyin.base.kit.scope import SIGNED_IN
from huiyin.base.org.models import User
from huiyin.engines.packs.models import PackEntry

from .roster import on_duty_now, span_in_words
from .timing import at_hand

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
