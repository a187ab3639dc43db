"""Plates and vehicle numbers as they are compared."""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.service import Refused

_PLATE_NOISE = re.compile(r"[\s\u00b7\u2022\u30fb\u2027.\-]+")
_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}")


def plate_of(text: str) -> str:
    """A plate in capitals without spaces, dots and dashes: `浙A·12345` is `浙A12345`."""
    return _PLATE_NOISE.sub("", unicodedata.normalize("NFKC", text).upper())


def vin_of(text: str) -> str:
    """A vehicle identification number in capitals; empty stays empty.

    Refused unless it has 17 letters and digits without I, O and Q. The check digit is not asked
    for: makers outside China and North America do not use one.
    """
    vin = re.sub(r"[\s-]+", "", unicodedata.normalize("NFKC", text).upper())
    if vin and not _VIN.fullmatch(vin):
        raise Refused("vin", _("A VIN has 17 letters and digits, never I, O or Q."), field="vin")
    return vin
