"""Declared columns: what a sheet's column is called, what its cells may hold and how they are cleaned.

A column turns one raw cell into one typed value or refuses with a `CellProblem`. Cleaning that loses or
guesses anything is told in a `Remark`; mere white space around a value is dropped without a word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from .problems import CellProblem, Remark, excerpt, listed
from .problems import gettext_noop as _

INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"
"""Characters without a width that come along with text copied from web pages."""

EXACT_DIGITS = 15
"""A spreadsheet number keeps this many digits; longer ones have lost their end."""

REQUIRED = _("This cell must not be empty.")
TOO_LONG = _("The text has %(length)s characters; at most %(limit)s fit.")
FORMULA_ERROR = _("The formula in this cell shows an error (%(value)s).")
DIGITS_LOST = _(
    "The spreadsheet has lost digits of this long number (%(value)s). "
    "Format the cell as text and write it again."
)
BECAME_DATE = _(
    "The spreadsheet has turned this into a date (%(value)s). Format the cell as text and write it again."
)
UNPRINTABLE = _("%(count)s unprintable characters were taken out.")
BROKEN_CHARACTER = _("The text holds a broken character that cannot be stored.")
NOT_A_NUMBER = _("“%(value)s” is not a number.")
NOT_WHOLE = _("“%(value)s” is not a whole number.")
TOO_SMALL = _("%(value)s is less than %(limit)s.")
TOO_GREAT = _("%(value)s is more than %(limit)s.")
TOO_PRECISE = _("%(value)s has more than %(places)s decimal places.")
UNKNOWN_CHOICE = _("“%(value)s” is not known here. Known are: %(known)s.")
BLANK_WORD = _("“%(value)s” stands for no value and is read as empty.")
NOT_ACCEPTED = _("“%(value)s” cannot be read.")

ERROR_TEXTS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA"}
)


@dataclass(frozen=True, slots=True)
class ErrorValue:
    """A cell whose formula shows an error such as ``#N/A``."""

    shown: str

    def __str__(self) -> str:
        return self.shown


Cell = str | int | float | bool | date | datetime | time | timedelta | ErrorValue | None
Remarks = list[Remark]


def strip(text: str) -> str:
    """Without white space at either end: line breaks, tabs, ideographic and zero-width spaces included."""
    text = text.strip()
    while text and (text[0] in INVISIBLE or text[-1] in INVISIBLE):
        text = text.strip(INVISIBLE).strip()
    return text


def is_blank(raw: Cell) -> bool:
    return raw is None or (isinstance(raw, str) and not (raw.isalnum() or strip(raw)))


def clean_title(title: str) -> str:
    """A title for comparison: compatible forms, no spaces, no marks for "required", small letters."""
    text = unicodedata.normalize("NFKC", title).casefold()
    text = "".join(char for char in text if not char.isspace() and char not in INVISIBLE)
    return text.replace("(必填)", "").strip("*:")


def bare_title(title: str) -> str:
    """The cleaned title without remarks in brackets: ``车类型（9901 家用小汽车 …）`` is ``车类型``."""
    return re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", clean_title(title)).strip("*:")


def number_text(value: float) -> str:
    """A number as the spreadsheet shows it, without the ``.0`` of ids: ``123456.0`` is ``123456``."""
    if value != value or value in (float("inf"), float("-inf")):
        raise CellProblem("not-a-number", NOT_A_NUMBER, value=str(value))
    if abs(value) >= 10**EXACT_DIGITS:
        raise CellProblem("digits-lost", DIGITS_LOST, value=f"{value:.15g}")
    return format(Decimal(f"{value:.15g}").normalize(), "f") if value else "0"


def picture(raw: Cell, *, sensitive: bool = False) -> str:
    """A short picture of a cell for a message, numbers as the spreadsheet shows them."""
    if isinstance(raw, float):
        return excerpt(f"{raw:.15g}", sensitive=sensitive)
    return "" if raw is None else excerpt(raw, sensitive=sensitive)


_SCIENTIFIC = re.compile(r"([+-]?)(\d)(?:\.(\d+))?[eE]\+(\d{2,3})", re.A)


