"""Begin a new installation: `begin --company NAME --site CODE --site-name NAME --admin USERNAME`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from huiyin.base.kit.database import require_tables
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import OrgUnit
from huiyin.engines.packs.beginning import begin, new_password
from huiyin.engines.packs.management.commands.load_packs import default_folders
from huiyin.engines.packs.models import PackVersion
from huiyin.engines.packs.problems import PackErrors


class Command(BaseCommand):
    """Makes the company, its first site and its first administrator on an empty, migrated database."""

    help = "Begin a new installation: packs, the company, its first site, its first administrator."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--company", required=True, metavar="NAME", help="name of the company")
        parser.add_argument("--company-code", default="company", metavar="CODE", help="its code")
        parser.add_argument(
            "--site", required=True, metavar="CODE", help="code of the first site; it stands in case numbers"
        )
        parser.add_argument("--site-name", required=True, metavar="NAME", help="name of the first site")
        parser.add_argument(
            "--admin", required=True, metavar="USERNAME", help="login name of the administrator"
        )
        parser.add_argument("--admin-name", default="", metavar="NAME", help="by default the login name")
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the first password from standard input; otherwise one is made and printed once",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        require_tables(PackVersion, OrgUnit)
        typed = sys.stdin.readline().rstrip("\r\n") if options["password_stdin"] else None
        if typed == "":
            raise CommandError(_("The first line of standard input holds no password."))
        password = typed or new_password()
        admin, site = options["admin"].strip(), options["site"].strip().lower()
        try:
            with use(system_scope("begin", via="command")) as scope:
                begin(
                    company=(options["company_code"].strip(), options["company"].strip()),
                    site=(site, options["site_name"].strip()),
                    admin=(admin, options["admin_name"].strip() or admin),
                    password=password,
                    packs=default_folders(),
                    by=scope.actor,
                )
        except PackErrors as error:
            for problem in error.problems:
                self.stderr.write(str(problem))
            raise CommandError(error.message) from None
        except Refused as error:
            raise CommandError(error.message) from None
        self.stdout.write(
            _("%(company)s has begun, with the site %(site)s.")
            % {"company": options["company"], "site": options["site_name"]}
        )
        if typed is None:
            self.stdout.write(
                _("Sign in as %(name)s with the password %(password)s")
                % {"name": admin, "password": password}
            )
            self.stdout.write(
                _("It is not shown again. Change it after the first sign-in: it stands on this screen.")
            )
        else:
            self.stdout.write(_("Sign in as %(name)s.") % {"name": admin})
