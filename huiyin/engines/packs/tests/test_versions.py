"""Versions with a day from which they count: scheduled, begun exactly once, withdrawn, restored."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command

from huiyin.base.kit.moment import moved_to, now
from huiyin.base.kit.scope import Actor, Scope, system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import Post, Site
from huiyin.base.trail.models import Event
from huiyin.engines.packs.jobs import come_into_force
from huiyin.engines.packs.models import PackVersion
from huiyin.engines.packs.problems import PackErrors
from huiyin.engines.packs.selectors import entries
from huiyin.engines.packs.services import load, roll_back, withdraw
from tests.support.server import process_environment

pytestmark = pytest.mark.django_db
Write = Callable[..., Path]
AT = datetime(2027, 1, 1, tzinfo=UTC)


def phrase(code: str, text: str = "您好", more: str = "") -> str:
    return f"- code: {code}\n  moment: greeting\n  text: {{zh: {text}}}\n  source: [001-045]\n{more}"


def post(code: str, permissions: str = "org.view") -> str:
    return f"- code: {code}\n  name: {{zh: 岗}}\n  permissions: [{permissions}]\n  source: [001-090]\n"


def texts(site: Site | None = None) -> dict[str, str]:
    return {item.code: item.value.text.zh for item in entries("phrases", site)}


@pytest.fixture
def two(write_pack: Write, scope: Scope) -> PackVersion:
    """A pack in force, and its next version scheduled."""
    load([write_pack("trial", phrases=phrase("a", "甲") + phrase("b"))], by=scope.actor)
    load([write_pack("trial", phrases=phrase("a", "乙") + phrase("b"))], by=scope.actor, at=AT, reason="新规")
    return PackVersion.objects.get(scheduled=True)


def test_a_scheduled_version_counts_from_its_very_second_for_every_reader(two: PackVersion) -> None:
    assert texts()["a"] == "甲"
    with moved_to(AT - timedelta(microseconds=1)):
        assert texts()["a"] == "甲"
    with moved_to(AT):
        assert texts()["a"] == "乙", "no worker has run yet, and there is no gap"
    assert texts()["a"] == "甲", "and never backwards"


def test_the_job_makes_it_the_active_one_exactly_once(two: PackVersion) -> None:
    assert come_into_force() == 0
    with moved_to(AT + timedelta(seconds=1)):
        assert come_into_force() == 1
        assert come_into_force() == 0
        assert texts()["a"] == "乙"
    two.refresh_from_db()
    old = PackVersion.objects.get(active=False)
    assert (two.active, two.scheduled, two.valid_from) == (True, False, AT)
    assert old.valid_until == AT
    assert Event.objects.filter(verb="packs.started").count() == 1
    assert two.reason == "新规"


def test_tables_of_other_apps_follow_with_the_job(write_pack: Write, scope: Scope) -> None:
    load([write_pack("trial", posts=post("clerk"))], by=scope.actor)
    load([write_pack("trial", posts=post("boss"))], by=scope.actor, at=AT)
    assert [one.retired for one in Post.objects.all()] == [False]
    with moved_to(AT):
        come_into_force()
    assert {one.code: one.retired for one in Post.objects.all()} == {"clerk": True, "boss": False}


@pytest.mark.django_db(transaction=True)
def test_workers_that_are_killed_in_the_middle_leave_no_half_and_no_double(
    write_pack: Write, tmp_path: Path
) -> None:
    with use(system_scope("test")) as scope:
        load([write_pack("trial", phrases=phrase("a", "甲"), posts=post("clerk"))], by=scope.actor)
        soon = now() + timedelta(seconds=0.5)
        load([write_pack("trial", phrases=phrase("a", "乙"), posts=post("boss"))], by=scope.actor, at=soon)
    program = (
        "import os, signal, django; django.setup()\n"
        "from huiyin.engines.packs import registry, services\n"
        "from huiyin.base.kit.scope import system_scope, use\n"
        "real = services._apply\n"
        "def die(*args):\n    real(*args)\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "services._apply = die\n"
        "with use(system_scope('test')) as scope:\n    services.settle(None, by=scope.actor)\n"
    )
    time.sleep(0.6)
    environment = process_environment()
    killed = subprocess.run([sys.executable, "-c", program], env=environment, cwd=Path.cwd(), check=False)
    assert killed.returncode == -signal.SIGKILL
    with use(system_scope("test")):
        assert PackVersion.objects.filter(scheduled=True).count() == 1, "nothing of it was done"
        assert not Post.objects.filter(code="boss").exists()
        assert texts()["a"] == "乙", "and yet the rules count"
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "django", "worker", "--once", "--only", "packs"], env=environment
        )
        for _ in range(3)
    ]
    assert [one.wait(240) for one in running] == [0, 0, 0]
    with use(system_scope("test")):
        assert PackVersion.objects.filter(active=True).count() == 1
        assert Event.objects.filter(verb="packs.started").count() == 1
        assert Post.objects.get(code="clerk").retired


def test_a_moment_that_has_passed_or_lies_too_far_is_refused(write_pack: Write, scope: Scope) -> None:
    folder = write_pack("trial", phrases=phrase("a"))
    for at in (now() - timedelta(seconds=1), now() + timedelta(days=4000)):
        with pytest.raises(Refused):
            load([folder], by=scope.actor, at=at)
    assert not PackVersion.objects.exists()


def test_what_is_loaded_before_is_carried_into_what_is_scheduled(
    two: PackVersion, write_pack: Write, scope: Scope
) -> None:
    new = phrase("a", "丙") + phrase("b", "新") + phrase("c", "加")
    load([write_pack("trial", phrases=new)], by=scope.actor)
    assert texts() == {"a": "丙", "b": "新", "c": "加"}
    with moved_to(AT):
        assert texts() == {"a": "乙", "b": "新", "c": "加"}, "what it changes itself stays as scheduled"
        come_into_force()
        assert texts() == {"a": "乙", "b": "新", "c": "加"}
    two.refresh_from_db()
    assert two.withdrawn_at is not None
    assert PackVersion.objects.get(active=True).reason == "新规"


def test_a_scheduled_version_is_withdrawn(two: PackVersion, scope: Scope) -> None:
    withdraw(two, reason="推迟", by=scope.actor)
    with moved_to(AT):
        assert come_into_force() == 0
        assert texts()["a"] == "甲"
    with pytest.raises(Refused):
        withdraw(two, reason="again", by=scope.actor)
    assert Event.objects.get(verb="packs.withdrawn").data["reason"] == "推迟"


def test_what_would_contradict_a_scheduled_version_is_refused_now(write_pack: Write, scope: Scope) -> None:
    load([write_pack("common", phrases=phrase("a") + phrase("b"))], by=scope.actor)
    own = write_pack("own", layer="company", phrases="- code: b\n  disabled: true\n")
    load([own], by=scope.actor, at=AT)
    with pytest.raises(PackErrors) as caught:
        load([write_pack("common", phrases=phrase("a"))], by=scope.actor)
    assert [(one.file, one.entry) for one in caught.value.problems] == [("own/phrases.yaml", "b")]
    assert set(texts()) == {"a", "b"}


def test_loading_the_folder_of_a_scheduled_version_again_changes_nothing(
    two: PackVersion, write_pack: Write, scope: Scope
) -> None:
    before = PackVersion.objects.count()
    loaded = load([write_pack("trial", phrases=phrase("a", "乙") + phrase("b"))], by=scope.actor)
    assert not loaded.changed_anything
    assert (PackVersion.objects.count(), texts()["a"]) == (before, "甲")


def test_an_earlier_version_is_restored_as_a_new_one_with_who_and_why(
    write_pack: Write, scope: Scope
) -> None:
    for word in ("甲", "乙"):
        load([write_pack("trial", phrases=phrase("a", word))], by=scope.actor)
    first = PackVersion.objects.order_by("pk")[0]
    made = roll_back(first, reason="乙 was wrong", by=scope.actor)
    assert texts() == {"a": "甲"}
    assert (made.active, made.restores, made.reason, made.on_screen) == (True, first, "乙 was wrong", True)
    assert PackVersion.objects.count() == 3
    with pytest.raises(Refused) as caught:
        roll_back(first, reason="again", by=scope.actor)
    assert caught.value.code == "nothing-changed"
    assert not load([write_pack("trial", phrases=phrase("a", "乙"))], by=scope.actor).changed_anything
    assert texts() == {"a": "甲"}, "the files are those of before, so what was done on screen stays"


def test_whoever_may_not_hand_out_rights_cannot_schedule_it_either(write_pack: Write) -> None:
    bob = Actor(None, "bob")
    with use(Scope(bob, company=frozenset({"packs.edit"}))), pytest.raises(PermissionDenied):
        load([write_pack("trial", layer="company", posts=post("clerk", "org.edit"))], by=bob, at=AT)
    with use(system_scope("test")):
        assert not PackVersion.objects.exists()


def test_the_command_schedules(write_pack: Write, scope: Scope) -> None:
    call_command("load_packs", str(write_pack("trial", phrases=phrase("a"))), "--from", "2027-01-01 08:00")
    version = PackVersion.objects.get()
    assert (version.scheduled, version.valid_from.isoformat()) == (True, "2027-01-01T00:00:00+00:00")