def restore_scientific(text: str) -> str:
    """Text like ``1.8999999999E+10`` as its digits. Refused when digits are missing, as in ``1.9E+10``."""
    match = _SCIENTIFIC.fullmatch(text) if "+" in text else None
    if not match:
        return text
    sign, whole, fraction, exponent = match[1], match[2], match[3] or "", int(match[4])
    if len(fraction) < exponent:
        raise CellProblem("digits-lost", DIGITS_LOST, value=excerpt(text))
    digits = whole + fraction
    rest = digits[exponent + 1 :]
    return sign.replace("+", "") + digits[: exponent + 1] + (f".{rest}" if rest.strip("0") else "")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One expected column: `name` in code, `titles` a person may have written above it, the first being
    ours.
    """

    name: str
    titles: tuple[str, ...]
    required: bool = False
    """The column must be there and none of its cells may be empty."""
    blanks: Collection[str] = ()
    """Words that stand for "no value", such as ``无`` or the number a template asks to write then."""
    sensitive: bool = False
    """Errors show only the first two characters of the value."""

    def read(self, raw: Cell, remarks: Remarks) -> Any:
        """The typed value, or None for an empty cell. Refused when required and empty, or not readable."""
        raw = self.present(raw, remarks)
        return None if raw is None else self.convert(raw, remarks)

    def present(self, raw: Cell, remarks: Remarks) -> Cell:
        """The cell, or None where it is empty or says so. Refused when required, or when it shows an
        error.
        """
        if isinstance(raw, ErrorValue):
            raise CellProblem("formula-error", FORMULA_ERROR, value=raw.shown)
        if isinstance(raw, str) and "#" in raw and strip(raw) in ERROR_TEXTS:
            raise CellProblem("formula-error", FORMULA_ERROR, value=strip(raw))
        if (
            self.blanks
            and isinstance(raw, str | int | float)
            and not is_blank(raw)
            and self._stands_for_none(raw)
        ):
            remarks.append(
                Remark("blank-word", BLANK_WORD, {"value": picture(raw, sensitive=self.sensitive)})
            )
            raw = None
        if is_blank(raw):
            if self.required:
                raise CellProblem("required", REQUIRED)
            return None
        return raw

    def _stands_for_none(self, raw: Cell) -> bool:
        try:
            return plain_text(raw) in self.blanks
        except CellProblem:
            return False

    def convert(self, _raw: Cell, _remarks: Remarks, /) -> Any:
        raise NotImplementedError


def plain_text(raw: Cell) -> str:
    """A cell as one line of compatible characters, for codes, choices and numbers. Refused for dates."""
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, int):
        if abs(raw) >= 10**EXACT_DIGITS:
            raise CellProblem("digits-lost", DIGITS_LOST, value=str(raw))
        return str(raw)
    if isinstance(raw, float):
        return number_text(raw)
    if isinstance(raw, date | time | timedelta):
        raise CellProblem("became-date", BECAME_DATE, value=picture(raw))
    text = str(raw if raw is not None else "")
    if text.isascii():
        return " ".join(text.split())
    text = unicodedata.normalize("NFKC", text)
    return " ".join("".join(char for char in text if char not in INVISIBLE).split())


@dataclass(frozen=True, kw_only=True)
class Text(Column):
    """Words. Line breaks inside are kept where `multiline`, else they become spaces.

    `code` is for numbers, codes and plates: compatible characters only, no line breaks, and numbers that a
    spreadsheet has damaged are refused. `max_length` counts characters.
    """

    max_length: int | None = None
    multiline: bool = False
    code: bool = False
    strip: bool = True

    def convert(self, raw: Cell, remarks: Remarks, /) -> str | None:
        if not isinstance(raw, str):
            text = plain_text(raw)
        elif self.code:
            text = restore_scientific(plain_text(_printable(raw, remarks)))
        else:
            text = _printable(raw, remarks)
            if not self.multiline:
                text = " ".join(text.split("\n"))
            if self.strip:
                text = strip(text)
        if not text:
            if self.required:
                raise CellProblem("required", REQUIRED)
            return None
        if self.max_length is not None and len(text) > self.max_length:
            raise CellProblem("too-long", TOO_LONG, length=len(text), limit=self.max_length)
        return text


_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029\x85\x0b\x0c]")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")


def _printable(text: str, remarks: Remarks) -> str:
    """One kind of line break, no control characters; a database would refuse some of them."""
    if text.isprintable():
        return text
    if _SURROGATES.search(text):
        raise CellProblem("broken-character", BROKEN_CHARACTER)
    text, count = _CONTROLS.subn("", _LINE_ENDS.sub("\n", text))
    if count:
        remarks.append(Remark("unprintable", UNPRINTABLE, {"count": count}))
    return text


_MONEY_SIGNS = re.compile(r"^(?:[¥$]|RMB|CNY)\s*|\s*(?:元|圆|RMB|CNY)$", re.I)
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?", re.A)


@dataclass(frozen=True, kw_only=True)
class Number(Column):
    """A decimal number with at most `places` decimals; `suffixes` are units that may follow it, such as
    ``㎡``.
    """

    minimum: Decimal | int | None = None
    maximum: Decimal | int | None = None
    places: int | None = None
    suffixes: tuple[str, ...] = ()

    def convert(self, raw: Cell, _remarks: Remarks, /) -> Decimal | int:
        return self._checked(self._decimal(raw))

    def _decimal(self, raw: Cell) -> Decimal:
        if isinstance(raw, bool | date | time | timedelta):
            raise CellProblem("not-a-number", NOT_A_NUMBER, value=picture(raw))
        if isinstance(raw, int | float):
            return Decimal(plain_text(raw))
        text = self._bare(plain_text(raw))
        negative = text.startswith("(") and text.endswith(")")
        if negative:
            text = text[1:-1].strip()
        text = text.replace("−", "-").replace("－", "-")
        scientific = _SCIENTIFIC.fullmatch(text)
        if not scientific and (not _NUMBER.fullmatch(text) or not any(char.isdigit() for char in text)):
            raise CellProblem("not-a-number", NOT_A_NUMBER, value=picture(raw))
        try:
            number = Decimal(restore_scientific(text).replace(",", ""))
        except InvalidOperation:
            raise CellProblem("not-a-number", NOT_A_NUMBER, value=picture(raw)) from None
        return -number if negative else number

    def _bare(self, text: str) -> str:
        for suffix in self.suffixes:
            folded = unicodedata.normalize("NFKC", suffix)
            if text.endswith(folded):
                return text[: -len(folded)].strip()
        return text

    def _checked(self, number: Decimal) -> Decimal:
        if self.minimum is not None and number < self.minimum:
            raise CellProblem("too-small", TOO_SMALL, value=format(number, "f"), limit=self.minimum)
        if self.maximum is not None and number > self.maximum:
            raise CellProblem("too-great", TOO_GREAT, value=format(number, "f"), limit=self.maximum)
        if self.places is not None:
            rounded = round(number, self.places)
            if rounded != number:
                raise CellProblem("too-precise", TOO_PRECISE, value=format(number, "f"), places=self.places)
            return rounded
        return number


@dataclass(frozen=True, kw_only=True)
class Money(Number):
    """An amount in yuan with two decimals; currency signs and thousands commas are accepted."""

    places: int | None = 2
    maximum: Decimal | int | None = Decimal("999999999999.99")

    def _bare(self, text: str) -> str:
        return _MONEY_SIGNS.sub("", _MONEY_SIGNS.sub("", super()._bare(text))).strip()


@dataclass(frozen=True, kw_only=True)
class Integer(Number):
    """A whole number; the default bounds are those of a database integer."""

    minimum: Decimal | int | None = -(2**31)
    maximum: Decimal | int | None = 2**31 - 1

    def convert(self, raw: Cell, _remarks: Remarks, /) -> int:
        number = self._decimal(raw)
        if number != number.to_integral_value():
            raise CellProblem("not-whole", NOT_WHOLE, value=picture(raw))
        return int(self._checked(number))


@dataclass(frozen=True, kw_only=True)
class Choice(Column):
    """One of several known words; `mapping` gives the value for each spelling."""

    mapping: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    _folded: Mapping[str, Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        folded = {clean_title(spelling): value for spelling, value in self.mapping.items()}
        object.__setattr__(self, "_folded", folded)

    def convert(self, raw: Cell, _remarks: Remarks, /) -> Any:
        wanted = clean_title(plain_text(raw))
        if wanted in self._folded:
            return self._folded[wanted]
        raise CellProblem(
            "unknown-choice",
            UNKNOWN_CHOICE,
            value=picture(raw, sensitive=self.sensitive),
            known=listed(self.mapping),
        )


@dataclass(frozen=True, kw_only=True)
class Parsed(Column):
    """A value with rules of its own (phone, identity number): `parse` takes the cleaned text and returns the
    value.

    `parse` refuses with a `CellProblem`, whose message is shown, or with a plain `ValueError`.
    """

    parse: Callable[[str], Any] = str

    def convert(self, raw: Cell, remarks: Remarks, /) -> Any:
        cleaned = _printable(raw, remarks) if isinstance(raw, str) else raw
        try:
            return self.parse(restore_scientific(plain_text(cleaned)))
        except CellProblem:
            raise
        except ValueError:
            shown = picture(raw, sensitive=self.sensitive)
            raise CellProblem("not-accepted", NOT_ACCEPTED, value=shown) from None


@dataclass(frozen=True, kw_only=True)
class Dated(Column):
    """Read by the table itself, since the rows around a date may decide what it means (see `dates`)."""

    past: bool = False
    """May not lie after the policy's `not_after`."""
    not_before: str | None = None
    """Name of another date column of the same row that comes first."""

    def convert(self, _raw: Cell, _remarks: Remarks, /) -> Any:
        raise TypeError("dates are read by DateReader")


@dataclass(frozen=True, kw_only=True)
class Date(Dated):
    """A day; a time of day beside it is left out, with a note."""


@dataclass(frozen=True, kw_only=True)
class DateTime(Dated):
    """A moment, aware, in the policy's time zone; without a time of day it is 00:00, with a note."""


@dataclass(frozen=True)
class Columns:
    """The columns expected of one sheet.

    `sheets` are names the sheet usually has; `order_by` names the column whose numbers were given out in the
    order of time, which is evidence for doubtful dates.
    """

    columns: tuple[Column, ...]
    sheets: tuple[str, ...] = ()
    order_by: str | None = None

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise ValueError("two columns of one name")
        for column in self.columns:
            if isinstance(column, Dated) and column.not_before is not None and column.not_before not in names:
                raise ValueError(f"{column.name}: no column {column.not_before}")
        if self.order_by is not None and self.order_by not in names:
            raise ValueError(f"no column {self.order_by}")

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def dated(self) -> tuple[Dated, ...]:
        return tuple(column for column in self.columns if isinstance(column, Dated))
