"""Permissions: named rights, declared by the code that asks for them, held by posts (data).

A permission is written `app.verb`. Every app declares its own at import in `permissions.py`;
naming one that was never declared raises, so that a typing error cannot open or lock a door.
"""

from dataclasses import dataclass
from typing import Any

from .scope import SIGNED_IN


@dataclass(frozen=True, slots=True)
class Permission:
    """One right: its code and the words for it (a translatable message)."""

    code: str
    label: Any
    company_wide: bool = False
    """True when only somebody who holds it over the whole organisation can use it."""


_registry: dict[str, Permission] = {}


def declare(*permissions: Permission) -> None:
    """Make permissions known. Refused (ValueError) when a code is declared twice with other words."""
    for permission in permissions:
        known = _registry.get(permission.code)
        if known is not None and known != permission:
            raise ValueError(f"permission {permission.code} is declared twice")
        _registry[permission.code] = permission


def known(code: str) -> bool:
    """Whether the code was declared (or is the one everybody signed in holds)."""
    return code == SIGNED_IN or code in _registry


def every() -> list[Permission]:
    """All declared permissions, ordered by code."""
    return [_registry[code] for code in sorted(_registry)]
