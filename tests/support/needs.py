"""What a test needs and a machine may lack."""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]


def unavailable(what: str) -> NoReturn:
    """Skip the running test because the machine lacks something; where CI is set, fail it."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}: not to be had here, and CI skips nothing")
    pytest.skip(what)


def shared_data_folder() -> Path:
    """Where the real input lies: beside the repository, or at HUIYIN_SHARED."""
    given = os.environ.get("HUIYIN_SHARED")
    if not given:
        return ROOT.parent / "shared" / "data"
    return folder if (folder := Path(given) / "data").is_dir() else Path(given)


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session", name="shared_data")
def _shared_data() -> Callable[[str], Path]:
    """`shared_data("file.xlsx")` is the path of a real input file; without it the test is skipped (in CI: fails)."""

    def path(name: str) -> Path:
        found = shared_data_folder() / name
        if not found.exists():
            unavailable(f"shared data “{name}”")
        return found

    return path


@pytest.fixture(name="free_port")
def _free_port() -> int:
    """A port for a server that the test starts."""
    return free_port()
