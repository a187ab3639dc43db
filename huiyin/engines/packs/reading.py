"""YAML with positions: every value knows its line, and nothing in a file can hurt.

Plain text of packs only: no tags, no merge keys, no second document. Plain scalars are read as YAML 1.2
does (`no`, `on`, `12:30`, `001-090` and dates stay text; only `true` and `false` are truth values). Size,
depth and the number of values after expanding aliases are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml
from django.utils.translation import gettext as _

MAX_BYTES = 2_000_000
MAX_DEPTH = 24
MAX_VALUES = 200_000

Scalar = str | int | float | bool | None

_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
_INDENT_TAB = re.compile(r"^[ -]*\t", re.MULTILINE)
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_CONSTANTS: dict[str, Scalar] = {"": None, "~": None, "null": None, "true": True, "false": False}
# What was opened and not closed is named by the line where it began.
_BRACKETS = ("while parsing a flow sequence", "while parsing a flow mapping")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that cannot be read: line, what is wrong, how to mend it."""

    line: int
    message: str
    mend: str


class Unreadable(Exception):
    """The rest of the file cannot be read."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.message)
        self.flaw = flaw


@dataclass(slots=True)
class Node:
    """One value of a file: a scalar, a list or a mapping, with the line it begins on (from 1).

    `size` and `height` count what stands in it after aliases are expanded.
    """

    line: int
    kind: Literal["value", "list", "map"] = "value"
    value: Scalar = None
    items: list[Node] = field(default_factory=list)
    fields: dict[str, tuple[int, Node]] = field(default_factory=dict)
    size: int = 1
    height: int = 1

    def plain(self) -> Any:
        """The value as lists, dictionaries and scalars."""
        if self.kind == "list":
            return [item.plain() for item in self.items]
        if self.kind == "map":
            return {key: node.plain() for key, (_line, node) in self.fields.items()}
        return self.value

    def line_of(self, *path: str | int) -> int:
        """The line of what the path of keys and positions leads to, or of the last part that is there."""
        node, line = self, self.line
        for step in path:
            if node.kind == "map" and step in node.fields:
                line, node = node.fields[str(step)]
            elif node.kind == "list" and isinstance(step, int) and step < len(node.items):
                node = node.items[step]
                line = node.line
        return line


def read(data: bytes) -> tuple[Node | None, list[Flaw]]:
    """The content of a file and what is wrong with it; no content when it cannot be read at all."""
    if len(data) > MAX_BYTES:
        message = _("The file has more than %(most)s bytes.") % {"most": MAX_BYTES}
        return None, [Flaw(1, message, _("Divide it into several packs."))]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return None, [Flaw(line, _("The file is not written in UTF-8."), _("Save it as UTF-8."))]
    flaws = [
        Flaw(
            text.count("\n", 0, found.start()) + 1,
            _("The line holds a character that cannot be shown (U+%(code)s).")
            % {"code": f"{ord(found[0]):04X}"},
            _("Delete it."),
        )
        for found in _UNSTORABLE.finditer(text)
    ]
    flaws += [
        Flaw(text.count("\n", 0, found.start()) + 1, _("The line is indented with a tab."), _("Use blanks."))
        for found in _INDENT_TAB.finditer(text)
    ]
    if flaws:
        return None, flaws[:50]
    composer = _Composer()
    try:
        node = composer.compose(text)
    except Unreadable as error:
        return None, [*composer.flaws, error.flaw]
    return node, composer.flaws


class _Composer:
    """Builds nodes from parser events, without recursion; collects flaws that let it go on."""

    def __init__(self) -> None:
        self.flaws: list[Flaw] = []
        self._anchors: dict[str, Node] = {}
        self._open: list[tuple[Node, str | None]] = []
        self._keys: list[tuple[str, int] | None] = []

    def compose(self, text: str) -> Node:
        roots: list[Node] = []
        for event in self._events(text):
            line = event.start_mark.line + 1
            if isinstance(event, yaml.DocumentStartEvent) and roots:
                raise Unreadable(
                    Flaw(line, _("A second document begins here."), _("Delete the line with ---."))
                )
            node = self._take(event, line)
            if node is not None and not self._open:
                roots.append(node)
        if not roots or (roots[0].kind == "value" and roots[0].value is None):
            raise Unreadable(Flaw(1, _("The file is empty."), _("Write entries into it or delete it.")))
        return roots[0]

    def _events(self, text: str) -> Iterator[Any]:
        try:
            yield from yaml.parse(text, Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            begun = error.context in ("while scanning a quoted scalar", *_BRACKETS)
            mark = (error.context_mark if begun else None) or error.problem_mark or error.context_mark
            problem = error.problem or error.context or ""
            message = _("This is not valid YAML: %(problem)s.") % {"problem": problem}
            raise Unreadable(Flaw(mark.line + 1 if mark else 1, message, _mend(problem))) from None
        except (yaml.YAMLError, RecursionError):
            raise Unreadable(
                Flaw(1, _("This is not valid YAML."), _("Compare it with another pack file."))
            ) from None

    def _take(self, event: Any, line: int) -> Node | None:
        """The node that the event completes, if it completes one."""
        if isinstance(event, yaml.AliasEvent):
            return self._place(self._alias(event.anchor or "", line))
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_tag(event, line)
            node = Node(line, value=self._scalar(event, line))
            if event.anchor:
                self._anchors[event.anchor] = node
            if self._awaits_key():
                self._key(event, line)
                return None
            return self._place(node)
        if isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            self._refuse_tag(event, line)
            if self._awaits_key():
                raise Unreadable(
                    Flaw(line, _("A key must be a single word."), _("Write it without brackets."))
                )
            kind: Literal["list", "map"] = "list" if isinstance(event, yaml.SequenceStartEvent) else "map"
            self._open.append((Node(line, kind), event.anchor))
            self._keys.append(None)
            if len(self._open) > MAX_DEPTH:
                raise Unreadable(_too_deep(line))
            return None
        if isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            node, anchor = self._open.pop()
            self._keys.pop()
            if anchor:
                self._anchors[anchor] = node
            return self._place(node)
        return None

    def _awaits_key(self) -> bool:
        return bool(self._open) and self._open[-1][0].kind == "map" and self._keys[-1] is None

    def _key(self, event: Any, line: int) -> None:
        key = str(event.value)
        if key == "<<" and not event.style:
            self._flaw(line, _("Merge keys (<<) are not read."), _("Write the keys out."))
        known = self._open[-1][0].fields
        if key in known:
            message = _("The key “%(key)s” stands twice, first in line %(line)s.")
            self._flaw(line, message % {"key": key, "line": known[key][0]}, _("Delete one of them."))
        self._keys[-1] = (key, line)

    def _place(self, node: Node) -> Node:
        """Put a finished node into the list or mapping that is open."""
        if not self._open:
            return node
        above = self._open[-1][0]
        key = self._keys[-1]
        if above.kind == "list":
            above.items.append(node)
        elif key is not None:
            above.fields.setdefault(key[0], (key[1], node))
            self._keys[-1] = None
        above.size += node.size
        above.height = max(above.height, node.height + 1)
        if above.size > MAX_VALUES:
            message = _("There are more than %(most)s values here, counting repeated aliases.")
            raise Unreadable(Flaw(node.line, message % {"most": MAX_VALUES}, _("Write it without aliases.")))
        if len(self._open) + node.height > MAX_DEPTH:
            raise Unreadable(_too_deep(node.line))
        return node

    def _alias(self, name: str, line: int) -> Node:
        if self._awaits_key():
            raise Unreadable(Flaw(line, _("An alias cannot be a key."), _("Write the key out.")))
        node = self._anchors.get(name)
        if node is None:
            message = _("The alias *%(name)s has no anchor before it, or stands inside its own.")
            mend = _("Put &%(name)s before the value meant, or write the value out.")
            raise Unreadable(Flaw(line, message % {"name": name}, mend % {"name": name}))
        return node

    def _refuse_tag(self, event: Any, line: int) -> None:
        if event.tag is not None and event.tag != "!":
            message = _("Tags such as %(tag)s are not read.") % {"tag": str(event.tag)[:60]}
            self._flaw(line, message, _("Delete the tag."))

    def _scalar(self, event: Any, line: int) -> Scalar:
        text = str(event.value)
        if _UNSTORABLE.search(text):
            self._flaw(line, _("The text holds a character that cannot be shown."), _("Delete it."))
        if event.style or event.tag is not None:
            return text
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _INT.fullmatch(text):
            return int(text)
        return float(text) if _FLOAT.fullmatch(text) else text

    def _flaw(self, line: int, message: str, mend: str) -> None:
        self.flaws.append(Flaw(line, message, mend))


def _too_deep(line: int) -> Flaw:
    message = _("Values stand more than %(most)s levels deep.") % {"most": MAX_DEPTH}
    return Flaw(line, message, _("Write it flatter."))


def _mend(problem: str) -> str:
    """What helps against a message of the YAML parser."""
    if "mapping values are not allowed" in problem:
        return _(
            "A text with a colon and a blank after it must stand in quotes; or the indentation is wrong."
        )
    if "expected ':'" in problem:
        return _("Put a colon and a blank after the key.")
    if "end of stream" in problem or "',' or" in problem:
        return _("Close the quotes or the bracket.")
    if "start any token" in problem:
        return _("A text that begins with @, `, %% or another sign must stand in quotes.").replace("%%", "%")
    if "escape character" in problem:
        return _("Use single quotes for texts with backslashes.")
    return _("Compare the indentation with the lines around it.")
