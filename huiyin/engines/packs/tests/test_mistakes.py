"""Whatever is wrong with a pack is said with file, line and what mends it, and nothing is loaded."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from huiyin.base.kit.scope import Scope
from huiyin.base.org.models import Post
from huiyin.engines.packs.models import PackEntry, PackVersion
from huiyin.engines.packs.problems import PackErrors, Problem
from huiyin.engines.packs.reading import MAX_BYTES, MAX_VALUES
from huiyin.engines.packs.services import load

pytestmark = pytest.mark.django_db

PHRASE = """\
- code: hello
  moment: greeting
  text: {zh: 您好}
  source: [001-045]
"""
POST = """\
- code: clerk
  name: {zh: 接待员}
  permissions: [org.view]
  source: [001-090]
"""


LIMIT = """\
- code: quick
  name: {zh: 答复}
  clock: answer
  limit: {value: 30, unit: minutes}
  source: [001-322]
"""


TARGET = """\
- code: in-time
  name: {zh: 及时率}
  indicator: answered-in-time
  comparison: ">="
  figure: 95
  period: month
  source: [001-090]
"""
REPORT = """\
- code: monthly
  name: {zh: 月报}
  period: month
  parts: [figures]
  at: "07:00"
  due_days: 5
  source: [001-090]
"""
APPROVAL = """\
- code: spend
  name: {zh: 支出}
  kind: own.spending
  request: true
  when: {amount: {up_to: 500}}
  steps: [{role: lead}]
  validity: {value: 3, unit: days}
  source: [001-090]
"""
AUTHORITY = """\
- code: small
  name: {zh: 小额}
  post: clerk
  kind: [own.spending]
  when: {amount: {up_to: 500}, duration: {up_to: {value: 3, unit: days}}}
  source: [001-090]
"""


@dataclass(frozen=True)
class Mistake:
    """A pack with one mistake: where it is found, words of the message and of the mend."""

    file: str
    line: int
    message: str
    mend: str
    files: dict[str, str | bytes] = field(default_factory=dict)
    requires: str = ""
    layer: str = "base"
    beside: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Further packs that are loaded with it: how `write_pack` makes each."""
    link: str = ""
    """A file of the pack that leads out of it."""


def phrases(text: str | bytes) -> dict[str, str | bytes]:
    return {"phrases.yaml": text}


def posts(text: str) -> dict[str, str | bytes]:
    return {"posts.yaml": text}


def limits(text: str) -> dict[str, str | bytes]:
    return {"limits.yaml": LIMIT + text}


def limit(told: str) -> dict[str, str | bytes]:
    return {"limits.yaml": LIMIT.replace("{value: 30, unit: minutes}", told)}


def target(old: str, new: str) -> dict[str, str | bytes]:
    return {"targets.yaml": TARGET.replace(old, new)}


def report(old: str, new: str) -> dict[str, str | bytes]:
    return {"reports.yaml": REPORT.replace(old, new)}


def approval(old: str, new: str) -> dict[str, str | bytes]:
    return {"approvals.yaml": APPROVAL.replace(old, new), "posts.yaml": POST}


def authority(old: str, new: str) -> dict[str, str | bytes]:
    return {"authorities.yaml": AUTHORITY.replace(old, new), "posts.yaml": POST}


def categories(text: str) -> dict[str, str | bytes]:
    return {"categories.yaml": text}


def branch(code: str, more: str = "") -> str:
    return f"- code: {code}\n  name: {{zh: 甲}}\n  kind: repair\n  source: [001-090]\n{more}"


def head(text: str) -> dict[str, str | bytes]:
    return {"pack.yaml": text}


def bomb() -> str:
    levels = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for above, below in zip("abcdefghij", "bcdefghijk", strict=True):
        levels.append(f"{below}: &{below} [{', '.join([f'*{above}'] * 10)}]")
    return "\n".join(levels) + "\n"


