"""Who is on duty when: turns are put on a site's roster, copied, taken off, and read week by week."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections
from django.test import Client

from huiyin.base.kit.moment import moved_to
from huiyin.base.kit.scope import system_scope, use
from huiyin.base.kit.service import Refused
from huiyin.base.org.models import User
from huiyin.base.org.services import issue_token, relieve
from huiyin.base.trail.models import Event
from huiyin.engines.clocks import ladder, roster, services
from huiyin.engines.clocks.models import Duty
from huiyin.engines.clocks.verify import duty_turns_stand
from tests.people import BY, People, company

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = date(2027, 3, 1)
NOW = "2027-03-03 12:00"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


@pytest.fixture
def people() -> Iterator[People]:
    """It is noon on a Wednesday."""
    with moved_to(at("2027-01-01 12:00")):
        built = company()
    User.objects.update(language="en")
    with moved_to(at(NOW)):
        yield built


def put(people: People, user: User, starts: str, ends: str, who: User | None = None) -> Duty:
    with use(people.scope(who or people.alice)) as scope:
        return services.put_on_duty(
            people.here, user=user, starts_at=at(starts), ends_at=at(ends), by=scope.actor
        )


def refused(people: People, user: User, starts: str, ends: str) -> str:
    with pytest.raises(Refused) as error:
        put(people, user, starts, ends)
    return error.value.code


def days(people: People, monday: date = MONDAY) -> list[roster.Day]:
    with use(system_scope("test")):
        return roster.days_of(roster.turns_of_week(people.here, monday), monday)


def page(user: User, query: str = "") -> str:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.get(f"/duty/{query}").content.decode()


def test_a_turn_stands_on_the_roster_and_in_the_trail(people: People) -> None:
    duty = put(people, people.bob, "2027-03-03 20:00", "2027-03-04 08:00")

    with use(system_scope("test")):
        event = Event.objects.get(verb="clocks.put_on_duty")
    assert (event.subject_id, event.site_id, event.actor_id) == (duty.pk, people.here.pk, people.alice.pk)
    assert event.data["user"] == people.bob.pk
    with use(system_scope("test")):
        assert ladder.on_duty(people.here, at("2027-03-04 07:59")) == [people.bob.pk]
        assert ladder.on_duty(people.here, at("2027-03-04 08:00")) == []
        assert duty_turns_stand() == 0


def test_only_who_holds_the_right_at_the_site_sets_its_roster(people: People) -> None:
    for user in (people.bob, people.carol):
        with pytest.raises(PermissionDenied):
            put(people, people.bob, "2027-03-03 20:00", "2027-03-04 08:00", who=user)
    assert put(people, people.bob, "2027-03-03 20:00", "2027-03-04 08:00", who=people.dana)


def test_what_cannot_be_on_a_roster_is_refused(people: People) -> None:
    put(people, people.bob, "2027-03-03 20:00", "2027-03-04 08:00")

    assert refused(people, people.bob, "2027-03-04 07:00", "2027-03-04 09:00") == "on-duty-already"
    assert refused(people, people.bob, "2027-03-05 08:00", "2027-03-05 08:00") == "bad-order"
    assert refused(people, people.bob, "2027-03-02 08:00", "2027-03-03 12:00") == "turn-over"
    assert refused(people, people.bob, "2027-03-05 08:00", "2027-03-12 08:01") == "turn-too-long"
    assert refused(people, people.bob, "2028-03-04 12:00", "2028-03-04 13:00") == "too-far-ahead"
    assert refused(people, people.carol, "2027-03-05 08:00", "2027-03-05 09:00") == "not-staff"
    put(people, people.bob, "2027-03-04 08:00", "2027-03-04 09:00")
    put(people, people.alice, "2027-03-03 20:00", "2027-03-04 08:00")
    assert Duty.objects.model._base_manager.count() == 3


def test_a_turn_to_come_is_taken_off_and_one_that_runs_ends_now(people: People) -> None:
    coming = put(people, people.bob, "2027-03-03 20:00", "2027-03-04 08:00")
    running = put(people, people.alice, "2027-03-03 08:00", "2027-03-03 20:00")
    with use(people.scope(people.alice)) as scope:
        services.take_off_duty(coming, by=scope.actor)
        services.take_off_duty(running, by=scope.actor)
        with pytest.raises(Refused):
            services.take_off_duty(coming, by=scope.actor)
        with pytest.raises(Refused):
            services.take_off_duty(running, by=scope.actor)
        assert list(Duty.objects.values_list("user_id", "ends_at")) == [(people.alice.pk, at(NOW))]
        assert Event.objects.filter(verb="clocks.taken_off_duty").count() == 2
        assert duty_turns_stand() == 0


def test_the_week_before_is_copied_and_what_stands_is_passed_over(people: People) -> None:
    with moved_to(at("2027-02-21 12:00")):
        put(people, people.bob, "2027-02-22 20:00", "2027-02-23 08:00")
        put(people, people.bob, "2027-02-25 20:00", "2027-02-26 08:00")
        put(people, people.alice, "2027-02-26 20:00", "2027-02-27 08:00")
        put(people, people.bob, "2027-02-28 20:00", "2027-03-01 08:00")
        put(people, people.dana, "2027-02-27 20:00", "2027-02-28 08:00")
    put(people, people.alice, "2027-03-05 22:00", "2027-03-06 02:00")
    with use(system_scope("test")):
        relieve(people.dana.appointments.get(), ends_on=date(2027, 3, 2), by=BY)
    with use(people.scope(people.alice)) as scope:
        done = services.copy_duty(people.here, week=date(2027, 3, 4), by=scope.actor)
        assert (done.added, done.skipped) == (2, 3), "one is over, one stands in the way, one has left"
        again = services.copy_duty(people.here, week=MONDAY, by=scope.actor)
        assert (again.added, again.skipped) == (0, 5)
        with pytest.raises(Refused) as error:
            services.copy_duty(people.here, week=MONDAY + timedelta(days=21), by=scope.actor)
        assert error.value.code == "nothing-to-copy"
        found = list(
            Duty.objects.filter(starts_at__gte=at("2027-03-04 00:00")).values_list("user_id", "starts_at")
        )
        assert found == [
            (people.bob.pk, at("2027-03-04 20:00")),
            (people.alice.pk, at("2027-03-05 22:00")),
            (people.bob.pk, at("2027-03-07 20:00")),
        ]
        assert duty_turns_stand() == 0


def test_a_night_turn_is_shown_on_both_days_and_gaps_between_turns(people: People) -> None:
    put(people, people.bob, "2027-03-03 20:00", "2027-03-04 08:00")
    put(people, people.alice, "2027-03-04 12:00", "2027-03-05 00:00")
    put(people, people.dana, "2027-03-05 08:00", "2027-03-08 08:00")

    shown = days(people)
    told = [[(str(turn.duty.user), turn.when) for turn in day.turns] for day in shown]
    assert told == [
        [],
        [],
        [("Bob", "20:00–08:00 the next day")],
        [("Bob", "until 08:00, since 03-03 20:00"), ("Alice", "12:00–24:00")],
        [("Dana", "08:00 to 03-08 08:00")],
        [("Dana", "all day, since 03-05 08:00")],
        [("Dana", "all day, since 03-05 08:00")],
    ]
    assert [[gap.when for gap in day.gaps] for day in shown] == [
        ["all day"],
        ["all day"],
        ["00:00–20:00"],
        ["08:00–12:00"],
        ["00:00–08:00"],
        [],
        [],
    ]
    assert [day.is_today for day in shown].index(True) == 2
    assert [gap.is_past for day in shown[:4] for gap in day.gaps] == [True, True, False, False]


def test_the_next_turn_is_likely_as_the_last_one_or_fills_a_gap(people: People) -> None:
    def likely(day: int) -> list[str]:
        with use(system_scope("test")):
            turn = roster.likely_turn(people.here, date(2027, 3, day))
        return [one.astimezone(SHANGHAI).strftime("%d %H:%M") for one in turn]

    assert likely(4) == ["04 18:00", "05 06:00"], "no roster yet"
    put(people, people.bob, "2027-03-03 20:00", "2027-03-04 08:00")
    assert likely(4) == ["04 20:00", "05 08:00"]
    assert likely(3) == ["03 00:00", "03 20:00"], "the gap that is not over"
    put(people, people.alice, "2027-03-04 08:00", "2027-03-04 12:00")
    assert likely(4) == ["04 12:00", "05 00:00"]


def test_staff_see_the_roster_of_their_site_and_only_some_may_change_it(people: People) -> None:
    put(people, people.bob, "2027-03-03 08:00", "2027-03-03 20:00")

    seen = page(people.bob)
    assert "08:00–20:00" in seen
    assert "/duty/new/" not in seen
    assert "/duty/new/" in page(people.alice)
    assert "Bob" not in page(people.carol)
    assert "There Estate" not in page(people.alice, "?week=nonsense")
    assert "Nobody is on duty in this week." in page(people.alice, "?week=2027-03-20")


def test_a_turn_is_entered_copied_and_taken_off_in_the_browser(people: People) -> None:
    client = Client()
    client.force_login(people.alice, backend="django.contrib.auth.backends.ModelBackend")
    entered = {"user": people.bob.pk, "starts_at": "2027-03-05T20:00", "ends_at": "2027-03-06T08:00"}
    done = client.post("/duty/new/?site=here&week=2027-03-05", entered)
    assert done.headers["Location"] == "/duty/?site=here&week=2027-03-01"
    again = client.post("/duty/new/?site=here&week=2027-03-05", entered)
    assert (again.status_code, "03-05 20:00" in again.content.decode()) == (422, True)
    asked = client.get("/duty/new/?site=here&week=2027-03-08").context["form"].initial
    assert [one.strftime("%m-%d %H:%M") for one in asked.values()] == ["03-08 20:00", "03-09 08:00"]
    client.post("/duty/copy/?site=here&week=2027-03-08")
    with use(system_scope("test")):
        assert Duty.objects.count() == 2
        first = Duty.objects.earliest("starts_at")
    assert client.post(f"/duty/{first.pk}/take-off/").status_code == 302
    with use(system_scope("test")):
        assert [one.starts_at for one in Duty.objects.all()] == [at("2027-03-12 20:00")]
    sheet = client.get("/duty/?site=here&week=2027-03-12&export=1")
    assert sheet.headers["Content-Disposition"].endswith(".xlsx")
    assert client.get("/duty/?site=there").status_code == 404
    assert client.post("/duty/new/?site=there", entered).status_code == 404


def test_the_desk_names_who_is_on_duty_now_and_ones_own_next_turn(people: People) -> None:
    client = Client()
    client.force_login(people.bob, backend="django.contrib.auth.backends.ModelBackend")
    assert "/duty/" in client.get("/").content.decode(), "in the side bar"
    assert "desk-duty" not in client.get("/").content.decode(), "no roster, no panel"
    put(people, people.alice, "2027-03-03 08:00", "2027-03-03 20:00")
    put(people, people.bob, "2027-03-03 20:00", "2027-03-04 08:00")
    put(people, people.alice, "2027-03-03 20:00", "2027-03-04 08:00")
    shown = client.get("/").content.decode()
    panel = shown[shown.index("desk-duty") :]
    assert [panel.count(text) for text in ("03-03 08:00", "03-03 20:00")] == [1, 1]


def test_the_interface_lists_adds_and_takes_off(people: People) -> None:
    with use(system_scope("test")):
        key = issue_token(people.alice, name="test", by=BY)
    client = Client(headers={"Authorization": f"Bearer {key}"})
    sent: dict[str, Any] = {
        "site": "here",
        "person": "bob",
        "starts_at": "2027-03-03T20:00:00+08:00",
        "ends_at": "2027-03-04T08:00:00+08:00",
    }
    made = client.post("/api/v1/duty", sent, content_type="application/json")
    assert (made.status_code, made.json()["person"]["username"]) == (201, "bob")
    again = client.post("/api/v1/duty", sent, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "on-duty-already")
    for wrong in ({"site": "there"}, {"person": "carol"}):
        no = client.post("/api/v1/duty", {**sent, **wrong}, content_type="application/json")
        assert (no.status_code, no.json()["code"]) == (422, "unknown")
    listed = client.get("/api/v1/duty?site=here&since=2027-03-03T20:00:00%2B08:00").json()
    assert [one["starts_at"] for one in listed["items"]] == ["2027-03-03T12:00:00Z"]
    assert client.get("/api/v1/duty?until=2027-03-03T20:00:00%2B08:00").json()["items"] == []
    number = made.json()["id"]
    assert (
        client.post(f"/api/v1/duty/{number}/take-off", {}, content_type="application/json").status_code == 200
    )
    assert client.get("/api/v1/duty").json()["items"] == []


@pytest.mark.django_db(transaction=True)
def test_of_two_who_put_the_same_person_on_duty_at_once_one_is_refused() -> None:
    people = company()
    begins = datetime.now(UTC) + timedelta(hours=1)
    outcomes: list[str] = []
    ready = threading.Barrier(2)

    def work() -> None:
        try:
            with use(people.scope(people.alice)) as scope:
                ready.wait()
                services.put_on_duty(
                    people.here,
                    user=people.bob,
                    starts_at=begins,
                    ends_at=begins + timedelta(hours=8),
                    by=scope.actor,
                )
            outcomes.append("done")
        except Refused as error:
            outcomes.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(outcomes) == ["done", "on-duty-already"]
