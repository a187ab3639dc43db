"""What is said to keep requirements, and why some are not kept yet: `docs/requirements/*.yaml`."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from django.conf import settings
from pydantic import BaseModel, ConfigDict, Field

from huiyin.engines.packs.registry import Code, Note, RequirementId, Words

from .requirements import folder

Test = Annotated[str, Field(pattern=r"^[a-z0-9_/]+\.py::test_[a-z0-9_]+$")]
Ids = Annotated[list[RequirementId], Field(max_length=3000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Proof(_Strict):
    """A section of packs whose every entry is exercised by `test`.

    An entry keeps those of the requirements it names that are of one of these `kinds`, or listed in `also`:
    what an entry can do does not go beyond what its section is for.
    """

    section: str
    test: Test
    kinds: list[str] = []
    also: Ids = []


class Feature(_Strict):
    """Named working of the product that keeps requirements; `screen` is the name of its address."""

    code: Code
    name: Words
    tests: Annotated[list[Test], Field(min_length=1)]
    ids: Annotated[Ids, Field(min_length=1)]
    screen: str = ""


class Gap(_Strict):
    """Why requirements are open: those listed, and those of the organisation, capabilities and kinds named.

    `partly`: entries of packs name them and do part of what they demand.
    """

    code: Code
    reason: Note
    ids: Ids = []
    organisation: str = ""
    capability: list[str] = []
    kind: list[str] = []
    partly: bool = False


class Claims(_Strict):
    """All that is claimed and all that is known to be missing."""

    proofs: tuple[Proof, ...] = ()
    features: tuple[Feature, ...] = ()
    gaps: tuple[Gap, ...] = ()


def read_claims(place: Path) -> Claims:
    """The claims written in a folder: `sections.yaml`, `features.yaml`, `open.yaml`. ValueError on mistakes."""
    return Claims(
        proofs=tuple(Proof.model_validate(one) for one in _rows(place / "sections.yaml")),
        features=tuple(Feature.model_validate(one) for one in _rows(place / "features.yaml")),
        gaps=tuple(Gap.model_validate(one) for one in _rows(place / "open.yaml")),
    )


def _rows(file: Path) -> list[Any]:
    if not file.is_file():
        return []
    return yaml.safe_load(file.read_text(encoding="utf-8")) or []


@cache
def claims() -> Claims:
    """The claims that come with the product."""
    return read_claims(folder())


def stands(test: str, root: Path | None = None) -> bool:
    """Whether the file of a test has a test function of that name (`path::function`)."""
    path, _mark, name = test.partition("::")
    return name in _tests_in((root or Path(settings.ROOT)) / path)


@cache
def _tests_in(file: Path) -> frozenset[str]:
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
