"""What commands and imports share: well-formed rows, compared and written inside the caller's transaction."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.moment import now
from huiyin.base.kit.service import Refused

_NUMBER = re.compile(r"\d+")


def sort_of(code: str) -> str:
    """A code made comparable as text: `3-2-501` stands before `3-10-101`."""
    return _NUMBER.sub(lambda digits: digits[0].zfill(6), code.lower())[:160]


def plain(value: Any) -> Any:
    """A column's value as the trail keeps it: JSON, days and amounts as text, rows by id."""
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value


def well_formed(row: models.Model, exclude: Collection[str] = ()) -> None:
    """Refused (invalid) with the first thing that is wrong with a field of the row."""
    for name, field, longest, choices in _columns_of(type(row)):
        if name in exclude:
            continue
        value = row.__dict__.get(name)
        if type(value) is str and longest and len(value) <= longest and "\0" not in value:
            # What most values are; the field itself would say the same, in ten times the time.
            if (value and (choices is None or value in choices)) or (not value and field.blank):
                continue
        elif value is None and field.null and field.blank:
            continue
        try:
            setattr(row, name, field.clean(value, row))
        except ValidationError as error:
            text = " ".join(error.messages)
            raise Refused("invalid", "%(text)s", params={"text": text}, field=name) from error


@lru_cache(maxsize=32)
def _columns_of(model: type[models.Model]) -> list[tuple[str, Any, int, frozenset[str] | None]]:
    """The columns that people write: name, field, greatest length of plain text, permitted values."""
    found = []
    for field in model._meta.concrete_fields:
        if not field.primary_key and not field.is_relation:
            plain_text = type(field) is models.CharField and len(field.validators) == 1
            choices = frozenset(value for value, _label in field.flatchoices) if field.choices else None
            found.append((field.name, field, (field.max_length or 0) if plain_text else 0, choices))
    return found


def insert(row: models.Model) -> None:
    """Write a new row. Refused with the constraint's own words when the database does not take it."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise _broken(row, error) from error


def insert_all(rows: Sequence[Any]) -> None:
    """Write new rows of one table together. Refused like `insert`."""
    if len(rows) == 1:
        insert(rows[0])
    elif rows:
        try:
            with transaction.atomic():
                type(rows[0]).objects.bulk_create(rows)
        except IntegrityError as error:
            raise _broken(rows[0], error) from error


def change(
    row: Any, changes: Mapping[str, Any], allowed: Iterable[str], *, version: int | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Set columns of a row that nobody has changed since it was read; returns old and new values.

    Both are empty, and nothing is written, when all values are already so. Refused
    (changed-meanwhile) when the row, or the `version` on somebody's screen, is out of date.
    """
    unknown = sorted(set(changes) - set(allowed))
    if unknown:
        raise TypeError(f"{row._meta.label} has no changeable field {', '.join(unknown)}")
    if version is not None and version != row.version:
        raise Refused("changed-meanwhile", _("Somebody else has just changed this. Please look again."))
    before = {name: getattr(row, name) for name in changes}
    for name, value in changes.items():
        setattr(row, name, value)
    try:
        well_formed(row)
        differing = [name for name in changes if getattr(row, name) != before[name]]
        if not differing:
            return {}, {}
        _write(row, differing)
    except Refused:
        for name, value in before.items():
            setattr(row, name, value)
        raise
    old = {name: plain(before[name]) for name in differing}
    return old, {name: plain(getattr(row, name)) for name in differing}


def _write(row: Any, names: list[str]) -> None:
    values = {name: getattr(row, name) for name in names}
    try:
        with transaction.atomic():
            done = (
                type(row)
                .objects.filter(pk=row.pk, version=row.version)
                .update(**values, version=row.version + 1, updated_at=now())
            )
    except IntegrityError as error:
        raise _broken(row, error) from error
    if not done:
        raise Refused("changed-meanwhile", _("Somebody else has just changed this. Please look again."))
    row.version += 1


def _broken(row: models.Model, error: IntegrityError) -> Refused:
    """The refusal that says which rule the database held up, where it names one."""
    text = str(error)
    for constraint in row._meta.constraints:
        columns = [f"{row._meta.db_table}.{field}" for field in _columns(row, constraint)]
        if constraint.name in text or (columns and f"UNIQUE constraint failed: {', '.join(columns)}" in text):
            field = next((name for name in _fields(constraint) if name != "site"), None)
            return Refused("invalid", constraint.violation_error_message, field=field)
    return Refused("invalid", _("This contradicts what is recorded already."))


def _fields(constraint: models.BaseConstraint) -> tuple[str, ...]:
    return tuple(constraint.fields) if isinstance(constraint, models.UniqueConstraint) else ()


def _columns(row: models.Model, constraint: models.BaseConstraint) -> list[str]:
    return [str(getattr(row._meta.get_field(name), "column", name)) for name in _fields(constraint)]
