"""The sections `approvals` (who signs what, in which order) and `authorities` (who may decide what alone)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import BaseModel, ConfigDict, Field, model_validator

from huiyin.engines.packs.problems import near
from huiyin.engines.packs.registry import Checking, Code, Entry, Item, Section, Words, declare

from .conditions import NaturalTime, When
from .registry import kinds

KindCode = Annotated[str, Field(pattern=r"^[a-z][a-z_]*\.[a-z][a-z_]*$", max_length=60)]


class StepEntry(BaseModel):
    """Whose signature a step takes: holders of posts, a role beside the applicant, or the customer.

    Roles: `lead` is the applicant's direct superior, `director` the highest post of the site in the
    applicant's line, `head` the one below it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Words | None = None
    post: Annotated[list[Code], Field(min_length=1, max_length=10)] | None = None
    role: Literal["lead", "head", "director", "customer"] | None = None
    sign: Literal["any", "all"] = "any"
    scope: Literal["site", "company"] = "site"
    optional: bool = False

    @model_validator(mode="after")
    def _names_one(self) -> StepEntry:
        if (self.post is None) == (self.role is None):
            raise ValueError(_("names either “post” or “role”"))
        return self


class ApprovalEntry(Entry):
    """A rule: the first one of a kind whose conditions hold gives the chain. Layers override by code.

    With `request` staff may ask for it on screen although no part of the system carries it out: the signed
    sheet is what counts. `validity` is how long the signatures may take. A `discreet` approval is seen only
    by those who take part.
    """

    name: Words
    kind: KindCode
    when: When = When()
    steps: Annotated[list[StepEntry], Field(min_length=1, max_length=20)]
    validity: NaturalTime | None = None
    request: bool = False
    discreet: bool = False


class AuthorityEntry(Entry):
    """What somebody in a post may decide alone, or (`right: propose`) only propose, for some kinds.

    Without limits in `when` everything of these kinds.
    """

    name: Words
    post: Code
    kind: Annotated[list[KindCode], Field(min_length=1, max_length=50)]
    right: Literal["decide", "propose"] = "decide"
    when: When = When()


def check_approvals(items: Sequence[Item], checking: Checking) -> None:
    """Kinds and posts exist; every rule can be reached; nobody is asked twice."""
    registered = {one.code for one in kinds()}
    catch_all: dict[str, Item] = {}
    for item in sorted(items, key=lambda one: -one.place):
        entry: ApprovalEntry = item.value
        if entry.kind not in registered and not entry.request:
            message = _("There is no kind of approval “%(kind)s”.") % {"kind": entry.kind}
            mend = near(entry.kind, registered) + _("Correct it, or write request: true.")
            checking.problem(item, message, mend, "kind")
        before = catch_all.get(entry.kind)
        if before is not None:
            message = _("The rule is never reached: %(code)s before it fits everything (%(verb)s).")
            shown = {"code": before.code, "verb": entry.kind}
            mend = _("Put it before that rule, or give that one conditions.")
            checking.problem(item, message % shown, mend, "when")
        elif entry.when.is_empty:
            catch_all[entry.kind] = item
        _check_steps(item, entry, checking)


def _check_steps(item: Item, entry: ApprovalEntry, checking: Checking) -> None:
    asked = []
    for position, step in enumerate(entry.steps):
        for number, code in enumerate(step.post or ()):
            if code not in checking.codes("posts"):
                message = _("There is no post %(code)s.") % {"code": code}
                mend = near(code, checking.codes("posts")) + _("Correct the code.")
                checking.problem(item, message, mend, "steps", position, "post", number)
        whom = (step.role, *(step.post or ()))
        if whom in asked:
            message = _("The same signature is asked for twice.")
            checking.problem(item, message, _("Delete one of the steps."), "steps", position)
        asked.append(whom)


def check_authorities(items: Sequence[Item], checking: Checking) -> None:
    """Posts and kinds exist."""
    for item in items:
        entry: AuthorityEntry = item.value
        if entry.post not in checking.codes("posts"):
            message = _("There is no post %(code)s.") % {"code": entry.post}
            checking.problem(
                item, message, near(entry.post, checking.codes("posts")) + _("Correct the code."), "post"
            )


declare(
    Section("approvals", ApprovalEntry, gettext_lazy("Approvals"), check_approvals),
    Section("authorities", AuthorityEntry, gettext_lazy("Authority limits"), check_authorities),
)
