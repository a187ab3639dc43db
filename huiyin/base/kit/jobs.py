"""Periodic work: apps declare it in their `jobs.py`, the worker does it.

A job must bear being run by several workers at once and being killed in the middle: it claims what
it does by compare-and-set and finishes each piece in a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """A function that does what is due and returns how much it did; run `every` so many seconds."""

    name: str
    run: Callable[[], int]
    every: float


JOBS: dict[str, Job] = {}


def periodic(every: float) -> Callable[[Callable[[], int]], Callable[[], int]]:
    """Declare a job that the worker runs every so many seconds, and again at once while it finds work."""

    def decorate(func: Callable[[], int]) -> Callable[[], int]:
        name = f"{func.__module__}.{func.__qualname__}"
        JOBS[name] = Job(name, func, every)
        return func

    return decorate
