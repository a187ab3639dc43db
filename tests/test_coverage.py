"""What is claimed to keep the requirements of the handbooks: every test named is there and is run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from huiyin.engines.packs.management.commands.load_packs import default_folders
from huiyin.engines.packs.registry import section
from huiyin.insight.coverage.claims import claims
from huiyin.insight.coverage.requirements import requirements
from huiyin.insight.coverage.selectors import mistakes, reckon
from huiyin.insight.coverage.shipped import shipped_entries

ROOT = Path(__file__).resolve().parent.parent


def test_nothing_is_claimed_twice_or_claimed_and_open() -> None:
    assert mistakes(requirements(), shipped_entries(default_folders()), claims()) == []


def test_every_section_that_counts_is_a_section() -> None:
    assert [proof.section for proof in claims().proofs if section(proof.section) is None] == []


def test_every_test_that_is_named_is_collected() -> None:
    """Asked of pytest itself: a test that is deselected or cannot be imported proves nothing."""
    named = {test for feature in claims().features for test in feature.tests}
    named |= {proof.test for proof in claims().proofs}
    files = sorted({test.partition("::")[0] for test in named})
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "-n0",
        "-p",
        "no:cacheprovider",
        *files,
    ]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    collected = {line.partition("[")[0].strip() for line in run.stdout.splitlines() if "::" in line}
    assert sorted(named - collected) == [], run.stdout[-2000:] + run.stderr[-2000:]


def test_every_demand_on_a_property_office_is_kept_or_open_with_the_reason() -> None:
    wanted = [one for one in requirements() if one.organisation == "property"]
    verdicts = reckon(wanted, shipped_entries(default_folders()), claims())
    assert len(verdicts) > 900
    assert [one.requirement.id for one in verdicts if not one.kept and not one.why] == []
