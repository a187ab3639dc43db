"""Amounts of Chinese yuan in capital numerals, as receipts and vouchers require them."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

LIMIT = Decimal(10**16)

_NUMERALS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ((1000, "仟"), (100, "佰"), (10, "拾"), (1, ""))
_GROUPS = ((10**12, "万"), (10**8, "亿"), (10**4, "万"), (1, ""))
_WRITTEN = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?", re.ASCII)


class BadAmount(ValueError):
    """An amount of money that cannot be written on a voucher; says why in the language of the screen."""


def rmb_capital(amount: Decimal | str | int) -> str:
    """Write an amount of yuan in capital numerals: `1011.5` is 壹仟零壹拾壹元伍角整.

    整 follows 元 and 角, never 分. Negative amounts begin with 负.
    Refused when the amount is a float, no number, not below 10^16 yuan or finer than one fen.
    """
    value = _exact(amount)
    yuan, fen = divmod(int(abs(value) * 100), 100)
    sign = "负" if value < 0 else ""
    text = f"{_integer(yuan)}元" if yuan or not fen else ""
    jiao, fen = divmod(fen, 10)
    if jiao:
        text += f"{_NUMERALS[jiao]}角"
    elif fen and yuan:
        text += _NUMERALS[0]
    return sign + text + (f"{_NUMERALS[fen]}分" if fen else "整")


def _exact(amount: Decimal | str | int) -> Decimal:
    # A float has lost the cents already; a truth value is no amount.
    if isinstance(amount, bool) or not isinstance(amount, Decimal | str | int):
        raise BadAmount(_("Give the amount as a decimal number, not as a floating-point number."))
    if isinstance(amount, str):
        written = unicodedata.normalize("NFKC", amount).strip()
        if not _WRITTEN.fullmatch(written):
            raise BadAmount(_("This is not an amount of money."))
        amount = written.replace(",", "")
    try:
        value = Decimal(amount)
    except InvalidOperation:
        raise BadAmount(_("This is not an amount of money.")) from None
    if not value.is_finite():
        raise BadAmount(_("This is not an amount of money."))
    if abs(value) >= LIMIT:
        raise BadAmount(_("The amount has more than 16 digits before the decimal point."))
    if _decimals(value) > 2:
        raise BadAmount(_("The amount is finer than one fen."))
    return value


def _decimals(value: Decimal) -> int:
    """How many decimals are in use; zeros at the end do not count."""
    _, digits, exponent = value.as_tuple()
    written = "".join(map(str, digits))
    return max(0, -int(exponent) - (len(written) - len(written.rstrip("0")))) if value else 0


def _integer(number: int) -> str:
    """The numerals of a whole number: groups of four digits, one 零 for any run of zeros between digits."""
    text, gap = "", False
    for size, name in _GROUPS:
        group, number = divmod(number, size)
        if group:
            text += (_NUMERALS[0] if text and (gap or group < 1000) else "") + _group(group) + name
            gap = False
        elif text:
            # 亿 closes what 万 began, even with no group of its own: 壹万亿.
            text += name if name == "亿" else ""
            gap = True
    return text or _NUMERALS[0]


def _group(number: int) -> str:
    text, gap = "", False
    for size, name in _PLACES:
        digit, number = divmod(number, size)
        if digit:
            text += (_NUMERALS[0] if gap and text else "") + _NUMERALS[digit] + name
        gap = not digit
    return text
