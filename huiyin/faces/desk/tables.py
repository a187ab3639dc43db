"""Columns and orders of the lists of this app."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from huiyin.base.kit.tables import Column, Order, Table
from huiyin.base.kit.templatetags.kit import badge
from huiyin.base.trail.registry import label
from huiyin.engines.messages.models import Notice
from huiyin.work.cases.timeline import TONES, clock_name, moment


def _what(notice: Notice) -> str:
    return label(notice.kind)


def _what_shown(notice: Notice) -> Any:
    return badge(label(notice.kind), TONES.get(notice.kind, "neutral"))


def _title_shown(notice: Notice) -> Any:
    if notice.read_at is None:
        return format_html("<strong>{}</strong>", notice.title)
    return notice.title


def _detail(notice: Notice) -> str:
    data = notice.data
    if not data.get("due_at"):
        return ""
    return _("%(limit)s limit, due %(at)s") % {
        "limit": clock_name(str(data.get("clock", ""))), "at": moment(data["due_at"]),
    }  # fmt: skip


NOTICES = Table(
    columns=(
        Column("title", gettext_lazy("About"), lambda n: n.title, _title_shown),
        Column("what", gettext_lazy("What"), _what, _what_shown, css="hy-nowrap"),
        Column("detail", gettext_lazy("Details"), _detail),
        Column("at", gettext_lazy("When"), lambda n: n.at, sort="at", css="hy-nowrap"),
        Column("read", pgettext_lazy("time", "Read"), lambda n: n.read_at, css="hy-nowrap", hidden=True),
    ),
    orders=(Order("at", gettext_lazy("Newest first"), "at"),),
    row_url=lambda notice: reverse("messages:open", args=[notice.pk]),
    row_css=lambda notice: "" if notice.read_at is None else "hy-faded",
)


def _who(event: Any) -> str:
    return str(event.who)


def _about_shown(event: Any) -> Any:
    if not event.about:
        return None
    if not event.about_url:
        return event.about
    return format_html('<a href="{}">{}</a>', event.about_url, event.about)


TRAIL = Table(
    columns=(
        Column("at", gettext_lazy("When"), lambda e: e.at, sort="newest", css="hy-nowrap"),
        Column("who", gettext_lazy("Who"), _who, css="hy-nowrap"),
        Column("what", gettext_lazy("What"), lambda e: label(e.verb), css="hy-nowrap"),
        Column("about", gettext_lazy("About"), lambda e: e.about, _about_shown),
        Column("text", gettext_lazy("Details"), lambda e: e.text, css="hy-cases-said"),
        Column("site", gettext_lazy("Site"), lambda e: e.site.name if e.site else "", css="hy-nowrap"),
        Column("via", gettext_lazy("By way of"), lambda e: e.way, hidden=True),
        Column("verb", gettext_lazy("Event code"), lambda e: e.verb, css="hy-code", hidden=True),
    ),
    orders=(Order("newest", gettext_lazy("Newest first"), "pk"),),
)
