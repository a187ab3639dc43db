"""Telephone numbers as people in China write them: mobiles, land lines, 400 and 800, hotlines, abroad."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

import phonenumbers

MAX_WRITTEN = 40
TAIL = 4

PhoneKind = Literal["mobile", "landline", "service", "hotline", "international"]

_ALLOWED = re.compile(r"[\d\s()+./\u00b7-]+", re.ASCII)
_DASHES = re.compile("[\u2010-\u2015\u2212]")
_SPREADSHEET = re.compile(r"(?<=^\d{11})\.0$", re.ASCII)
_SPOKEN_EXTENSION = re.compile(r"[\s,;(-]*(?:转|轉|分机|ext(?:ension)?\.?|x|#)[\s:.]*(\d{1,6})\)?$", re.ASCII)
_DASHED_EXTENSION = re.compile(r"\s*-\s*(\d{1,6})$", re.ASCII)
_CHINA = re.compile(r"^\(?(?:\+|00)\s*86\)?[\s-]*(?:\(0\))?")
_CHINA_BARE = re.compile(r"86(1[3-9]\d{9}|[1-9]\d{8,10})")
_ABROAD = re.compile(r"(?:\+|00)[1-9]")

_MOBILE = re.compile(r"1[3-9]\d{9}")
_SERVICE = re.compile(r"[48]00\d{7}")
# Emergency and enquiry lines, operators and government lines, banks and insurers, local lines.
_HOTLINE = re.compile(r"11\d|12[0-2]|999|1[0-2]\d{3}|95\d{3}|950\d{3,5}|96\d{3,4}")
_AREA = re.compile(r"0(?:10|2\d|[3-9]\d{2})")
_LOCAL = re.compile(r"[2-8]\d{6,7}")
_LOCAL_GROUPS = re.compile(r"\d{3,4}[\s-]?\d{4}")


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number.

    `number` is what one dials inside China without the extension (`073185551234`), abroad with plus sign and
    country code. `area` is the area code with its zero, empty where there is none or it was not said.
    """

    kind: PhoneKind
    number: str
    area: str = ""
    extension: str = ""

    @property
    def display(self) -> str:
        """The number in groups that can be read aloud: `137 0000 9527`, `0731-85551234-801`."""
        end = f"-{self.extension}" if self.extension else ""
        return self._grouped() + end

    @property
    def masked(self) -> str:
        """The number with the four digits before the last four hidden; public numbers stay as they are."""
        end = f"-{'*' * len(self.extension)}" if self.extension else ""
        if self.kind in ("hotline", "service"):
            return self._grouped() + end
        visible = self.number if self.kind == "mobile" else self._grouped()
        return mask_digits(visible) + end

    @property
    def e164(self) -> str:
        """The number for machines, `+8613700009527`; empty where it cannot be dialled from abroad."""
        if self.kind == "international":
            return self.number
        if self.kind == "mobile":
            return f"+86{self.number}"
        return f"+86{self.number[1:]}" if self.kind == "landline" and self.area else ""

    def tail(self, length: int = TAIL) -> str:
        """The last digits of the number."""
        return self.number[-length:] if length > 0 else ""

    def _grouped(self) -> str:
        if self.kind == "international":
            parsed = phonenumbers.parse(self.number)
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        if self.kind == "mobile":
            return f"{self.number[:3]} {self.number[3:7]} {self.number[7:]}"
        if self.kind == "service":
            return f"{self.number[:3]}-{self.number[3:6]}-{self.number[6:]}"
        return f"{self.area}-{self.number[len(self.area) :]}" if self.area else self.number


def normalise(text: str, *, area: str = "") -> Phone | None:
    """The telephone number in a field, or None if it is none.

    `area` is the area code to assume for land lines written without one, for example `0731`.
    Hidden digits (`137****9527`), several numbers and numbers with words around them are no number.
    """
    written = _DASHES.sub("-", unicodedata.normalize("NFKC", text)).strip().lower()
    written = _SPREADSHEET.sub("", written)
    if len(written) > MAX_WRITTEN:
        return None
    if spoken := _SPOKEN_EXTENSION.search(written):
        return _with_extension(written[: spoken.start()], spoken[1], area)
    if phone := _recognise(written, area):
        return phone
    if dashed := _DASHED_EXTENSION.search(written):
        return _with_extension(written[: dashed.start()], dashed[1], area)
    return None


def mask_digits(number: str) -> str:
    """Hide the four digits before the last four of one number; less than seven digits stay as they are."""
    places = [at for at, sign in enumerate(number) if sign.isdigit()]
    if len(places) < 7:
        return number
    hidden = set(places[-8:-4])
    return "".join("*" if at in hidden else sign for at, sign in enumerate(number))


def _with_extension(written: str, extension: str, area: str) -> Phone | None:
    phone = _recognise(written, area)
    return Phone(phone.kind, phone.number, phone.area, extension) if phone else None


def _recognise(written: str, area: str) -> Phone | None:
    written = written.strip()
    if not _ALLOWED.fullmatch(written):
        return None
    digits = _digits(written)
    if _CHINA.match(written):
        return _domestic_from_abroad(_digits(_CHINA.sub("", written)))
    if _ABROAD.match(written):
        return _foreign(digits if written.startswith("+") else digits[2:])
    if "+" in written:
        return None
    if bare := _CHINA_BARE.fullmatch(digits):
        return _domestic_from_abroad(bare[1])
    # Digits in other groups than these are rather a date: 2019-04-25.
    if _LOCAL.fullmatch(digits) and not _LOCAL_GROUPS.fullmatch(written):
        return None
    return _domestic(digits, area)


def _domestic_from_abroad(digits: str) -> Phone | None:
    return _domestic(digits, "") or _landline(f"0{digits}")


def _domestic(digits: str, area: str) -> Phone | None:
    if _MOBILE.fullmatch(digits):
        return Phone("mobile", digits)
    # A zero dialled before a mobile number, as long-distance calls once needed it.
    if _MOBILE.fullmatch(digits[1:]) and digits[0] == "0":
        return Phone("mobile", digits[1:])
    if _SERVICE.fullmatch(digits):
        return Phone("service", digits)
    if _HOTLINE.fullmatch(digits):
        return Phone("hotline", digits)
    if _LOCAL.fullmatch(digits):
        return (area and _landline(area + digits)) or Phone("landline", digits)
    return _landline(digits)


def _landline(digits: str) -> Phone | None:
    code = _AREA.match(digits)
    if code is None:
        return None
    local = digits[code.end() :]
    if _HOTLINE.fullmatch(local):
        return Phone("hotline", digits, code[0])
    if not _LOCAL.fullmatch(local):
        return None
    parsed = phonenumbers.PhoneNumber(country_code=86, national_number=int(digits))
    return Phone("landline", digits, code[0]) if phonenumbers.is_valid_number(parsed) else None


def _foreign(digits: str) -> Phone | None:
    try:
        parsed = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return Phone("international", phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def _digits(text: str) -> str:
    return "".join(filter(str.isdecimal, text))
