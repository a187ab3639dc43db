"""Every entry says of which table and site it is, so that the index alone finds those of a table and a site."""

from typing import Any

from django.db import migrations

TOKENS = "'\u03ba' || replace(replace(kind, '.', ''), '_', '') || ' \u03c3' || site_id"


def add(_apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(f"UPDATE search_entry SET tokens = tokens || to_tsvector('simple', {TOKENS})")
    else:
        editor.execute(f"UPDATE search_entry SET tokens = tokens || ' ' || {TOKENS}")


class Migration(migrations.Migration):
    dependencies = [("search", "0002_index")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
