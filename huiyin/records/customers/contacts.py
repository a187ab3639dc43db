"""Names, numbers and addresses as they are compared."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.service import Refused
from huiyin.engines.fields.phones import normalise

from .models import ContactPoint

K = ContactPoint.Kind
MIN_TAIL = 4
_INTERNAL = re.compile(r"[0-9]{3,6}")
_TYPED = re.compile(r"[0-9\s()+./\u00b7\u2010-\u2015\u2212-]+")


def name_key(name: str) -> str:
    """A name without what people write differently: width of letters, case, spaces and middle dots."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\s\u00b7\u2022\u30fb\u2027.]+", "", folded)


def phone_of(text: str) -> str:
    """What two spellings of a telephone number have in common; empty when the text is none.

    Extensions do not count; numbers abroad begin with `+`; a number inside the house (three to six
    digits) is one as well.
    """
    phone = normalise(text)
    if phone is not None:
        return phone.number
    bare = unicodedata.normalize("NFKC", text).strip()
    return bare if _INTERNAL.fullmatch(bare) else ""


def digits_of(text: str) -> str:
    """The digits of a telephone number somebody typed to look for, whole or only its tail; else empty."""
    typed = unicodedata.normalize("NFKC", text).strip()
    phone = normalise(typed)
    number = phone.number if phone is not None else typed
    return re.sub("[^0-9]", "", number) if _TYPED.fullmatch(number) else ""


def contact_of(kind: str, value: str) -> tuple[str, str]:
    """What a contact is compared by, and the last four digits of a telephone number.

    Refused when the value cannot be of its kind.
    """
    text = " ".join(unicodedata.normalize("NFKC", value).split())
    if not text:
        raise Refused("required", _("Please enter the number or address."), field="value")
    if kind in (K.MOBILE, K.PHONE):
        number = phone_of(text)
        if not number or (kind == K.MOBILE and phone_kind(number) != K.MOBILE):
            raise Refused(
                "phone", _("“%(text)s” is not a telephone number."), params={"text": text}, field="value"
            )
        return number, number[-MIN_TAIL:] if len(number) >= MIN_TAIL else ""
    if kind == K.EMAIL:
        try:
            validate_email(text)
        except ValidationError as error:
            message = _("“%(text)s” is not an e-mail address.")
            raise Refused("email", message, params={"text": text}, field="value") from error
    return text.casefold(), ""


def phone_kind(number: str) -> ContactPoint.Kind:
    """Whether a number is one that a person carries (numbers abroad count as such) or a fixed one."""
    phone = normalise(number)
    carried = phone is not None and phone.kind in ("mobile", "international")
    return K.MOBILE if carried else K.PHONE
