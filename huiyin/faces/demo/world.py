"""The demo company: its sites and the people who work there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import yaml
from django.contrib.auth.hashers import make_password

from huiyin.base.kit.scope import Actor
from huiyin.base.org.models import OrgUnit, Post, Site, User
from huiyin.base.org.services import add_unit, add_user, appoint

DATA = Path(__file__).parent / "data"
PASSWORD = "huiyin-demo-2026"
SINCE = date(2024, 1, 1)
SITES = (
    ("yunhe", "云河苑", "云河路 18 号", "0571-8800 1180"),
    ("zhengtai", "正泰花园", "正泰大道 66 号", "0571-8800 2266"),
)
SITE_STAFF = (
    ("director", "site-director", 1),
    ("manager", "cs-manager", 1),
    ("supervisor", "cs-supervisor", 1),
    ("front", "front-desk", 2),
    ("service", "cs-officer", 2),
    ("steward", "floor-steward", 3),
    ("engineer", "engineering-supervisor", 1),
    ("repair", "engineering-technician", 4),
    ("security", "security-supervisor", 1),
    ("guard", "security-officer", 2),
    ("cleaning", "environment-supervisor", 1),
    ("cashier", "cashier", 1),
    ("records", "records-officer", 1),
    ("concierge", "concierge", 1),
    ("operator", "switchboard-operator", 1),
)
COMPANY_STAFF = (
    ("gm", "general-manager"),
    ("quality", "quality-officer"),
    ("admin", "system-administrator"),
    ("integration", "integration"),
)
TEAMS = (("repair", "维修班"), ("security", "秩序班"), ("cleaning", "环境班"))


def data_of(name: str) -> Any:
    """One of the files of made-up data."""
    return yaml.safe_load((DATA / f"{name}.yaml").read_text(encoding="utf-8"))


class Names:
    """Names mixed at random from common ones."""

    def __init__(self, random: Random) -> None:
        data = data_of("names")
        self.random = random
        self.surnames: str = data["surnames"]
        self.compound: list[str] = data["compound"]
        self.one: str = data["given_one"]
        self.two: list[str] = data["given_two"]

    def person(self, surname: str = "") -> str:
        """A full name, with a surname of the family if one is given."""
        rare = self.random.random() < 0.01
        surname = surname or (
            self.random.choice(self.compound) if rare else self.random.choice(self.surnames)
        )
        given = self.random.choice(self.two) if self.random.random() < 0.6 else self.random.choice(self.one)
        return surname + given

    def surname(self, name: str) -> str:
        """The surname in a full name."""
        return name[:2] if name[:2] in self.compound else name[:1]


@dataclass(frozen=True)
class Company:
    """What was built: the sites, and their people by the short name of what they do."""

    root: OrgUnit
    sites: dict[str, Site]
    staff: dict[str, dict[str, list[User]]]


def build(random: Random, by: Actor) -> Company:
    """The company with its two sites, teams and somebody in every post."""
    names = Names(random)
    root = add_unit(None, kind="company", code="yunzheng", name="云正物业服务集团", by=by)
    branch = add_unit(root, kind="branch", code="hangzhou", name="杭州分公司", by=by)
    posts = {post.code: post for post in Post.objects.all()}
    sites: dict[str, Site] = {}
    staff: dict[str, dict[str, list[User]]] = {}
    for login, post in COMPANY_STAFF:
        user = _person(login, names.person() if login != "integration" else "系统对接", by)
        appoint(root, user=user, post=posts[post], starts_on=SINCE, by=by)
        staff.setdefault("company", {})[login] = [user]
    for code, name, address, phone in SITES:
        unit = add_unit(branch, kind="site", code=code, name=name, address=address, phone=phone, by=by)
        for team, words in TEAMS:
            add_unit(unit, kind="team", code=f"{code}-{team}", name=f"{name}{words}", by=by)
        sites[code] = Site.objects.select_related("unit").get(code=code)
        staff[code] = {
            login: [
                _appointed(
                    unit, posts[post], f"{login}{number if count > 1 else ''}.{code}", names.person(), by
                )
                for number in range(1, count + 1)
            ]
            for login, post, count in SITE_STAFF
        }
    _let_in([user for groups in staff.values() for group in groups.values() for user in group])
    return Company(root, sites, staff)


def _let_in(people: list[User]) -> None:
    """Give everybody the password of the demo; making it takes time, so it is made once."""
    hashed = make_password(PASSWORD)
    User.objects.filter(pk__in=[user.pk for user in people]).update(password=hashed)


def _person(login: str, name: str, by: Actor) -> User:
    return add_user(None, username=login, name=name, by=by)


def _appointed(unit: OrgUnit, post: Post, login: str, name: str, by: Actor) -> User:
    user = _person(login, name, by)
    appoint(unit, user=user, post=post, starts_on=SINCE, by=by)
    return user


def accounts(company: Company) -> str:
    """The accounts to try, as the launcher prints them."""
    tried = [
        ("front1.yunhe", "前台接待 / front desk"),
        ("supervisor.yunhe", "客服主管 / service supervisor"),
        ("manager.yunhe", "客服经理 / service manager"),
        ("repair1.yunhe", "工程维修 / technician"),
        ("director.zhengtai", "项目经理(正泰花园) / site director"),
        ("gm", "总经理(全部站点) / general manager"),
        ("admin", "系统管理员 / administrator"),
        ("integration", "系统对接 / integration (API)"),
    ]
    people = {
        user.username: user for site in company.staff.values() for group in site.values() for user in group
    }
    lines = [f"  {login:<20} {people[login].name}  {what}" for login, what in tried]
    return "\n".join([f"Accounts (password {PASSWORD}):", *lines]) + "\n"
