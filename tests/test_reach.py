"""Who gets in where: every address and every operation, with a stranger, a neighbour, a member and a holder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import transaction

from huiyin.base.kit.moment import moved_to, now
from huiyin.base.org import selectors as org
from huiyin.config import urls
from huiyin.engines.packs import selectors as packs
from huiyin.faces.api.api import api
from tests import allowed, cast, reach
from tests.reach import Address, Operation

PAGES = reach.addresses()
OPERATIONS = reach.operations(api.get_openapi_schema())
pytestmark = pytest.mark.django_db
KEYLESS = [page for page in PAGES if not page.keywords and page.view is not None]


@pytest.fixture(scope="module")
def monkeymodule() -> Iterator[pytest.MonkeyPatch]:
    """Changes for this whole file."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: Any, monkeymodule: pytest.MonkeyPatch
) -> Iterator[cast.World]:
    """One stage for all questions of this file; whatever they do is undone."""
    for refusal in ("handler403", "handler404"):
        monkeymodule.setattr(urls, refusal, "tests.reach.bare_refusal")
    with django_db_blocker.unblock(), transaction.atomic():
        built = cast.build()
        yield built
        transaction.set_rollback(True)
    org.forget()
    packs.forget()
    cast.forget()


@pytest.fixture(autouse=True)
def _as_it_was(world: cast.World) -> Iterator[None]:
    with world.as_it_was():
        yield


def test_every_page_asks_for_a_right_and_every_form_for_that_of_its_command() -> None:
    assert reach.misbuilt(PAGES) == []


def test_every_exception_is_still_needed() -> None:
    names = {key for page in PAGES for key in page.known_as()}

    for table in (
        allowed.OPEN_TO_ALL,
        allowed.PAIRS,
        allowed.SHARED,
        allowed.DECORATIVE,
        allowed.VOLATILE,
        cast.ADDRESSES,
    ):
        assert set(table) - names == set()
    assert set(allowed.OPEN_OPERATIONS) - {str(operation) for operation in OPERATIONS} == set()


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_everybody_gets_what_they_may_at(page: Address, world: cast.World) -> None:
    assert reach.open_doors(world, page) == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_nothing_strange_breaks(page: Address, world: cast.World) -> None:
    assert reach.crashes(world, page) == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.keywords], ids=str)
def test_what_does_not_exist_is_not_found_at(page: Address, world: cast.World) -> None:
    found = [reach.knock(world.people.dana, "GET", url) for url in reach.odd_urls(world, page)]

    assert [str(one) for one in found if one.status != 404] == []


@pytest.mark.parametrize("page", KEYLESS, ids=str)
def test_a_neighbour_never_reads_a_word_of_alices_site_in(page: Address, world: cast.World) -> None:
    url = reach.url_of(world, page, world.people.there)
    for asked in [*reach.searches(world), {"export": "1"}]:
        seen = reach.knock(world.people.carol, "GET", url, asked, reach.HTMX if "q" in asked else None)
        assert reach.leaks(world, seen.body, asked) == [], f"{seen} {asked}"


@pytest.mark.parametrize("page", [page for page in PAGES if page.keywords], ids=str)
def test_a_neighbours_own_records_tell_nothing_of_alices_at(page: Address, world: cast.World) -> None:

    seen = reach.knock(world.people.carol, "GET", reach.url_of(world, page, world.people.there))

    assert seen.status in reach.FINE | {403, 404}
    assert reach.leaks(world, seen.body, {}) == []


def test_no_figure_of_a_neighbours_pages_moves_with_alices_records(world: cast.World) -> None:
    people = world.people
    with moved_to(now()), transaction.atomic():
        before = reach.pages_of(world, PAGES)
        world.grow(people.here, 4, but=cast.HOUSE_WIDE)
        after = reach.pages_of(world, PAGES)
        transaction.set_rollback(True)

    assert sum(body.count("<main") for body in before.values()) > 100, "most pages were not really looked at"
    assert [name for name, body in before.items() if body != after[name]] == []


@pytest.mark.parametrize("page", KEYLESS, ids=str)
def test_a_neighbour_can_put_nothing_into_alices_site_at(page: Address, world: cast.World) -> None:
    before, after = reach.before_and_after_meddling(world, page)

    assert after == before


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_everybody_gets_what_they_may_from(operation: Operation, world: cast.World) -> None:
    people = world.people
    url = reach.api_url(world, operation, people.here)
    site = {"site": people.here.code} if operation.body and "site" in operation.body else {}

    seen = {
        who: reach.call(operation, url, token, **site).status
        for who, token in {
            "nobody": "",
            "a wrong key": "hy_wrong",
            **{user.username: world.token(user) for user in (people.alice, people.bob, people.carol)},
        }.items()
    }

    assert operation.guarded
    assert (seen["nobody"], seen["a wrong key"]) == (401, 401)
    assert seen["bob"] == (200 if str(operation) in allowed.OPEN_OPERATIONS else 403)
    assert seen["alice"] in {200, 201, 204, 409, 422}
    assert seen["carol"] in ({404} if operation.keywords else {200, 403, 404, 422})


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_a_neighbour_never_reads_a_word_of_alices_site_from(operation: Operation, world: cast.World) -> None:
    url = reach.api_url(world, operation, world.people.there).partition("?")[0]
    site = {"site": world.people.here.code} if operation.body and "site" in operation.body else {}
    for asked in reach.searches(world):
        query = urlencode({**operation.query, **asked})
        seen = reach.call(operation, f"{url}?{query}", world.token(world.people.carol), **site)
        assert seen.status < 500, str(seen)
        assert reach.leaks(world, seen.body, asked) == [], str(seen)
