"""The sweeps find what is broken: every rule, broken on purpose, is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import house_rules

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
