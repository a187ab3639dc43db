"""`./run manage token`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from huiyin.base.org.selectors import token_for
from tests.people import People


def test_the_command_prints_the_key_and_nothing_else(cast: People) -> None:
    out = StringIO()
    call_command("token", "alice", "--name", "bench", stdout=out)
    key = out.getvalue().strip()
    assert out.getvalue() == f"{key}\n"
    token = token_for(key)
    assert token is not None
    assert (token.user, token.name) == (cast.alice, "bench")


@pytest.mark.parametrize(
    "arguments", [["nobody"], ["alice", "--expires", "soon"], ["alice", "--expires", "2026-13-01"]]
)
def test_a_wrong_argument_is_told(cast: People, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("token", *arguments)
