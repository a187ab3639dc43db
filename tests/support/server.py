"""A real web server in its own processes, on the test database: for browsers and for clients that run at once."""

import contextlib
import http.client
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from gunicorn.app.wsgiapp import run

from tests.support import needs, network
from tools import console, serving

START_SECONDS = 60.0


@dataclass(frozen=True)
class LiveSite:
    """A running server: `url` without a slash at the end, and the file with what it said."""

    url: str
    log: Path


def database_url() -> str:
    """The DATABASE_URL of the test database, for processes that a test starts."""
    settings = connection.settings_dict
    name = str(settings["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{quote(name)}"
    user = quote(str(settings["USER"]), safe="")
    password = quote(str(settings["PASSWORD"]), safe="")
    return f"postgres://{user}:{password}@{settings['HOST']}:{settings['PORT']}/{quote(name, safe='')}"


def process_environment() -> dict[str, str]:
    """The environment of a process that works on the test database and the test's data folder."""
    return {**console.django_environment(), "DATABASE_URL": database_url()}


@pytest.fixture(scope="session")
def _server(django_db_setup: None, django_db_blocker: object) -> Iterator[LiveSite]:
    home = Path(os.environ["HUIYIN_HOME"])
    _collect_static(home / "static")
    port = needs.free_port()
    log = home / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.support.server", str(port)],
            env=process_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=console.die_with_parent(15),
        )
    try:
        _wait(process, port, log)
        yield LiveSite(f"http://127.0.0.1:{port}", log)
    finally:
        console.finish(process)


@pytest.fixture
def live_site(
    transactional_db: None, _server: LiveSite, request: pytest.FixtureRequest
) -> Iterator[LiveSite]:
    """gunicorn with two processes on the test database; what the test commits it sees, and the other way round.

    What the server logs during the test is printed, so a failing test shows it.
    """
    before = _server.log.stat().st_size
    yield _server
    said = _server.log.read_bytes()[before:].decode(errors="replace").strip()
    if said:
        request.node.add_report_section("teardown", "server log", said[-6000:])


def _collect_static(folder: Path) -> None:
    """Fill the server's folder of static files, as it is in real use; hashing and compressing is done once."""
    kept = needs.ROOT / ".pytest_cache" / "static" / serving.static_digest()
    if not kept.exists():
        # In a process of its own: only there the settings are those of the server, with its storage.
        command = [sys.executable, "-P", "-m", "django", "collectstatic", "--noinput", "--verbosity=0"]
        subprocess.run(command, env=process_environment(), check=True)
        _throw_away_old(kept.parent)
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=kept.parent))
        shutil.copytree(folder, draft, dirs_exist_ok=True)
        with contextlib.suppress(OSError):  # another process was quicker: its folder holds the same
            draft.rename(kept)
        return
    shutil.copytree(kept, folder, dirs_exist_ok=True)


def _throw_away_old(folder: Path) -> None:
    """Forget copies of an earlier day; a younger one may be in use by a process beside this one."""
    for path in folder.glob("*"):
        if time.time() - path.stat().st_mtime > 24 * 3600:
            shutil.rmtree(path, ignore_errors=True)


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        probe = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            probe.request("GET", "/")
            probe.getresponse()
        except OSError:
            time.sleep(0.1)
        else:
            return
        finally:
            probe.close()
    pytest.fail(f"The web server did not start:\n{log.read_text(errors='replace')[-3000:]}")


def _serve(port: str) -> None:
    """Run gunicorn in this process, under the same network rule as the tests."""
    network.forbid()
    sys.argv = ["gunicorn", "huiyin.config.wsgi:application", "--bind", f"127.0.0.1:{port}", "--workers", "2"]
    sys.argv += [
        "--worker-class",
        "gthread",
        "--threads",
        "4",
        "--log-level",
        "warning",
        "--no-control-socket",
    ]
    run()


if __name__ == "__main__":
    _serve(sys.argv[1])