MISTAKES: dict[str, Mistake] = {
    "a tab as indentation": Mistake(
        "phrases.yaml", 2, "tab", "blanks", phrases("- code: hello\n\tmoment: greeting\n")
    ),
    "a file that is not UTF-8": Mistake(
        "phrases.yaml", 3, "UTF-8", "Save it", phrases(PHRASE.replace("hello", "a").encode("gb18030"))
    ),
    "a file in UTF-16": Mistake("phrases.yaml", 1, "UTF-8", "Save it", phrases(PHRASE.encode("utf-16"))),
    "a control character": Mistake(
        "phrases.yaml", 2, "cannot be shown", "Delete", phrases("- code: hello\n  moment: gree\x07ting\n")
    ),
    "an escaped character that cannot be stored": Mistake(
        "phrases.yaml", 3, "cannot be shown", "Delete", phrases(PHRASE.replace("您好", '"\\0"'))
    ),
    "a file that is too large": Mistake(
        "phrases.yaml", 1, "bytes", "Divide", phrases(b"# " + b"x" * MAX_BYTES)
    ),
    "an empty file": Mistake("phrases.yaml", 1, "empty", "delete", phrases("# nothing\n")),
    "a colon in a plain text": Mistake(
        "phrases.yaml",
        3,
        "not valid YAML",
        "quotes",
        phrases("- code: hello\n  moment: greeting\n  clause: one: two\n"),
    ),
    "a quote that is not closed": Mistake(
        "phrases.yaml",
        2,
        "not valid YAML",
        "Close",
        phrases('- code: hello\n  clause: "one\n  moment: two\n'),
    ),
    "a bracket that is not closed": Mistake(
        "phrases.yaml",
        2,
        "not valid YAML",
        "Close",
        phrases("- code: hello\n  source: [001-045\n  moment: a\n"),
    ),
    "a text that begins with a sign of YAML": Mistake(
        "phrases.yaml", 2, "not valid YAML", "quotes", phrases("- code: hello\n  moment: @greeting\n")
    ),
    "indentation that goes astray": Mistake(
        "phrases.yaml",
        3,
        "not valid YAML",
        "indentation",
        phrases("- code: hello\n  moment: a\n text: {zh: b}\n"),
    ),
    "a key that stands twice": Mistake(
        "phrases.yaml",
        5,
        "stands twice, first in line 2",
        "Delete one",
        phrases(PHRASE + "  moment: again\n"),
    ),
    "a tag that would run code": Mistake(
        "phrases.yaml",
        2,
        "Tags",
        "Delete the tag",
        phrases(PHRASE.replace("greeting", "!!python/object/apply:os.system [id]")),
    ),
    "a merge key": Mistake(
        "phrases.yaml", 2, "Merge keys", "Write the keys out", phrases("- code: a\n  <<: {moment: b}\n")
    ),
    "an alias without an anchor": Mistake(
        "phrases.yaml", 2, "no anchor", "&other", phrases("- code: hello\n  moment: *other\n")
    ),
    "an alias inside its own anchor": Mistake(
        "phrases.yaml", 2, "no anchor", "write the value out", phrases("- code: hello\n  text: &t {zh: *t}\n")
    ),
    "aliases that multiply": Mistake("phrases.yaml", 5, str(MAX_VALUES), "without aliases", phrases(bomb())),
    "lists in lists in lists": Mistake(
        "phrases.yaml", 1, "levels deep", "flatter", phrases("- " + "[" * 5000 + "]" * 5000 + "\n")
    ),
    "a second document": Mistake(
        "phrases.yaml", 5, "second document", "---", phrases(f"{PHRASE}---\n{PHRASE}")
    ),
    "a list as a key": Mistake(
        "phrases.yaml", 1, "single word", "without brackets", phrases("? [a, b]\n: c\n")
    ),
    "a section that is one text": Mistake("phrases.yaml", 1, "list of entries", "- code", phrases("hello\n")),
    "a section with another key": Mistake(
        "phrases.yaml", 1, "“phrases” is not known", "entries", phrases("phrases:\n  - code: hello\n")
    ),
    "an entry that is no mapping": Mistake(
        "phrases.yaml", 5, "mapping", "- code:", phrases(f"{PHRASE}- hello\n")
    ),
    "a section nobody knows": Mistake(
        "phrasez.yaml", 1, "no section phrasez", "Did you mean “phrases”", {"phrasez.yaml": PHRASE}
    ),
    "a file with the wrong ending": Mistake("phrases.yml", 1, ".yaml", "Rename", {"phrases.yml": PHRASE}),
    "a missing key": Mistake(
        "phrases.yaml",
        1,
        "“moment” is missing",
        "Add it",
        phrases("- code: hello\n  text: {zh: a}\n  source: [001-045]\n"),
    ),
    "an unknown key": Mistake(
        "phrases.yaml",
        5,
        "“clauze” is not known",
        "Did you mean “clause”",
        phrases(PHRASE + "  clauze: 3.1\n"),
    ),
    "an unknown key further in": Mistake(
        "phrases.yaml",
        3,
        "“text.cn” is not known",
        "Known keys: zh, en, zh-hant",
        phrases(PHRASE.replace("zh:", "cn:")),
    ),
    "a number instead of a text": Mistake(
        "phrases.yaml", 5, "“clause” cannot be “3.1”", "quotes", phrases(PHRASE + "  clause: 3.1\n")
    ),
    "a text instead of a list": Mistake(
        "phrases.yaml",
        4,
        "“source” cannot be",
        "Write a list",
        phrases(PHRASE.replace("[001-045]", "001-045")),
    ),
    "a text instead of a mapping": Mistake(
        "phrases.yaml",
        3,
        "“text” cannot be",
        "Write a mapping",
        phrases(PHRASE.replace("{zh: 您好}", "您好")),
    ),
    "a word instead of true or false": Mistake(
        "care_flags.yaml",
        4,
        "“discreet” cannot be “yes”",
        "true or false",
        {
            "care_flags.yaml": "- code: old\n  name: {zh: 老人}\n  display: {badge: 老}\n  discreet: yes\n  source: [001-045]\n"
        },
    ),
    "a word that is not among the possible ones": Mistake(
        "posts.yaml", 5, "“level” cannot be “town”", "'site'", posts(POST + "  level: town\n")
    ),
    "an empty text": Mistake(
        "phrases.yaml", 3, "“text.zh” cannot be", "at least 1", phrases(PHRASE.replace("您好", '""'))
    ),
    "a text that is too long": Mistake(
        "phrases.yaml", 5, "too long", "at most 200", phrases(PHRASE + f"  clause: {'长' * 201}\n")
    ),
    "a code with capital letters": Mistake(
        "phrases.yaml", 1, "“code” cannot be “Hello”", "form", phrases(PHRASE.replace("hello", "Hello"))
    ),
    "a code that stands twice": Mistake(
        "phrases.yaml", 5, "stands twice, first in line 1", "Change or delete", phrases(PHRASE + PHRASE)
    ),
    "a requirement in the wrong form": Mistake(
        "phrases.yaml", 4, "“source.0” cannot be “1-45”", "form", phrases(PHRASE.replace("001-045", "1-45"))
    ),
    "a requirement that stands twice": Mistake(
        "phrases.yaml",
        4,
        "001-045 stands twice",
        "Delete one",
        phrases(PHRASE.replace("001-045", "001-045, 001-045")),
    ),
    "no requirement at all": Mistake(
        "phrases.yaml",
        1,
        "does not say where it comes from",
        "source",
        phrases(PHRASE.replace("  source: [001-045]\n", "")),
    ),
    "an entry switched off that does not exist": Mistake(
        "phrases.yaml",
        1,
        "no entry hello in an earlier pack",
        "Correct the code",
        phrases("- code: hello\n  disabled: true\n"),
    ),
    "an entry switched off and described": Mistake(
        "phrases.yaml",
        3,
        "“moment” is not known",
        "Known keys: code, disabled",
        phrases("- code: hello\n  disabled: true\n  moment: greeting\n"),
    ),
    "a permission that does not exist": Mistake(
        "posts.yaml",
        3,
        "no permission org.veiw",
        "Did you mean “org.view”",
        posts(POST.replace("org.view", "org.veiw")),
    ),
    "a superior that does not exist": Mistake(
        "posts.yaml", 5, "no post boss", "null", posts(POST + "  reports_to: boss\n")
    ),
    "a superior of oneself": Mistake(
        "posts.yaml", 5, "own superior", "another post", posts(POST + "  reports_to: clerk\n")
    ),
    "superiors in a ring": Mistake(
        "posts.yaml",
        5,
        "leads back",
        "null",
        posts(POST + "  reports_to: boss\n" + POST.replace("clerk", "boss") + "  reports_to: clerk\n"),
    ),
    "a post code that is too long": Mistake(
        "posts.yaml", 1, "“code” cannot be", "form", posts(POST.replace("clerk", "c" * 41))
    ),
    "a kind of place within none": Mistake(
        "place_kinds.yaml",
        3,
        "no kind of place town",
        "Correct the code",
        {"place_kinds.yaml": "- code: house\n  name: {zh: 楼}\n  within: [town]\n  source: [001-270]\n"},
    ),
    "a head that is a list": Mistake(
        "pack.yaml", 1, "must be a mapping", "code, name, layer", head("- code: trial\n")
    ),
    "a head without a version": Mistake(
        "pack.yaml", 1, "“version” is missing", "Add it", head("code: trial\nname: {zh: 试用}\nlayer: base\n")
    ),
    "a version that is a number": Mistake(
        "pack.yaml",
        4,
        "“version” cannot be “1.0”",
        "quotes",
        head("code: trial\nname: {zh: 试用}\nlayer: base\nversion: 1.0\n"),
    ),
    "a head with an unknown key": Mistake(
        "pack.yaml",
        5,
        "“required” is not known",
        "Did you mean “requires”",
        head('code: trial\nname: {zh: 试用}\nlayer: base\nversion: "1"\nrequired: []\n'),
    ),
    "a layer that does not exist": Mistake(
        "pack.yaml",
        3,
        "“layer” cannot be “trade”",
        "'industry'",
        head('code: trial\nname: {zh: 试用}\nlayer: trade\nversion: "1"\n'),
    ),
    "a head with the code of another folder": Mistake(
        "pack.yaml",
        1,
        "differs from the name of the folder",
        "the same",
        head('code: other\nname: {zh: 试用}\nlayer: base\nversion: "1"\n'),
    ),
    "a site pack without a site": Mistake(
        "pack.yaml",
        1,
        "names its site",
        "site",
        head('code: trial\nname: {zh: 试用}\nlayer: site\nversion: "1"\n'),
    ),
    "a site that does not exist": Mistake(
        "pack.yaml",
        5,
        "no site nowhere",
        "Correct the code",
        head('code: trial\nname: {zh: 试用}\nlayer: site\nversion: "1"\nsite: nowhere\n'),
    ),
    "posts in a pack of a site": Mistake(
        "posts.yaml",
        1,
        "whole organisation",
        "company layer",
        {**head('code: trial\nname: {zh: 试用}\nlayer: site\nversion: "1"\nsite: nowhere\n'), **posts(POST)},
    ),
    "a pack that is required and missing": Mistake(
        "pack.yaml", 4, "pack other is not loaded", "Load it together", requires="other"
    ),
    "a code that is a number": Mistake(
        "phrases.yaml", 1, "“code” cannot be “12”", "quotes", phrases(PHRASE.replace("hello", "12"))
    ),
    "a code that is empty": Mistake(
        "phrases.yaml", 1, "“code” cannot be empty", "text", phrases(PHRASE.replace("hello", ""))
    ),
    "no code": Mistake(
        "phrases.yaml",
        1,
        "“code” is missing",
        "Add it",
        phrases(PHRASE.replace("- code: hello\n  moment", "- moment")),
    ),
    "a byte order mark in the middle": Mistake(
        "phrases.yaml", 1, "“code” cannot be", "form", phrases(PHRASE.replace("hello", "\ufeffhello"))
    ),
    "a requirement that does not exist": Mistake(
        "phrases.yaml",
        4,
        "no requirement 999-999",
        "docs/requirements",
        phrases(PHRASE.replace("001-045", "999-999")),
    ),
    "a mapping instead of a list": Mistake(
        "phrases.yaml", 1, "“hello” is not known", "entries", phrases("hello:\n  moment: greeting\n")
    ),
    "a list instead of a text": Mistake(
        "phrases.yaml",
        2,
        "“moment” cannot be a list",
        "Write a text",
        phrases(PHRASE.replace("greeting", "[a, b]")),
    ),
    "a category that does not exist": Mistake(
        "limits.yaml",
        6,
        "no category “repair.watter”",
        "Known are",
        limits("  when: {category: [repair.watter]}\n"),
    ),
    "a kind of case that does not exist": Mistake(
        "limits.yaml", 6, "no kind “repare”", "Did you mean “repair”", limits("  when: {kind: [repare]}\n")
    ),
    "an event that does not exist": Mistake(
        "limits.yaml",
        6,
        "no event “cases.registred”",
        "Did you mean “cases.registered”",
        limits("  starts_on: [cases.registred]\n"),
    ),
    "a clock that says not when it starts": Mistake(
        "limits.yaml",
        3,
        "does not say when it starts",
        "Add the verbs",
        {"limits.yaml": LIMIT.replace("clock: answer", "clock: dance")},
    ),
    "a unit that does not exist": Mistake(
        "limits.yaml", 4, "fortnights", "Correct it", limit("{value: 1, unit: fortnights}")
    ),
    "a limit without its unit": Mistake("limits.yaml", 4, "unit", "Correct it", limit("{value: 30}")),
    "a limit that is no number": Mistake(
        "limits.yaml", 4, "is not a number", "Correct it", limit("{value: many, unit: hours}")
    ),
    "a limit of nothing": Mistake(
        "limits.yaml", 4, "0 is not more than nothing", "Correct it", limit("{value: 0, unit: hours}")
    ),
    "a limit of less than nothing": Mistake(
        "limits.yaml", 4, "-3 is not more than nothing", "Correct it", limit("{value: -3, unit: days}")
    ),
    "a limit before its start": Mistake(
        "limits.yaml", 4, "-2 is not more than nothing", "Correct it", limit("2 weeks before")
    ),
    "an agreed limit of less than nothing": Mistake(
        "limits.yaml", 4, "-1 is not more", "Correct it", limit("{at_most: {value: -1, unit: days}}")
    ),
    "a limit that is not a number at all": Mistake(
        "limits.yaml", 4, "is not a number", "Correct it", limit("{value: .nan, unit: days}")
    ),
    "a limit on a day before the start": Mistake(
        "limits.yaml", 4, "from 0 to 3650", "Correct it", limit("{day: -1}")
    ),
    "a step of a ladder after less than nothing": Mistake(
        "limits.yaml",
        7,
        "amount of time",
        "Correct it",
        limits("  ladder:\n    - {after: {value: -1, unit: hours}, to: [lead]}\n"),
    ),
    "special care that does not exist": Mistake(
        "limits.yaml", 6, "no care “vpi”", "Known are", limits("  when: {care: [vpi]}\n")
    ),
    "a target of less than nothing": Mistake(
        "targets.yaml", 5, "“figure” cannot be “-5”", "at least 0", target("95", "-5")
    ),
    "a share of more than all": Mistake(
        "targets.yaml", 5, "at most 100 per cent", "Correct the figure", target("95", "101")
    ),
    "a share that nothing can exceed": Mistake(
        "targets.yaml",
        5,
        "ever be > 100",
        "Correct the figure",
        {"targets.yaml": TARGET.replace("95", "100").replace(">=", ">")},
    ),
    "a target below nothing": Mistake(
        "targets.yaml",
        5,
        "ever be < 0",
        "Correct the figure",
        {"targets.yaml": TARGET.replace("95", "0").replace(">=", "<")},
    ),
    "a report due before its period ends": Mistake(
        "reports.yaml", 6, "“due_days” cannot be “-1”", "at least 0", report("5", "-1")
    ),
    "a report due after more than a year": Mistake(
        "reports.yaml", 6, "“due_days” cannot be “400”", "at most 366", report("5", "400")
    ),
    "a report drafted at an hour that does not exist": Mistake(
        "reports.yaml", 5, "“at” cannot be “24:30”", "form", report("07:00", "24:30")
    ),
    "an amount of less than nothing": Mistake(
        "approvals.yaml", 5, "“when.amount.up_to”: must be a number", "Correct it", approval("500", "-500")
    ),
    "an amount that is no number": Mistake(
        "approvals.yaml", 5, "“when.amount.up_to”: must be a number", "Correct it", approval("500", "much")
    ),
    "amounts between which nothing lies": Mistake(
        "approvals.yaml",
        5,
        "nothing lies between",
        "Correct it",
        approval("up_to: 500", "over: 500, up_to: 500"),
    ),
    "amounts in the wrong order": Mistake(
        "approvals.yaml",
        5,
        "above the upper one",
        "Correct it",
        approval("up_to: 500", "over: 900, up_to: 500"),
    ),
    "signatures that may take no time": Mistake(
        "approvals.yaml", 7, "“validity.value” cannot be “0”", "more than 0", approval("3,", "0,")
    ),
    "an authority over less than nothing": Mistake(
        "authorities.yaml", 5, "“when.amount.up_to”: must be a number", "Correct it", authority("500", "-1")
    ),
    "an authority over no time": Mistake(
        "authorities.yaml",
        5,
        "when.duration.up_to.value",
        "more than 0",
        authority("value: 3", "value: -3"),
    ),
    "durations between which nothing lies": Mistake(
        "authorities.yaml",
        5,
        "nothing lies between",
        "Correct it",
        authority(
            "{up_to: {value: 3, unit: days}}", "{over: {value: 3, unit: days}, up_to: {value: 3, unit: days}}"
        ),
    ),
    "half a day": Mistake("limits.yaml", 4, "not whole", "Correct it", limit("{value: 0.5, unit: days}")),
    "a limit beyond ten years": Mistake(
        "limits.yaml", 4, "within ten years", "shorter", limit("{value: 11, unit: years}")
    ),
    "a day that does not exist": Mistake(
        "limits.yaml", 4, "limit", "Correct it", limit('{year_day: "13-45"}')
    ),
    "an hour that does not exist": Mistake(
        "limits.yaml", 4, "limit", "Correct it", limit('{day: 0, at: "25:00"}')
    ),
    "a warning after the end": Mistake(
        "limits.yaml",
        6,
        "before the clock starts",
        "shorter",
        limits("  warn: {before: {value: 1, unit: hours}}\n"),
    ),
    "a warning of less than nothing": Mistake(
        "limits.yaml",
        6,
        "amount of time",
        "Correct it",
        limits("  warn: {before: {value: -5, unit: minutes}}\n"),
    ),
    "a rule behind one that fits everything": Mistake(
        "limits.yaml", 6, "never reached", "before that rule", limits(LIMIT.replace("quick", "slow"))
    ),
    "categories under each other in a ring": Mistake(
        "categories.yaml",
        5,
        "stands under itself",
        "Correct the parent",
        categories(branch("a", "  parent: b\n") + branch("b", "  parent: a\n")),
    ),
    "a category under one that does not exist": Mistake(
        "categories.yaml", 5, "does not exist", "Correct the parent", categories(branch("a", "  parent: b\n"))
    ),
    "children that are no list": Mistake(
        "categories.yaml", 5, "list of entries", "- code", categories(branch("a", "  children: b\n"))
    ),
    "a parent named twice": Mistake(
        "categories.yaml",
        10,
        "“parent” is not known",
        "Known keys",
        categories(
            branch("a", "  children:\n")
            + "    - code: b\n      name: {zh: 乙}\n      kind: repair\n      source: [001-090]\n      parent: a\n"
        ),
    ),
    "a link out of the pack": Mistake(
        "posts.yaml", 1, "not followed", "the file itself", phrases(PHRASE), link="/etc/hostname"
    ),
    "the same entry in two packs of one layer": Mistake(
        "phrases.yaml", 1, "same layer", "require", phrases(PHRASE), beside={"other": {"phrases": PHRASE}}
    ),
    "packs that require each other": Mistake(
        "pack.yaml",
        4,
        "require each other",
        "Delete one",
        requires="other",
        beside={"other": {"requires": "trial"}},
    ),
    "a pack that requires one of a later layer": Mistake(
        "pack.yaml", 4, "later layer", "instead", requires="other", beside={"other": {"layer": "company"}}
    ),
    "an entry that a later layer needs": Mistake(
        "posts.yaml",
        5,
        "no post boss",
        "null",
        posts(POST + "  reports_to: boss\n"),
        layer="company",
        requires="other",
        beside={"other": {"posts": POST.replace("clerk", "chief")}},
    ),
    "a pack that requires itself": Mistake(
        "pack.yaml", 4, "require each other", "Delete one", requires="trial"
    ),
}


