"""The entries of pack folders as files, held together as they would be in force, without a database."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from huiyin.engines.packs.drafts import draft, files_of
from huiyin.engines.packs.merging import merge
from huiyin.engines.packs.registry import Item


def shipped_entries(folders: Iterable[Path]) -> list[Item]:
    """All entries that these packs put in force together; ValueError when one of them has a mistake."""
    packs = []
    for folder in folders:
        files, problems = files_of(folder)
        read = draft(folder, files)
        if problems or read.problems or read.pack is None:
            first = next(iter([*problems, *read.problems]), f"{folder}: not a pack")
            raise ValueError(str(first))
        packs.append(read.pack)
    return [item for items in merge(packs).values() for item in items]
