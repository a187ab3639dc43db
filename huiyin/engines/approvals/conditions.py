"""Conditions on the facts of an approval, as packs write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Facts = Mapping[str, Any]

UNITS = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
}


class Time(BaseModel):
    """An amount of time: natural, or in working days."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: int = Field(gt=0, le=10_000)
    unit: Literal["minutes", "hours", "days", "weeks", "working_days"]

    @property
    def natural(self) -> timedelta:
        """As natural time; working days count as days."""
        return self.value * UNITS.get(self.unit, UNITS["days"])


class NaturalTime(Time):
    """An amount of natural time."""

    unit: Literal["minutes", "hours", "days", "weeks"]


def _decimal(value: int | str) -> int | str:
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError(_("must be a number, or one in quotes like “0.50”")) from error
    if not number.is_finite() or number < 0 or number > 10**12 or number.as_tuple().exponent < -4:  # type: ignore[operator]
        raise ValueError(_("must be a number, or one in quotes like “0.50”"))
    return value


Number = Annotated[int | str, AfterValidator(_decimal)]


class Bounds(BaseModel):
    """A range of numbers; each bound says by its name whether it belongs to the range."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at_least: Number | None = None
    over: Number | None = None
    up_to: Number | None = None
    below: Number | None = None

    @model_validator(mode="after")
    def _holds_something(self) -> Bounds:
        low = [Decimal(str(one)) for one in (self.at_least, self.over) if one is not None]
        high = [Decimal(str(one)) for one in (self.up_to, self.below) if one is not None]
        if not low and not high:
            raise ValueError(_("names no bound: at_least, over, up_to or below"))
        if len(low) > 1 or len(high) > 1:
            raise ValueError(_("names two lower or two upper bounds"))
        if low and high and low[0] > high[0]:
            raise ValueError(_("the lower bound lies above the upper one"))
        if low == high and (self.over is not None or self.below is not None):
            raise ValueError(_("nothing lies between these bounds"))
        return self

    def holds(self, value: Decimal) -> bool:
        """Whether a number lies in the range."""
        return (
            (self.at_least is None or value >= Decimal(str(self.at_least)))
            and (self.over is None or value > Decimal(str(self.over)))
            and (self.up_to is None or value <= Decimal(str(self.up_to)))
            and (self.below is None or value < Decimal(str(self.below)))
        )


class Span(BaseModel):
    """A range of durations."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    over: Time | None = None
    up_to: Time | None = None

    @model_validator(mode="after")
    def _holds_something(self) -> Span:
        if self.over is None and self.up_to is None:
            raise ValueError(_("names no bound: over or up_to"))
        if self.over is not None and self.up_to is not None and self.over.natural > self.up_to.natural:
            raise ValueError(_("the lower bound lies above the upper one"))
        if self.over is not None and self.over == self.up_to:
            raise ValueError(_("nothing lies between these bounds"))
        return self

    def holds(self, facts: Facts) -> bool:
        """Whether the duration among the facts lies in the range; one that is not known does not."""
        for bound, beyond in ((self.over, True), (self.up_to, False)):
            if bound is not None:
                longer = _longer(facts, bound)
                if longer is None or longer is not beyond:
                    return False
        return True


def _longer(facts: Facts, bound: Time) -> bool | None:
    """Whether the duration of the facts is longer than a time; None when it is not known in that unit."""
    if bound.unit == "working_days":
        days = facts.get("working_days")
        return None if days is None else Decimal(str(days)) > bound.value
    minutes = facts.get("minutes")
    return None if minutes is None else Decimal(str(minutes)) * 60 > int(bound.natural.total_seconds())


Wanted = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=80)]], Field(min_length=1, max_length=200)
]


class When(BaseModel):
    """Conditions, all of which must hold; of a list one value is enough; categories fit by their beginning.

    `amount` is in yuan (or in `currency`), `numbers` are other figures by name, such as a discount.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount: Bounds | None = None
    currency: str = Field(default="CNY", pattern=r"^[A-Z]{3}$")
    duration: Span | None = None
    numbers: dict[str, Bounds] = Field(default_factory=dict, max_length=20)
    category: Wanted | None = None
    level: Wanted | None = None
    severity: Wanted | None = None
    limit: Wanted | None = None
    cause: Wanted | None = None
    matter: Wanted | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it fits everything."""
        return self == When()

    def holds(self, facts: Facts) -> bool:
        """Whether every condition holds; what is not among the facts holds for none."""
        if self.amount is not None:
            amount = facts.get("amount")
            if amount is None or facts.get("currency", "CNY") != self.currency:
                return False
            if not self.amount.holds(Decimal(int(amount)) / 100):
                return False
        if self.duration is not None and not self.duration.holds(facts):
            return False
        for name, bounds in self.numbers.items():
            value = facts.get(name)
            if value is None or not bounds.holds(Decimal(str(value))):
                return False
        return all(_one_of(key, getattr(self, key), facts.get(key)) for key in LISTED)


LISTED = ("category", "level", "severity", "limit", "cause", "matter")


def _one_of(key: str, wanted: list[str] | None, fact: Any) -> bool:
    if wanted is None:
        return True
    known = (fact,) if isinstance(fact, str) else tuple(fact or ())
    if key == "category":
        return any(one == prefix or one.startswith(f"{prefix}.") for one in known for prefix in wanted)
    return any(one in wanted for one in known)
