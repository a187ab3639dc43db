"""What carries clocks: tables whose events start and stop them. And who knows that somebody is away."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from huiyin.base.org.models import Site

Fact = str | Collection[str] | None
Facts = Mapping[str, Fact | Callable[[], Fact]]
"""What the `when` of a rule is held against: `kind`, `category`, `severity`, `place_kind`, `channel`, `care`.

A category may also be given as the codes of the whole branch; `care` are the codes of the special care that the
customer needs on that day. A fact that costs a query is given as a function: only a rule that names it asks.
"""


def _itself(row: Any) -> Any:
    return row


@dataclass(frozen=True, slots=True)
class Watch:
    """One kind of subject: where its facts, its responsible person and its root are found."""

    subject_type: str
    facts: Callable[[Any], Facts]
    responsible: Callable[[Any], int | None]
    root: Callable[[Any], Any] = _itself
    since: Callable[[Any], datetime] | None = None
    born: frozenset[str] = frozenset()
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)


_watched: dict[str, Watch] = {}


def watch(
    model: Any,
    *,
    facts: Callable[[Any], Facts],
    responsible: Callable[[Any], int | None],
    root: Callable[[Any], Any] = _itself,
    since: Callable[[Any], datetime] | None = None,
    born: Collection[str] = (),
    values: Mapping[str, Collection[str]] | None = None,
) -> None:
    """Let the rows of a table (with `_meta`, a site and a primary key) carry clocks.

    `facts` and `responsible` (a user's id) must cost no query where speed matters; they are asked once per
    start. `root` leads to the row under whose history events are written. `born` are the verbs with which a
    row begins: it can have no clocks yet, so nothing is looked up, and `since`, if given, says from when a
    limit counts then (e.g. when the matter was received). `values` lists what a fact can be, so that a pack
    with a wrong word is refused.
    """
    name = model._meta.label_lower
    known = {key: frozenset(one) for key, one in (values or {}).items()}
    _watched[name] = Watch(name, facts, responsible, root, since, frozenset(born), known)


def watched(subject_type: str) -> Watch | None:
    """How rows of a table carry clocks; None when they carry none."""
    return _watched.get(subject_type)


def possible(fact: str) -> frozenset[str] | None:
    """Every value a fact can have on any watched table; None where that is not known."""
    known = [one.values[fact] for one in _watched.values() if fact in one.values]
    return frozenset().union(*known) if known else None


Away = Callable[[Collection[int], Site, datetime], Mapping[int, Sequence[int]]]
"""Tells which of some people (by id) are away from a site at a moment, and who stands in for each of them."""

_away: list[Away] = []


def tell_absence(func: Away) -> Away:
    """Register who knows that people are away. Ladders tell those who stand in for them instead.

    Somebody for whom nobody stands in is told nothing either: then it is the turn of their post's deputy.
    """
    if func not in _away:
        _away.append(func)
    return func


def absent(people: Collection[int], site: Site, at: datetime) -> dict[int, list[int]]:
    """Of some people those who are away from a site at a moment, each with those who stand in for them."""
    found: dict[int, list[int]] = {}
    for knows in _away:
        for person, deputies in knows(people, site, at).items():
            found.setdefault(person, []).extend(deputies)
    return found
