"""Taking rows in: each in its own savepoint, portions in their own transactions, nothing silent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext

from huiyin.base.kit.moment import local_zone, now
from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Site

from .dates import DatePolicy
from .registry import Preset
from .sheets import Row, Table, open_table

PORTION = 200
"""Rows to a transaction: a worker killed in the middle leaves whole portions, and the next run goes on."""


@dataclass
class Result:
    """What became of the rows; `errors` and `notes` name row, column and reason."""

    rows: int = 0
    created: int = 0
    unchanged: int = 0
    rejected: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)

    def count(self, outcome: str) -> None:
        """Note the outcome of one row."""
        self.rows += 1
        setattr(self, outcome, getattr(self, outcome) + 1)

    def as_dict(self) -> dict[str, Any]:
        """The result as the command prints it."""
        names = ("rows", "created", "unchanged", "rejected", "errors", "notes")
        return {name: getattr(self, name) for name in names}


def table_of(source: bytes, filename: str, preset: Preset) -> Table:
    """The sheet of a preset in a file; times are local, and none may lie in the future.

    Refused (BadFile) when it cannot be read as such a sheet.
    """
    policy = DatePolicy(zone=local_zone(), not_after=now())
    return open_table(source, filename=filename, expected=preset.layout.columns, dates=policy)


Progress = Callable[[Result], None]


def run(
    table: Table,
    preset: Preset,
    site: Site,
    *,
    by: Actor,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Take in every row of a table; a trial does the same and takes it all back at the end."""
    result = Result()
    if dry_run:
        with transaction.atomic():
            _run(table, preset, site, by, result, progress=None, trial=True)
            transaction.set_rollback(True)
    else:
        _run(table, preset, site, by, result, progress)
    return result


def _run(
    table: Table,
    preset: Preset,
    site: Site,
    by: Actor,
    result: Result,
    progress: Progress | None,
    trial: bool = False,
) -> None:
    rows = table.rows
    stream: Iterator[Row] = rows() if callable(rows) else iter(rows)
    if preset.take_all is not None:
        _take_all(list(stream), preset, site, by, result)
        return
    session = None
    while portion := list(islice(stream, PORTION)):
        with transaction.atomic():
            if preset.open is not None:
                # A trial writes nothing, so its one session has to remember what rows before have brought.
                session = session if trial and session is not None else preset.open(site, by=by)
                _take_portion(session, portion, preset, result, trial=trial)
            else:
                for row in portion:
                    result.count(_take(row, preset, site, by, result))
        if progress is not None:
            progress(result)


def _take(row: Row, preset: Preset, site: Site, by: Actor, result: Result) -> str:
    _note(row, result)
    if not row.ok:
        return _reject(row, result)
    assert preset.take is not None
    try:
        with transaction.atomic():
            return preset.take(site, row.values, by=by)
    except Refused as refusal:
        result.errors.append(_refused(row, refusal, preset))
    except ValidationError as error:
        result.errors.append(_plain(row, "", "", "invalid", " ".join(error.messages)))
    return "rejected"


def _take_portion(session: Any, rows: list[Row], preset: Preset, result: Result, *, trial: bool) -> None:
    """Take a portion of rows in one session; when they cannot be written, none of them counts."""
    good = [row for row in rows if row.ok]
    try:
        with transaction.atomic():
            outcomes = session.take([row.values for row in good])
            if not trial:
                session.write()
    except Refused as refusal:
        outcomes = [refusal] * len(good)
    became = {row.number: one for row, one in zip(good, outcomes, strict=True)}
    for row in rows:
        _note(row, result)
        if not row.ok:
            result.count(_reject(row, result))
        elif isinstance(refused := became[row.number], Refused):
            result.errors.append(_refused(row, refused, preset))
            result.count("rejected")
        else:
            result.count(refused)


def _take_all(rows: list[Row], preset: Preset, site: Site, by: Actor, result: Result) -> None:
    assert preset.take_all is not None
    good = [row for row in rows if row.ok]
    for row in rows:
        _note(row, result)
        if not row.ok:
            result.count(_reject(row, result))
    try:
        with transaction.atomic():
            for outcome in preset.take_all(site, [row.values for row in good], by=by):
                result.count(outcome)
    except Refused as refusal:
        for row in good:
            result.count("rejected")
            result.errors.append(_plain(row, "", "", refusal.code, refusal.message))


def _note(row: Row, result: Result) -> None:
    for note in row.notes:
        text = note.text(gettext)
        result.notes.append(
            _plain(row, note.column_letter, note.column_title or note.column_name, note.code, text)
        )


def _reject(row: Row, result: Result) -> str:
    for error in row.errors:
        text = error.text(gettext)
        result.errors.append(
            _plain(row, error.column_letter, error.column_title or error.column_name, error.code, text)
        )
    return "rejected"


def _refused(row: Row, refusal: Refused, preset: Preset) -> dict[str, Any]:
    name = refusal.field or ""
    letter = row.column_letters.get(name, "")
    title = name
    if letter:
        title = preset.layout.columns[name].titles[0]
    return _plain(row, letter, title, refusal.code, refusal.message)


def _plain(row: Row, letter: str, column: str, code: str, message: str) -> dict[str, Any]:
    return {"row": row.number, "letter": letter, "column": column, "code": code, "message": message}
