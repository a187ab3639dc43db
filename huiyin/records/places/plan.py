"""Plans: the rooms of a building as floors and columns, the spaces of a car park as a field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from huiyin.base.kit.panels import Mark
from huiyin.base.kit.rows import sort_of

from .models import Place

_BASEMENT = re.compile(r"B([0-9]+)")
_SPLIT = re.compile(r"([A-Z]*)([0-9]{1,3}?)([0-9]{2}[A-Z]?)")
"""A room number: a letter perhaps, the floor, and two digits that tell the rooms of a floor apart."""


@dataclass(frozen=True)
class Cell:
    """One room on a plan."""

    place: Place
    marks: list[Mark]


@dataclass(frozen=True)
class Entrance:
    """The columns of one entrance: how the rooms of a floor are told apart there."""

    unit: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Floor:
    """One floor: for every entrance the cells of its columns, empty where there is no room."""

    name: str
    entrances: list[list[list[Cell]]]


@dataclass
class Plan:
    """The rooms of a building, the topmost floor first."""

    entrances: list[Entrance] = field(default_factory=list)
    floors: list[Floor] = field(default_factory=list)
    rooms: int = 0

    @property
    def width(self) -> int:
        """How many columns it has."""
        return sum(len(one.columns) for one in self.entrances)

    @property
    def divided(self) -> bool:
        """Whether there are several entrances."""
        return len(self.entrances) > 1


def floor_and_column(room: Place) -> tuple[str, str]:
    """The floor of a room, as recorded or as its number says, and what tells it apart on the floor."""
    number = room.room or room.code
    if room.floor and number.startswith(room.floor) and len(number) > len(room.floor):
        return room.floor, number[len(room.floor) :]
    found = _SPLIT.fullmatch(number)
    if found is None:
        return room.floor, number
    said = f"{found[1]}{found[2]}"
    return room.floor or said, found[3] if not room.floor or room.floor == said else number


def height(floor: str) -> tuple[int, str]:
    """Floors from the lowest up; what cannot be read stands below all."""
    basement = _BASEMENT.fullmatch(floor)
    if basement is not None:
        return -int(basement[1]), floor
    return (int(floor), floor) if floor.isdigit() else (-1000, floor)


def plan_of(rooms: Iterable[Place], marks: Mapping[int, list[Mark]]) -> Plan:
    """The plan of the rooms of one building (or one entrance of it)."""
    where: dict[tuple[str, str, str], list[Cell]] = {}
    columns: dict[str, set[str]] = {}
    floors: set[str] = set()
    count = 0
    for room in rooms:
        floor, column = floor_and_column(room)
        where.setdefault((floor, room.unit, column), []).append(Cell(room, marks.get(room.pk, [])))
        columns.setdefault(room.unit, set()).add(column)
        floors.add(floor)
        count += 1
    entrances = [
        Entrance(unit, tuple(sorted(columns[unit], key=sort_of))) for unit in sorted(columns, key=sort_of)
    ]
    rows = [
        Floor(
            floor,
            [[where.get((floor, one.unit, column), []) for column in one.columns] for one in entrances],
        )
        for floor in sorted(floors, key=height, reverse=True)
    ]
    return Plan(entrances, rows, count)
