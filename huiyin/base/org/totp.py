"""One-time codes (RFC 6238: HMAC-SHA-1, 30 seconds, six digits) and the sealing of their secrets.

`FIELD_KEY` may hold several keys separated by commas: the first one seals, all of them open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote, urlencode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

STEP_SECONDS = 30
DIGITS = 6
TOLERANCE = 1
"""Steps that a telephone's clock may be off, either way."""


def new_secret() -> str:
    """A fresh secret of 160 bits, as authenticator apps take it (base 32)."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def step_of(at: datetime) -> int:
    """The number of the 30-second step a moment lies in."""
    return int(at.timestamp()) // STEP_SECONDS


def code_at(secret: str, step: int) -> str:
    """The code of one step."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", step), "sha1")
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def matching_step(secret: str, code: str, at: datetime) -> int | None:
    """The step around `at` whose code this is; None when it is none of them."""
    typed = "".join(code.split())
    if len(typed) != DIGITS or not typed.isascii() or not typed.isdigit():
        return None
    here = step_of(at)
    found = None
    for step in range(here - TOLERANCE, here + TOLERANCE + 1):
        if hmac.compare_digest(code_at(secret, step), typed):
            found = step
    return found


def address(secret: str, account: str, issuer: str) -> str:
    """The `otpauth:` address that the QR code carries."""
    label = quote(f"{issuer}:{account}", safe="")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer}, quote_via=quote)}"


def new_recovery_codes(count: int = 10) -> list[str]:
    """Codes of ten letters and digits in two groups, without signs that look alike."""
    signs = "23456789abcdefghjkmnpqrstuvwxyz"
    return [
        "-".join("".join(secrets.choice(signs) for _ in range(5)) for _ in range(2)) for _ in range(count)
    ]


def recovery_digest(code: str) -> str:
    """What is stored of a recovery code; spaces, hyphens and capitals do not matter."""
    plain = "".join(c for c in code.lower() if c.isalnum())
    return hmac.digest(settings.SECRET_KEY.encode(), plain.encode(), "sha256").hex()


@lru_cache(maxsize=4)
def _boxes(setting: str) -> tuple[Fernet, ...]:
    keys = [part.strip() for part in setting.split(",") if part.strip()]
    digests = [hashlib.sha256(f"second factor {key}".encode()).digest() for key in keys]
    return tuple(Fernet(base64.urlsafe_b64encode(digest)) for digest in digests)


def seal(secret: str) -> str:
    """A secret as it is stored."""
    return _boxes(settings.FIELD_KEY)[0].encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str | None:
    """The secret back; None when its key is not installed or it is no seal of ours."""
    return _opened(sealed, _boxes(settings.FIELD_KEY))


def resealed(sealed: str) -> str | None:
    """A seal under the present key in place of one under an older; None when it has that or cannot be read."""
    boxes = _boxes(settings.FIELD_KEY)
    if _opened(sealed, boxes[:1]) is not None:
        return None
    secret = _opened(sealed, boxes[1:])
    return seal(secret) if secret is not None else None


def _opened(sealed: str, boxes: tuple[Fernet, ...]) -> str | None:
    try:
        return MultiFernet(boxes).decrypt(sealed.encode()).decode() if boxes else None
    except (InvalidToken, ValueError):
        return None
