"""Nothing a client can send breaks the interface; everything wrong is said in its language."""

from __future__ import annotations

import base64
import io
import json
import sys
from typing import Any

import pytest
from django.test import override_settings
from django.test.client import ClientHandler

from huiyin.base.kit.scope import system_scope, use
from huiyin.work.cases.models import Case

from .conftest import REPAIR, Api, Centre


def problem(told: Any) -> None:
    """Every error has the same four parts."""
    assert set(told.data) == {"code", "message", "field", "details"}, told
    assert told.data["message"]


BODIES: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 422),
    "no JSON": (b"site=here", 400),
    "half": (b'{"site": "here', 400),
    "a list": (b"[]", 422),
    "null": (b"null", 422),
    "a number": (b"7", 422),
    "invalid UTF-8": (b'{"title": "\xff\xfe"}', 400),
    "UTF-16": (json.dumps(REPAIR).encode("utf-16"), 400),
    "a lone surrogate": (json.dumps({**REPAIR, "title": "\ud83d"}).encode(), 400),
    "NaN": (b'{"site": NaN}', 400),
    "deep": (b'{"title":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
    "deep objects": (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, 400),
    "a huge number": (b'{"site": ' + b"9" * 10_000 + b"}", 400),
    "ten megabytes": (json.dumps({**REPAIR, "description": "x" * 10_000_000}).encode(), 413),
    "a long text": (json.dumps({**REPAIR, "description": "x" * 20_001}).encode(), 422),
    "an empty title": (json.dumps({**REPAIR, "title": ""}).encode(), 422),
    "a blank title": (json.dumps({**REPAIR, "title": " \t\n"}).encode(), 422),
    "a title of control signs": (json.dumps({**REPAIR, "title": "\x01\x02"}).encode(), 422),
    "an unknown kind": (json.dumps({**REPAIR, "kind": "party"}).encode(), 422),
    "an unknown category": (json.dumps({**REPAIR, "category": "no.such"}).encode(), 422),
    "an unknown place": (json.dumps({**REPAIR, "place": "99-99-99"}).encode(), 422),
    "a foreign site": (json.dumps({**REPAIR, "site": "there"}).encode(), 422),
    "an unknown site": (json.dumps({**REPAIR, "site": "'; DROP TABLE cases_case;--"}).encode(), 422),
    "numbers for texts": (json.dumps({**REPAIR, "title": 5, "contact_phone": 13800138000}).encode(), 422),
    "objects for texts": (json.dumps({**REPAIR, "site": {"$gt": ""}}).encode(), 422),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_is_refused_and_leaves_nothing(alice: Api, name: str) -> None:
    body, status = BODIES[name]
    told = alice.send("POST", "/cases", body)

    assert told.status == status, told.data
    problem(told)
    with use(system_scope("test")):
        assert Case.objects.count() == 0


@pytest.mark.parametrize(
    "moment",
    [
        "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59",
        "0001-01-01T00:00:00", "1899-12-31T23:59:59Z", "2026-02-30T10:00:00", "2026-13-01T10:00:00Z",
        "2026-01-01T25:00:00Z", "2026-01-01T10:00:00+99:00", "2026-01-01", "20260101", "1767225600", "yesterday", "", " ",
        "2026-01-01T10:00:00[Asia/Shanghai]", "٢٠٢٦-٠١-٠١T٠٠:٠٠", 1767225600, 1.5, True, [], {},
        "3026-01-01T00:00:00Z", "1980-01-01T00:00:00Z", "2199-01-01T00:00:00Z",
    ],
)  # fmt: skip
def test_an_impossible_moment_is_refused(alice: Api, moment: Any) -> None:
    told = alice.post("/cases", {**REPAIR, "received_at": moment})

    assert told.status == 422, told.data
    problem(told)
    assert told.data["field"] == "received_at"


def test_control_signs_in_words_are_dropped_and_the_rest_is_kept(alice: Api) -> None:
    told = alice.post("/cases", {**REPAIR, "title": "漏\x00水\x07", "description": "a\r\nb\x00"})

    assert told.status == 201
    assert (told.data["title"], told.data["description"]) == ("漏水", "a\nb")


@pytest.mark.parametrize("field", ["site", "category", "place", "contact_phone", "external_key", "kind"])
def test_no_field_breaks_on_nul(alice: Api, field: str) -> None:
    assert alice.post("/cases", {**REPAIR, field: "x\x00y"}).status in {201, 422}
    assert alice.post("/cases", {**REPAIR, "\x00": "x", f"{field}\x00": "y"}).status in {201, 422}


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json; charset=utf-8", 201),
        ("application/json", 201),
        ("APPLICATION/JSON", 201),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/xml", 415),
        ("application/json; charset=klingon", 201),
        (";;;", 201),
    ],
)
def test_only_json_is_read(alice: Api, kind: str, status: int) -> None:
    told = alice.send("POST", "/cases", json.dumps(REPAIR), Content_Type=kind)

    assert told.status == status, told.data
    if status != 201:
        problem(told)


