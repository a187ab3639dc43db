"""Verbs, listeners and reactions that the code has declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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

    `later` keeps it for the worker; otherwise it runs right after the commit in the same process. With `of` it
    answers only to events about a part of rows of that table, which those name as `subject_type` in their data;
    with `given` only to events whose data name that.
    """

    name: str
    verb: str
    func: React
    later: bool = False
    of: str | None = None
    given: str | None = None

    def answers(self, data: Mapping[str, Any]) -> bool:
        """Whether it is owed to an event with these data."""
        return self.of in (None, data.get("subject_type")) and (self.given is None or self.given in data)


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


def on(
    code: str, *, later: bool = False, of: type[Model] | None = None, given: str | None = None
) -> Callable[[React], React]:
    """Declare a reaction to `code`: database effects happen exactly once, retried until done.

    `of` restricts it to events about a part of rows of that model: the clocks of cases, not those of approvals.
    `given` restricts it to events whose data name that; the others owe it nothing.
    """
    table = of._meta.label_lower if of is not None else None

    def decorate(func: React) -> React:
        name = f"{func.__module__}.{func.__qualname__}"
        known = REACTIONS.setdefault(code, [])
        if all(reaction.name != name for reaction in known):
            known.append(Reaction(name, code, func, later, table, given))
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
