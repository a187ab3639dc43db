"""What the operating system offers for tests, and getting it from Debian's packages where that is allowed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import console

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PDF_LIBRARIES = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0")


@dataclass(frozen=True)
class Need:
    """Something a machine may lack: what it is for, Debian's packages, and how to see that it is there."""

    what: str
    packages: tuple[str, ...]
    present: Callable[[], bool]


def in_ci() -> bool:
    """True where nothing may be skipped."""
    return bool(os.environ.get("CI"))


def chromium() -> str | None:
    """The path of a Chromium or Chrome, or None."""
    return next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


def postgres_folders() -> list[Path]:
    """Folders that hold `initdb` and `postgres`, newest version first."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    folders += [Path("/usr/local/pgsql/bin"), Path("/opt/homebrew/bin")]
    return [folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()]


def provide(names: Iterable[str]) -> list[str]:
    """Install what is missing, if the machine lets us; returns what is still missing, in words."""
    missing = [NEEDS[name] for name in names if not NEEDS[name].present()]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        packages = [package for need in missing for package in need.packages]
        problem = _apt_install(packages)
        if problem:
            console.say(problem)
    return [need.what for need in missing if not need.present()]


def _version(folder: Path) -> float:
    try:
        return float(folder.parent.name)
    except ValueError:
        return 0.0


def _apt_install(packages: Sequence[str]) -> str | None:
    console.say(f"Installing {' '.join(packages)} …")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    wait = ["-o", "DPkg::Lock::Timeout=300"]
    problem = console.call_with_retry("apt-get update", ["apt-get", "update", "-q", *wait], env=env)
    if problem:
        return problem
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *wait, *packages]
    return console.call_with_retry("apt-get install", command, env=env)


def _has_program(*names: str) -> Callable[[], bool]:
    return lambda: any(shutil.which(name) for name in names)


def _has_chinese_font() -> bool:
    if not shutil.which("fc-list"):
        return False
    found = subprocess.run(["fc-list", ":lang=zh-cn", "family"], capture_output=True, check=False)
    return bool(found.stdout.strip())


def _has_libraries(*names: str) -> Callable[[], bool]:
    """Only Linux is looked at: elsewhere libraries come with the programs."""
    folders = [Path("/lib"), Path("/usr/lib"), Path("/usr/lib64"), *Path("/usr/lib").glob("*-linux-*")]
    return lambda: (
        sys.platform != "linux" or all(any((folder / name).exists() for folder in folders) for name in names)
    )


def _has_ensurepip() -> bool:
    return (
        subprocess.run(
            [sys.executable, "-c", "import ensurepip"], capture_output=True, check=False
        ).returncode
        == 0
    )


NEEDS = {
    "venv": Need("Python environments", ("python3-venv",), _has_ensurepip),
    "chromium": Need("a browser (chromium)", ("chromium",), _has_program(*CHROMIUM_NAMES)),
    "driver": Need("libatomic, for the browser's driver", ("libatomic1",), _has_libraries("libatomic.so.1")),
    "fonts": Need("a Chinese font", ("fonts-noto-cjk", "fontconfig"), _has_chinese_font),
    "postgres": Need("a PostgreSQL server", ("postgresql",), lambda: bool(postgres_folders())),
    "pango": Need(
        "Pango, for PDF",
        ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"),
        _has_libraries(*PDF_LIBRARIES),
    ),
    "poppler": Need("poppler, to read PDFs", ("poppler-utils",), _has_program("pdffonts")),
    "gettext": Need("gettext", ("gettext",), _has_program("msgfmt")),
}


if __name__ == "__main__":
    console.stop_on_signals()
    for lacking in provide(NEEDS):
        console.warn(f"This machine lacks {lacking}")
