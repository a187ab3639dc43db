"""The stage of the sweeps: alice's site and carol's, with something of everything, made by the services.

To make the sweeps know a new table, add a builder; for a new address whose keyword is not simply a
column of the view's own table, add an entry to `ADDRESSES`. Both are a few lines; without them the
sweeps fail and name what is missing.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.test import Client
from PIL import Image

from huiyin.base.kit.figures import INDICATORS
from huiyin.base.kit.moment import local_zone, now
from huiyin.base.kit.scope import Actor, system_scope, use
from huiyin.base.org import selectors as org
from huiyin.base.org import services as org_services
from huiyin.base.org.models import Appointment, Post, SavedView, Site, User
from huiyin.engines.approvals import services as approvals
from huiyin.engines.clocks import services as clocks
from huiyin.engines.clocks.selectors import of as clocks_of
from huiyin.engines.files.services import attach
from huiyin.engines.imports import services as imports
from huiyin.engines.imports.jobs import take_in_files
from huiyin.engines.imports.registry import presets
from huiyin.engines.messages.selectors import notices_for
from huiyin.engines.messages.services import notify
from huiyin.engines.packs import editing
from huiyin.engines.packs import selectors as packs
from huiyin.engines.packs.models import PackVersion
from huiyin.engines.packs.services import load
from huiyin.insight.reports import services as reports
from huiyin.records.customers import holdings
from huiyin.records.customers import services as customers
from huiyin.records.places import services as places
from huiyin.work.cases import joining
from huiyin.work.cases import services as cases
from huiyin.work.cases.models import Category
from huiyin.work.cases.sorting import CategoryEntry, sync_categories
from tests.people import People, company

BY = Actor(None, "stage", "command")
ROOT = Path(__file__).resolve().parents[1]
HOUSE_WIDE = {"org.post"}
"""Tables whose rows are everybody's."""
PACKS = ("base", "property")


@dataclass
class World:
    """The cast and everything they have."""

    people: People
    rows: dict[tuple[str, str], list[Any]] = field(default_factory=lambda: defaultdict(list))
    tokens: dict[str, str] = field(default_factory=dict)

    def mark(self, site: Site) -> str:
        """A word that stands in everything a site has, and nowhere else."""
        return f"Q{site.code}x"

    def phone(self, site: Site, number: int) -> str:
        """A mobile number of a site."""
        return f"13{8 if site == self.people.here else 9}0013{number:04d}"

    def staff(self, site: Site) -> User:
        """Who holds the rights at a site."""
        return self.people.alice if site == self.people.here else self.people.carol

    def add(self, kind: str, site: Site | None = None) -> Any:
        """One more row of a table at a site (alice's if none is named)."""
        site = site or self.people.here
        if kind not in BUILDERS:
            raise UnknownTable(kind)
        with use(system_scope("stage")):
            kept = self.rows[site.code, kind]
            kept.append(BUILDERS[kind](self, site, len(kept) + 1))
            return kept[-1]

    def row(self, kind: str, site: Site | None = None) -> Any:
        """The first row of a table at a site."""
        site = site or self.people.here
        kept = self.rows[site.code, kind]
        return kept[0] if kept else self.add(kind, site)

    def grow(self, site: Site, to: int, *, but: Collection[str] = ()) -> None:
        """Let a site have so many rows of everything, `but` of some tables."""
        for kind in [kind for kind in BUILDERS if kind not in but]:
            self.row(kind, site)
            while len(self.rows[site.code, kind]) < to:
                self.add(kind, site)

    @contextmanager
    def as_it_was(self) -> Iterator[None]:
        """Forget the rows that come into being in the block; the caller takes them out of the database."""
        before = {key: list(kept) for key, kept in self.rows.items()}
        try:
            yield
        finally:
            self.rows.clear()
            self.rows.update(before)

    def token(self, user: User) -> str:
        """A person's key for the programming interface."""
        if user.username not in self.tokens:
            with use(system_scope("stage")):
                self.tokens[user.username] = org_services.issue_token(user, name="stage", by=BY)
        return self.tokens[user.username]


class UnknownTable(AssertionError):
    """A row of this table was asked for and nobody said how one is made."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"no builder for {kind}: add one to tests/cast.py, like the others there")


Builder = Callable[[World, Site, int], Any]
BUILDERS: dict[str, Builder] = {}


def builder(kind: str) -> Callable[[Builder], Builder]:
    """Declare how the n-th row of a table at a site is made; its texts contain the site's mark."""

    def keep(func: Builder) -> Builder:
        BUILDERS[kind] = func
        return func

    return keep


