"""Dates in every spelling, and the day-and-month question."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiyin.engines.imports.columns import Columns, Date, DateTime, Text
from huiyin.engines.imports.dates import DatePolicy, DateReader, Moment, SwapJudge
from huiyin.engines.imports.problems import CellProblem
from huiyin.engines.imports.sheets import Row, open_table

from .files import xlsx

READER = DateReader(DatePolicy())
SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("2019/4/25 9:32:09", "2019-04-25 09:32:09"),
        ("2019-04-25", "2019-04-25"),
        ("2019年4月25日", "2019-04-25"),
        ("2019年4月25日 9时32分9秒", "2019-04-25 09:32:09"),
        ("2019年4月25日 9时32分", "2019-04-25 09:32"),
        ("２０１９年４月２５日", "2019-04-25"),
        ("20190425", "2019-04-25"),
        (20190425, "2019-04-25"),
        (20190425.0, "2019-04-25"),
        ("20190425093209", "2019-04-25 09:32:09"),
        ("201904250932", "2019-04-25 09:32"),
        ("20190425 09:32", "2019-04-25 09:32"),
        ("2019.4.25", "2019-04-25"),
        ("\n\t2019/4/25　9:32 ", "2019-04-25 09:32"),
        ("2019-04-25T09:32:09", "2019-04-25 09:32:09"),
        ("2019-04-25T01:32:09Z", "2019-04-25 09:32:09"),
        ("2019-04-25T09:32:09.250+08:00", "2019-04-25 09:32:09.250"),
        ("2019/4/25 下午3:05", "2019-04-25 15:05"),
        ("2019/4/25 3:05 PM", "2019-04-25 15:05"),
        ("2019/4/25 上午12:05", "2019-04-25 00:05"),
        ("2019/4/25 24:00", "2019-04-26 00:00"),
        ("2019年4月25日（星期四）", "2019-04-25"),
        ("2019-02-28 星期四 8:00", "2019-02-28 08:00"),
        (43580, "2019-04-25"),
        (43580.3973263889, "2019-04-25 09:32:09"),
        ("43580.3973263889", "2019-04-25 09:32:09"),
        (1, "1900-01-01"),
        (61, "1900-03-01"),
        (date(2019, 4, 25), "2019-04-25"),
        (at("2019-04-25T09:32:08.999"), "2019-04-25 09:32:09"),
        (at("2019-04-25T09:32:08.400"), "2019-04-25 09:32:08.400"),
        (datetime(2019, 4, 25, 1, 32, 9, tzinfo=UTC), "2019-04-25 09:32:09"),
    ],
)
def test_dates_are_read_in_the_ways_people_and_programs_write_them(raw: object, value: str) -> None:
    assert READER.read(raw).value == at(value)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("2019-02-30", "impossible-date"),
        ("2019-02-29", "impossible-date"),
        ("2019-13-01", "impossible-date"),
        ("2019-04-25 25:00", "impossible-date"),
        ("2019-04-25 24:01", "impossible-date"),
        ("2019-04-25 9:60", "impossible-date"),
        ("2019-04-25T09:00+99:00", "impossible-date"),
        ("20190230", "impossible-date"),
        ("0219-04-25", "impossible-year"),
        ("219/4/25", "impossible-year"),
        ("9999-12-31 24:00", "impossible-year"),
        (date(219, 4, 25), "impossible-year"),
        ("19/4/25", "year-first"),
        ("4/25/2019", "year-first"),
        ("25.4.2019", "year-first"),
        ("2019-04", "not-a-date"),
        ("4月25日", "not-a-date"),
        ("昨天", "not-a-date"),
        ("", "not-a-date"),
        ("2019-04-25 abc", "not-a-date"),
        (True, "not-a-date"),
        (0, "not-a-date"),
        (-5.5, "not-a-date"),
        (float("nan"), "not-a-date"),
        (float("inf"), "not-a-date"),
        (1e300, "not-a-date"),
        (2_958_465.5, "impossible-year"),
        (None, "not-a-date"),
        (time(9, 30), "time-only"),
        (timedelta(hours=30), "time-only"),
    ],
)
def test_impossible_and_unclear_dates_are_errors(raw: object, code: str) -> None:
    with pytest.raises(CellProblem) as caught:
        READER.read(raw)
    assert caught.value.code == code
    assert "%(" not in str(caught.value)


def test_texts_with_the_year_last_are_read_in_the_order_that_is_declared() -> None:
    assert DateReader(DatePolicy(order="mdy")).read("4/5/2019 9:30 PM").value == at("2019-04-05 21:30")
    assert DateReader(DatePolicy(order="dmy")).read("4/5/2019").value == at("2019-05-04")
    assert DateReader(DatePolicy(order="dmy")).read("2019/4/5").value == at("2019-04-05")


def test_serials_of_old_mac_workbooks_count_from_1904() -> None:
    assert DateReader(DatePolicy(date1904=True)).read(42118).value == at("2019-04-25")


def test_times_belong_to_the_zone_of_the_policy() -> None:
    new_york = DateReader(DatePolicy(zone=ZoneInfo("America/New_York")))
    assert new_york.aware(at("2019-04-25 09:00")).utcoffset() == timedelta(hours=-4)
    assert READER.aware(at("2019-04-25 09:00")).astimezone(UTC) == datetime(2019, 4, 25, 1, tzinfo=UTC)
    with pytest.raises(CellProblem) as caught:
        new_york.aware(at("2019-03-10 02:30"))
    assert caught.value.code == "skipped-hour"
    assert new_york.aware(at("2019-11-03 01:30")).utcoffset() == timedelta(hours=-4)
    second = new_york.read("2019-11-03T01:30:00-05:00").value
    assert new_york.aware(second).utcoffset() == timedelta(hours=-5)


@given(st.one_of(st.text(max_size=30), st.floats(), st.integers(), st.datetimes(), st.dates(), st.times()))
def test_anything_is_a_date_or_a_refusal(raw: object) -> None:
    try:
        moment = READER.read(raw)
        READER.aware(moment.value)
    except CellProblem as problem:
        assert str(problem)
    else:
        assert 1900 <= moment.value.year <= 2199


@given(st.datetimes(at("1900-03-01"), at("2199-12-31")).map(lambda value: value.replace(microsecond=0)))
def test_every_spelling_of_a_moment_means_the_same(value: datetime) -> None:
    serial = (value - at("1899-12-30")) / timedelta(days=1)
    for raw in (f"{value:%Y/%m/%d %H:%M:%S}", f"{value:%Y%m%d%H%M%S}", value.isoformat(), serial):
        assert READER.read(raw).value == value


# ---- day and month


PAIR = Columns(
    (
        Text(name="code", titles=("编号",), required=True, code=True),
        DateTime(name="asked", titles=("留言时间",), past=True),
        DateTime(name="answered", titles=("答复时间",), not_before="asked"),
    ),
    order_by="code",
)


def rows(cells: Iterable[tuple[Any, ...]], **policy: Any) -> dict[str, Row]:
    data = xlsx([("编号", "留言时间", "答复时间"), *cells])
    table = open_table(data, filename="a.xlsx", expected=PAIR, dates=DatePolicy(**policy))
    return {row.values["code"]: row for row in table.rows()}


def told(row: Row) -> list[tuple[str, str]]:
    return [(note.cell, note.code) for note in row.notes] + [(error.cell, error.code) for error in row.errors]


def days(*texts: str, first: int = 100) -> list[tuple[str, object]]:
    """Rows with rising ids; a text that begins with ``=`` is a true date."""
    return [
        (str(first + place), at(text[1:]) if text[0] == "=" else text) for place, text in enumerate(texts)
    ]


UP = ["2019-05-20", "2019-05-24", "2019-05-28", "=2019-04-06T10:00", "2019-06-05", "2019-06-09", "2019-06-15"]


def test_a_date_exchanged_in_a_rising_file_is_put_right_with_the_reason() -> None:
    row = rows(days(*UP))["103"]
    assert row.values["asked"] == datetime(2019, 6, 4, 10, tzinfo=SHANGHAI)
    assert told(row) == [("B5", "repaired")]
    assert "2019-04-06 10:00:00 is read as 2019-06-04 10:00:00" in row.notes[0].text()
    assert "2019-05-27" in row.notes[0].text() and "2019-06-06" in row.notes[0].text()


def test_a_date_exchanged_in_a_falling_file_is_put_right_too() -> None:
    row = rows(days(*UP[::-1]))["103"]
    assert row.values["asked"] == datetime(2019, 6, 4, 10, tzinfo=SHANGHAI)


def test_the_order_of_the_ids_counts_and_not_only_that_of_the_rows() -> None:
    mixed = days(*UP)
    mixed = [mixed[place] for place in (4, 0, 6, 3, 2, 5, 1)]
    assert rows(mixed)["103"].values["asked"] == datetime(2019, 6, 4, 10, tzinfo=SHANGHAI)


def test_a_true_date_that_fits_its_neighbours_stays_without_a_word() -> None:
    row = rows(days(*[text.replace("=2019-04-06", "=2019-06-04") for text in UP]))["103"]
    assert row.values["asked"] == datetime(2019, 6, 4, 10, tzinfo=SHANGHAI)
    assert told(row) == []


def test_without_a_steady_order_the_stored_date_stays_with_a_note() -> None:
    wild = [
        "2019-05-20",
        "2019-03-24",
        "2019-06-28",
        "=2019-04-06T10:00",
        "2019-02-05",
        "2019-07-09",
        "2019-01-15",
    ]
    row = rows(days(*wild))["103"]
    assert row.values["asked"] == datetime(2019, 4, 6, 10, tzinfo=SHANGHAI)
    assert told(row) == [("B5", "swap-possible")]
    strict = rows(days(*wild), undecided="reject")["103"]
    assert told(strict) == [("B5", "swap-undecided")] and strict.values["asked"] is None


def test_a_message_after_its_reply_is_put_right() -> None:
    row = rows([("1", at("2019-08-03T09:00"), "2019-03-20 10:00")])["1"]
    assert row.values["asked"] == datetime(2019, 3, 8, 9, tzinfo=SHANGHAI)
    assert told(row) == [("B2", "repaired")] and "after 2019-03-20" in row.notes[0].text()


def test_a_reply_before_its_message_is_put_right() -> None:
    row = rows([("1", "2019-03-08 09:00", at("2019-02-04T10:00"))])["1"]
    assert row.values["answered"] == datetime(2019, 4, 2, 10, tzinfo=SHANGHAI)
    assert told(row) == [("C2", "repaired")] and "before 2019-03-08" in row.notes[0].text()


def test_two_doubtful_dates_are_weighed_together() -> None:
    row = rows([("1", at("2019-08-03T09:00"), at("2019-04-05T10:00"))])["1"]
    assert row.values["asked"] == datetime(2019, 3, 8, 9, tzinfo=SHANGHAI)
    assert row.values["answered"] == datetime(2019, 4, 5, 10, tzinfo=SHANGHAI)


def test_a_date_after_the_import_is_put_right_or_refused() -> None:
    now = datetime(2019, 7, 1, tzinfo=SHANGHAI)
    found = rows(
        [
            ("1", at("2019-12-06T08:00")),
            ("2", "2019-08-01"),
            ("3", at("2020-01-02T08:00")),
            ("4", "2019-07-01"),
        ],
        not_after=now,
    )
    assert found["1"].values["asked"] == datetime(2019, 6, 12, 8, tzinfo=SHANGHAI)
    assert told(found["2"]) == [("B3", "too-late")]
    assert told(found["3"]) == [("B4", "neither-fits")]
    assert found["4"].ok


def test_evidence_that_contradicts_itself_is_an_error() -> None:
    judge = SwapJudge(DatePolicy())
    for row, day in enumerate(range(13, 29)):
        judge.add(row, row, Moment(at(f"2019-0{1 + row // 3}-{day}"), True, "text"))
    for row in range(20, 40):
        judge.add(row, None, Moment(at("2019-02-01"), True, "cell", at("2019-01-02")))
    # By the pattern of the column every true date is exchanged, by its neighbours this one is not.
    doubtful = Moment(at("2019-03-05 08:00"), True, "cell", at("2019-05-03 08:00"))
    with pytest.raises(CellProblem) as caught:
        judge.judge(6, 5.5, doubtful)
    assert caught.value.code == "swap-contradicted"
    assert judge.judge(6, 5.5, doubtful, high=at("2019-04-01")).value == doubtful.value
    with pytest.raises(CellProblem) as caught:
        judge.judge(6, 5.5, doubtful, high=at("2019-01-01"))
    assert caught.value.code == "neither-fits"


def test_a_whole_column_that_went_through_a_day_month_program_is_put_right() -> None:
    cells: list[tuple[str, object]] = []
    start = at("2019-01-03T08:00")
    for number in range(60):
        real = start + timedelta(days=(number * 37) % 300)
        exchanged = real.day <= 12
        cells.append(
            (
                str(number),
                real.replace(month=real.day, day=real.month) if exchanged else f"{real:%Y/%m/%d %H:%M}",
            )
        )
    found = rows(cells)
    for number in range(60):
        assert found[str(number)].values["asked"] == (start + timedelta(days=(number * 37) % 300)).replace(
            tzinfo=SHANGHAI
        )
    assert any("every true date" in note.text() for row in found.values() for note in row.notes)


def test_a_column_of_ordinary_true_dates_gets_no_notes() -> None:
    start = at("2019-01-03T08:00")
    found = rows([(str(number), start + timedelta(days=(number * 37) % 300)) for number in range(60)])
    assert not any(row.notes or row.errors for row in found.values())


def test_a_reply_before_its_message_that_nothing_explains_is_an_error() -> None:
    row = rows([("1", "2019-03-20 09:00", "2019-03-19 10:00")])["1"]
    assert told(row) == [("C2", "too-early")]
    assert row.values["asked"] is not None and row.values["answered"] is None


def test_a_reply_without_a_time_of_day_on_the_same_day_takes_the_time_of_the_message() -> None:
    row = rows([("1", "2019-03-20 09:00", "2019-03-20")])["1"]
    assert row.values["answered"] == row.values["asked"]
    assert told(row) == [("C2", "date-only")] and "09:00:00" in row.notes[0].text()


def test_a_plain_date_drops_its_time_with_a_note_and_a_moment_without_time_is_told() -> None:
    columns = Columns((Date(name="day", titles=("日期",)), DateTime(name="at", titles=("时间",))))
    table = open_table(
        "日期,时间\n2019-04-25 09:30,2019-04-25\n".encode(), filename="a.csv", expected=columns
    )
    row = next(table.rows())
    assert row.values == {"day": date(2019, 4, 25), "at": datetime(2019, 4, 25, tzinfo=SHANGHAI)}
    assert told(row) == [("A2", "time-dropped"), ("B2", "date-only")]


def test_a_workbook_that_counts_from_1904_is_read_so() -> None:
    data = xlsx([("编号", "留言时间"), ("1", 42118), ("2", at("2019-04-25 09:30"))], date_1904=True)
    table = open_table(data, filename="a.xlsx", expected=PAIR)
    assert [row.values["asked"].date() for row in table.rows()] == [date(2019, 4, 25)] * 2
