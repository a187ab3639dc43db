"""The transition table and its one setter (compare-and-set: of two at once, one wins)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.scope import current
from huiyin.base.kit.service import Refused

Guard = Callable[[Any], None]
"""Looks at the row and raises `Refused` when the move may not be made."""


@dataclass(frozen=True, slots=True)
class Move:
    """A named step: from which states to which, the permission it asks for, its guards."""

    name: str
    sources: tuple[str, ...]
    target: str
    permission: str
    label: Any
    guards: tuple[Guard, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """A move as shown on a page: possible, or not and why."""

    move: Move
    possible: bool
    reason: str = ""


@dataclass(frozen=True)
class Flow:
    """All moves of one kind of thing; `column` is the name of its state field."""

    moves: tuple[Move, ...]
    column: str = "state"
    _by_name: dict[str, Move] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_name.update({move.name: move for move in self.moves})

    def move(self, name: str) -> Move:
        """The move of that name."""
        return self._by_name[name]

    def states(self) -> set[str]:
        """Every state the table names."""
        return {state for move in self.moves for state in (*move.sources, move.target)}

    def check(self, row: Any, name: str) -> Move:
        """Refused when the move does not start from the row's state, or a guard says no."""
        move = self._by_name[name]
        if getattr(row, self.column) not in move.sources:
            raise Refused(
                "not-now", _("“%(move)s” is not possible in the present state."), params={"move": move.label}
            )
        for guard in move.guards:
            guard(row)
        return move

    def go(self, row: Any, name: str, **changes: Any) -> Any:
        """Make the move and set `changes` with it, if the row still stands where it was read.

        Refused when somebody was faster. Returns the row with its new values.
        """
        move = self.check(row, name)
        before = getattr(row, self.column)
        values = {self.column: move.target, **changes}
        done = type(row).objects.filter(pk=row.pk, **{self.column: before}).update(**values)
        if not done:
            raise Refused("changed-meanwhile", _("Somebody else has just changed this. Please look again."))
        for name_, value in values.items():
            setattr(row, name_, value)
        return row

    def offers(self, row: Any, names: Iterable[str] | None = None) -> list[Offer]:
        """The moves the current scope may make on the row, each with the reason when it cannot."""
        scope = current()
        offers = []
        for move in self.moves:
            if names is not None and move.name not in names:
                continue
            if not scope.holds(move.permission, row.site_id):
                continue
            try:
                self.check(row, move.name)
            except Refused as refusal:
                if refusal.code != "not-now":
                    offers.append(Offer(move, False, refusal.message))
            else:
                offers.append(Offer(move, True))
        return offers
