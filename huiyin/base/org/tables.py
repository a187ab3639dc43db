"""Columns and orders of the lists of this app."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huiyin.base.kit.tables import Column, Order, Table
from huiyin.base.kit.templatetags.kit import badge

from .models import Post, User


def _posts(person: Any) -> str:
    """The posts held today, as text; `held` is put on each person by the view."""
    return "; ".join(f"{one.post} · {one.unit}" for one in person.held)


def _posts_shown(person: Any) -> Any:
    if not person.held:
        return None
    lines = ((one.post, one.unit) for one in person.held)
    return format_html_join("", '<div>{} <span class="hy-muted">{}</span></div>', lines)


def _may_sign_in(person: User) -> Any:
    return badge(_("yes"), "good") if person.is_active else badge(_("barred"), "bad")


PEOPLE = Table(
    columns=(
        Column("name", gettext_lazy("Full name"), lambda p: p.name, sort="name"),
        Column("username", gettext_lazy("Login name"), lambda p: p.username, sort="username"),
        Column("posts", gettext_lazy("Posts"), _posts, _posts_shown),
        Column("phone", gettext_lazy("Phone"), lambda p: p.phone, css="hy-nowrap"),
        Column("email", gettext_lazy("E-mail"), lambda p: p.email, hidden=True),
        Column("active", gettext_lazy("May sign in"), lambda p: p.is_active, _may_sign_in),
        Column("last_login", gettext_lazy("Last signed in"), lambda p: p.last_login, css="hy-nowrap"),
        Column("joined", gettext_lazy("Added"), lambda p: p.joined_at, hidden=True, sort="joined"),
    ),
    orders=(
        Order("name", gettext_lazy("Full name"), "pinyin", descending=False),
        Order("username", gettext_lazy("Login name"), "username", descending=False),
        Order("joined", gettext_lazy("Newest first"), "joined_at"),
    ),
    row_url=lambda person: reverse("org:person", args=[person.pk]),
    row_css=lambda person: "" if person.is_active else "hy-faded",
)


def _level(post: Post) -> Any:
    return post.get_level_display()


def _name_shown(post: Post) -> Any:
    return format_html("{} {}", post.name, badge(_("no longer used"))) if post.retired else post.name


POSTS = Table(
    columns=(
        Column("name", gettext_lazy("Post"), lambda p: p.name, _name_shown, sort="name"),
        Column("level", gettext_lazy("Level"), _level),
        Column("holders", gettext_lazy("Held by"), lambda p: p.holding, css="hy-num"),
        Column("rights", gettext_lazy("Rights"), lambda p: len(p.permissions), css="hy-num"),
        Column("reports_to", gettext_lazy("Reports to"), lambda p: p.reports_to),
        Column("deputy", gettext_lazy("Deputy"), lambda p: p.deputy),
        Column("code", gettext_lazy("Code"), lambda p: p.code, sort="code", css="hy-code"),
        Column("clause", gettext_lazy("Clause"), lambda p: p.clause, hidden=True),
        Column("origin", gettext_lazy("From pack"), lambda p: p.origin, hidden=True),
    ),
    orders=(
        Order("code", gettext_lazy("Code"), "code", descending=False),
        Order("name", gettext_lazy("Name"), "name", descending=False),
    ),
    page_size=100,
    row_url=lambda post: reverse("org:post", args=[post.code]),
    row_css=lambda post: "hy-faded" if post.retired else "",
)
