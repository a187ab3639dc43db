"""Services: the only way to write.

A *command* names the permission it `needs`; an *effect* has none and is called by services only.
Both run in one transaction and take the actor as the keyword `by`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar, overload

from django.db import transaction

from .scope import current

P = ParamSpec("P")
R = TypeVar("R")


class Refused(Exception):
    """A business rule said no.

    `code` is for machines (kebab-case, stable), `message` for the user (translatable, with
    `params` filled in), `field` the form field it concerns, if one.
    """

    def __init__(
        self, code: str, message: Any, *, params: Mapping[str, Any] | None = None, field: str | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.raw_message = message
        self.params = dict(params or {})
        self.field = field

    @property
    def message(self) -> str:
        """The message in the language of the moment."""
        text = str(self.raw_message)
        return text % self.params if self.params else text

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def site_of(subject: Any) -> int | None:
    """The id of the site a command's subject belongs to; None for company-wide subjects."""
    return getattr(subject, "site_id", None)


@overload
def service(func: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def service(*, needs: str | None = None) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def service(func: Any = None, /, *, needs: str | None = None) -> Any:
    """Declare a write: one transaction, the actor in `by`, the subject first.

    The first positional argument is the subject: a row with a site, a `Site`, or None for the
    whole organisation. Refused (PermissionDenied) when the scope does not hold `needs` there.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def wrapper(subject: Any, *args: Any, by: Any, **kwargs: Any) -> Any:
            if needs is not None:
                current().require(needs, site_of(subject))
            elif transaction.get_connection().in_atomic_block:
                return function(subject, *args, by=by, **kwargs)  # an effect is part of its caller's work
            with transaction.atomic():
                return function(subject, *args, by=by, **kwargs)

        wrapper.needs = needs  # type: ignore[attr-defined]
        wrapper.is_service = True  # type: ignore[attr-defined]
        return wrapper

    return decorate(func) if func is not None else decorate
