"""The screens of administering the organisation: units, people, posts, appointments.

Tables of the organisation carry no site; every view here cuts to the reach of `org.view` (what is
shown) or `org.edit` (what is changed). What lies outside does not exist (404).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django import forms as django_forms
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huiyin.base.kit.moment import today
from huiyin.base.kit.scope import current
from huiyin.base.kit.service import Refused
from huiyin.base.kit.views import ActionView, DetailView, Gate, ListView, PageView
from huiyin.base.trail.models import Event
from huiyin.base.trail.registry import label
from huiyin.base.trail.selectors import history

from . import filters, forms, selectors, services, tables
from .models import Appointment, OrgUnit, Post, User

VIEW, EDIT = "org.view", "org.edit"
HISTORY_SHOWN = 40
BELOW: dict[str, list[OrgUnit.Kind]] = {
    OrgUnit.Kind.COMPANY: [OrgUnit.Kind.SITE, OrgUnit.Kind.BRANCH, OrgUnit.Kind.TEAM],
    OrgUnit.Kind.BRANCH: [OrgUnit.Kind.SITE, OrgUnit.Kind.BRANCH],
    OrgUnit.Kind.SITE: [OrgUnit.Kind.TEAM],
    OrgUnit.Kind.TEAM: [],
}


def company_wide() -> bool:
    """Whether the person looking administers the whole organisation."""
    scope = current()
    return scope.everywhere or EDIT in scope.company


@dataclass(slots=True)
class Branch:
    """A unit in the tree as it is shown; `reached` is false for those above one's reach."""

    unit: OrgUnit
    reached: bool
    people: int
    children: list[Branch] = field(default_factory=list)


class UnitTree(PageView):
    """All units of one's reach, with those above them, as a tree."""

    permission = VIEW
    title = gettext_lazy("Organisation")
    template_name = "org/units.html"

    def context(self, **extra: Any) -> dict[str, Any]:
        return super().context(roots=self.roots(), company_wide=company_wide(), **extra)

    def roots(self) -> list[Branch]:
        """The tops of the tree."""
        reached = {unit.pk: unit for unit in selectors.units_in_reach(VIEW)}
        above = {int(pk) for unit in reached.values() for pk in unit.path.split("/") if pk} - set(reached)
        counted = dict(
            selectors.standing()
            .filter(unit__in=list(reached), user__is_active=True)
            .values_list("unit")
            .annotate(Count("user", distinct=True))
        )
        units = [*reached.values(), *OrgUnit.objects.filter(pk__in=above)]
        kinds = list(OrgUnit.Kind)
        units.sort(key=lambda u: (kinds.index(OrgUnit.Kind(u.kind)), u.name))
        branches = {u.pk: Branch(u, u.pk in reached, counted.get(u.pk, 0)) for u in units}
        for branch in branches.values():
            parent = branches.get(branch.unit.parent_id or 0)
            if parent is not None:
                parent.children.append(branch)
        return [b for b in branches.values() if b.unit.parent_id not in branches]


class OfUnit(Gate):
    """What the pages of one unit share."""

    model = OrgUnit
    lookup = "code"
    permission = EDIT

    def get_queryset(self) -> QuerySet[OrgUnit]:
        return selectors.units_in_reach(self.permission).select_related("site", "parent")


class UnitPage(OfUnit, DetailView):
    """One unit: what it is, what lies under it, who works there."""

    permission = VIEW
    template_name = "org/unit.html"

    def context(self, **extra: Any) -> dict[str, Any]:
        unit: OrgUnit = extra["object"]
        above = [int(pk) for pk in unit.path.split("/") if pk and int(pk) != unit.pk]
        reached = set(selectors.units_in_reach(VIEW).filter(pk__in=above).values_list("pk", flat=True))
        crumbs = [(one, one.pk in reached) for one in OrgUnit.objects.filter(pk__in=above).order_by("path")]
        day = today()
        here = selectors.appointments_in_reach(VIEW).filter(unit__path__startswith=unit.path)
        lasting = here.filter(Q(ends_on=None) | Q(ends_on__gte=day))
        editable = selectors.units_in_reach(EDIT).filter(pk=unit.pk).exists()
        return super().context(
            crumbs=crumbs,
            children=selectors.units_in_reach(VIEW).filter(parent=unit).order_by("kind", "name"),
            appointments=lasting.order_by("unit__path", "post__code", "pk"),
            today=day,
            editable=editable,
            can_add=editable and bool(BELOW[unit.kind]),
            **extra,
        )


