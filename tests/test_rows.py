"""Rows written and read by statements of our own are the same as by the ORM, and in the same reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Model
from django.db.models.sql import InsertQuery
from django.test.utils import CaptureQueriesContext

from huiyin.base.kit import inserting
from huiyin.base.kit.fetching import Lookup, fetch
from huiyin.base.kit.inserting import gathered, heard, insert, write_held
from huiyin.base.kit.models import ScopedModel
from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import NoScope, OutOfReach, system_scope, use
from huiyin.base.org.models import Site, User
from huiyin.engines.search.models import Entry
from huiyin.work.cases.models import Case, Category, Contact
from tests import cast
from tests.cast import World

pytestmark = pytest.mark.django_db
TABLES = [
    model
    for model in apps.get_models()
    if model.__module__.startswith("huiyin.") and issubclass(model, ScopedModel)
]


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield cast.build()
        transaction.set_rollback(True)
    cast.org.forget()
    cast.packs.forget()
    cast.forget()


@pytest.fixture
def world(stage: World, db: None) -> Iterator[World]:
    with use(system_scope("test")):
        yield stage


def entry(world: World, number: int, site: Site | None = None) -> Entry:
    site = site or world.people.here
    return Entry(
        site=site, kind="test.row", subject_id=number, title=f"第{number}行", at=now(), tokens="一 二"
    )


def plain(value: Any) -> Any:
    """A parameter without the wrapping of the database's driver."""
    return value.obj if hasattr(value, "obj") else value


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model._meta.label)
def test_what_is_inserted_is_what_the_orm_would_insert(world: World, model: type[Model]) -> None:
    for row in model._default_manager.all()[:20]:
        fields = [one for one in model._meta.concrete_fields if one is not model._meta.pk]
        query = InsertQuery(model)
        query.insert_values(fields, [row])
        ((statement, params),) = query.get_compiler("default").as_sql()
        shape = inserting._shape(model, False, connection.vendor)

        assert f"{shape.head}{shape.marks}" == statement.partition(" RETURNING ")[0]
        assert [plain(value) for value in shape.values(row)] == [plain(value) for value in params]


def test_rows_inserted_are_read_back_as_they_were(world: World) -> None:
    rows = [entry(world, number) for number in range(3)]
    insert(*rows)

    assert all(row.pk and not row._state.adding for row in rows)
    assert list(Entry.objects.filter(kind="test.row").order_by("pk").values_list("pk", "title")) == [
        (row.pk, row.title) for row in rows
    ]


def test_gathered_rows_of_many_tables_are_written_together_and_get_their_ids(world: World) -> None:
    case = Case.objects.all()[0]
    contact = Contact(
        site_id=case.site_id, case=case, direction="in", channel="phone", text="又打来", user=None
    )
    rows = [entry(world, 1), contact, entry(world, 2)]
    with CaptureQueriesContext(connection) as queries:
        with gathered():
            insert(rows[0])
            insert(*rows[1:])
            assert [row.pk for row in rows] == [None] * 3
        written = [one["sql"] for one in queries if "INSERT" in one["sql"]]

    assert len(written) == (1 if connection.vendor == "postgresql" else 3)
    for row in rows:
        assert type(row)._default_manager.get(pk=row.pk) == row
    assert Contact.objects.get(pk=contact.pk).text == "又打来"


def test_nothing_is_written_when_the_block_fails(world: World) -> None:
    with pytest.raises(RuntimeError), gathered():
        insert(entry(world, 1))
        raise RuntimeError

    assert not Entry.objects.filter(kind="test.row").exists()
    insert(entry(world, 2))
    assert Entry.objects.filter(kind="test.row").count() == 1


def test_what_is_held_back_is_written_at_once_when_an_id_is_needed(world: World) -> None:
    first, second = entry(world, 1), entry(world, 2)
    with gathered():
        insert(first)
        write_held()
        assert first.pk is not None
        with gathered():
            insert(second)
        assert second.pk is None, "the outer block writes"
    assert second.pk is not None


def test_a_given_id_is_kept(world: World) -> None:
    row = entry(world, 1)
    row.pk = 9_000_000
    insert(row)

    assert Entry.objects.get(kind="test.row").pk == 9_000_000


def test_rows_are_heard_of(world: World) -> None:
    with heard() as rows:
        insert(entry(world, 1))
        with gathered():
            insert(entry(world, 2))

    assert [row.subject_id for row in rows] == [1, 2]  # type: ignore[attr-defined]


def test_a_row_that_exists_is_refused_by_the_database(world: World) -> None:
    insert(entry(world, 1))
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(entry(world, 2), entry(world, 1))

    assert Entry.objects.filter(kind="test.row").count() == 1


def test_only_plain_values_are_taken(world: World) -> None:
    row = entry(world, 1)
    row.title = F("kind")
    with pytest.raises(TypeError, match="plain values"):
        insert(row)


def test_rows_outside_the_reach_are_refused(world: World) -> None:
    people = world.people
    with use(people.scope(people.carol)), pytest.raises(OutOfReach):
        insert(entry(world, 1, people.there), entry(world, 2, people.here))
    assert not Entry.objects.filter(kind="test.row").exists()


@pytest.mark.parametrize("model", [Case, Category, Entry, Site, User], ids=lambda model: model._meta.label)
def test_what_is_fetched_is_what_a_queryset_finds(world: World, model: type[Model]) -> None:
    people = world.people
    for person in (people.alice, people.carol, people.erin, people.dana):
        with use(system_scope("test")):
            ids = list(model._default_manager.values_list("pk", flat=True))
        with use(people.scope(person)):
            for pk in ids:
                found, asked = fetch(model, id=pk), list(model._default_manager.filter(pk=pk))

                assert [vars(row) | {"_state": 0} for row in found] == [
                    vars(row) | {"_state": 0} for row in asked
                ]


def test_nothing_is_fetched_without_a_scope() -> None:
    with pytest.raises(NoScope):
        fetch(Case, code="none")


def test_a_question_about_tables_with_sites_is_not_kept(world: World) -> None:
    ask = Lookup(lambda code: Case.objects.filter(code=code).values_list("pk"))
    with pytest.raises(NoScope):
        ask("none")


def test_a_question_is_answered_for_each_text(world: World) -> None:
    ask = Lookup(
        lambda name: User.objects.filter(username=name).order_by().values_list("pk", "joined_at", "is_active")
    )
    for person in (world.people.alice, world.people.bob):
        person.refresh_from_db()

        assert [tuple(row) for row in ask(person.username)] == [(person.pk, person.joined_at, True)]
    assert ask("nobody") == []


def test_counters_of_queries_see_them(world: World) -> None:
    with CaptureQueriesContext(connection) as queries:
        fetch(Category, code="repair")

    assert len(queries) == 1
