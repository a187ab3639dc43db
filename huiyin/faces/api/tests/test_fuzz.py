"""Whatever a machine can think of: no operation breaks, and each keeps to what it declares."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks

from huiyin.base.kit.moment import now

from .conftest import REPAIR, Centre

load_all_checks()
# The others ask whether data that fit the description are always accepted: a site may be unknown all the same.
WANTED = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "unsupported_method",
        "allow_header_conformance",
        "ignored_auth",
    ]
)
schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())


@contextmanager
def one_connection() -> Iterator[None]:
    """The server would give up its connection between requests, and the test's transaction with it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def lead_to_something(case: Any, centre: Centre) -> None:
    """Let most requests meet things that exist, or all that is tried is how the unknown is refused."""
    dice = zlib.crc32(repr((case.body, case.query, case.path_parameters)).encode(errors="replace")) % 4
    if not dice:
        return
    if case.path_parameters:
        known = _known(case.path, centre)
        case.path_parameters = {name: known.get(name, old) for name, old in case.path_parameters.items()}
    if isinstance(case.query, dict) and "site" in case.query:
        case.query = {**case.query, "site": "here"}
    if isinstance(case.body, dict) and dice > 1:
        case.body = {**case.body, **{name: REAL[name] for name in REAL if name in case.body}}
        if dice > 2 and case.path == "/api/v1/cases":
            case.body = {**REPAIR, **{name: one for name, one in case.body.items() if name not in REPAIR}}


REAL = {
    "site": "here",
    "category": "repair.leak",
    "place": "3-501",
    "responsible": "alice",
    "team": "here-repair",
    "until": (now() + timedelta(days=1)).isoformat(),
    "received_at": (now() - timedelta(hours=1)).isoformat(),
}


def _known(path: str, centre: Centre) -> dict[str, Any]:
    """What stands for the keywords of an address."""
    case = centre.case()
    alice = centre.api(centre.people.alice)
    if path.endswith(("/close", "/reopen")):
        alice.post(f"/cases/{case.code}/answer", {"text": "好了"})
    if path.endswith("/files/{id}"):
        return {"id": alice.upload(f"/cases/{case.code}/files", "a.txt", b"0123456789").data["id"]}
    return {"code": "3-0-501" if "/places/" in path else case.code, "site": "here"}


@schema.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
    ],
)
def test_nothing_breaks_an_operation(case: Any, centre: Centre) -> None:
    lead_to_something(case, centre)
    headers = {"Authorization": f"Bearer {centre.key(centre.people.alice)}", "Accept-Language": "en"}
    with one_connection():
        case.call_and_validate(headers=headers, checks=WANTED)
