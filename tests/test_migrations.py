"""The tables are what the code says, and there is one way to them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.django_db
def test_no_change_of_a_table_waits_for_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)


@pytest.mark.django_db
def test_every_app_has_one_last_migration_and_nothing_is_left_to_do() -> None:
    loader = MigrationLoader(connection)

    for config in apps.get_app_configs():
        if config.name.startswith("huiyin.") and list(config.get_models()):
            assert len(loader.graph.leaf_nodes(config.label)) == 1, config.label
    assert loader.detect_conflicts() == {}
    assert set(loader.graph.nodes) - set(loader.applied_migrations) == set()


def test_migrations_import_no_code_that_may_change() -> None:
    """Of our own only what a column's default or type needs; an old migration must run with tomorrow's code."""
    allowed = {"huiyin.base.kit.moment", "huiyin.engines.search.models"}
    found = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sorted((ROOT / "huiyin").rglob("migrations/0*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        for name in _imported(node)
        if name.startswith("huiyin.") and name not in allowed
    }

    assert found == set()


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
