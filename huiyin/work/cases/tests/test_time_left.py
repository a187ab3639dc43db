"""The list in the order of the time left."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.tables import pack_cursor
from huiyin.base.org.selectors import scope_of
from huiyin.engines.clocks.models import Clock
from huiyin.engines.clocks.selectors import first_of_each
from huiyin.work.cases.models import Case
from huiyin.work.cases.services import answer, close
from huiyin.work.cases.views import CaseList

from .conftest import Centre
from .screens import Counter, counter_of

NAMES = ["fourth", "first", "third", "second", "ended", "clockless"]
IN_ORDER = ["first", "second", "third", "fourth", "clockless", "ended"]
HOUR = timedelta(hours=1)


@pytest.fixture
def counter(centre: Centre) -> Counter:
    return counter_of(centre)


@pytest.fixture
def cases(counter: Counter) -> dict[str, Case]:
    """Received in one order, due in another; one has ended, on one nothing runs."""
    hours = {"first": 9, "second": 7, "third": 5, "fourth": 3, "ended": 11, "clockless": 1}
    made = {name: counter.case(f"题{name}", received_at=now() - HOUR * hours[name]) for name in NAMES}
    with use(scope_of(counter.fay)) as scope:
        answer(made["ended"], text="好", by=scope.actor)
        close(made["ended"], by=scope.actor)
    with use(system_scope("test")):
        Clock.objects.filter(subject_type="cases.case", subject_id=made["clockless"].pk).delete()
    return made


def names_of(html: str, cases: dict[str, Case]) -> list[str]:
    by_code = {case.code: name for name, case in cases.items()}
    shown = re.findall("|".join(by_code), html)
    return [by_code[code] for code in dict.fromkeys(shown)]


def read_through(counter: Counter, cases: dict[str, Case], query: str) -> list[list[str]]:
    """The names on each page, following the cursor to the end."""
    pages, after = [], ""
    while True:
        html = counter.client().get(f"/cases/?{query}{after}").content.decode()
        pages.append(names_of(html, cases))
        found = re.search(r'hx-get="[^"]*?after=([^"&]+)', html)
        if found is None:
            return pages
        after = f"&after={found[1]}"


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 50])
def test_the_case_due_next_stands_first_on_pages_of_any_size(
    counter: Counter, cases: dict[str, Case], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CaseList, "table", replace(CaseList.table, page_size=size))

    pages = read_through(counter, cases, "order=due")

    assert [name for page in pages for name in page] == IN_ORDER
    assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("state=open", IN_ORDER[:5]),
        ("state=ended", ["ended"]),
        ("q=题third", ["third"]),
        ("state=late", IN_ORDER[:4]),
        ("kind=complaint", []),
    ],
)
def test_filters_and_search_narrow_it(
    counter: Counter, cases: dict[str, Case], asked: str, wanted: list[str]
) -> None:
    assert read_through(counter, cases, f"order=due&{asked}") == [wanted]


def test_the_spreadsheet_has_the_same_order_and_every_case(counter: Counter, cases: dict[str, Case]) -> None:
    response: Any = counter.client().get("/cases/?order=due&export=1")

    sheet = load_workbook(BytesIO(b"".join(response.streaming_content))).worksheets[0]

    told = " ".join(str(cell) for row in sheet.iter_rows(values_only=True) for cell in row)
    assert names_of(told, cases) == IN_ORDER


def test_another_site_is_not_among_them(counter: Counter, cases: dict[str, Case]) -> None:
    client = counter.client(counter.centre.carol)

    assert names_of(client.get("/cases/?order=due").content.decode(), cases) == []


@pytest.mark.parametrize(
    "after", ["rest.", "rest.x", "x", pack_cursor(["x", 1]), "rest." + pack_cursor([1, 1])]
)
def test_a_strange_cursor_breaks_nothing(counter: Counter, cases: dict[str, Case], after: str) -> None:
    client = counter.client()

    assert client.get(f"/cases/?order=due&after={after}").status_code == 200
    assert client.get(f"/cases/?after={after}").status_code == 200


def test_the_clocks_are_walked_in_the_order_of_their_index(counter: Counter, cases: dict[str, Case]) -> None:
    with use(system_scope("test")), connection.cursor() as cursor, CaptureQueriesContext(connection) as asked:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        list(first_of_each(Case.objects.filter(ended_at=None))[:51])
        prefix = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
        cursor.execute(f"{prefix} {asked[-1]['sql']}")
        plan = str(cursor.fetchall())

    assert "clocks_clock_due" in plan
    assert "TEMP B-TREE" not in plan and "Sort" not in plan
