"""What `manage verify` says."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command

pytestmark = pytest.mark.django_db


def test_every_check_is_named_once_by_its_app_and_what_it_counts() -> None:
    call_command("verify", json=True, stdout=(out := StringIO()))

    told = json.loads(out.getvalue().splitlines()[-1])

    assert told["violations"] == 0 and len(told["checks"]) > 20
    labels = {config.label for config in apps.get_app_configs()}
    for name in told["checks"]:
        app, check = name.split(".")
        assert app in labels and check not in labels, name
