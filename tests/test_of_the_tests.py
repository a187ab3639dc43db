"""The sweeps find what is broken: every rule, broken on purpose, is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from huiyin.base.kit.moment import moved_to, now
from huiyin.base.org.models import User
from tests import cast, house_rules, reach, test_architecture

HERE = "huiyin/work/cases"
PLANTED: dict[str, list[tuple[str, str]]] = {
    "private-import": [
        (f"{HERE}/services.py", "from huiyin.records.places.numbering import grow\n"),
        (f"{HERE}/services.py", "from huiyin.records.places import numbering\n"),
        (f"{HERE}/services.py", "from ...records.places.numbering import grow\n"),
        (f"{HERE}/services.py", "from huiyin.records.places.views import PlacePage\n"),
    ],
    "foreign-row": [
        (f"{HERE}/joining.py", "from huiyin.records.places.models import Place\nPlace(code='1')\n"),
        (
            f"{HERE}/joining.py",
            "from huiyin.records.places.models import Place\nPlace.objects.create(code='1')\n",
        ),
        (
            f"{HERE}/joining.py",
            "from huiyin.records.places.models import Place as P\nP.objects.filter(a=1).update(b=2)\n",
        ),
        (
            f"{HERE}/joining.py",
            "from huiyin.records.places.models import Place\ndef _f(p: Place):\n    p.save()\n",
        ),
        (f"{HERE}/joining.py", "from ...records.places.models import Place\nPlace.objects.all().delete()\n"),
    ],
    "write-while-reading": [
        (f"{HERE}/views.py", "def get(case):\n    case.save()\n"),
        (f"{HERE}/case_views.py", "def get(case):\n    case.delete()\n"),
        (f"{HERE}/views/page.py", "def get(case):\n    case.save()\n"),
        (f"{HERE}/api.py", "from .models import Case\nCase.objects.create(title='x')\n"),
        (f"{HERE}/forms.py", "from .models import Case\nCase.objects.filter(pk=1).update(title='x')\n"),
        (f"{HERE}/tables.py", "def value(row):\n    row.parts.all().delete()\n"),
        (f"{HERE}/filters.py", "def f(model):\n    model._default_manager.bulk_create([])\n"),
        (
            f"{HERE}/selectors.py",
            "from .models import Case\ndef f():\n    '''F.'''\n    Case.objects.get_or_create(a=1)\n",
        ),
        (f"{HERE}/indicators.py", "from .models import Case\nCase.objects.bulk_update([], ['a'])\n"),
    ],
    "no-service": [
        (f"{HERE}/services.py", "def close(case):\n    '''Close.'''\n"),
        (f"{HERE}/joining.py", "@cache\ndef merge(case):\n    '''Merge.'''\n"),
        (f"{HERE}/sorting.py", "@service\ndef a(x, *, by): ...\ndef b(x, *, by): ...\n"),
    ],
    "service-shape": [
        (f"{HERE}/services.py", "@service\ndef close(case):\n    '''Close.'''\n"),
        (f"{HERE}/services.py", "@service(needs='x')\ndef close(case, by):\n    '''Close.'''\n"),
        (f"{HERE}/services.py", "@service\ndef close(*, by):\n    '''Close.'''\n"),
    ],
    "no-docstring": [
        (f"{HERE}/models.py", "class Case(Model):\n    pass\n"),
        (f"{HERE}/selectors.py", "def cases():\n    return 1\n"),
        (f"{HERE}/services.py", "@service\ndef close(case, *, by): ...\n"),
    ],
    "inner-import": [
        (f"{HERE}/states.py", "def f():\n    import json\n"),
        (f"{HERE}/states.py", "class A:\n    def f(self):\n        from .models import Case\n"),
    ],
    "long-module": [(f"{HERE}/states.py", "A = 1\n" * 601)],
    "long-function": [
        (f"{HERE}/states.py", "def f():\n" + "    a = 1\n" * 60),
        (f"{HERE}/states.py", "class A:\n    async def f(self):\n" + "        a = 1\n" * 60),
    ],
    "round-the-scope": [
        (f"{HERE}/jobs.py", "from .models import Case\nCase.objects.raw('select 1')\n"),
        (f"{HERE}/jobs.py", "from .models import Case\nCase._base_manager.count()\n"),
        (f"{HERE}/jobs.py", "from django.db import connection\nwith connection.cursor() as c:\n    pass\n"),
        (f"{HERE}/jobs.py", "from django.db import connections\nconnections['default'].cursor()\n"),
        (f"{HERE}/jobs.py", "from .models import Case\nCase.objects.filter(a=1).extra(where=['1=1'])\n"),
        (f"{HERE}/jobs.py", "from django.db.models.expressions import RawSQL\nRawSQL('1', [])\n"),
    ],
    "own-clock": [
        (f"{HERE}/jobs.py", "from datetime import datetime\ndatetime.now()\n"),
        (f"{HERE}/jobs.py", "import datetime\ndatetime.datetime.utcnow()\n"),
        (f"{HERE}/jobs.py", "from datetime import date\ndate.today()\n"),
        (f"{HERE}/jobs.py", "from django.utils import timezone\ntimezone.now()\n"),
        (f"{HERE}/jobs.py", "from django.utils.timezone import now\n"),
        (f"{HERE}/jobs.py", "from django.db.models.functions import Now\n"),
    ],
    "model-signal": [
        (f"{HERE}/apps.py", "from django.db.models.signals import post_save\n"),
        (f"{HERE}/apps.py", "from django.db.models import signals\n"),
        (f"{HERE}/apps.py", "from django.dispatch import receiver\n"),
    ],
    "hidden-text": [
        (
            f"{HERE}/forms.py",
            "from django.utils.translation import gettext as _\n\nx = f\"{_('Trial')} 1\"\n",
        ),
        (
            f"{HERE}/forms.py",
            "from django.utils import translation\n\nx = f\"{translation.gettext('Trial')}\"\n",
        ),
    ],
    "chinese-in-code": [
        (f"{HERE}/forms.py", "label = '受理'\n"),
        (f"{HERE}/forms.py", "label = f'{1}号楼'\n"),
    ],
    "chinese-in-templates": [
        (f"{HERE}/templates/cases/case.html", "<h1>受理</h1>\n"),
        (f"{HERE}/static/cases/case.js", "alert('受理');\n"),
    ],
    "machine-path": [
        (f"{HERE}/jobs.py", "FOLDER = '/ho" + "me/somebody/files'\n"),
        ("docs/tour.md", "Open `/wo" + "rk/main/run`.\n"),
        ("tools/x.py", "FOLDER = '/ro" + "ot/x'\n"),
        ("run", "#!/usr/bin/env python3\nimport sys\nsys.path.insert(0, '/Us" + "ers/me/x')\n"),
    ],
}
"""What breaks each rule, in every way we could think of."""

CLEAN: dict[str, str] = {
    f"{HERE}/services.py": (
        "'''Services.'''\nfrom huiyin.base.kit.service import service\n"
        "from huiyin.records.places.models import Kind, Place\nfrom huiyin.records.places import selectors\n"
        "from .models import Case\nfrom . import states\n\n\n@service(needs='cases.close')\n"
        "def close(case: Case, *, place: Place, by) -> Case:\n    '''Close it (结案).'''\n"
        "    Kind(place.kind)\n    case.save()\n    Case.objects.filter(pk=1).update(a=1)\n    return case\n\n\n"
        "def _help():\n    return {}.update(a=1)\n"
    ),
    f"{HERE}/views.py": (
        "import hashlib\n\n\nclass Page:\n    def get(self, request):\n        import_ = {}\n"
        "        import_.update(a=1)\n        hashlib.sha256().update(b'x')\n        return Thing.create()\n"
    ),
    f"{HERE}/templates/cases/case.html": "{# 受理 #}<h1>{% translate 'Take in' %}</h1>{% comment %}受理{% endcomment %}\n",
    f"{HERE}/tests/test_x.py": "def test_x():\n    import json\n    assert '受理'\n",
    f"{HERE}/migrations/0001_initial.py": "x = '受理'\n" * 700,
    f"{HERE}/apps.py": "class C:\n    def ready(self):\n        from . import x\n",
    "huiyin/records/places/models.py": (
        "class Kind(models.TextChoices):\n    '''Kinds.'''\n\n\nclass Place(models.Model):\n    '''A place.'''\n"
    ),
    "docs/tour.md": "Open http://localhost/work/ and read ../shared/work/x; see docs/how-to/root.md.\n",
}
"""What looks similar and is right."""


def plant(root: Path, name: str, text: str) -> None:
    """Write a file below a root."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_what_is_right_is_not_complained_about(tmp_path: Path) -> None:
    for name, text in CLEAN.items():
        plant(tmp_path, name, text)

    left, _unused = house_rules.check(tmp_path, {})

    assert left == []


