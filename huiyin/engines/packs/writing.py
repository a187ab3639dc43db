"""From packs back to YAML: files that, when read, say exactly the same again.

Comments of the original files are not kept; the order of the entries, clauses and requirement ids are.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .registry import Item, Words, section

HEAD = "pack.yaml"
DEEPEST = 8
"""How many entries are written one inside the other; beyond, `parent` names the one above."""
WIDTH = 100
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_DUMPER):
    """Writes what `reading` reads: numbers without an exponent, no aliases."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _plain_number(dumper: Any, value: float) -> Any:
    text = repr(value)
    if "e" in text or "E" in text:
        text = f"{value:.17f}".rstrip("0")
        text = f"{text}0" if text.endswith(".") else text
    return dumper.represent_scalar("tag:yaml.org,2002:float", text)


_Dumper.add_representer(float, _plain_number)


@dataclass(frozen=True, slots=True)
class Raw:
    """An entry as plain data: section, code, the code above it, its keys and values."""

    section: str
    code: str
    parent: str
    data: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str]:
        """What names it within a pack."""
        return self.section, self.code


@dataclass(frozen=True, slots=True)
class Head:
    """What stands in pack.yaml."""

    code: str
    name: Words
    layer: str
    version: str
    requires: tuple[str, ...] = ()
    site: str = ""


def raw(item: Item) -> Raw:
    """An entry as plain data."""
    return Raw(item.section, item.code, item.parent, item.data)


def in_files(entries: Iterable[Raw]) -> list[Raw]:
    """Entries in the order in which files hold them: by section, else as they are."""
    return sorted(entries, key=lambda one: f"{one.section}.yaml")


def patched(entries: Iterable[Raw], changes: Mapping[tuple[str, str], Raw | None]) -> list[Raw]:
    """Entries with some replaced in their place, taken out (None), or added at the end of their section."""
    left = dict(changes)
    kept = []
    for one in entries:
        new = left.pop(one.key, one)
        if new is not None:
            kept.append(new)
    return in_files([*kept, *(one for one in left.values() if one is not None)])


def digest(head: Head, entries: Iterable[Raw]) -> str:
    """The same for two packs exactly when they say the same, whatever their files look like."""
    content = [
        _head_data(head),
        [[one.section, one.code, one.parent, one.data] for one in in_files(entries)],
    ]
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def files(head: Head, entries: Sequence[Raw]) -> dict[str, bytes]:
    """The files of a pack folder, by name."""
    by_section: dict[str, list[Raw]] = {}
    for one in in_files(entries):
        by_section.setdefault(one.section, []).append(one)
    made = {HEAD: _dump(_head_data(head))}
    for name, rows in by_section.items():
        known = section(name)
        nested = known is not None and known.nested
        made[f"{name}.yaml"] = _dump(_tree(rows) if nested else [_keys(row) for row in rows])
    return {name: text.encode() for name, text in made.items()}


def entry_text(data: Mapping[str, Any], parent: str = "") -> str:
    """One entry as text, as it stands in a file without the dash before it."""
    return _dump(_keys(Raw("", str(data.get("code", "")), parent, data)))


def write_folder(folder: Path, content: Mapping[str, bytes]) -> None:
    """Write the files of a pack into a folder, which is made; sections that it no longer has are deleted."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.yaml"):
        if old.name not in content:
            old.unlink()
    for name, data in content.items():
        (folder / name).write_bytes(data)


def zipped(folders: Mapping[str, Mapping[str, bytes]]) -> bytes:
    """Pack folders as one archive; the same packs give the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder, content in folders.items():
            for name, data in content.items():
                archive.writestr(zipfile.ZipInfo(f"{folder}/{name}"), data, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _head_data(head: Head) -> dict[str, Any]:
    data: dict[str, Any] = {
        "code": head.code,
        "name": head.name.model_dump(exclude_defaults=True),
        "layer": head.layer,
    }
    if head.requires:
        data["requires"] = list(head.requires)
    data["version"] = head.version
    if head.site:
        data["site"] = head.site
    return data


def _keys(row: Raw) -> dict[str, Any]:
    data = dict(row.data)
    if not row.parent:
        return data
    code = data.pop("code", row.code)
    return {"code": code, "parent": row.parent, **data}


def _tree(rows: Sequence[Raw]) -> list[dict[str, Any]]:
    """Entries under those they follow; where the one above stands elsewhere, `parent` names it."""
    top: list[dict[str, Any]] = []
    path: list[tuple[str, dict[str, Any]]] = []
    for row in rows:
        while path and path[-1][0] != row.parent:
            path.pop()
        if path and len(path) < DEEPEST:
            data = dict(row.data)
            path[-1][1].setdefault("children", []).append(data)
        else:
            data = _keys(row)
            path.clear()
            top.append(data)
        path.append((row.code, data))
    return top


def _dump(value: Any) -> str:
    text: str = yaml.dump(
        value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=WIDTH, default_flow_style=None
    )
    return text
