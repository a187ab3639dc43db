"""What the real files hold in their date columns; the figures stand in the docstring of `dates`."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import pytest

from huiyin.engines.imports.columns import Columns, DateTime, Text
from huiyin.engines.imports.dates import DatePolicy, DateReader, Moment, SwapJudge
from huiyin.engines.imports.layouts import LAYOUTS
from huiyin.engines.imports.problems import CellProblem
from huiyin.engines.imports.sheets import Table, open_table

Shared = Callable[[str], Path]
SHANGHAI = ZoneInfo("Asia/Shanghai")
MESSAGES = ("tipdm2020_messages_dev.xlsx", "tipdm-messages")
REPLIES = ("tipdm2020_messages_with_replies_dev.xlsx", "tipdm-replies")
LABELLED = ("tipdm2020_labelled_sample.xlsx", "tipdm-labelled")


def opened(shared_data: Shared, file: tuple[str, str], **policy: object) -> Table:
    path = shared_data(file[0])
    dates = DatePolicy(**policy)  # type: ignore[arg-type]
    return open_table(path, filename=path.name, expected=LAYOUTS[file[1]].columns, dates=dates)


def series(table: Table) -> list[tuple[int, float, dict[str, datetime]]]:
    """Row, number and naive local dates of every row."""
    found = []
    for row in table.rows():
        assert row.ok, [str(error) for error in row.errors]
        dates = {
            name: value.replace(tzinfo=None)
            for name, value in row.values.items()
            if isinstance(value, datetime)
        }
        found.append((row.number, float(row.values["message_number"]), dates))
    return found


def exchanged(value: datetime) -> datetime | None:
    return (
        value.replace(month=value.day, day=value.month)
        if value.day <= 12 and value.day != value.month
        else None
    )


def test_of_twelve_true_dates_ten_are_certain_one_is_confirmed_and_one_is_noted(shared_data: Shared) -> None:
    table = opened(shared_data, MESSAGES)
    cells = {row.number: row for row in table.rows() if not isinstance(row.raw["received_at"], str)}
    assert table.row_count == 2109 and len(cells) == 12
    assert sorted(cells) == [2027, 2085, *range(2101, 2111)]
    reader = DateReader(table.policy)
    doubtful = [
        number for number, row in cells.items() if reader.read(row.raw["received_at"]).swap is not None
    ]
    assert doubtful == [2105, 2110]
    assert cells[2105].values["received_at"] == datetime(2019, 6, 12, 8, 23, 1, tzinfo=SHANGHAI)
    assert cells[2105].notes == ()
    assert cells[2110].values["received_at"] == datetime(2017, 6, 8, 17, 31, 20, tzinfo=SHANGHAI)
    assert [(note.cell, note.code) for note in cells[2110].notes] == [("D2110", "swap-possible")]
    assert sum(len(row.notes) for row in table.rows()) == 1


def test_ids_and_times_of_the_messages_run_together_only_at_the_end(shared_data: Shared) -> None:
    rows = series(opened(shared_data, MESSAGES))
    times = [dates["received_at"] for _row, _number, dates in rows]
    assert [number for _row, number, _dates in rows] == sorted(number for _row, number, _dates in rows)
    assert sum(later < earlier for earlier, later in pairwise(times)) == 1061
    texts = [value for (row, _number, _dates), value in zip(rows, times, strict=True) if row < 2101]
    assert sum(value.day <= 12 for value in texts) == 721
    rising = [dates["received_at"] for _row, number, dates in rows if 300_000 < number < 360_000]
    assert len(rising) == 7 and rising == sorted(rising)


def test_replies_never_come_before_their_messages_and_their_times_fall_while_ids_rise(
    shared_data: Shared,
) -> None:
    rows = series(opened(shared_data, REPLIES))
    assert len(rows) == 1423 and all("answered_at" in dates for _row, _number, dates in rows)
    waits = [dates["answered_at"] - dates["received_at"] for _row, _number, dates in rows]
    assert min(waits) == timedelta(minutes=30, seconds=53)
    assert max(waits).days == 1160
    assert round(median(wait / timedelta(days=1) for wait in waits), 1) == 12.2
    times = [dates["received_at"] for _row, _number, dates in rows]
    assert sum(later < earlier for earlier, later in pairwise(times)) == 1332
    notes = [note for row in opened(shared_data, REPLIES).rows() for note in row.notes]
    assert [(note.cell, note.code, note.value_excerpt) for note in notes] == [
        ("G874", "date-only", "2018/4/24")
    ]


def test_the_labelled_sample_has_only_texts_and_one_number_twice(shared_data: Shared) -> None:
    table = opened(shared_data, LABELLED)
    rows = series(table)
    assert (table.row_count, table.phantom_rows) == (495, 64_707)
    assert [
        number for number, count in Counter(number for _row, number, _dates in rows).items() if count > 1
    ] == [37042]


@pytest.mark.parametrize(
    ("file", "column", "figures"),
    [
        # exchangeable dates; put right; kept, with a note; wrong
        (MESSAGES, "received_at", (659, 299, 360, 0)),
        (REPLIES, "received_at", (482, 416, 65, 1)),
        (REPLIES, "answered_at", (492, 290, 201, 1)),
        (LABELLED, "received_at", (164, 50, 113, 1)),
    ],
)
def test_dates_exchanged_one_at_a_time_are_put_right_or_noted_but_hardly_ever_spoilt(
    shared_data: Shared, file: tuple[str, str], column: str, figures: tuple[int, int, int, int]
) -> None:
    rows = series(opened(shared_data, file))
    judge = SwapJudge(DatePolicy())
    for row, number, dates in rows:
        judge.add(row, number, Moment(dates[column], True, "text"))
    found: Counter[str] = Counter()
    for row, number, dates in rows:
        real = dates[column]
        other = exchanged(real)
        if other is None:
            continue
        low = dates["received_at"] if column == "answered_at" else None
        high = dates.get("answered_at") if column == "received_at" else None
        wrong = judge.judge(row, number, Moment(other, True, "cell", real), low=low, high=high)
        right = judge.judge(row, number, Moment(real, True, "cell", other), low=low, high=high)
        found["all"] += 1
        found["put right"] += wrong.value == real
        found["noted"] += wrong.remark is not None and wrong.remark.code == "swap-possible"
        found["wrong"] += right.value != real
        assert (right.value != real) == (wrong.value != real and wrong.remark is None)
    assert (found["all"], found["put right"], found["noted"], found["wrong"]) == figures


@pytest.mark.parametrize(
    ("file", "rejected"),
    [(MESSAGES, 0), (REPLIES, 1), (LABELLED, 2)],
    ids=["messages", "replies", "labelled"],
)
def test_a_file_that_went_through_a_day_month_program_is_put_right_as_a_whole(
    shared_data: Shared, file: tuple[str, str], rejected: int
) -> None:
    rows = series(opened(shared_data, file))
    judge = SwapJudge(DatePolicy())
    moments = {}
    for row, number, dates in rows:
        real = dates["received_at"]
        other = exchanged(real)
        if other is not None:
            moments[row] = Moment(other, True, "cell", real)
        else:
            moments[row] = Moment(real, True, "cell" if real.day <= 12 else "text")
        judge.add(row, number, moments[row])
    refused = 0
    for row, number, dates in rows:
        try:
            assert judge.judge(row, number, moments[row]).value == dates["received_at"]
        except CellProblem as problem:
            assert problem.code == "swap-contradicted"
            refused += 1
    assert refused == rejected


def test_a_bound_in_time_decides_what_neighbours_cannot(shared_data: Shared) -> None:
    table = opened(shared_data, MESSAGES, not_after=datetime(2017, 7, 1, tzinfo=SHANGHAI))
    row = next(row for row in table.rows() if row.number == 2110)
    assert row.ok and row.notes == ()
    assert row.values["received_at"] == datetime(2017, 6, 8, 17, 31, 20, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("name", "titles", "rows", "first"),
    [
        ("baltimore_311_dev.csv.gz", ("SRRecordID", "CreatedDate"), 5638, "2014-04-22T13:07:39-04:00"),
        (
            "nyc_311_2023-12-10_full_columns.csv",
            ("unique_key", "created_date"),
            500,
            "2023-12-10T12:00:00-05:00",
        ),
    ],
)
def test_texts_of_other_countries_are_read_in_their_declared_order_and_zone(
    shared_data: Shared, name: str, titles: tuple[str, str], rows: int, first: str
) -> None:
    expected = Columns(
        (
            Text(name="number", titles=(titles[0],), required=True, code=True),
            DateTime(name="created", titles=(titles[1],), required=True),
        )
    )
    policy = DatePolicy(zone=ZoneInfo("America/New_York"), order="mdy")
    table = open_table(shared_data(name), filename=name, expected=expected, dates=policy)
    found = list(table.rows())
    assert (table.kind, len(found)) == ("csv", rows)
    assert found[0].values["created"].isoformat() == first
    assert not [error for row in found for error in row.errors]
