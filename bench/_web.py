"""A real web server, a light load generator, and what the machine spent on them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Server:
    """A web server that answers on a port of the loopback address."""

    port: int
    pid: int


@contextmanager
def web(
    env: dict[str, str],
    *,
    workers: int = 2,
    application: str = "huiyin.config.wsgi:application",
    answer_within: float = 120,
    end_within: float = 20,
) -> Iterator[Server]:
    """gunicorn with sync workers on a free port.

    Refused (SystemExit, with the last lines it said) when it does not start; what hangs at the end is killed.
    """
    port = free_port()
    options = f"--workers {workers} --bind 127.0.0.1:{port} --log-level warning --preload --timeout 120"
    command = [sys.executable, "-m", "gunicorn", application, *options.split(), "--no-control-socket"]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True, stderr=said)
        try:
            problem = _await(port, process, answer_within)
            if problem:
                raise SystemExit(f"{problem}\n{_end_of(said)}".rstrip())
            yield Server(port, process.pid)
        finally:
            _end(process, end_within)


def _await(port: int, server: subprocess.Popen[bytes], seconds: float) -> str:
    """Wait until the server answers; what is wrong when it does not."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if server.poll() is not None:
            return "the web server did not start:"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return ""
    return f"the web server did not answer within {seconds:g} s:"


def _end_of(said: IO[bytes], lines: int = 20) -> str:
    """The last lines of what a process wrote."""
    said.seek(max(0, said.seek(0, os.SEEK_END) - 16_384))
    return "\n".join(said.read().decode(errors="replace").splitlines()[-lines:])


def _end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """End the server and its workers; those that do not listen are killed."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(seconds)


def django(env: dict[str, str], *arguments: str) -> str:
    """Run a management command and return what it printed."""
    command = [sys.executable, "-m", "django", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments[:1])} failed")
    return done.stdout


def cpu_seconds(pid: int) -> float:
    """Processor time (user and system) of a process and all below it, those that have ended included."""
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            values = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        one = int(folder.name)
        parents[one] = int(values[1])
        spent[one] = sum(int(value) for value in values[11:15]) / TICKS
    family = {pid}
    while True:
        more = {one for one, parent in parents.items() if parent in family} - family
        if not more:
            return sum(spent.get(one, 0.0) for one in family)
        family |= more


def exchange(port: int, request: bytes) -> tuple[int, bytes]:
    """Send one request on a connection of its own; (status, body)."""
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(request)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    answer = b"".join(parts)
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head[9:12] or b"0"), body


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """The bytes of one HTTP/1.1 request that ends its connection."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Connection: close",
        f"Content-Length: {len(body)}",
    ]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def load(clients: int, seconds: float, act: Callable[[int, int], bool]) -> tuple[list[float], int, float]:
    """Let `clients` threads call `act(client, turn)` for so long.

    Returns the seconds each good call took, how many were not good, and the seconds it took in all.
    """
    times: list[float] = []
    failures = [0]
    until = time.perf_counter() + seconds

    def run(client: int) -> None:
        turn = 0
        while (start := time.perf_counter()) < until:
            if act(client, turn):
                times.append(time.perf_counter() - start)
            else:
                failures[0] += 1
            turn += 1

    began = time.perf_counter()
    threads = [threading.Thread(target=run, args=(client,)) for client in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, failures[0], time.perf_counter() - began


def percentile(times: list[float], share: float) -> float:
    """The time in milliseconds that `share` of the calls kept to; 0 without calls."""
    ordered = sorted(times)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 1) if ordered else 0.0
