"""Reading history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.translation import gettext as _

from .chain import digest_of, leaves_in
from .models import Block, Event
from .registry import describe, label

MECHANICS = frozenset({"path", "sort", "key", "parent", "merged_into", "version", "name_key"})
"""Columns that say nothing to a reader."""
SPOKEN = ("name", "value", "masked", "purpose", "on", "remark", "reason")
"""What an event may say beside its changes, in the order in which it is told."""


def history(root: models.Model) -> Any:
    """All events under one matter, oldest first, cut to the reader's reach."""
    return (
        Event.objects.filter(root_type=describe(root), root_id=root.pk).select_related("actor").order_by("id")
    )


def told(events: Iterable[Event], *tables: type[models.Model]) -> list[dict[str, Any]]:
    """Events as lines of a timeline: `at`, `who`, `label` and in `text` what changed.

    Columns and choices are named in the words of `tables`, the first that knows them.
    """
    return [
        {
            "at": event.at,
            "who": event.actor_label if event.actor_id is not None else _("System"),
            "label": label(event.verb),
            "text": "\n".join(_lines(event.data, tables)),
        }
        for event in events
    ]


def _lines(data: dict[str, Any], tables: tuple[type[models.Model], ...]) -> list[str]:
    old, new = data.get("old"), data.get("new")
    lines = []
    if isinstance(new, dict):
        before = old if isinstance(old, dict) else {}
        for column, value in new.items():
            if column in MECHANICS:
                continue
            word, after = _said(column, value, tables)
            _word, was = _said(column, before.get(column), tables)
            if column in before:
                line = _("%(field)s: %(before)s → %(after)s") % {"field": word, "before": was, "after": after}
                lines.append(line)
            else:
                lines.append(_("%(field)s: %(value)s") % {"field": word, "value": after})
    elif new is not None:
        words = [_choice(value, tables) for value in (old, new)]
        lines.append(" → ".join(words))
    spoken = [str(data[key]) for key in SPOKEN if isinstance(data.get(key), str) and data[key]]
    if spoken:
        lines.append(" · ".join(spoken))
    return lines


def _said(column: str, value: Any, tables: tuple[type[models.Model], ...]) -> tuple[str, str]:
    """The words for a column and its value."""
    known: Any = None
    for table in tables:
        try:
            field: Any = table._meta.get_field(column)
        except FieldDoesNotExist:
            continue
        choices = dict(getattr(field, "flatchoices", ()))
        if isinstance(value, str | int) and value in choices:
            return str(field.verbose_name), str(choices[value]) or "—"
        known = known or field
    return str(getattr(known, "verbose_name", column)), _plain(value)


def _choice(value: Any, tables: tuple[type[models.Model], ...]) -> str:
    """A bare value in the words of whichever choice it is."""
    for table in tables:
        for field in table._meta.fields:
            words = dict(getattr(field, "flatchoices", ()))
            if isinstance(value, str) and value and value in words:
                return str(words[value])
    return _plain(value)


def _plain(value: Any) -> str:
    if value is None or value == "" or value == []:
        return "—"
    if value is True or value is False:
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_plain(text)}" for name, text in value.items() if text not in (None, ""))
    return str(value)


@dataclass(frozen=True, slots=True)
class Sealed:
    """An event with its digest and the block it is sealed in (None: not yet).

    `agrees` says whether the block still has the same digest; None where it is not sealed.
    """

    event: Event
    digest: str
    block: Block | None
    agrees: bool | None


def sealed(events: Iterable[Event]) -> list[Sealed]:
    """How each of some events of one matter, oldest first, is sealed; one query for each block among them."""
    found: list[Sealed] = []
    block: Block | None = None
    leaves: dict[int, bytes] = {}
    at_end = False
    for event in events:
        if not at_end and (block is None or event.pk > block.last_id):
            block = Block.objects.filter(last_id__gte=event.pk).order_by("last_id").first()
            leaves, at_end = (leaves_in(block), False) if block else ({}, True)
        told = digest_of(event)
        if block is None:
            found.append(Sealed(event, told, None, None))
        else:
            leaf = leaves.get(event.pk)
            found.append(Sealed(event, told, block, leaf is not None and leaf.hex() == told))
    return found


def head() -> Block | None:
    """The newest block of the chain, without its digests."""
    return Block.objects.order_by("-number").defer("leaves").first()
