"""`manage worker`: due clocks, owed reactions, everything periodic. Any number may run."""

import logging
import signal
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections

from huiyin.base.kit.jobs import JOBS, Job
from huiyin.base.kit.scope import system_scope, use

log = logging.getLogger("huiyin.worker")

IDLE_SLEEP = 0.5
"""Seconds between two looks when nothing was due."""


class Command(BaseCommand):
    help = "Do what is due, for ever (or once with --once)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Do everything that is due now, then stop.")
        parser.add_argument(
            "--only", action="append", default=[], help="Run only jobs whose name contains this."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stopping = False
        if not options["once"]:
            signal.signal(signal.SIGTERM, self._stop)
            signal.signal(signal.SIGINT, self._stop)
        jobs = [j for j in JOBS.values() if not options["only"] or any(o in j.name for o in options["only"])]
        due = {job.name: 0.0 for job in jobs}
        while not self.stopping:
            done = sum(self._run(job, due) for job in jobs if due[job.name] <= time.monotonic())
            if options["once"] and not done:
                return
            if options["once"]:
                due = {job.name: 0.0 for job in jobs}
            elif not done:
                time.sleep(IDLE_SLEEP)

    def _run(self, job: Job, due: dict[str, float]) -> int:
        """Run one job; a failure is logged and the job is tried again at its next turn."""
        close_old_connections()
        try:
            with use(system_scope(f"job {job.name}")):
                done = job.run()
        except Exception:
            log.exception("job %s failed", job.name)
            done = 0
        due[job.name] = time.monotonic() + (0.0 if done else job.every)
        return done

    def _stop(self, *args: Any) -> None:
        self.stopping = True
