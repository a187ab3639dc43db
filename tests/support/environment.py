"""Loaded before Django (`-p` in pyproject.toml): the settings read the environment when they are imported."""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.support import network

ROOT = Path(__file__).resolve().parents[2]


def _data_folder() -> Path:
    """A folder for this process alone, in one that the launcher, or else the first process, throws away."""
    above = os.environ.get("HUIYIN_TEST_FOLDER")
    if not above:
        above = tempfile.mkdtemp(prefix="huiyin-test-")
        os.environ["HUIYIN_TEST_FOLDER"] = above
        atexit.register(_throw_away, above, os.getpid())
    return Path(tempfile.mkdtemp(prefix=os.environ.get("PYTEST_XDIST_WORKER", "main") + "-", dir=above))


def _throw_away(folder: str, owner: int) -> None:
    """At the end of the process that made the folder, not of one forked off it by a test."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
HOME = _data_folder()
(HOME / "static").mkdir()  # WhiteNoise warns about a folder that is not there
os.environ["HUIYIN_HOME"] = str(HOME)
for _name in [
    name
    for name in os.environ
    if name.startswith("HUIYIN_")
    and name not in ("HUIYIN_HOME", "HUIYIN_TEST_FOLDER", "HUIYIN_TEST_COUNTS", "HUIYIN_SHARED")
]:
    del os.environ[_name]
network.forbid()
