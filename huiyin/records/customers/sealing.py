"""Identity numbers at rest: sealed with AES-GCM, found again by a keyed hash.

`FIELD_KEY` may hold several keys separated by commas: the first one seals, all of them open. So a
key is changed by putting the new one in front and sealing everything again (`reseal`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.service import Refused

_NONCE = 12


@dataclass(frozen=True)
class _Key:
    id: str
    cipher: AESGCM
    blinding: bytes


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=b"huiyin identity " + purpose).derive(secret)


@lru_cache(maxsize=4)
def _keys(setting: str) -> tuple[_Key, ...]:
    secrets = [part.strip().encode() for part in setting.split(",") if part.strip()]
    return tuple(
        _Key(
            _derived(secret, b"id").hex()[:12], AESGCM(_derived(secret, b"seal")), _derived(secret, b"blind")
        )
        for secret in secrets
    )


def _all() -> tuple[_Key, ...]:
    return _keys(settings.FIELD_KEY)


def key_id() -> str:
    """The name of the key that seals now."""
    return _all()[0].id


def seal(kind: str, number: str) -> str:
    """The number as it is stored; the same number looks different every time."""
    nonce = os.urandom(_NONCE)
    sealed = _all()[0].cipher.encrypt(nonce, number.encode(), kind.encode())
    return base64.urlsafe_b64encode(nonce + sealed).decode()


def unseal(kind: str, sealed: str, key: str) -> str:
    """The number again. Refused when its key is not in FIELD_KEY or the text was tampered with."""
    used = next((known for known in _all() if known.id == key), None)
    if used is None:
        raise Refused("key-missing", _("The key of this number is not installed."))
    try:
        raw = base64.urlsafe_b64decode(sealed)
        return used.cipher.decrypt(raw[:_NONCE], raw[_NONCE:], kind.encode()).decode()
    except (InvalidTag, ValueError, binascii.Error) as error:
        raise Refused(
            "unreadable", _("This number cannot be read: it was changed outside the system.")
        ) from error


def blind(kind: str, number: str) -> str:
    """What the same number of the same kind always turns into, useless without the key."""
    return _blinded(_all()[0], kind, number)


def blinds(kind: str, number: str) -> list[str]:
    """What the number turns into under each installed key, to find it while keys are changed."""
    return [_blinded(key, kind, number) for key in _all()]


def _blinded(key: _Key, kind: str, number: str) -> str:
    return hmac.new(key.blinding, f"{kind}:{number}".encode(), hashlib.sha256).hexdigest()
