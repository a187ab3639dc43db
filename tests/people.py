"""The cast of the tests: one company, two sites, and people who differ in what they may do.

alice holds the rights, bob is a member of the same site without them, carol holds them at the other
site, dana holds them over the whole company, and erin has an account but no post at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from huiyin.base.kit import permissions
from huiyin.base.kit.scope import Actor, Scope, system_scope, use
from huiyin.base.org.models import OrgUnit, Post, Site, User
from huiyin.base.org.selectors import actor_of, forget, scope_of
from huiyin.base.org.services import add_unit, add_user, appoint, save_post

BY = Actor(None, "test", "command")


@dataclass(frozen=True)
class People:
    """The company and who works in it."""

    company: OrgUnit
    here: Site
    there: Site
    alice: User
    bob: User
    carol: User
    dana: User
    erin: User

    def scope(self, user: User) -> Scope:
        """What a person of the cast may do where; open it with `use`."""
        return scope_of(user)

    def actor(self, user: User) -> Actor:
        """The person as the one who does something."""
        return actor_of(user)


def company(rights: Sequence[str] | None = None) -> People:
    """Build the cast in the test's database; `rights` are alice's (all that exist when none are named)."""
    forget()
    held = list(rights) if rights is not None else [one.code for one in permissions.every()]
    with use(system_scope("cast")):
        root = add_unit(None, kind="company", code="hq", name="Company", by=BY)
        sites = [
            add_unit(root, kind="site", code=code, name=name, by=BY).site
            for code, name in (("here", "Here Estate"), ("there", "There Estate"))
        ]
        may = _post("may", held)
        leads = _post("leads", held, level=Post.Level.COMPANY)
        member = _post("member", [])
        people = {
            name: add_user(None, username=name, name=name.title(), by=BY)
            for name in ("alice", "bob", "carol", "dana", "erin")
        }
        appoint(sites[0].unit, user=people["alice"], post=may, by=BY)
        appoint(sites[0].unit, user=people["bob"], post=member, by=BY)
        appoint(sites[1].unit, user=people["carol"], post=may, by=BY)
        appoint(root, user=people["dana"], post=leads, by=BY)
    return People(company=root, here=sites[0], there=sites[1], **people)


def _post(code: str, rights: Sequence[str], level: str = Post.Level.SITE) -> Post:
    return save_post(None, code=code, name=code, level=level, permissions=rights, by=BY)
