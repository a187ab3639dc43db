"""`./run check`: everything that can be said about the code without running the tests."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tools import console, environment

ROOT = console.ROOT
BIN = environment.VENV / "bin"
SKIPPED_FOLDERS = {".git", ".venv", "node_modules", "var", "staticfiles"}

Step = Callable[[], str | None]


def main(_command: str, arguments: Sequence[str]) -> int:
    """Run every step, also after a failed one; returns 0 when all are content."""
    if arguments:
        console.show(
            "usage: ./run check   (format, lint, types, imports, migrations, templates, translations, files)"
        )
        return 0 if arguments[0] in ("-h", "--help") else 2
    environment.ensure("dev")
    env = console.django_environment()
    templates = sorted(ROOT.glob("huiyin/**/templates"))
    steps: list[tuple[str, Step]] = [
        ("format", _program(BIN / "ruff", "format", "--check", ".")),
        ("lint", _program(BIN / "ruff", "check", ".")),
        ("types", _program(BIN / "mypy", env=env)),
        ("imports", _program(BIN / "lint-imports", "--no-logo", env=env)),
        ("django", _manage(env, "check", "--fail-level", "WARNING")),
        ("migrations", _manage(env, "makemigrations", "--check", "--dry-run")),
        ("template format", _on_templates(templates, BIN / "djangofmt", "--check")),
        ("template lint", _on_templates(templates, BIN / "djlint", "--lint", "--quiet")),
        ("translations", lambda: _translations(env)),
        ("lock files", _lock_files),
        ("paths", _machine_paths),
    ]
    results = [(name, *_timed(name, step)) for name, step in steps]
    failed = [name for name, problem, _ in results if problem is not None]
    console.show("")
    for name, problem, seconds in results:
        console.show(f"{'ok    ' if problem is None else 'FAILED'} {name:<16} {seconds:6.1f} s")
    console.show(f"check: {len(results) - len(failed)} ok, {len(failed)} failed")
    return 1 if failed else 0


def _timed(name: str, step: Step) -> tuple[str | None, float]:
    started = time.monotonic()
    problem = step()
    if problem is not None:
        console.show(f"\n--- {name} ---\n{problem}")
    return problem, time.monotonic() - started


def _program(*command: str | Path, env: dict[str, str] | None = None) -> Step:
    def step() -> str | None:
        code, output = console.call_quietly(command, env=env, cwd=ROOT)
        return None if code == 0 else output or f"code {code}"

    return step


def _manage(env: dict[str, str], *arguments: str) -> Step:
    return _program(*environment.django(*arguments), env=env)


def _on_templates(folders: Sequence[Path], *command: str | Path) -> Step:
    files = [path for folder in folders for path in sorted(folder.rglob("*.html"))]
    return _program(*command, *files) if files else lambda: None


def _translations(env: dict[str, str]) -> str | None:
    """The command is a part of the product; before it exists there is nothing to check."""
    if not list(ROOT.glob("huiyin/**/management/commands/check_translations.py")):
        return None
    return _manage(env, "check_translations")()


def _lock_files() -> str | None:
    """Hashes pin the packages; an address would pin the place they once came from."""
    problems = []
    for path in (*environment.LOCKS.values(), ROOT / "package-lock.json"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if "://" in line:
                problems.append(f"{path.name}:{number}: names an address: {line.strip()}")
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    problems += [
        f"package-lock.json: {name} has no integrity hash"
        for name, package in packages.items()
        if name and "integrity" not in package
    ]
    return "\n".join(problems) or None


def _machine_paths() -> str | None:
    """No file may know where one machine keeps the repository or its neighbours."""
    paths = {str(ROOT), str(ROOT.parent / "shared")}
    if Path.home() not in (Path("/"), Path("/root")):
        paths.add(str(Path.home()))
    known = re.compile("|".join(re.escape(path) + r"\b" for path in sorted(paths)).encode())
    problems = []
    for path in _files():
        content = path.read_bytes()
        if b"\0" in content[:8000]:
            continue
        for number, line in enumerate(content.splitlines(), 1):
            if known.search(line):
                problems.append(
                    f"{path.relative_to(ROOT)}:{number}: {line.decode(errors='replace').strip()[:160]}"
                )
    return "\n".join(problems) or None


def _files() -> list[Path]:
    """What belongs, or could soon belong, to the repository."""
    if shutil.which("git") and (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=False
        )
        if listed.returncode == 0:
            return [
                path
                for name in listed.stdout.decode().split("\0")
                if name and (path := ROOT / name).is_file()
            ]
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not SKIPPED_FOLDERS.intersection(path.relative_to(ROOT).parts)
    ]
