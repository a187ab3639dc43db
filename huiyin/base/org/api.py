"""Who one is and where one works, over the programming interface."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel

from huiyin.base.kit.api import answers, reply
from huiyin.base.kit.scope import current

from .models import Site, User
from .selectors import sites_in_reach

router = Router(tags=["me"])


class SiteOut(BaseModel):
    """A site in reach, with what the key's person may do there (codes of permissions)."""

    code: str
    name: str
    address: str
    phone: str
    permissions: list[str]


class SiteList(BaseModel):
    """The sites in reach, by code."""

    items: list[SiteOut]


class MeOut(BaseModel):
    """The person a key acts as."""

    username: str
    name: str
    sites: list[str]
    permissions: list[str]


def site_out(site: Site) -> dict[str, Any]:
    """A site as the interface shows it."""
    grants = current().grants
    return {
        "code": site.code,
        "name": site.name,
        "address": site.address,
        "phone": site.phone,
        "permissions": sorted(code for code, ids in grants.items() if site.pk in ids),
    }


@router.get("/me", response=answers(200, MeOut), summary="Whom the key acts as")
def me(request: HttpRequest) -> HttpResponse:
    """And what that person may do anywhere."""
    scope, user = current(), cast(User, request.user)
    codes = sites_in_reach().values_list("code", flat=True)
    permissions = sorted(code for code, ids in scope.grants.items() if ids)
    return reply(
        {
            "username": user.username,
            "name": user.name,
            "sites": sorted(codes),
            "permissions": permissions,
        }
    )


@router.get("/sites", response=answers(200, SiteList), summary="The sites in reach", tags=["sites"])
def index(request: HttpRequest) -> HttpResponse:
    """Every other operation takes their codes."""
    return reply({"items": [site_out(site) for site in sites_in_reach().order_by("code")]})
