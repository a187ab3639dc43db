"""Knocking at every door: which addresses there are, and what each of the cast gets there."""

from __future__ import annotations

import ast
import inspect
import io
import json
import re
import sys
import textwrap
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.views import View

from huiyin.base.kit.models import ScopedModel
from huiyin.base.kit.moment import now
from huiyin.base.kit.permissions import known
from huiyin.base.kit.scope import SIGNED_IN, system_scope, use
from huiyin.base.kit.views import ActionView, Gate
from huiyin.base.org.models import Site, User
from tests.allowed import DECORATIVE, OPEN_TO_ALL, PAIRS, SHARED, VOLATILE
from tests.cast import ADDRESSES, API_ADDRESSES, Browser, World, undone

FINE = {200, 204, 206, 302, 304, 405, 409, 422}
"""What somebody with the right may get: a page, a way on, or a word on what was wrong with what they sent."""
OURS = re.compile(r"huiyin\.(?!base\.kit)")
JSON, MULTIPART = "application/json", "multipart/form-data"
HTMX = {"HX-Request": "true"}


@dataclass(frozen=True)
class Address:
    """One pattern of the address book."""

    name: str
    route: str
    keywords: tuple[str, ...]
    view: type[View] | None

    def __str__(self) -> str:
        return self.name or self.route

    @property
    def gate(self) -> type[Gate] | None:
        """Its view, if it is one of the kit's."""
        return self.view if self.view is not None and issubclass(self.view, Gate) else None

    def listed(self, table: Any) -> bool:
        """Whether a table of exceptions names it, alone or as `namespace:keyword`."""
        return any(key in table for key in self.known_as())

    def known_as(self) -> list[str]:
        """The names it may be listed under."""
        space = self.name.rpartition(":")[0]
        return [
            self.name,
            *(f"{space}:{keyword}" for keyword in self.keywords[:1] if len(self.keywords) == 1),
        ]


def addresses() -> list[Address]:
    """Every address of the project but the programming interface, which describes itself."""
    return list(_walk(get_resolver().url_patterns, "", "", ()))


def _walk(patterns: Any, space: str, route: str, above: tuple[str, ...]) -> Iterator[Address]:
    for one in patterns:
        here, keywords = route + str(one.pattern), (*above, *one.pattern.converters, *_groups(one))
        if isinstance(one, URLResolver):
            if one.namespace == "api":
                continue
            inner = ":".join(part for part in (space, one.namespace) if part)
            yield from _walk(one.url_patterns, inner, here, keywords)
        elif isinstance(one, URLPattern):
            name = ":".join(part for part in (space, one.name) if part) if one.name else ""
            yield Address(name, here, keywords, getattr(one.callback, "view_class", None))


def _groups(one: Any) -> tuple[str, ...]:
    regex = getattr(one.pattern, "regex", None)
    return () if one.pattern.converters or regex is None else tuple(regex.groupindex)


class UnknownAddress(AssertionError):
    """An address has keywords that nobody has said how to fill."""

    def __init__(self, address: Address) -> None:
        super().__init__(
            f"{address}: the sweeps do not know what stands for {', '.join(address.keywords)}. Add to ADDRESSES in"
            f" tests/cast.py: \"{address.known_as()[-1]}\": column(\"app.table\", \"{address.keywords[0]}\"),"
            f" with a @builder(\"app.table\") there if the table is new."
        )  # fmt: skip


def url_of(world: World, address: Address, site: Site) -> str:
    """The address of something that belongs to a site. Refused (UnknownAddress) for unknown keywords."""
    with use(system_scope("stage")):
        values = _values(world, address, site)
    query = values.pop("?", "")
    return reverse(address.name, kwargs=values) + (f"?{query}" if query else "")


