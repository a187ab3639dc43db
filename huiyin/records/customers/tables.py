"""Columns and orders of the list of customers. What is exported shows numbers masked."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy, pgettext_lazy

from huiyin.base.kit.tables import Column, Order, Table
from huiyin.base.kit.templatetags.kit import badge
from huiyin.engines.fields.identity import mask_phone

from .models import Customer
from .selectors import days_old
from .words import care_shown


def _phone(customer: Any) -> str:
    return mask_phone(customer.person.phone) if customer.person.phone else ""


def _phone_shown(customer: Any) -> Any:
    number = customer.person.phone
    return format_html('<a href="tel:{0}">{0}</a>', number) if number else None


def _homes(customer: Any) -> str:
    """Roles and places, as text."""
    return "; ".join(
        f"{one.get_role_display()} {thing.name}"
        for one in customer.person.holdings
        if (thing := one.place or one.asset) is not None
    )


def _homes_shown(customer: Any) -> Any:
    lines = []
    for one in customer.person.holdings[:4]:
        thing = one.place or one.asset
        if thing is None:
            continue
        url = (
            reverse("customers:household", args=[one.place_id])
            if one.place is not None
            else thing.get_absolute_url()
        )
        lines.append((one.get_role_display(), url, thing.name))
    shown = format_html_join("", '<div><span class="hy-muted">{}</span> <a href="{}">{}</a></div>', lines)
    return format_html("<div>{}</div>", shown) if lines else None


def _care(customer: Any) -> str:
    return ", ".join(care_shown(one, customer.site_id).label for one in customer.person.care)


def _care_shown(customer: Any) -> Any:
    shown = [care_shown(one, customer.site_id) for one in customer.person.care]
    badges = format_html_join(" ", "{}", ((badge(one.label, one.tone),) for one in shown))
    return format_html("<div>{}</div>", badges) if shown else None


def _name_shown(customer: Customer) -> Any:
    if customer.kind == Customer.Kind.COMPANY:
        return format_html("{} {}", customer.name, badge(customer.get_kind_display()))
    return customer.name


def _papers(customer: Any) -> str:
    return ", ".join(one.masked for one in customer.papers)


CUSTOMERS = Table(
    columns=(
        Column("name", pgettext_lazy("customer", "Name"), lambda c: c.name, _name_shown, sort="name"),
        Column("homes", gettext_lazy("Role and place"), _homes, _homes_shown),
        Column("phone", gettext_lazy("Phone"), _phone, _phone_shown, css="hy-nowrap"),
        Column("care", gettext_lazy("Special care"), _care, _care_shown),
        Column("tier", gettext_lazy("Tier"), lambda c: c.tier),
        Column("tags", gettext_lazy("Tags"), lambda c: ", ".join(c.tags)),
        Column("papers", gettext_lazy("Identity number"), _papers, css="hy-nowrap", hidden=True),
        Column("code", gettext_lazy("File number"), lambda c: c.code, css="hy-code"),
        Column("checked", gettext_lazy("Checked"), lambda c: c.checked_on, css="hy-nowrap", hidden=True),
        Column("age", gettext_lazy("Days unchanged"), days_old, css="hy-num", sort="oldest"),
        Column("gender", gettext_lazy("Gender"), lambda c: c.get_gender_display(), hidden=True),
        Column("site", gettext_lazy("Site"), lambda c: c.site.name, hidden=True),
        Column("created", gettext_lazy("Opened on"), lambda c: c.created_at, hidden=True),
    ),
    orders=(
        Order("newest", gettext_lazy("Newest first"), "pk"),
        Order("name", pgettext_lazy("customer", "Name"), "name", descending=False),
        Order("oldest", gettext_lazy("Longest unchanged first"), "updated_at", descending=False),
        Order("changed", gettext_lazy("Last changed first"), "updated_at"),
    ),
    row_url=lambda customer: str(customer.get_absolute_url()),
)
