"""Told to PostgreSQL: a subject has about three clocks. They lie side by side, so its samples show far more."""

from typing import Any

from django.db import migrations


def add(_apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute("ALTER TABLE clocks_clock ALTER COLUMN subject_id SET (n_distinct = -0.34)")


def drop(_apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute("ALTER TABLE clocks_clock ALTER COLUMN subject_id RESET (n_distinct)")


class Migration(migrations.Migration):
    dependencies = [("clocks", "0002_newest_across_sites")]
    operations = [migrations.RunPython(add, drop)]
