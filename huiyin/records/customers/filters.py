"""Filters of the list of customers."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import BooleanField, Exists, Expression, F, OuterRef, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from huiyin.base.org.models import Site
from huiyin.base.org.selectors import sites_in_reach
from huiyin.records.places.addresses import number

from .models import Customer, Holding
from .selectors import VIEW, care_register, incomplete, stale, standing
from .words import MISSING, care_choices


class HasTag(Expression):
    """True for rows whose list of tags holds a word, in the form each database reads JSON."""

    conditional = True

    def __init__(self, tag: str, column: Any = None) -> None:
        super().__init__(output_field=BooleanField())
        self.tag = tag
        self.column = column or F("tags")

    def get_source_expressions(self) -> list[Any]:
        return [self.column]

    def set_source_expressions(self, exprs: Any) -> None:
        (self.column,) = exprs

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = compiler.compile(self.column)
        return f"jsonb_exists({column}, %s)", [*params, self.tag]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        column, params = compiler.compile(self.column)
        return f"EXISTS (SELECT 1 FROM json_each({column}) WHERE value = %s)", [*params, self.tag]


class Age(TextChoices):
    """For how long nobody has changed or checked a file."""

    QUARTER = "90", _("3 months")
    HALF = "180", _("6 months")
    YEAR = "365", _("1 year")
    TWO_YEARS = "730", _("2 years")


ANY = "any"


def _sites(request: Any) -> QuerySet[Site]:
    return sites_in_reach(VIEW)


def _care(request: Any = None) -> list[tuple[str, Any]]:
    return [(ANY, _("Any")), *care_choices(None)]


class CustomerFilter(django_filters.FilterSet):
    """Customers by site, role, building, special care, tag, tier, what is missing, how old the data are."""

    site = django_filters.ModelChoiceFilter(label=_("Site"), queryset=_sites, to_field_name="code")
    role = django_filters.ChoiceFilter(label=_("Role"), choices=Holding.Role.choices, method="in_role")
    building = django_filters.CharFilter(label=_("Building"), max_length=20, method="in_building")
    care = django_filters.ChoiceFilter(label=_("Special care"), choices=_care, method="with_care")
    missing = django_filters.ChoiceFilter(
        label=_("Missing"),
        choices=[
            (ANY, _("Anything")),
            *((code, MISSING[code]) for code in ("phone", "identity", "gender", "birthday", "holding")),
        ],
        method="lacking",
    )
    old = django_filters.ChoiceFilter(label=_("Not checked for"), choices=Age.choices, method="unchecked")
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=Customer.Kind.choices)
    tag = django_filters.CharFilter(label=_("Tag"), max_length=40, method="tagged")
    tier = django_filters.CharFilter(label=_("Tier"), max_length=20, lookup_expr="exact")

    class Meta:
        model = Customer
        fields: list[str] = []

    def in_role(self, customers: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        """Customers who stand in the role to anything today."""
        held = Holding.objects.filter(standing(), customer=OuterRef("pk"), role=value)
        return customers.filter(Exists(held))

    def in_building(self, customers: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        """Customers who stand to a place in the building today, its number written in any way."""
        held = Holding.objects.filter(standing(), customer=OuterRef("pk"), place__building=number(value))
        return customers.filter(Exists(held))

    def with_care(self, customers: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        """Customers who need special care today: of one kind, or of any."""
        register = care_register(code="" if value == ANY else value)
        return customers.filter(pk__in=[one.pk for one, _care in register])

    def lacking(self, customers: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        """Customers in whose file something is missing."""
        rows = incomplete(lacking="" if value == ANY else value)
        return customers.filter(pk__in=rows.order_by().values("pk"))

    def unchecked(self, customers: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        """Customers whose data nobody has changed or checked for so many days."""
        return customers.filter(pk__in=stale(int(value)).order_by().values("pk"))

    def tagged(self, customers: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        """Customers with a tag."""
        return customers.filter(HasTag(value.strip()))