def test_every_rule_is_broken_on_purpose() -> None:
    assert set(PLANTED) == set(house_rules.RULES) | {"chinese-in-templates", "machine-path"}


@pytest.mark.parametrize(
    ("rule", "number"), [(rule, n) for rule, planted in PLANTED.items() for n in range(len(planted))]
)
def test_a_rule_broken_on_purpose_is_found(rule: str, number: int, tmp_path: Path) -> None:
    plant(tmp_path, "huiyin/records/places/models.py", "class Place:\n    '''A place.'''\n")
    plant(tmp_path, *PLANTED[rule][number])

    left, _unused = house_rules.check(tmp_path, {})

    assert {finding.rule for finding in left} == {rule}, left


def test_an_exception_covers_its_own_place_only(tmp_path: Path) -> None:
    plant(tmp_path, f"{HERE}/a.py", "x = '受理'\n")
    plant(tmp_path, f"{HERE}/b.py", "x = '受理'\n")
    allowed = {("chinese-in-code", f"{HERE}/a.py"): "planted", ("own-clock", f"{HERE}/a.py"): "not needed"}

    left, unused = house_rules.check(tmp_path, allowed)

    assert [finding.path for finding in left] == [f"{HERE}/b.py"]
    assert unused == [("own-clock", f"{HERE}/a.py")]


