"""What reports have to show on the pages of cases."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from huiyin.base.kit.panels import panel
from huiyin.work.cases.models import Case


@panel(Case, "evidence", order=90, permission="trail.view", slot="menu")
def evidence_link(request: HttpRequest, case: Case) -> tuple[str, dict[str, Any]]:
    """The way to the evidence of a case."""
    return "reports/part_evidence_link.html", {}
