"""Taking a handed-in file in: the part that runs outside any transaction, portion by portion."""

from __future__ import annotations

from django.utils.translation import gettext

from huiyin.base.kit.scope import Actor
from huiyin.base.org.models import Site

from .models import ImportRun
from .problems import BadFile
from .registry import presets
from .running import Result, run, table_of
from .selectors import path_of
from .services import finish, note_progress


def carry_out(started: ImportRun, *, by: Actor) -> ImportRun:
    """Take a handed-in file in, saying how far it is; for the worker, outside any transaction.

    A worker killed in the middle is followed by another that begins anew: rows already taken in are
    recognised as unchanged.
    """
    chosen = presets()[started.preset]
    site = Site.objects.select_related("unit").get(pk=started.site_id)

    def progress(result: Result) -> None:
        counts = (result.rows, result.created, result.unchanged, result.rejected)
        note_progress(started, counts=counts, by=by)

    try:
        table = table_of(path_of(started.digest).read_bytes(), started.filename, chosen)
        result = run(table, chosen, site, by=by, dry_run=started.dry_run, progress=progress)
    except (BadFile, OSError) as problem:
        text = (
            problem.text(gettext) if isinstance(problem, BadFile) else gettext("The file is no longer there.")
        )
        return finish(started, values={"state": ImportRun.State.REFUSED, "refusal": text}, by=by)
    told = result.as_dict()
    values = {name: told[name] for name in ("rows", "created", "unchanged", "rejected")}
    values["errors"] = result.errors[: ImportRun.KEPT_ERRORS]
    values["notes"] = result.notes[: ImportRun.KEPT_ERRORS]
    return finish(started, values={"state": ImportRun.State.DONE, **values}, by=by)
