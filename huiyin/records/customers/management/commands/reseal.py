"""Seal everything again under the present field key: `reseal`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.org.services import reseal_second_factors
from huiyin.records.customers.services import reseal


class Command(BaseCommand):
    """After a new key was put in front in HUIYIN_FIELD_KEY: moves what is sealed over to it."""

    help = "Seal identity numbers and second factors again under the first key of HUIYIN_FIELD_KEY."

    def handle(self, *args: Any, **options: Any) -> None:
        numbers = 0
        try:
            with use(system_scope("reseal", via="command")) as scope:
                factors = reseal_second_factors(None, by=scope.actor)
                while done := reseal(None, by=scope.actor):
                    numbers += done
        except Refused as error:
            raise CommandError(error.message) from None
        self.stdout.write(
            _("Sealed again: %(numbers)s identity numbers, %(factors)s second factors.")
            % {"numbers": numbers, "factors": factors}
        )
