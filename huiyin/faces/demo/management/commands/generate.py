"""`manage generate`: a company of any size, for measuring and for trying out, in an empty database."""

import time
from datetime import timedelta
from random import Random
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.models import OrgUnit, Post
from huiyin.engines.clocks.rules import table_for
from huiyin.faces.demo import bulk, estates, generating
from huiyin.faces.demo.world import PASSWORD
from huiyin.work.cases.models import Category

SHEETS = (
    estates.PLACES, estates.CUSTOMERS, estates.POINTS, estates.HOLDINGS, estates.PAPERS, *estates.UNTOUCHED,
    generating.CASES, generating.CONTACTS, generating.CLOCKS, generating.NOTICES, *generating.UNTOUCHED,
    estates.EVENTS, estates.ENTRIES, estates.COUNTERS,
)  # fmt: skip
MOST_SITES, MOST = 99, 20_000_000


class Command(BaseCommand):
    help = "Fill an empty database with a made-up company: sites, households and three years of cases."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--cases", type=int, required=True, help="How many cases.")
        parser.add_argument(
            "--households", type=int, required=True, help="How many households, over all sites."
        )
        parser.add_argument("--sites", type=int, default=10, help="How many sites (default 10).")
        parser.add_argument(
            "--seed", type=int, default=20261121, help="The same seed makes the same company."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        cases, households, sites = options["cases"], options["households"], options["sites"]
        if not 1 <= sites <= MOST_SITES or not sites <= households <= MOST or not 0 <= cases <= MOST:
            raise CommandError(
                f"Between 1 and {MOST_SITES} sites, at least one household to a site, at most {MOST:,} of anything."
            )
        if OrgUnit.objects.exists():
            raise CommandError("There is an organisation here already: generate needs an empty database.")
        with use(system_scope("generate", via="command")):
            if not Post.objects.filter(code="cs-supervisor").exists() or not Category.objects.exists():
                raise CommandError("There are no posts and categories yet: run “load_packs” first.")
            # The versions of the calendars first: made while rows are copied in, they would break off the copying.
            for rule in table_for(None).rules:
                rule.counted_in(None)
            began = time.monotonic()
            rows = self.fill(cases, households, sites, Random(options["seed"]))
            bulk.tidy(SHEETS)
        took = time.monotonic() - began
        self.stdout.write(
            f"{cases} cases, {households} households, {sites} sites: {rows} rows in {took:.0f} s"
        )
        self.stdout.write(
            f"Sign in with the password {PASSWORD} as gm, manager.east, supervisor.s01, front1.s01 or repair1.s01."
        )

    def fill(self, cases: int, households: int, sites: int, random: Random) -> int:
        """Everything, in one transaction; returns how many rows were written past the services."""
        present = now().replace(minute=0, second=0, microsecond=0)
        end = int(present.timestamp())
        start = end - generating.DAYS * generating.DAY
        by = system_scope("generate", via="command").actor
        with connection.constraint_checks_disabled(), transaction.atomic():
            since = (present - timedelta(days=generating.DAYS + 365)).date()
            made = estates.found(sites, households, random, since, by)
            with bulk.Loader(SHEETS).open() as loader:
                builder = estates.Builder(loader, random, start - 100 * generating.DAY, end, by)
                for number, estate in enumerate(made):
                    builder.build(estate, with_known=number == 0)
                self.say(f"households written, {loader.count} rows")
                generating.Casework(made, loader, random, end).write(cases, start)
                self.say(f"cases made up, {loader.count} rows; now the indexes")
                return loader.count

    def say(self, text: str) -> None:
        """Progress, for those who wait."""
        self.stderr.write(text)
