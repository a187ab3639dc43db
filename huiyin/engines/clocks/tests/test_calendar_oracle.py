"""The calendar against an independent walk minute by minute (`oracle.py`)."""

import os
from datetime import date

from huiyin.engines.clocks.tests.oracle import WINDOWS, Plan, World, compare, walk

EXHAUSTIVE = bool(os.environ.get("HUIYIN_EXHAUSTIVE"))


def test_no_random_question_is_answered_differently_by_a_walk_minute_by_minute() -> None:
    # Few questions of each calendar, so that even a short run meets many calendars.
    result = compare(200_000, seed=20_261_121) if EXHAUSTIVE else compare(3_000, seed=7, questions=40)
    assert result.differences == []
    assert result.cases >= 3_000
    assert result.left_out < result.cases / 10


def test_the_walk_itself_counts_what_a_child_would_count() -> None:
    assert walk(b"\0\1\1\0\1", 0, 2) == 3
    assert walk(b"\0\1\1\0\1", 0, 3) == 5
    assert walk(b"\0\1\1\0\1", 5, -2) == 2
    zone, first = WINDOWS[0]
    world = World(Plan(zone, first, [[(540, 1080)]] * 5 + [[], []]))
    assert world.wall[0] == first.toordinal() * 1440 + 480
    assert world.owner[60] == date(2026, 1, 15).toordinal()
    assert world.due(0, 600, "working_minutes", [], end_of_day=False) == 1440 + 120
