"""Facts at the very edge of what a condition of a pack allows, and just beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from huiyin.engines.approvals.conditions import LISTED

MINUTES = {"minutes": 1, "hours": 60, "days": 1440, "weeks": 10080}


def _edges(bounds: Any, step: Decimal) -> tuple[Decimal, list[Decimal]]:
    """A value inside a range, on its edge where it has one, and the nearest values outside."""
    outside = []
    inside = Decimal(0)
    for name, value in bounds.model_dump().items():
        if value is None:
            continue
        edge = Decimal(str(value))
        inside = {"up_to": edge, "at_least": edge, "below": edge - step, "over": edge + step}[name]
        outside.append({"up_to": edge + step, "at_least": edge - step, "below": edge, "over": edge}[name])
    return inside, outside


def _time(time: Any, more: int) -> dict[str, Any]:
    """A duration and so many units of its measure more."""
    if time.unit == "working_days":
        return {"working_days": time.value + more}
    return {"minutes": time.value * MINUTES[time.unit] + more}


def within(when: Any) -> dict[str, Any]:
    """Facts that a condition still allows."""
    facts: dict[str, Any] = {}
    if when.amount is not None:
        facts["amount"] = int(_edges(when.amount, Decimal("0.01"))[0] * 100)
    if when.duration is not None:
        time, more = (when.duration.up_to, 0) if when.duration.up_to else (when.duration.over, 1)
        facts.update(_time(time, more))
    for name, bounds in when.numbers.items():
        facts[name] = str(_edges(bounds, Decimal(1))[0])
    for name in LISTED:
        if getattr(when, name):
            facts[name] = getattr(when, name)[0]
    return facts


def beyond(when: Any) -> Iterator[dict[str, Any]]:
    """The same facts with one of them just outside, for each condition."""
    inside = within(when)
    if when.amount is not None:
        for value in _edges(when.amount, Decimal("0.01"))[1]:
            yield {**inside, "amount": int(value * 100)}
    if when.duration is not None:
        if when.duration.up_to is not None:
            yield {**inside, **_time(when.duration.up_to, 1)}
        if when.duration.over is not None:
            yield {**inside, **_time(when.duration.over, 0)}
    for name, bounds in when.numbers.items():
        for value in _edges(bounds, Decimal(1))[1]:
            yield {**inside, name: str(value)}
    for name in LISTED:
        if getattr(when, name):
            yield {**inside, name: "something-else"}
