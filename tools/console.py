"""Talking to the person at the terminal, and running other programs without leaving any behind."""

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
GRACE_SECONDS = 10.0
_PR_SET_PDEATHSIG = 1


class Failure(Exception):
    """Something the person has to know and cannot be worked round; ends the launcher with exit code 1."""


class Interrupted(KeyboardInterrupt):
    """The launcher was asked to stop by a signal."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


def say(text: str) -> None:
    """A remark. Goes to standard error, so that the output of `./run manage … --json` stays clean."""
    print(text, file=sys.stderr, flush=True)


def warn(text: str) -> None:
    """A remark nobody should overlook."""
    say(f"\n!!! {text} !!!\n")


def show(text: str) -> None:
    """A result, on standard output."""
    print(text, flush=True)


def stop_on_signals() -> None:
    """Turn Ctrl-C, SIGTERM and SIGHUP into one exception, so that every `finally` runs."""

    def stop(number: int, _frame: FrameType | None) -> None:
        raise Interrupted(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup means it
        signal.signal(signal.SIGHUP, stop)


@contextmanager
def signals_ignored() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM off while tidying up."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def die_with_parent(number: int) -> Callable[[], None] | None:
    """For `preexec_fn`: have the kernel send `number` to the child when the launcher itself is killed."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)

    def prepare() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, number)

    return prepare


def finish(
    process: subprocess.Popen[Any], *, first: int = signal.SIGTERM, grace: float = GRACE_SECONDS
) -> None:
    """Ask a child to stop, wait `grace` seconds, then kill it."""
    if process.poll() is not None:
        return
    process.send_signal(first)
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def call(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    output: Any = None,
) -> int:
    """Run a program in the foreground and return its exit code; it never outlives the launcher."""
    process = subprocess.Popen(
        command,
        env=env,
        cwd=cwd,
        stdin=None if output is None else subprocess.DEVNULL,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        preexec_fn=die_with_parent(signal.SIGTERM),
    )
    try:
        return process.wait()
    except BaseException:
        with signals_ignored():
            if sys.stdin.isatty():  # Ctrl-C went to both of us: let the child tidy up by itself
                with suppress(subprocess.TimeoutExpired):
                    process.wait(GRACE_SECONDS)
            finish(process)
        raise


def call_quietly(
    command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> tuple[int, str]:
    """Run a program without showing its output; returns the exit code and the output."""
    with tempfile.TemporaryFile() as log:
        code = call(command, env=env, cwd=cwd, output=log)
        log.seek(0)
        return code, log.read().decode(errors="replace").strip()


def call_with_retry(
    what: str,
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> str | None:
    """Run a program that depends on the network, twice if need be; returns None or why it failed."""
    log = ""
    for attempt in (1, 2):
        started = time.monotonic()
        code, log = call_quietly(command, env=env, cwd=cwd)
        if code == 0:
            say(f"{what}: {time.monotonic() - started:.1f} s")
            return None
        if attempt == 1:
            say(f"{what}: failed, trying once more")
            time.sleep(2)
    return f"{what} failed:\n{log[-4000:]}"


def django_environment() -> dict[str, str]:
    """The environment of every child: settings module, import path and data folder; makes that folder."""
    env = dict(os.environ)
    home = Path(env.get("HUIYIN_HOME") or ROOT / "var").expanduser().absolute()
    home.mkdir(parents=True, exist_ok=True)
    env["HUIYIN_HOME"] = str(home)
    env["PYTHONPATH"] = str(ROOT)
    env["DJANGO_SETTINGS_MODULE"] = "huiyin.config.settings"
    env.pop("PYTHONHOME", None)
    return env
