"""The centre of the tests of cases, with somebody at the counter."""

import pytest

from huiyin.work.cases.tests.conftest import Centre, centre  # noqa: F401  (a fixture)
from huiyin.work.cases.tests.screens import Counter, counter_of


@pytest.fixture
def counter(centre: Centre) -> Counter:  # noqa: F811  (the fixture)
    return counter_of(centre)
