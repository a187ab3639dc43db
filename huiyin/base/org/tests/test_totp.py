"""One-time codes against the vectors of RFC 6238, and sealing."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from huiyin.base.org import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
    ],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert totp.code_at(SECRET, totp.step_of(at)) == code
    assert totp.matching_step(SECRET, code, at) == totp.step_of(at)


def test_a_clock_half_a_minute_off_is_forgiven_and_more_is_not() -> None:
    at = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    step = totp.step_of(at)
    for off, fits in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        found = totp.matching_step(SECRET, totp.code_at(SECRET, step + off), at)
        assert (found == step + off) is fits


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "²²²²²²"])
def test_what_is_no_code_fits_nothing(typed: str) -> None:
    assert totp.matching_step(SECRET, typed, datetime(2026, 11, 21, tzinfo=UTC)) is None


def test_spaces_in_a_code_do_not_matter() -> None:
    at = datetime.fromtimestamp(59, UTC)
    assert totp.matching_step(SECRET, "287 082", at) is not None


def test_a_sealed_secret_comes_back_and_a_tampered_one_does_not() -> None:
    sealed = totp.seal(SECRET)
    assert SECRET not in sealed
    assert totp.unseal(sealed) == SECRET
    assert totp.unseal(sealed[:-4] + "AAAA") is None
    assert totp.unseal("汉字") is None


def test_the_address_in_the_qr_code_names_house_and_person() -> None:
    address = totp.address(SECRET, "alice@x", "回音")
    assert address.startswith("otpauth://totp/%E5%9B%9E%E9%9F%B3%3Aalice%40x?secret=")


def test_recovery_codes_read_alike_however_they_are_typed() -> None:
    code = totp.new_recovery_codes(1)[0]
    assert totp.recovery_digest(code) == totp.recovery_digest(f" {code.upper().replace('-', ' ')} ")


def test_secrets_survive_a_change_of_keys(settings: Any) -> None:
    old = settings.FIELD_KEY
    sealed = totp.seal(SECRET)

    settings.FIELD_KEY = f"a-new-key, {old}"
    assert totp.unseal(sealed) == SECRET
    again = totp.resealed(sealed)
    assert again is not None and totp.resealed(again) is None

    settings.FIELD_KEY = "a-new-key"
    assert totp.unseal(again) == SECRET
    assert totp.unseal(sealed) is None
    assert totp.resealed(sealed) is None
