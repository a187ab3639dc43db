"""Entries of the general sections, and how posts of a pack become posts of the organisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field

from huiyin.base.kit.permissions import every, known
from huiyin.base.org.models import Post
from huiyin.base.org.services import save_post

from .problems import near
from .registry import Applying, Checking, Code, Entry, Item, Words

PostCode = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")]


class _PostName(Words):
    zh: str = Field(min_length=1, max_length=60)


class PostEntry(Entry):
    """A post: what somebody in it may do, to whom they report, who deputises, at one site or company-wide."""

    code: PostCode
    name: _PostName
    level: Literal["site", "company", "system"] = "site"
    permissions: list[str] = Field(default_factory=list, max_length=200)
    reports_to: PostCode | None = None
    deputy: PostCode | None = None
    description: Words | None = None


class PhraseEntry(Entry):
    """Words to say at one moment of a conversation."""

    moment: Code
    text: Words


class GlossaryEntry(Entry):
    """A word of the trade in the languages of the screen, so that it is translated the same everywhere."""

    name: Words


class ChannelEntry(Entry):
    """A way a contact comes or goes; `out` also leads to the customer."""

    name: Words
    out: bool = True


class Badge(BaseModel):
    """How a flag is shown beside a name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    badge: str = Field(min_length=1, max_length=8)
    tone: Literal["info", "attention", "critical"] = "info"


class CareFlagEntry(Entry):
    """Special care that a household needs; a `discreet` one is shown to staff only and never printed."""

    name: Words
    display: Badge
    advice: Words | None = None
    discreet: bool = False


class Use(BaseModel):
    """One of several, with its name: what a place may be used as, an answer that may be chosen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Code
    name: Words


class PlaceKindEntry(Entry):
    """A kind of place: the kinds it may lie in, whether it can belong to a customer, its possible uses."""

    name: Words
    within: list[Code] = Field(default_factory=list, max_length=50)
    holdable: bool = False
    uses: list[Use] = Field(default_factory=list, max_length=50)


class VariantEntry(Entry):
    """A question that handbooks answer differently: its answers, and the one chosen."""

    name: Words
    options: list[Use] = Field(min_length=2, max_length=20)
    choice: Code


def check_variants(items: Sequence[Item], checking: Checking) -> None:
    """The answer chosen is one of those offered."""
    for item in items:
        offered = [option.code for option in item.value.options]
        if item.value.choice not in offered:
            message = _("There is no answer %(code)s.") % {"code": item.value.choice}
            mend = near(item.value.choice, offered) + _("Known are: %(names)s.") % {
                "names": ", ".join(offered)
            }
            checking.problem(item, message, mend, "choice")


def check_posts(items: Sequence[Item], checking: Checking) -> None:
    """Every permission exists, every post named exists, nobody reports to themself in the end."""
    permissions = [permission.code for permission in every()]
    reports = {item.code: item.value.reports_to for item in items}
    for item in items:
        post: PostEntry = item.value
        for position, code in enumerate(post.permissions):
            path = ("permissions", position)
            if not known(code):
                message = _("There is no permission %(code)s.") % {"code": code}
                mend = near(code, permissions) + _("Correct or delete it.")
                checking.problem(item, message, mend, *path)
            elif code in post.permissions[:position]:
                message = _("The permission %(code)s stands twice.") % {"code": code}
                checking.problem(item, message, _("Delete one of them."), *path)
        for key, other in (("reports_to", post.reports_to), ("deputy", post.deputy)):
            if other is not None and other not in checking.codes("posts"):
                message = _("There is no post %(code)s.") % {"code": other}
                mend = near(other, checking.codes("posts")) + _("Correct the code, or write null.")
                checking.problem(item, message, mend, key)
            elif other == item.code:
                message = _("A post cannot be its own superior or deputy.")
                checking.problem(item, message, _("Name another post, or write null."), key)
        above, steps = post.reports_to, 0
        while above is not None and above != item.code and steps <= len(reports):
            above, steps = reports.get(above), steps + 1
        if above == item.code and post.reports_to != item.code:
            message = _("The line of superiors leads back to this post.")
            checking.problem(item, message, _("Let one of them report to nobody (null)."), "reports_to")


def apply_posts(items: Sequence[Item], applying: Applying) -> None:
    """Make the posts of the packs posts of the organisation; retire those the packs no longer have.

    A post that was changed on screen (it has lost its origin) belongs to the organisation and is left alone.
    """
    posts = {post.code: post for post in Post.objects.all()}
    ours = [item for item in items if item.code not in posts or posts[item.code].origin]
    for item in ours:
        if item.code not in posts:
            posts[item.code] = save_post(None, **_values(item), by=applying.by)
    for item in ours:
        post: PostEntry = item.value
        save_post(
            None,
            **_values(item),
            reports_to=posts[post.reports_to] if post.reports_to else None,
            deputy=posts[post.deputy] if post.deputy else None,
            by=applying.by,
        )
    codes = {item.code for item in items}
    for old in posts.values():
        if old.origin and old.code not in codes and not old.retired:
            _retire(old, applying)


def _values(item: Item) -> dict[str, Any]:
    post: PostEntry = item.value
    return {
        "code": post.code,
        "name": post.name.zh,
        "level": post.level,
        "permissions": post.permissions,
        "description": post.description.zh if post.description else "",
        "clause": post.clause,
        "source": post.source,
        "origin": item.pack,
    }


def _retire(post: Post, applying: Applying) -> None:
    save_post(
        None,
        code=post.code,
        name=post.name,
        level=post.level,
        permissions=post.permissions,
        reports_to=post.reports_to,
        deputy=post.deputy,
        description=post.description,
        clause=post.clause,
        source=post.source,
        origin=post.origin,
        retired=True,
        by=applying.by,
    )


def check_place_kinds(items: Sequence[Item], checking: Checking) -> None:
    """A kind lies only within kinds that exist."""
    for item in items:
        for position, code in enumerate(item.value.within):
            if code not in checking.codes("place_kinds"):
                message = _("There is no kind of place %(code)s.") % {"code": code}
                checking.problem(item, message, _("Correct the code."), "within", position)