def _values(world: World, address: Address, site: Site) -> dict[str, Any]:
    for key in address.known_as():
        if key in ADDRESSES:
            return ADDRESSES[key](world, site)
    if not address.keywords:
        return {}
    gate = address.gate
    if gate is None or gate.model is None or address.keywords != (gate.lookup,):
        raise UnknownAddress(address)
    row = world.row(gate.model._meta.label_lower, site)
    return {gate.lookup: getattr(row, gate.lookup)}


def misbuilt(known_addresses: list[Address]) -> list[str]:
    """Views that ask for no known right, and forms whose right differs from their command's."""
    problems = []
    for address in known_addresses:
        gate = address.gate
        if address.listed(OPEN_TO_ALL):
            continue
        if not address.name:
            problems.append(f"{address.route}: the address has no name")
        if gate is None:
            problems.append(f"{address}: {address.view} is no Gate, so nobody asks for a right")
        elif not gate.permission or not known(gate.permission):
            problems.append(f"{address}: {gate.__name__} asks for no known right ({gate.permission!r})")
        elif issubclass(gate, ActionView) and not address.listed(PAIRS):
            problems += _mispaired(address, gate)
    return problems


def _mispaired(address: Address, gate: type[ActionView]) -> list[str]:
    commands = commands_of(gate)
    asked = [command for command in commands if _asks_for(command, gate.permission)]
    other = {command.needs for command in commands if command.needs not in (None, gate.permission)}
    if not commands:
        return [f"{address}: {gate.__name__} calls no service"]
    names = ", ".join(command.__name__ for command in commands)
    if not asked or other:
        return [
            f"{address}: the page asks for {gate.permission}, its command ({names}) for {other or 'nothing'}"
        ]
    return []


def _asks_for(command: Any, permission: str) -> bool:
    """Whether a command needs the right, by its declaration or (over a whole subtree) in its first lines.

    Commands on one's own account need none; they look at who acts.
    """
    if command.needs is not None or permission == SIGNED_IN:
        return command.needs in (permission, None)
    return f'"{permission}"' in inspect.getsource(command)


def commands_of(gate: type[ActionView]) -> list[Any]:
    """The services that a form leads to: the one it names, or those that its own code calls."""
    command = getattr(gate, "service", None)
    if command is not None:
        return [command]
    own = [cls for cls in gate.__mro__ if issubclass(cls, ActionView) and cls is not ActionView]
    found: dict[str, Any] = {}
    for cls in own:
        found.update(_called(inspect.getsource(cls), vars(sys.modules[cls.__module__]), 3))
    return list(found.values())


def _called(source: str, names: dict[str, Any], depth: int) -> dict[str, Any]:
    """The services that a piece of code calls, itself or through functions of ours."""
    found: dict[str, Any] = {}
    for node in ast.walk(ast.parse(textwrap.dedent(source))):
        if not isinstance(node, ast.Name | ast.Attribute):
            continue
        thing = _resolved(node, names)
        if getattr(thing, "is_service", False):
            found[thing.__name__] = thing
        elif depth and inspect.isfunction(thing) and OURS.match(thing.__module__):
            found.update(_called(inspect.getsource(thing), vars(sys.modules[thing.__module__]), depth - 1))
    return found


