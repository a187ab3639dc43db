"""Numbers that identify people, companies and vehicles in China: are they well-formed, and if not, why.

A valid number is one that may exist; that it was issued to anybody is not known here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _
from stdnum.cn import ric, uscc

from huiyin.base.kit.moment import today as local_today
from huiyin.engines.fields import phones

Kind = Literal["cn_id", "uscc", "vin", "plate", "unknown"]

OLDEST = 130

MESSAGES: dict[str, Any] = {
    "empty": _("The number is missing."),
    "unknown": _("This is no known kind of number."),
    "length": _("The number has too few or too many characters."),
    "characters": _("The number contains characters that do not belong there."),
    "region": _("The number does not begin with the code of a province."),
    "birth_date": _("The date of birth in the number is impossible."),
    "check_digit": _("The check digit is wrong; probably a digit was mistyped."),
    "form": _("This is not the form of a licence plate."),
}
"""Why a number is not valid, in words; the code is for machines and tests."""

_SEPARATORS = re.compile("[\\s\u00b7\u2022\u2027\u30fb.\u2010-\u2015-]+")
_PROVINCES = frozenset(
    (
        *range(11, 16),
        *range(21, 24),
        *range(31, 38),
        *range(41, 47),
        *range(50, 55),
        *range(61, 66),
        71,
        81,
        82,
        83,
        91,
    )
)
_ID_SIGNS = re.compile(r"\d{15}|\d{17}[\dX]", re.ASCII)
# The second sign and the first of the organisation may be letters, the region between them is digits.
_USCC_SIGNS = re.compile("[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")

_VIN_SIGNS = re.compile("[0-9A-HJ-NPR-Z]{17}")
_VIN_VALUES = {
    sign: value
    for value, signs in enumerate(("0", "1AJ", "2BKS", "3CLT", "4DMU", "5ENV", "6FW", "7GPX", "8HY", "9RZ"))
    for sign in signs
}
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)

_AT = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
_SIGN = "[0-9A-HJ-NP-Z]"
_PLATES = {
    "new_energy": re.compile(f"{_AT}[A-HJ-Z](?:[A-HJK]{_SIGN}[0-9]{{4}}|[0-9]{{5}}[A-HJK])"),
    "standard": re.compile(f"{_AT}[A-HJ-Z]{_SIGN}{{5}}"),
    "trailer": re.compile(f"{_AT}[A-HJ-Z]{_SIGN}{{4}}挂"),
    "training": re.compile(f"{_AT}[A-HJ-Z]{_SIGN}{{4}}学"),
    "police": re.compile(f"{_AT}[A-Z]{_SIGN}{{4}}警"),
    "border": re.compile(f"粤Z{_SIGN}{{4}}[港澳]"),
    "trial": re.compile(f"{_AT}[A-HJ-Z]{_SIGN}{{4}}[试超]"),
    "consular": re.compile(f"{_AT}[A-HJ-Z]?{_SIGN}{{4,5}}领"),
    "embassy": re.compile("使[0-9]{6}|[0-9]{6}使"),
    "rescue": re.compile(f"{_AT}[SX]{_SIGN}{{4,5}}应急"),
    "armed_police": re.compile(f"WJ{_AT}?{_SIGN}{{4,5}}"),
    "military": re.compile("[A-HJ-NP-Z]{2}[0-9]{5}"),
}
_PLATE_LIKE = re.compile(f"(?:{_AT}|使|WJ).+|.+[使领学挂警港澳试超急]")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of a number.

    `value` is the number without separators, in capital letters. `reason` is one of `MESSAGES` and `message`
    its text; both are empty if the number is valid. `form` tells old identity numbers (`15`) from new (`18`)
    and the sorts of licence plates (`standard`, `new_energy`, `trailer`, …).
    """

    valid: bool
    kind: Kind
    value: str
    reason: str = ""
    form: str = ""

    @property
    def message(self) -> Any:
        """Why the number is not valid, in the language of whoever reads it; empty if it is."""
        return MESSAGES.get(self.reason, "")


