"""What a page may ask of the database: a ceiling per page, and never more for many rows than for few."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from huiyin.base.org import selectors as org
from huiyin.engines.packs import selectors as packs
from huiyin.faces.api.api import api
from tests import cast, reach

FEW, MANY = 3, 12
USUAL = 10
"""The most queries of a page: about five are the session, the person, their reach, sites and saved views."""
CEILINGS: dict[str, int] = {
    # Steps, signatures and signers are three tables; files, and what happened to them, two more.
    "approvals:approval": 15,
    "approvals:print": 11,
    "cases:assign": 12,
    "cases:case": 16,
    "cases:contacts": 15,  # names of four tables, read apart: see kit/related.py
    "cases:list": 15,
    "cases:new": 13,
    "coverage:handbook": 20,  # one per section whose entries leave records behind, two per target
    "coverage:records": 14,
    "customers:customer": 22,
    "customers:customer-print": 17,
    "customers:duplicates": 12,
    "customers:household": 18,
    "customers:household-print": 13,
    "customers:list": 15,
    "customers:merge": 14,
    "desk:home": 14,
    "desk:search": 14,
    "desk:suggest": 14,
    "desk:trail": 20,
    "indicators:across": 15,
    "indicators:figure": 45,  # twelve periods, each with numerator and denominator
    "indicators:site": 44,
    "org:people": 14,
    "org:person": 14,
    "org:person-appoint": 11,
    "org:unit": 17,
    "org:unit-appoint": 11,
    "packs:draft": 15,  # every pack in force is read afresh, and what is to come
    "places:place": 18,
    "reports:evidence": 18,
    "reports:evidence-pdf": 18,
    "reports:list": 15,
    "reports:pdf": 68,
    "reports:records": 68,
    "reports:report": 68,  # every figure twice, with its records; what is open and what came by kind
    "reports:spreadsheet": 68,
    "places:places": 13,
}
"""The most queries of those pages and operations that may need more."""
SEARCHED = " (searched)"

PAGES = [page for page in reach.addresses() if page.view is not None and hasattr(page.view, "get")]
OPERATIONS = [one for one in reach.operations(api.get_openapi_schema()) if one.method == "GET"]
NAMES = [
    *(f"{page}{more}" for page in PAGES for more in (("",) if page.keywords else ("", SEARCHED))),
    *map(str, OPERATIONS),
]
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def measured(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, tuple[int, int]]]:
    """The queries of every page and operation with few rows and with many."""
    with django_db_blocker.unblock(), transaction.atomic():
        world = cast.build()
        counts = []
        for rows in (FEW, MANY):
            world.grow(world.people.here, rows)
            counts.append({name: reach_it() for name, reach_it in questions(world)})
        yield {name: (count, counts[1][name]) for name, count in counts[0].items()}
        transaction.set_rollback(True)
    org.forget()
    packs.forget()
    cast.forget()


def questions(world: cast.World) -> Iterator[tuple[str, Any]]:
    """Every page and operation, and how to count what it needs."""
    token = world.token(world.people.alice)
    words = reach.searches(world)[1]
    for page in PAGES:
        yield str(page), lambda page=page: reach.page_queries(world, page)
        if not page.keywords:
            yield f"{page}{SEARCHED}", lambda page=page: reach.page_queries(world, page, words)
    for one in OPERATIONS:
        url = reach.api_url(world, one, world.people.here)
        reach.call(one, url, token)
        yield str(one), lambda one=one, url=url: reach.queries_of(lambda: reach.call(one, url, token))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_needs_no_more_queries_than_its_ceiling_and_no_more_for_many_rows(
    name: str, measured: dict[str, tuple[int, int]]
) -> None:
    few, many = measured[name]

    assert many <= few, f"{few} queries for {FEW} rows, {many} for {MANY}: something is asked row by row"
    assert many <= CEILINGS.get(name.removesuffix(SEARCHED), USUAL), "raise its ceiling only with a reason"


def test_every_ceiling_belongs_to_something() -> None:
    assert set(CEILINGS) - set(NAMES) == set()
