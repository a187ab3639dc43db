"""Columns of the duty roster as a spreadsheet."""

from __future__ import annotations

from django.utils.translation import gettext_lazy, pgettext_lazy

from huiyin.base.kit.tables import Column, Order, Table

TURNS = Table(
    columns=(
        Column("site", gettext_lazy("Site"), lambda one: one.site.name),
        Column("starts_at", pgettext_lazy("period", "From"), lambda one: one.starts_at),
        Column("ends_at", pgettext_lazy("period", "Until"), lambda one: one.ends_at),
        Column("user", gettext_lazy("On duty"), lambda one: str(one.user)),
        Column("phone", gettext_lazy("Telephone"), lambda one: one.user.phone),
    ),
    orders=(Order("starts_at", gettext_lazy("Earliest first"), "starts_at", descending=False),),
)