def check(value: str, kind: Kind | None = None, *, today: date | None = None) -> Verdict:
    """Check a number of a given kind; without one the kind is guessed from its form.

    `cn_id` resident identity number (GB 11643, also the old 15 digits), `uscc` unified social credit code
    (GB 32100), `vin` vehicle identification number with the check digit of China and North America (ISO 3779;
    vehicles made for Europe may lack it), `plate` Chinese licence plate. `today` is the day in China.
    """
    number = _compact(value)
    kind = kind or _guess(number, today)
    if not number:
        return Verdict(False, kind, number, "empty")
    if kind == "cn_id":
        return _check_person(number, today or local_today())
    checks: dict[Kind, Callable[[str], Verdict]] = {
        "uscc": _check_company,
        "vin": _check_vin,
        "plate": _check_plate,
    }
    return checks[kind](number) if kind in checks else Verdict(False, kind, number, "unknown")


def mask_identity(number: str) -> str:
    """Hide the middle of an identity number: `110101********8670`.

    Six and four characters stay of numbers with 15 and more, one and two of shorter ones, none of those
    under six.
    """
    number = number.strip()
    head, tail = (6, 4) if len(number) >= 15 else (1, 2) if len(number) >= 6 else (0, 0)
    return number[:head] + "*" * (len(number) - head - tail) + number[len(number) - tail :]


def mask_phone(number: str) -> str:
    """Hide the middle of a telephone number: `137****9527`, `0731-****1234`. Hotlines stay as they are.

    Of a text that is not one number all digits but the last four are hidden.
    """
    if phone := phones.normalise(number):
        return phone.masked
    text = number.strip()
    hidden = set([at for at, sign in enumerate(text) if sign.isdigit()][:-4])
    return "".join("*" if at in hidden else sign for at, sign in enumerate(text))


def mask_name(name: str) -> str:
    """Hide all of a name but its first character: 张**. A name of one character is hidden whole."""
    name = " ".join(name.split())
    return name[0] + "*" * (len(name) - 1) if len(name) > 1 else "*" * len(name)


def _compact(value: str) -> str:
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", value)).upper()


def _guess(number: str, today: date | None) -> Kind:
    if len(number) == 18:
        if not number[:17].isdecimal():
            return "uscc"
        # A company code may consist of digits only.
        is_company = not check(number, "cn_id", today=today).valid and _check_company(number).valid
        return "uscc" if is_company else "cn_id"
    if len(number) == 17 and number.isascii():
        return "vin"
    if len(number) == 15 and number.isdecimal():
        return "cn_id"
    return "plate" if _PLATE_LIKE.fullmatch(number) or _PLATES["military"].fullmatch(number) else "unknown"


def _check_person(number: str, today: date) -> Verdict:
    form = str(len(number))

    def wrong(reason: str) -> Verdict:
        return Verdict(False, "cn_id", number, reason, form if form in ("15", "18") else "")

    if form not in ("15", "18"):
        return wrong("length")
    if not _ID_SIGNS.fullmatch(number):
        return wrong("characters")
    if int(number[:2]) not in _PROVINCES:
        return wrong("region")
    if not _plausible_birth(number[6:14] if form == "18" else f"19{number[6:12]}", today):
        return wrong("birth_date")
    if form == "18" and number[-1] != ric.calc_check_digit(number):
        return wrong("check_digit")
    return Verdict(True, "cn_id", number, form=form)


def _plausible_birth(digits: str, today: date) -> bool:
    try:
        birth = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return birth <= today and today.year - birth.year <= OLDEST


def _check_company(number: str) -> Verdict:
    if len(number) != 18:
        return Verdict(False, "uscc", number, "length")
    if not _USCC_SIGNS.fullmatch(number):
        return Verdict(False, "uscc", number, "characters")
    if number[-1] != uscc.calc_check_digit(number[:17]):
        return Verdict(False, "uscc", number, "check_digit")
    return Verdict(True, "uscc", number)


def _check_vin(number: str) -> Verdict:
    if len(number) != 17:
        return Verdict(False, "vin", number, "length")
    if not _VIN_SIGNS.fullmatch(number):
        return Verdict(False, "vin", number, "characters")
    total = sum(weight * _VIN_VALUES[sign] for weight, sign in zip(_VIN_WEIGHTS, number, strict=True))
    if number[8] != "0123456789X"[total % 11]:
        return Verdict(False, "vin", number, "check_digit")
    return Verdict(True, "vin", number)


def _check_plate(number: str) -> Verdict:
    for form, pattern in _PLATES.items():
        if pattern.fullmatch(number):
            return Verdict(True, "plate", number, form=form)
    return Verdict(False, "plate", number, "form" if 6 <= len(number) <= 9 else "length")
