"""`manage demo`: the demo company, once; a second call finds it there."""

from random import Random
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.models import OrgUnit, Site
from huiyin.faces.demo import history, papers, world
from huiyin.faces.demo.households import Settlement


class Command(BaseCommand):
    help = "Make the demo company: two sites, over 2,000 households, staff in every post, a month of work."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days", type=int, default=30, help="Days of history, today included (default 30)."
        )
        parser.add_argument(
            "--households", type=int, help="Households of each site at most (default: over 900)."
        )
        parser.add_argument("--share", type=float, default=1.0, help="Share of the usual calls (default 1).")

    def handle(self, *args: Any, **options: Any) -> None:
        if OrgUnit.objects.filter(code="yunzheng").exists():
            self.stdout.write("The demo company is there already.")
            return
        if OrgUnit.objects.exists():
            self.stdout.write("There is another organisation here: the demo company was not added.")
            return
        random = Random(20261121)
        with use(system_scope("demo", via="command")) as scope:
            company = world.build(random, scope.actor)
            households = sum(
                Settlement(site, random, scope.actor, households=options["households"]).build()
                for site in company.sites.values()
            )
            self.stdout.write(f"{households} households")
        with use(system_scope("demo", via="command")):
            sites: list[Site] = list(company.sites.values())
            steps = history.write(sites, random, days=options["days"], share=options["share"])
            self.stdout.write(f"{steps} steps of work in {options['days']} days")
            self.stdout.write(f"{papers.write(sites)} reports and requests for more time")
        accounts = world.accounts(company)
        (settings.HOME / "demo-accounts.txt").write_text(accounts, encoding="utf-8")
        self.stdout.write(accounts)