@pytest.fixture
def doors(db: None, settings: Any) -> Iterator[tuple[cast.World, dict[str, reach.Address]]]:
    """The stage, with broken pages beside the real ones."""
    settings.ROOT_URLCONF = "tests.broken_doors"
    world = cast.build()
    yield world, {page.name: page for page in reach.addresses() if page.name.startswith("broken:")}
    cast.forget()


def test_the_sweeps_find_every_page_that_is_broken_on_purpose(
    doors: tuple[cast.World, dict[str, reach.Address]],
) -> None:
    world, pages = doors

    assert found_by_reading(pages) == {"open", "no-right", "wrong-pair", "no-command"}
    assert found_by_knocking(world, pages) == {
        *("open", "no-right", "any-right", "past-reach", "crooked"),
        *("fragile", "write"),
    }
    assert found_by_strange_words(world, pages) == {"fragile", "write"}
    assert found_by_odd_numbers(world, pages) == {"past-reach", "crooked"}
    assert found_by_marks(world, pages) == {"list"}
    assert found_by_figures(world, pages) == {"list", "count"}
    assert found_by_meddling(world, pages) == {"write"}
    assert found_by_counting_queries(world, pages) == {"row-by-row"}


Pages = dict[str, reach.Address]


def short(names: Any) -> set[str]:
    return {name.partition(":")[2].partition(":")[0] for name in names}


def found_by_reading(pages: Pages) -> set[str]:
    return short(problem.partition(": ")[0] for problem in reach.misbuilt(list(pages.values())))


def found_by_knocking(world: cast.World, pages: Pages) -> set[str]:
    answers = {name: page for name, page in pages.items() if name != "broken:unknown"}
    return short(name for name, page in answers.items() if reach.open_doors(world, page))


def found_by_strange_words(world: cast.World, pages: Pages) -> set[str]:
    answers = {name: page for name, page in pages.items() if not page.keywords}
    return short(name for name, page in answers.items() if reach.crashes(world, page))


def found_by_odd_numbers(world: cast.World, pages: Pages) -> set[str]:
    answers = {name: page for name, page in pages.items() if page.keywords and name != "broken:unknown"}
    return short(
        name
        for name, page in answers.items()
        for url in reach.odd_urls(world, page)
        if reach.knock(world.people.dana, "GET", url).status != 404
    )


def found_by_marks(world: cast.World, pages: Pages) -> set[str]:
    found = set()
    for name, page in pages.items():
        if not page.keywords:
            seen = reach.knock(world.people.carol, "GET", reach.url_of(world, page, world.people.there))
            if reach.leaks(world, seen.body, {}):
                found.add(name)
    return short(found)


def found_by_figures(world: cast.World, pages: Pages) -> set[str]:
    looked_at = [page for page in pages.values() if not page.keywords]
    with moved_to(now()), transaction.atomic(), world.as_it_was():
        before = reach.pages_of(world, looked_at)
        world.add("places.place")
        after = reach.pages_of(world, looked_at)
        transaction.set_rollback(True)
    return short(name for name, body in before.items() if body != after[name])


def found_by_meddling(world: cast.World, pages: Pages) -> set[str]:
    answers = {name: page for name, page in pages.items() if not page.keywords}
    changed = {name: reach.before_and_after_meddling(world, page) for name, page in answers.items()}
    return short(name for name, (before, after) in changed.items() if before != after)


def found_by_counting_queries(world: cast.World, pages: Pages) -> set[str]:
    looked_at = [pages["broken:row-by-row"], pages["broken:list"], pages["broken:count"]]
    few = {page.name: reach.page_queries(world, page) for page in looked_at}
    for _more in range(3):
        world.add("places.place")
    return short(page.name for page in looked_at if reach.page_queries(world, page) > few[page.name])


def test_an_address_that_nobody_can_fill_says_how_to_teach_the_sweeps(
    doors: tuple[cast.World, dict[str, reach.Address]],
) -> None:
    world, pages = doors

    with pytest.raises(reach.UnknownAddress, match=r"Add to ADDRESSES in tests/cast\.py"):
        reach.open_doors(world, pages["broken:unknown"])
    with pytest.raises(cast.UnknownTable, match=r"add one to tests/cast\.py"):
        world.row("gardens.rose")


def test_a_way_past_reach_between_tables_is_found() -> None:
    assert test_architecture.ways_past_reach([User]) == ["org.SavedView by org.User.saved_views"]