def _resolved(node: ast.expr, names: dict[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _resolved(node.value, names)
        return getattr(owner, node.attr, None) if inspect.ismodule(owner) else None
    return None


@dataclass(frozen=True)
class Knock:
    """One request of one person, and what came of it."""

    who: str
    method: str
    url: str
    status: int
    body: str
    location: str

    def __str__(self) -> str:
        return f"{self.method} {self.url} as {self.who}: {self.status}"


def knock(
    user: User | None,
    method: str,
    url: str,
    data: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Knock:
    """Make a request and undo what it did."""
    client: Client = Browser(user).client()
    looking = method in {"GET", "HEAD", "OPTIONS"}
    if looking and data:
        url, data = f"{url}{'&' if '?' in url else '?'}{urlencode(data)}", None
    with undone(looking=looking):
        response = getattr(client, method.lower())(url, data, headers=headers)
    who = user.username if user is not None else "a stranger"
    return Knock(
        who, method, url, response.status_code, _text(_content(response)), response.get("Location", "")
    )


def _content(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def _text(content: bytes) -> str:
    """A body as text; a spreadsheet byte by byte."""
    return content.decode("latin-1" if content.startswith(b"PK") else "utf-8", errors="replace")


def open_doors(world: World, address: Address) -> list[str]:
    """What is wrong with who gets in at an address of something at alice's site."""
    people = world.people
    url = url_of(world, address, people.here)
    problems = [*_stranger(address, url)]
    if address.listed(OPEN_TO_ALL):
        return problems
    gate = address.gate
    private = gate is not None and gate.permission != SIGNED_IN
    foreign = bool(address.keywords) and not address.listed(SHARED)
    for method, headers in (("GET", {}), ("POST", {}), ("GET", HTMX)):
        # A method that an address does not know says nothing about what stands there.
        unknown = {405} if method == "POST" else set()
        problems += _holders(world, url, method, headers)
        if headers:
            break
        member = knock(people.bob, method, url)
        if private and member.status != 403:
            problems.append(f"{member}, not 403, though he lacks {gate.permission}")  # type: ignore[union-attr]
        elif not private and member.status not in ({403, 404} | unknown if foreign else FINE | {403}):
            problems.append(f"{member}, though he lacks the right")
        neighbour = knock(people.carol, method, url)
        if foreign and neighbour.status not in {404} | unknown:
            problems.append(f"{neighbour}, not 404, though it is of another site")
        elif neighbour.status >= 500:
            problems.append(str(neighbour))
    return problems


def bare_refusal(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A refusal without the page around it, which takes longer than the question."""
    return HttpResponse(status=403 if isinstance(exception, PermissionDenied) else 404)


def _stranger(address: Address, url: str) -> Iterator[str]:
    for method in ("GET", "POST"):
        turned = knock(None, method, url)
        if address.listed(OPEN_TO_ALL):
            if turned.status >= 500:
                yield str(turned)
        elif turned.status != 401 and not (turned.status == 302 and turned.location.startswith("/login/")):
            yield f"{turned}, not the way to sign in"


def _holders(world: World, url: str, method: str, headers: dict[str, str]) -> Iterator[str]:
    """Alice holds every right at her site, dana every right everywhere: one of them must get in."""
    tries = [knock(world.people.alice, method, url, headers=headers)]
    if tries[0].status == 403:
        tries.append(knock(world.people.dana, method, url, headers=headers))
    if tries[-1].status not in FINE:
        yield f"{tries[-1]}, though she holds every right"


STRANGE = (
    {
        "q": "\0\x1f' OR 1=1 --",
        "order": "\u202e",
        "after": "!!!",
        "columns": "x,,y",
        "part": "../x",
        "ids": "1,2",
    },
    {
        "q": "漏" * 5000,
        "after": "eyJ0IjoxfQ",
        "order": "-pk",
        "export": "1",
        "page": "-1",
        "from": "2026-13-45",
    },
    {
        "q": "%",
        "after": "WzEsIDk5OTk5OTk5OTk5OTk5OTk5OTk5OTld",
        "site": "9" * 30,
        "ids": "x",
        "to": "0000-00-00",
    },
)
"""What people put behind an address."""


def crashes(world: World, address: Address) -> list[str]:
    """What breaks at an address when strange things stand behind it."""
    url = url_of(world, address, world.people.here)
    dana = world.people.dana
    knocks = [knock(dana, "GET", url, data) for data in STRANGE]
    knocks += [knock(dana, "POST", url, {name: value for data in STRANGE for name, value in data.items()})]
    knocks.append(knock(dana, "PUT", url))
    return [str(one) for one in knocks if one.status >= 500]


ODD = {"int": (0, 2**63, 10**30), "str": ("\u202e", "%00", "x" * 3000, "漏"), "slug": ("x" * 500, "no-such")}


def odd_urls(world: World, address: Address) -> Iterator[str]:
    """Addresses of things that do not exist."""
    with use(system_scope("stage")):
        real = _values(world, address, world.people.here)
    query = real.pop("?", "")
    for keyword, value in real.items():
        for odd in (
            ()
            if keyword in DECORATIVE.get(address.name, "")
            else ODD["int"]
            if isinstance(value, int)
            else ODD["slug"]
        ):
            yield reverse(address.name, kwargs={**real, keyword: odd}) + f"?{query}"


def rows_of(site: Site) -> dict[str, int]:
    """How many rows each table has at a site."""
    with use(system_scope("counting")):
        return {
            model._meta.label: model._default_manager.filter(site=site).count()
            for model in apps.get_models()
            if issubclass(model, ScopedModel)
        }


def before_and_after_meddling(world: World, address: Address) -> tuple[dict[str, int], dict[str, int]]:
    """How many rows alice's site has before and after carol tries to put something into it."""
    here = world.people.here
    url = url_of(world, address, world.people.there)
    client = Browser(world.people.carol).client()
    before = rows_of(here)
    with undone():
        for site in (str(here.pk), here.code):
            client.post(
                url, {"site": site, "unit": site, "title": "x", "name": "x", "kind": "repair", "code": "x"}
            )
        return before, rows_of(here)


_CHANGING = re.compile(r'nonce="[^"]*"|[A-Za-z0-9]{64}|[0-9a-f]{32}|data-now="[^"]*"')


def steady(body: str) -> str:
    """A page without what differs from request to request."""
    return _CHANGING.sub("", body)


def searches(world: World) -> list[dict[str, str]]:
    """Ways to look for what another site has."""
    here = world.people.here
    mark, phone, code = world.mark(here), world.phone(here, 1), world.row("cases.case").code
    return [
        {},
        {"q": mark, "text": mark, "term": mark, "title": mark, "name": mark, "place": mark},
        {"q": phone, "text": phone, "phone": phone, "contact_phone": phone, "case": code},
        {"q": phone[-4:], "phone": phone[-4:], "site": str(here.pk)},
        {"q": code, "site": here.code},
    ]


def unpacked(body: str) -> str:
    """A body, and what a spreadsheet in it says."""
    if not body.startswith("PK"):
        return body
    with zipfile.ZipFile(io.BytesIO(body.encode("latin-1"))) as archive:
        names = [name for name in archive.namelist() if not name.startswith("docProps")]
        return "".join(archive.read(name).decode(errors="replace") for name in names)


def leaks(world: World, body: str, asked: dict[str, str]) -> list[str]:
    """The marks of alice's site in a body that were not just sent there."""
    words = [world.mark(world.people.here), world.phone(world.people.here, 1), world.row("cases.case").code]
    text = unpacked(body)
    text = (
        re.sub("|".join(re.escape(quote(one)) for one in asked.values() if one), "", text) if asked else text
    )
    return [
        word for word in words if re.search(rf"(?<![A-Za-z0-9]){word}", text) and word not in asked.values()
    ]


def pages_of(world: World, known_addresses: list[Address]) -> dict[str, str]:
    """What carol sees at every address, of her own where it is of something."""
    return {
        str(page): steady(
            unpacked(knock(world.people.carol, "GET", url_of(world, page, world.people.there)).body)
        )
        for page in known_addresses
        if page.view is not None and not page.listed(VOLATILE)
    }


@dataclass(frozen=True)
class Operation:
    """One operation of the programming interface, as it describes itself."""

    method: str
    path: str
    keywords: tuple[str, ...]
    form: str
    body: dict[str, Any] | None
    query: dict[str, Any]
    guarded: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def operations(schema: dict[str, Any]) -> list[Operation]:
    """The operations of an OpenAPI description."""
    found = []
    for path, methods in schema["paths"].items():
        for method, told in methods.items():
            content = told.get("requestBody", {}).get("content", {})
            form = next((kind for kind in (JSON, MULTIPART) if kind in content), "")
            body = sample(content[form]["schema"], schema) if form else None
            guarded = bool(told.get("security", schema.get("security")))
            keywords = tuple(re.findall(r"\{(\w+)\}", path))
            query = {
                one["name"]: sample(one["schema"], schema)
                for one in told.get("parameters", [])
                if one["in"] == "query" and one.get("required")
            }
            found.append(Operation(method.upper(), path, keywords, form, body, query, guarded))
    return found


def sample(told: dict[str, Any], schema: dict[str, Any]) -> Any:
    """The smallest value that fits a JSON schema, more or less."""
    if "$ref" in told:
        name = told["$ref"].rpartition("/")[2]
        return sample(schema["components"]["schemas"][name], schema)
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in told:
            return sample(told[choice][0], schema)
    if "const" in told or "default" in told or "enum" in told:
        return told.get("const", told.get("default", told.get("enum", [None])[0]))
    if told.get("type") == "object":
        wanted = told.get("required", [])
        return {
            name: sample(one, schema) for name, one in told.get("properties", {}).items() if name in wanted
        }
    if told.get("format") == "binary":
        return ContentFile(b"a note", "note.txt")
    if told.get("type") == "string":
        if told.get("format") == "date-time":
            return (now() + timedelta(days=1)).isoformat()
        return "x" * max(1, told.get("minLength", 1))
    return {"integer": told.get("minimum", 1), "number": 1, "boolean": True, "array": []}.get(
        told.get("type", "")
    )


def api_url(world: World, operation: Operation, site: Site) -> str:
    """The address of an operation on something of a site."""
    real = {"site": site.code, "phone": world.phone(site, 1)}
    asked = {name: real.get(name, value) for name, value in operation.query.items()}
    behind = f"?{urlencode(asked)}" if asked else ""
    if not operation.keywords:
        return operation.path + behind
    part = operation.path.split("/")[3]
    if part not in API_ADDRESSES:
        raise AssertionError(
            f"{operation}: say in API_ADDRESSES of tests/cast.py what stands for its keywords"
        )
    with use(system_scope("stage")):
        return operation.path.format(**API_ADDRESSES[part](world, site)) + behind


def call(operation: Operation, url: str, token: str, **changes: Any) -> Knock:
    """Call an operation with a key (none when empty) and undo what it did."""
    client = Client(raise_request_exception=False)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = {**(operation.body or {}), **changes}
    data: Any = json.dumps(body) if operation.form == JSON else ""
    form = operation.form or JSON
    if operation.form == MULTIPART:
        data, form = encode_multipart(BOUNDARY, body), MULTIPART_CONTENT
    with undone(looking=operation.method == "GET"):
        response = client.generic(operation.method, url, data, content_type=form, headers=headers)
    return Knock(token[:6], operation.method, url, response.status_code, _text(_content(response)), "")


_OWN = re.compile(r"(?i)(SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT)\b")


def queries_of(asked: Callable[[], Knock]) -> int:
    """How many queries a request needs. Refused when it breaks."""
    with CaptureQueriesContext(connection) as captured:
        seen = asked()
    if seen.status not in FINE:
        raise AssertionError(str(seen))
    return sum(1 for query in captured.captured_queries if not _OWN.match(query["sql"] or ""))


def page_queries(world: World, address: Address, asked: Mapping[str, str] | None = None) -> int:
    """How many queries a page of alice's site needs, for her or (where she may not) for dana."""
    url = url_of(world, address, world.people.here)
    first = knock(world.people.alice, "GET", url, asked)
    user = world.people.alice
    if first.status == 403:
        user = world.people.dana
        knock(user, "GET", url, asked)
    return queries_of(lambda: knock(user, "GET", url, asked))
