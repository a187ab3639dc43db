"""The entries of pack folders as files, held together as they would be in force, without a database."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from huiyin.engines.packs.drafts import draft, files_of
from huiyin.engines.packs.merging import in_order
from huiyin.engines.packs.registry import Item


def shipped_entries(folders: Iterable[Path]) -> list[Item]:
    """All entries that these packs put in force together, those of answers not chosen included.

    A site may choose the other answer at any time, and the tests try both. ValueError when a pack has a mistake.
    """
    packs = []
    for folder in folders:
        files, problems = files_of(folder)
        read = draft(folder, files)
        if problems or read.problems or read.pack is None:
            first = next(iter([*problems, *read.problems]), f"{folder}: not a pack")
            raise ValueError(str(first))
        packs.append(read.pack)
    found: dict[tuple[str, str], Item] = {}
    for pack in in_order(packs):
        for item in pack.items:
            found.pop((item.section, item.code), None)
            if not item.disabled:
                found[item.section, item.code] = item
    return list(found.values())
