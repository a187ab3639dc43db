"""Customers over the programming interface: who is calling."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router
from pydantic import BaseModel, Field

from huiyin.base.kit.api import answers, must_hold, reply
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Site
from huiyin.engines.fields.phones import mask_digits

from .contacts import digits_of
from .selectors import VIEW, Card, card_for_phone

router = Router(tags=["customers"])


class HoldingOut(BaseModel):
    """In which role a customer stands to a place or a thing today (codes)."""

    role: str
    place: str | None
    asset: str | None


class CallerOut(BaseModel):
    """A customer whose number it is; `current` is false where it was theirs in the past only."""

    site: str
    code: str
    kind: str
    name: str
    phone: str = Field(description="Masked")
    current: bool
    holdings: list[HoldingOut]
    care: list[str] = Field(description="Codes of special care in force")


class CallerList(BaseModel):
    """Whom the number belongs to now, then those who had it before; at most twenty."""

    items: list[CallerOut]


class ByPhone(BaseModel):
    """The number of a call."""

    phone: str = Field(
        min_length=4, max_length=40, description="A number in any spelling, or its last 4 digits or more"
    )


def caller_out(card: Card, sites: dict[int, str]) -> dict[str, Any]:
    """A customer as the interface shows one: enough to greet, no number in full."""
    customer = card.person.customer
    return {
        "site": sites[customer.site_id],
        "code": customer.code,
        "kind": customer.kind,
        "name": customer.name,
        "phone": mask_digits(card.contact.value),
        "current": card.current,
        "holdings": [
            {
                "role": one.role,
                "place": one.place.code if one.place is not None else None,
                "asset": one.asset.code if one.asset is not None else None,
            }
            for one in card.person.holdings
        ],
        "care": [one.code for one in card.person.care],
    }


@router.get("/customers", response=answers(200, CallerList), summary="Whose telephone number is this?")
def index(request: HttpRequest, filters: Query[ByPhone]) -> HttpResponse:
    """Only customers of sites where one may see them."""
    must_hold(VIEW)
    if len(digits_of(filters.phone)) < 4:
        raise Refused(
            "no-number", _("Give a telephone number, or its last four digits at least."), field="phone"
        )
    cards = card_for_phone(filters.phone)
    ids = {card.person.customer.site_id for card in cards}
    sites = dict(Site.objects.filter(pk__in=ids).values_list("pk", "code"))
    return reply({"items": [caller_out(card, sites) for card in cards]})
