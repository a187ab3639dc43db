"""Where contents lie: in the data folder, each named by its SHA-256 digest.

A content is complete on the disk before any record names it. Contents that no record names are
taken away by `sweep`; a lock per folder lets it never take what an upload is just counting on.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from .limits import KEEP_UNUSED_SECONDS

THUMBNAIL = ".thumb"
_INCOMING = "incoming"
FOLDERS = 256


def folder_name(number: int) -> str:
    """The name of one of the folders that contents are spread over."""
    return f"{number % FOLDERS:02x}"


def path_of(digest: str, *, thumbnail: bool = False) -> Path:
    """Where a content lies."""
    return Path(settings.FILES) / digest[:2] / (digest + (THUMBNAIL if thumbnail else ""))


def opened(digest: str, *, thumbnail: bool = False) -> BinaryIO:
    """A content for reading. Refused (FileNotFoundError) when it is not there."""
    return path_of(digest, thumbnail=thumbnail).open("rb")


@contextmanager
def workbench() -> Iterator[Path]:
    """A folder for one upload under way, on the same disk as the contents."""
    incoming = Path(settings.FILES) / _INCOMING
    incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=incoming))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def place(ready: Path, digest: str, *, thumbnail: Path | None = None) -> None:
    """Put a finished content (and its thumbnail) where it belongs; one that lies there already is kept.

    From now on it is safe from `sweep` for as long as an unused content is kept.
    """
    folder = path_of(digest).parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for source in (ready, thumbnail):
        if source is not None:
            _to_disk(source)
    with _locked(folder):
        if thumbnail is not None:
            thumbnail.replace(path_of(digest, thumbnail=True))
        ready.replace(path_of(digest))
        # A content that came a second time must look as young as one that came now.
        for path in (path_of(digest), path_of(digest, thumbnail=True)):
            if path.exists():
                os.utime(path)
    _to_disk(folder)


def sweep(number: int, in_use: Callable[[set[str]], set[str]]) -> int:
    """Take away the old contents of one folder that no record names; returns how many files went.

    `in_use` says which of some digests are named; it is asked while no upload can begin to count on
    a content of this folder.
    """
    folder = Path(settings.FILES) / folder_name(number)
    # The disk's clock counts here, not the moment of the business.
    oldest = time.time() - KEEP_UNUSED_SECONDS
    if not folder.is_dir() or not _old_digests(folder, oldest):
        return 0
    gone = 0
    with _locked(folder):
        old = _old_digests(folder, oldest)
        for digest in old - in_use(old):
            for path in (path_of(digest), path_of(digest, thumbnail=True)):
                if path.exists():
                    path.unlink()
                    gone += 1
    return gone


def clear_workbenches() -> int:
    """Take away what killed uploads left half done; returns how many."""
    incoming = Path(settings.FILES) / _INCOMING
    gone = 0
    for folder in incoming.glob("*") if incoming.is_dir() else ():
        if folder.stat().st_mtime < time.time() - KEEP_UNUSED_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
    return gone


def _old_digests(folder: Path, oldest: float) -> set[str]:
    """The digests in a folder of which no file is younger than `oldest` (seconds since 1970)."""
    youngest: dict[str, float] = {}
    for entry in os.scandir(folder):
        digest = entry.name.removesuffix(THUMBNAIL)
        if len(digest) == 64:
            youngest[digest] = max(youngest.get(digest, 0.0), entry.stat().st_mtime)
    return {digest for digest, touched in youngest.items() if touched < oldest}


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Alone with a folder, among all processes."""
    with (folder / ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _to_disk(path: Path) -> None:
    """Survive a loss of power from here on."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
