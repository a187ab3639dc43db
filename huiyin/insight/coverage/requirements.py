"""The demands of the handbooks, as they stand in `docs/requirements`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Requirement:
    """One clause: where it stands, whom it binds, what it demands, in the words of the handbook and ours.

    `text` is the demand in English, `zh` in Chinese where somebody has written it down.
    """

    id: str
    document: str
    organisation: str
    post: str
    kind: str
    capability: str
    figure: str
    terms: str
    text: str
    evidence: str
    zh: str = ""


def folder() -> Path:
    """Where requirements, claims and gaps are written down."""
    return Path(settings.ROOT) / "docs" / "requirements"


@cache
def read_requirements(place: Path) -> tuple[Requirement, ...]:
    """All requirements in a folder, by id; none where they are not installed."""
    chinese = read_chinese(place)
    found: dict[str, Requirement] = {}
    for file in sorted(place.glob("seed-*.tsv")):
        for line in file.read_text(encoding="utf-8").splitlines()[1:]:
            cells = line.split("\t")
            if len(cells) == 10:
                found[cells[0]] = replace(Requirement(*cells), zh=chinese.get(cells[0], ""))
    return tuple(found[code] for code in sorted(found))


def read_chinese(place: Path) -> dict[str, str]:
    """By id, the demands in Chinese (`zh.tsv`: id and sentence); none where the file is not there."""
    file = place / "zh.tsv"
    if not file.is_file():
        return {}
    rows = (line.partition("\t") for line in file.read_text(encoding="utf-8").splitlines())
    return {code: text.strip() for code, _tab, text in rows if text.strip()}


def requirements() -> tuple[Requirement, ...]:
    """All requirements that come with the product, by id."""
    return read_requirements(folder())