QUERIES = [
    "after=garbage", "after=" + "A" * 590, "after=W10", "after=bnVsbA", "limit=0", "limit=201", "limit=-1",
    "limit=99999999999999999999", "limit=1e3", "limit=", "limit=%00", "open=maybe", "state=nowhere", "kind=%00", "site=no-such",
    "site=there", "category=no-such", "received_from=nonsense", "received_from=0001-01-01T00:00:00%2B14:00",
    "received_to=9999-12-31T23:59:59-14:00", "q=" + "x" * 101, "after=" + "A" * 700,
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_a_bad_query_is_refused(alice: Api, query: str) -> None:
    told = alice.get(f"/cases?{query}")

    assert told.status == 422, (query, told.data)
    problem(told)


def cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "forged",
    [
        cursor("text", 1), cursor("\x00", 1), cursor("\ud800", 1), cursor(5, 1), cursor(True, 1), cursor(None, 1),
        cursor({"t": "0001-01-01T00:00:00+14:00"}, 1), cursor({"t": "9999-12-31T23:59:59-14:00"}, 1),
        cursor({"t": "2026-01-01T00:00:00"}, 1), cursor({"t": 5}, 1), cursor({"n": "1"}, 1), cursor({"d": "2026-01-01"}, 1),
        cursor({"t": "2026-01-01T00:00:00Z"}, 2**63), cursor({"t": "2026-01-01T00:00:00Z"}, "1"), cursor({"n": "NaN"}, 1),
        cursor(1, 2, 3), cursor(), cursor([[]], {}), cursor("9" * 400, 1), cursor(10**30, 1),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/cases", "/places"])
def test_a_forged_cursor_is_refused_or_harmless(alice: Api, path: str, forged: str) -> None:
    told = alice.get(f"{path}?after={forged}")

    assert told.status in ({422} if path == "/cases" else {200, 422}), told.data


@pytest.mark.parametrize(
    "query",
    ["q=%00", "q=%ED%A0%80", "q=%FF", "q=(((", "q=%27", "q=%22", "q=*", "q=a%26%7C!b:*", "q=%E2%80%AE"],
)
@pytest.mark.parametrize("path", ["/cases", "/places"])
def test_no_search_breaks(alice: Api, path: str, query: str) -> None:
    assert alice.get(f"{path}?{query}").status == 200


def test_of_a_parameter_given_twice_the_last_counts(centre: Centre, alice: Api) -> None:
    centre.case()

    assert alice.get("/cases?limit=abc&limit=1").status == 200
    assert alice.get("/cases?limit=1&limit=abc").status == 422
    assert len(alice.get("/cases?kind=praise&kind=repair").data["items"]) == 1


@pytest.mark.parametrize(
    "path", ["", "/", "/nothing", "/cases/", "/cases/X/dance", "/cases//close", "/../admin", "/cases/%2e%2e"]
)
def test_an_unknown_address_is_404(alice: Api, path: str) -> None:
    told = alice.get(path)

    assert told.status in {404, 405}
    problem(told)


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/cases"), ("PUT", "/cases/X"), ("GET", "/cases/X/close"), ("PATCH", "/me")],
)
def test_a_wrong_method_is_405_and_names_the_right_ones(alice: Api, method: str, path: str) -> None:
    told = alice.send(method, path)

    assert told.status == 405
    assert told.headers["Allow"]
    problem(told)


def raw(path: bytes, method: str = "GET", key: str = "", body: bytes = b"", **more: str) -> tuple[int, bytes]:
    """A request as a web server hands it over, whatever its bytes."""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path.decode("latin-1"),
        "QUERY_STRING": "",
        "SERVER_NAME": "test",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "test",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "HTTP_AUTHORIZATION": f"Bearer {key}",
        **more,
    }
    response = ClientHandler()(environ)
    return response.status_code, response.content


