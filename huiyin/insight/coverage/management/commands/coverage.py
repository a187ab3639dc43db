"""Which requirements are kept: `coverage [--organisation X] [--capability Y] [--kind Z] [--json]`."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from huiyin.engines.packs.management.commands.load_packs import default_folders
from huiyin.insight.coverage.claims import claims
from huiyin.insight.coverage.requirements import requirements
from huiyin.insight.coverage.selectors import Verdict, reckon
from huiyin.insight.coverage.shipped import shipped_entries


class Command(BaseCommand):
    """Reads requirements, packs and claims from their files; asks no database."""

    help = "Which requirements of the handbooks are kept, by what, proved by which test; which are open, and why."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organisation", default="", help="only those of this organisation")
        parser.add_argument("--capability", default="", help="only those of this capability")
        parser.add_argument("--kind", default="", help="only those of this kind")
        parser.add_argument("--json", action="store_true", help="everything, as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        everything = requirements()
        if not everything:
            raise CommandError("docs/requirements holds no requirements")
        wanted = [
            one
            for one in everything
            if options["organisation"] in ("", one.organisation)
            and options["capability"].upper() in ("", one.capability)
            and options["kind"] in ("", one.kind)
        ]
        if not wanted:
            raise CommandError("no requirement is of that organisation, capability and kind")
        verdicts = reckon(wanted, shipped_entries(default_folders()), claims())
        kept = sum(one.kept for one in verdicts)
        if options["json"]:
            told = {
                "total": len(verdicts),
                "kept": kept,
                "ids": {one.requirement.id: one.data() for one in verdicts},
            }
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            self._table(verdicts, kept)

    def _table(self, verdicts: list[Verdict], kept: int) -> None:
        total = Counter((one.requirement.organisation, one.requirement.capability) for one in verdicts)
        done = Counter(
            (one.requirement.organisation, one.requirement.capability) for one in verdicts if one.kept
        )
        told = Counter(
            (one.requirement.organisation, one.requirement.capability)
            for one in verdicts
            if not one.kept and one.why
        )
        self.stdout.write(
            f"{'organisation':26}{'capability':14}{'total':>6}{'kept':>6}{'open, told why':>16}"
        )
        for key in sorted(total):
            self.stdout.write(f"{key[0]:26}{key[1]:14}{total[key]:>6}{done[key]:>6}{told[key]:>16}")
        self.stdout.write(f"{kept} of {len(verdicts)} kept")