class UnitAction(OfUnit, ActionView):
    """An action on a unit."""

    object: OrgUnit

    def success_url(self, result: Any) -> str:
        return reverse("org:unit", args=[result.code if isinstance(result, OrgUnit) else self.object.code])


class AddUnit(UnitAction):
    """A new unit under this one."""

    title = gettext_lazy("Add a unit")
    form_class = forms.UnitForm
    service = services.add_unit
    success_message = gettext_lazy("The unit was added.")

    def form_kwargs(self) -> dict[str, Any]:
        return {"kinds": BELOW[self.object.kind]}


class ChangeUnit(UnitAction):
    """Rename, give a site its address and telephone, close."""

    title = gettext_lazy("Change the unit")
    submit_label = gettext_lazy("Save")
    form_class = forms.ChangeUnitForm
    service = services.change_unit
    success_message = gettext_lazy("Saved.")

    def form_kwargs(self) -> dict[str, Any]:
        unit = self.object
        site = getattr(unit, "site", None)
        initial = {"name": unit.name, "closed_on": unit.closed_on}
        if site is not None:
            initial |= {"address": site.address, "phone": site.phone}
        return {"is_site": site is not None, "initial": initial}


class Appoints(ActionView):
    """Give somebody a post; handing out rights that one lacks oneself is refused in words."""

    title = gettext_lazy("Appoint")
    form_class = forms.AppointForm
    success_message = gettext_lazy("Appointed.")

    def appoint(self, unit: OrgUnit, user: User, form: Any) -> Appointment:
        """Call the service, and say why where a right is missing."""
        data = form.cleaned_data
        try:
            return services.appoint(
                unit,
                user=user,
                post=data["post"],
                starts_on=data["starts_on"],
                ends_on=data["ends_on"],
                by=self.actor,
            )
        except PermissionDenied as error:
            raise Refused(
                "beyond-own-rights",
                gettext_lazy("This post carries rights that you do not hold there yourself."),
                field="post",
            ) from error


class AppointAtUnit(OfUnit, Appoints):
    """Somebody for a post at this unit."""

    object: OrgUnit

    def form_kwargs(self) -> dict[str, Any]:
        return {"people": selectors.people_in_reach(EDIT).filter(is_active=True), "units": None}

    def run(self, form: Any) -> Appointment:
        return self.appoint(self.object, form.cleaned_data["user"], form)

    def success_url(self, result: Appointment) -> str:
        return reverse("org:unit", args=[self.object.code])


