"""The cast, and the scope in which most tests act."""

from collections.abc import Iterator

import pytest

from huiyin.base.kit.scope import system_scope, use
from tests.people import People, company


@pytest.fixture
def people(db: None) -> People:
    """One company, two sites, alice with the rights, bob without, carol at the other site."""
    return company()


@pytest.fixture
def everywhere(people: People) -> Iterator[People]:
    """The cast, inside a scope over everything."""
    with use(system_scope("test")):
        yield people
