"""What every change to a customer's file has in common."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused
from huiyin.engines.search.services import index

from .models import Customer
from .selectors import search_document


def refuse_merged(customer: Customer) -> None:
    """Refused when the file was merged into another one."""
    if customer.merged_into_id is not None:
        raise Refused("merged", _("This file was merged into another one; please write there."))


def touch(customer: Customer) -> None:
    """Note that something of the file changed just now."""
    customer.updated_at = now()
    Customer.objects.filter(pk=customer.pk).update(updated_at=customer.updated_at)


def reindexed(customer: Customer, by: Actor, *, new: bool = False) -> None:
    """Let the search know what the customer now says of themself."""
    index(customer, search_document(customer), new=new, by=by)