@pytest.mark.parametrize(
    "path",
    [
        b"/api/v1/cases/\x00",
        b"/api/v1/cases/\xff\xfe",
        b"/api/v1/\x00/x",
        b"/api/v1/cases/\xed\xa0\x80",
        b"/api/v1/cases/a\nb",
    ],
)
def test_no_address_breaks(centre: Centre, path: bytes) -> None:
    status, body = raw(path, key=centre.key(centre.people.alice))

    assert status == 404
    assert set(json.loads(body)) == {"code", "message", "field", "details"}


@pytest.mark.parametrize(
    "more",
    [
        {"CONTENT_LENGTH": "abc"}, {"CONTENT_LENGTH": "-5"}, {"CONTENT_LENGTH": "99999999999999999999"},
        {"CONTENT_LENGTH": ""}, {"HTTP_AUTHORIZATION": "Bearer \xff\xfe"}, {"HTTP_AUTHORIZATION": "Bearer"},
        {"HTTP_AUTHORIZATION": "\x00"}, {"HTTP_ACCEPT_LANGUAGE": ",;q=" * 1000}, {"HTTP_ACCEPT_LANGUAGE": "\xff;q=0"},
        {"CONTENT_TYPE": "\xff/\x00"}, {"QUERY_STRING": "&".join(["a=1"] * 3000)}, {"QUERY_STRING": "%" * 50},
        {"HTTP_IDEMPOTENCY_KEY": "\xff"}, {"HTTP_HOST": "\xff\xfe:x"}, {"HTTP_COOKIE": "sessionid=\xff; ="},
        {"REQUEST_METHOD": "BREW"}, {"CONTENT_TYPE": "multipart/form-data"},
        {"CONTENT_TYPE": "multipart/form-data; boundary=" + "x" * 500},
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", [b"/api/v1/cases", b"/api/v1/cases/X/files"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_header_breaks(centre: Centre, more: dict[str, str], path: bytes, method: str) -> None:
    status, body = raw(path, method, **{"key": centre.key(centre.people.alice), "body": b"{}", **more})  # type: ignore[arg-type]

    assert status < 500, (status, body)


def test_errors_speak_the_clients_language(centre: Centre) -> None:
    key = centre.key(centre.people.alice)
    said = {
        language: Api(key, language).get("/cases/none").data["message"]
        for language in (
            "",
            "zh-CN,zh;q=0.9",
            "zh-Hans",
            "en-GB,en;q=0.5",
            "tlh, en;q=0.1",
            "tlh",
            "*",
            "zh-TW",
        )
    }

    assert said["en-GB,en;q=0.5"] == said["tlh, en;q=0.1"] == "There is no such thing here."
    assert said[""] == said["zh-CN,zh;q=0.9"] == said["zh-Hans"] == said["tlh"] == said["*"]
    assert said[""] != said["en-GB,en;q=0.5"]


def test_a_wrong_value_is_named_with_where_and_why(alice: Api) -> None:
    told = alice.post("/cases", {"site": "here", "kind": "party", "title": "x" * 121})

    assert told.data["code"] == "invalid"
    assert {one["field"] for one in told.data["details"]} == {"kind", "channel", "title"}
    assert all(one["message"] for one in told.data["details"])


def test_a_mistake_of_ours_is_told_without_its_inside(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any, **_more: Any) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr("huiyin.work.cases.api.case_out", broken)
    code = centre.case().code
    status, body = raw(f"/api/v1/cases/{code}".encode(), key=centre.key(centre.people.alice))

    assert status == 500
    assert b"secret" not in body
    assert set(json.loads(body)) == {"code", "message", "field", "details"}


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1000)
def test_the_bound_on_bodies_is_that_of_the_settings(alice: Api) -> None:
    told = alice.post("/cases", {**REPAIR, "description": "x" * 1000})

    assert (told.status, told.data["code"]) == (413, "too-big")


def test_an_answer_is_never_kept_by_a_cache(alice: Api) -> None:
    assert "no-store" in alice.get("/me").headers["Cache-Control"]
    assert "no-store" in alice.get("/nothing").headers["Cache-Control"]
