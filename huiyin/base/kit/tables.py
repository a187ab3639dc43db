"""Lists as data: columns, the orders they can be read in, and keyset paging.

A page is found by the values of the last row seen, never by counting rows to skip, so that the
thousandth page of a million rows costs what the first does.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its words, how a cell is read off a row, and how it is shown.

    `value` gives what is exported; `cell` (if given) gives what is shown instead. `sort` names one
    of the table's orders. `css` are classes of the cell.
    """

    name: str
    label: Any
    value: Callable[[Any], Any]
    cell: Callable[[Any], Any] | None = None
    sort: str = ""
    css: str = ""
    hidden: bool = False
    """Offered in the column picker but not shown until chosen."""

    def shown(self, row: Any) -> Any:
        """What stands in the cell on screen."""
        return (self.cell or self.value)(row)


@dataclass(frozen=True, slots=True)
class Order:
    """An order a list can be read in: by one column that is never null, then by id."""

    name: str
    label: Any
    field: str
    descending: bool = True

    def keys(self) -> tuple[str, str]:
        """What to order by."""
        sign = "-" if self.descending else ""
        return f"{sign}{self.field}", f"{sign}pk"

    def after(self, values: Sequence[Any]) -> Q:
        """The rows behind the row with these values, written so that an index range answers it."""
        value, pk = values
        side = "lt" if self.descending else "gt"
        if self.field in ("pk", "id"):
            return Q(**{f"pk__{side}": pk})
        beyond = Q(**{f"{self.field}__{side}": value}) | Q(**{self.field: value, f"pk__{side}": pk})
        return Q(**{f"{self.field}__{side}e": value}) & beyond

    def read(self, row: Any) -> Any:
        """The value of a row by which it is ordered."""
        value = row
        for part in self.field.split("__"):
            value = getattr(value, part)
        return value


def pack_cursor(values: Sequence[Any]) -> str:
    """The values of a row as a text fit for an address."""
    plain = [
        {"t": v.isoformat()}
        if isinstance(v, datetime)
        else {"d": v.isoformat()}
        if isinstance(v, date)
        else {"n": str(v)}
        if isinstance(v, Decimal)
        else v
        for v in values
    ]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def unpack_cursor(text: str) -> list[Any] | None:
    """The values back; None for anything that is no cursor of ours."""
    try:
        raw = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(raw, list) or len(raw) != 2 or type(raw[1]) is not int or abs(raw[1]) >= 2**63:
            return None
        values: list[Any] = []
        for item in raw:
            if isinstance(item, dict):
                ((kind, value),) = item.items()
                readers: dict[str, Any] = {"t": parse_datetime, "d": date.fromisoformat, "n": Decimal}
                read: Any = readers[kind](value)
                if read is None or (kind == "t" and read.tzinfo is None):
                    return None
                values.append(read)
            elif isinstance(item, str | int) and not isinstance(item, bool):
                values.append(item)
            else:
                return None
        return values
    except (ValueError, KeyError, TypeError, ArithmeticError, binascii.Error, RecursionError):
        return None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows and the cursor of the next, if there is one."""

    rows: list[Any]
    next: str | None


def placed(queryset: QuerySet[Any], order: Order, after: str = "") -> QuerySet[Any]:
    """The rows in an order, behind the cursor `after`; one that is not ours starts at the beginning."""
    ordered = queryset.order_by(*order.keys())
    values = unpack_cursor(after) if after else None
    if values is not None:
        try:
            return ordered.filter(order.after(values))
        except (ValueError, TypeError, ValidationError):
            pass
    return ordered


def page_of(queryset: QuerySet[Any], order: Order, *, after: str = "", size: int = 50) -> Page:
    """`size` rows behind the cursor `after`, and the cursor of the next page."""
    rows = list(placed(queryset, order, after)[: size + 1])
    if len(rows) <= size:
        return Page(rows, None)
    rows = rows[:size]
    return Page(rows, pack_cursor([order.read(rows[-1]), rows[-1].pk]))


@dataclass(frozen=True)
class Table:
    """Columns and orders of one kind of list. The first order is the one used when none is asked."""

    columns: tuple[Column, ...]
    orders: tuple[Order, ...]
    page_size: int = 50
    row_url: Callable[[Any], str] | None = None
    row_css: Callable[[Any], str] | None = None

    def order(self, name: str | None) -> Order:
        """The order of that name, or the first."""
        return next((order for order in self.orders if order.name == name), self.orders[0])

    def chosen(self, names: str | None) -> tuple[Column, ...]:
        """The columns named in a comma-separated text, in the table's own order; else the usual."""
        wanted = {name for name in (names or "").split(",") if name}
        columns = tuple(c for c in self.columns if c.name in wanted)
        return columns or tuple(c for c in self.columns if not c.hidden)


def query(params: Mapping[str, Any], **changes: Any) -> str:
    """The query string of an address with some parameters changed (None removes one)."""
    copy: Any = params.copy()  # type: ignore[attr-defined]
    for name, value in changes.items():
        if value is None:
            copy.pop(name, None)
        else:
            copy[name] = value
    return str(copy.urlencode())
