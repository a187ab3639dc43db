"""What counts as kept: nothing that no test stands behind, nothing that is listed as open."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from huiyin.engines.packs.management.commands.load_packs import default_folders
from huiyin.engines.packs.registry import Item
from huiyin.insight.coverage.claims import Claims, Feature, Gap, Proof, stands
from huiyin.insight.coverage.requirements import Requirement, requirements
from huiyin.insight.coverage.selectors import mistakes, reckon
from huiyin.insight.coverage.shipped import shipped_entries

TEST = "a/test_a.py::test_a"


def wanted(code: str = "900-001", kind: str = "time-limit", capability: str = "CLOCK") -> Requirement:
    return Requirement(code, "doc 1", "property", "clerk", kind, capability, "-", "-", "Do it.", "")


def entry(*source: str) -> Item:
    one = next(item for item in shipped_entries(default_folders()) if item.section == "limits")
    return replace(one, value=one.value.model_copy(update={"source": list(source)}))


def proof(**values: Any) -> Proof:
    return Proof.model_validate({"section": "limits", "test": TEST, "kinds": ["time-limit"], **values})


def feature(**values: Any) -> Feature:
    return Feature.model_validate(
        {"code": "f", "name": {"zh": "事"}, "tests": [TEST], "ids": ["900-001"], **values}
    )


def gap(**values: Any) -> Gap:
    return Gap.model_validate({"code": "g", "reason": "还没有", **values})


def state(
    claims: Claims, *items: Item, known: bool = True, one: Requirement | None = None
) -> tuple[str, str]:
    (verdict,) = reckon([one or wanted()], items, claims, lambda _test: known)
    data = verdict.data()
    return data["state"], data.get("why", data.get("test", ""))


def test_an_entry_of_an_exercised_section_keeps_what_it_names() -> None:
    assert state(Claims(proofs=(proof(),)), entry("900-001")) == ("kept", TEST)


def test_a_pack_of_a_trade_speaks_for_its_own_trade_alone() -> None:
    common = entry("900-001")
    of_trade = {name: replace(common, layer="industry", pack=name) for name in ("property", "gas-utility")}
    assert state(Claims(proofs=(proof(),)), common)[0] == "kept"
    assert state(Claims(proofs=(proof(),)), of_trade["property"])[0] == "kept"
    assert state(Claims(proofs=(proof(),)), of_trade["gas-utility"])[0] == "open"


def test_of_several_entries_the_one_that_says_the_least_else_is_named() -> None:
    wide, narrow = entry("900-001", "900-002"), replace(entry("900-001"), code="narrow")
    for items in ((wide, narrow), (narrow, wide)):
        (verdict,) = reckon([wanted()], items, Claims(proofs=(proof(),)), lambda _test: True)
        assert verdict.item == narrow


def test_no_row_of_another_trade_is_kept_by_an_entry_of_property() -> None:
    out = StringIO()
    call_command("coverage", json=True, stdout=out)
    told = json.loads(out.getvalue())
    by = {one.id: one.organisation for one in requirements()}
    kept = {code: one["by"] for code, one in told["ids"].items() if one["state"] == "kept"}
    assert told["kept"] == len(kept)
    assert told["total"] == len(by)
    assert [
        code for code, words in kept.items() if words.startswith("property/") and by[code] != "property"
    ] == []


@pytest.mark.parametrize(
    ("claims", "item", "known", "one"),
    [
        (Claims(proofs=(proof(),)), entry("900-002"), True, wanted()),  # another id
        (Claims(), entry("900-001"), True, wanted()),  # a section that no test exercises
        (
            Claims(proofs=(proof(section="phrases"),)),
            entry("900-001"),
            True,
            wanted(),
        ),  # another section's test
        (Claims(proofs=(proof(),)), entry("900-001"), False, wanted()),  # a test that is not there
        (
            Claims(proofs=(proof(),)),
            entry("900-001"),
            True,
            wanted(kind="conduct"),
        ),  # more than a limit can do
    ],
)
def test_what_no_test_stands_behind_is_not_kept(
    claims: Claims, item: Item, known: bool, one: Requirement
) -> None:
    assert state(claims, item, known=known, one=one) == ("open", "")


def test_a_feature_keeps_what_it_names_when_all_its_tests_are_there() -> None:
    assert state(Claims(features=(feature(),))) == ("kept", TEST)
    assert state(Claims(features=(feature(),)), known=False) == ("open", "")
    assert state(Claims(features=(feature(ids=["900-002"]),))) == ("open", "")


def test_what_is_listed_as_open_is_open_whatever_claims_it() -> None:
    claims = Claims(proofs=(proof(),), features=(feature(),), gaps=(gap(ids=["900-001"]),))
    assert state(claims, entry("900-001")) == ("open", "还没有")


def test_a_reason_is_given_for_a_whole_capability() -> None:
    claims = Claims(gaps=(gap(capability=["STAFF"]), gap(code="h", capability=["CLOCK"], reason="没有时钟")))
    assert state(claims) == ("open", "没有时钟")
    assert state(claims, one=wanted(capability="SALES")) == ("open", "")


@pytest.mark.parametrize(
    ("claims", "known", "said"),
    [
        (Claims(features=(feature(ids=["900-009"]),)), True, "f: there is no requirement 900-009"),
        (Claims(features=(feature(),)), False, "f: there is no test a/test_a.py::test_a"),
        (Claims(proofs=(proof(),)), False, "limits: there is no test a/test_a.py::test_a"),
        (Claims(gaps=(gap(ids=["900-009"]),)), True, "g: there is no requirement 900-009"),
        (
            Claims(features=(feature(),), gaps=(gap(ids=["900-001"]),)), True,
            "f: 900-001 is claimed and listed as open in g",
        ),
        (
            Claims(gaps=(gap(ids=["900-001"]), gap(code="h", ids=["900-001"]))), True,
            "h: 900-001 is already listed in g",
        ),
    ],
)  # fmt: skip
def test_contradictions_in_the_claims_are_found(claims: Claims, known: bool, said: str) -> None:
    assert said in mistakes([wanted()], [], claims, lambda _test: known)


def test_an_entry_and_a_gap_about_the_same_contradict_unless_it_does_a_part() -> None:
    claims = Claims(proofs=(proof(),), gaps=(gap(ids=["900-001"]),))
    assert any(
        "named and listed as open" in one for one in mistakes([wanted()], [entry("900-001")], claims, bool)
    )
    partly = Claims(proofs=(proof(),), gaps=(gap(ids=["900-001"], partly=True),))
    assert mistakes([wanted()], [entry("900-001")], partly, bool) == []


def test_a_test_is_known_by_its_file_and_name() -> None:
    own = "huiyin/insight/coverage/tests/test_reckoning.py"
    assert stands(f"{own}::test_a_test_is_known_by_its_file_and_name")
    assert not stands(f"{own}::test_that_nobody_wrote")
    assert not stands(f"{own}::wanted_elsewhere")
    assert not stands("huiyin/insight/coverage/tests/no_file.py::test_x")


def told(**options: Any) -> Any:
    out = StringIO()
    call_command("coverage", json=True, stdout=out, **options)
    return json.loads(out.getvalue())


def test_the_command_tells_every_requirement_with_its_state() -> None:
    everything = told()
    assert everything["total"] == len(everything["ids"]) == len(requirements())
    assert everything["kept"] == sum(one["state"] == "kept" for one in everything["ids"].values())
    for one in everything["ids"].values():
        assert set(one) == ({"state", "by", "test"} if one["state"] == "kept" else {"state", "why"})
    some = told(organisation="property", capability="clock")
    assert set(some["ids"]) == {
        one.id for one in requirements() if (one.organisation, one.capability) == ("property", "CLOCK")
    }
    assert some["ids"]["001-117"]["state"] == "kept"


def test_the_command_prints_a_table_and_refuses_what_does_not_exist() -> None:
    out = StringIO()
    call_command("coverage", organisation="property", stdout=out)
    assert "of 907 kept" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("coverage", organisation="nobody")
