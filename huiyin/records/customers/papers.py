"""Identity numbers on paper: read, checked by their own check digits, compared and masked."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _
from stdnum.cn import ric

from huiyin.base.kit.moment import today
from huiyin.engines.fields.identity import Kind, check, mask_identity

from .models import Customer, IdentityNumber

_SEPARATORS = re.compile(r"[\s.\u00b7\u2010-\u2015-]+")
_CHECKED: dict[str, Kind] = {
    IdentityNumber.Kind.RESIDENT_ID: "cn_id",
    IdentityNumber.Kind.USCC: "uscc",
}
_FORMS = {
    IdentityNumber.Kind.PASSPORT: (
        re.compile("[A-Z0-9]{5,20}"),
        _("A passport number has 5 to 20 letters and digits."),
    ),
    IdentityNumber.Kind.OTHER: (
        re.compile(r"[^\s]{2,60}"),
        _("The number has too few or too many characters."),
    ),
}
MAX_NUMBER = 60


@dataclass(frozen=True, slots=True)
class Paper:
    """What is to be said of an identity number.

    `wrong` says why it cannot be one, None when it may; `same_as` is what two spellings of it have
    in common. A resident's card tells the birthday and the gender.
    """

    number: str
    same_as: str
    masked: str
    wrong: Any = None
    birthday: date | None = None
    gender: str = ""


def paper_of(kind: str, text: str) -> Paper:
    """Read a number of a kind (see `IdentityNumber.Kind`)."""
    number = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()
    masked = mask_identity(number[:MAX_NUMBER])
    if kind in _CHECKED:
        verdict = check(number, _CHECKED[kind], today=today())
        if not verdict.valid:
            return Paper(number, number, masked, verdict.message)
        return (
            _person(number, masked)
            if kind == IdentityNumber.Kind.RESIDENT_ID
            else Paper(number, number, masked)
        )
    form, message = _FORMS[IdentityNumber.Kind(kind)]
    return Paper(number, number, masked, None if form.fullmatch(number) else message)


def _person(number: str, masked: str) -> Paper:
    """A valid resident identity number; the old one of 15 digits is the same as its new form."""
    full = number
    if len(number) == 15:
        full = f"{number[:6]}19{number[6:]}"
        full += ric.calc_check_digit(f"{full}0")
    gender = Customer.Gender.MALE if int(full[16]) % 2 else Customer.Gender.FEMALE
    return Paper(
        number, full, masked, None, date(int(full[6:10]), int(full[10:12]), int(full[12:14])), gender
    )
