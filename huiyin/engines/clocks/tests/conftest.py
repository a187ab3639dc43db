"""A site, rules in force, and matters that carry clocks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from django.utils import translation

from huiyin.base.kit.scope import Scope, system_scope, use
from huiyin.base.org import selectors as org
from huiyin.base.org.models import Site
from huiyin.base.org.services import add_unit
from huiyin.base.trail.models import Event
from huiyin.base.trail.registry import VERBS
from huiyin.base.trail.services import record
from huiyin.engines.clocks import registry, timing
from huiyin.engines.packs import selectors
from huiyin.engines.packs.services import load

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

WORDS = (
    "waiting",
    "resumed",
    "opened",
    "assigned",
    "noted",
    "answered",
    "reopened",
    "dropped",
    "taken_up",
    "gone",
)
_ids = count(1)


@pytest.fixture(autouse=True)
def matter_verbs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The events of the made-up table; gone again afterwards."""
    for word in WORDS:
        monkeypatch.setitem(VERBS, f"matters.{word}", word)


@dataclass(eq=False)
class Matter:
    """Something with a site and a key, as a row of any table: all that clocks and the trail ask for."""

    _meta: ClassVar[Any] = SimpleNamespace(label_lower="tests.matter")

    site_id: int
    facts: dict[str, Any] = field(default_factory=lambda: {"kind": "repair"})
    responsible: int | None = None
    received_at: datetime | None = None
    pk: int = field(default_factory=lambda: next(_ids))
    root: Any = None

    def happens(self, word: str, scope: Scope, **data: Any) -> Event:
        """Record an event of the matter."""
        return record(self, f"matters.{word}", by=scope.actor, root=self.root or self, **data)  # type: ignore[arg-type]


def rule(
    code: str, more: str = "", when: str = "{}", limit: str = "{value: 2, unit: hours}", clock: str = "reply"
) -> str:
    """A rule of a clock that starts when a matter is opened or reopened and stops when it is answered."""
    return (
        f"- code: {code}\n  name: {{zh: 规则{code}, en: Rule {code}}}\n  clock: {clock}\n  when: {when}\n"
        f"  limit: {limit}\n  clause: 第 {code} 条\n  source: [001-090]\n"
        "  starts_on: [matters.opened, matters.reopened]\n  stops_on: [matters.answered]\n"
        "  pauses_on: [matters.waiting]\n  resumes_on: [matters.resumed]\n"
        f"  cancels_on: [matters.dropped]\n{more}"
    )


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _fresh_memory() -> Iterator[None]:
    selectors.forget()
    timing.forget()
    org.forget()
    yield
    selectors.forget()
    timing.forget()
    org.forget()


@pytest.fixture
def scope() -> Iterator[Scope]:
    """Everything may be done."""
    with use(system_scope("test")) as opened:
        yield opened


@pytest.fixture
def site(scope: Scope) -> Site:
    company = add_unit(None, kind="company", code="hq", name="总公司", by=scope.actor)
    unit = add_unit(company, kind="site", code="yunhe", name="云河", by=scope.actor)
    found: Site = unit.site
    return found


@pytest.fixture
def watching() -> Iterator[None]:
    """Matters carry clocks."""
    registry.watch(
        Matter,
        facts=lambda matter: matter.facts,
        responsible=lambda matter: matter.responsible,
        root=lambda matter: matter.root or matter,
        since=lambda matter: matter.received_at or datetime.max.replace(tzinfo=UTC),
        born=["matters.opened"],
        values={"kind": ["repair", "complaint"], "category": ["repair", "repair.water", "complaint"]},
    )
    yield
    del registry._watched["tests.matter"]


LoadRules = Callable[..., Path]


@pytest.fixture
def load_rules(tmp_path: Path, scope: Scope, watching: None) -> LoadRules:
    """`load_rules(text, layer="base")` puts rules in force as a pack named after its layer."""

    def write(text: str, layer: str = "base", site: str = "", **sections: str) -> Path:
        folder = tmp_path / layer
        folder.mkdir(exist_ok=True)
        head = f'code: {layer}\nname: {{zh: 试用}}\nlayer: {layer}\nversion: "1"\n' + (
            f"site: {site}\n" if site else ""
        )
        (folder / "pack.yaml").write_text(head)
        (folder / "limits.yaml").write_text(text)
        for name, content in sections.items():
            (folder / f"{name}.yaml").write_text(content)
        load([folder], by=scope.actor)
        return folder

    return write
