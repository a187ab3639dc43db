"""Taking the next number."""

from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import service
from huiyin.base.kit.statements import run
from huiyin.base.org.models import Site

from .models import Counter


@service
def take(site: Site, *, series: str, period: str = "", count: int = 1, by: Actor) -> int:
    """The next number of a series, from 1; of `count` numbers taken together the first.

    Takers of the same series wait for each other's commit.
    """
    if count < 1:
        raise ValueError("at least one number is taken")
    table = Counter._meta.db_table
    # One statement instead of lock, read and write: this row is the narrowest place of intake.
    rows = run(
        f"INSERT INTO {table} (site_id, series, period, value) VALUES (%s, %s, %s, %s) "
        f"ON CONFLICT (site_id, series, period) DO UPDATE SET value = {table}.value + excluded.value RETURNING value",
        [site.pk, series, period, count],
    )
    return int(rows[0][0]) - count + 1