def problems_of(folder: Path, scope: Scope, *beside: Path) -> tuple[Problem, ...]:
    with pytest.raises(PackErrors) as caught:
        load([folder, *beside], by=scope.actor)
    return caught.value.problems


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_file_line_and_mend_and_nothing_is_loaded(
    name: str, write_pack: Callable[..., Path], scope: Scope
) -> None:
    mistake = MISTAKES[name]
    folder = write_pack("trial", mistake.files, mistake.layer, mistake.requires)
    if mistake.link:
        (folder / mistake.file).symlink_to(mistake.link)
    beside = [write_pack(code, **made) for code, made in mistake.beside.items()]
    found = problems_of(folder, scope, *beside)
    place = f"trial/{mistake.file}"
    fitting = [
        one
        for one in found
        if (one.file, one.line) == (place, mistake.line) and mistake.message in one.message
    ]
    assert fitting, "\n".join(map(str, found))
    assert mistake.mend in fitting[0].mend
    assert not PackVersion.objects.exists()
    assert not PackEntry.objects.exists()
    assert not Post.objects.exists()


def test_there_are_far_more_than_thirty_kinds_of_mistakes() -> None:
    assert len(MISTAKES) >= 105


def test_all_mistakes_of_all_packs_are_reported_at_once(
    write_pack: Callable[..., Path], scope: Scope
) -> None:
    first = write_pack(
        "one", phrases="- code: A\n- code: b\n  moment: c\n  text: {zh: d}\n  source: [001-045]\n  x: 1\n"
    )
    second = write_pack(
        "two", posts=POST.replace("org.view", "org.fly"), layer="industry", requires="one, three"
    )
    with pytest.raises(PackErrors) as caught:
        load([first, second], by=scope.actor)
    found = [(one.file, one.line) for one in caught.value.problems]
    assert found == [
        ("one/phrases.yaml", 1),
        ("one/phrases.yaml", 1),
        ("one/phrases.yaml", 1),
        ("one/phrases.yaml", 6),
        ("two/pack.yaml", 4),
        ("two/posts.yaml", 3),
    ]
    assert "one/phrases.yaml:1: [A]" in str(caught.value)


