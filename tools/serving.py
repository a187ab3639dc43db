"""`./run demo` and `./run serve`: prepare the data folder, keep the web server and the worker running."""

import argparse
import hashlib
import http.client
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools import assets, console, environment

ROOT = console.ROOT
FIRST_PORT = 8000
WEB_PROCESSES = 2
THREADS = 4
READY_SECONDS = 90.0
LONG_LIFE_SECONDS = 20.0
MAX_QUICK_DEATHS = 4
STOP_SECONDS = 25.0
ACCOUNTS_FILE = "demo-accounts.txt"


def main(command: str, arguments: Sequence[str]) -> int:
    """Run `demo` or `serve`; returns the exit code."""
    options = _parse(command, arguments)
    environment.ensure("run")
    assets.ensure("run")
    env = console.django_environment()
    if command == "demo":
        env["HUIYIN_DEMO"] = "1"
    steps = [["migrate", "--noinput", "--verbosity=0"], ["load_packs"]]
    if command == "demo":
        steps.append(["demo"])
    for step in steps:
        _manage(step, env)
    if command == "demo" and options.no_serve:
        _show_accounts(env)
        return 0
    collect_static(env)
    return _serve(options.port, env)


def collect_static(env: Mapping[str, str]) -> None:
    """Gather, hash and compress the static files, unless none has changed since the last time."""
    mark = Path(env["HUIYIN_HOME"]) / "static-mark.txt"
    now = static_digest()
    collected = Path(env["HUIYIN_HOME"]) / "static" / "vendor"
    if mark.exists() and mark.read_text() == now and collected.is_dir():
        return
    _manage(["collectstatic", "--noinput", "--verbosity=0"], env)
    mark.write_text(now)


def free_port(wanted: int) -> int:
    """The wanted port of the loopback address, or the next one nobody listens on."""
    for port in range(wanted, min(wanted + 200, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise console.Failure(f"No free port between {wanted} and {wanted + 199}.")


def web_command(port: int) -> list[str]:
    """How the web server is started. Threads: an idle browser connection must not hold a whole process."""
    shared_memory = Path("/dev/shm")
    heartbeat = ["--worker-tmp-dir", str(shared_memory)] if shared_memory.is_dir() else []
    return environment.module(
        *("gunicorn", "huiyin.config.wsgi:application"),
        *("--chdir", str(ROOT), "--bind", f"127.0.0.1:{port}"),
        *("--workers", str(WEB_PROCESSES), "--worker-class", "gthread", "--threads", str(THREADS)),
        *("--timeout", "60", "--graceful-timeout", "10", "--keep-alive", "15"),
        *("--log-level", "warning", "--no-control-socket", *heartbeat),
    )


@dataclass
class Service:
    """A program that runs as long as the launcher does: started again when it ends, ever more slowly."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    quick_deaths: int = 0
    started: float = 0.0
    start_at: float = 0.0
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            env=self.env,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is ours: each service gets one orderly SIGTERM
            preexec_fn=console.die_with_parent(signal.SIGTERM),
        )

    def tend(self) -> None:
        """Look after the program once: notice its end, and start it again when its pause is over."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            lived = now - self.started
            self.quick_deaths = 0 if lived > LONG_LIFE_SECONDS else self.quick_deaths + 1
            pause = min(2.0**self.quick_deaths, 30.0)
            console.say(
                f"The {self.name} ended (code {self.process.returncode}, after {lived:.0f} s); "
                f"starting it again in {pause:.0f} s"
            )
            self.process, self.start_at = None, now + pause
        if self.process is None and now >= self.start_at:
            self.start()

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait_stopped(self, until: float) -> None:
        if self.process is not None:
            console.finish(self.process, grace=max(until - time.monotonic(), 0.1))


def _parse(command: str, arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"./run {command}")
    if command == "demo":
        parser.description = (
            "Migrate, load the packs, fill in the demo company, then run the web server and worker."
        )
        parser.add_argument("--no-serve", action="store_true", help="stop after filling in")
    else:
        parser.description = "Migrate, load the packs, then run the web server and the worker."
    parser.add_argument(
        "--port", type=_port, default=FIRST_PORT, help="first port to try (default: %(default)s)"
    )
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"“{text}” is not a port number (1 to 65535)")
    return int(text)


def _manage(arguments: Sequence[str], env: Mapping[str, str]) -> None:
    started = time.monotonic()
    console.say(f"{arguments[0]} …")
    code = console.call(environment.django(*arguments), env=env)
    if code:
        raise console.Failure(f"“{' '.join(arguments)}” failed with code {code}; nothing was started.")
    console.say(f"{arguments[0]}: {time.monotonic() - started:.1f} s")


def static_digest() -> str:
    """A fingerprint of the static files, of the settings that say how to store them, and of the packages."""
    folders = [ROOT / "static", *sorted((ROOT / "huiyin").glob("*/*/static"))]
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    lines = [f"{path}|{path.stat().st_size}|{path.stat().st_mtime_ns}" for path in files]
    lines.append(environment.digest(environment.LOCKS["run"], ROOT / "huiyin" / "config" / "settings.py"))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _serve(wanted: int, env: Mapping[str, str]) -> int:
    port = free_port(wanted)
    if port != wanted:
        console.say(f"Port {wanted} is taken; using {port}.")
    web = Service("web server", web_command(port), env)
    worker = Service("worker", environment.django("worker"), env)
    try:
        web.start()
        worker.start()
        _wait_until_open(web, port)
        console.show(f"\nHuiyin 回音 is open: http://127.0.0.1:{port}/\n")
        _show_accounts(env)
        console.show("Stop with Ctrl-C.")
        while True:
            web.tend()
            worker.tend()
            if web.quick_deaths >= MAX_QUICK_DEATHS:
                raise console.Failure("The web server does not stay up; see its messages above.")
            time.sleep(0.2)
    except console.Interrupted:
        console.say("Stopping …")
        return 0
    finally:
        with console.signals_ignored():
            until = time.monotonic() + STOP_SECONDS
            for service in (web, worker):
                service.ask_to_stop()
            for service in (web, worker):
                service.wait_stopped(until)
        console.say("Stopped.")


def _wait_until_open(web: Service, port: int) -> None:
    """Return when the server answers. Refused when it ends or stays silent."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if web.process is None or web.process.poll() is not None:
            raise console.Failure("The web server did not start; see its messages above.")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", "/")
            status = connection.getresponse().status
        except OSError:
            time.sleep(0.1)
            continue
        finally:
            connection.close()
        if status >= 500:
            console.warn(f"The first page answers with an error ({status})")
        return
    raise console.Failure(f"The web server did not answer within {READY_SECONDS:.0f} s.")


def _show_accounts(env: Mapping[str, str]) -> None:
    """What the demo command wrote down for people to sign in with."""
    path = Path(env["HUIYIN_HOME"]) / ACCOUNTS_FILE
    if env.get("HUIYIN_DEMO") and path.exists():
        console.show(path.read_text().rstrip() + "\n")
