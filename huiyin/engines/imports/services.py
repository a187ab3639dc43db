"""Handing in a file, and taking it in."""

from __future__ import annotations

import hashlib
import os
import tempfile
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import Actor, current
from huiyin.base.kit.service import Refused, service
from huiyin.base.org.models import Site
from huiyin.base.trail.registry import verb
from huiyin.base.trail.services import record

from .models import ImportRun
from .problems import BadFile
from .registry import presets
from .running import table_of
from .selectors import path_of

SUBMITTED = verb("imports.submitted", _("File handed in"))
FINISHED = verb("imports.finished", _("File taken in"))
REFUSED = verb("imports.refused", _("File refused"))

LARGEST = 32 * 1024 * 1024
"""The largest file taken, in bytes."""


def _keep(content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    target = path_of(digest)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        handle, name = tempfile.mkstemp(dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(name, target)  # noqa: PTH105
    return digest


@service
def submit(site: Site, *, preset: str, filename: str, content: bytes, dry_run: bool, by: Actor) -> ImportRun:
    """Hand in a file to be tried or taken in by the worker.

    Refused when the kind is unknown, the file is empty or larger than `LARGEST`, it cannot be read
    as such a sheet at all, or the right for this kind is not held at the site.
    """
    chosen = presets().get(preset)
    if chosen is None:
        raise Refused("unknown", _("Unknown value: %(value)s"), params={"value": preset[:40]}, field="preset")
    current().require(chosen.permission, site.pk)
    if len(content) > LARGEST:
        size = {"limit": LARGEST // 1024 // 1024}
        raise Refused("too-large", _("The file is larger than %(limit)s MB."), params=size, field="file")
    try:
        table_of(content, filename, chosen)
    except BadFile as problem:
        raise Refused(
            problem.code, "%(text)s", params={"text": problem.text(gettext)}, field="file"
        ) from problem
    started = ImportRun(
        site=site,
        preset=preset,
        filename=filename[:200],
        digest=_keep(content),
        dry_run=dry_run,
        user_id=by.user_id,
    )
    started.save(force_insert=True)
    record(started, SUBMITTED, by=by, preset=preset, filename=started.filename, dry_run=dry_run)
    return started


@service
def take_in(tried: ImportRun, *, by: Actor) -> ImportRun:
    """Take in for good a file that was tried. Refused while the trial runs, or without the right."""
    chosen = presets().get(tried.preset)
    if chosen is None:
        raise Refused("unknown", _("Unknown value: %(value)s"), params={"value": tried.preset[:40]})
    current().require(chosen.permission, tried.site_id)
    if tried.state != ImportRun.State.DONE or not tried.dry_run:
        raise Refused("not-now", _("Only a file that has been tried can be taken in."))
    started = ImportRun(
        site_id=tried.site_id,
        preset=tried.preset,
        filename=tried.filename,
        digest=tried.digest,
        dry_run=False,
        user_id=by.user_id,
    )
    started.save(force_insert=True)
    record(started, SUBMITTED, by=by, preset=tried.preset, filename=started.filename, dry_run=False)
    return started


@service
def note_progress(started: ImportRun, *, counts: tuple[int, int, int, int], by: Actor) -> None:
    """Say how many rows were read, created, unchanged and rejected so far."""
    rows, created, unchanged, rejected = counts
    ImportRun.objects.filter(pk=started.pk).update(
        rows=rows, created=created, unchanged=unchanged, rejected=rejected
    )


@service
def finish(started: ImportRun, *, values: dict[str, Any], by: Actor) -> ImportRun:
    """Write down what became of a file."""
    for name, value in values.items():
        setattr(started, name, value)
    started.ended_at = now()
    started.save()
    counts = {name: values[name] for name in ("rows", "created", "unchanged", "rejected") if name in values}
    done = started.state == ImportRun.State.DONE
    record(started, FINISHED if done else REFUSED, by=by, dry_run=started.dry_run, **counts)
    return started