class PeopleList(ListView):
    """Everybody in reach, with their posts."""

    permission = VIEW
    model = User
    title = gettext_lazy("People")
    table = tables.PEOPLE
    filterset_class = filters.PersonFilter
    export_permission = EDIT
    search_hint = gettext_lazy("Name, pinyin, login name, phone")
    empty_hint = gettext_lazy("People appear here when they are appointed at one of your units.")
    new_label = gettext_lazy("Add a person")

    @property
    def new_url_name(self) -> str:
        """The button to add somebody, for those who administer everybody."""
        return "org:person-new" if company_wide() else ""

    def get_queryset(self) -> QuerySet[User]:
        return selectors.people_in_reach(VIEW)

    def narrow(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        return selectors.people_named(queryset, text)

    def prepare(self, rows: list[Any]) -> list[Any]:
        held: dict[int, list[Appointment]] = {}
        standing = selectors.standing().filter(user__in=rows, unit__in=selectors.units_in_reach(VIEW))
        for appointment in standing.select_related("post", "unit"):
            held.setdefault(appointment.user_id, []).append(appointment)
        for row in rows:
            row.held = held.get(row.pk, [])
        return rows


class OfPerson(Gate):
    """What the pages of one person share."""

    model = User
    permission = EDIT

    def get_queryset(self) -> QuerySet[User]:
        return selectors.people_in_reach(self.permission)


class PersonPage(OfPerson, DetailView):
    """One person: data, appointments, how they sign in, what happened."""

    permission = VIEW
    template_name = "org/person.html"

    def context(self, **extra: Any) -> dict[str, Any]:
        person: User = extra["object"]
        wide = company_wide()
        editable_units = set(selectors.units_in_reach(EDIT).values_list("pk", flat=True))
        appointments = selectors.appointments_in_reach(VIEW).filter(user=person).order_by("-starts_on", "pk")
        may_see_history = wide and current().holds("trail.view")
        return super().context(
            appointments=[(one, one.unit_id in editable_units) for one in appointments],
            today=today(),
            company_wide=wide,
            can_appoint=bool(editable_units) and person.is_active,
            factor=selectors.factor_of(person),
            locked_until=selectors.locked_until(person),
            entries=_entries(history(person).order_by("-id")[:HISTORY_SHOWN]) if may_see_history else None,
            **extra,
        )


def _entries(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Events as the timeline shows them, with what tells one from another; codes by their names."""
    shown = list(events)
    codes = [{event.data.get(key) for event in shown} for key in ("post", "unit")]
    names: dict[str, dict[str, str]] = {
        "post": dict(Post.objects.filter(code__in=codes[0]).values_list("code", "name")),
        "unit": dict(OrgUnit.objects.filter(code__in=codes[1]).values_list("code", "name")),
    }

    def text(data: dict[str, Any]) -> str:
        told = ("post", "unit", "starts_on", "ends_on", "address", "hint")
        return " · ".join(str(names.get(key, {}).get(data[key], data[key])) for key in told if data.get(key))

    return [
        {"at": event.at, "who": event.actor_label, "label": label(event.verb), "text": text(event.data)}
        for event in shown
    ]


class PersonAction(OfPerson, ActionView):
    """An action on a person by somebody who administers the whole organisation."""

    object: User

    def setup_subject(self) -> None:
        super().setup_subject()
        current().require(EDIT, None)

    def run(self, form: Any) -> Any:
        return type(self).service(None, self.object, **form.cleaned_data, by=self.actor)

    def success_url(self, result: Any) -> str:
        return reverse("org:person", args=[self.object.pk])


class AddPerson(ActionView):
    """A new person."""

    permission = EDIT
    title = gettext_lazy("Add a person")
    form_class = forms.NewPersonForm
    service = services.add_user
    success_message = gettext_lazy("The person was added. Now appoint them to a post.")

    def setup_subject(self) -> None:
        current().require(EDIT, None)

    def success_url(self, result: User) -> str:
        return reverse("org:person", args=[result.pk])


class ChangePerson(PersonAction):
    """Name, telephone, e-mail."""

    title = gettext_lazy("Change the person")
    submit_label = gettext_lazy("Save")
    form_class = forms.PersonForm
    success_message = gettext_lazy("Saved.")

    def form_kwargs(self) -> dict[str, Any]:
        person = self.object
        return {"initial": {"name": person.name, "phone": person.phone, "email": person.email}}

    def run(self, form: Any) -> User:
        active = self.object.is_active
        return services.change_user(None, self.object, **form.cleaned_data, is_active=active, by=self.actor)


class BarPerson(PersonAction):
    """Bar somebody from signing in, or let them again."""

    form_class = django_forms.Form

    def get_title(self) -> str:
        return _("Bar from signing in") if self.object.is_active else _("Let sign in again")

    def get_submit_label(self) -> str:
        return self.get_title()

    @property
    def consequence(self) -> str:
        """What it leads to."""
        if self.object.is_active:
            return _("The person is signed out at once and cannot sign in; their history stays.")
        return _("The person can sign in again with their old password.")

    @property
    def danger(self) -> bool:
        """Whether the button warns."""
        return self.object.is_active

    def run(self, form: Any) -> User:
        person = self.object
        if person.pk == self.actor.user_id:
            raise Refused("yourself", gettext_lazy("You cannot bar yourself."))
        return services.change_user(
            None,
            person,
            name=person.name,
            phone=person.phone,
            email=person.email,
            is_active=not person.is_active,
            by=self.actor,
        )


class ResetPassword(PersonAction):
    """A new password for somebody who forgot theirs."""

    title = gettext_lazy("Reset password")
    form_class = forms.NewPasswordForm
    service = services.reset_password
    success_message = gettext_lazy("The password was set.")


class UnlockPerson(PersonAction):
    """Forget somebody's failed attempts."""

    title = gettext_lazy("Unlock sign-in")
    form_class = django_forms.Form
    service = services.unlock
    success_message = gettext_lazy("Sign-in is unlocked.")


class DropPersonsFactor(PersonAction):
    """For somebody whose telephone is lost."""

    title = gettext_lazy("Remove the second factor")
    consequence = gettext_lazy(
        "The person signs in with the password alone. Make sure it is really them who asks."
    )
    danger = True
    form_class = django_forms.Form
    success_message = gettext_lazy("The second factor was removed.")

    def run(self, form: Any) -> User:
        return services.drop_second_factor(self.object, by=self.actor)


class AppointPerson(OfPerson, Appoints):
    """A post somewhere for this person."""

    object: User

    def form_kwargs(self) -> dict[str, Any]:
        units = selectors.units_in_reach(EDIT).filter(closed_on=None)
        return {"people": None, "units": units.order_by("path")}

    def run(self, form: Any) -> Appointment:
        return self.appoint(form.cleaned_data["unit"], self.object, form)

    def success_url(self, result: Appointment) -> str:
        return reverse("org:person", args=[self.object.pk])


class Relieve(ActionView):
    """End an appointment."""

    permission = EDIT
    title = gettext_lazy("End the appointment")
    form_class = forms.RelieveForm
    success_message = gettext_lazy("The appointment ends.")
    object: Appointment

    def setup_subject(self) -> None:
        self.object = get_object_or_404(selectors.appointments_in_reach(EDIT), pk=self.kwargs["pk"])

    @property
    def consequence(self) -> str:
        """Whose and what."""
        return str(self.object)

    def run(self, form: Any) -> Appointment:
        return services.relieve(self.object, ends_on=form.cleaned_data["ends_on"], by=self.actor)

    def success_url(self, result: Appointment) -> str:
        return reverse("org:person", args=[result.user_id])


class PostList(ListView):
    """All posts, with how many hold each in one's reach."""

    permission = VIEW
    model = Post
    title = gettext_lazy("Posts")
    table = tables.POSTS
    filterset_class = filters.PostFilter
    export_permission = VIEW
    search_hint = gettext_lazy("Name or code")
    new_label = gettext_lazy("Add a post")

    @property
    def new_url_name(self) -> str:
        """The button to add a post, for those who administer the whole organisation."""
        return "org:post-new" if company_wide() else ""

    def get_queryset(self) -> QuerySet[Post]:
        return Post.objects.select_related("reports_to", "deputy")

    def narrow(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        return queryset.filter(Q(name__icontains=text) | Q(code__icontains=text))

    def prepare(self, rows: list[Any]) -> list[Any]:
        held = selectors.standing().filter(post__in=rows, unit__in=selectors.units_in_reach(VIEW))
        counted = dict(held.values_list("post").annotate(Count("user", distinct=True)))
        for row in rows:
            row.holding = counted.get(row.pk, 0)
        return rows


class PostPage(DetailView):
    """One post: rights, duties, where it comes from, who holds it."""

    permission = VIEW
    model = Post
    lookup = "code"
    template_name = "org/post.html"

    def context(self, **extra: Any) -> dict[str, Any]:
        post: Post = extra["object"]
        holders = selectors.standing().filter(post=post, unit__in=selectors.units_in_reach(VIEW))
        return super().context(
            rights=forms.grouped(post.permissions),
            holders=holders.select_related("user", "unit").order_by("unit__path", "user__name"),
            company_wide=company_wide(),
            **extra,
        )


class SavePost(ActionView):
    """A new post, or another's name, place and rights."""

    permission = EDIT
    form_class = forms.PostForm
    submit_label = gettext_lazy("Save")
    success_message = gettext_lazy("Saved.")
    object: Post | None

    def setup_subject(self) -> None:
        current().require(EDIT, None)
        code = self.kwargs.get("code")
        self.object = get_object_or_404(Post, code=code) if code else None

    def get_title(self) -> str:
        return _("Change the post") if self.object else _("Add a post")

    def form_kwargs(self) -> dict[str, Any]:
        names = ("name", "level", "permissions", "reports_to", "deputy", "description", "clause", "retired")
        post = self.object
        initial = {name: getattr(post, name) for name in names} if post else {}
        return {"post": post, "initial": initial}

    def run(self, form: Any) -> Post:
        data = dict(form.cleaned_data)
        post = self.object
        if post is None and Post.objects.filter(code=data["code"]).exists():
            raise Refused("code-taken", gettext_lazy("This code is taken."), field="code")
        if post is not None:
            data |= {"code": post.code, "source": post.source, "origin": post.origin}
        try:
            return services.save_post(None, **data, by=self.actor)
        except PermissionDenied as error:
            raise Refused(
                "beyond-own-rights",
                gettext_lazy("You can only give rights that you hold everywhere yourself."),
                field="permissions",
            ) from error

    def success_url(self, result: Post) -> str:
        return reverse("org:post", args=[result.code])