@builder("org.user")
def a_user(world: World, site: Site, n: int) -> User:
    user = org_services.add_user(
        None, username=f"{site.code}.{n}", name=f"{world.mark(site)} person {n}", by=BY
    )
    post = Post.objects.get(code="member")
    org_services.appoint(site.unit, user=user, post=post, by=BY)
    return user


@builder("org.appointment")
def an_appointment(world: World, site: Site, n: int) -> Appointment:
    user = world.add("org.user", site)
    return user.appointments.get()


@builder("org.orgunit")
def a_unit(world: World, site: Site, n: int) -> Any:
    name = f"{world.mark(site)} team {n}"
    return org_services.add_unit(site.unit, kind="team", code=f"{site.code}-team-{n}", name=name, by=BY)


@builder("org.post")
def a_post(world: World, site: Site, n: int) -> Post:
    return org_services.save_post(
        None, code=f"post-{site.code}-{n}", name="Post", level="site", permissions=[], by=BY
    )


@builder("org.apitoken")
def a_key(world: World, site: Site, n: int) -> Any:
    user = world.staff(site)
    org_services.issue_token(user, name=f"{world.mark(site)} key {n}", by=BY)
    return user.tokens.order_by("pk").last()


@builder("org.savedview")
def a_view(world: World, site: Site, n: int) -> SavedView:
    with use(org.scope_of(world.staff(site))) as scope:
        saved: SavedView = org_services.save_view(
            world.staff(site),
            path="/org/people/",
            name=f"{world.mark(site)} {n}",
            query=f"q={n}",
            by=scope.actor,
        )
    return saved


@builder("places.place")
def a_place(world: World, site: Site, n: int) -> Any:
    if n == 1:
        return places.add_place(site, kind="building", name=f"{world.mark(site)} tower", code="1", by=BY)
    parent = world.row("places.place", site)
    return places.add_place(
        site, kind="public_area", name=f"{world.mark(site)} area {n}", code=f"a{n}", parent=parent, by=BY
    )


@builder("places.asset")
def an_asset(world: World, site: Site, n: int) -> Any:
    place = world.row("places.place", site)
    return places.add_asset(
        site, kind="equipment", code=f"pump-{n}", name=f"{world.mark(site)} pump {n}", place=place, by=BY
    )


@builder("customers.customer")
def a_customer(world: World, site: Site, n: int) -> Any:
    return customers.add_customer(site, name=f"{world.mark(site)} customer {n}", by=BY)


@builder("customers.contactpoint")
def a_contact_point(world: World, site: Site, n: int) -> Any:
    return customers.add_contact(
        world.row("customers.customer", site), kind="mobile", value=world.phone(site, n), by=BY
    )


@builder("customers.identitynumber")
def an_identity(world: World, site: Site, n: int) -> Any:
    number = f"P{site.code.upper()}{n:05d}"
    return customers.add_identity(
        world.row("customers.customer", site), kind="passport", number=number, unverified=True, by=BY
    )


@builder("customers.holding")
def a_holding(world: World, site: Site, n: int) -> Any:
    return holdings.start_holding(
        world.row("customers.customer", site), role="owner", place=world.add("places.place", site), by=BY
    )


@builder("cases.category")
def a_category(world: World, site: Site, n: int) -> Any:
    code = f"repair.{site.code}-{n}"
    kept = [
        CategoryEntry(f"repair.{site.code}-{i}", f"{world.mark(site)} sort {i}", "repair")
        for i in range(1, n + 1)
    ]
    sync_categories(site, entries=kept, origin="stage", by=BY)
    return Category.objects.get(site=site, code=code)


@builder("cases.case")
def a_case(world: World, site: Site, n: int) -> Any:
    return cases.register(
        site,
        kind="repair",
        channel="phone",
        title=f"{world.mark(site)} case {n}",
        description=f"{world.mark(site)} drips",
        place=world.row("places.place", site),
        customer=world.row("customers.customer", site),
        contact_name=f"{world.mark(site)} caller",
        contact_phone=world.phone(site, n),
        by=org.actor_of(world.staff(site)),
    )


@builder("cases.contact")
def a_contact(world: World, site: Site, n: int) -> Any:
    return cases.log_contact(
        world.row("cases.case", site),
        direction="in",
        channel="phone",
        text=f"{world.mark(site)} calls {n}",
        by=BY,
    )


