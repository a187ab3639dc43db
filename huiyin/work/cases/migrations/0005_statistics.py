"""What PostgreSQL cannot know by itself: open cases are in other states than ended ones."""

from typing import Any

from django.db import migrations


def add(_apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute("CREATE STATISTICS cases_case_open_states (mcv) ON state, ended_at FROM cases_case")


def drop(_apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP STATISTICS IF EXISTS cases_case_open_states")


class Migration(migrations.Migration):
    dependencies = [("cases", "0004_newest_across_sites")]
    operations = [migrations.RunPython(add, drop)]
