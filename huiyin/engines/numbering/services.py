"""Taking the next number."""

from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import service
from huiyin.base.kit.statements import run
from huiyin.base.org.models import Site

from .models import Counter


@service
def take(site: Site, *, series: str, period: str = "", by: Actor) -> int:
    """The next number of a series, from 1. Takers of the same series wait for each other's commit."""
    table = Counter._meta.db_table
    # One statement instead of lock, read and write: this row is the narrowest place of intake.
    rows = run(
        f"INSERT INTO {table} (site_id, series, period, value) VALUES (%s, %s, %s, 1) "
        f"ON CONFLICT (site_id, series, period) DO UPDATE SET value = {table}.value + 1 RETURNING value",
        [site.pk, series, period],
    )
    return int(rows[0][0])
