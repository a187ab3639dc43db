"""The full-text index of each database: GIN on PostgreSQL, an FTS5 mirror kept by triggers on SQLite."""

from typing import Any

from django.db import migrations

SQLITE = """
CREATE VIRTUAL TABLE search_fts USING fts5(tokens, content='search_entry', content_rowid='id', tokenize='unicode61');
CREATE TRIGGER search_entry_added AFTER INSERT ON search_entry BEGIN
  INSERT INTO search_fts(rowid, tokens) VALUES (new.id, new.tokens);
END;
CREATE TRIGGER search_entry_gone AFTER DELETE ON search_entry BEGIN
  INSERT INTO search_fts(search_fts, rowid, tokens) VALUES ('delete', old.id, old.tokens);
END;
CREATE TRIGGER search_entry_changed AFTER UPDATE OF tokens ON search_entry BEGIN
  INSERT INTO search_fts(search_fts, rowid, tokens) VALUES ('delete', old.id, old.tokens);
  INSERT INTO search_fts(rowid, tokens) VALUES (new.id, new.tokens);
END;
"""
SQLITE_AWAY = """
DROP TRIGGER search_entry_added;
DROP TRIGGER search_entry_gone;
DROP TRIGGER search_entry_changed;
DROP TABLE search_fts;
"""


def make(_apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute("CREATE INDEX search_entry_tokens ON search_entry USING gin (tokens)")
        return
    for statement in _statements(SQLITE):
        editor.execute(statement)


def drop(_apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP INDEX search_entry_tokens")
        return
    for statement in _statements(SQLITE_AWAY):
        editor.execute(statement)


def _statements(script: str) -> list[str]:
    """Split a script at the ends of its statements; the body of a trigger stays in one piece."""
    parts: list[str] = []
    for line in script.strip().splitlines():
        if parts and not parts[-1].endswith(("END;", ";") if "BEGIN" not in parts[-1] else ("END;",)):
            parts[-1] += "\n" + line
        else:
            parts.append(line)
    return parts


class Migration(migrations.Migration):
    dependencies = [("search", "0001_initial")]
    operations = [migrations.RunPython(make, drop)]
