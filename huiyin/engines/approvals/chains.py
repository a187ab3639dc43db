"""Who signs: the rule that fits, its chain in the applicant's line, and the people behind each step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from huiyin.base.kit.moment import day_of_rights
from huiyin.base.org.models import Appointment, Post, Site, User
from huiyin.base.org.selectors import stamp, standing, units_of_site, who_can
from huiyin.engines.packs.registry import Item
from huiyin.engines.packs.selectors import entries

from .models import Approval, Signature, Step

DECIDE = "approvals.decide"
Remark = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Authority:
    """Whether somebody may decide something alone; true or false, with the clause that says so.

    A false one names the clause of the authority that comes nearest, if there is any for the kind and posts.
    """

    holds: bool
    name: str = ""
    clause: str = ""
    code: str = ""

    def __bool__(self) -> bool:
        return self.holds


@dataclass(slots=True)
class Found:
    """The people who may sign a step, by user id with their post, and why it is they (or nobody)."""

    people: dict[int, Post | None] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)

    @property
    def moved_up(self) -> bool:
        """Whether somebody of a higher level signs instead; then one signature is enough."""
        return any(one["code"] in ("vacant", "own") for one in self.remarks)


def rule_for(kind: str, facts: Mapping[str, Any], site_id: int) -> Item | None:
    """The first rule of a kind that fits; the particular goes before the general."""
    for item in sorted(entries("approvals", site_id), key=lambda one: -one.place):
        if item.value.kind == kind and item.value.when.holds(facts):
            return item
    return None


def copy_of(item: Item) -> dict[str, Any]:
    """What an approval keeps of its rule."""
    value = item.value
    return {
        "name": value.name.model_dump(exclude_defaults=True),
        "when": value.when.model_dump(exclude_defaults=True, mode="json"),
        "steps": [one.model_dump(exclude_defaults=True, mode="json") for one in value.steps],
        "validity": value.validity.model_dump() if value.validity is not None else None,
        "clause": value.clause,
        "source": list(value.source),
        "pack": item.pack,
        "version": item.version,
        "version_id": item.version_id,
    }


def authority_of(
    user_id: int, kind: str, facts: Mapping[str, Any], site: Site, *, right: str = "decide"
) -> Authority:
    """Whether one of a person's posts at a site may decide (or propose) something alone, by the packs."""
    posts = {one.post.code for one in appointments_at(site, [user_id])}
    nearest = Authority(False)
    for item in sorted(entries("authorities", site.pk), key=lambda one: -one.place):
        entry = item.value
        if kind not in entry.kind or entry.right != right:
            continue
        fits = entry.post in posts and entry.when.holds(facts)
        told = Authority(fits, str(entry.name), entry.clause, item.code)
        if fits:
            return told
        if not nearest.code or entry.post in posts:
            nearest = told
    return nearest


def appointments_at(site: Site, users: Iterable[int] | None = None) -> list[Appointment]:
    """Appointments in force that reach a site, of active people, the nearest to the site last in the tree first."""
    rows = standing().filter(unit__in=units_of_site(site), user__is_active=True)
    if users is not None:
        rows = rows.filter(user__in=list(users))
    found = list(rows.select_related("post", "unit", "user"))
    found.sort(key=lambda one: (-len(one.unit.path.split("/")), one.post.code, one.pk))
    return found


class Posts:
    """All posts by id and code, read once."""

    def __init__(self) -> None:
        self.by_id = {post.pk: post for post in Post.objects.all()}
        self.by_code = {post.code: post for post in self.by_id.values()}

    def line(self, post: Post) -> list[Post]:
        """A post and those above it."""
        line: list[Post] = []
        above: Post | None = post
        while above is not None and above not in line:
            line.append(above)
            above = self.by_id.get(above.reports_to_id) if above.reports_to_id else None
        return line

    def names(self, codes: Iterable[str]) -> str:
        """The names of posts, one after the other."""
        return " / ".join(self.by_code[code].name if code in self.by_code else code for code in codes)

    def tops(self) -> list[str]:
        """The posts of a site that answer to the company."""
        tops = []
        for post in self.by_id.values():
            above = self.by_id.get(post.reports_to_id) if post.reports_to_id else None
            here = post.level == Post.Level.SITE and not post.retired
            if here and above is not None and above.level == Post.Level.COMPANY:
                tops.append(post.code)
        return sorted(tops)


