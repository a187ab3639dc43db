"""The beginning of an installation: packs, the company, its first site, and who administers it all."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import OrgUnit, Post, User
from huiyin.base.org.services import add_unit, add_user, appoint

from . import selectors
from .models import PackStamp
from .services import load

ADMINISTRATOR = "system-administrator"
"""The post of the base pack that administers organisation, people and packs."""


def new_password() -> str:
    """A password to begin with: 20 letters and digits, some 100 bits, without signs that look alike."""
    signs = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    while True:
        password = "".join(secrets.choice(signs) for _place in range(20))
        if any(sign.isdigit() for sign in password):
            return password


def begin(
    *,
    company: tuple[str, str],
    site: tuple[str, str],
    admin: tuple[str, str],
    password: str,
    packs: Sequence[Path],
    by: Actor,
) -> User:
    """Make the company, its first site and its first administrator, each given as (code, name).

    `packs` are put in force when none is. All or nothing. Refused when the installation has begun already,
    when a code or name is not well-formed, the password too weak, or the packs know no post that administers.
    (`PackErrors`) when a pack has a mistake.
    """
    with transaction.atomic():
        # Of two who begin at once the second waits here, and then finds that the first has begun.
        PackStamp.objects.get_or_create(pk=1)
        PackStamp.objects.filter(pk=1).update(number=F("number"))
        standing = OrgUnit.objects.filter(parent=None).first()
        if standing is not None:
            raise Refused(
                "begun", _("This installation has begun already: %(name)s."), params={"name": standing.name}
            )
        if not selectors.active_packs():
            load(packs, by=by)
        post = Post.objects.filter(code=ADMINISTRATOR, retired=False).first()
        if post is None:
            raise Refused(
                "no-administrator",
                _("No pack in force has the post “%(code)s”. Load the pack “base” as well."),
                params={"code": ADMINISTRATOR},
            )
        root = add_unit(None, kind=OrgUnit.Kind.COMPANY, code=company[0], name=company[1], by=by)
        add_unit(root, kind=OrgUnit.Kind.SITE, code=site[0], name=site[1], by=by)
        user = add_user(None, username=admin[0], name=admin[1], password=password, by=by)
        appoint(root, user=user, post=post, by=by)
    return user
