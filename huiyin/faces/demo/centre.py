"""The staff of a site at work, good but human: who takes in, who sees to it, when the customer is told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol

from huiyin.base.kit.moment import now
from huiyin.base.kit.scope import Scope, use
from huiyin.base.org.models import OrgUnit, Site, User
from huiyin.base.org.selectors import scope_of
from huiyin.engines.clocks.selectors import running_for
from huiyin.work.cases import joining, services
from huiyin.work.cases.models import Case, Incident, Severity
from huiyin.work.cases.selectors import late
from huiyin.work.cases.states import LIVE

from .callers import HOURS, Call, Callers, answer_of, local
from .world import data_of

SLOW, SLOW_WHEN_BUSY = 0.05, 0.09
"""How many answers come too late, usually and in the rush of the morning."""
FORGOTTEN = 0.014
"""How many are found only when somebody goes through what is overdue."""
SLOW_TO_ASSIGN = 0.045
DECLINED, CANCELLED, REMINDED, CALLED_TWICE, REOPENED, CLOSED_LATE = 0.016, 0.008, 0.06, 0.05, 0.028, 0.022
TEAM = 0.12
"""How many repairs go to the team, for whoever is free."""
LONG = 240.0
"""Minutes from which on a limit leaves time to wait for somebody."""
WAITING = 0.55
LEFT_LATE = 0.08
"""What share of the open cases may stay overdue when the supervisor has gone through them."""
BUSY = range(9, 11)
WORKERS = (
    ("complaint.attitude", ("supervisor", "manager")),
    ("complaint.environment", ("cleaning",)),
    ("complaint.order", ("security", "guard")),
    ("complaint.fees", ("cashier", "service")),
    ("complaint.repair-service", ("engineer",)),
    ("complaint.management", ("manager",)),
    ("complaint", ("steward",)),
    ("emergency", ("engineer",)),
    ("repair", ("repair", "repair", "repair", "repair", "engineer")),
    ("help", ("steward", "guard", "concierge")),
    ("consultation.fees", ("cashier", "service")),
    ("consultation", ("front", "service")),
    ("service", ("concierge", "service")),
    ("application", ("front", "front", "service", "steward")),
    ("suggestion", ("manager", "supervisor")),
    ("praise", ("supervisor", "steward")),
    ("", ("service", "steward")),
)
"""Who sees to what, by the beginning of the category."""


class Calendar(Protocol):
    """Where the next steps are noted."""

    def at(self, moment: datetime, step: Callable[[], None]) -> None: ...

    def after(self, minutes: float, step: Callable[[], None]) -> None: ...


class Centre:
    """A site at work: who takes in, who works, and what is agreed for later."""

    def __init__(self, site: Site, random: Random, agenda: Calendar) -> None:
        self.site, self.random, self.agenda = site, random, agenda
        self.callers = Callers(site, random)
        self.words: dict[str, Any] = data_of("desk")
        self.stories = {story["category"]: story for story in self.callers.stories}
        self.teams = {unit.code.rsplit("-", 1)[-1]: unit for unit in OrgUnit.objects.filter(parent=site.unit)}
        self._slips = 0
        self._people: dict[str, list[User]] = {}
        for user in User.objects.filter(username__endswith=f".{site.code}", is_active=True).order_by("pk"):
            self._people.setdefault(user.username.split(".")[0].rstrip("0123456789"), []).append(user)

    def somebody(self, *logins: str) -> User:
        """One of the people doing such work."""
        return self.random.choice(self._people[self.random.choice(logins)])

    def acting(self, user: User | None, permission: str) -> AbstractContextManager[Scope]:
        """The scope of a member of staff, or of the supervisor when they have no such right."""
        scope = scope_of(user) if user is not None else None
        if scope is None or not scope.holds(permission, self.site.pk):
            scope = scope_of(self.somebody("supervisor"))
        return use(scope)

    # Taking in

    def call(self) -> None:
        """Somebody calls, as a step of the agenda."""
        self.take_in()

    def take_in(self, call: Call | None = None) -> Case:
        """Somebody calls: a case is registered, and its further steps are put on the agenda."""
        call = call or self.callers.call()
        case = self._register(call)
        self._plan(case, call.story)
        if case.place_id and call.story["place"] not in ("room", "none") and self.chance(2 * CALLED_TWICE):
            self.agenda.after(self.random.uniform(2, 7), lambda: self._again(case, call.story))
        return case

    def _register(self, call: Call) -> Case:
        night = not 7 <= local(now()).hour < 22
        clerk = self.somebody(
            *(("operator", "guard") if night else ("front", "front", "service", "operator"))
        )
        with self.acting(clerk, "cases.register") as scope:
            case: Case = services.register(self.site, **call.values, by=scope.actor)
        return case

    def _again(self, case: Case, story: dict[str, Any]) -> None:
        """Somebody else calls about the same: it is merged into what is known."""
        again = self.take_in(self.callers.about(story, place=case.place))

        def merge() -> None:
            with self.acting(self.somebody("supervisor"), "cases.merge") as scope:
                joining.merge(self.fresh(again), into=self.fresh(case), by=scope.actor)

        self.agenda.after(self.random.uniform(1, 4), merge)

    def chance(self, share: float) -> bool:
        """True for that share of the times it is asked."""
        return self.random.random() < share

    def fresh(self, case: Case) -> Case:
        """The case as it stands now."""
        found: Case = Case.objects.select_related("site__unit", "responsible", "category").get(pk=case.pk)
        return found

    def limits(self, case: Case) -> dict[str, float]:
        """Minutes left until each promise about the case is due."""
        at = now()
        return {
            clock.kind: (clock.due_at - at).total_seconds() / 60 for clock in running_for([case])[case.pk]
        }

    # Seeing to it

    def _plan(self, case: Case, story: dict[str, Any]) -> None:
        """What will become of a case that was just taken in."""
        random, later = self.random, self.agenda.after
        limits = self.limits(case)
        due = limits.get("answer", 1440.0)
        if self.chance(CANCELLED) and due < LONG:
            later(random.uniform(2, 8), lambda: self._cancel(case))
            return
        if self.chance(DECLINED) and story["kind"] in ("repair", "service", "suggestion", "complaint"):
            later(due * random.uniform(0.2, 0.7), lambda: self._decline(case))
            return
        told_at_once = story["kind"] == "consultation" or (story["kind"] == "application" and due < LONG)
        if told_at_once and case.channel != "app" and self.chance(0.72):
            at_once = min(random.uniform(1, 4), due * 0.8)
            self._finish(case, story, at_once)
            return
        minutes = self._minutes(story, due)
        assigned = limits.get("assign", due / 3) * random.uniform(0.08, 0.75)
        if self.chance(SLOW_TO_ASSIGN):
            assigned = limits.get("assign", due / 3) * random.uniform(1.1, 2.0)
        assigned = min(assigned, minutes * 0.5)
        later(assigned, lambda: self.hand_on(case))
        later((assigned + minutes) / 2, lambda: self.begin(case))
        if self.chance(REMINDED) and minutes > 12:
            later(minutes * 0.7, lambda: self._remind(case))
        self._finish(case, story, minutes, waits=due >= LONG and self.chance(WAITING))

    def _minutes(self, story: dict[str, Any], due: float) -> float:
        """After how many minutes the customer is told, with so many left until that is due."""
        random = self.random
        if self.chance(FORGOTTEN):
            return due + random.uniform(200, 2600)
        if self.chance(SLOW_WHEN_BUSY if local(now()).hour in BUSY else SLOW):
            return due + min(due * random.uniform(0.08, 1.2), random.uniform(5, 240))
        minutes = min(story["minutes"] * random.uniform(0.45, 1.25), due * random.uniform(0.35, 0.92))
        return self._by_day(minutes, due * 0.95) if due >= LONG else float(minutes)

    def _by_day(self, minutes: float, most: float = float("inf")) -> float:
        """What can wait is done between half past eight and eight in the evening, if that is soon enough."""
        at = local(now() + timedelta(minutes=minutes))
        morning = at.replace(hour=8, minute=30) + timedelta(minutes=self.random.uniform(0, 90))
        if at.hour >= 20:
            morning += timedelta(days=1)
        elif at.hour >= 8:
            return minutes
        later = (morning - now()).total_seconds() / 60
        return later if later <= most else minutes

    def _finish(self, case: Case, story: dict[str, Any], minutes: float, *, waits: bool = False) -> None:
        """The answer after so many minutes, perhaps after waiting for somebody, and the closing."""
        random, later = self.random, self.agenda.after
        if waits:
            due = self.limits(case).get("answer", 1440.0)
            minutes = max(minutes, self._by_day(due * random.uniform(0.45, 0.8), due * 0.9))
            until = now() + timedelta(minutes=minutes)
            later(minutes * random.uniform(0.1, 0.3), lambda: self._wait(case, until))
            later(minutes - random.uniform(1, 6), lambda: self._resume(case))
        later(minutes, lambda: self.answer(case, story))

    def hand_on(self, case: Case) -> None:
        """The desk passes the case to whoever does such work."""
        case = self.fresh(case)
        logins = self._workers(case)
        dispatcher = self.somebody("supervisor") if self.chance(0.3) else case.first_responsible
        note = self.random.choice(self.words["assigning"])
        with self.acting(dispatcher, "cases.assign") as scope:
            if case.kind == "repair" and self.chance(TEAM):
                services.assign(case, team=self.teams["repair"], note=note, by=scope.actor)
            else:
                services.assign(case, responsible=self.somebody(*logins), note=note, by=scope.actor)

    def _workers(self, case: Case) -> tuple[str, ...]:
        code = case.category.code if case.category is not None else case.kind
        if case.severity == Severity.MAJOR:
            return ("manager",)
        return next(logins for begin, logins in WORKERS if code.startswith(begin))

    def worker(self, case: Case) -> User:
        """Whoever answers for the case, else somebody free of those who do such work."""
        return case.responsible or self.somebody(*self._workers(case))

    def begin(self, case: Case) -> None:
        """Whoever has it begins; of a team's case one of the team."""
        case = self.fresh(case)
        with self.acting(self.worker(case), "cases.answer") as scope:
            services.begin(case, by=scope.actor)

    def _wait(self, case: Case, until: datetime) -> None:
        case = self.fresh(case)
        reasons = self.words["waits"].get(case.kind, self.words["waits"]["repair"])
        with self.acting(self.worker(case), "cases.wait") as scope:
            services.wait(case, reason=self.random.choice(reasons), until=until, by=scope.actor)

    def _resume(self, case: Case) -> None:
        case = self.fresh(case)
        note = self.random.choice(self.words["resumed"])
        with self.acting(self.worker(case), "cases.wait") as scope:
            services.resume(case, note=note, by=scope.actor)

    def _remind(self, case: Case) -> None:
        """The customer asks how far it is."""
        with self.acting(self.somebody("front", "operator"), "cases.register") as scope:
            text = self.random.choice(self.words["reminders"])
            services.log_contact(self.fresh(case), direction="in", channel="phone", text=text, by=scope.actor)

    def answer(self, case: Case, story: dict[str, Any]) -> None:
        """Tell the customer; when it is settled too, the case is closed later."""
        case = self.fresh(case)
        channel = case.channel if case.channel in ("counter", "wechat", "app") else "phone"
        with self.acting(self.worker(case), "cases.answer") as scope:
            services.answer(case, text=answer_of(story, self.random), channel=channel, by=scope.actor)
        self._plan_close(case, story)

    def _plan_close(self, case: Case, story: dict[str, Any]) -> None:
        random, later = self.random, self.agenda.after
        due = self.limits(case).get("close", 4320.0)
        slips = self._slips > 0 and case.kind == "repair"
        self._slips -= slips
        if slips or self.chance(CLOSED_LATE):
            minutes = due + random.uniform(1700 if slips else 100, 4000)
        elif case.kind in ("consultation", "praise", "suggestion", "application", "help"):
            minutes = random.uniform(1, 40) if self.chance(0.65) else random.uniform(60, 1500)
        else:
            minutes = random.uniform(30, 400) if self.chance(0.6) else random.uniform(400, 1900)
        minutes = self._by_day(minutes)
        later(minutes, lambda: self.close(case))
        if self.chance(REOPENED) and case.kind in ("repair", "complaint"):
            later(self._by_day(minutes + random.uniform(60, 2400)), lambda: self._reopen(case, story))

    def close(self, case: Case) -> None:
        """The desk asks the customer back and closes."""
        note = self.random.choice(self.words["closing"])
        with self.acting(self.somebody("front", "service", "supervisor"), "cases.close") as scope:
            services.close(self.fresh(case), note=note, by=scope.actor)

    def _reopen(self, case: Case, story: dict[str, Any]) -> None:
        """It broke again."""
        reason = self.random.choice(self.words["reopened"])
        with self.acting(self.somebody("front", "supervisor"), "cases.reopen") as scope:
            services.reopen(self.fresh(case), reason=reason, by=scope.actor)
        due = self.limits(case).get("answer", 60.0)
        self.agenda.after(due * self.random.uniform(0.3, 0.9), lambda: self.answer(case, story))

    def _decline(self, case: Case) -> None:
        words = self.random.choice(self.words["declined"])
        with self.acting(self.somebody("front", "supervisor"), "cases.decline") as scope:
            services.decline(self.fresh(case), **words, by=scope.actor)

    def _cancel(self, case: Case) -> None:
        with self.acting(self.somebody("front", "supervisor"), "cases.decline") as scope:
            reason = self.random.choice(self.words["withdrawn"])
            services.cancel(self.fresh(case), reason=reason, by=scope.actor)

    def let_slip(self) -> None:
        """The next repair that is answered will be closed too late."""
        self._slips = 1

    def work_off(self) -> None:
        """The supervisor goes through what is overdue, the oldest first, until little is left."""
        found = Case.objects.filter(site=self.site, ended_at=None)
        overdue = list(late(found).select_related("category").order_by("received_at", "pk"))
        keep = max(1, round(found.count() * LEFT_LATE))
        for case in overdue[: len(overdue) - keep] if len(overdue) > keep else []:
            if case.state != "answered":
                self.answer(case, self.stories.get(case.category.code if case.category else "", _PLAIN))
            self.close(case)

    # Many at once

    def outage(self, number: int) -> None:
        """Many call about one cause: an incident is opened, later callers join it, one answer tells them all."""
        random, words = self.random, self.words["incidents"][number]
        story = {**words, "minutes": 10, "weight": 1, "answers": [words["answer"]]}
        early: list[Case] = []
        opened: list[Incident] = []

        titles = random.sample(words["titles"], len(words["titles"]))
        details = random.sample([*words["details"], "", "", ""], len(words["details"]) + 3)

        def another() -> None:
            titles.append(titles.pop(0))
            details.append(details.pop(0))
            case = self._register(self.callers.about({**story, "details": details[:1]}, title=titles[0]))
            if not opened:
                early.append(case)
            else:
                self._join(case, opened[0])

        def open_it() -> None:
            with self.acting(self.somebody("supervisor"), "cases.incident") as scope:
                end = now() + timedelta(minutes=words["minutes"])
                opened.append(
                    joining.open_incident(
                        self.site,
                        title=words["title"],
                        script=words["script"],
                        expected_at=end,
                        by=scope.actor,
                    )
                )
            for case in early:
                self._join(case, opened[0])

        another()
        awake = max(0.4, HOURS[local(now()).hour] / max(HOURS))
        for _ in range(round((words["calls"] - 1) * min(1.0, 1.5 * awake))):
            self.agenda.after(words["minutes"] * 0.6 * random.random() ** 1.5, another)
        self.agenda.after(words["minutes"] * 0.15, open_it)
        self.agenda.after(words["minutes"], lambda: self._answer_all(opened[0], words["answer"]))

    def _join(self, case: Case, incident: Incident) -> None:
        with self.acting(self.somebody("supervisor"), "cases.assign") as scope:
            services.assign(self.fresh(case), responsible=self.somebody("engineer"), by=scope.actor)
            joining.attach(self.fresh(case), incident=incident, by=scope.actor)

    def _answer_all(self, incident: Incident, text: str) -> None:
        told = list(Case.objects.filter(incident=incident, state__in=LIVE))
        with self.acting(self.somebody("supervisor"), "cases.incident") as scope:
            joining.answer_incident(incident, text=text, by=scope.actor)
        for case in told:
            self.agenda.after(self._by_day(self.random.uniform(20, 300)), lambda case=case: self.close(case))  # type: ignore[misc]

    # Going on where others left off

    def adopt(self) -> int:
        """Plan the further steps of everything open at the site, as found; returns how many cases that were."""
        texts = {words["title"]: words["answer"] for words in self.words["incidents"]}
        going_on = list(Incident.objects.filter(site=self.site, ended_at=None))
        for incident in going_on:
            text = texts.get(incident.title, incident.script or incident.title)
            wait = self._until(incident.expected_at, 15, 40)
            self.agenda.after(wait, lambda incident=incident, text=text: self._answer_all(incident, text))  # type: ignore[misc]
        cases = Case.objects.filter(site=self.site, ended_at=None).exclude(incident__in=going_on)
        found = list(cases.select_related("category").order_by("pk"))
        for case in found:
            self._adopt(case)
        return len(found)

    def _adopt(self, case: Case) -> None:
        random, later = self.random, self.agenda.after
        story = self.stories.get(case.category.code if case.category else "", _PLAIN)
        limits = self.limits(case)
        if case.state == "answered":
            left = limits.get("close", 600.0)
            later(
                left * random.uniform(0.05, 0.6) if left > 0 else random.uniform(2, 60),
                lambda: self.close(case),
            )
            return
        if case.state == "waiting":
            minutes = self._until(case.waiting_until, 5, 60)
            later(minutes, lambda: self._resume(case))
            later(minutes + random.uniform(1, 5), lambda: self.answer(case, story))
            return
        left = limits.get("answer", 60.0)
        minutes = left * random.uniform(0.2, 0.85) if left > 0 else random.uniform(1, 25)
        if case.state == "registered":
            soon = limits.get("assign", 4.0)
            later(
                min(minutes, soon if soon > 0 else 4.0) * random.uniform(0.2, 0.6), lambda: self.hand_on(case)
            )
        if case.state in ("registered", "assigned"):
            later(minutes * 0.7, lambda: self.begin(case))
        later(minutes, lambda: self.answer(case, story))

    def _until(self, moment: datetime | None, least: float, most: float) -> float:
        """Minutes until a moment; soon, when it has passed already."""
        left = (moment - now()).total_seconds() / 60 if moment is not None else 0.0
        return left if left > 0 else self.random.uniform(least, most)


_PLAIN: dict[str, Any] = {"minutes": 30, "place": "none", "answers": ["已为您处理，如还有问题请随时联系。"]}
"""For what somebody watching took in themselves."""
