"""`manage verify`: checks every invariant on the live database."""

import json
import sys
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandParser
from django.utils.module_loading import import_string, module_has_submodule

from huiyin.base.kit.scope import system_scope, use


class Command(BaseCommand):
    help = "Check every invariant on the live database; exit code 1 when one is violated."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print the result as JSON, last.")

    def handle(self, *args: Any, **options: Any) -> None:
        found: dict[str, int] = {}
        with use(system_scope("verify", via="command")):
            for config in apps.get_app_configs():
                if not config.name.startswith("huiyin.") or not module_has_submodule(config.module, "verify"):
                    continue
                for name, check in import_string(f"{config.name}.verify.CHECKS").items():
                    found[f"{config.label}.{name}"] = int(check())
                    if not options["json"]:
                        self.stdout.write(f"{found[f'{config.label}.{name}']:>8}  {config.label}.{name}")
        violations = sum(found.values())
        if options["json"]:
            self.stdout.write(json.dumps({"checks": found, "violations": violations}))
        else:
            self.stdout.write(f"{violations:>8}  violations in {len(found)} checks")
        if violations:
            sys.exit(1)
