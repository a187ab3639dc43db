"""`manage chain`: what in the sealed part of the trail is not as it was sealed, and where."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.trail.chain import faults
from huiyin.base.trail.models import Block


class Command(BaseCommand):
    help = "Check the hash chain over the trail, name every fault and print the newest block's hash."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--block", type=int, help="Print the hash of this block instead.")
        parser.add_argument("--json", action="store_true", help="Print the result as JSON, last.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["block"] is not None:
            block = Block.objects.filter(pk=options["block"]).defer("leaves").first()
            if block is None:
                raise CommandError(f"There is no block {options['block']}.")
            self.stdout.write(f"{block.number} {block.first_id}-{block.last_id} {block.hash}")
            return
        with use(system_scope("chain", via="command")):
            found = list(faults())
        head = Block.objects.order_by("-number").defer("leaves").first()
        number, hashed = (head.number, head.hash) if head else (0, "")
        if options["json"]:
            told = [{"kind": one.kind, "block": one.block, "event": one.event_id} for one in found]
            self.stdout.write(json.dumps({"blocks": number, "head": hashed, "faults": told}))
        else:
            for fault in found:
                self.stdout.write(str(fault))
            self.stdout.write(f"{number} blocks, {len(found)} faults; head {hashed or '-'}")
        if found:
            sys.exit(1)
