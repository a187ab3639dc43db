"""The table of a web page: many older systems call such a page .xls and hand it out as an export."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from .columns import Cell
from .compound import TOO_MANY_CELLS, TOO_MANY_COLUMNS
from .limits import Limits
from .problems import BadFile

# No alternative runs past the next "<", so that a page made to be slow is read in one go like any other.
_TOKEN = re.compile(
    r"<(/?)([A-Za-z][\w:-]*)((?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+)>|<[!?][^<>]*+>?|[^<]++|<"
)
_SPAN = re.compile(r"\b(col|row)span\s*=\s*[\"']?\s*(\d{1,5})", re.I)
_HIDDEN = frozenset({"script", "style", "title", "head"})
_BREAK = "\x00"
_BREAKS = frozenset({"br", "p", "div", "li"})


@dataclass
class _Table:
    rows: list[list[Cell]] = field(default_factory=list)
    spans: dict[int, tuple[int, str]] = field(default_factory=dict)
    """Columns still covered by a cell above: rows left, and its text."""
    cells: int = 0
    row: list[Cell] | None = None
    text: list[str] | None = None
    width: int = 1
    height: int = 1


def largest_table(page: str, limits: Limits) -> list[list[Cell]]:
    """The rows of the table with the most cells. Cells that span rows are repeated downwards."""
    return _Reader(limits).read(page)


class _Reader:
    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.open: list[_Table] = []
        self.done: list[_Table] = []
        self.cells = 0
        self.hidden = ""

    def read(self, page: str) -> list[list[Cell]]:
        for token in _TOKEN.finditer(_without_comments(page)):
            if token[2] is None:
                self._text(token[0])
            elif token[1]:
                self._end(token[2].lower())
            else:
                self._start(token[2].lower(), token[3])
        while self.open:
            self._end("table")
        best = max(self.done, key=lambda table: table.cells, default=None)
        return best.rows if best else []

    def _text(self, text: str) -> None:
        if (
            self.open
            and self.open[-1].text is not None
            and not self.hidden
            and not text.startswith(("<!", "<?"))
        ):
            self.open[-1].text.append(text.replace(_BREAK, ""))

    def _start(self, tag: str, attributes: str) -> None:
        if tag in _HIDDEN:
            self.hidden = self.hidden or tag
        elif tag == "table":
            self.open.append(_Table())
        elif not self.open:
            return
        elif tag == "tr":
            self._end_row(self.open[-1])
            self.open[-1].row = []
        elif tag in ("td", "th"):
            self._start_cell(self.open[-1], attributes)
        elif tag in _BREAKS and self.open[-1].text is not None:
            self.open[-1].text.append(_BREAK)

    def _end(self, tag: str) -> None:
        if tag == self.hidden:
            self.hidden = ""
        elif not self.open:
            return
        elif tag in ("td", "th"):
            self._end_cell(self.open[-1])
        elif tag == "tr":
            self._end_row(self.open[-1])
        elif tag == "table":
            table = self.open.pop()
            self._end_row(table)
            self.done.append(table)

    def _start_cell(self, table: _Table, attributes: str) -> None:
        self._end_cell(table)
        if table.row is None:
            table.row = []
        self._covered(table, table.row)
        spans = {name.lower(): max(1, int(count)) for name, count in _SPAN.findall(attributes)}
        table.width, table.height = min(spans.get("col", 1), self.limits.columns), spans.get("row", 1)
        table.text = []

    def _end_cell(self, table: _Table) -> None:
        if table.text is None or table.row is None:
            return
        text = _tidy("".join(table.text))
        table.text = None
        for place in range(table.width):
            if table.height > 1:
                table.spans[len(table.row)] = (table.height - 1, text if place == 0 else "")
            table.row.append(text if place == 0 else "")
        table.cells += 1
        self.cells += table.width
        if len(table.row) > self.limits.columns:
            raise BadFile(
                "too-many-columns",
                TOO_MANY_COLUMNS,
                sheet="",
                column=len(table.row),
                limit=self.limits.columns,
            )
        if self.cells > self.limits.cells:
            raise BadFile(
                "too-many-cells", TOO_MANY_CELLS, sheet="", cells=self.cells, limit=self.limits.cells
            )

    def _end_row(self, table: _Table) -> None:
        self._end_cell(table)
        if table.row is not None:
            self._covered(table, table.row)
            table.rows.append(table.row)
            table.row = None

    def _covered(self, table: _Table, row: list[Cell]) -> None:
        while len(row) in table.spans:
            left, text = table.spans[len(row)]
            if left > 1:
                table.spans[len(row)] = (left - 1, text)
            else:
                del table.spans[len(row)]
            row.append(text)


def _without_comments(page: str) -> str:
    parts, position = [], 0
    while (start := page.find("<!--", position)) >= 0:
        parts.append(page[position:start])
        end = page.find("-->", start + 4)
        if end < 0:
            return "".join(parts)
        position = end + 3
    return "".join([*parts, page[position:]])


def _tidy(text: str) -> str:
    """Text as a browser shows it: runs of white space are one space, a `_BREAK` is a line break."""
    return "\n".join(" ".join(html.unescape(line).split()) for line in text.split(_BREAK)).strip("\n")