def test_one_mistake_in_one_of_two_packs_loads_neither(write_pack: Callable[..., Path], scope: Scope) -> None:
    good = write_pack("one", phrases=PHRASE)
    bad = write_pack("two", phrases=PHRASE.replace("moment", "minute"), layer="industry")
    with pytest.raises(PackErrors):
        load([good, bad], by=scope.actor)
    assert not PackVersion.objects.exists()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, scope: Scope) -> None:
    (only,) = problems_of(tmp_path / "nowhere", scope)
    assert "nowhere" in only.message


def test_links_and_folders_inside_a_pack_are_refused(write_pack: Callable[..., Path], scope: Scope) -> None:
    folder = write_pack("trial", phrases=PHRASE)
    (folder / "more").mkdir()
    (folder / "posts.yaml").symlink_to("/etc/hostname")
    found = {one.file: one.message for one in problems_of(folder, scope)}
    assert "not read" in found["trial/more"]
    assert "not followed" in found["trial/posts.yaml"]


def test_a_requirement_that_does_not_exist_is_named_where_the_list_is_installed(
    write_pack: Callable[..., Path], scope: Scope, tmp_path: Path, settings: Any
) -> None:
    listed = tmp_path / "docs" / "requirements"
    listed.mkdir(parents=True)
    (listed / "seed-001.tsv").write_text("id\tsource\n001-045\tdoc1\n")
    settings.ROOT = tmp_path
    folder = write_pack("trial", phrases=PHRASE.replace("[001-045]", "\n    - 001-045\n    - 001-054"))
    (only,) = problems_of(folder, scope)
    assert (only.line, only.entry) == (6, "hello")
    assert "001-054" in only.message
    assert "Did you mean “001-045”" in only.mend