@builder("cases.incident")
def an_incident(world: World, site: Site, n: int) -> Any:
    return joining.open_incident(
        site,
        title=f"{world.mark(site)} incident {n}",
        expected_at=now() + timedelta(hours=2),
        by=org.actor_of(world.staff(site)),
    )


@builder("reports.report")
def a_report(world: World, site: Site, n: int) -> Any:
    with use(org.scope_of(world.staff(site))):
        day = (now() - timedelta(days=n)).astimezone(local_zone()).date()
        report = reports.draft(site, code="daily", day=day, by=BY)
        reports.write(report, commentary=f"{world.mark(site)} commentary {n}", by=BY)
        return report if n % 2 else reports.issue(report, by=BY)


@builder("files.attachment")
def an_attachment(world: World, site: Site, n: int) -> Any:
    data, ending = (_picture(), "png") if n == 1 else (f"{world.mark(site)} {n}".encode(), "txt")
    content = ContentFile(data, f"{world.mark(site)}-{n}.{ending}")
    return attach(world.row("cases.case", site), file=content, by=BY)


def _picture() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(target, "PNG")
    return target.getvalue()


@builder("approvals.approval")
def an_approval(world: World, site: Site, n: int) -> Any:
    top = Post.objects.get(code="general-manager")
    if not world.people.dana.appointments.filter(post=top).exists():
        org_services.appoint(world.people.company, user=world.people.dana, post=top, by=BY)
    return approvals.ask(
        site,
        kind="plans.department",
        title=f"{world.mark(site)} plan {n}",
        reason=f"{world.mark(site)} needs it",
        by=org.actor_of(world.staff(site)),
    )


@builder("approvals.delegation")
def a_delegation(world: World, site: Site, n: int) -> Any:
    user = world.staff(site)
    return approvals.delegate(
        user,
        deputy=world.people.dana,
        starts_at=now(),
        ends_at=now() + timedelta(days=n),
        reason=f"{world.mark(site)} {n}",
        by=org.actor_of(user),
    )


@builder("clocks.duty")
def a_turn(world: World, site: Site, n: int) -> Any:
    person = world.row("org.user", site)
    begin = now() + timedelta(hours=n - 1)
    return clocks.put_on_duty(
        site, user=person, starts_at=begin, ends_at=begin + timedelta(minutes=50), by=BY
    )


@builder("imports.importrun")
def a_run(world: World, site: Site, n: int) -> Any:
    preset = presets()["hc-buildings"]
    titles = ",".join(column.titles[0] for column in preset.layout.columns.columns)
    content = f"{titles}\n{world.mark(site)},{n},many,\n".encode()
    name = f"{world.mark(site)}-{n}.csv"
    actor = org.actor_of(world.staff(site))
    run = imports.submit(site, preset=preset.name, filename=name, content=content, dry_run=True, by=actor)
    take_in_files()
    return run


@builder("packs.packversion")
def a_pack(world: World, site: Site, n: int) -> PackVersion:
    if n <= 3:
        words = "".join(
            f"- code: stage-{i}\n  moment: greeting\n  text: {{zh: {world.mark(site)} {n}}}\n  source: [001-045]\n"
            for i in range(10 * n)
        )
        with TemporaryDirectory() as folder:
            pack = Path(folder) / f"{site.code}-pack"
            pack.mkdir()
            (pack / "pack.yaml").write_text(
                f"code: {pack.name}\nname: {{zh: {world.mark(site)}}}\nlayer: site\nsite: {site.code}\n"
                f'requires: [base]\nversion: "{n}"\n'
            )
            (pack / "phrases.yaml").write_text(words)
            load([pack], by=BY)
    return PackVersion.objects.get(site=site, active=True)


@builder("packs.packentry")
def a_pack_entry(world: World, site: Site, n: int) -> Any:
    return world.row("packs.packversion", site).entries.order_by("pk")[min(n, 10) - 1]


@builder("packs.draftentry")
def a_draft_entry(world: World, site: Site, n: int) -> Any:
    words = f"code: draft-{n}\nmoment: greeting\ntext: {{zh: {world.mark(site)} {n}}}\nclause: {n}a\n"
    return editing.write_entry(site, section="phrases", code="", text=words, seen="", by=BY)


@builder("packs.packdraft")
def a_pack_draft(world: World, site: Site, n: int) -> Any:
    return world.row("packs.draftentry", site).draft


@builder("huiyin_messages.notice")
def a_notice(world: World, site: Site, n: int) -> Any:
    notify(
        site.pk, users=[world.staff(site).pk], kind="cases.assigned", title=f"{world.mark(site)} notice {n}",
        about=world.row("cases.case", site).get_absolute_url(), by=BY,
    )  # fmt: skip
    return notices_for(world.staff(site).pk).first()


