"""Taking the next number."""

from django.db import connection

from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import service
from huiyin.base.org.models import Site

from .models import Counter


@service
def take(site: Site, *, series: str, period: str = "", by: Actor) -> int:
    """The next number of a series, from 1. Takers of the same series wait for each other's commit."""
    table = Counter._meta.db_table
    with connection.cursor() as cursor:
        # One statement instead of lock, read and write: this row is the narrowest place of intake.
        cursor.execute(
            f"INSERT INTO {table} (site_id, series, period, value) VALUES (%s, %s, %s, 1) "  # noqa: S608
            f"ON CONFLICT (site_id, series, period) DO UPDATE SET value = {table}.value + 1 RETURNING value",
            [site.pk, series, period],
        )
        return int(cursor.fetchone()[0])
