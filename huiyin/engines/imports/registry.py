"""What can be imported: presets, declared by the apps that make something of the rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .layouts import LAYOUTS, Layout

Take = Callable[..., str]
"""`take(site, values, *, by) -> "created" | "unchanged"`; raises `Refused` with the column in `field`."""
TakeAll = Callable[..., list[str]]
"""`take_all(site, rows, *, by)` for sheets that make sense only as a whole: one outcome per row."""
Open = Callable[..., Any]
"""`open(site, *, by)` begins a session: `take(rows)` tries rows and gives an outcome or `Refused` for each,
`write()` records what they brought. Many times quicker than `take` for long sheets."""


@dataclass(frozen=True, slots=True)
class Preset:
    """One kind of sheet that can be imported: its layout, who may, and what is made of a row."""

    name: str
    label: Any
    permission: str
    take: Take | None = None
    take_all: TakeAll | None = None
    open: Open | None = None
    layout_name: str = ""

    @property
    def layout(self) -> Layout:
        """How such a sheet looks."""
        return LAYOUTS[self.layout_name or self.name]


_presets: dict[str, Preset] = {}


def declare(*presets: Preset) -> None:
    """Make presets known. Refused (ValueError) when one has no way to take rows."""
    for preset in presets:
        if sum(way is not None for way in (preset.take, preset.take_all, preset.open)) != 1:
            raise ValueError(f"the preset {preset.name} needs one of take, take_all and open")
        _presets[preset.name] = preset


def presets() -> Mapping[str, Preset]:
    """All presets by name."""
    return dict(sorted(_presets.items()))
