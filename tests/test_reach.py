"""Who gets in where: every address and every operation, with a stranger, a neighbour, a member and a holder."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

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


def searches(world: cast.World) -> list[dict[str, str]]:
    """Ways to look for what another site has."""
    here = world.people.here
    mark, phone, code = world.mark(here), world.phone(here, 1), world.row("cases.case").code
    return [
        {},
        {"q": mark, "text": mark, "term": mark, "title": mark, "name": mark, "place": mark},
        {"q": phone, "text": phone, "phone": phone, "contact_phone": phone, "case": code},
        {"q": phone[-4:], "phone": phone[-4:], "site": str(here.pk)},
        {"q": code, "site": here.code},
    ]


def unpacked(body: str) -> str:
    """A body, and what a spreadsheet in it says."""
    if not body.startswith("PK"):
        return body
    with zipfile.ZipFile(io.BytesIO(body.encode("latin-1"))) as archive:
        names = [name for name in archive.namelist() if not name.startswith("docProps")]
        return "".join(archive.read(name).decode(errors="replace") for name in names)


def leaks(world: cast.World, body: str, asked: dict[str, str]) -> list[str]:
    """The marks of alice's site in a body that were not just sent there."""
    words = [world.mark(world.people.here), world.phone(world.people.here, 1), world.row("cases.case").code]
    text = unpacked(body)
    text = (
        re.sub("|".join(re.escape(quote(one)) for one in asked.values() if one), "", text) if asked else text
    )
    return [
        word for word in words if re.search(rf"(?<![A-Za-z0-9]){word}", text) and word not in asked.values()
    ]


@pytest.mark.parametrize("page", KEYLESS, ids=str)
def test_a_neighbour_never_reads_a_word_of_alices_site_in(page: Address, world: cast.World) -> None:
    url = reach.url_of(world, page, world.people.there)
    for asked in [*searches(world), {"export": "1"}]:
        seen = reach.knock(world.people.carol, "GET", url, asked, reach.HTMX if "q" in asked else None)
        assert leaks(world, seen.body, asked) == [], f"{seen} {asked}"


@pytest.mark.parametrize("page", [page for page in PAGES if page.keywords], ids=str)
def test_a_neighbours_own_records_tell_nothing_of_alices_at(page: Address, world: cast.World) -> None:

    seen = reach.knock(world.people.carol, "GET", reach.url_of(world, page, world.people.there))

    assert seen.status in reach.FINE | {403, 404}
    assert leaks(world, seen.body, {}) == []


def test_no_figure_of_a_neighbours_pages_moves_with_alices_records(world: cast.World) -> None:
    people = world.people
    with moved_to(now()), transaction.atomic():
        before = pages_of(world)
        world.grow(people.here, 4, but=cast.HOUSE_WIDE)
        after = pages_of(world)
        transaction.set_rollback(True)

    assert [name for name, body in before.items() if body != after[name]] == []


def pages_of(world: cast.World) -> dict[str, str]:
    """What carol sees at every address, of her own where it is of something."""
    return {
        str(page): reach.steady(
            unpacked(
                reach.knock(world.people.carol, "GET", reach.url_of(world, page, world.people.there)).body
            )
        )
        for page in PAGES
        if page.view is not None and not page.listed(allowed.VOLATILE)
    }


@pytest.mark.parametrize("page", KEYLESS, ids=str)
def test_a_neighbour_can_put_nothing_into_alices_site_at(page: Address, world: cast.World) -> None:
    here = world.people.here
    url = reach.url_of(world, page, world.people.there)
    before = reach.rows_of(here)
    client = cast.Browser(world.people.carol).client()
    with transaction.atomic():
        for site in (str(here.pk), here.code, here.unit.code):
            client.post(
                url, {"site": site, "unit": site, "title": "x", "name": "x", "kind": "repair", "code": "x"}
            )
        after = reach.rows_of(here)
        transaction.set_rollback(True)

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
    for asked in searches(world):
        query = urlencode({**operation.query, **asked})
        seen = reach.call(operation, f"{url}?{query}", world.token(world.people.carol), **site)
        assert seen.status < 500, str(seen)
        assert leaks(world, seen.body, asked) == [], str(seen)
