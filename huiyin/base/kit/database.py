"""What commands ask of the database before they begin."""

from __future__ import annotations

from django.core.management.base import CommandError
from django.db import connection
from django.db.models import Model
from django.utils.translation import gettext as _


def require_tables(*models: type[Model]) -> None:
    """Refused (CommandError, with what to do) when the tables of these models have not been made yet."""
    there = set(connection.introspection.table_names())
    if any(model._meta.db_table not in there for model in models):
        raise CommandError(_("The database has no tables yet. Run “./run manage migrate” first."))
