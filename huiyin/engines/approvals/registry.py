"""Which kinds of approvals there are, and what takes effect when the last has signed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .models import Approval

Effect = Callable[..., Any]
"""`effect(approval, by=actor)`: writes what was asked for, or raises `Refused` when that is no longer possible."""
Describe = Callable[["Approval"], Sequence[tuple[Any, Any]]]
"""Gives what is asked for as pairs of words and values, for whoever signs."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of approval: its words, what it does, how what is asked for is shown."""

    code: str
    label: Any
    effect: Effect
    describe: Describe | None = None


_kinds: dict[str, Kind] = {}


def register_effect(kind: str, effect: Effect, *, label: Any, describe: Describe | None = None) -> Kind:
    """Say what takes effect when an approval of a kind is agreed. Call it in an app's `services.py`.

    The effect runs in the transaction of the last signature; raising `Refused` in it leaves nothing behind,
    and the approval says why. Refused (ValueError) when another effect has the kind already.
    """
    made = Kind(kind, label, effect, describe)
    known = _kinds.get(kind)
    if known is not None and known.effect is not effect:
        raise ValueError(f"approvals of the kind {kind} have two effects")
    _kinds[kind] = made
    return made


def kind_of(code: str) -> Kind | None:
    """The registered kind of that code."""
    return _kinds.get(code)


def kinds() -> list[Kind]:
    """All registered kinds, by code."""
    return [_kinds[code] for code in sorted(_kinds)]
