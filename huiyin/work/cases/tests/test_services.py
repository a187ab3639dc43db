"""Each command: works, is refused by a guard, by a right, and when repeated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from huiyin.base.kit.moment import moved_to, now
from huiyin.base.kit.scope import use
from huiyin.base.kit.service import Refused
from huiyin.base.trail.selectors import history
from huiyin.engines.clocks.selectors import of
from huiyin.engines.search.selectors import find
from huiyin.work.cases import joining, services
from huiyin.work.cases.models import Case, Category, Contact

from .conftest import Centre

START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


def taken_in(centre: Centre, **values: Any) -> Case:
    """A case taken in by alice."""
    with use(centre.scope(centre.alice)) as scope:
        asked = {"kind": "repair", "channel": "phone", "title": "厨房漏水", **values}
        return services.register(centre.site, **asked, by=scope.actor)


def clocks(case: Case) -> dict[tuple[str, int], str]:
    return {(clock.kind, clock.run): clock.verdict or clock.state for clock in of(case)}


def test_whoever_takes_a_case_in_answers_for_it_first(centre: Centre) -> None:
    case = taken_in(centre, contact_name="张三丰", contact_phone="13700009527")
    assert case.responsible == centre.alice
    assert case.first_responsible == centre.alice
    assert case.code.startswith("YUNHE-")
    with use(centre.scope(centre.alice)):
        assert Contact.objects.get(case=case).phone == "13700009527"
        assert clocks(case) == {("answer", 1): "running", ("assign", 1): "running"}
        assert [event.verb for event in history(case)] == ["cases.registered"]
        for typed in ("漏水", "9527", "zsf", case.code):
            assert [entry.subject_id for entry in find(typed)] == [case.pk], typed


def test_the_first_fitting_limit_wins_and_counts_from_the_receipt(centre: Centre) -> None:
    with moved_to(START), use(centre.scope(centre.alice)):
        category = Category.objects.get(code="repair.leak")
        case = taken_in(centre, category=category, received_at=START - timedelta(minutes=5))
        due = {clock.kind: clock.due_at for clock in of(case)}
    assert due == {"answer": START + timedelta(minutes=15), "assign": START + timedelta(minutes=5)}


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"kind": "wish"}, "unknown", "kind"),
        ({"channel": "pigeon"}, "unknown", "channel"),
        ({"severity": "huge"}, "unknown", "severity"),
        ({"title": " \n"}, "missing", "title"),
        ({"title": "长" * 121}, "too-long", "title"),
        ({"description": "长" * 20_001}, "too-long", "description"),
        ({"received_at": datetime(2999, 1, 1, tzinfo=UTC)}, "in-future", "received_at"),
        ({"received_at": datetime(1889, 1, 1, tzinfo=UTC)}, "too-old", "received_at"),
    ],
)
def test_what_cannot_be_right_is_refused_with_its_field(
    centre: Centre, values: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(Refused) as refusal:
        taken_in(centre, **values)
    assert (refusal.value.code, refusal.value.field) == (code, field)
    with use(centre.scope(centre.alice)):
        assert not Case.objects.exists()


def test_only_those_with_the_right_register_and_nobody_elsewhere(centre: Centre) -> None:
    for user in (centre.bob, centre.carol):
        with use(centre.scope(user)) as scope, pytest.raises(PermissionDenied):
            services.register(centre.site, kind="repair", channel="phone", title="x", by=scope.actor)


def test_a_case_goes_through_to_its_end(centre: Centre) -> None:
    case = taken_in(centre)
    with use(centre.scope(centre.alice)) as scope:
        by = scope.actor
        services.assign(case, responsible=centre.erin, note="她熟悉", by=by)
        services.begin(case, by=by)
        services.wait(case, reason="等配件", until=now() + timedelta(days=1), by=by)
        services.resume(case, by=by)
        services.answer(case, text="师傅十点到", by=by)
        assert clocks(case) == {("answer", 1): "kept", ("assign", 1): "kept", ("close", 1): "running"}
        services.close(case, by=by)
        assert clocks(case)[("close", 1)] == "kept"
        assert case.state == "closed"
        services.reopen(case, reason="又漏了", by=by)
        assert clocks(case)[("answer", 2)] == "running"
        assert (case.state, case.reopened, case.answer) == ("working", 1, "")


def test_nothing_closes_without_an_answer(centre: Centre) -> None:
    case = taken_in(centre)
    with use(centre.scope(centre.alice)) as scope, pytest.raises(Refused) as refusal:
        services.close(case, by=scope.actor)
    assert refusal.value.code == "not-now"


def test_a_step_repeated_is_refused_and_changes_nothing(centre: Centre) -> None:
    case = taken_in(centre)
    with use(centre.scope(centre.alice)) as scope:
        services.answer(case, text="好", by=scope.actor)
        stale = Case.objects.get(pk=case.pk)
        stale.state = "working"
        with pytest.raises(Refused) as refusal:
            services.answer(stale, text="再好", by=scope.actor)
        assert refusal.value.code == "changed-meanwhile"
        assert Case.objects.get(pk=case.pk).answer == "好"
        assert Contact.objects.filter(case=case, direction="out").count() == 1


def test_only_somebody_of_the_site_can_be_made_responsible(centre: Centre) -> None:
    case = taken_in(centre)
    with use(centre.scope(centre.alice)) as scope:
        for user in (centre.bob, centre.carol):
            with pytest.raises(Refused) as refusal:
                services.assign(case, responsible=user, by=scope.actor)
            assert refusal.value.code == "cannot-work-here"


def test_a_team_answers_until_somebody_begins(centre: Centre) -> None:
    case = taken_in(centre)
    with use(centre.scope(centre.alice)) as scope:
        services.assign(case, team=centre.team, by=scope.actor)
        assert (case.responsible_id, case.team_id) == (None, centre.team.pk)
        services.begin(case, by=scope.actor)
        assert case.responsible_id == centre.alice.pk


def test_waiting_needs_an_end_within_a_year(centre: Centre) -> None:
    case = taken_in(centre)
    with use(centre.scope(centre.alice)) as scope:
        for until in (now() - timedelta(hours=1), now() + timedelta(days=400)):
            with pytest.raises(Refused):
                services.wait(case, reason="等", until=until, by=scope.actor)


def test_declining_needs_the_words_told_to_the_customer(centre: Centre) -> None:
    case = taken_in(centre)
    with use(centre.scope(centre.alice)) as scope:
        with pytest.raises(Refused):
            services.decline(case, reason="不属于服务范围", explanation=" ", by=scope.actor)
        services.decline(case, reason="不属于服务范围", explanation="请联系电力公司 95598", by=scope.actor)
        assert case.state == "declined"
        assert clocks(case) == {("answer", 1): "kept", ("assign", 1): "kept"}


def test_two_who_edit_at_once_do_not_overwrite_each_other(centre: Centre) -> None:
    case = taken_in(centre)
    with use(centre.scope(centre.alice)) as scope:
        services.change(case, version=1, title="客厅漏水", by=scope.actor)
        with pytest.raises(Refused) as refusal:
            services.change(case, version=1, title="卧室漏水", by=scope.actor)
        assert refusal.value.code == "changed-meanwhile"
        assert find("客厅")
        assert not find("厨房")


def test_merging_keeps_the_callers_promise_and_separating_restores_the_case(centre: Centre) -> None:
    first, second = taken_in(centre), taken_in(centre, title="厨房又漏水")
    with use(centre.scope(centre.alice)) as scope:
        by = scope.actor
        services.begin(second, by=by)
        before = clocks(second)
        joining.merge(second, into=first, by=by)
        assert second.state == "merged"
        assert clocks(second) == before
        with pytest.raises(Refused):
            joining.merge(first, into=second, by=by)
        joining.unmerge(second, by=by)
        assert (second.state, second.merged_into_id, clocks(second)) == ("working", None, before)
        joining.merge(second, into=first, by=by)
        services.answer(first, text="已修好", by=by)
        second.refresh_from_db()
        assert second.answer == "已修好"
        assert clocks(second) == {("answer", 1): "kept", ("assign", 1): "kept"}
        with pytest.raises(Refused):
            joining.unmerge(second, by=by)


def test_an_incident_answers_all_its_cases_once(centre: Centre) -> None:
    cases = [taken_in(centre, title=f"停水 {n}") for n in range(3)]
    with use(centre.scope(centre.alice)) as scope:
        by = scope.actor
        incident = joining.open_incident(centre.site, title="三栋停水", script="抢修中", cases=cases, by=by)
        joining.detach(cases[2], by=by)
        _, answered = joining.answer_incident(incident, text="已恢复供水", by=by)
        assert answered == 2
        states = list(Case.objects.order_by("pk").values_list("state", flat=True))
        assert states == ["answered", "answered", "registered"]
        with pytest.raises(Refused):
            joining.answer_incident(incident, text="再说一遍", by=by)
        with pytest.raises(Refused):
            joining.attach(cases[2], incident=incident, by=by)


def test_somebody_of_another_site_sees_nothing_of_it(centre: Centre) -> None:
    case = taken_in(centre)
    with use(centre.scope(centre.carol)) as scope:
        assert not Case.objects.exists()
        assert not Contact.objects.exists()
        assert not history(case).exists()
        assert not find("漏水")
        with pytest.raises(PermissionDenied):
            services.answer(case, text="x", by=scope.actor)
