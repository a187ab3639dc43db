"""Columns of the list of runs."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.tables import Column, Order, Table
from huiyin.base.kit.templatetags.kit import badge

from .models import ImportRun
from .registry import presets

TONES = {"waiting": "waiting", "running": "active", "done": "good", "refused": "bad"}


def state_badge(one: ImportRun) -> Any:
    """The state in a word; a trial says so."""
    words = one.get_state_display()
    if one.dry_run:
        words = gettext("%(state)s · trial") % {"state": words}
    return badge(words, TONES[one.state])


def _kind(one: ImportRun) -> str:
    preset = presets().get(one.preset)
    return str(preset.label) if preset else one.preset


RUNS = Table(
    columns=(
        Column("started", _("Handed in"), lambda one: one.started_at),
        Column("file", _("File"), lambda one: one.filename),
        Column("kind", _("Kind of file"), _kind),
        Column("site", _("Site"), lambda one: one.site.name),
        Column("state", _("State"), lambda one: one.get_state_display(), cell=state_badge),
        Column("rows", _("Rows"), lambda one: one.rows, css="hy-num"),
        Column("created", _("Created"), lambda one: one.created, css="hy-num"),
        Column("unchanged", _("Unchanged"), lambda one: one.unchanged, css="hy-num"),
        Column("rejected", _("Rejected"), lambda one: one.rejected, css="hy-num"),
        Column("user", _("By"), lambda one: one.user.name if one.user else ""),
    ),
    orders=(Order("started", _("Handed in"), "started_at"),),
    row_url=lambda one: one.get_absolute_url(),
)
