"""From a folder to a pack: reading files and holding every entry against the schema of its section."""

from __future__ import annotations

import hashlib
import json
import re
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .merging import Pack
from .problems import Problem, near
from .reading import MAX_BYTES, Node, read
from .registry import LAYERS, Code, Entry, Item, Section, SwitchedOff, Words, section, sections
from .writing import HEAD, Head, digest, raw

MAX_FILES = 100
_PATH_PART = re.compile(r"[^.\[\]]+")


class _Head(BaseModel):
    """The content of pack.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: typing.Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    name: Words
    layer: typing.Literal["base", "industry", "company", "site"]
    requires: list[Code] = Field(default_factory=list, max_length=50)
    version: str = Field(min_length=1, max_length=40)
    site: Code | None = None


@dataclass(slots=True)
class Draft:
    """A pack as it was read, what is wrong with it, and the codes of entries that could not be read."""

    pack: Pack | None = None
    problems: list[Problem] = field(default_factory=list)
    broken: dict[str, set[str]] = field(default_factory=dict)


def requirement_ids() -> frozenset[str] | None:
    """The ids of all known requirements (docs/requirements), or None where they are not installed."""
    folder = Path(settings.ROOT) / "docs" / "requirements"
    files = sorted(folder.glob("*.tsv")) if folder.is_dir() else []
    if not files:
        return None
    ids: set[str] = set()
    for file in files:
        ids.update(line.split("\t", 1)[0] for line in file.read_text(encoding="utf-8").splitlines())
    return frozenset(ids)


def fingerprint(files: Mapping[str, bytes]) -> str:
    """A digest of the files of a pack and of the schemas they are read with."""
    digest = hashlib.sha256()
    for name in sorted(files):
        known = section(name.removesuffix(".yaml"))
        digest.update(f"{name}\0{len(files[name])}\0{known.fingerprint if known else ''}\0".encode())
        digest.update(files[name])
    return digest.hexdigest()


def files_of(folder: Path) -> tuple[dict[str, bytes], list[Problem]]:
    """The files of a pack folder, unread, and what is wrong with the folder itself."""
    head = f"{folder.name}/{HEAD}"
    if not folder.is_dir():
        message = _("There is no pack folder %(name)s.") % {"name": folder.name}
        return {}, [Problem(head, 1, "", message, _("Check the name."))]
    files: dict[str, bytes] = {}
    problems = []
    for path in sorted(folder.iterdir()):
        place = f"{folder.name}/{path.name}"
        mend = ""
        if path.name.startswith("."):
            continue
        if path.is_symlink():
            message, mend = _("Links are not followed."), _("Put the file itself here.")
        elif path.is_dir():
            message, mend = _("Folders inside a pack are not read."), _("Use one file per section.")
        elif path.suffix == ".yml":
            message, mend = _("Files end in .yaml."), _("Rename the file.")
        elif path.suffix == ".yaml" and len(files) < MAX_FILES:
            with path.open("rb") as file:
                files[path.name] = file.read(MAX_BYTES + 1)
        if mend:
            problems.append(Problem(place, 1, "", message, mend))
    if HEAD not in files:
        message = _("The pack has no pack.yaml.")
        problems.append(Problem(head, 1, "", message, _("Write one with code, name, layer, version.")))
    return files, problems


def draft(folder: Path, files: Mapping[str, bytes]) -> Draft:
    """Read the files of a pack folder as far as possible, collecting every mistake."""
    result = Draft()
    if HEAD not in files:
        return result
    known_ids = requirement_ids()
    head, node = _head(folder, files[HEAD], result)
    items: list[Item] = []
    for name, data in sorted(files.items()):
        if name == HEAD:
            continue
        file = f"{folder.name}/{name}"
        known = section(name.removesuffix(".yaml"))
        if known is None:
            result.problems.append(_unknown_section(file, name.removesuffix(".yaml")))
            continue
        if head is not None and head.site and known.apply is not None:
            result.problems.append(Problem(file, 1, "", *not_for_a_site(known)))
        items += _File(known, file, head, known_ids, result).items(data)
    if head is not None:
        told = Head(head.code, head.name, head.layer, head.version, tuple(head.requires), head.site or "")
        result.pack = Pack(
            head.code,
            head.name,
            head.layer,
            head.version,
            digest(told, [raw(item) for item in items]),
            f"{folder.name}/{HEAD}",
            tuple(head.requires),
            head.site or "",
            tuple(items),
            node=node,
            files_digest=fingerprint(files),
        )
    return result


def entry_draft(name: str, data: bytes, *, head: Head, file: str) -> Draft:
    """Read one entry of a section as it stands alone, without a dash before it; `file` is what it is called.

    The entry is the only item of the draft's pack, unless it has a mistake.
    """
    result = Draft()
    known = section(name)
    if known is None:
        result.problems.append(_unknown_section(file, name))
        return result
    own = _Head.model_construct(code=head.code, layer=head.layer, version=head.version)
    reader = _File(known, file, own, requirement_ids(), result)
    item = reader.single(data)
    if item is not None and not result.problems:
        result.pack = Pack(
            head.code, head.name, head.layer, head.version, "", file, head.requires, head.site, (item,)
        )
    return result


def _head(folder: Path, data: bytes, result: Draft) -> tuple[_Head | None, Node | None]:
    file = f"{folder.name}/{HEAD}"
    node, flaws = read(data)
    result.problems += [Problem(file, flaw.line, "", flaw.message, flaw.mend) for flaw in flaws]
    if node is None:
        return None, None
    if node.kind != "map":
        message = _("pack.yaml must be a mapping.")
        mend = _("Write code, name, layer, requires and version, each on its line.")
        result.problems.append(Problem(file, node.line, "", message, mend))
        return None, node
    try:
        head = _Head.model_validate_json(json.dumps(node.plain()), strict=True)
    except ValidationError as error:
        result.problems += explained(error, _Head, node, file, "")
        return None, node
    if head.code != folder.name:
        message = _("The code %(code)s differs from the name of the folder.") % {"code": head.code}
        result.problems.append(Problem(file, node.line_of("code"), "", message, _("Make them the same.")))
    if (head.layer == "site") != (head.site is not None):
        message = _("A pack of the site layer, and no other, names its site.")
        mend = _("Add or delete the key “site” with the code of the site.")
        result.problems.append(Problem(file, node.line_of("site"), "", message, mend))
    return head, node


def not_for_a_site(known: Section) -> tuple[str, str]:
    """What is said of a section that cannot stand in a pack of one site, and what helps."""
    message = _("The section %(name)s is for the whole organisation.") % {"name": known.name}
    return message, _("Put it into a pack of the company layer.")


def _unknown_section(file: str, name: str) -> Problem:
    names = [known.name for known in sections()]
    message = _("There is no section %(name)s.") % {"name": name}
    mend = _("Known sections: %(names)s.") % {"names": ", ".join(names)}
    return Problem(file, 1, "", message, near(name, names) + mend)


class _File:
    """The entries of one section file."""

    def __init__(
        self, known: Section, file: str, head: _Head | None, ids: frozenset[str] | None, result: Draft
    ) -> None:
        self.section, self.file, self.head, self.ids, self.result = known, file, head, ids, result
        self.lines: dict[str, int] = {}

    def items(self, data: bytes) -> Iterator[Item]:
        """Every entry that could be read; the mistakes of all others go to the draft."""
        node, flaws = read(data)
        for flaw in flaws:
            self._problem(flaw.line, "", flaw.message, flaw.mend)
        if node is None:
            return
        if node.kind == "map":
            for key, (line, _value) in node.fields.items():
                if key != "entries":
                    mend = _("Put it under “entries” as a list; each entry begins with “- code:”.")
                    self._problem(line, "", _("The key “%(key)s” is not known here.") % {"key": key}, mend)
            node = node.fields["entries"][1] if "entries" in node.fields else None
        if node is None or node.kind != "list":
            if node is not None:
                mend = _("Begin each entry with “- code:”.")
                self._problem(node.line, "", _("A section is a list of entries."), mend)
            return
        yield from self._list(node, "", 0)

    def single(self, data: bytes) -> Item | None:
        """The one entry of a text that is no list, if it can be read; its mistakes go to the draft."""
        node, flaws = read(data)
        for flaw in flaws:
            self._problem(flaw.line, "", flaw.message, flaw.mend)
        if node is None:
            return None
        if node.kind != "map":
            mend = _("Begin with “code:” and write each key on its line.")
            self._problem(node.line, "", _("An entry is a mapping."), mend)
            return None
        return self._entry(node, "")

    def _list(self, node: Node, parent: str, depth: int) -> Iterator[Item]:
        for entry in node.items:
            if entry.kind != "map":
                mend = _("Begin it with “- code:” and indent its keys alike.")
                self._problem(entry.line, "", _("An entry is a mapping."), mend)
                continue
            children = entry.fields.get("children") if self.section.nested else None
            item = self._entry(entry, parent)
            if item is not None:
                yield item
            if children is None:
                continue
            if children[1].kind != "list":
                mend = _("Begin each entry with “- code:”.")
                self._problem(children[0], "", _("“children” is a list of entries."), mend)
                continue
            code = entry.fields["code"][1].value if "code" in entry.fields else ""
            yield from self._list(children[1], str(code), depth + 1)

    def _entry(self, node: Node, parent: str) -> Item | None:
        data = node.plain()
        if self.section.nested:
            data.pop("children", None)
            stated = data.pop("parent", "") if not parent else ""
            parent = parent or (stated if isinstance(stated, str) else "")
        code = data.get("code")
        label = code if isinstance(code, str) else ""
        if label in self.lines:
            message = _("The code stands twice, first in line %(line)s.") % {"line": self.lines[label]}
            self._problem(node.line_of("code"), label, message, _("Change or delete one of them."))
        elif label:
            self.lines[label] = node.line
        switched_off = data.get("disabled") is True
        model: type[Entry | SwitchedOff] = SwitchedOff if switched_off else self.section.entry
        try:
            value = model.model_validate_json(json.dumps(data), strict=True)
        except ValidationError as error:
            self.result.problems += explained(error, model, node, self.file, label)
            self.result.broken.setdefault(self.section.name, set()).add(label)
            return None
        self._check_source(value, node)
        head = self.head
        return Item(
            self.section.name,
            value.code,
            value,
            head.code if head else "",
            head.layer if head else LAYERS[0],
            head.version if head else "",
            self.file,
            node.line,
            parent,
            node=node,
        )

    def _check_source(self, value: Any, node: Node) -> None:
        if self.section.sourced and not value.source and not value.disabled:
            own = self.head is not None and self.head.layer in ("company", "site")
            if not (own and value.clause):
                message = _("The entry does not say where it comes from.")
                mend = _("Add “source” with requirement ids, in a company's own pack at least “clause”.")
                self._problem(node.line_of("source"), value.code, message, mend)
        for position, one in enumerate(value.source):
            line = node.line_of("source", position)
            if self.ids is not None and one not in self.ids:
                message = _("There is no requirement %(id)s.") % {"id": one}
                mend = near(one, self.ids) + _("The ids stand in docs/requirements.")
                self._problem(line, value.code, message, mend)
            if one in value.source[:position]:
                message = _("The requirement %(id)s stands twice.") % {"id": one}
                self._problem(line, value.code, message, _("Delete one of them."))

    def _problem(self, line: int, entry: str, message: str, mend: str) -> None:
        self.result.problems.append(Problem(self.file, line, entry, message, mend))


def explained(
    error: ValidationError, model: type[BaseModel], node: Node, file: str, entry: str
) -> Iterator[Problem]:
    """The mistakes a schema found, each at the line of the value, with what would be right."""
    for one in error.errors(include_url=False):
        path = tuple(one["loc"])
        cause = one.get("ctx", {}).get("error")
        inner = getattr(cause, "key", "")
        if isinstance(inner, str):
            path += tuple(int(p) if p.isdigit() else p for p in _PATH_PART.findall(inner))
        message, mend = _in_words(one, model, path)
        yield Problem(file, node.line_of(*path), entry, message, mend)


def _in_words(one: Any, model: type[BaseModel], path: tuple[Any, ...]) -> tuple[str, str]:
    kind, context = one["type"], one.get("ctx", {})
    name = ".".join(str(part) for part in path)
    shown = {
        "name": name,
        "value": _short(one["input"]),
        **{k: v for k, v in context.items() if k != "error"},
    }
    if kind == "missing":
        return _("“%(name)s” is missing.") % shown, _("Add it.")
    if kind == "extra_forbidden":
        known = _keys_at(model, path[:-1])
        listed = _("Known keys: %(keys)s.") % {"keys": ", ".join(known)} if known else ""
        return _("The key “%(name)s” is not known here.") % shown, near(str(path[-1]), known) + listed
    if kind == "value_error":
        cause = context.get("error")
        words = getattr(cause, "message", None)
        if words is not None and isinstance(getattr(cause, "params", None), Mapping):
            text = f"“{name}” " + _(words) % cause.params
        else:
            text = f"“{name}”: {cause}" if name else str(cause)
        return text.rstrip(".") + ".", _("Correct it.")
    for prefix, message, mend in _WORDS:
        if kind.startswith(prefix):
            return _("“%(name)s” cannot be %(value)s.") % shown + _sentence(message, shown), _(mend) % shown
    return _("“%(name)s” cannot be %(value)s.") % shown, str(one["msg"])


def _sentence(message: str, shown: Mapping[str, Any]) -> str:
    return " " + _(message) % shown if message else ""


_WORDS: tuple[tuple[str, str, str], ...] = (
    ("string_too_short", "", gettext_noop("Write at least %(min_length)s characters.")),
    (
        "string_too_long",
        gettext_noop("It is too long."),
        gettext_noop("Write at most %(max_length)s characters."),
    ),
    (
        "string_pattern",
        gettext_noop("It does not have the form %(pattern)s."),
        gettext_noop("Write it in that form."),
    ),
    ("string", "", gettext_noop("Write a text; put numbers and codes into quotes.")),
    ("bool", "", gettext_noop("Write true or false, without quotes.")),
    ("int", "", gettext_noop("Write a whole number, without quotes.")),
    ("float", "", gettext_noop("Write a number, without quotes.")),
    ("list", "", gettext_noop("Write a list: [one, two], or each on its line after a dash.")),
    ("model", "", gettext_noop("Write a mapping: keys with their values, indented.")),
    ("dict", "", gettext_noop("Write a mapping: keys with their values, indented.")),
    ("literal", "", gettext_noop("Possible values: %(expected)s.")),
    ("enum", "", gettext_noop("Possible values: %(expected)s.")),
    ("greater_than_equal", "", gettext_noop("It must be at least %(ge)s.")),
    ("greater_than", "", gettext_noop("It must be more than %(gt)s.")),
    ("less_than_equal", "", gettext_noop("It must be at most %(le)s.")),
    ("less_than", "", gettext_noop("It must be less than %(lt)s.")),
    ("too_short", "", gettext_noop("Write at least %(min_length)s.")),
    ("too_long", "", gettext_noop("Write at most %(max_length)s.")),
    ("date", "", gettext_noop("Write a date as YYYY-MM-DD.")),
    ("time", "", gettext_noop("Write a time as HH:MM, in quotes.")),
)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
    if isinstance(value, Mapping | list):
        return _("a list") if isinstance(value, list) else _("a mapping")
    if value is None:
        return _("empty")
    return f"“{text[:60]}”"


def _keys_at(model: type[BaseModel], path: tuple[Any, ...]) -> list[str]:
    """The keys that a schema knows at a place, as far as it can be followed."""
    here: Any = model
    for part in path:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field_ = here.model_fields.get(str(part))
            here = field_.annotation if field_ else None
        here = _model_in(here)
    if isinstance(here, type) and issubclass(here, BaseModel):
        return [info.alias or name for name, info in here.model_fields.items()]
    return []


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in typing.get_args(annotation):
        found = _model_in(part)
        if found is not None:
            return found
    return None