def role_posts(role: str, applicant_id: int, site: Site, posts: Posts) -> list[str]:
    """The posts that a role means for an applicant; empty when their line has none."""
    own = appointments_at(site, [applicant_id])
    own.sort(key=lambda one: one.post.level != Post.Level.SITE)
    line = posts.line(own[0].post) if own else []
    here = [post for post in line if post.level == Post.Level.SITE]
    if role == "lead" and line:
        return [line[min(1, len(line) - 1)].code]
    if not here:
        return posts.tops()
    if role == "head" and len(here) > 1:
        return [here[-2].code]
    return [here[-1].code]


def draft(rule: Mapping[str, Any], approval: Approval, site: Site) -> list[Step]:
    """The steps of a chain under a copied rule, not yet written."""
    posts = Posts()
    steps = []
    for position, one in enumerate(rule["steps"], 1):
        role = one.get("role")
        if role == "customer":
            who: dict[str, Any] = {"customer": True}
            name = ""
        else:
            codes = one.get("post") or role_posts(role, approval.applicant_id, site, posts)
            who = {"posts": codes}
            name = posts.names(codes)
        if one.get("name"):
            name = one["name"]["zh"]
        steps.append(
            Step(
                site_id=approval.site_id,
                approval=approval,
                position=position,
                name=name[:160],
                who=who,
                mode=one.get("sign", "any"),
                company_wide=one.get("scope") == "company",
                optional=one.get("optional", False),
            )
        )
    return steps


def people_for(step: Step, approval: Approval, site: Site) -> Found:
    """Who may sign a step today: holders of its posts, else those of the next level up; never the applicant."""
    found = Found()
    if step.is_customers:
        return found
    able = set(who_can(DECIDE, site).values_list("pk", flat=True)) - {approval.applicant_id}
    if "user" in step.who:
        if step.who["user"] in able:
            found.people[step.who["user"]] = None
        else:
            found.remarks.append({"code": "gone"})
        return found
    posts = Posts()
    everybody = appointments_at(site)
    level, seen = list(step.who["posts"]), set()
    first = True
    while level:
        seen.update(level)
        holding = [one for one in everybody if one.post.code in level]
        if first and step.company_wide:
            holding = [one for one in holding if one.unit.parent_id is None]
        for one in holding:
            if one.user_id in able:
                found.people.setdefault(one.user_id, one.post)
        if found.people:
            return found
        if step.optional:
            found.remarks.append({"code": "optional", "post": posts.names(level)})
            return found
        own = any(one.user_id == approval.applicant_id for one in holding)
        above = [posts.by_code[code].reports_to_id for code in level if code in posts.by_code]
        codes = sorted({posts.by_id[pk].code for pk in above if pk in posts.by_id} - seen)
        remark = {"code": "own" if own else "vacant", "post": posts.names(level), "to": posts.names(codes)}
        found.remarks.append(remark)
        level, first = codes, False
    return found


def signed_by(approval: Approval) -> set[int]:
    """Everybody who has signed an approval, or for whom somebody has."""
    rows = Signature.objects.filter(approval=approval, user__isnull=False)
    return {pk for row in rows.values_list("user_id", "on_behalf_of_id") for pk in row if pk is not None}


def state_of_the_organisation() -> str:
    """Changes whenever somebody else may hold a post: with the organisation, and with the day."""
    return f"{stamp()}:{day_of_rights():%Y%m%d}"


def names_of(ids: Iterable[int]) -> dict[int, str]:
    """The names of people by id."""
    return {user.pk: str(user) for user in User.objects.filter(pk__in=list(ids))}
