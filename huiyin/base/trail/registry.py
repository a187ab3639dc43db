"""Verbs, listeners and reactions that the code has declared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.models import Model

    from .models import Event

Listener = Callable[["Event", "Model"], None]
React = Callable[["Event"], None]


@dataclass(frozen=True, slots=True)
class Reaction:
    """A function that answers to events of one verb, after the commit.

    `later` keeps it for the worker; otherwise it runs right after the commit in the same process.
    """

    name: str
    verb: str
    func: React
    later: bool = False


VERBS: dict[str, Any] = {}
LISTENERS: list[Listener] = []
REACTIONS: dict[str, list[Reaction]] = {}


def describe(row: Model) -> str:
    """The name of a row's table in the trail, e.g. `cases.case`."""
    return row._meta.label_lower


def verb(code: str, label: Any) -> str:
    """Declare an event verb `app.participle` with its words; returns the code."""
    VERBS[code] = label
    return code


def listen(func: Listener) -> Listener:
    """Call `func(event, subject)` for every event, inside its transaction. For clocks."""
    if func not in LISTENERS:
        LISTENERS.append(func)
    return func


def on(code: str, *, later: bool = False) -> Callable[[React], React]:
    """Declare a reaction to `code`: database effects happen exactly once, retried until done."""

    def decorate(func: React) -> React:
        name = f"{func.__module__}.{func.__qualname__}"
        known = REACTIONS.setdefault(code, [])
        if all(reaction.name != name for reaction in known):
            known.append(Reaction(name, code, func, later))
        return func

    return decorate


def reaction(name: str) -> Reaction | None:
    """The declared reaction of that name, or None when the code no longer has it."""
    for known in REACTIONS.values():
        for one in known:
            if one.name == name:
                return one
    return None


def label(code: str) -> str:
    """The words for a verb in the language of the moment."""
    return str(VERBS.get(code, code))
