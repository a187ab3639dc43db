"""`./run manage token USERNAME`: an interface key for a person, printed once, and nothing else."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_date

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.models import User
from huiyin.base.org.services import issue_token


class Command(BaseCommand):
    help = "Print a new key of the programming interface that acts as this person."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="command line", help="what the key is for")
        parser.add_argument("--expires", default="", help="its last day, e.g. 2027-01-31")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody with the login name {options['username']!r} may sign in.")
        try:
            expires_on = parse_date(options["expires"]) if options["expires"] else None
        except ValueError:
            expires_on = None
        if options["expires"] and expires_on is None:
            raise CommandError(f"{options['expires']!r} is no day; write it like 2027-01-31.")
        with use(system_scope("token command", via="command")) as scope:
            key = issue_token(user, name=options["name"][:60], expires_on=expires_on, by=scope.actor)
        self.stdout.write(key)
