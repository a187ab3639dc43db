"""An estate that works by the packs that come with the product."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.models import OrgUnit, Site, User
from huiyin.base.org.selectors import forget
from huiyin.base.org.services import add_unit, add_user, appoint, save_post
from huiyin.engines.packs import selectors
from huiyin.engines.packs.management.commands.load_packs import default_folders
from huiyin.engines.packs.services import load

LONG_AGO = date(2020, 1, 1)
OTHER = "other-answers"
HEAD = 'code: other-answers\nname: {zh: 另选}\nlayer: site\nversion: "1"\nsite: yunhe\n'
RIGHTS = [
    "cases.view", "cases.register", "cases.assign", "cases.answer", "cases.wait", "cases.decline",
    "cases.close", "cases.reopen", "cases.merge", "cases.incident", "customers.view", "customers.edit",
    "places.view", "places.edit", "insight.view", "packs.view",
]  # fmt: skip


@dataclass(frozen=True)
class Estate:
    """A company with two sites; alice may work at the first, bob reads nothing of rules, carol is next door."""

    company: OrgUnit
    site: Site
    other: Site
    alice: User
    bob: User
    carol: User
    packs: list[str]

    @property
    def other_answers(self) -> bool:
        """Whether the site chooses the other answer wherever handbooks contradict each other."""
        return self.packs[-1] == OTHER


@pytest.fixture
def estate(request: pytest.FixtureRequest, tmp_path: Path, db: None) -> Iterator[Estate]:
    packs = getattr(request, "param", None) or [folder.name for folder in default_folders()]
    selectors.forget()
    forget()
    with use(system_scope("test")) as scope:
        by = scope.actor
        load([Path(settings.ROOT) / "packs" / name for name in packs if name != OTHER], by=by)
        company = add_unit(None, kind="company", code="hq", name="总部", by=by)
        units = [
            add_unit(company, kind="site", code=code, name=name, by=by)
            for code, name in (("yunhe", "云河苑"), ("zhengtai", "正泰大厦"))
        ]
        full = save_post(None, code="all-rights", name="全权", level="site", permissions=RIGHTS, by=by)
        look = save_post(None, code="look", name="查看", level="site", permissions=["cases.view"], by=by)
        people = {
            name: add_user(None, username=name, name=name, password="hui-yin-2026", by=by)
            for name in ("alice", "bob", "carol")
        }
        for unit, name, post in (
            (units[0], "alice", full),
            (units[0], "bob", look),
            (units[1], "carol", full),
        ):
            appoint(unit, user=people[name], post=post, starts_on=LONG_AGO, by=by)
        if packs[-1] == OTHER:
            load([_other_answers(tmp_path)], by=by)
        sites = {one.code: one for one in Site.objects.select_related("unit")}
    yield Estate(company, sites["yunhe"], sites["zhengtai"], packs=packs, **people)
    selectors.forget()
    forget()


def _other_answers(folder: Path) -> Path:
    """A pack of the first site that chooses, of every question, another answer than the packs do."""
    pack = folder / OTHER
    pack.mkdir()
    (pack / "pack.yaml").write_text(HEAD, encoding="utf-8")
    lines = []
    for item in selectors.entries("variants"):
        choice = next(one.code for one in item.value.options if one.code != item.value.choice)
        lines.append(json.dumps({**item.data, "choice": choice, "clause": "项目细则"}, ensure_ascii=False))
    (pack / "variants.yaml").write_text("".join(f"- {line}\n" for line in lines), encoding="utf-8")
    return pack
