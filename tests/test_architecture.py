"""The house is built as `docs` say: rules of the source, of the tables and of what the code declares."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import models

from huiyin.base.kit.jobs import JOBS
from huiyin.base.kit.models import ScopedManager, ScopedModel
from huiyin.base.kit.permissions import known
from huiyin.base.trail.registry import REACTIONS, VERBS
from huiyin.engines.flow.machine import Flow
from tests import house_rules
from tests.allowed import ALLOWED, EXCEPTIONS

ROOT = Path(__file__).resolve().parents[1]

UNSCOPED = {
    "approvals.Delegation": "between two people; what the deputy signs is cut by the site of the approval",
    "trail.Block": "digests of the whole trail; they say nothing of what happened",
    "clocks.CalendarVersion": "working hours and public holidays, the same for everybody who counts by them",
    "clocks.SpecialDay": "public holidays",
    "kit.DoneOnce": "keys of repeated requests, read by their owner's number only",
    "org.OrgUnit": "the tree that reach is computed from",
    "org.Site": "what everything is cut by",
    "org.Post": "jobs of the whole organisation",
    "org.User": "people belong to sites by appointments only",
    "org.Appointment": "what reach is computed from",
    "org.ApiToken": "belongs to a person",
    "org.SecondFactor": "belongs to a person",
    "org.RecoveryCode": "belongs to a person",
    "org.Stamp": "one number",
    "trail.Delivery": "an event's errand; read by the worker only",
    "packs.PackStamp": "one number",
}
"""Tables without a site, each with the reason; every other one is cut by reach."""


WAYS_PAST_REACH = {"org.SavedView by org.User.saved_views": "a person's own lists; counted for nobody else"}
"""Relations from a table without a site to rows with one that are nevertheless wanted."""


def house_models() -> list[type[models.Model]]:
    """Every table of our own."""
    return [model for model in apps.get_models() if model.__module__.startswith("huiyin.")]


def house_modules() -> Iterator[Any]:
    """Every module of the product, imported."""
    for module in house_rules.modules(ROOT):
        if ".management." not in module.dotted and not module.dotted.startswith("huiyin.config"):
            yield importlib.import_module(module.dotted)


@cache
def checked() -> tuple[list[house_rules.Finding], list[tuple[str, str]]]:
    """What is against the rules, and what is allowed for nothing."""
    return house_rules.check(ROOT, ALLOWED)


def test_the_source_keeps_the_rules_of_the_house() -> None:
    left, _unused = checked()

    assert not left, "\n".join(map(str, left))


def test_no_exception_outlives_its_reason() -> None:
    _left, unused = checked()

    assert not [key for key in unused if key in EXCEPTIONS]


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-3000:]


def test_every_table_is_cut_by_reach_or_says_why_not() -> None:
    names = {model._meta.label for model in house_models() if not issubclass(model, ScopedModel)}

    assert names - set(UNSCOPED) == set(), "give it ScopedModel, or a reason in UNSCOPED"
    assert set(UNSCOPED) - names == set(), "no longer there"


def test_every_scoped_table_is_read_through_a_scoped_manager() -> None:
    for model in house_models():
        if issubclass(model, ScopedModel):
            managers = [*model._meta.managers, model._default_manager]
            assert all(isinstance(manager, ScopedManager) for manager in managers), model._meta.label


def ways_past_reach(tables: list[type[models.Model]]) -> list[str]:
    """Relations by which an unscoped table could count or join the rows of a scoped one, unseen by reach."""
    return [
        f"{relation.related_model._meta.label} by {model._meta.label}.{relation.get_accessor_name()}"
        for model in tables
        if not issubclass(model, ScopedModel)
        for relation in model._meta.related_objects
        if isinstance(relation.related_model, type) and issubclass(relation.related_model, ScopedModel)
    ]


def test_no_table_without_a_site_leads_to_rows_with_one() -> None:
    ways = set(ways_past_reach(house_models()))

    assert ways - set(WAYS_PAST_REACH) == set(), "set related_name='+' on the foreign key"


def test_every_service_needs_a_right_that_exists() -> None:
    needed = {
        f"{module.__name__}.{name}": thing.needs
        for module in house_modules()
        for name, thing in vars(module).items()
        if getattr(thing, "is_service", False) and thing.needs is not None
    }

    assert needed
    assert {name: right for name, right in needed.items() if not known(right)} == {}


def test_every_move_asks_for_a_right_that_exists() -> None:
    flows = [
        (f"{module.__name__}.{name}", thing)
        for module in house_modules()
        for name, thing in vars(module).items()
        if isinstance(thing, Flow)
    ]

    assert [
        f"{name}.{move.name}" for name, flow in flows for move in flow.moves if not known(move.permission)
    ] == []


def test_every_reaction_waits_for_an_event_that_somebody_declares() -> None:
    assert set(REACTIONS) - set(VERBS) == set()


def test_every_job_is_declared_in_a_jobs_module_and_runs_without_arguments() -> None:
    for job in JOBS.values():
        assert job.run.__module__.rpartition(".")[2] == "jobs", job.name
        assert job.every > 0


def test_events_and_rights_are_named_by_their_app() -> None:
    labels = {config.label for config in apps.get_app_configs() if config.name.startswith("huiyin.")}

    assert {code for code in VERBS if code.partition(".")[0] not in labels | {"messages"}} == set()
