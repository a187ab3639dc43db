"""How large a file may be before it is refused unread."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one import. They keep a hostile file from filling the memory; ordinary files are far
    below.
    """

    file_bytes: int = 32 * MIB
    """Size of the file as it was sent."""
    unpacked_bytes: int = 256 * MIB
    """Size of all parts of a workbook, or of a gzip text, once unpacked."""
    sheets: int = 64
    rows: int = 200_000
    """Rows that hold data; empty ones are not counted."""
    columns: int = 256
    cells: int = 8_000_000
    """Cells of the rectangle around a sheet's values, empty ones included: they are all held in memory."""
    cell_chars: int = 32_767
    """Characters of one cell, which is also what a spreadsheet program can show."""
    text_chars: int = 128_000_000
    """Characters of all cells of a workbook together, shared strings counted each time they are used."""


DEFAULT_LIMITS = Limits()