def test_two_packs_of_one_layer_may_not_have_the_same_entry(
    write_pack: Callable[..., Path], scope: Scope
) -> None:
    one, two = write_pack("one", phrases=PHRASE), write_pack("two", phrases=PHRASE)
    with pytest.raises(PackErrors) as caught:
        load([one, two], by=scope.actor)
    (only,) = caught.value.problems
    assert (only.file, only.line) == ("two/phrases.yaml", 1)
    assert "same layer" in only.message


def test_two_packs_that_require_each_other_are_refused(write_pack: Callable[..., Path], scope: Scope) -> None:
    one, two = write_pack("one", requires="two"), write_pack("two", requires="one")
    with pytest.raises(PackErrors) as caught:
        load([one, two], by=scope.actor)
    assert {one.file for one in caught.value.problems} == {"one/pack.yaml", "two/pack.yaml"}


def test_a_pack_may_not_require_one_of_a_later_layer(write_pack: Callable[..., Path], scope: Scope) -> None:
    one, two = write_pack("one", requires="two"), write_pack("two", layer="company")
    with pytest.raises(PackErrors) as caught:
        load([one, two], by=scope.actor)
    (only,) = caught.value.problems
    assert "later layer" in only.message


def test_a_pack_that_takes_away_what_another_pack_in_force_needs_is_refused(
    write_pack: Callable[..., Path], scope: Scope
) -> None:
    boss = POST.replace("clerk", "boss")
    load([write_pack("one", posts=boss)], by=scope.actor)
    load(
        [write_pack("two", posts=POST + "  reports_to: boss\n", layer="company", requires="one")],
        by=scope.actor,
    )
    with pytest.raises(PackErrors) as caught:
        load([write_pack("one", posts=POST.replace("clerk", "chief"))], by=scope.actor)
    (only,) = caught.value.problems
    assert (only.file, only.entry) == ("two/posts.yaml", "clerk")
    assert Post.objects.get(code="boss").retired is False