Values = Callable[[World, Site], dict[str, Any]]


def column(kind: str, name: str, keyword: str = "") -> Values:
    """The address's keyword is a column of a row of a table."""
    return lambda world, site: {keyword or name: getattr(world.row(kind, site), name)}


def _pack_entry(world: World, site: Site) -> dict[str, Any]:
    code = world.row("packs.packentry", site).code
    return {"section": "phrases", "code": code, "?": f"site={site.code}"}


ADDRESSES: dict[str, Values] = {
    "account:key-revoke": column("org.apitoken", "pk"),
    "account:view-delete": column("org.savedview", "pk"),
    "clocks:calendar": lambda _world, site: {"code": "cn-workdays", "?": f"site={site.code}"},
    "cases:why": lambda world, site: {
        "code": world.row("cases.case", site).code,
        "pk": clocks_of(world.row("cases.case", site)).values_list("pk", flat=True)[0],
    },
    "files:download": lambda world, site: {
        "pk": world.row("files.attachment", site).pk,
        "name": world.row("files.attachment", site).name,
    },
    "files:upload": lambda world, site: {
        "owner_type": "cases.case",
        "owner_id": world.row("cases.case", site).pk,
    },
    "indicators:figure": lambda _world, site: {"code": site.code, "figure": next(iter(INDICATORS))},
    "coverage:records": lambda _world, site: {
        "site": site.code,
        "section": "limits",
        "code": "answer-repair",
        "part": "den",
    },
    "indicators:records": lambda _world, site: {
        "code": site.code,
        "figure": next(iter(INDICATORS)),
        "part": "num",
    },
    "indicators:site": lambda _world, site: {"code": site.code},
    "org:post": column("org.post", "code"),
    "org:post-change": column("org.post", "code"),
    "org:relieve": column("org.appointment", "pk"),
    "org:unit": lambda _world, site: {"code": site.unit.code},
    "packs:edit": _pack_entry,
    "packs:new-entry": lambda _world, site: {"section": "phrases", "?": f"site={site.code}"},
    "packs:switch-off": _pack_entry,
    "packs:take-out": _pack_entry,
    "reports:evidence": column("cases.case", "code"),
    "reports:evidence-pdf": column("cases.case", "code"),
    "reports:records": lambda world, site: {
        "pk": world.row("reports.report", site).pk,
        "part": "figures.received.num",
    },
    "places:place-add": lambda world, site: {"pk": world.row("places.place", site).pk, "?": "kind=floor"},
    "places:place-new": lambda _world, site: {"?": f"kind=building&site={site.code}"},
}
"""What stands for the keywords of an address (and behind its question mark), by its name or by
`namespace:keyword`, where the view's own table does not say so."""

API_ADDRESSES: dict[str, Values] = {
    "approvals": column("approvals.approval", "code"),
    "cases": column("cases.case", "code"),
    "duty": column("clocks.duty", "pk", "id"),
    "files": column("files.attachment", "pk", "id"),
    "places": lambda world, site: {"site": site.code, "code": world.row("places.place", site).code},
}
"""What stands for the keywords of `/api/v1/<first part>/…`."""


def build() -> World:
    """The cast with one row of everything at each site; packs in force."""
    packs.forget()
    people = company()
    world = World(people)
    with use(system_scope("stage")):
        load([ROOT / "packs" / code for code in PACKS], by=BY)
    for site in (people.here, people.there):
        world.grow(site, 1)
    for user in (people.alice, people.bob, people.carol, people.dana, people.erin):
        world.token(user)
        _session(user)
    return world


@contextmanager
def undone(*, looking: bool = False) -> Iterator[None]:
    """Let a request happen, and undo it: rows, and (unless it only looks) what memory keeps of them."""
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        if not looking:
            org.forget()


@dataclass(frozen=True)
class Browser:
    """Somebody's browser; every request starts with the same cookies."""

    user: User | None

    def client(self) -> Client:
        """A client that answers what breaks with 500, as the real server does."""
        client = Client(raise_request_exception=False)
        if self.user is not None:
            client.cookies[settings.SESSION_COOKIE_NAME] = _session(self.user)
        return client


_kept: dict[int, str] = {}


def _session(user: User) -> str:
    """The session of a person, made once."""
    if user.pk not in _kept:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        _kept[user.pk] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return _kept[user.pk]


def forget() -> None:
    """The sessions of a stage that is gone."""
    _kept.clear()
